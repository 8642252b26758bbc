"""The exercises of 05, Backward: wrong answers with what is said of them, and right ones written differently."""

from exercise import Exercise

ENGINE = Exercise(
    lesson="05_backward",
    scope=("imports",),
    task="engine",
    unsolved="not solved yet: 1 of 5 turns",
    solved="✓ right: all 5 turns",
    wrong={
        "s sends too early": (
            'turns = [("L", 1), ("s", 9), ("t", 6), ("a", 24), ("b", 27)]',
            "✗ s too early: t has not sent",
        ),
        "leaves first": (
            'turns = [("a", 36), ("b", 45), ("s", 15), ("t", 6), ("L", 1)]',
            "✗ a too early: s has not sent",
        ),
        "a before s": (
            'turns = [("L", 1), ("t", 6), ("a", 36), ("s", 15), ("b", 45)]',
            "✗ a too early: s has not sent",
        ),
        "overwritten, not added": (
            'turns = [("L", 1), ("t", 6), ("s", 6), ("a", 18), ("b", 18)]',
            "✗ s: yours 6, true 15. That is what one of 2 arrows brings: wait for all, and add.",
        ),
        "the operands of L swapped": (
            'turns = [("L", 1), ("t", 9), ("s", 15), ("a", 36), ("b", 45)]',
            "✗ t: yours 9, true 6. That is what the other operand gets.",
        ),
        "a by way of s only": (
            'turns = [("L", 1), ("t", 6), ("s", 15), ("a", 30), ("b", 45)]',
            "✗ a: yours 30, true 36. That is what one of 2 arrows brings: wait for all, and add.",
        ),
        "what came in forgotten": (
            'turns = [("L", 1), ("t", 6), ("s", 15), ("a", 36), ("b", 3)]',
            "✗ b: yours 3, true 45. That is the slope on an arrow: it is multiplied by what the sender has.",
        ),
        "starts with the value of L": (
            'turns = [("L", 54), ("t", 324), ("s", 810), ("a", 1944), ("b", 2430)]',
            "✗ L: yours 54, true 1. That is its value.",
        ),
        "a node twice": (
            'turns = [("L", 1), ("t", 6), ("s", 15), ("a", 36), ("b", 45), ("b", 45)]',
            "✗ b has more than one turn: it waits, and then sends once",
        ),
        "a turn for each path": (
            'turns = [("L", 1), ("t", 6), ("s", 9), ("s", 6), ("a", 36), ("b", 45)]',
            "✗ s has more than one turn: it waits, and then sends once",
        ),
        "no number": (
            'turns = [("L", 1), ("t", float("nan")), ("s", 15), ("a", 36), ("b", 45)]',
            "✗ t: yours nan, true 6.",
        ),
        "numbers left out": (
            'turns = [("L", 1), ("t", None), ("s", None), ("a", None), ("b", None)]',
            "not solved yet: 1 of 5 turns",
        ),
        "names without numbers": (
            'turns = ["L", "t", "s", "a", "b"]',
            "✗ wanted are pairs such as (\"L\", 1), got ['L', 't', 's', 'a', 'b']",
        ),
        "a name that is not there": (
            'turns = [("L", 1), ("x", 6)]',
            "✗ no node is called 'x': the names are L, a, b, s, t",
        ),
        "the leaves left out": (
            'turns = [("L", 1), ("t", 6), ("s", 15)]',
            "not solved yet: 3 of 5 turns",
        ),
        "None": ("turns = None", '✗ wanted are pairs such as ("L", 1), got None'),
        "a text": ("turns = 'L t s a b'", """✗ wanted are pairs such as ("L", 1), got 'L t s a b'"""),
        "the names alone, in a wrong shape": (
            'turns = [("L", "t", "s", "a", "b"), (1, 6, 15, 36, 45)]',
            """✗ wanted are pairs such as ("L", 1), got [('L', 't', 's', 'a', 'b'), (1, 6, 15, 36, 45)]""",
        ),
        "s not multiplied by what it has": (
            'turns = [("L", 1), ("t", 6), ("s", 15), ("a", 8), ("b", 45)]',
            "✗ a: yours 8, true 36.",
        ),
        "empty": (
            "turns = []",
            "not solved yet: 0 of 5 turns",
        ),
    },
    right={
        "b before a": 'turns = [("L", 1), ("t", 6), ("s", 15), ("b", 45), ("a", 36)]',
        "tuples of lists of floats": 'turns = (["L", 1.0], ["t", 6.0], ["s", 15.0], ["a", 36.0], ["b", 45.0])',
        "computed, a dict's items": """
            s, t = 3 * 2, 3 * 2 + 3
            ds = t + s
            turns = dict(L=1, t=s, s=ds, a=s + ds * 2, b=ds * 3).items()
        """,
        "read off the graph": """
            a, b = (torch.tensor(number, requires_grad=True, device=device) for number in (3.0, 2.0))
            s = a * b
            t = s + a
            L = s * t
            graph = trace(L)
            turns = [(graph.nodes[key].name, graph.nodes[key].gradient) for key in graph.order]
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
    unsolved="not solved yet: w.grad would be 5, wanted 12",
    solved="✓ right: w.grad would be 12, on 2 paths or more",
    wrong={
        "a power": (OWN_STEPS.format("w**3"), "✗ w.grad would be 12, but on 1 path only"),
        "a multiple": (OWN_STEPS.format("12 * w"), "✗ w.grad would be 12, but on 1 path only"),
        "the other path cut off": (
            OWN_STEPS.format("6 * w * w.detach()"),
            "✗ w.grad would be 12, but on 1 path only",
        ),
        "12 as the value": (OWN_STEPS.format("w * w + 4 * w"), "not solved yet: w.grad would be 8, wanted 12"),
        "a factor too many": (OWN_STEPS.format("w * w * w * w"), "not solved yet: w.grad would be 32, wanted 12"),
        "wrong sign": (OWN_STEPS.format("-6 * w - 6 * w"), "not solved yet: w.grad would be -12, wanted 12"),
        "no number": (OWN_STEPS.format("(w - 2).sqrt() * 0 + w"), "not solved yet: w.grad would be nan, wanted 12"),
        "w moved": (OWN_STEPS.format("w * w").replace("2.0", "6.0"), "✗ leave w as it was: a leaf with the value 2"),
        "w no leaf": (
            "v = torch.tensor(2.0, requires_grad=True, device=device)\nw = v * 1\nmine = w * w * w",
            "✗ leave w as it was: a leaf with the value 2",
        ),
        "w a bare number": ("w, mine = 2.0, 8.0", "✗ leave w as it was: a leaf with the value 2"),
        "a bare number": (
            OWN_GRAPH.format("12"),
            "✗ no way leads back from your expression to w: result must be a torch tensor…",
        ),
        "everything cut off": (
            OWN_GRAPH.format("(w * w * w).detach()"),
            "✗ no way leads back from your expression to w: result must have been computed from a tensor…",
        ),
        "three numbers": (
            OWN_GRAPH.format("w * torch.ones(3, device=device) + w"),
            "✗ no way leads back from your expression to w: the result is 3 numbers, so a backward pass…",
        ),
        "another leaf": (
            OWN_GRAPH.format("w * w * w") + "w = torch.tensor(2.0, requires_grad=True, device=device)",
            "✗ no way leads back from your expression to w",
        ),
        "backward before": (
            OWN_GRAPH.format("w * w * w") + "mine.backward()",
            "✗ no way leads back from your expression to w: backward() has already gone through this graph…",
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

EXERCISES = [ENGINE, OWN]
