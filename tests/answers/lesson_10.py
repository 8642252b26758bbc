"""The exercises of lesson 10."""

from exercise import Exercise

PLACE = "at x of shape (4, 3), y = [[1], [0], [2], [3]], w = [[0.5], [-1], [2]], b = [0.25]"
BY_HAND = "def line_slopes(x, y, w, b):\n    error = x @ w + b - y\n    return {}"

LINE_SLOPES = Exercise(
    lesson="10_linear_regression",
    scope=("imports",),
    task="line-slopes",
    unsolved=(
        "not solved yet: at x of shape (4, 3), y = [[1], [0], [2], [3]], w = [[0.5], [-1], [2]], b "
        "= [0.25] your dw is not filled in"
    ),
    solved="✓ right in all 2 cases",
    wrong={
        "no 1/n": (
            BY_HAND.format("x.T @ (2 * error), (2 * error).sum(dim=0)"),
            f"✗ dw[0, 0] {PLACE}: yours 5.5, true 1.375. That is 4 times as much: 1/4 is missing, a mean is wanted.",
        ),
        "no 1/n for b alone": (
            BY_HAND.format("x.T @ (2 * error) / len(x), (2 * error).sum(dim=0)"),
            f"✗ db[0] {PLACE}: yours -17, true -4.25. That is 4 times as much: 1/4 is missing, a mean is wanted.",
        ),
        "no 2": (
            BY_HAND.format("x.T @ error / len(x), error.mean(dim=0)"),
            f"✗ dw[0, 0] {PLACE}: yours 0.6875, true 1.375. "
            "That is half of it: is a factor 2 missing (as from a square), or a mean taken where paths add?",
        ),
        "uphill and downhill": (
            BY_HAND.format("-x.T @ (2 * error) / len(x), -(2 * error).mean(dim=0)"),
            f"✗ dw[0, 0] {PLACE}: yours -1.375, true 1.375. The sign is turned round.",
        ),
        "upstream forgotten": (
            BY_HAND.format("x.T @ torch.ones_like(error), torch.ones_like(b)"),
            f"✗ dw[0, 0] {PLACE}: yours 5, true 1.375. "
            "That is the slope of a step on the way: multiply it by what arrives from the result, the upstream factor.",
        ),
        "divided by the features too": (
            BY_HAND.format("x.T @ (2 * error) / x.numel(), (2 * error).mean(dim=0)"),
            f"✗ dw[0, 0] {PLACE}: yours 0.4583, true 1.375. That is 1/3 of it: is it divided by 3 once too often?",
        ),
        "over the wrong dimension": (
            BY_HAND.format("(2 * error * x).mean(dim=1), (2 * error).mean(dim=0)"),
            f"✗ dw {PLACE}: yours of shape (4,), true of shape (3, 1). A gradient has the shape of what it belongs to.",
        ),
        "a row, not a column": (
            BY_HAND.format("(2 * error * x).mean(dim=0, keepdim=True), (2 * error).mean(dim=0)"),
            f"✗ dw {PLACE}: yours of shape (1, 3), true of shape (3, 1). "
            "It is transposed: rows and columns have changed places.",
        ),
        "one feature only": (
            BY_HAND.format("(2 * error * x).mean().reshape(1, 1), (2 * error).mean(dim=0)"),
            f"✗ dw {PLACE}: yours of shape (1, 1), true of shape (3, 1). "
            "A gradient has the shape of what it belongs to.",
        ),
        "b as a bare number": (
            BY_HAND.format("x.T @ (2 * error) / len(x), (2 * error).mean()"),
            f"✗ db {PLACE}: yours a single number, true of shape (1,). A gradient has the shape of what it belongs to.",
        ),
        "the last point alone": (
            BY_HAND.format("(2 * error[-1:] * x[-1:]).T, 2 * error[-1]"),
            "✗ dw[0, 0] at x of shape (4, 3), y = [[1], [0], [2], [3]], w = [[0.5], [-1], [2]], b = "
            "[0.25]: yours -18.5, true 1.375. For each point: 2 · error / n, times what it was "
            "multiplied by. Then add over the points.",
        ),
        "b forgotten": (
            BY_HAND.format("x.T @ (2 * error) / len(x)"),
            f"✗ {PLACE}: yours [[1.375], [-12.75], [14.5]], wanted 2 gradients: dw, db",
        ),
        "the other way round": (
            BY_HAND.format("(2 * error).mean(dim=0), x.T @ (2 * error) / len(x)"),
            f"✗ dw {PLACE}: yours of shape (1,), true of shape (3, 1). A gradient has the shape of what it belongs to.",
        ),
        "nothing returned": (
            "def line_slopes(x, y, w, b):\n    error = x @ w + b - y",
            f"not solved yet: {PLACE} your function gives nothing back",
        ),
        "a text": (
            "def line_slopes(x, y, w, b):\n    return 'dw, db'",
            f"✗ {PLACE}: yours 'dw, db', wanted 2 gradients: dw, db",
        ),
        "a product of the wrong kind": (
            BY_HAND.format("x @ (2 * error) / len(x), (2 * error).mean(dim=0)"),
            f"✗ {PLACE} your function stops with RuntimeError: …",
        ),
        "no function": ("line_slopes = 3", f"✗ {PLACE} your function is no function, but int"),
    },
    right={
        "point by point": """
            def line_slopes(x, y, w, b):
                dw, db = torch.zeros_like(w), torch.zeros_like(b)
                for row, target in zip(x, y):
                    error = row @ w + b - target
                    dw += (2 * error * row).reshape(w.shape) / len(x)
                    db += 2 * error / len(x)
                return dw, db
        """,
        "means": BY_HAND.format("(2 * error * x).mean(dim=0).reshape(w.shape), (2 * error).mean().reshape(1)"),
        "nested lists": BY_HAND.format("(x.T @ (2 * error) / len(x)).tolist(), (2 * error).mean(dim=0).tolist()"),
        "by torch": """
            def line_slopes(x, y, w, b):
                w, b = w.clone().requires_grad_(), b.clone().requires_grad_()
                return torch.autograd.grad(((x @ w + b - y) ** 2).mean(), (w, b))
        """,
    },
)

