"""Lesson 11: what the checks say of wrong answers, and of right ones written differently."""

from exercise import Exercise

FROZEN = Exercise(
    lesson="11_static_dynamic",
    scope=("imports",),
    task="frozen",
    unsolved="not solved yet: eager, traced, dp_eager, dp_traced are not filled in",
    solved="✓ right",
    wrong={
        "f takes the first side": (
            "eager, traced, dp_eager, dp_traced = 36, 36, 12, 12",
            ("✗ eager: yours 36, true 21. 3 > 4 is no."),
        ),
        "the tracer looks at the numbers": (
            "eager, traced, dp_eager, dp_traced = 21, 21, 3, 3",
            ("✗ traced: yours 21, true 36. It took the first one."),
        ),
        "upstream forgotten": (
            "eager, traced, dp_eager, dp_traced = 21, 36, 1, 4",
            ("✗ dp_eager: yours 1, true 3. Times the 3."),
        ),
        "upstream forgotten behind the product": (
            "eager, traced, dp_eager, dp_traced = 21, 36, 3, 4",
            ("✗ dp_traced: yours 4, true 12. Times the 3."),
        ),
        "the slope of q": (
            "eager, traced, dp_eager, dp_traced = 21, 36, 3, 3",
            ("✗ dp_traced: yours 3, true 12. That is the gradient in f itself."),
        ),
        "the sign": (
            "eager, traced, dp_eager, dp_traced = 21, 36, -3, 12",
            ("✗ dp_eager: yours -3, true 3. The sign is turned round."),
        ),
        "the 3 forgotten": (
            "eager, traced, dp_eager, dp_traced = 7, 12, 3, 12",
            ("✗ eager: yours 7, true 21. Times the 3."),
        ),
        "counted twice": (
            "eager, traced, dp_eager, dp_traced = 21, 36, 6, 24",
            (
                "✗ dp_eager: yours 6, true 3. That is twice as much: is something counted twice, such as a "
                "second backward?"
            ),
        ),
        "the values for the gradients": (
            "eager, traced, dp_eager, dp_traced = 21, 36, 3, 36",
            "✗ dp_traced: yours 36, true 12.",
        ),
        "its own operand": (
            "eager, traced, dp_eager, dp_traced = 21, 36, 3, 9",
            "✗ dp_traced: yours 9, true 12. × passes on the other operand.",
        ),
        "half done": (
            "eager, traced, dp_eager, dp_traced = 21, 36, None, None",
            ("not solved yet: dp_eager, dp_traced are not filled in (eager, traced are right)"),
        ),
        "a text": (
            "eager, traced, dp_eager, dp_traced = '21', 36, 3, 12",
            ("✗ eager: yours '21', true 21. A number is wanted."),
        ),
        "a list": (
            "eager, traced, dp_eager, dp_traced = 21, [36], 3, 12",
            ("✗ traced: yours of shape (1,), true a single number. The shape is wrong."),
        ),
    },
    right={
        "by torch": """
            p, q = (torch.tensor(number, requires_grad=True, device=device) for number in (3.0, 4.0))
            eager, traced = 3 * (p + q), 3 * (p * q)
            dp_eager, dp_traced = torch.autograd.grad(eager, p)[0], torch.autograd.grad(traced, p)[0]
            eager, traced = eager.item(), traced.item()
        """,
        "by a tracer": """
            class Yes(torch.fx.Tracer):
                def to_bool(self, proxy):
                    return True

            def f(p, q):
                if p > q:
                    r = p * q
                else:
                    r = p + q
                return 3 * r

            graph = draw_traced(torch.fx.GraphModule({}, Yes().trace(f)), p=3.0, q=4.0)
            eager, traced, dp_eager, dp_traced = f(3, 4), graph.nodes[-1].value.item(), 3, graph.gradient_of("p").item()
        """,
    },
)

WITH_IF = """
def either(p, q):
    if p > q:
        return 3 * p * q
    return 3 * (p + q)
"""

