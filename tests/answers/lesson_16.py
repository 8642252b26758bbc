"""The exercises of lesson 16."""

from exercise import Exercise

MOMENTUM = Exercise(
    lesson="16_torch_optim",
    scope=("imports",),
    task="momentum",
    unsolved="not solved yet: at w = 1, v = 0, slope = 4, rate = 0.5, m = 0.75 your function gives nothing back",
    solved="✓ right in all 2 cases",
    wrong={
        "the old v": (
            "def roll(w, v, slope, rate, m):\n    return w - rate * v, m * v + slope",
            "✗ at w = 1, v = 0, slope = 4, rate = 0.5, m = 0.75, in [0]: yours 1, true -1. w moves by the old v.",
        ),
        "v is a mean": (
            "def roll(w, v, slope, rate, m):\n    v = m * v + (1 - m) * slope\n    return w - rate * v, v",
            "✗ at w = 1, v = 0, slope = 4, rate = 0.5, m = 0.75, in [0]: yours 0.5, true -1. The slope counts in full.",
        ),
        "uphill": (
            "def roll(w, v, slope, rate, m):\n    v = m * v + slope\n    return w + rate * v, v",
            "✗ at w = 1, v = 0, slope = 4, rate = 0.5, m = 0.75, in [0]: yours 3, true -1.",
        ),
        "the slope forgotten": (
            "def roll(w, v, slope, rate, m):\n    v = m * v\n    return w - rate * v, v",
            "✗ at w = 1, v = 0, slope = 4, rate = 0.5, m = 0.75, in [0]: yours 1, true -1.",
        ),
        "no momentum": (
            "def roll(w, v, slope, rate, m):\n    return w - rate * slope, slope",
            "✗ at w = 2, v = -3, slope = 1, rate = 0.25, m = 0.5, in [0]: yours 1.75, true 2.125.",
        ),
        "nothing is forgotten": (
            "def roll(w, v, slope, rate, m):\n    v = v + slope\n    return w - rate * v, v",
            "✗ at w = 2, v = -3, slope = 1, rate = 0.25, m = 0.5, in [0]: yours 2.5, true 2.125.",
        ),
        "the rate in v": (
            "def roll(w, v, slope, rate, m):\n    v = m * v + rate * slope\n    return w - v, v",
            "✗ at w = 1, v = 0, slope = 4, rate = 0.5, m = 0.75, in [1]: yours 2, true 4.",
        ),
        "w alone": (
            "def roll(w, v, slope, rate, m):\n    v = m * v + slope\n    return w - rate * v",
            (
                "✗ at w = 1, v = 0, slope = 4, rate = 0.5, m = 0.75: yours a single number, true of shape "
                "(2,). The shape is wrong."
            ),
        ),
        "v first": (
            "def roll(w, v, slope, rate, m):\n    v = m * v + slope\n    return v, w - rate * v",
            "✗ at w = 1, v = 0, slope = 4, rate = 0.5, m = 0.75, in [0]: yours 4, true -1.",
        ),
        "nothing returned": (
            "def roll(w, v, slope, rate, m):\n    v = m * v + slope\n    w = w - rate * v",
            ("not solved yet: at w = 1, v = 0, slope = 4, rate = 0.5, m = 0.75 your function gives nothing back"),
        ),
        "a text": (
            "def roll(w, v, slope, rate, m):\n    return 'w, v'",
            (
                "✗ at w = 1, v = 0, slope = 4, rate = 0.5, m = 0.75: yours 'w, v', true [-1, 4]. Numbers of"
                " shape (2,) are wanted."
            ),
        ),
        "a name that is not there": (
            "def roll(w, v, slope, rate, m):\n    return w - rate * speed, v",
            (
                "✗ at w = 1, v = 0, slope = 4, rate = 0.5, m = 0.75 your function stops with NameError: "
                "name 'speed' is not defined"
            ),
        ),
    },
    right={
        "a list": "def roll(w, v, slope, rate, m):\n    v = v * m + slope\n    return [w - v * rate, v]",
        "by torch": """
            def roll(w, v, slope, rate, m):
                w = torch.tensor(float(w), requires_grad=True, device=device)
                optimizer = torch.optim.SGD([w], lr=rate, momentum=m)
                optimizer.state[w]["momentum_buffer"] = torch.tensor(float(v), device=device)
                w.grad = torch.tensor(float(slope), device=device)
                optimizer.step()
                return w.item(), optimizer.state[w]["momentum_buffer"].item()
        """,
        "written out": "def roll(w, v, slope, rate, m):\n    return w - rate * m * v - rate * slope, m * v + slope",
    },
)

