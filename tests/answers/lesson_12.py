"""Lesson 12: what the checks say of wrong answers, and of right ones written differently."""

from exercise import Exercise

QUOTIENT = Exercise(
    lesson="12_engine",
    scope=("imports",),
    task="quotient",
    unsolved="not solved yet: at a = 3, b = 4 your function gives nothing back",
    solved="✓ right in all 2 cases",
    wrong={
        "without the sign of b": (
            "def quotient_slopes(a, b): return 1 / abs(b), -a / (b * abs(b))",
            "✗ da at a = -1, b = -0.5: yours 2, true -2. The sign is turned round.",
        ),
        "the sign": (
            "def quotient_slopes(a, b): return 1 / b, a / b**2",
            ("✗ db at a = 3, b = 4: yours 0.1875, true -0.1875. The sign is turned round."),
        ),
        "the square forgotten": (
            "def quotient_slopes(a, b): return 1 / b, -a / b",
            ("✗ db at a = 3, b = 4: yours -0.75, true -0.1875. Write a / b as a times b to the power -1."),
        ),
        "changed places": (
            "def quotient_slopes(a, b): return -a / b**2, 1 / b",
            ("✗ da at a = 3, b = 4: yours -0.1875, true 0.25. Write a / b as a times b to the power -1."),
        ),
        "as for a product": (
            "def quotient_slopes(a, b): return b, a",
            ("✗ da at a = 3, b = 4: yours 4, true 0.25. Write a / b as a times b to the power -1."),
        ),
        "as for a difference": (
            "def quotient_slopes(a, b): return 1.0, -1.0",
            ("✗ da at a = 3, b = 4: yours 1, true 0.25. Write a / b as a times b to the power -1."),
        ),
        "a forgotten": (
            "def quotient_slopes(a, b): return 1 / b, -1 / b**2",
            ("✗ db at a = 3, b = 4: yours -0.0625, true -0.1875. Write a / b as a times b to the power -1."),
        ),
        "one slope only": (
            "def quotient_slopes(a, b): return 1 / b",
            ("✗ at a = 3, b = 4: yours 0.25, wanted 2 gradients: da, db"),
        ),
        "the values": (
            "def quotient_slopes(a, b): return a / b, a / b",
            ("✗ da at a = 3, b = 4: yours 0.75, true 0.25. Write a / b as a times b to the power -1."),
        ),
        "one not done": (
            "def quotient_slopes(a, b): return 1 / b, None",
            ("not solved yet: at a = 3, b = 4 your db is not filled in"),
        ),
        "a text": (
            "def quotient_slopes(a, b): return '1 / b', '-a / b**2'",
            ("✗ da at a = 3, b = 4: yours '1 / b', true 0.25. A number is wanted."),
        ),
        "a name that is not there": (
            "def quotient_slopes(a, b): return 1 / b, -a / c**2",
            ("✗ at a = 3, b = 4 your function stops with NameError: name 'c' is not defined"),
        ),
    },
    right={
        "powers": "def quotient_slopes(a, b): return [b**-1, -a * b**-2]",
        "from the result": """
            def quotient_slopes(a, b):
                result = a / b
                return 1 / b, -result / b
        """,
    },
)

TURNS = """
def turns(result):
    order, seen, stack = [], set(), [(result, False)]
    while stack:
        value, is_second = stack.pop()
        if is_second:
            order.append(value)
        elif value not in seen:
            seen.add(value)
            stack.append((value, True))
            stack += [(operand, False) for operand, _ in value.edges]
    return order[::-1]
"""
FOUND = """
def turns(result):
    found, seen = [result], {result}
    for value in found:
        for operand, _ in value.edges:
            if operand not in seen:
                seen.add(operand)
                found.append(operand)
    return found
"""
RECURSION = """
def turns(result):
    order, seen = [], set()
    def visit(value):
        if value not in seen:
            seen.add(value)
            for operand, _ in value.edges:
                visit(operand)
            order.append(value)
    visit(result)
    return order[::-1]
"""
EACH_PATH = """
def turns(result):
    paths = [result]
    for value in paths:
        paths += [operand for operand, _ in value.edges]
    return list(dict.fromkeys(reversed(paths)))[::-1]
"""

