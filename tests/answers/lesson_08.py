"""The exercises of 08, Learning rate: wrong answers with what is said of them, and right ones written differently."""

from exercise import Exercise

HINT = "Measure c of this loss, at this w, with a small nudge."

CRITICAL_RATE = Exercise(
    lesson="08_learning_rate",
    scope=("imports", "slopes-values"),
    task="critical-rate",
    unsolved="not solved yet: at loss = bowl, w = 2 your function gives nothing back",
    solved="✓ right in all 3 cases",
    wrong={
        "the rate that arrives in one step": (
            "def critical_rate(loss, w, h=1e-4): return 2 * h / (slope_at(loss, w + h) - slope_at(loss, w - h))",
            "✗ at loss = bowl, w = 2: yours 0.1071, true 0.2143. That is half of it. The rate is 2 / c,"
            " and c is (high - low) / 2h.",
        ),
        "the curvature itself": (
            "def critical_rate(loss, w, h=1e-4): return (slope_at(loss, w + h) - slope_at(loss, w - h)) / (2 * h)",
            "✗ at loss = bowl, w = 2: yours 9.333, true 0.2143. That is c, the curvature: the rate is 2 / c.",
        ),
        "half the curvature, upside down": (
            "def critical_rate(loss, w, h=1e-4): return (slope_at(loss, w + h) - slope_at(loss, w - h)) / (4 * h)",
            f"✗ at loss = bowl, w = 2: yours 4.667, true 0.2143. {HINT}",
        ),
        "the 2 of 2h forgotten": (
            "def critical_rate(loss, w, h=1e-4): return 2 * h / (slope_at(loss, w + h) - slope_at(loss, w - h)) * 0.5",
            f"✗ at loss = bowl, w = 2: yours 0.05357, true 0.2143. {HINT}",
        ),
        "down minus up": (
            "def critical_rate(loss, w, h=1e-4): return 4 * h / (slope_at(loss, w - h) - slope_at(loss, w + h))",
            "✗ at loss = bowl, w = 2: yours -0.2143, true 0.2143. The sign is turned round.",
        ),
        "the slope in place of the curvature": (
            "def critical_rate(loss, w): return 2 / slope_at(loss, w + 1)",
            f"✗ at loss = cosh, w = 0: yours 1.702, true 2. {HINT}",
        ),
        "the slope at the bottom": (
            "def critical_rate(loss, w): return 2 / slope_at(loss, w)",
            "✗ at loss = bowl, w = 2 your function stops with ZeroDivisionError: …",
        ),
        "the curvature of the lesson's bowl": (
            "def critical_rate(loss, w): return 2 / (28 / 3)",
            f"✗ at loss = cosh, w = 0: yours 0.2143, true 2. {HINT}",
        ),
        "measured far from the bottom": (
            "def critical_rate(loss, w): return 2 / (slope_at(loss, 1.0) - slope_at(loss, 0.0))",
            f"✗ at loss = cosh, w = 0: yours 1.702, true 2. {HINT}",
        ),
        "a nudge of 1": (
            "def critical_rate(loss, w): return 4 / (slope_at(loss, w + 1) - slope_at(loss, w - 1))",
            f"✗ at loss = cosh, w = 0: yours 1.702, true 2. {HINT}",
        ),
        "a nudge of 1 to one side": (
            "def critical_rate(loss, w): return 2 / (slope_at(loss, w + 1) - slope_at(loss, w))",
            f"✗ at loss = cosh, w = 0: yours 1.702, true 2. {HINT}",
        ),
        "nearly right, by too large a nudge to one side": (
            "def critical_rate(loss, w, h=0.01): return 2 * h / (slope_at(loss, w + h) - slope_at(loss, w))",
            f"✗ at loss = lgamma, w = 1.46163: yours 2.076, true 2.067. {HINT}",
        ),
        "None": ("critical_rate = None", "not solved yet: there is no function yet"),
        "a text": (
            "def critical_rate(loss, w): return '2 / c'",
            "✗ at loss = bowl, w = 2: yours '2 / c', true 0.214286. A number is wanted.",
        ),
        "no number": (
            "def critical_rate(loss, w): return float('nan')",
            f"✗ at loss = bowl, w = 2: yours nan, true 0.2143. {HINT}",
        ),
        "a name that is not there": (
            "def critical_rate(loss, w): return 2 / curvature",
            "✗ at loss = bowl, w = 2 your function stops with NameError: name 'curvature' is not defined",
        ),
    },
    right={
        "nudged to one side": """
            def critical_rate(loss, w, h=1e-6):
                return 2 / ((slope_at(loss, w + h) - slope_at(loss, w)) / h)
        """,
        "the loss nudged twice": """
            def critical_rate(loss, w, h=1e-3):
                low, here, high = (loss(torch.tensor(w + n, dtype=torch.float64, device=device)) for n in (-h, 0, h))
                return 2 / ((high - 2 * here + low) / h**2)
        """,
        "by torch": """
            def critical_rate(loss, w):
                w = torch.tensor(w, dtype=torch.float64, requires_grad=True, device=device)
                [slope] = torch.autograd.grad(loss(w), w, create_graph=True)
                return 2 / torch.autograd.grad(slope, w)[0]
        """,
        "by the ratio of two distances": """
            def critical_rate(loss, w, h=1e-4):
                left = (w + h) - 0.001 * slope_at(loss, w + h) - w
                return 2 / ((1 - left / h) / 0.001)
        """,
    },
)