BACKWARD = "class Right(Times):\n    @staticmethod\n    def backward(ctx, upstream):\n        return {}"

TIMES = Exercise(
    lesson="16_torch_optim",
    scope=("imports", "wrong-function"),
    task="times",
    unsolved="not solved yet: at x = [2, -1], c = 3, u = [0.5, -4] your function gives nothing back",
    solved="✓ right in all 2 cases",
    wrong={
        "without the sign of what arrives": (
            """
            class Right(Times):
                @staticmethod
                def backward(ctx, upstream):
                    return ctx.c * upstream.abs(), None
            """,
            "✗ dx[1] at x = [2, -1], c = 3, u = [0.5, -4]: yours 12, true -12.",
        ),
        "as it was": (
            BACKWARD.format("upstream, None"),
            "✗ dx[0] at x = [2, -1], c = 3, u = [0.5, -4]: yours 0.5, true 1.5. c is missing.",
        ),
        "upstream forgotten": (
            BACKWARD.format("ctx.c + 0 * upstream, None"),
            "✗ dx[0] at x = [2, -1], c = 3, u = [0.5, -4]: yours 3, true 1.5. What arrives is missing.",
        ),
        "upstream forgotten, a bare number": (
            BACKWARD.format("ctx.c, None"),
            ("✗ at x = [2, -1], c = 3, u = [0.5, -4] your function stops with RuntimeError: …"),
        ),
        "5 always": (
            BACKWARD.format("5 * upstream, None"),
            "✗ dx[0] at x = [2, -1], c = 3, u = [0.5, -4]: yours 2.5, true 1.5.",
        ),
        "divided": (
            BACKWARD.format("upstream / ctx.c, None"),
            "✗ dx[0] at x = [2, -1], c = 3, u = [0.5, -4]: yours 0.1667, true 1.5.",
        ),
        "added": (
            BACKWARD.format("upstream + ctx.c, None"),
            "✗ dx[0] at x = [2, -1], c = 3, u = [0.5, -4]: yours 3.5, true 1.5.",
        ),
        "the sign": (
            BACKWARD.format("-ctx.c * upstream, None"),
            "✗ dx[0] at x = [2, -1], c = 3, u = [0.5, -4]: yours -1.5, true 1.5. The sign is turned round.",
        ),
        "one gradient only": (
            BACKWARD.format("ctx.c * upstream"),
            "✗ at x = [2, -1], c = 3, u = [0.5, -4] your function stops with RuntimeError: …",
        ),
        "the other way round": (
            BACKWARD.format("None, ctx.c * upstream"),
            ("✗ at x = [2, -1], c = 3, u = [0.5, -4] your function stops with RuntimeError: …"),
        ),
        "added up": (
            BACKWARD.format("(ctx.c * upstream).sum().expand_as(upstream), None"),
            "✗ dx[0] at x = [2, -1], c = 3, u = [0.5, -4]: yours -10.5, true 1.5.",
        ),
        "another name": (
            BACKWARD.format("c * upstream, None"),
            "✗ at x = [2, -1], c = 3, u = [0.5, -4] your function stops with NameError: name 'c' is not defined",
        ),
        "a text": (
            "Right = 'c'",
            (
                "✗ at x = [2, -1], c = 3, u = [0.5, -4] your function stops with AttributeError: 'str' "
                "object has no attribute 'apply'"
            ),
        ),
    },
    right={
        "the other order": BACKWARD.format("upstream * ctx.c, None"),
        "a function of its own": """
            class Right(torch.autograd.Function):
                @staticmethod
                def forward(ctx, x, c):
                    ctx.save_for_backward(torch.as_tensor(c))
                    return x * c

                @staticmethod
                def backward(ctx, upstream):
                    (c,) = ctx.saved_tensors
                    return upstream * c, None
        """,
        "a repeated sum": BACKWARD.format("torch.full_like(upstream, float(ctx.c)).mul(upstream), None"),
    },
)

