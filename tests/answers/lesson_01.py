"""The exercises of lesson 01: what their checks say of wrong answers, and of right ones written differently."""

from exercise import Exercise

DOWNHILL = Exercise(
    lesson="01_slope",
    scope=("imports", "two-ways-table"),
    task="downhill",
    unsolved="not solved yet: at f = f, w = 2 your function gives nothing back",
    solved="✓ right in all 5 cases",
    wrong={
        "uphill": (
            "def downhill(f, w): return w + 0.1 if slope(f, w) > 0 else w - 0.1",
            "✗ at f = f, w = 2: yours 2.1, true 1.9. That is uphill.",
        ),
        "always left": (
            "def downhill(f, w): return w - 0.1",
            "✗ at f = f, w = 0.5: yours 0.4, true 0.6. One step of 0.1, against the sign of the slope.",
        ),
        "the step alone": (
            "def downhill(f, w): return -0.1 if slope(f, w) > 0 else 0.1",
            "✗ at f = f, w = 2: yours -0.1, true 1.9. Give back the new w.",
        ),
        "a step as long as the slope": (
            "def downhill(f, w): return w - 0.1 * slope(f, w)",
            "✗ at f = f, w = 2: yours 1.1, true 1.9. One step of 0.1, against the sign of the slope.",
        ),
        "the value in place of the weight": (
            "def downhill(f, w): return min(f(w - 0.1), f(w + 0.1))",
            "✗ at f = f, w = 2: yours 1.159, true 1.9. One step of 0.1, against the sign of the slope.",
        ),
        "the sign of f, not of the slope": (
            "def downhill(f, w): return w - 0.1 if f(w) > 0 else w + 0.1",
            "✗ at f = abs, w = -3: yours -3.1, true -2.9. One step of 0.1, against the sign of the slope.",
        ),
        "towards 0": (
            "def downhill(f, w): return w - 0.1 if w > 0 else w + 0.1",
            "✗ at f = f, w = 0.5: yours 0.4, true 0.6. One step of 0.1, against the sign of the slope.",
        ),
        "towards the valley": (
            "def downhill(f, w): return w - 0.1 if w > 1 else w + 0.1",
            "✗ at f = f, w = -1.5: yours -1.4, true -1.6. One step of 0.1, against the sign of the slope.",
        ),
        "the formula of f": (
            "def downhill(f, w): return w - 0.1 if 3 * w * w - 3 > 0 else w + 0.1",
            "✗ at f = abs, w = 0.5: yours 0.6, true 0.4. One step of 0.1, against the sign of the slope.",
        ),
        "one branch": (
            "def downhill(f, w):\n    if slope(f, w) > 0:\n        return w - 0.1",
            "✗ at f = f, w = 0.5 your function gives nothing back: is there a `return` on every way through it?",
        ),
        "no number": (
            "def downhill(f, w): return float('nan')",
            "✗ at f = f, w = 2: yours nan, true 1.9. One step of 0.1, against the sign of the slope.",
        ),
        "a name that is not there": (
            "def downhill(f, w): return w - 0.1 * sign(slope(f, w))",
            "✗ at f = f, w = 2 your function stops with NameError: name 'sign' is not defined",
        ),
    },
    right={
        "both sides compared": "def downhill(f, w): return min(w - 0.1, w + 0.1, key=f)",
        "a nudge of its own": """
            def downhill(f, w):
                rise = f(w + 0.001) - f(w)
                return w - 0.1 * rise / abs(rise)
        """,
        "by torch": """
            def downhill(f, w):
                t = torch.tensor(w, requires_grad=True, device=device)
                f(t).backward()
                return w - 0.1 * t.grad.sign()
        """,
    },
)

NUDGE_EACH = """
def all_slopes(g, w, h=1e-6):
    slopes = []
    for i in range(len(w)):
        up, down = w.copy(), w.copy()
        up[i] += h
        down[i] -= h
        slopes.append({})
    return slopes
"""
NUDGED_EACH = NUDGE_EACH.format("(g(up) - g(down)) / (2 * h)")