ROW = "at z = [[2, 1, -1]], y = [[0, 1, 0]]"
ROWS = "at z of shape (3, 2), y of shape (3, 2)"
PROBABLE = "def score_slopes(z, y):\n    y_hat = torch.softmax(z, dim={})\n    return {}"

SCORE_SLOPES = Exercise(
    lesson="10_linear_regression",
    scope=("imports",),
    task="score-slopes",
    unsolved=f"not solved yet: {ROW} your function gives nothing back",
    solved="✓ right in all 2 cases",
    wrong={
        "softmax twice": (
            """
            def score_slopes(z, y):
                y_hat = z.softmax(dim=1)
                return (y_hat.softmax(dim=1) - y) / len(z)
            """,
            "✗ dz[0, 0] at z = [[2, 1, -1]], y = [[0, 1, 0]]: yours 0.4647, true 0.7054. Look at y_hat "
            "- y: does each row of y_hat add up to 1?",
        ),
        "no 1/n": (
            PROBABLE.format(1, "y_hat - y"),
            f"✗ dz[0, 0] {ROWS}: yours 0.8176, true 0.2725. That is 3 times as much: 1/3 is missing, a mean is wanted.",
        ),
        "minus dropped": (
            PROBABLE.format(1, "(y - y_hat) / len(z)"),
            f"✗ dz[0, 0] {ROW}: yours -0.7054, true 0.7054. The sign is turned round.",
        ),
        "divided by all numbers": (
            PROBABLE.format(1, "(y_hat - y) / z.numel()"),
            f"✗ dz[0, 0] {ROW}: yours 0.2351, true 0.7054. That is 1/3 of it: is it divided by 3 once too often?",
        ),
        "softmax down the columns": (
            PROBABLE.format(0, "(y_hat - y) / len(z)"),
            f"✗ dz[0, 0] {ROW}: yours 1, true 0.7054. Look at y_hat - y: does each row of y_hat add up to 1?",
        ),
        "softmax over everything": (
            "def score_slopes(z, y):\n    return (z.exp() / z.exp().sum() - y) / len(z)",
            f"✗ dz[0, 0] {ROWS}: yours 0.02028, true 0.2725. Look at y_hat - y: does each row of y_hat add up to 1?",
        ),
        "no softmax": (
            "def score_slopes(z, y):\n    return (z - y) / len(z)",
            f"✗ dz[0, 0] {ROW}: yours 2, true 0.7054. Look at y_hat - y: does each row of y_hat add up to 1?",
        ),
        "the log of the scores": (
            "def score_slopes(z, y):\n    return -y / z / len(z)",
            "✗ dz[0, 0] at z = [[2, 1, -1]], y = [[0, 1, 0]]: yours 0, true 0.7054. Look at y_hat - y: "
            "does each row of y_hat add up to 1?",
        ),
        "the slopes by y_hat": (
            PROBABLE.format(1, "-y / y_hat / len(z)"),
            "✗ dz[0, 0] at z = [[2, 1, -1]], y = [[0, 1, 0]]: yours 0, true 0.7054. Look at y_hat - y: "
            "does each row of y_hat add up to 1?",
        ),
        "only the right class": (
            PROBABLE.format(1, "y * (y_hat - y) / len(z)"),
            f"✗ dz[0, 0] {ROW}: yours 0, true 0.7054. Look at y_hat - y: does each row of y_hat add up to 1?",
        ),
        "squared error": (
            PROBABLE.format(1, "2 * (y_hat - y) / len(z)"),
            "✗ dz[0, 0] at z = [[2, 1, -1]], y = [[0, 1, 0]]: yours 1.411, true 0.7054. That is twice "
            "as much: is something counted twice, such as a second backward?",
        ),
        "the loss": (
            PROBABLE.format(1, "-(y * y_hat.log()).sum(dim=1).mean()"),
            f"✗ dz {ROW}: yours a single number, true of shape (1, 3). A gradient has the shape of what it belongs to.",
        ),
        "a total of the wrong shape": (
            "def score_slopes(z, y):\n    return (z.exp() / z.exp().sum(dim=1) - y) / len(z)",
            f"✗ {ROWS} your function stops with RuntimeError: …",
        ),
        "a text": (
            "def score_slopes(z, y):\n    return 'y_hat - y'",
            "✗ dz at z = [[2, 1, -1]], y = [[0, 1, 0]]: yours 'y_hat - y', true [[0.705385, -0.740504, "
            "0.035119]]. Numbers of shape (1, 3) are wanted.",
        ),
        "a name that is not there": (
            "def score_slopes(z, y):\n    return (y_hat - y) / len(z)",
            f"✗ {ROW} your function stops with NameError: name 'y_hat' is not defined",
        ),
    },
    right={
        "by torch's softmax": PROBABLE.format(1, "(y_hat - y) / len(z)"),
        "row by row": """
            def score_slopes(z, y):
                rows = [row.exp() / row.exp().sum() - target for row, target in zip(z, y)]
                return torch.stack(rows) / len(rows)
        """,
        "by autograd": """
            def score_slopes(z, y):
                z = z.clone().requires_grad_()
                y_hat = z.exp() / z.exp().sum(dim=1, keepdim=True)
                (-(y * y_hat.log()).sum() / len(z)).backward()
                return z.grad
        """,
    },
)

EXERCISES = [LINE_SLOPES, SCORE_SLOPES]