NEWTON = """
    def newton_step(loss, w):
        w = torch.tensor(w, dtype=torch.float64, requires_grad=True, device=device)
        [slope] = torch.autograd.grad(loss(w), w, create_graph=True)
        [c] = torch.autograd.grad(slope, w)
        return {}
"""
NO_GRAPH = NEWTON.replace(", create_graph=True", "")

NEWTON_STEP = Exercise(
    lesson="16_torch_optim",
    scope=("imports",),
    task="newton",
    unsolved="not solved yet: at loss = cosh, w = 0.5 your function gives nothing back",
    solved="✓ right in all 3 cases",
    wrong={
        "always downhill": (
            """
            def newton_step(loss, w):
                w = torch.tensor(w, dtype=torch.float64, requires_grad=True, device=device)
                [slope] = torch.autograd.grad(loss(w), w, create_graph=True)
                [c] = torch.autograd.grad(slope, w)
                return (w - slope / c.abs()).item()
            """,
            "✗ at loss = sin, w = 2: yours 2.458, true 1.542. It is w - slope / c.",
        ),
        "the slope for the curvature": (
            """
            def newton_step(loss, w):
                w = torch.tensor(w, dtype=torch.float64, requires_grad=True, device=device)
                [slope] = torch.autograd.grad(loss(w), w, create_graph=True)
                [c] = torch.autograd.grad(loss(w), w)
                return (w - slope / c).item()
            """,
            "✗ at loss = cosh, w = 0.5: yours -0.5, true 0.03788. Your c is the slope.",
        ),
        "uphill": (
            NEWTON.format("(w + slope / c).item()"),
            "✗ at loss = cosh, w = 0.5: yours 0.9621, true 0.03788. That is uphill.",
        ),
        "not divided": (
            NEWTON.format("(w - slope).item()"),
            "✗ at loss = cosh, w = 0.5: yours -0.0211, true 0.03788. Divide by c.",
        ),
        "multiplied": (
            NEWTON.format("(w - slope * c).item()"),
            "✗ at loss = cosh, w = 0.5: yours -0.0876, true 0.03788. Divide, do not multiply.",
        ),
        "the step alone": (
            NEWTON.format("(slope / c).item()"),
            "✗ at loss = cosh, w = 0.5: yours 0.4621, true 0.03788. Take that away from w.",
        ),
        "upside down": (
            NEWTON.format("(w - c / slope).item()"),
            "✗ at loss = cosh, w = 0.5: yours -1.664, true 0.03788. It is w - slope / c.",
        ),
        "the critical rate": (
            NEWTON.format("(w - 2 * slope / c).item()"),
            "✗ at loss = cosh, w = 0.5: yours -0.4242, true 0.03788. It is w - slope / c.",
        ),
        "the curvature": (
            NEWTON.format("c.item()"),
            "✗ at loss = cosh, w = 0.5: yours 1.128, true 0.03788. It is w - slope / c.",
        ),
        "no graph": (
            NO_GRAPH.format("(w - slope / c).item()"),
            "✗ at loss = cosh, w = 0.5 your function stops with RuntimeError: …",
        ),
        "no leaf": (
            "def newton_step(loss, w):\n    [slope] = torch.autograd.grad(loss(w), w)\n    return w",
            "✗ at loss = cosh, w = 0.5 your function stops with TypeError: …",
        ),
        "stays": (
            "def newton_step(loss, w):\n    return w",
            "✗ at loss = cosh, w = 0.5: yours 0.5, true 0.03788. It is w - slope / c.",
        ),
        "a text": (
            "def newton_step(loss, w):\n    return 'w - slope / c'",
            "✗ at loss = cosh, w = 0.5: yours 'w - slope / c', true 0.037883. A number is wanted.",
        ),
    },
    right={
        "a tensor": NEWTON.format("w - slope / c"),
        "by backward": """
            def newton_step(loss, w):
                at = torch.tensor(w, dtype=torch.float64, requires_grad=True, device=device)
                loss(at).backward(create_graph=True)
                slope, at.grad = at.grad, None
                slope.backward()
                return w - slope.item() / at.grad.item()
        """,
        "by nudging": """
            def newton_step(loss, w, h=1e-4):
                low, at, high = (loss(torch.tensor(w + d, dtype=torch.float64, device=device)) for d in (-h, 0, h))
                return w - (high - low) / 2 * h / (high - 2 * at + low)
        """,
    },
)

EXERCISES = [MOMENTUM, TIMES, NEWTON_STEP]