ORDER = Exercise(
    lesson="12_engine",
    scope=("imports", "number-class"),
    task="turns",
    unsolved="not solved yet: your function gives nothing back",
    solved="✓ right: 4 graphs, 10000 operations in a row, 40 diamonds",
    wrong={
        "by the distance to the result": (
            """
            def turns(result):
                found, seen = [result], {result}
                for value in found:
                    for operand, _ in value.edges:
                        if operand not in seen:
                            seen.add(operand)
                            found.append(operand)
                level = dict.fromkeys(found, 0)
                for value in found:
                    for operand, _ in value.edges:
                        level[operand] = max(level[operand], level[value] + 1)
                return sorted(found, key=level.get)
            """,
            "✗ 40 diamonds, two ways through each: the order is not right. Is every value in it, once, "
            "after all that use it?",
        ),
        "the first 900 only": (
            TURNS.replace("while stack:", "while stack and len(seen) < 900:"),
            "✗ 10000 operations in a row: the order is not right. Is every value in it, once, after all that use it?",
        ),
        "too deep, and silent about it": (
            RECURSION.replace(
                "    visit(result)\n", "    try:\n        visit(result)\n    except RecursionError:\n        pass\n"
            ),
            "✗ 10000 operations in a row: the order is not right. Is every value in it, once, after all that use it?",
        ),
        "by size": (
            """
            def turns(result):
                found = [result]
                for value in found:
                    found += dict.fromkeys(operand for operand, _ in value.edges if operand not in found)
                return sorted(found, key=lambda value: -value.data)
            """,
            "✗ s * t, where s = a * b, t = s + a: b comes before s, which still sends to it",
        ),
        "as they are found": (
            FOUND,
            ("✗ s * t, where s = a * b, t = s + a: s comes before t, which still sends to it"),
        ),
        "a function that calls itself": (
            RECURSION,
            (
                "✗ 10000 operations in a row: RecursionError. Python's functions call each other only so "
                "deep: use a loop and a list"
            ),
        ),
        "each path walked": (
            EACH_PATH,
            (
                "✗ 40 diamonds, two ways through each: it is still running after 2 seconds. Has each value "
                "one turn, or one on each path?"
            ),
        ),
        "every arrival a turn": (
            TURNS.replace("elif value not in seen", "else"),
            ("✗ s * t, where s = a * b, t = s + a: s comes twice: each has one turn"),
        ),
        "not reversed": (
            TURNS.replace("[::-1]", ""),
            ("✗ s * t, where s = a * b, t = s + a: a comes before s, which still sends to it"),
        ),
        "listed the first time": (
            TURNS.replace("stack.append((value, True))", "order.append(value)").replace("[::-1]", ""),
            "✗ s * t, where s = a * b, t = s + a: a comes before s, which still sends to it",
        ),
        "only the operands of the result": (
            "def turns(result): return [result, *dict.fromkeys(operand for operand, _ in result.edges)]",
            "✗ s * t, where s = a * b, t = s + a: a, b are missing",
        ),
        "the result forgotten": (
            TURNS.replace("order[::-1]", "order[-2::-1]"),
            ("✗ s * t, where s = a * b, t = s + a: s * t is missing"),
        ),
        "pairs": (
            TURNS.replace("order.append(value)", "order.append((value, 1))"),
            (
                "✗ s * t, where s = a * b, t = s + a: the list has something that is no value behind the "
                "result: (something of the kind Value, 1)"
            ),
        ),
        "numbers": (
            TURNS.replace("order.append(value)", "order.append(value.data)"),
            ("✗ s * t, where s = a * b, t = s + a: the list has something that is no value behind the result: 1.5"),
        ),
        "leaves forgotten": (
            TURNS.replace("if is_second:", "if is_second and value.edges:"),
            ("✗ s * t, where s = a * b, t = s + a: a, b are missing"),
        ),
        "a set": (
            TURNS.replace("order[::-1]", "set(order)"),
            ("✗ s * t, where s = a * b, t = s + a: a list of values is wanted, got set"),
        ),
        "a text": (
            "def turns(result): return 'L t s a b'",
            ("✗ s * t, where s = a * b, t = s + a: a list of values is wanted, got str"),
        ),
        "a loop without end": (
            "def turns(result):\n    while True: pass",
            ("✗ s * t, where s = a * b, t = s + a: it is still running after 2 seconds"),
        ),
        "return forgotten": (
            TURNS.replace("return order", "order"),
            ("not solved yet: your function gives nothing back"),
        ),
    },
    right={
        "who waits for nobody any more": """
            def turns(result):
                waits, found, order = {result: 0}, [result], [result]
                for value in found:
                    for operand, _ in value.edges:
                        if operand not in waits:
                            found.append(operand)
                        waits[operand] = waits.get(operand, 0) + 1
                for value in order:
                    for operand, _ in value.edges:
                        waits[operand] -= 1
                        if waits[operand] == 0:
                            order.append(operand)
                return order
        """,
        "the package's": "def turns(result): return tuple(reversed(operands_first(result)))",
    },
)

