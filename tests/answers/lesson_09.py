"""The exercises of lesson 09: three slopes by hand, an epoch for three weights, weights of scaled inputs."""

from exercise import Exercise

HALF = "That is half of it: is a factor 2 missing (as from a square), or a mean taken where paths add?"
TWICE = "That is twice as much: is something counted twice, such as a second backward?"

SLOPES = Exercise(
    lesson="09_quadratic",
    scope=("imports",),
    task="slopes",
    unsolved="not solved yet: dw1, dw2, db are not filled in",
    solved="✓ right: dw1, dw2, db",
    wrong={
        "x not squared": ("dw1, dw2, db = -18, -18, -6", "✗ dw1 at w1 = 1, w2 = 1, b = 1: yours -18, true -54."),
        "the 2 forgotten": (
            "dw1, dw2, db = -27, -9, -3",
            f"✗ dw1 at w1 = 1, w2 = 1, b = 1: yours -27, true -54. {HALF}",
        ),
        "target minus answer": (
            "dw1, dw2, db = 54, 18, 6",
            "✗ dw1 at w1 = 1, w2 = 1, b = 1: yours 54, true -54. The sign is turned round.",
        ),
        "the local slopes alone": (
            "dw1, dw2, db = 9, 3, 1",
            (
                "✗ dw1 at w1 = 1, w2 = 1, b = 1: yours 9, true -54. That is the slope of a step on the way:"
                " multiply it by what arrives from the result, the upstream factor."
            ),
        ),
        "two of them changed round": (
            "dw1, dw2, db = -18, -54, -6",
            "✗ dw1 at w1 = 1, w2 = 1, b = 1: yours -18, true -54.",
        ),
        "the error for b": (
            "dw1, dw2, db = -54, -18, -3",
            f"✗ db at w1 = 1, w2 = 1, b = 1: yours -3, true -6. {HALF}",
        ),
        "the answer in place of the error": (
            "dw1, dw2, db = 2 * 13 * 9, 2 * 13 * 3, 2 * 13",
            "✗ dw1 at w1 = 1, w2 = 1, b = 1: yours 234, true -54.",
        ),
        "counted twice": (
            "dw1, dw2, db = -108, -36, -12",
            f"✗ dw1 at w1 = 1, w2 = 1, b = 1: yours -108, true -54. {TWICE}",
        ),
        "b not yet": ("dw1, dw2, db = -54, -18, None", "not solved yet: db is not filled in (dw1, dw2 are right)"),
        "a text": (
            "dw1, dw2, db = '-54', '-18', '-6'",
            "✗ dw1 at w1 = 1, w2 = 1, b = 1: yours '-54', true -54. A number is wanted.",
        ),
        "a list": (
            "dw1, dw2, db = [-54, -18, -6], [-54, -18, -6], [-54, -18, -6]",
            "✗ dw1 at w1 = 1, w2 = 1, b = 1: yours of shape (3,), true a single number. A gradient has the shape…",
        ),
    },
    right={
        "numbers": "dw1, dw2, db = -54.0, -18.0, -6.0",
        "by torch": """
            w1, w2, b = (torch.tensor(1.0, requires_grad=True, device=device) for _ in range(3))
            ((w1 * 9 + w2 * 3 + b - 16) ** 2).backward()
            dw1, dw2, db = w1.grad, w2.grad, b.grad
        """,
        "from right to left": """
            db = 2 * (13 - 16)
            dw2 = db * 3
            dw1 = dw2 * 3
        """,
    },
)

PLACE = "at w = [1, 1, 1], x = [1, 2, 3], y = [4, 9, 16], rate = 0.02"
AT = f"✗ {PLACE}"
IN_W1 = f"{AT}, in [0]:"
LOOP = """
def epoch(w, x, y, rate):
    for x_i, y_i in zip(x, y):
        loss = (w[0] * x_i * x_i + w[1] * x_i + w[2] - y_i) ** 2
        loss.backward()
        for weight in w:
            weight.data = weight.data - rate * weight.grad.data
            weight.grad.data.zero_()
"""

