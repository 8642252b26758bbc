"""Lesson 06: what the checks say of wrong answers, and of right ones written differently."""

from exercise import Exercise

SHAPE = "A gradient has the shape of what it belongs to."
TRANSPOSED = "It is transposed: rows and columns have changed places."
TURNED = "The sign is turned round."
LOCAL = "That is the slope of a step on the way: multiply it by what arrives from the result, the upstream factor."
ONE_PATH = "That is what 1 of the 2 paths brings: a path is missing. Add what all paths bring, do not overwrite."
TWICE = "That is twice as much: is something counted twice, such as a second backward?"
TWICE_OF_TWO = "That is twice as much: is something counted twice, or is 1/2 missing, of a mean?"

DP, DQ = "✗ dp at p = 2, q = 3: yours", "✗ dq at p = 2, q = 3: yours"

WEIGHED = Exercise(
    lesson="06_vector_backward",
    scope=("imports",),
    task="weighed",
    unsolved="not solved yet: dp, dq are not filled in",
    solved="✓ right: dp, dq",
    wrong={
        "v forgotten": ("dp, dq = 3 + 1, 2 - 6", "✗ dp at p = 2, q = 3: yours 4, true 8. v is missing."),
        "v multiplied afterwards": (
            "dp, dq = 3 * (3 + 1), -1 * (2 - 6)",
            (
                "✗ dp at p = 2, q = 3: yours 12, true 8. That multiplies gradients by v afterwards: v "
                "weighs the rows first."
            ),
        ),
        "rows and columns changed places": (
            "dp, dq = 3 * 3 - 2, 3 * 1 + 6",
            ("✗ dp at p = 2, q = 3: yours 7, true 8. You took a row of J for a column."),
        ),
        "overwrote": ("dp, dq = -1, 6", f"{DP} -1, true 8. {ONE_PATH}"),
        "the first result only": ("dp, dq = 9, 6", f"{DP} 9, true 8. {ONE_PATH}"),
        "the sign": ("dp, dq = -8, -12", f"{DP} -8, true 8. {TURNED}"),
        "the minus of v": ("dp, dq = 9 + 1, 6 - 6", f"{DP} 10, true 8."),
        "the 2 of the square": ("dp, dq = 8, 3 * 2 + 3", f"{DQ} 9, true 12."),
        "counted twice": ("dp, dq = 16, 24", f"{DP} 16, true 8. {TWICE}"),
        "half done": ("dp, dq = 8, None", "not solved yet: dq is not filled in (dp is right)"),
        "a text": ("dp, dq = '8', '12'", f"{DP} '8', true 8. A number is wanted."),
        "both in each": ("dp = dq = [8, 12]", f"{DP} of shape (2,), true a single number. {SHAPE}"),
    },
    right={
        "tensors": "dp, dq = torch.tensor(8.0), torch.tensor(12.0)",
        "v times the table": "dp, dq = torch.tensor([3.0, -1.0]) @ torch.tensor([[3.0, 2.0], [1.0, -6.0]])",
        "by torch": """
            p, q = (torch.tensor(start, requires_grad=True, device=device) for start in (2.0, 3.0))
            torch.stack([p * q, p - q**2]).backward(gradient=torch.tensor([3.0, -1.0], device=device))
            dp, dq = p.grad, q.grad
        """,
    },
)

BY_ROWS = """
def jacobian(f, x):
    rows = []
    for v in torch.eye(len(f(x)), dtype=x.dtype, device=device):
        leaf = x.clone().requires_grad_()
        f(leaf).backward(gradient=v)
        rows.append(leaf.grad)
    return torch.stack(rows)
"""
ONE_LEAF = """
def jacobian(f, x):
    rows, leaf = [], x.clone().requires_grad_()
    for v in torch.eye(len(f(x)), dtype=x.dtype, device=device):
        f(leaf).backward(gradient=v)
        rows.append(leaf.grad)
    return torch.stack(rows)
"""
ONE_GRAPH = """
def jacobian(f, x):
    rows, x = [], x.requires_grad_()
    y = f(x)
    for v in torch.eye(len(y), dtype=x.dtype, device=device):
        x.grad = None
        y.backward(gradient=v)
        rows.append(x.grad)
    return torch.stack(rows)
"""
MIX, DIFF = "✗ at f = mix, x = [2, 6]", "✗ at f = diff, x = [1, 4, 2]"