EITHER = Exercise(
    lesson="11_static_dynamic",
    scope=("imports",),
    task="either",
    unsolved="not solved yet: at p = 2, q = 1 your function gives nothing back",
    solved="✓ right in all 4 cases",
    wrong={
        "the size of p": (
            "def either(p, q): return 3 * torch.where(p.abs() > q, p * q, p + q)",
            "✗ at p = -3, q = -3: yours 27, true -18. Is -3 > -3?",
        ),
        "the other number alone": (
            "def either(p, q): return 3 * torch.where(q < 3, p * q, p + q)",
            "✗ at p = -3, q = -3: yours 27, true -18. Is -3 > -3?",
        ),
        "equal counts as larger": (
            "def either(p, q): return 3 * torch.where(p >= q, p * q, p + q)",
            "✗ at p = -3, q = -3: yours 27, true -18. Is -3 > -3?",
        ),
        "another test": (
            "def either(p, q): return 3 * torch.where(p % 2 == 0, p * q, p + q)",
            "✗ at p = -3, q = -5: yours -24, true 45.",
        ),
        "an if": (WITH_IF, "✗ at p = 2, q = 1 your function stops with TraceError: symbolically…"),
        "Python's choice in one line": (
            "def either(p, q): return 3 * (p * q if p > q else p + q)",
            "✗ at p = 2, q = 1 your function stops with TraceError: symbolically…",
        ),
        "the first side alone": (
            "def either(p, q): return 3 * p * q",
            ("✗ at p = 1, q = 4: yours 12, true 15. The first side alone."),
        ),
        "the second side alone": (
            "def either(p, q): return 3 * (p + q)",
            ("✗ at p = 2, q = 1: yours 9, true 6. The second side alone."),
        ),
        "yes and no have changed places": (
            "def either(p, q): return 3 * torch.where(p > q, p + q, p * q)",
            ("✗ at p = 2, q = 1: yours 9, true 6. Yes and no swapped."),
        ),
        "the 3 forgotten": (
            "def either(p, q): return torch.where(p > q, p * q, p + q)",
            ("✗ at p = 2, q = 1: yours 2, true 6. The 3 is missing."),
        ),
        "the 3 on one side": (
            "def either(p, q): return torch.where(p > q, 3 * p * q, p + q)",
            ("✗ at p = 1, q = 4: yours 5, true 15."),
        ),
        "the wrong test": (
            "def either(p, q): return 3 * torch.where(p > 0, p * q, p + q)",
            ("✗ at p = 1, q = 4: yours 12, true 15."),
        ),
        "the sign": (
            "def either(p, q): return -3 * torch.where(p > q, p * q, p + q)",
            ("✗ at p = 2, q = 1: yours -6, true 6. The sign is turned round."),
        ),
        "a number read": (
            "def either(p, q): return 3 * (p * q if p.item() > q.item() else p + q)",
            "✗ at p = 2, q = 1 your function stops with TraceError: symbolically…",
        ),
        "a text": (
            "def either(p, q): return 'where'",
            ("✗ at p = 2, q = 1: yours 'where', true 6. A number is wanted."),
        ),
        "the test by max": (
            "def either(p, q): return 3 * max(p * q, p + q)",
            "✗ at p = 2, q = 1 your function stops with TraceError: symbolically…",
        ),
        "a branch of cond": (
            "def either(p, q): return torch.cond(p > q, lambda p, q: p * q, lambda p, q: p + q, (p, q))",
            "✗ at p = 2, q = 1 your function stops with RuntimeError: Expected…",
        ),
        "no function": ("either = 15", "✗ at p = 2, q = 1 your function stops with AssertionError: Expected…"),
    },
    right={
        "a mask": """
            def either(p, q):
                test = (p > q).to(p.dtype)
                return 3 * (test * (p * q) + (1 - test) * (p + q))
        """,
        "the 3 on both sides": "def either(p, q): return torch.where(p <= q, 3 * p + 3 * q, p * q * 3)",
        "a method": "def either(p, q): return (p * q).where(p > q, p + q) * 3",
        "by name": """
            def either(first, second):
                yes = first * second
                no = first + second
                r = torch.where(first.gt(second), yes, no)
                return r + r + r
        """,
    },
)

EXERCISES = [FROZEN, EITHER]