EPOCH = Exercise(
    lesson="09_quadratic",
    scope=("imports",),
    task="epoch",
    unsolved=f"not solved yet: {PLACE} your function changes nothing",
    solved="✓ right",
    wrong={
        "a rate of its own": (
            """
            def epoch(w, x, y, rate):
                for x_i, y_i in zip(x, y):
                    ((w[0] * x_i * x_i + w[1] * x_i + w[2] - y_i) ** 2).backward()
                    for weight in w:
                        weight.data = weight.data - 0.01 * weight.grad.data
                        weight.grad.data.zero_()
            """,
            "✗ at w = [1, 1, 1], x = [1, 2, 3], y = [4, 9, 16], rate = 0.02, in [0]: yours 1.374, true 1.143.",
        ),
        "not cleared": (
            LOOP.replace("            weight.grad.data.zero_()\n", ""),
            "✗ at w = [1, 1, 1], x = [1, 2, 3], y = [4, 9, 16], rate = 0.02, in [0]: yours 1.311, true "
            "1.143. Is each slope cleared?",
        ),
        "only the last weight cleared": (
            LOOP.replace("            weight.grad", "        weight.grad"),
            "✗ at w = [1, 1, 1], x = [1, 2, 3], y = [4, 9, 16], rate = 0.02, in [0]: yours 1.325, true 1.143.",
        ),
        "b forgotten": (
            LOOP.replace("for weight in w:", "for weight in w[:2]:"),
            "✗ at w = [1, 1, 1], x = [1, 2, 3], y = [4, 9, 16], rate = 0.02, in [0]: yours 1.164, true "
            "1.143. b stands still.",
        ),
        "w1 forgotten": (
            LOOP.replace("for weight in w:", "for weight in w[1:]:"),
            "✗ at w = [1, 1, 1], x = [1, 2, 3], y = [4, 9, 16], rate = 0.02, in [0]: yours 1, true 1.143.",
        ),
        "one step at the end": (
            """
            def epoch(w, x, y, rate):
                for x_i, y_i in zip(x, y):
                    ((w[0] * x_i * x_i + w[1] * x_i + w[2] - y_i) ** 2).backward()
                for weight in w:
                    weight.data -= rate * weight.grad
            """,
            "✗ at w = [1, 1, 1], x = [1, 2, 3], y = [4, 9, 16], rate = 0.02, in [0]: yours 2.44, true "
            "1.143. That is one step, after the last point.",
        ),
        "the mean of all samples": (
            """
            def epoch(w, x, y, rate):
                ((w[0] * x * x + w[1] * x + w[2] - y) ** 2).mean().backward()
                for weight in w:
                    weight.data -= rate * weight.grad
            """,
            "✗ at w = [1, 1, 1], x = [1, 2, 3], y = [4, 9, 16], rate = 0.02, in [0]: yours 1.48, true 1.143.",
        ),
        "uphill": (
            LOOP.replace("- rate", "+ rate"),
            "✗ at w = [1, 1, 1], x = [1, 2, 3], y = [4, 9, 16], rate = 0.02, in [0]: yours -2.084, true"
            " 1.143. That is uphill.",
        ),
        "x not squared": (
            LOOP.replace("w[0] * x_i * x_i", "w[0] * x_i"),
            "✗ at w = [1, 1, 1], x = [1, 2, 3], y = [4, 9, 16], rate = 0.02, in [0]: yours 2.153, true 1.143.",
        ),
        "the rate forgotten": (
            LOOP.replace("rate * weight", "weight"),
            "✗ at w = [1, 1, 1], x = [1, 2, 3], y = [4, 9, 16], rate = 0.02, in [0]: yours 1.807e+04, true 1.143.",
        ),
        "only the first sample": (
            LOOP.replace("zip(x, y)", "zip(x[:1], y[:1])"),
            "✗ at w = [1, 1, 1], x = [1, 2, 3], y = [4, 9, 16], rate = 0.02, in [0]: yours 1.04, true 1.143.",
        ),
        "no .data": (
            LOOP.replace("weight.data = weight.data - rate * weight.grad.data", "weight = weight - rate * weight.grad"),
            f"{AT} your function stops with AttributeError: …",
        ),
        "in place on a leaf": (
            LOOP.replace("weight.data = weight.data - rate * weight.grad.data", "weight -= rate * weight.grad"),
            f"{AT} your function stops with RuntimeError: …",
        ),
        "no backward": (
            LOOP.replace("        loss.backward()\n", ""),
            f"{AT} your function stops with AttributeError: …",
        ),
        "no function": ("epoch = None", "not solved yet: there is no function yet"),
    },
    right={
        "with no_grad": """
            def epoch(w, x, y, rate):
                w1, w2, b = w
                for x_i, y_i in zip(x, y):
                    loss = (w1 * x_i**2 + w2 * x_i + b - y_i) ** 2
                    loss.backward()
                    with torch.no_grad():
                        for weight in (w1, w2, b):
                            weight -= rate * weight.grad
                            weight.grad = None
        """,
        "by autograd.grad": """
            def epoch(w, x, y, rate):
                for x_i, y_i in zip(x, y):
                    loss = ((w[0] * x_i + w[1]) * x_i + w[2] - y_i) ** 2
                    for weight, slope in zip(w, torch.autograd.grad(loss, w)):
                        weight.data -= rate * slope
        """,
        "slopes by hand": """
            def epoch(w, x, y, rate):
                for x_i, y_i in zip(x, y):
                    error = (w[0] * x_i * x_i + w[1] * x_i + w[2] - y_i).item()
                    for weight, beside in zip(w, [x_i * x_i, x_i, 1.0]):
                        weight.data -= rate * 2 * error * beside
        """,
    },
)

