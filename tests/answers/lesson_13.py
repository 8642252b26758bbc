"""Lesson 13: what the checks say of wrong answers, and of right ones written differently."""

from exercise import Exercise

LAYER_BACK = """
def layer_back(w, b, x, v):
    dz = v * (x @ w + b > 0)
    return x.T @ dz, dz.sum(dim=0), dz @ w.T
"""

LAYER = Exercise(
    lesson="13_network",
    scope=("imports",),
    task="layer",
    unsolved=(
        "not solved yet: at w of shape (2, 3), b = [0.3, 1.1, -0.4], x of shape (3, 2), v of shape "
        "(3, 3) your function gives nothing back"
    ),
    solved="✓ right in all 2 cases",
    wrong={
        "relu forgotten": (
            LAYER_BACK.replace("v * (x @ w + b > 0)", "v"),
            (
                "✗ dw[0, 0] at w of shape (2, 3), b = [0.3, 1.1, -0.4], x of shape (3, 2), v of shape (3, "
                "3): yours -8, true -5. Relu is forgotten."
            ),
        ),
        "relu itself for its slope": (
            LAYER_BACK.replace("(x @ w + b > 0)", "(x @ w + b).relu()"),
            (
                "✗ dw[0, 0] at w of shape (2, 3), b = [0.3, 1.1, -0.4], x of shape (3, 2), v of shape (3, "
                "3): yours -2, true -5. Is dz v where z (not v) is above 0, else 0? Does db add over the "
                "points? And does dx start from dz?"
            ),
        ),
        "the mask of v": (
            LAYER_BACK.replace("x @ w + b > 0", "v > 0"),
            (
                "✗ dw[0, 0] at w of shape (2, 3), b = [0.3, 1.1, -0.4], x of shape (3, 2), v of shape (3, "
                "3): yours -2, true -5. Is dz v where z (not v) is above 0, else 0? Does db add over the "
                "points? And does dx start from dz?"
            ),
        ),
        "the bias forgotten in z": (
            LAYER_BACK.replace(" + b > 0", " > 0"),
            (
                "✗ dw[0, 1] at w of shape (2, 3), b = [0.3, 1.1, -0.4], x of shape (3, 2), v of shape (3, "
                "3): yours 2, true 4. Is dz v where z (not v) is above 0, else 0? Does db add over the "
                "points? And does dx start from dz?"
            ),
        ),
        "the upstream forgotten": (
            LAYER_BACK.replace("v * (x @ w + b > 0)", "1.0 * (x @ w + b > 0).to(v)"),
            (
                "✗ dw[0, 0] at w of shape (2, 3), b = [0.3, 1.1, -0.4], x of shape (3, 2), v of shape (3, "
                "3): yours 4, true -5. That is the slope of a step on the way: multiply it by what arrives "
                "from the result, the upstream factor."
            ),
        ),
        "dw transposed": (
            LAYER_BACK.replace("x.T @ dz", "dz.T @ x"),
            (
                "✗ dw at w of shape (2, 3), b = [0.3, 1.1, -0.4], x of shape (3, 2), v of shape (3, 3): "
                "yours of shape (3, 2), true of shape (2, 3). It is transposed: rows and columns have "
                "changed places."
            ),
        ),
        "x not turned": (
            LAYER_BACK.replace("x.T @ dz", "x @ dz"),
            (
                "✗ at w of shape (2, 3), b = [0.3, 1.1, -0.4], x of shape (3, 2), v of shape (3, 3) your "
                "function stops with RuntimeError: mat1…"
            ),
        ),
        "w not turned": (
            LAYER_BACK.replace("w.T", "w"),
            (
                "✗ at w of shape (2, 3), b = [0.3, 1.1, -0.4], x of shape (3, 2), v of shape (3, 3) your "
                "function stops with RuntimeError: mat1…"
            ),
        ),
        "the bias not added over the batch": (
            LAYER_BACK.replace("dz.sum(dim=0)", "dz"),
            (
                "✗ db at w of shape (2, 3), b = [0.3, 1.1, -0.4], x of shape (3, 2), v of shape (3, 3): "
                "yours of shape (3, 3), true of shape (3,). A gradient has the shape of what it belongs to."
            ),
        ),
        "the bias added over the neurons": (
            LAYER_BACK.replace("dim=0", "dim=1"),
            (
                "✗ db[0] at w of shape (2, 3), b = [0.3, 1.1, -0.4], x of shape (3, 2), v of shape (3, 3): "
                "yours 3, true -1. Is dz v where z (not v) is above 0, else 0? Does db add over the points?"
                " And does dx start from dz?"
            ),
        ),
        "the bias added to one number": (
            LAYER_BACK.replace("dim=0", ""),
            (
                "✗ db at w of shape (2, 3), b = [0.3, 1.1, -0.4], x of shape (3, 2), v of shape (3, 3): "
                "yours a single number, true of shape (3,). A gradient has the shape of what it belongs to."
            ),
        ),
        "the bias as a mean": (
            LAYER_BACK.replace("sum(dim=0)", "mean(dim=0)"),
            (
                "✗ db[0] at w of shape (2, 3), b = [0.3, 1.1, -0.4], x of shape (3, 2), v of shape (3, 3): "
                "yours -0.3333, true -1. That is 1/3 of it: is it divided by 3 once too often?"
            ),
        ),
        "a mean everywhere": (
            LAYER_BACK.replace("> 0)", "> 0) / len(x)"),
            (
                "✗ dw[0, 0] at w of shape (2, 3), b = [0.3, 1.1, -0.4], x of shape (3, 2), v of shape (3, "
                "3): yours -1.667, true -5. That is 1/3 of it: is it divided by 3 once too often?"
            ),
        ),
        "dx from v": (
            LAYER_BACK.replace("dz @ w.T", "v @ w.T"),
            (
                "✗ dx[0, 0] at w of shape (2, 3), b = [0.3, 1.1, -0.4], x of shape (3, 2), v of shape (3, "
                "3): yours -3.5, true -1.5. Is dz v where z (not v) is above 0, else 0? Does db add over "
                "the points? And does dx start from dz?"
            ),
        ),
        "dx without w": (
            LAYER_BACK.replace("dz @ w.T", "dz"),
            (
                "✗ dx at w of shape (2, 3), b = [0.3, 1.1, -0.4], x of shape (3, 2), v of shape (3, 3): "
                "yours of shape (3, 3), true of shape (3, 2). A gradient has the shape of what it belongs "
                "to."
            ),
        ),
        "the sign": (
            LAYER_BACK.replace("= v", "= -v"),
            (
                "✗ dw[0, 0] at w of shape (2, 3), b = [0.3, 1.1, -0.4], x of shape (3, 2), v of shape (3, "
                "3): yours 5, true -5. The sign is turned round."
            ),
        ),
        "another order": (
            LAYER_BACK.replace("x.T @ dz, dz.sum(dim=0), dz @ w.T", "dz @ w.T, x.T @ dz, dz.sum(dim=0)"),
            (
                "✗ dw at w of shape (2, 3), b = [0.3, 1.1, -0.4], x of shape (3, 2), v of shape (3, 3): "
                "yours of shape (3, 2), true of shape (2, 3). A gradient has the shape of what it belongs "
                "to."
            ),
        ),
        "dx not done": (
            LAYER_BACK.replace("dz @ w.T", "None"),
            (
                "not solved yet: at w of shape (2, 3), b = [0.3, 1.1, -0.4], x of shape (3, 2), v of shape "
                "(3, 3) your dx is not filled in"
            ),
        ),
        "a text": (
            "def layer_back(w, b, x, v): return 'dw', 'db', 'dx'",
            (
                "✗ dw at w of shape (2, 3), b = [0.3, 1.1, -0.4], x of shape (3, 2), v of shape (3, 3): "
                "yours 'dw', true [[-5, 4, 1.5], [4, 3.5, -0.5]]. Numbers of shape (2, 3) are wanted."
            ),
        ),
        "backward without leaves": (
            """
            def layer_back(w, b, x, v):
                (x @ w + b).relu().backward(gradient=v)
                return w.grad, b.grad, x.grad
            """,
            "✗ at w of shape (2, 3), b = [0.3, 1.1, -0.4], x of shape (3, 2), v of shape (3, 3) your "
            "function stops with RuntimeError: element…",
        ),
    },
    right={
        "point by point": """
            def layer_back(w, b, x, v):
                dw, db, dx = torch.zeros_like(w), torch.zeros_like(b), torch.zeros_like(x)
                for i in range(len(x)):
                    dz = torch.where(x[i] @ w + b > 0, v[i], 0.0)
                    dw += torch.outer(x[i], dz)
                    db += dz
                    dx[i] = w @ dz
                return dw, db, dx
        """,
        "transposed twice": """
            def layer_back(w, b, x, v):
                dz = v * ((x @ w + b).sign() + 1) / 2
                return [(dz.T @ x).T, torch.ones(len(x), dtype=x.dtype, device=x.device) @ dz, (w @ dz.T).T]
        """,
        "by torch": """
            def layer_back(w, b, x, v):
                return torch.autograd.functional.vjp(lambda w, b, x: (x @ w + b).relu(), (w, b, x), v)[1]
        """,
    },
)