COUNT = """
def steps_needed(rate, c):
    distance, steps = 1.0, 0
    while abs(distance) > 0.01:
        distance = distance * (1 - rate * c)
        steps = steps + 1
    return steps
"""

STEPS_NEEDED = Exercise(
    lesson="08_learning_rate",
    scope=("imports",),
    task="steps-needed",
    unsolved="not solved yet: at rate = 0.02, c = 10 your function gives nothing back",
    solved="✓ right in all 4 cases",
    wrong={
        "the sign of the distance forgotten": (
            COUNT.replace("abs(distance)", "distance"),
            "✗ at rate = 0.19, c = 10: yours 1, true 44. The distance can be negative: compare abs(distance).",
        ),
        "the last step not counted": (
            COUNT.replace("return steps", "return steps - 1"),
            "✗ at rate = 0.02, c = 10: yours 20, true 21. Is each step counted?",
        ),
        "the start counted": (
            COUNT.replace("1.0, 0", "1.0, 1"),
            "✗ at rate = 0.02, c = 10: yours 22, true 21. The start is no step: begin at 0.",
        ),
        "a tenth": (
            COUNT.replace("0.01", "0.1"),
            "✗ at rate = 0.02, c = 10: yours 11, true 21. That is until the loss is a hundredth of what it was.",
        ),
        "the loss in place of the distance": (
            COUNT.replace("abs(distance)", "distance**2"),
            "✗ at rate = 0.02, c = 10: yours 11, true 21. That is until the loss is a hundredth of what it was.",
        ),
        "the step in place of what is left": (
            COUNT.replace("(1 - rate * c)", "rate * c"),
            "✗ at rate = 0.02, c = 10: yours 3, true 21.",
        ),
        "the distance given back": (
            COUNT.replace("return steps", "return distance"),
            "✗ at rate = 0.02, c = 10: yours 0.009223, true 21.",
        ),
        "one over rate times c": (
            "def steps_needed(rate, c): return 1 / (rate * c)",
            "✗ at rate = 0.02, c = 10: yours 5, true 21.",
        ),
        "not rounded": (
            "def steps_needed(rate, c):\n    import math\n    return math.log(0.01) / math.log(abs(1 - rate * c))",
            "✗ at rate = 0.02, c = 10: yours 20.64, true 21.",
        ),
        "a formula that forgets the best rate": (
            "def steps_needed(rate, c):\n"
            "    import math\n"
            "    return math.ceil(math.log(0.01) / math.log(abs(1 - rate * c)))",
            "✗ at rate = 0.1, c = 10 your function stops with ValueError: …",
        ),
        "a text": (
            COUNT.replace("return steps", "return f'{steps} steps'"),
            "✗ at rate = 0.02, c = 10: yours '21 steps', true 21. A number is wanted.",
        ),
        "returned after the first step": (
            COUNT.replace("    return", "        return"),
            "✗ at rate = 0.02, c = 10: yours 1, true 21.",
        ),
        "nothing for rates that swing": (
            COUNT.replace("return steps", "return steps if rate * c <= 1 else None"),
            "✗ at rate = 0.19, c = 10 your function gives nothing back: is there a `return` on every way through it?",
        ),
        "a name that is not there": (
            COUNT.replace("* c)", "* curvature)"),
            "✗ at rate = 0.02, c = 10 your function stops with NameError: name 'curvature' is not defined",
        ),
    },
    right={
        "by powers": """
            def steps_needed(rate, c):
                return next(steps for steps in range(1, 1000) if abs(1 - rate * c) ** steps <= 0.01)
        """,
        "by a formula": """
            def steps_needed(rate, c):
                import math
                factor = abs(1 - rate * c)
                return math.ceil(math.log(0.01) / math.log(factor)) if factor > 0.01 else 1
        """,
        "by walking": """
            def steps_needed(rate, c):
                w = 1.0
                for steps in range(1, 1000):
                    w = w - rate * c * w
                    if -0.01 <= w <= 0.01:
                        return steps
        """,
    },
)

EXERCISES = [CRITICAL_RATE, STEPS_NEEDED]
