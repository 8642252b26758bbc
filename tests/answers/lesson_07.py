"""The exercises of 07, Manual SGD: wrong answers with what is said of them, and right ones written differently."""

from exercise import Exercise

EPOCH = """
def my_epoch(w, rate):
    for x_i, y_i in zip(x, y):
        ((w * x_i - y_i) ** 2).backward()
        {}
"""

MY_EPOCH = Exercise(
    lesson="07_manual_sgd",
    scope=("imports", "graph", "train"),
    task="epoch",
    unsolved="not solved yet: at w = 1, rate = 0.01 your function changes nothing",
    solved="✓ right in all 2 cases",
    wrong={
        "begins at 1 again": (
            """
            def my_epoch(w, rate):
                w.data.fill_(1.0)
                for x_i, y_i in zip(x, y):
                    ((w * x_i - y_i) ** 2).backward()
                    w.data = w.data - rate * w.grad.data
                    w.grad.data.zero_()
            """,
            "✗ at w = 3, rate = 0.02: yours 1.484, true 2.516.",
        ),
        "wrong sign": (
            EPOCH.format("w.data = w.data + rate * w.grad; w.grad.zero_()"),
            "✗ at w = 1, rate = 0.01: yours 0.7001, true 1.261. That is uphill: step against the slope.",
        ),
        "gradient not cleared": (
            EPOCH.format("w.data = w.data - rate * w.grad"),
            "✗ at w = 1, rate = 0.01: yours 1.375, true 1.261. Is the gradient cleared after each point?",
        ),
        "rate forgotten": (
            EPOCH.format("w.data = w.data - w.grad; w.grad.zero_()"),
            "✗ at w = 1, rate = 0.01: yours 121, true 1.261.",
        ),
        "one step for the whole epoch": (
            EPOCH.format("pass") + "    w.data = w.data - rate * w.grad; w.grad.zero_()",
            "✗ at w = 1, rate = 0.01: yours 1.28, true 1.261. That is one step for all: each point has its own.",
        ),
        "the first point only": (
            EPOCH.format("w.data = w.data - rate * w.grad; w.grad.zero_(); break"),
            "✗ at w = 1, rate = 0.01: yours 1.02, true 1.261.",
        ),
        "a rate of its own": (
            EPOCH.format("w.data = w.data - 0.01 * w.grad; w.grad.zero_()"),
            "✗ at w = 3, rate = 0.02: yours 2.739, true 2.516.",
        ),
        "all points in one step": (
            "def my_epoch(w, rate):\n    w.data = w.data - rate * 2 * (w.data * x - y) * x",
            "✗ at w = 1, rate = 0.01: yours of shape (3,), true a single number. The shape is wrong.",
        ),
        "no step": (
            EPOCH.format("w.grad.zero_()"),
            "not solved yet: at w = 1, rate = 0.01 your function changes nothing",
        ),
        "cleared before the step": (
            EPOCH.format("w.grad.zero_(); w.data = w.data - rate * w.grad"),
            "not solved yet: at w = 1, rate = 0.01 your function changes nothing",
        ),
        "w bound to another tensor": (
            EPOCH.format("w = w - rate * w.grad"),
            "✗ at w = 1, rate = 0.01 your function stops with TypeError: unsupported operand type(s)…",
        ),
        "a leaf changed in place": (
            EPOCH.format("w -= rate * w.grad"),
            "✗ at w = 1, rate = 0.01 your function stops with RuntimeError: a leaf Variable that requires grad…",
        ),
        "None": ("my_epoch = None", "not solved yet: there is no function yet"),
        "w bound to a new leaf, which is given back": (
            EPOCH.format("w = (w - rate * w.grad).detach().requires_grad_()") + "    return w",
            "not solved yet: at w = 1, rate = 0.01 your function changes nothing",
        ),
        "a name that is not there": (
            EPOCH.format("W.data -= rate"),
            "✗ at w = 1, rate = 0.01 your function stops with NameError: name 'W' is not defined",
        ),
    },
    right={
        "shorter": EPOCH.format("w.data = w.data - rate * w.grad.data; w.grad.data.zero_()"),
        "grad set to None": EPOCH.format("w.data = w.data - rate * w.grad; w.grad = None"),
        "in place on data": EPOCH.format("w.data -= rate * w.grad; w.grad.zero_()"),
        "under no_grad": EPOCH.format("with torch.no_grad(): w -= rate * w.grad\n        w.grad = None"),
        "by autograd.grad": """
            def my_epoch(w, rate):
                for x_i, y_i in zip(x, y):
                    w.data -= rate * torch.autograd.grad((w * x_i - y_i) ** 2, w)[0]
        """,
        "by the formula": """
            def my_epoch(w, rate):
                for x_i, y_i in zip(x, y):
                    w.data -= rate * 2 * (w.data * x_i - y_i) * x_i
        """,
    },
)