NET_BACK = """
def net_back(x, y, w, b, u):
    a1 = torch.tanh(x @ w + b)
    a2 = torch.tanh(a1 @ w + b)
    dz = (torch.softmax(a2 @ u, dim=1) - y) / len(x)
    dz2 = (dz @ u.T) * (1 - a2**2)
    dz1 = (dz2 @ w.T) * (1 - a1**2)
    return x.T @ dz1 + a1.T @ dz2, (dz1 + dz2).sum(dim=0), a2.T @ dz
"""

TWICE = Exercise(
    lesson="13_network",
    scope=("imports",),
    task="twice",
    unsolved=(
        "not solved yet: at x = [[1, -0.5]], y = [[0, 1]], w = [[0.5, -1], [1, 0.25]], b = [0.25, "
        "-0.5], u = [[1, -1], [0.5, 2]] your function gives nothing back"
    ),
    solved="✓ right in all 2 cases",
    wrong={
        "the second use only": (
            NET_BACK.replace("x.T @ dz1 + a1.T @ dz2", "a1.T @ dz2"),
            (
                "✗ dw[0, 0] at x = [[1, -0.5]], y = [[0, 1]], w = [[0.5, -1], [1, 0.25]], b = [0.25, -0.5],"
                " u = [[1, -1], [0.5, 2]]: yours 0.1942, true 0.8924. That is what 1 of the 2 paths brings:"
                " a path is missing. Add what all paths bring, do not overwrite."
            ),
        ),
        "the first use only": (
            NET_BACK.replace("x.T @ dz1 + a1.T @ dz2", "x.T @ dz1"),
            (
                "✗ dw[0, 0] at x = [[1, -0.5]], y = [[0, 1]], w = [[0.5, -1], [1, 0.25]], b = [0.25, -0.5],"
                " u = [[1, -1], [0.5, 2]]: yours 0.6982, true 0.8924. That is what 1 of the 2 paths brings:"
                " a path is missing. Add what all paths bring, do not overwrite."
            ),
        ),
        "the bias of one use only": (
            NET_BACK.replace("(dz1 + dz2)", "dz2"),
            (
                "✗ db[0] at x = [[1, -0.5]], y = [[0, 1]], w = [[0.5, -1], [1, 0.25]], b = [0.25, -0.5], u "
                "= [[1, -1], [0.5, 2]]: yours 0.7928, true 1.491. That is what 1 of the 2 paths brings: a "
                "path is missing. Add what all paths bring, do not overwrite."
            ),
        ),
        "tanh forgotten": (
            NET_BACK.replace(" * (1 - a2**2)", "").replace(" * (1 - a1**2)", ""),
            (
                "✗ dw[0, 0] at x = [[1, -0.5]], y = [[0, 1]], w = [[0.5, -1], [1, 0.25]], b = [0.25, -0.5],"
                " u = [[1, -1], [0.5, 2]]: yours 1.586, true 0.8924. Look at 1 − a², at each .T, and at "
                "what goes into each use of w."
            ),
        ),
        "the slope of the second tanh in both": (
            NET_BACK.replace("a1**2", "a2**2"),
            (
                "✗ dw[0, 0] at x = [[1, -0.5]], y = [[0, 1]], w = [[0.5, -1], [1, 0.25]], b = [0.25, -0.5],"
                " u = [[1, -1], [0.5, 2]]: yours 0.7492, true 0.8924. Look at 1 − a², at each .T, and at "
                "what goes into each use of w."
            ),
        ),
        "the square forgotten": (
            NET_BACK.replace("1 - a2**2", "1 - a2").replace("1 - a1**2", "1 - a1"),
            (
                "✗ dw[0, 0] at x = [[1, -0.5]], y = [[0, 1]], w = [[0.5, -1], [1, 0.25]], b = [0.25, -0.5],"
                " u = [[1, -1], [0.5, 2]]: yours 2.044, true 0.8924. Look at 1 − a², at each .T, and at "
                "what goes into each use of w."
            ),
        ),
        "the slope of sigmoid": (
            NET_BACK.replace("1 - a2**2", "a2 * (1 - a2)").replace("1 - a1**2", "a1 * (1 - a1)"),
            (
                "✗ dw[0, 0] at x = [[1, -0.5]], y = [[0, 1]], w = [[0.5, -1], [1, 0.25]], b = [0.25, -0.5],"
                " u = [[1, -1], [0.5, 2]]: yours -0.464, true 0.8924. Look at 1 − a², at each .T, and at "
                "what goes into each use of w."
            ),
        ),
        "1/n missing": (
            NET_BACK.replace(" / len(x)", ""),
            (
                "✗ dw[0, 0] at x = [[0.5], [-1], [2]], y of shape (3, 2), w = [[0.75]], b = [0.5], u = [[2,"
                " -1]]: yours -1.07, true -0.3568. That is 3 times as much: 1/3 is missing, a mean is "
                "wanted."
            ),
        ),
        "the sign": (
            NET_BACK.replace("torch.softmax(a2 @ u, dim=1) - y", "y - torch.softmax(a2 @ u, dim=1)"),
            (
                "✗ dw[0, 0] at x = [[1, -0.5]], y = [[0, 1]], w = [[0.5, -1], [1, 0.25]], b = [0.25, -0.5],"
                " u = [[1, -1], [0.5, 2]]: yours -0.8924, true 0.8924. The sign is turned round."
            ),
        ),
        "softmax down the columns": (
            NET_BACK.replace("a2 @ u, dim=1", "a2 @ u, dim=0"),
            (
                "✗ dw[0, 0] at x = [[1, -0.5]], y = [[0, 1]], w = [[0.5, -1], [1, 0.25]], b = [0.25, -0.5],"
                " u = [[1, -1], [0.5, 2]]: yours 0.3297, true 0.8924. Look at 1 − a², at each .T, and at "
                "what goes into each use of w."
            ),
        ),
        "softmax forgotten": (
            NET_BACK.replace("torch.softmax(a2 @ u, dim=1)", "(a2 @ u)"),
            (
                "✗ dw[0, 0] at x = [[1, -0.5]], y = [[0, 1]], w = [[0.5, -1], [1, 0.25]], b = [0.25, -0.5],"
                " u = [[1, -1], [0.5, 2]]: yours 2.416, true 0.8924. Look at 1 − a², at each .T, and at "
                "what goes into each use of w."
            ),
        ),
        "u not turned": (
            NET_BACK.replace("u.T", "u"),
            (
                "✗ dw[0, 0] at x = [[1, -0.5]], y = [[0, 1]], w = [[0.5, -1], [1, 0.25]], b = [0.25, -0.5],"
                " u = [[1, -1], [0.5, 2]]: yours 0.7929, true 0.8924. Look at 1 − a², at each .T, and at "
                "what goes into each use of w."
            ),
        ),
        "w not turned": (
            NET_BACK.replace("w.T", "w"),
            (
                "✗ dw[0, 0] at x = [[1, -0.5]], y = [[0, 1]], w = [[0.5, -1], [1, 0.25]], b = [0.25, -0.5],"
                " u = [[1, -1], [0.5, 2]]: yours 0.2412, true 0.8924. Look at 1 − a², at each .T, and at "
                "what goes into each use of w."
            ),
        ),
        "du transposed": (
            NET_BACK.replace("a2.T @ dz", "dz.T @ a2"),
            (
                "✗ du[0, 1] at x = [[1, -0.5]], y = [[0, 1]], w = [[0.5, -1], [1, 0.25]], b = [0.25, -0.5],"
                " u = [[1, -1], [0.5, 2]]: yours -0.3986, true 0.2666. It is transposed: rows and columns "
                "have changed places."
            ),
        ),
        "du from a1": (
            NET_BACK.replace("a2.T @ dz", "a1.T @ dz"),
            (
                "✗ du[0, 0] at x = [[1, -0.5]], y = [[0, 1]], w = [[0.5, -1], [1, 0.25]], b = [0.25, -0.5],"
                " u = [[1, -1], [0.5, 2]]: yours 0.1299, true -0.2666. Look at 1 − a², at each .T, and at "
                "what goes into each use of w."
            ),
        ),
        "db not added up": (
            NET_BACK.replace(".sum(dim=0)", ""),
            (
                "✗ db at x = [[1, -0.5]], y = [[0, 1]], w = [[0.5, -1], [1, 0.25]], b = [0.25, -0.5], u = "
                "[[1, -1], [0.5, 2]]: yours of shape (1, 2), true of shape (2,). A gradient has the shape "
                "of what it belongs to."
            ),
        ),
        "twice": (
            NET_BACK.replace("= (torch", "= 2 * (torch"),
            (
                "✗ dw[0, 0] at x = [[1, -0.5]], y = [[0, 1]], w = [[0.5, -1], [1, 0.25]], b = [0.25, -0.5],"
                " u = [[1, -1], [0.5, 2]]: yours 1.785, true 0.8924. That is twice as much: is something "
                "counted twice, or is 1/2 missing, of a mean?"
            ),
        ),
        "du not done": (
            NET_BACK.replace("a2.T @ dz", "None"),
            (
                "not solved yet: at x = [[1, -0.5]], y = [[0, 1]], w = [[0.5, -1], [1, 0.25]], b = [0.25, "
                "-0.5], u = [[1, -1], [0.5, 2]] your du is not filled in"
            ),
        ),
        "one result": (
            NET_BACK.replace(", (dz1 + dz2).sum(dim=0), a2.T @ dz", ""),
            (
                "✗ at x = [[1, -0.5]], y = [[0, 1]], w = [[0.5, -1], [1, 0.25]], b = [0.25, -0.5], u = [[1,"
                " -1], [0.5, 2]]: yours [[0.892356, 0.0166711], [-1.08268, 0.269754]], wanted 3 gradients: "
                "dw, db, du"
            ),
        ),
        "a text": (
            "def net_back(x, y, w, b, u): return 'dw', 'db', 'du'",
            (
                "✗ dw at x = [[1, -0.5]], y = [[0, 1]], w = [[0.5, -1], [1, 0.25]], b = [0.25, -0.5], u = "
                "[[1, -1], [0.5, 2]]: yours 'dw', true [[0.892356, 0.0166711], [-1.08268, 0.269754]]. "
                "Numbers of shape (2, 2) are wanted."
            ),
        ),
    },
    right={
        "accumulated": """
            def net_back(x, y, w, b, u):
                a = [x]
                for _ in range(2):
                    a.append(torch.tanh(a[-1] @ w + b))
                upstream = (torch.softmax(a[2] @ u, dim=1) - y) / len(x)
                du, dw, db = a[2].T @ upstream, torch.zeros_like(w), torch.zeros_like(b)
                upstream = upstream @ u.T
                for i in (2, 1):
                    dz = upstream * (1 + a[i]) * (1 - a[i])
                    dw, db, upstream = dw + a[i - 1].T @ dz, db + dz.sum(0), dz @ w.T
                return dw, db, du
        """,
        "by torch": """
            def net_back(x, y, w, b, u):
                w, b, u = (leaf.clone().requires_grad_() for leaf in (w, b, u))
                y_hat = torch.softmax(torch.tanh(torch.tanh(x @ w + b) @ w + b) @ u, dim=1)
                (-(y * y_hat.log()).sum() / len(x)).backward()
                return w.grad, b.grad, u.grad
        """,
    },
)

