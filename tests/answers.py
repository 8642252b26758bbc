"""Every exercise, and what its check says of wrong answers and of right ones written differently.

A message is meant in full, line by line. One that ends in … goes on with words of Python, of torch or of the package.
"""

from dataclasses import dataclass


@dataclass(frozen=True)
class Exercise:
    """An exercise of a lesson, what its check prints, and answers to take the stub's place.

    The cells of a task are called after it: `engine` sets it and holds the printed solution, `engine-stub` is the
    learner's, `engine-check` the check.
    """

    lesson: str
    scope: tuple[str, ...]  # the cells that the stub and the check need
    task: str
    unsolved: str  # said of the stub
    solved: str  # said of every right answer
    wrong: dict[str, tuple[str, str]]  # from what is wrong to the code and what is said of it
    right: dict[str, str]

    @property
    def name(self):
        return f"{self.lesson}-{self.task}"

    @property
    def stub(self):
        return f"{self.task}-stub"

    @property
    def check(self):
        return f"{self.task}-check"


DOWNHILL = Exercise(
    lesson="01_slope",
    scope=("imports", "nudge-values", "two-ways-table"),
    task="downhill",
    unsolved="not solved yet: at w = 2.0 your function gives nothing back",
    solved="✓ right: downhill each time, for f and for another function",
    wrong={
        "uphill": (
            "def downhill(f, w): return w + 0.1 if slope(f, w) > 0 else w - 0.1",
            "✗ f at w = 2.0: you go to 2.100, one step downhill is 1.9",
        ),
        "always left": (
            "def downhill(f, w): return w - 0.1",
            "✗ f at w = 0.5: you go to 0.400, one step downhill is 0.6",
        ),
        "the step alone": (
            "def downhill(f, w): return -0.1 if slope(f, w) > 0 else 0.1",
            "✗ f at w = 2.0: you go to -0.100, one step downhill is 1.9",
        ),
        "a step as long as the slope": (
            "def downhill(f, w): return w - 0.1 * slope(f, w)",
            "✗ f at w = 2.0: you go to 1.100, one step downhill is 1.9",
        ),
        "the value in place of the weight": (
            "def downhill(f, w): return min(f(w - 0.1), f(w + 0.1))",
            "✗ f at w = 2.0: you go to 1.159, one step downhill is 1.9",
        ),
        "the sign of f, not of the slope": (
            "def downhill(f, w): return w - 0.1 if f(w) > 0 else w + 0.1",
            "✗ abs at w = -3.0: you go to -3.100, one step downhill is -2.9",
        ),
        "towards 0": (
            "def downhill(f, w): return w - 0.1 if w > 0 else w + 0.1",
            "✗ f at w = 0.5: you go to 0.400, one step downhill is 0.6",
        ),
        "towards the valley": (
            "def downhill(f, w): return w - 0.1 if w > 1 else w + 0.1",
            "✗ f at w = -1.5: you go to -1.400, one step downhill is -1.6",
        ),
        "the formula of f": (
            "def downhill(f, w): return w - 0.1 if 3 * w * w - 3 > 0 else w + 0.1",
            "✗ abs at w = 0.5: you go to 0.600, one step downhill is 0.4",
        ),
        "one branch": (
            "def downhill(f, w):\n    if slope(f, w) > 0:\n        return w - 0.1",
            "not solved yet: at w = 0.5 your function gives nothing back",
        ),
        "no number": (
            "def downhill(f, w): return float('nan')",
            "✗ f at w = 2.0: you go to nan, one step downhill is 1.9",
        ),
        "a name that is not there": (
            "def downhill(f, w): return w - 0.1 * sign(slope(f, w))",
            "✗ your function stops with NameError: name 'sign' is not defined",
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
    scope=("imports", "nudge-values", "two-ways-table", "many-weights"),
    task="all-slopes",
    unsolved="not solved yet: 3 slopes in a list are wanted, got None\n"
    "not solved yet: 2 slopes in a list are wanted, got None",
    solved="✓ right\n✓ right",
    wrong={
        "the 2 forgotten": (
            NUDGE_EACH.format("(g(up) - g(down)) / h"),
            "✗ at w = [2.0, 1.0, 5.0] you say 18.000000 where 9.000000 is right\n"
            "✗ at w = [3.0, 4.0] you say 2.000000 where 1.000000 is right",
        ),
        "down minus up": (
            NUDGE_EACH.format("(g(down) - g(up)) / (2 * h)"),
            "✗ at w = [2.0, 1.0, 5.0] you say -9.000000 where 9.000000 is right\n"
            "✗ at w = [3.0, 4.0] you say -1.000000 where 1.000000 is right",
        ),
        "brackets forgotten": (
            NUDGE_EACH.format("(g(up) - g(down)) / 2 * h"),
            "✗ at w = [2.0, 1.0, 5.0] you say 0.000000 where 9.000000 is right\n"
            "✗ at w = [3.0, 4.0] you say 0.000000 where 1.000000 is right",
        ),
        "too large a nudge": (
            NUDGED_EACH.replace("1e-6", "0.1"),
            "✗ at w = [2.0, 1.0, 5.0] you say 9.010000 where 9.000000 is right\n✓ right",
        ),
        "all nudged at once": (
            """
            def all_slopes(g, w, h=1e-6):
                both = (g([v + h for v in w]) - g([v - h for v in w])) / (2 * h)
                return [both for _ in w]
            """,
            "✗ at w = [2.0, 1.0, 5.0] you say 4.000000 where 9.000000 is right\n"
            "✗ at w = [3.0, 4.0] you say 1.000000 where 0.000000 is right",
        ),
        "the list not copied": (
            NUDGED_EACH.replace("w.copy(), w.copy()", "w, w"),
            "✗ at w = [2.0, 1.0, 5.0] you say 0.000000 where 9.000000 is right\n"
            "✗ at w = [3.0, 4.0] you say 0.000000 where 1.000000 is right",
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
            "✗ at w = [2.0, 1.0, 5.0] you say -5.999997 where -6.000000 is right\n"
            "✗ right slopes, but you left a weight nudged",
        ),
        "used up": (
            NUDGED_EACH.replace("return slopes", "w.clear()\n    return slopes"),
            "✗ your function stops with ValueError: zip() argument 2 is longer…",
        ),
        "one side only": (
            NUDGE_EACH.format("(g(up) - g(w)) / h"),
            "✗ at w = [2.0, 1.0, 5.0] you say 9.000006 where 9.000000 is right\n✓ right",
        ),
        "three weights only": (
            NUDGED_EACH.replace("range(len(w))", "range(3)"),
            "✗ your function stops with IndexError: list index out of range",
        ),
        "the first slope only": (
            NUDGED_EACH.replace("    return", "        return"),
            "✗: 3 slopes in a list are wanted, got [9.0000…",
        ),
        "one number": (
            NUDGED_EACH.replace("return slopes", "return sum(slopes)"),
            "✗: 3 slopes in a list are wanted, got 4.0000…",
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

FROM_WORDS = Exercise(
    lesson="02_graph",
    scope=("imports",),
    task="exercise-a",
    unsolved="not solved yet: your function gives nothing back",
    solved="✓ right: the same arrows",
    wrong={
        "multiplied out": (
            "def from_words(p, q, s): return p * s + q * s",
            "✗ at p, q, s = 2, 3, 4 it is 20, wanted 20; your arrows: p → ×, q → ×, s → ×, s → ×, × → +, × → +",
        ),
        "brackets forgotten": (
            "def from_words(p, q, s): return p + q * s",
            "✗ at p, q, s = 2, 3, 4 it is 14, wanted 20; your arrows: p → +, q → ×, s → ×, × → +",
        ),
        "added twice": (
            "def from_words(p, q, s): return p + q + s",
            "✗ at p, q, s = 2, 3, 4 it is 9, wanted 20; your arrows: + → +, p → +, q → +, s → +",
        ),
        "operations swapped": (
            "def from_words(p, q, s): return (p * q) + s",
            "✗ at p, q, s = 2, 3, 4 it is 10, wanted 20; your arrows: p → ×, q → ×, s → +, × → +",
        ),
        "s as a number": (
            "def from_words(p, q, s): return (p + q) * 4",
            "✗ at p, q, s = 2, 3, 4 it is 20, wanted 20; your arrows: + → ×, p → +, q → +",
        ),
        "p cut off": (
            "def from_words(p, q, s): return (p.detach() + q) * s",
            "✗ at p, q, s = 2, 3, 4 it is 20, wanted 20; your arrows: + → ×, q → +, s → ×",
        ),
        "a leaf": (
            "def from_words(p, q, s): return p",
            "✗ at p, q, s = 2, 3, 4 it is 2, wanted 20; your arrows: none",
        ),
        "a bare number": (
            "def from_words(p, q, s): return 20.0",
            "✗ compute one number with p, q and s: TypeError: result must be a torch tensor…",
        ),
        "everything cut off": (
            "def from_words(p, q, s): return ((p + q) * s).detach()",
            "✗ compute one number with p, q and s: ValueError: result must have been computed from a tensor…",
        ),
        "two numbers": (
            "def from_words(p, q, s): return torch.stack([p, q]) * s",
            "✗ compute one number with p, q and s: RuntimeError: a Tensor with 2 elements cannot be converted…",
        ),
        "3 times q, the same arrows": (
            "def from_words(p, q, s): return torch.add(p, q, alpha=3) * s",
            "✗ at p, q, s = 2, 3, 4 it is 44, wanted 20; your arrows: + → ×, p → +, q → +, s → ×",
        ),
        "a name that is not there": (
            "def from_words(p, q, s): return (p + Q) * s",
            "✗ compute one number with p, q and s: NameError: name 'Q' is not defined",
        ),
    },
    right={
        "the other way round": "def from_words(p, q, s): return s * (q + p)",
        "with torch's functions": "def from_words(p, q, s): return torch.mul(s, torch.add(q, p))",
        "in two lines": "def from_words(p, q, s):\n    total = q + p\n    return total * s",
    },
)

BY_HAND = Exercise(
    lesson="02_graph",
    scope=("imports",),
    task="exercise-b",
    unsolved="not solved yet: dp is None\nnot solved yet: dq is None\nnot solved yet: ds is None",
    solved="✓ right: nudging p says 4, too\n✓ right: nudging q says 4, too\n✓ right: nudging s says 5, too",
    wrong={
        "what came in forgotten": (
            "dp, dq, ds = 1, 1, 5",
            "✗ dp: you say 1, nudging p says 4\n✗ dq: you say 1, nudging q says 4\n✓ right: nudging s says 5, too",
        ),
        "the operand itself": (
            "dp, dq, ds = 4, 4, 4",
            "✓ right: nudging p says 4, too\n✓ right: nudging q says 4, too\n✗ ds: you say 4, nudging s says 5",
        ),
        "operands swapped": (
            "dp, dq, ds = 5, 5, 4",
            "✗ dp: you say 5, nudging p says 4\n✗ dq: you say 5, nudging q says 4\n✗ ds: you say 4, nudging s says 5",
        ),
        "times the own value": (
            "dp, dq, ds = 8, 12, 20",
            "✗ dp: you say 8, nudging p says 4\n✗ dq: you say 12, nudging q says 4\n✗ ds: you say 20, nudging s says 5",
        ),
        "the addition multiplies": (
            "dp, dq, ds = 4 * 3, 4 * 2, 5",
            "✗ dp: you say 12, nudging p says 4\n✗ dq: you say 8, nudging q says 4\n✓ right: nudging s says 5, too",
        ),
        "a text": (
            "dp, dq, ds = '4', 4, 5",
            "✗ dp: you say '4', nudging p says 4\n✓ right: nudging q says 4, too\n✓ right: nudging s says 5, too",
        ),
        "no number": (
            "dp, dq, ds = float('nan'), 4, 5",
            "✗ dp: you say nan, nudging p says 4\n✓ right: nudging q says 4, too\n✓ right: nudging s says 5, too",
        ),
        "lists": (
            "dp, dq, ds = [4], [4], 5",
            "✗ dp: you say [4], nudging p says 4\n✗ dq: you say [4], nudging q says 4\n✓ right: nudging s says 5, too",
        ),
        "several numbers in one": (
            "dp, dq, ds = torch.tensor([4.0, 4.0, 5.0]), 4, 5",
            "✗ dp: you say tensor([4., 4., 5.]), nudging p says 4\n"
            "✓ right: nudging q says 4, too\n✓ right: nudging s says 5, too",
        ),
        "one left out": (
            "dp, dq, ds = 4, None, 5",
            "✓ right: nudging p says 4, too\nnot solved yet: dq is None\n✓ right: nudging s says 5, too",
        ),
    },
    right={
        "step by step": "d_sum = 1 * 4\ndp, dq, ds = d_sum * 1, d_sum * 1, 1 * (2 + 3)",
        "several kinds of number": "dp, dq, ds = 4.0, torch.tensor(4.0, device=device), 2 + 3",
        "by torch": """
            leaves = [torch.tensor(number, requires_grad=True, device=device) for number in (2.0, 3.0, 4.0)]
            dp, dq, ds = torch.autograd.grad((leaves[0] + leaves[1]) * leaves[2], leaves)
        """,
    },
)

TWO_PATHS = Exercise(
    lesson="03_chain_rule",
    scope=("imports", "local-slopes"),
    task="exercise-a",
    unsolved="not solved yet: dp is None\nnot solved yet: dq is None",
    solved="✓ right: nudging p says -7, too\n✓ right: nudging q says 15, too",
    wrong={
        "the path by u only": (
            "dp, dq = -4, 12",
            "✗ dp: -4 is what one path brings, and there are two\n✗ dq: 12 is what one path brings, and there are two",
        ),
        "the last path wins": (
            "dp, dq = -3, 3",
            "✗ dp: -3 is what one path brings, and there are two\n✗ dq: 3 is what one path brings, and there are two",
        ),
        "averaged": (
            "dp, dq = -3.5, 7.5",
            "✗ dp: you say -3.5, nudging p says -7\n✗ dq: you say 7.5, nudging q says 15",
        ),
        "multiplied over paths": (
            "dp, dq = 12, 36",
            "✗ dp: you say 12, nudging p says -7\n✗ dq: you say 36, nudging q says 15",
        ),
        "a minus forgotten": (
            "dp, dq = -7, 9",
            "✓ right: nudging p says -7, too\n✗ dq: you say 9, nudging q says 15",
        ),
        "v wrong": (
            "dp, dq = -5, 9",
            "✗ dp: you say -5, nudging p says -7\n✗ dq: you say 9, nudging q says 15",
        ),
        "both signs turned": (
            "dp, dq = 7, -15",
            "✗ dp: you say 7, nudging p says -7\n✗ dq: you say -15, nudging q says 15",
        ),
        "swapped": (
            "dp, dq = 15, -7",
            "✗ dp: you say 15, nudging p says -7\n✗ dq: you say -7, nudging q says 15",
        ),
        "a text": (
            "dp, dq = '-7', 15",
            "✗ dp: '-7' is not a number\n✓ right: nudging q says 15, too",
        ),
        "both paths, not added": (
            "dp, dq = torch.tensor([-4.0, -3.0]), [12, 3]",
            "✗ dp: tensor([-4., -3.]) is not a number\n✗ dq: [12, 3] is not a number",
        ),
        "half done": (
            "dp, dq = -7, None",
            "✓ right: nudging p says -7, too\nnot solved yet: dq is None",
        ),
    },
    right={
        "from the chain rule": "u, v = 3 * -1, 3 - -1\ndp, dq = v * -1 + u * 1, v * 3 + u * -1",
        "by nudging": "dp, dq = slope(lambda p: -p * (p + 1), at=3), slope(lambda q: 3 * q * (3 - q), at=-1)",
        "by torch": """
            p, q = (torch.tensor(number, requires_grad=True, device=device) for number in (3.0, -1.0))
            dp, dq = torch.autograd.grad(p * q * (p - q), [p, q])
        """,
    },
)

CHAIN_RULE = Exercise(
    lesson="03_chain_rule",
    scope=("imports", "local-slopes"),
    task="exercise-b",
    unsolved="not solved yet: for [[-2, 6]] your function gives nothing back",
    solved="✓ right: for one path, two and three, and for a path of three slopes",
    wrong={
        "the last path wins": (
            """
            def chain_rule(paths):
                for path in paths:
                    product = 1
                    for local in path:
                        product *= local
                return product
            """,
            "✗ for [[2, 6], [9, -1]] you say -9, the slope is 3",
        ),
        "the last path wins, its lists used up": (
            """
            def chain_rule(paths):
                while paths:
                    path, product = paths.pop(0), 1
                    while path:
                        product *= path.pop()
                return product
            """,
            "✗ for [[2, 6], [9, -1]] you say -9, the slope is 3",
        ),
        "return in the loop": (
            """
            def chain_rule(paths):
                for path in paths:
                    product = 1
                    for local in path:
                        product *= local
                    return product
            """,
            "✗ for [[2, 6], [9, -1]] you say 12, the slope is 3",
        ),
        "adds along, multiplies over": (
            """
            def chain_rule(paths):
                total = 1
                for path in paths:
                    total *= sum(path)
                return total
            """,
            "✗ for [[-2, 6]] you say 4, the slope is -12",
        ),
        "the product starts at 0": (
            """
            def chain_rule(paths):
                total = 0
                for path in paths:
                    product = 0
                    for local in path:
                        product *= local
                    total += product
                return total
            """,
            "✗ for [[-2, 6]] you say 0, the slope is -12",
        ),
        "the product goes on": (
            """
            def chain_rule(paths):
                total, product = 0, 1
                for path in paths:
                    for local in path:
                        product *= local
                    total += product
                return total
            """,
            "✗ for [[2, 6], [9, -1]] you say -96, the slope is 3",
        ),
        "averaged": (
            "import math\ndef chain_rule(paths): return sum(math.prod(path) for path in paths) / len(paths)",
            "✗ for [[2, 6], [9, -1]] you say 1.5, the slope is 3",
        ),
        "two arrows only": (
            "def chain_rule(paths): return sum(path[0] * path[1] for path in paths)",
            "✗ your function stops with IndexError: list index out of range",
        ),
        "first and last arrow only": (
            "def chain_rule(paths): return sum(path[0] * path[-1] if len(path) > 1 else path[0] for path in paths)",
            "✗ for [[2, 0.5, -3], [4]] you say -2, the slope is 1",
        ),
        "equal paths counted once": (
            "import math\ndef chain_rule(paths): return sum({tuple(path): math.prod(path) for path in paths}.values())",
            "✗ for [[1, 3], [1, 3], [1]] you say 4, the slope is 7",
        ),
        "not added": (
            "import math\ndef chain_rule(paths): return [math.prod(path) for path in paths]",
            "✗ for [[-2, 6]] you say [-12], the slope is -12",
        ),
        "the sign dropped": (
            "import math\ndef chain_rule(paths): return sum(abs(math.prod(path)) for path in paths)",
            "✗ for [[-2, 6]] you say 12, the slope is -12",
        ),
        "a name that is not there": (
            "def chain_rule(paths): return sum(prod(path) for path in paths)",
            "✗ your function stops with NameError: name 'prod' is not defined",
        ),
    },
    right={
        "by math.prod": "import math\ndef chain_rule(paths): return sum(math.prod(path) for path in paths)",
        "its lists used up": """
            def chain_rule(paths):
                total = 0.0
                while paths:
                    path, product = paths.pop(), 1.0
                    while path:
                        product *= path.pop()
                    total += product
                return total
        """,
        "by torch": """
            def chain_rule(paths):
                return sum(torch.tensor(path, dtype=torch.float64, device=device).prod() for path in paths)
        """,
    },
)

ENGINE = Exercise(
    lesson="05_backward",
    scope=("imports",),
    task="engine",
    unsolved="not solved yet: 1 of 5 nodes",
    solved="✓ right: all five",
    wrong={
        "s sends too early": (
            'moments = [("L", 1), ("s", 9), ("t", 6), ("a", 24), ("b", 27)]',
            "✗ s too early: t has not sent",
        ),
        "leaves first": (
            'moments = [("a", 36), ("b", 45), ("s", 15), ("t", 6), ("L", 1)]',
            "✗ a too early: s has not sent",
        ),
        "a before s": (
            'moments = [("L", 1), ("t", 6), ("a", 36), ("s", 15), ("b", 45)]',
            "✗ a too early: s has not sent",
        ),
        "overwritten, not added": (
            'moments = [("L", 1), ("t", 6), ("s", 6), ("a", 18), ("b", 18)]',
            "✗ s: you say 6, it has 15",
        ),
        "the operands of L swapped": (
            'moments = [("L", 1), ("t", 9), ("s", 15), ("a", 36), ("b", 45)]',
            "✗ t: you say 9, it has 6",
        ),
        "a by way of s only": (
            'moments = [("L", 1), ("t", 6), ("s", 15), ("a", 30), ("b", 45)]',
            "✗ a: you say 30, it has 36",
        ),
        "what came in forgotten": (
            'moments = [("L", 1), ("t", 6), ("s", 15), ("a", 36), ("b", 3)]',
            "✗ b: you say 3, it has 45",
        ),
        "starts with the value of L": (
            'moments = [("L", 54), ("t", 324), ("s", 810), ("a", 1944), ("b", 2430)]',
            "✗ L: you say 54, it has 1",
        ),
        "a node twice": (
            'moments = [("L", 1), ("t", 6), ("s", 15), ("a", 36), ("b", 45), ("b", 45)]',
            "✗ b has more than one turn",
        ),
        "a turn for each path": (
            'moments = [("L", 1), ("t", 6), ("s", 9), ("s", 6), ("a", 36), ("b", 45)]',
            "✗ s has more than one turn",
        ),
        "no number": (
            'moments = [("L", 1), ("t", float("nan")), ("s", 15), ("a", 36), ("b", 45)]',
            "✗ t: you say nan, it has 6",
        ),
        "numbers left out": (
            'moments = [("L", 1), ("t", None), ("s", None), ("a", None), ("b", None)]',
            '✗ it must look like [("L", 1), ("t", 6)], with the names L, t, s, a, b: '
            "TypeError: unsupported operand type(s) for -: 'NoneType' and 'Tensor'",
        ),
        "names without numbers": (
            'moments = ["L", "t", "s", "a", "b"]',
            '✗ it must look like [("L", 1), ("t", 6)], with the names L, t, s, a, b: '
            "ValueError: not enough values to unpack (expected 2, got 1)",
        ),
        "a name that is not there": (
            'moments = [("L", 1), ("x", 6)]',
            '✗ it must look like [("L", 1), ("t", 6)], with the names L, t, s, a, b: KeyError: \'x\'',
        ),
        "the leaves left out": (
            'moments = [("L", 1), ("t", 6), ("s", 15)]',
            "not solved yet: 3 of 5 nodes",
        ),
        "empty": (
            "moments = []",
            '✗ it must look like [("L", 1), ("t", 6)], with the names L, t, s, a, b: ValueError…',
        ),
    },
    right={
        "b before a": 'moments = [("L", 1), ("t", 6), ("s", 15), ("b", 45), ("a", 36)]',
        "tuples of lists of floats": 'moments = (["L", 1.0], ["t", 6.0], ["s", 15.0], ["a", 36.0], ["b", 45.0])',
        "computed, a dict's items": """
            s, t = 3 * 2, 3 * 2 + 3
            ds = t + s
            moments = dict(L=1, t=s, s=ds, a=s + ds * 2, b=ds * 3).items()
        """,
        "read off the graph": """
            a, b = (torch.tensor(number, requires_grad=True, device=device) for number in (3.0, 2.0))
            s = a * b
            t = s + a
            L = s * t
            graph = trace(L)
            moments = [(graph.nodes[key].name, graph.nodes[key].gradient) for key in graph.order]
        """,
    },
)

OWN_GRAPH = """
w = torch.tensor(2.0, requires_grad=True, device=device)
with record():
    mine = {}
"""
OWN_STEPS = OWN_GRAPH + "step_backward(mine)\n"

OWN = Exercise(
    lesson="05_backward",
    scope=("imports",),
    task="own",
    unsolved="not solved yet: w.grad would be 5.000, wanted 12",
    solved="✓ right: 12, on several paths",
    wrong={
        "a power": (OWN_STEPS.format("w**3"), "✗ w.grad would be 12, but on one path only"),
        "a multiple": (OWN_STEPS.format("12 * w"), "✗ w.grad would be 12, but on one path only"),
        "the other path cut off": (
            OWN_STEPS.format("6 * w * w.detach()"),
            "✗ w.grad would be 12, but on one path only",
        ),
        "12 as the value": (OWN_STEPS.format("w * w + 4 * w"), "✗ w.grad would be 8.000, wanted 12"),
        "a factor too many": (OWN_STEPS.format("w * w * w * w"), "✗ w.grad would be 32.000, wanted 12"),
        "wrong sign": (OWN_STEPS.format("-6 * w - 6 * w"), "✗ w.grad would be -12.000, wanted 12"),
        "no number": (OWN_STEPS.format("(w - 2).sqrt() * 0 + w"), "✗ w.grad would be nan, wanted 12"),
        "w moved": (OWN_STEPS.format("w * w").replace("2.0", "6.0"), "✗ leave w as it was: a leaf with the value 2"),
        "w no leaf": (
            "v = torch.tensor(2.0, requires_grad=True, device=device)\nw = v * 1\nmine = w * w * w",
            "✗ leave w as it was: a leaf with the value 2",
        ),
        "a bare number": (
            OWN_GRAPH.format("12"),
            "✗ no way back from here to w: result must be a torch tensor…",
        ),
        "everything cut off": (
            OWN_GRAPH.format("(w * w * w).detach()"),
            "✗ no way back from here to w: result must have been computed from a tensor with requires_grad=True…",
        ),
        "three numbers": (
            OWN_GRAPH.format("w * torch.ones(3, device=device) + w"),
            "✗ no way back from here to w: the result is 3 numbers, so a backward pass needs to be told…",
        ),
        "another leaf": (
            OWN_GRAPH.format("w * w * w") + "w = torch.tensor(2.0, requires_grad=True, device=device)",
            "✗ no way back from here to w: name must be one of the graph's names (mine), got 'w'…",
        ),
        "backward before": (
            OWN_GRAPH.format("w * w * w") + "mine.backward()",
            "✗ no way back from here to w: backward() has already gone through this graph and freed what it needs…",
        ),
    },
    right={
        "two equal terms": OWN_STEPS.format("6 * w + 6 * w"),
        "a square and a term": OWN_STEPS.format("2 * w * w + 4 * w"),
        "a square times w": OWN_STEPS.format("w**2 * w"),
        "a function of torch": OWN_STEPS.format("w.exp() / w.detach().exp() * 11 + w"),
        "without the stepper": OWN_GRAPH.format("w * w * w"),
    },
)

EPOCH = """
def my_epoch(w, rate):
    for x_i, y_i in zip(x, y):
        ((w * x_i - y_i) ** 2).backward()
        {}
"""

MY_EPOCH = Exercise(
    lesson="07_manual_sgd",
    scope=("imports", "graph", "train"),
    task="exercise",
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

CRITICAL_RATE = Exercise(
    lesson="08_learning_rate",
    scope=("imports", "slopes-values"),
    task="critical-rate",
    unsolved="not solved yet: your function gives nothing back for bowl at w = 2.0, where the critical rate is 0.2143",
    solved="✓ right: for the bowl and for two other functions",
    wrong={
        "the rate that arrives in one step": (
            "def critical_rate(loss, w, h=1e-4): return 2 * h / (slope_at(loss, w + h) - slope_at(loss, w - h))",
            "✗ you say 0.1071 for bowl at w = 2.0, where the critical rate is 0.2143",
        ),
        "the curvature itself": (
            "def critical_rate(loss, w, h=1e-4): return (slope_at(loss, w + h) - slope_at(loss, w - h)) / (2 * h)",
            "✗ you say 9.3333 for bowl at w = 2.0, where the critical rate is 0.2143",
        ),
        "half the curvature, upside down": (
            "def critical_rate(loss, w, h=1e-4): return (slope_at(loss, w + h) - slope_at(loss, w - h)) / (4 * h)",
            "✗ you say 4.6667 for bowl at w = 2.0, where the critical rate is 0.2143",
        ),
        "the 2 of 2h forgotten": (
            "def critical_rate(loss, w, h=1e-4): return 2 * h / (slope_at(loss, w + h) - slope_at(loss, w - h)) * 0.5",
            "✗ you say 0.0536 for bowl at w = 2.0, where the critical rate is 0.2143",
        ),
        "down minus up": (
            "def critical_rate(loss, w, h=1e-4): return 4 * h / (slope_at(loss, w - h) - slope_at(loss, w + h))",
            "✗ you say -0.2143 for bowl at w = 2.0, where the critical rate is 0.2143",
        ),
        "the slope in place of the curvature": (
            "def critical_rate(loss, w): return 2 / slope_at(loss, w + 1)",
            "✗ you say 1.7018 for cosh at w = 0.0, where the critical rate is 2.0000",
        ),
        "the slope at the bottom": (
            "def critical_rate(loss, w): return 2 / slope_at(loss, w)",
            "✗ your function stops with ZeroDivisionError: …",
        ),
        "the curvature of the lesson's bowl": (
            "def critical_rate(loss, w): return 2 / (28 / 3)",
            "✗ you say 0.2143 for cosh at w = 0.0, where the critical rate is 2.0000",
        ),
        "measured far from the bottom": (
            "def critical_rate(loss, w): return 2 / (slope_at(loss, 1.0) - slope_at(loss, 0.0))",
            "✗ you say 1.7018 for cosh at w = 0.0, where the critical rate is 2.0000",
        ),
        "a nudge of 1": (
            "def critical_rate(loss, w): return 4 / (slope_at(loss, w + 1) - slope_at(loss, w - 1))",
            "✗ you say 1.7018 for cosh at w = 0.0, where the critical rate is 2.0000",
        ),
        "a nudge of 1 to one side": (
            "def critical_rate(loss, w): return 2 / (slope_at(loss, w + 1) - slope_at(loss, w))",
            "✗ you say 1.7018 for cosh at w = 0.0, where the critical rate is 2.0000",
        ),
        "nearly right, by too large a nudge to one side": (
            "def critical_rate(loss, w, h=0.01): return 2 * h / (slope_at(loss, w + h) - slope_at(loss, w))",
            "✗ you say 2.0763 for lgamma at w = 1.461632145, where the critical rate is 2.0668 (close: another nudge?)",
        ),
        "no number": (
            "def critical_rate(loss, w): return float('nan')",
            "✗ you say nan for bowl at w = 2.0, where the critical rate is 0.2143",
        ),
        "a name that is not there": (
            "def critical_rate(loss, w): return 2 / curvature",
            "✗ your function stops with NameError: name 'curvature' is not defined",
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
    unsolved="not solved yet: at rate 0.02 and c = 10.0 your function gives nothing back",
    solved="✓ right: for slow rates, a swinging one and the best",
    wrong={
        "the sign of the distance forgotten": (
            COUNT.replace("abs(distance)", "distance"),
            "✗ at rate 0.19 and c = 10.0 you say 1, it takes 44",
        ),
        "the last step not counted": (
            COUNT.replace("return steps", "return steps - 1"),
            "✗ at rate 0.02 and c = 10.0 you say 20, it takes 21",
        ),
        "the start counted": (
            COUNT.replace("1.0, 0", "1.0, 1"),
            "✗ at rate 0.02 and c = 10.0 you say 22, it takes 21",
        ),
        "a tenth": (
            COUNT.replace("0.01", "0.1"),
            "✗ at rate 0.02 and c = 10.0 you say 11, it takes 21",
        ),
        "the loss in place of the distance": (
            COUNT.replace("abs(distance)", "distance**2"),
            "✗ at rate 0.02 and c = 10.0 you say 11, it takes 21",
        ),
        "the step in place of what is left": (
            COUNT.replace("(1 - rate * c)", "rate * c"),
            "✗ at rate 0.02 and c = 10.0 you say 3, it takes 21",
        ),
        "the distance given back": (
            COUNT.replace("return steps", "return distance"),
            "✗ at rate 0.02 and c = 10.0 you say 0.0092…",
        ),
        "one over rate times c": (
            "def steps_needed(rate, c): return 1 / (rate * c)",
            "✗ at rate 0.02 and c = 10.0 you say 5.0, it takes 21",
        ),
        "not rounded": (
            "def steps_needed(rate, c):\n    import math\n    return math.log(0.01) / math.log(abs(1 - rate * c))",
            "✗ at rate 0.02 and c = 10.0 you say 20.6…",
        ),
        "a formula that forgets the best rate": (
            "def steps_needed(rate, c):\n"
            "    import math\n"
            "    return math.ceil(math.log(0.01) / math.log(abs(1 - rate * c)))",
            "✗ your function stops with ValueError: …",
        ),
        "returned after the first step": (
            COUNT.replace("    return", "        return"),
            "✗ at rate 0.02 and c = 10.0 you say 1, it takes 21",
        ),
        "nothing for rates that swing": (
            COUNT.replace("return steps", "return steps if rate * c <= 1 else None"),
            "not solved yet: at rate 0.19 and c = 10.0 your function gives nothing back",
        ),
        "a name that is not there": (
            COUNT.replace("* c)", "* curvature)"),
            "✗ your function stops with NameError: name 'curvature' is not defined",
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

EXERCISES = (
    DOWNHILL, ALL_SLOPES, FROM_WORDS, BY_HAND, TWO_PATHS, CHAIN_RULE, ENGINE, OWN, MY_EPOCH, CRITICAL_RATE,
    STEPS_NEEDED,
)  # fmt: skip