ALL_SLOPES = Exercise(
    lesson="01_slope",
    scope=("imports", "two-ways-table", "many-weights"),
    task="all-slopes",
    unsolved="not solved yet: at g = g, w = [2, 1, 5] your function gives nothing back",
    solved="✓ right in all 2 cases",
    wrong={
        "the 2 forgotten": (
            NUDGE_EACH.format("(g(up) - g(down)) / h"),
            "✗ at g = g, w = [2, 1, 5], in [0]: yours 18, true 9. Divide by 2h, not by h.",
        ),
        "down minus up": (
            NUDGE_EACH.format("(g(down) - g(up)) / (2 * h)"),
            "✗ at g = g, w = [2, 1, 5], in [0]: yours -9, true 9. The sign is turned round.",
        ),
        "brackets forgotten": (
            NUDGE_EACH.format("(g(up) - g(down)) / 2 * h"),
            "✗ at g = g, w = [2, 1, 5], in [0]: yours 9e-12, true 9.",
        ),
        "too large a nudge": (
            NUDGED_EACH.replace("1e-6", "0.1"),
            "✗ at g = g, w = [2, 1, 5], in [0]: yours 9.01, true 9.",
        ),
        "all nudged at once": (
            """
            def all_slopes(g, w, h=1e-6):
                both = (g([v + h for v in w]) - g([v - h for v in w])) / (2 * h)
                return [both for _ in w]
            """,
            "✗ at g = g, w = [2, 1, 5], in [0]: yours 4, true 9. Nudge one at a time.",
        ),
        "the list not copied": (
            NUDGED_EACH.replace("w.copy(), w.copy()", "w, w"),
            "✗ at g = g, w = [2, 1, 5], in [0]: yours 0, true 9.",
        ),
        "left nudged": (
            """
            def all_slopes(g, w, h=1e-6):
                slopes = []
                for i, old in enumerate(w):
                    w[i] = old + h
                    high = g(w)
                    w[i] = old - h
                    slopes.append((high - g(w)) / (2 * h))
                return slopes
            """,
            "✗ at g = g, w = [2, 1, 5], in [1]: yours -5.999997, true -6. Put each weight back after its nudges.",
        ),
        "used up": (
            NUDGED_EACH.replace("return slopes", "w.clear()\n    return slopes"),
            "✗ at g = g, w = [2, 1, 5]: yours [], true [2, 1, 5]. The result is right, but what was given has changed.",
        ),
        "one side only": (
            NUDGE_EACH.format("(g(up) - g(w)) / h"),
            "✗ at g = g, w = [2, 1, 5], in [0]: yours 9.000006, true 9. Nudge up and down, not one way only.",
        ),
        "three weights only": (
            NUDGED_EACH.replace("range(len(w))", "range(3)"),
            "✗ at g = max, w = [3, 4] your function stops with IndexError: list index out of range",
        ),
        "the first slope only": (
            NUDGED_EACH.replace("    return", "        return"),
            "✗ at g = g, w = [2, 1, 5]: yours of shape (1,), true of shape (3,). The shape is wrong.",
        ),
        "one number": (
            NUDGED_EACH.replace("return slopes", "return sum(slopes)"),
            "✗ at g = g, w = [2, 1, 5]: yours a single number, true of shape (3,). The shape is wrong.",
        ),
    },
    right={
        "nudged in place and put back": """
            def all_slopes(g, w, h=1e-6):
                slopes = []
                for i, old in enumerate(w):
                    w[i] = old + h
                    high = g(w)
                    w[i] = old - h
                    slopes.append((high - g(w)) / (2 * h))
                    w[i] = old
                return slopes
        """,
        "in one line": """
            def all_slopes(g, w, h=1e-5):
                at = lambda i, nudge: w[:i] + [w[i] + nudge] + w[i + 1 :]
                return [(g(at(i, h)) - g(at(i, -h))) / (2 * h) for i in range(len(w))]
        """,
        "by torch": """
            def all_slopes(g, w):
                t = torch.tensor(w, dtype=torch.float64, requires_grad=True, device=device)
                g(t).backward()
                return t.grad.tolist()
        """,
    },
)

EXERCISES = [DOWNHILL, ALL_SLOPES]