JACOBIAN = Exercise(
    lesson="06_vector_backward",
    scope=("imports", "table-nudges"),
    task="jacobian",
    unsolved="not solved yet: at f = mix, x = [2, 6] your function gives nothing back",
    solved="✓ right in all 2 cases",
    wrong={
        "by nudges": (
            "def jacobian(f, x): return by_nudges(f, x)",
            "✗ at f = mix, x = [2, 6], in [0, 0]: yours 5.99999999995, true 6. By nudges? `backward()` is exact.",
        ),
        "v = ones": (
            """
            def jacobian(f, x):
                x.requires_grad_()
                y = f(x)
                y.backward(gradient=torch.ones_like(y))
                return x.grad
            """,
            f"{MIX}: yours of shape (2,), true of shape (3, 2). "
            "All rows are added up, as v = ones does. Keep each by itself.",
        ),
        "not cleared": (
            ONE_LEAF.replace("leaf.grad)", "leaf.grad.clone())"),
            "✗ at f = mix, x = [2, 6], in [1, 0]: yours 10, true 4. Clear the gradient.",
        ),
        "one .grad kept for all rows": (
            ONE_LEAF,
            f"{MIX}, in [0, 0]: yours 10, true 6. Each row is the sum of all: is one .grad kept for all?",
        ),
        "transposed": (
            BY_ROWS.replace("stack(rows)", "stack(rows, dim=1)"),
            f"{MIX}: yours of shape (2, 3), true of shape (3, 2). {TRANSPOSED}",
        ),
        "a row for each input": (
            BY_ROWS.replace("len(f(x))", "len(x)"),
            f"{MIX} your function stops with RuntimeError: Mismatch…",
        ),
        "three results only": (
            BY_ROWS.replace("len(f(x))", "3"),
            f"{DIFF} your function stops with RuntimeError: Mismatch…",
        ),
        "the first row only": (
            BY_ROWS.replace("    return", "        return"),
            f"{MIX}: yours of shape (1, 2), true of shape (3, 2). The shape is wrong.",
        ),
        "one graph, freed": (ONE_GRAPH, f"{MIX} your function stops with RuntimeError: Trying…"),
        "no leaf": (
            BY_ROWS.replace(".requires_grad_()", ""),
            f"{MIX} your function stops with RuntimeError: element…",
        ),
        "detached": (
            BY_ROWS.replace("f(leaf)", "f(leaf.detach())"),
            f"{MIX} your function stops with RuntimeError: element…",
        ),
        "the sign": (
            BY_ROWS.replace("gradient=v", "gradient=-v"),
            f"{MIX}, in [0, 0]: yours -6, true 6. {TURNED}",
        ),
        "the values": (
            "def jacobian(f, x): return f(x)",
            f"{MIX}: yours of shape (3,), true of shape (3, 2). The shape is wrong.",
        ),
        "the answer for mix": (
            "def jacobian(f, x): return torch.tensor([[6.0, 2.0], [4.0, 0.0], [0.0, 3.0]])",
            f"{DIFF}: yours of shape (3, 2), true of shape (2, 3). The shape is wrong.",
        ),
        "a text": (
            "def jacobian(f, x): return 'J'",
            f"{MIX}: yours 'J', true [[6, 2], [4, 0], [0, 3]]. Numbers of shape (3, 2) are wanted.",
        ),
        "return forgotten": (
            BY_ROWS.replace("return ", ""),
            "not solved yet: at f = mix, x = [2, 6] your function gives nothing back",
        ),
    },
    right={
        "one graph, kept": ONE_GRAPH.replace("gradient=v", "gradient=v, retain_graph=True"),
        "result by result, as lists": """
            def jacobian(f, x):
                rows, leaf = [], x.clone().requires_grad_()
                for i in range(len(f(x))):
                    leaf.grad = None
                    f(leaf)[i].backward()
                    rows.append(leaf.grad.tolist())
                return rows
        """,
        "by columns": """
            def jacobian(f, x):
                units = torch.eye(len(x), dtype=x.dtype, device=device)
                return torch.stack([jvp(f, x, u)[1] for u in units], dim=1)
        """,
        "torch's own": "def jacobian(f, x): return torch.autograd.functional.jacobian(f, x)",
    },
)

BACK = """
def layer_back(w, b, x, v):
    a = torch.sigmoid(w @ x + b)
    dz = v * a * (1 - a)
    return torch.outer(dz, x), dz, dz @ w
"""
AT = "at w of shape (2, 3), b = [1, -1], x = [1, 2, -1], v = [2, -1]"
HINT = "Does v enter, and a · (1 − a), with a from w @ x + b? And does dx use dz?"