BACK = """
def layer_back(x, w, b, c, v):
    du = v * c
    return du @ w.T, x.T @ du, v.sum(dim=0), (v * (x @ w)).sum(dim=1, keepdim=True)
"""

LAYER = Exercise(
    lesson="12_engine",
    scope=("imports",),
    task="layer",
    unsolved=(
        "not solved yet: at x of shape (4, 3), w of shape (3, 2), b = [2, 3], c = [[2], [3], [5], "
        "[1]], v of shape (4, 2) your function gives nothing back"
    ),
    solved="✓ right",
    wrong={
        "c forgotten on the way": (
            BACK.replace("v * c", "v"),
            (
                "✗ dx[0, 0] at x of shape (4, 3), w of shape (3, 2), b = [2, 3], c = [[2], [3], [5], [1]], "
                "v of shape (4, 2): yours 13, true 26. To u goes v * c, to c goes v * u, to b goes v: then "
                "sum over what was broadcast."
            ),
        ),
        "b not summed": (
            BACK.replace("v.sum(dim=0)", "v"),
            (
                "✗ db at x of shape (4, 3), w of shape (3, 2), b = [2, 3], c = [[2], [3], [5], [1]], v of "
                "shape (4, 2): yours of shape (4, 2), true of shape (2,). A gradient has the shape of what "
                "it belongs to."
            ),
        ),
        "b over the wrong direction": (
            BACK.replace("v.sum(dim=0)", "v.sum(dim=1)"),
            (
                "✗ db at x of shape (4, 3), w of shape (3, 2), b = [2, 3], c = [[2], [3], [5], [1]], v of "
                "shape (4, 2): yours of shape (4,), true of shape (2,). A gradient has the shape of what it"
                " belongs to."
            ),
        ),
        "b by the mean": (
            BACK.replace("v.sum(dim=0)", "v.mean(dim=0)"),
            (
                "✗ db[0] at x of shape (4, 3), w of shape (3, 2), b = [2, 3], c = [[2], [3], [5], [1]], v "
                "of shape (4, 2): yours 2.5, true 10. That is 1/4 of it: is it divided by 4 once too often?"
            ),
        ),
        "c not summed": (
            BACK.replace(".sum(dim=1, keepdim=True)", ""),
            (
                "✗ dc at x of shape (4, 3), w of shape (3, 2), b = [2, 3], c = [[2], [3], [5], [1]], v of "
                "shape (4, 2): yours of shape (4, 2), true of shape (4, 1). A gradient has the shape of "
                "what it belongs to."
            ),
        ),
        "c flat": (
            BACK.replace(", keepdim=True", ""),
            (
                "✗ dc at x of shape (4, 3), w of shape (3, 2), b = [2, 3], c = [[2], [3], [5], [1]], v of "
                "shape (4, 2): yours of shape (4,), true of shape (4, 1). A gradient has the shape of what "
                "it belongs to."
            ),
        ),
        "dw transposed": (
            BACK.replace("x.T @ du", "du.T @ x"),
            (
                "✗ dw at x of shape (4, 3), w of shape (3, 2), b = [2, 3], c = [[2], [3], [5], [1]], v of "
                "shape (4, 2): yours of shape (2, 3), true of shape (3, 2). It is transposed: rows and "
                "columns have changed places."
            ),
        ),
        "w not transposed": (
            BACK.replace("w.T", "w"),
            (
                "✗ at x of shape (4, 3), w of shape (3, 2), b = [2, 3], c = [[2], [3], [5], [1]], v of "
                "shape (4, 2) your function stops with RuntimeError: mat1 and mat2 shapes cannot be "
                "multiplied (4x2 and 3x2)"
            ),
        ),
        "upstream forgotten": (
            BACK.replace("v * c", "torch.ones_like(v) * c"),
            (
                "✗ dx[0, 0] at x of shape (4, 3), w of shape (3, 2), b = [2, 3], c = [[2], [3], [5], [1]], "
                "v of shape (4, 2): yours 10, true 26. That is the slope of a step on the way: multiply it "
                "by what arrives from the result, the upstream factor."
            ),
        ),
        "the sign": (
            BACK.replace("du = v", "du = -v"),
            (
                "✗ dx[0, 0] at x of shape (4, 3), w of shape (3, 2), b = [2, 3], c = [[2], [3], [5], [1]], "
                "v of shape (4, 2): yours -26, true 26. The sign is turned round."
            ),
        ),
        "three of four": (
            BACK.replace(", (v * (x @ w)).sum(dim=1, keepdim=True)", ""),
            (
                "✗ at x of shape (4, 3), w of shape (3, 2), b = [2, 3], c = [[2], [3], [5], [1]], v of "
                "shape (4, 2): yours (a tensor of shape (4, 3), [[86, 118], [50, 75], [67, 99]], …, wanted "
                "4 gradients: dx, dw, db, dc"
            ),
        ),
        "another order": (
            BACK.replace("du @ w.T, x.T @ du", "x.T @ du, du @ w.T"),
            (
                "✗ dx at x of shape (4, 3), w of shape (3, 2), b = [2, 3], c = [[2], [3], [5], [1]], v of "
                "shape (4, 2): yours of shape (3, 2), true of shape (4, 3). A gradient has the shape of "
                "what it belongs to."
            ),
        ),
        "backward without leaves": (
            """
            def layer_back(x, w, b, c, v):
                (c * (x @ w) + b).backward(gradient=v)
                return x.grad, w.grad, b.grad, c.grad
            """,
            "✗ at x of shape (4, 3), w of shape (3, 2), b = [2, 3], c = [[2], [3], [5], [1]], v of "
            "shape (4, 2) your function stops with RuntimeError: element 0 of tensors does not require "
            "grad and does not have a grad_fn",
        ),
        "a text": (
            "def layer_back(x, w, b, c, v): return 'dx', 'dw', 'db', 'dc'",
            (
                "✗ dx at x of shape (4, 3), w of shape (3, 2), b = [2, 3], c = [[2], [3], [5], [1]], v of "
                "shape (4, 2): yours 'dx', true a tensor of shape (4, 3). Numbers of shape (4, 3) are "
                "wanted."
            ),
        ),
    },
    right={
        "torch sums up": BACK.replace("v.sum(dim=0)", "v.sum_to_size(b.shape)").replace(
            ".sum(dim=1, keepdim=True)", ".sum_to_size(c.shape)"
        ),
        "row by row": """
            def layer_back(x, w, b, c, v):
                dx, dw, db, dc = (torch.zeros_like(each) for each in (x, w, b, c))
                for i in range(len(x)):
                    dx[i] = w @ (v[i] * c[i])
                    dw += torch.outer(x[i], v[i] * c[i])
                    db += v[i]
                    dc[i, 0] = v[i] @ (x[i] @ w)
                return dx, dw, db, dc
        """,
        "by torch": """
            def layer_back(x, w, b, c, v):
                leaves = [each.clone().requires_grad_() for each in (x, w, b, c)]
                y = leaves[3] * (leaves[0] @ leaves[1]) + leaves[2]
                return torch.autograd.grad(y, leaves, v)
        """,
    },
)

EXERCISES = [QUOTIENT, ORDER, LAYER]