SCALE = Exercise(
    lesson="13_network",
    scope=("imports",),
    task="scale",
    unsolved="not solved yet: at n = 64, kept = 1 your function gives nothing back",
    solved="✓ right in all 3 cases",
    wrong={
        "no root": (
            "def scale_for(n, kept): return 1 / (n * kept)",
            ("✗ at n = 64, kept = 1: yours 0.01562, true 0.125. Take the root."),
        ),
        "kept forgotten": (
            "def scale_for(n, kept): return n**-0.5",
            ("✗ at n = 64, kept = 0.5: yours 0.125, true 0.1768. Where is `kept`?"),
        ),
        "upside down": (
            "def scale_for(n, kept): return (n * kept) ** 0.5",
            ("✗ at n = 64, kept = 1: yours 8, true 0.125. Try it: is n · scale² · kept 1?"),
        ),
        "kept on the wrong side": (
            "def scale_for(n, kept): return (kept / n) ** 0.5",
            ("✗ at n = 64, kept = 0.5: yours 0.08839, true 0.1768. Try it: is n · scale² · kept 1?"),
        ),
        "kept outside of the root": (
            "def scale_for(n, kept): return n**-0.5 / kept",
            ("✗ at n = 64, kept = 0.5: yours 0.25, true 0.1768. Try it: is n · scale² · kept 1?"),
        ),
        "n forgotten": (
            "def scale_for(n, kept): return kept**-0.5",
            ("✗ at n = 64, kept = 1: yours 1, true 0.125. Try it: is n · scale² · kept 1?"),
        ),
        "the sign": (
            "def scale_for(n, kept): return -((n * kept) ** -0.5)",
            ("✗ at n = 64, kept = 1: yours -0.125, true 0.125. The sign is turned round."),
        ),
        "relu only": (
            "def scale_for(n, kept): return (2 / n) ** 0.5",
            ("✗ at n = 64, kept = 1: yours 0.1768, true 0.125. Try it: is n · scale² · kept 1?"),
        ),
        "a text": (
            "def scale_for(n, kept): return 'small'",
            ("✗ at n = 64, kept = 1: yours 'small', true 0.125. A number is wanted."),
        ),
        "an error": (
            "def scale_for(n, kept): return 1 / sqrt(n * kept)",
            ("✗ at n = 64, kept = 1 your function stops with NameError: name 'sqrt' is not defined…"),
        ),
    },
    right={
        "as a power": "def scale_for(n, kept): return (n * kept) ** -0.5",
        "by torch": "def scale_for(n, kept): return torch.tensor(n * kept, device=device).double().rsqrt()",
        "searched": """
            def scale_for(n, kept):
                low, high = 0.0, 10.0
                for _ in range(60):
                    scale = (low + high) / 2
                    low, high = (scale, high) if scale**2 * n * kept < 1 else (low, scale)
                return scale
        """,
    },
)

EXERCISES = [LAYER, TWICE, SCALE]