LAYER = Exercise(
    lesson="06_vector_backward",
    scope=("imports",),
    task="layer",
    unsolved=f"not solved yet: {AT} your function gives nothing back",
    solved="✓ right in all 2 cases",
    wrong={
        "upstream forgotten": (
            BACK.replace("v * a", "a"),
            (
                "✗ dw[0, 0] at w of shape (2, 3), b = [1, -1], x = [1, 2, -1], v = [2, -1]: yours 0.0701, "
                "true 0.1402. That is the slope of a step on the way: multiply it by what arrives from the "
                "result, the upstream factor."
            ),
        ),
        "the sigmoid forgotten": (
            BACK.replace("v * a * (1 - a)", "v"),
            f"✗ dw[0, 0] {AT}: yours 2, true 0.1402. {HINT}",
        ),
        "the local slope alone": (
            BACK.replace("v * a * (1 - a)", "torch.ones_like(a)"),
            f"✗ dw[0, 0] {AT}: yours 1, true 0.1402. {LOCAL}",
        ),
        "a wrong slope of the sigmoid": (
            BACK.replace("1 - a", "1 + a"),
            f"✗ dw[0, 0] {AT}: yours 0.1632, true 0.1402. {HINT}",
        ),
        "dw transposed": (
            BACK.replace("outer(dz, x)", "outer(x, dz)"),
            f"✗ dw {AT}: yours of shape (3, 2), true of shape (2, 3). {TRANSPOSED}",
        ),
        "w turned the wrong way": (
            BACK.replace("dz @ w", "w @ dz"),
            f"✗ {AT} your function stops with RuntimeError: size…",
        ),
        "dx without w": (
            BACK.replace("dz @ w", "dz"),
            f"✗ dx {AT}: yours of shape (2,), true of shape (3,). {SHAPE}",
        ),
        "dw added up to a number": (
            BACK.replace("torch.outer(dz, x)", "dz.sum() * x.sum()"),
            f"✗ dw {AT}: yours a single number, true of shape (2, 3). {SHAPE}",
        ),
        "db added up": (
            BACK.replace(", dz, ", ", dz.sum(), "),
            f"✗ db {AT}: yours a single number, true of shape (2,). {SHAPE}",
        ),
        "the sign": (BACK.replace("dz = v", "dz = -v"), f"✗ dw[0, 0] {AT}: yours -0.1402, true 0.1402. {TURNED}"),
        "counted twice": (
            BACK.replace("dz = v", "dz = 2 * v"),
            f"✗ dw[0, 0] {AT}: yours 0.2804, true 0.1402. {TWICE_OF_TWO}",
        ),
        "another order": (
            BACK.replace("torch.outer(dz, x), dz, dz @ w", "dz @ w, torch.outer(dz, x), dz"),
            f"✗ dw {AT}: yours of shape (3,), true of shape (2, 3). {SHAPE}",
        ),
        "two of three": (BACK.replace(", dz @ w", ""), f"✗ {AT}: yours (…"),
        "dx not done": (
            BACK.replace("dz @ w", "None"),
            ("not solved yet: at w of shape (2, 3), b = [1, -1], x = [1, 2, -1], v = [2, -1] your dx is not filled in"),
        ),
        "backward without leaves": (
            """
            def layer_back(w, b, x, v):
                torch.sigmoid(w @ x + b).backward(gradient=v)
                return w.grad, b.grad, x.grad
            """,
            f"✗ {AT} your function stops with RuntimeError: element…",
        ),
        "a name that is not there": (
            BACK.replace("torch.sigmoid", "sigmoid"),
            f"✗ {AT} your function stops with NameError: name 'sigmoid' is not defined…",
        ),
        "a text": (
            "def layer_back(w, b, x, v): return 'dw', 'db', 'dx'",
            f"✗ dw {AT}: yours 'dw', true [[0.140207, 0.280415, -0.140207], [-0.196612, …",
        ),
    },
    right={
        "other products": BACK.replace("torch.outer(dz, x)", "dz[:, None] * x").replace("dz @ w", "w.T @ dz"),
        "neuron by neuron": """
            def layer_back(w, b, x, v):
                dw, db, dx = torch.zeros_like(w), torch.zeros_like(b), torch.zeros_like(x)
                for i in range(len(b)):
                    a = 1 / (1 + torch.exp(-(w[i] @ x + b[i])))
                    db[i] = v[i] * (a - a * a)
                    dw[i] = db[i] * x
                    dx += db[i] * w[i]
                return [dw, db, dx]
        """,
        "by torch": """
            def layer_back(w, b, x, v):
                return vjp(lambda w, b, x: torch.sigmoid(w @ x + b), (w, b, x), v)[1]
        """,
    },
)

EXERCISES = [WEIGHED, JACOBIAN, LAYER]
