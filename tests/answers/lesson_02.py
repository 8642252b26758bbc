"""The exercises of lesson 02: what their checks say of wrong answers, and of right ones written differently."""

from exercise import Exercise

FROM_WORDS = Exercise(
    lesson="02_graph",
    scope=("imports",),
    task="from-words",
    unsolved="not solved yet: your function gives nothing back",
    solved="✓ right",
    wrong={
        "multiplied out": (
            "def from_words(p, q, s): return p * s + q * s",
            "✗ value: yours 20, true 20. Arrows: yours p → ×, q → ×, s → ×, s → ×, × → +, × → +, true +"
            " → ×, p → +, q → +, s → ×.",
        ),
        "brackets forgotten": (
            "def from_words(p, q, s): return p + q * s",
            "✗ value: yours 14, true 20. Arrows: yours p → +, q → ×, s → ×, × → +, true + → ×, p → +, q → +, s → ×.",
        ),
        "added twice": (
            "def from_words(p, q, s): return p + q + s",
            "✗ value: yours 9, true 20. Arrows: yours + → +, p → +, q → +, s → +, true + → ×, p → +, q → +, s → ×.",
        ),
        "operations swapped": (
            "def from_words(p, q, s): return (p * q) + s",
            "✗ value: yours 10, true 20. Arrows: yours p → ×, q → ×, s → +, × → +, true + → ×, p → +, q → +, s → ×.",
        ),
        "s as a number": (
            "def from_words(p, q, s): return (p + q) * 4",
            "✗ value: yours 20, true 20. Arrows: yours + → ×, p → +, q → +, true + → ×, p → +, q → +, s → ×.",
        ),
        "p cut off": (
            "def from_words(p, q, s): return (p.detach() + q) * s",
            "✗ value: yours 20, true 20. Arrows: yours + → ×, q → +, s → ×, true + → ×, p → +, q → +, s → ×.",
        ),
        "a leaf": (
            "def from_words(p, q, s): return p",
            "✗ value: yours 2, true 20. Arrows: yours none, true + → ×, p → +, q → +, s → ×.",
        ),
        "a bare number": (
            "def from_words(p, q, s): return 20.0",
            "✗ with your answer the check stops with TypeError: result must be a torch tensor…",
        ),
        "everything cut off": (
            "def from_words(p, q, s): return ((p + q) * s).detach()",
            "✗ with your answer the check stops with ValueError: result must have been computed from a tensor…",
        ),
        "two numbers": (
            "def from_words(p, q, s): return torch.stack([p, q]) * s",
            "✗ with your answer the check stops with RuntimeError: a Tensor with 2 elements…",
        ),
        "3 times q, the same arrows": (
            "def from_words(p, q, s): return torch.add(p, q, alpha=3) * s",
            "✗ value: yours 44, true 20. Arrows: yours + → ×, p → +, q → +, s → ×, true + → ×, p → +, q → +, s → ×.",
        ),
        "a name that is not there": (
            "def from_words(p, q, s): return (p + Q) * s",
            "✗ with your answer the check stops with NameError: name 'Q' is not defined",
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
    task="by-hand",
    unsolved="not solved yet: dp, dq, ds are not filled in",
    solved="✓ right: dp, dq, ds",
    wrong={
        "what came in forgotten": (
            "dp, dq, ds = 1, 1, 5",
            "✗ dp at p = 3, q = 2, s = 4: yours 1, true 4. That is the slope of a step on the way: "
            "multiply it by what arrives from the result, the upstream factor.",
        ),
        "the operand itself": (
            "dp, dq, ds = 4, 4, 4",
            "✗ ds at p = 3, q = 2, s = 4: yours 4, true 5. × sends each operand the other one, + sends what it got.",
        ),
        "operands swapped": (
            "dp, dq, ds = 5, 5, 4",
            "✗ dp at p = 3, q = 2, s = 4: yours 5, true 4. × sends each operand the other one, + sends what it got.",
        ),
        "times the own value": (
            "dp, dq, ds = 8, 12, 20",
            "✗ dp at p = 3, q = 2, s = 4: yours 8, true 4. That is twice as much: is something counted "
            "twice, such as a second backward?",
        ),
        "the addition multiplies": (
            "dp, dq, ds = 4 * 3, 4 * 2, 5",
            "✗ dp at p = 3, q = 2, s = 4: yours 12, true 4. × sends each operand the other one, + sends what it got.",
        ),
        "a text": (
            "dp, dq, ds = '4', 4, 5",
            "✗ dp at p = 3, q = 2, s = 4: yours '4', true 4. A number is wanted.",
        ),
        "no number": (
            "dp, dq, ds = float('nan'), 4, 5",
            "✗ dp at p = 3, q = 2, s = 4: yours nan, true 4. × sends each operand the other one, + sends what it got.",
        ),
        "lists": (
            "dp, dq, ds = [4], [4], 5",
            "✗ dp at p = 3, q = 2, s = 4: yours of shape (1,), true a single number. A gradient has the"
            " shape of what it belongs to.",
        ),
        "several numbers in one": (
            "dp, dq, ds = torch.tensor([4.0, 4.0, 5.0]), 4, 5",
            "✗ dp at p = 3, q = 2, s = 4: yours of shape (3,), true a single number. A gradient has the"
            " shape of what it belongs to.",
        ),
        "one left out": (
            "dp, dq, ds = 4, None, 5",
            "not solved yet: dq is not filled in (dp, ds are right)",
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

EXERCISES = [FROM_WORDS, BY_HAND]