BY_HAND = """
slope_2 = {}
w_2 = 1.02 - 0.01 * slope_2
slope_3 = {}
w_3 = w_2 - 0.01 * slope_3
"""
SECOND, THIRD = "2 * (1.02 * 2 - 4) * 2", "2 * (w_2 * 3 - 6) * 3"

ONE_STEP = Exercise(
    lesson="07_manual_sgd",
    scope=("imports",),
    task="one-step",
    unsolved="not solved yet: slope_2, w_2, slope_3, w_3 are not filled in",
    solved="✓ right",
    wrong={
        "the second point at w = 1": (
            BY_HAND.format("2 * (1 * 2 - 4) * 2", THIRD),
            "✗ slope_2: yours -8, true -7.84. That is at w = 1: w is 1.02 now.",
        ),
        "x forgotten": (
            BY_HAND.format("2 * (1.02 * 2 - 4)", "2 * (w_2 * 3 - 6)"),
            "✗ slope_2: yours -3.92, true -7.84. A factor is missing: it is 2 · error · x.",
        ),
        "the 2 forgotten": (
            BY_HAND.format("(1.02 * 2 - 4) * 2", "(w_2 * 3 - 6) * 3"),
            "✗ slope_2: yours -3.92, true -7.84. A factor is missing: it is 2 · error · x.",
        ),
        "sign of the error": (
            BY_HAND.format("2 * (4 - 1.02 * 2) * 2", "2 * (6 - w_2 * 3) * 3"),
            "✗ slope_2: yours 7.84, true -7.84. The sign is turned round.",
        ),
        "the loss in place of the slope": (
            BY_HAND.format("(1.02 * 2 - 4) ** 2", "(w_2 * 3 - 6) ** 2"),
            "✗ slope_2: yours 3.842, true -7.84.",
        ),
        "with the slope, uphill": (
            BY_HAND.format(SECOND, THIRD).replace("- 0.01", "+ 0.01"),
            "✗ w_2: yours 0.9416, true 1.098. That is uphill: step against the slope.",
        ),
        "rate forgotten": (BY_HAND.format(SECOND, THIRD).replace("- 0.01 *", "-"), "✗ w_2: yours 8.86, true 1.098."),
        "the step in place of w": (
            BY_HAND.format(SECOND, THIRD).replace("1.02 - 0.01", "-0.01"),
            "✗ w_2: yours 0.0784, true 1.098.",
        ),
        "the third point at w = 1.02": (
            BY_HAND.format(SECOND, "2 * (1.02 * 3 - 6) * 3"),
            "✗ slope_3: yours -17.64, true -16.23. w has moved since.",
        ),
        "slopes added up, not cleared": (
            BY_HAND.format(SECOND, f"slope_2 + {THIRD}"),
            "✗ slope_3: yours -24.07, true -16.23.",
        ),
        "the second point only": (
            "slope_2, w_2, slope_3, w_3 = -7.84, 1.0984, None, None",
            "not solved yet: slope_3, w_3 are not filled in (slope_2, w_2 are right)",
        ),
        "a text": (
            "slope_2, w_2, slope_3, w_3 = '-7.84', 1.0984, -16.2288, 1.260688",
            "✗ slope_2: yours '-7.84', true -7.84. A number is wanted.",
        ),
    },
    right={
        "three digits": "slope_2, w_2, slope_3, w_3 = -7.84, 1.098, -16.229, 1.261",
        "w rounded on the way": BY_HAND.format(SECOND, "2 * (1.098 * 3 - 6) * 3"),
        "by torch": """
            w = torch.tensor(1.02, requires_grad=True, device=device)
            ((w * 2 - 4) ** 2).backward()
            slope_2 = w.grad.clone()
            w_2 = w.data - 0.01 * slope_2
            slope_3 = 2 * (3 * w_2 - 6) * 3
            w_3 = w_2 - 0.01 * slope_3
        """,
    },
)

EXERCISES = [ONE_STEP, MY_EPOCH]
