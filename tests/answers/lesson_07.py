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
    unsolved="not solved yet: w has not moved",
    solved="✓ right: after two epochs your w is the one of train()",
    wrong={
        "wrong sign": (
            EPOCH.format("w.data = w.data + rate * w.grad; w.grad.zero_()"),
            "✗ your w is -0.133, the one of train() 1.618: is the sign right, the gradient cleared?",
        ),
        "gradient not cleared": (
            EPOCH.format("w.data = w.data - rate * w.grad"),
            "✗ your w is 2.852, the one of train() 1.618: is the sign right, the gradient cleared?",
        ),
        "rate forgotten": (
            EPOCH.format("w.data = w.data - w.grad; w.grad.zero_()"),
            "✗ your w is -14159.000, the one of train() 1.618: is the sign right, the gradient cleared?",
        ),
        "one step for the whole epoch": (
            EPOCH.format("pass") + "    w.data = w.data - rate * w.grad; w.grad.zero_()",
            "✗ your w is 1.683, the one of train() 1.618: is the sign right, the gradient cleared?",
        ),
        "the first point only": (
            EPOCH.format("w.data = w.data - rate * w.grad; w.grad.zero_(); break"),
            "✗ your w is 1.059, the one of train() 1.618: is the sign right, the gradient cleared?",
        ),
        "a rate of its own": (
            EPOCH.format("w.data = w.data - 0.01 * w.grad; w.grad.zero_()"),
            "✗ your w is 1.453, the one of train() 1.618: is the sign right, the gradient cleared?",
        ),
        "all points in one step": (
            "def my_epoch(w, rate):\n    w.data = w.data - rate * 2 * (w.data * x - y) * x",
            "✗ your loop stops with RuntimeError: a Tensor with 3 elements cannot be converted to Scalar",
        ),
        "no step": (EPOCH.format("w.grad.zero_()"), "not solved yet: w has not moved"),
        "cleared before the step": (
            EPOCH.format("w.grad.zero_(); w.data = w.data - rate * w.grad"),
            "not solved yet: w has not moved",
        ),
        "w bound to another tensor": (
            EPOCH.format("w = w - rate * w.grad"),
            "✗ your loop stops with TypeError: unsupported operand type(s) for *: 'float' and 'NoneType'",
        ),
        "a leaf changed in place": (
            EPOCH.format("w -= rate * w.grad"),
            "✗ your loop stops with RuntimeError: a leaf Variable that requires grad…",
        ),
        "a name that is not there": (
            EPOCH.format("W.data -= rate"),
            "✗ your loop stops with NameError: name 'W' is not defined",
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
    unsolved="not solved yet",
    solved="✓ right",
    wrong={
        "the second point at w = 1": (BY_HAND.format("2 * (1 * 2 - 4) * 2", THIRD), "?"),
        "x forgotten": (BY_HAND.format("2 * (1.02 * 2 - 4)", "2 * (w_2 * 3 - 6)"), "?"),
        "the 2 forgotten": (BY_HAND.format("(1.02 * 2 - 4) * 2", "(w_2 * 3 - 6) * 3"), "?"),
        "sign of the error": (BY_HAND.format("2 * (4 - 1.02 * 2) * 2", "2 * (6 - w_2 * 3) * 3"), "?"),
        "the loss in place of the slope": (BY_HAND.format("(1.02 * 2 - 4) ** 2", "(w_2 * 3 - 6) ** 2"), "?"),
        "with the slope, uphill": (BY_HAND.format(SECOND, THIRD).replace("- 0.01", "+ 0.01"), "?"),
        "rate forgotten": (BY_HAND.format(SECOND, THIRD).replace("- 0.01 *", "-"), "?"),
        "the step in place of w": (BY_HAND.format(SECOND, THIRD).replace("1.02 - 0.01", "-0.01"), "?"),
        "the third point at w = 1.02": (BY_HAND.format(SECOND, "2 * (1.02 * 3 - 6) * 3"), "?"),
        "slopes added up, not cleared": (BY_HAND.format(SECOND, f"slope_2 + {THIRD}"), "?"),
        "the second point only": ("slope_2, w_2, slope_3, w_3 = -7.84, 1.0984, None, None", "?"),
        "a text": ("slope_2, w_2, slope_3, w_3 = '-7.84', 1.0984, -16.2288, 1.260688", "?"),
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
