"""The exercises of lesson 00: what their checks say of wrong answers, and of right ones written differently."""

from exercise import Exercise

LOSS_BY_HAND = Exercise(
    lesson="00_start_here",
    scope=("imports", "first-fit", "loss-table"),
    task="loss-by-hand",
    unsolved="not solved yet: errors, loss_at_5 are not filled in",
    solved="✓ right",
    wrong={
        "y minus ŷ": (
            "errors, loss_at_5 = [-3, -6, -9], 42",
            "✗ errors[0]: yours -3, true 3. The sign is turned round.",
        ),
        "what the line says": ("errors, loss_at_5 = [5, 10, 15], 42", "✗ errors[0]: yours 5, true 3. Take y away."),
        "the errors squared": (
            "errors, loss_at_5 = [9, 36, 81], 42",
            "✗ errors[0]: yours 9, true 3. Do not square them yet.",
        ),
        "two errors": (
            "errors, loss_at_5 = [3, 6], 42",
            "✗ errors: yours of shape (2,), true of shape (3,). The shape is wrong.",
        ),
        "the sum of the squares": (
            "errors, loss_at_5 = [3, 6, 9], 9 + 36 + 81",
            "✗ loss_at_5: yours 126, true 42. Divide the sum by 3.",
        ),
        "the mean of the errors": (
            "errors, loss_at_5 = [3, 6, 9], 6",
            "✗ loss_at_5: yours 6, true 42. Square each.",
        ),
        "the square of the mean": (
            "errors, loss_at_5 = [3, 6, 9], 6**2",
            "✗ loss_at_5: yours 36, true 42. Square, then the mean.",
        ),
        "the sum of the errors": (
            "errors, loss_at_5 = [3, 6, 9], 18",
            ("✗ loss_at_5: yours 18, true 42. Square each."),
        ),
        "half done": (
            "errors, loss_at_5 = [3, 6, 9], None",
            "not solved yet: loss_at_5 is not filled in (errors is right)",
        ),
        "the other half": (
            "errors, loss_at_5 = None, 42",
            "not solved yet: errors is not filled in (loss_at_5 is right)",
        ),
        "one error": (
            "errors, loss_at_5 = 3, 42",
            "✗ errors: yours a single number, true of shape (3,). The shape is wrong.",
        ),
        "a text": (
            "errors, loss_at_5 = '3, 6, 9', 42",
            "✗ errors: yours '3, 6, 9', true [3, 6, 9]. Numbers of shape (3,) are wanted.",
        ),
        "texts in a list": (
            "errors, loss_at_5 = ['3', '6', '9'], 42",
            "✗ errors: yours ['3', '6', '9'], true [3, 6, 9]. Numbers of shape (3,) are wanted.",
        ),
        "dots left over": (
            "errors, loss_at_5 = [3, 6, ...], 42",
            "not solved yet: errors is not filled in (loss_at_5 is right)",
        ),
    },
    right={
        "in brackets of the other kind": "errors, loss_at_5 = (3, 6, 9), 126 / 3",
        "by torch": "errors = 5 * x - y\nloss_at_5 = (errors**2).mean()",
        "by the lesson's function": "errors, loss_at_5 = [5 - 2, 10 - 4, 15 - 6], loss_at(5).item()",
    },
)

LOSS_WITH = Exercise(
    lesson="00_start_here",
    scope=("imports", "first-fit", "loss-table"),
    task="loss-with",
    unsolved="not solved yet: at w = 1, b = 0 your function gives nothing back",
    solved="✓ right in all 4 cases",
    wrong={
        "^ for **": (
            "def loss_with(w, b): return ((w * x + b - y) ^ 2).mean()",
            "✗ at w = 1, b = 0 your function stops with NotImplementedError: …",
        ),
        "the median": (
            "def loss_with(w, b): return ((w * x + b - y) ** 2).median()",
            "✗ at w = 1, b = 0: yours 4, true 4.667. ŷ is w * x + b, the rest is as in `loss_at`.",
        ),
        "b forgotten": (
            "def loss_with(w, b): return loss_at(w)",
            "✗ at w = 1, b = 1: yours 4.667, true 1.667. Where is b?",
        ),
        "b outside of the square": (
            "def loss_with(w, b): return loss_at(w) + b",
            "✗ at w = 1, b = 1: yours 5.667, true 1.667. b belongs to ŷ, inside the square.",
        ),
        "b times x": (
            "def loss_with(w, b): return ((w * x + b * x - y) ** 2).mean()",
            "✗ at w = 1, b = 1: yours 0, true 1.667. ŷ is w * x + b, the rest is as in `loss_at`.",
        ),
        "b taken away": (
            "def loss_with(w, b): return ((w * x - b - y) ** 2).mean()",
            "✗ at w = 1, b = 1: yours 9.667, true 1.667. ŷ is w * x + b, the rest is as in `loss_at`.",
        ),
        "the sum": (
            "def loss_with(w, b): return ((w * x + b - y) ** 2).sum()",
            "✗ at w = 1, b = 0: yours 14, true 4.667. Take the mean, not the sum.",
        ),
        "no square": (
            "def loss_with(w, b): return (w * x + b - y).mean()",
            "✗ at w = 1, b = 0: yours -2, true 4.667. Square the errors.",
        ),
        "the sizes of the errors": (
            "def loss_with(w, b): return (w * x + b - y).abs().mean()",
            "✗ at w = 1, b = 0: yours 2, true 4.667. ŷ is w * x + b, the rest is as in `loss_at`.",
        ),
        "mean, then square": (
            "def loss_with(w, b): return (w * x + b - y).mean() ** 2",
            "✗ at w = 1, b = 0: yours 4, true 4.667. Square first, then take the mean.",
        ),
        "three losses": (
            "def loss_with(w, b): return (w * x + b - y) ** 2",
            "✗ at w = 1, b = 0: yours of shape (3,), true a single number. The shape is wrong.",
        ),
        "the square of y alone": (
            "def loss_with(w, b): return (w * x + b - y**2).mean()",
            "✗ at w = 1, b = 0: yours -16.67, true 4.667. ŷ is w * x + b, the rest is as in `loss_at`.",
        ),
        "computed, not given back": (
            "def loss_with(w, b): ((w * x + b - y) ** 2).mean()",
            "not solved yet: at w = 1, b = 0 your function gives nothing back",
        ),
        "one weight": (
            "def loss_with(w): return ((w * x - y) ** 2).mean()",
            "✗ at w = 1 your function stops with TypeError: loss_with() takes 1 positional argument but 2 were given",
        ),
        "a name that is not there": (
            "def loss_with(w, b): return ((w * X + b - y) ** 2).mean()",
            "✗ at w = 1, b = 0 your function stops with NameError: name 'X' is not defined",
        ),
        "a value, no function": ("loss_with = loss_at(1.0)", "✗ at place 1 your function is no function, but Tensor"),
        "a text": (
            "def loss_with(w, b): return '4.667'",
            "✗ at w = 1, b = 0: yours '4.667', true 4.66667. A number is wanted.",
        ),
    },
    right={
        "in two lines": "def loss_with(w, b):\n    error = y - (w * x + b)\n    return (error * error).mean()",
        "a bare number": "def loss_with(w, b): return ((w * x + b - y) ** 2).sum().item() / 3",
        "without torch": """
            def loss_with(w, b):
                return sum((w * at + b - 2 * at) ** 2 for at in [1, 2, 3]) / 3
        """,
    },
)

EXERCISES = [LOSS_BY_HAND, LOSS_WITH]
