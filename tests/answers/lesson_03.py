"""The exercises of lesson 03: what their checks say of wrong answers, and of right ones written differently."""

from exercise import Exercise

P_AND_Q = Exercise(
    lesson="03_chain_rule",
    scope=("imports", "local-slopes"),
    task="p-and-q",
    unsolved="not solved yet: dp, dq are not filled in",
    solved="✓ right: dp, dq",
    wrong={
        "the path by u only": (
            "dp, dq = -4, 12",
            "✗ dp at p = 3, q = -1: yours -4, true -7. That is what 1 of the 2 paths brings: a path is missing. "
            "Add what all paths bring, do not overwrite.",
        ),
        "the last path wins": (
            "dp, dq = -3, 3",
            "✗ dp at p = 3, q = -1: yours -3, true -7. That is what 1 of the 2 paths brings: a path is missing. "
            "Add what all paths bring, do not overwrite.",
        ),
        "averaged": (
            "dp, dq = -3.5, 7.5",
            "✗ dp at p = 3, q = -1: yours -3.5, true -7. That is half of it: is a factor 2 missing (as "
            "from a square), or a mean taken where paths add?",
        ),
        "multiplied over paths": (
            "dp, dq = 12, 36",
            "✗ dp at p = 3, q = -1: yours 12, true -7. For each path: the local slopes, multiplied. Then add.",
        ),
        "a minus forgotten": (
            "dp, dq = -7, 9",
            "✗ dq at p = 3, q = -1: yours 9, true 15. For each path: the local slopes, multiplied. Then add.",
        ),
        "v wrong": (
            "dp, dq = -5, 9",
            "✗ dp at p = 3, q = -1: yours -5, true -7. For each path: the local slopes, multiplied. Then add.",
        ),
        "both signs turned": (
            "dp, dq = 7, -15",
            "✗ dp at p = 3, q = -1: yours 7, true -7. The sign is turned round.",
        ),
        "swapped": (
            "dp, dq = 15, -7",
            "✗ dp at p = 3, q = -1: yours 15, true -7. For each path: the local slopes, multiplied. Then add.",
        ),
        "a text": (
            "dp, dq = '-7', 15",
            "✗ dp at p = 3, q = -1: yours '-7', true -7. A number is wanted.",
        ),
        "both paths, not added": (
            "dp, dq = torch.tensor([-4.0, -3.0]), [12, 3]",
            "✗ dp at p = 3, q = -1: yours of shape (2,), true a single number. "
            "A gradient has the shape of what it belongs to.",
        ),
        "half done": (
            "dp, dq = -7, None",
            "not solved yet: dq is not filled in (dp is right)",
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
    task="chain-rule",
    unsolved="not solved yet: at paths = [[1, 3], [1, 3], [1]] your function gives nothing back",
    solved="✓ right in all 4 cases",
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
            "✗ at paths = [[1, 3], [1, 3], [1]]: yours 1, true 7. That is the last path alone.",
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
            "✗ at paths = [[1, 3], [1, 3], [1]]: yours 1, true 7. That is the last path alone.",
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
            "✗ at paths = [[1, 3], [1, 3], [1]]: yours 3, true 7. That is the first path alone.",
        ),
        "adds along, multiplies over": (
            """
            def chain_rule(paths):
                total = 1
                for path in paths:
                    total *= sum(path)
                return total
            """,
            "✗ at paths = [[1, 3], [1, 3], [1]]: yours 16, true 7. Multiply along a path, and add over paths.",
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
            "✗ at paths = [[1, 3], [1, 3], [1]]: yours 0, true 7. A product for each path, and their sum.",
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
            "✗ at paths = [[1, 3], [1, 3], [1]]: yours 21, true 7. A product for each path, and their sum.",
        ),
        "averaged": (
            "import math\ndef chain_rule(paths): return sum(math.prod(path) for path in paths) / len(paths)",
            "✗ at paths = [[1, 3], [1, 3], [1]]: yours 2.333, true 7. A product for each path, and their sum.",
        ),
        "two arrows only": (
            "def chain_rule(paths): return sum(path[0] * path[1] for path in paths)",
            "✗ at paths = [[1, 3], [1, 3], [1]] your function stops with IndexError: list index out of range",
        ),
        "first and last arrow only": (
            "def chain_rule(paths): return sum(path[0] * path[-1] if len(path) > 1 else path[0] for path in paths)",
            "✗ at paths = [[2, 0.5, -3], [4]]: yours -2, true 1. A product for each path, and their sum.",
        ),
        "equal paths counted once": (
            "import math\ndef chain_rule(paths): return sum({tuple(path): math.prod(path) for path in paths}.values())",
            "✗ at paths = [[1, 3], [1, 3], [1]]: yours 4, true 7. A product for each path, and their sum.",
        ),
        "not added": (
            "import math\ndef chain_rule(paths): return [math.prod(path) for path in paths]",
            "✗ at paths = [[1, 3], [1, 3], [1]]: yours of shape (3,), true a single number. The shape is wrong.",
        ),
        "the sign dropped": (
            "import math\ndef chain_rule(paths): return sum(abs(math.prod(path)) for path in paths)",
            "✗ at paths = [[2, 0.5, -3], [4]]: yours 7, true 1. A product for each path, and their sum.",
        ),
        "a name that is not there": (
            "def chain_rule(paths): return sum(prod(path) for path in paths)",
            "✗ at paths = [[1, 3], [1, 3], [1]] your function stops with NameError: name 'prod' is not defined",
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

EXERCISES = [P_AND_Q, CHAIN_RULE]