UNSCALE = Exercise(
    lesson="09_quadratic",
    scope=("imports",),
    task="unscale",
    unsolved="not solved yet: at v1 = 1, v2 = 6, v3 = 9, m = 2, s = 1 your function gives nothing back",
    solved="✓ right in all 2 cases",
    wrong={
        "v1 forgotten": (
            "def unscale(v1, v2, v3, m, s): return v1 / s**2, v2 / s - 2 * m, v3 - m * v2 / s + m**2",
            "✗ at v1 = 200, v2 = 30, v3 = 2, m = 4, s = 10, in [1]: yours -5, true -13. v1 goes with each part.",
        ),
        "no middle part": (
            "def unscale(v1, v2, v3, m, s): return v1 / s**2, v2 / s, v3 - m * v2 / s + m * m * v1 / s**2",
            "✗ at v1 = 1, v2 = 6, v3 = 9, m = 2, s = 1, in [1]: yours 6, true 2. (x − m)² has 3 parts.",
        ),
        "x + m": (
            "def unscale(v1, v2, v3, m, s):\n"
            "    return v1 / s**2, v2 / s + 2 * m * v1 / s**2, v3 + m * v2 / s + m * m * v1 / s**2",
            "✗ at v1 = 1, v2 = 6, v3 = 9, m = 2, s = 1, in [1]: yours 10, true 2. u is x − m, not x + m.",
        ),
        "s not squared": (
            "def unscale(v1, v2, v3, m, s):\n"
            "    return v1 / s, v2 / s - 2 * m * v1 / s, v3 - m * v2 / s + m * m * v1 / s",
            "✗ at v1 = 200, v2 = 30, v3 = 2, m = 4, s = 10, in [0]: yours 20, true 2. In u², s is squared.",
        ),
        "s times in place of divided by": (
            "def unscale(v1, v2, v3, m, s):\n"
            "    return v1 * s**2, v2 * s - 2 * m * v1 * s**2, v3 - m * v2 * s + m * m * v1 * s**2",
            "✗ at v1 = 200, v2 = 30, v3 = 2, m = 4, s = 10, in [0]: yours 2e+04, true 2.",
        ),
        "the 2 forgotten": (
            "def unscale(v1, v2, v3, m, s):\n"
            "    return v1 / s**2, v2 / s - m * v1 / s**2, v3 - m * v2 / s + m * m * v1 / s**2",
            "✗ at v1 = 1, v2 = 6, v3 = 9, m = 2, s = 1, in [1]: yours 4, true 2.",
        ),
        "m not squared": (
            "def unscale(v1, v2, v3, m, s):\n"
            "    return v1 / s**2, v2 / s - 2 * m * v1 / s**2, v3 - m * v2 / s + m * v1 / s**2",
            "✗ at v1 = 1, v2 = 6, v3 = 9, m = 2, s = 1, in [2]: yours -1, true 1.",
        ),
        "the shift forgotten": (
            "def unscale(v1, v2, v3, m, s): return v1 / s**2, v2 / s, v3",
            "✗ at v1 = 1, v2 = 6, v3 = 9, m = 2, s = 1, in [1]: yours 6, true 2.",
        ),
        "the scale forgotten": (
            "def unscale(v1, v2, v3, m, s): return v1, v2 - 2 * m * v1, v3 - m * v2 + m * m * v1",
            "✗ at v1 = 200, v2 = 30, v3 = 2, m = 4, s = 10, in [0]: yours 200, true 2.",
        ),
        "always 1, 2, 1": (
            "def unscale(v1, v2, v3, m, s): return 1, 2, 1",
            "✗ at v1 = 200, v2 = 30, v3 = 2, m = 4, s = 10, in [0]: yours 1, true 2.",
        ),
        "two of three": (
            "def unscale(v1, v2, v3, m, s): return v1 / s**2, v2 / s - 2 * m * v1 / s**2",
            "✗ at v1 = 1, v2 = 6, v3 = 9, m = 2, s = 1: yours of shape (2,), true of shape (3,). The shape is wrong.",
        ),
        "a text": (
            "def unscale(v1, v2, v3, m, s): return 'v1 / s**2'",
            "✗ at v1 = 1, v2 = 6, v3 = 9, m = 2, s = 1: yours 'v1 / s**2', true [1, 2, 1]. Numbers…",
        ),
        "an error": (
            "def unscale(v1, v2, v3, m, s): return v1 / t",
            "✗ at v1 = 1, v2 = 6, v3 = 9, m = 2, s = 1 your function stops with NameError: …",
        ),
    },
    right={
        "a list": """
            def unscale(v1, v2, v3, m, s):
                w1 = v1 / s / s
                w2 = (v2 - 2 * w1 * m * s) / s
                return [w1, w2, v3 - w1 * m * m - w2 * m]
        """,
        "shift, then scale": """
            def unscale(v1, v2, v3, m, s):
                v1, v2 = v1 / s**2, v2 / s
                return v1, v2 - 2 * m * v1, v3 - m * v2 + m**2 * v1
        """,
        "from three answers": """
            def unscale(v1, v2, v3, m, s):
                low, mid, high = [v1 * ((x - m) / s) ** 2 + v2 * (x - m) / s + v3 for x in (-1, 0, 1)]
                return (low + high) / 2 - mid, (high - low) / 2, mid
        """,
    },
)

EXERCISES = [SLOPES, EPOCH, UNSCALE]
