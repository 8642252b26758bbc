"""Lesson 04: what the checks say of wrong answers, and of right ones written differently."""

from exercise import Exercise

CUT = Exercise(
    lesson="04_requires_grad",
    scope=("imports",),
    task="cut",
    unsolved="not solved yet: dp, dq are not filled in",
    solved="✓ right",
    wrong={
        "back through the cut": (
            "dp, dq = 25, 36",
            "✗ dp: yours 25, true 13. No path through t.",
        ),
        "q through the cut": (
            "dp, dq = 13, 36",
            "✗ dq: yours 36, true 18. No path through t.",
        ),
        "overwrote: the short path is missing": (
            "dp, dq = 12, 18",
            "✗ dp: yours 12, true 13. Add the short path.",
        ),
        "upstream forgotten": ("dp, dq = 2 + 1, 3", "✗ dp: yours 3, true 13. Times the 6."),
        "the sign": ("dp, dq = 13, -18", "✗ dq: yours -18, true 18. The sign is turned round."),
        "paths multiplied": ("dp, dq = 12 * 1, 18", "✗ dp: yours 12, true 13. Add the short path."),
        "half done": ("dp, dq = 13, None", "not solved yet: dq is not filled in (dp is right)"),
        "a text": ("dp, dq = '13', '18'", "✗ dp: yours '13', true 13. A number is wanted."),
        "a list": ("dp, dq = [13], 18", "✗ dp: yours of shape (1,), true a single number. The shape is wrong."),
    },
    right={
        "by torch": """
            p, q = (torch.tensor(number, requires_grad=True, device=device) for number in (3.0, 2.0))
            s = p * q
            (s * s.detach() + p).backward()
            dp, dq = p.grad, q.grad
        """,
        "path by path": "p, q, t = 3.0, 2.0, 6.0\ndp = t * q + 1\ndq = t * p",
    },
)

SNAPSHOT = Exercise(
    lesson="04_requires_grad",
    scope=("imports", "cut-graph", "doors-table", "doors-numbers"),
    task="snapshot",
    unsolved="not solved yet: at w = 3 your function gives nothing back",
    solved="✓ right in all 2 cases",
    wrong={
        "the answer for one w": (
            "def snapshot(w): return torch.tensor([100.0, 2.0], device=device)",
            "✗ at w = 3: yours of shape (2,), true a single number. The shape is wrong.",
        ),
        "whole numbers": (
            "def snapshot(w): return w.detach().clone().long() + 1",
            "✗ at w = 3: yours 4, true 3.",
        ),
        "w emptied": (
            """
            def snapshot(w):
                kept = w.detach().clone()
                w.data.zero_()
                return kept
            """,
            "✗ at w = 3: yours 0, true 3. The result is right, but what was given has changed.",
        ),
        "detached, but the same memory": (
            "def snapshot(w): return w.detach()",
            "✗ at w = 3: right for now, but it shows the memory of what was given, and changes with it",
        ),
        ".data": (
            "def snapshot(w): return w.data",
            "✗ at w = 3: right for now, but it shows the memory of what was given, and changes with it",
        ),
        "w itself": (
            "def snapshot(w): return w",
            "✗ at w = 3: yours a tensor that asks for gradients, true one that asks for no gradients.",
        ),
        "a copy that asks": (
            "def snapshot(w): return w.clone()",
            "✗ at w = 3: yours a tensor that asks for gradients, true one that asks for no gradients.…",
        ),
        "a leaf that asks": (
            "def snapshot(w): return w.detach().clone().requires_grad_()",
            "✗ at w = 3: yours a tensor that asks for gradients, true one that asks for no gradients.…",
        ),
        "w asks no more": (
            "def snapshot(w):\n    w.requires_grad = False\n    return w.clone()",
            "✗ at w = 3: yours a tensor that asks for no grad…",
        ),
        "a list": ("def snapshot(w): return w.tolist()", "✗ at w = 3: yours 3, true 3. A tensor is wanted."),
        "an array": (
            "def snapshot(w): return w.cpu().numpy()",
            "✗ at w = 3 your function stops with RuntimeError: Can't call numpy() on Tensor that requires grad…",
        ),
        "one number": (
            "def snapshot(w): return w.detach().sum().clone()",
            "✗ at w = [100, 2]: yours a single number, true of shape (2,). The shape is wrong.",
        ),
        "zeros": ("def snapshot(w): return torch.zeros_like(w)", "✗ at w = 3: yours 0, true 3."),
        "a name that is not there": (
            "def snapshot(w): return copy(w)",
            "✗ at w = 3 your function stops with NameError: name 'copy' is not defined",
        ),
    },
    right={
        "the other way round": "def snapshot(w): return w.clone().detach()",
        ".data": "def snapshot(w): return w.data.clone()",
        "by a list": "def snapshot(w): return torch.tensor(w.tolist(), device=device)",
        "a result of plain tensors": "def snapshot(w): return w.detach() * 1",
    },
)

FRESH = Exercise(
    lesson="04_requires_grad",
    scope=("imports", "again-runs"),
    task="fresh",
    unsolved="not solved yet: at w = 3 your function gives nothing back",
    solved="✓ right",
    wrong={
        "zero_, not copied": (
            """
            def fresh_gradient(f, w):
                if w.grad is not None:
                    w.grad.zero_()
                f(w).backward()
                return w.grad
            """,
            "✗ at w = 3, in [0]: yours 5, true 6. It changed with `w.grad` later: copy it.",
        ),
        "not emptied": (
            "def fresh_gradient(f, w):\n    f(w).backward()\n    return w.grad.clone()",
            "✗ at w = 3, in [1]: yours 18, true 5. Old slopes are in it: empty `.grad` first.",
        ),
        "not emptied, not copied": (
            "def fresh_gradient(f, w):\n    f(w).backward()\n    return w.grad",
            "✗ at w = 3, in [0]: yours 18, true 6. Empty first, go backward, then copy.",
        ),
        "not copied": (
            "def fresh_gradient(f, w):\n    w.grad = None\n    f(w).backward()\n    return w.grad",
            "✗ at w = 3, in [0]: yours 13, true 6. It is `w.grad` itself: copy it.",
        ),
        "detached, not copied": (
            "def fresh_gradient(f, w):\n    w.grad = None\n    f(w).backward()\n    return w.grad.detach()",
            "✗ at w = 3, in [0]: yours 13, true 6. It is `w.grad` itself: copy it.",
        ),
        "zero_ where there is None": (
            "def fresh_gradient(f, w):\n    w.grad.zero_()\n    f(w).backward()\n    return w.grad.clone()",
            "✗ at w = 3 your function stops with AttributeError: 'NoneType' object has no attribute 'zero_'",
        ),
        "emptied at the end": (
            """
            def fresh_gradient(f, w):
                f(w).backward()
                answer = w.grad.clone()
                w.grad.zero_()
                return answer
            """,
            "✗ at w = 3, in [1]: yours 12, true 5. Empty first, not at the end.",
        ),
        "emptied before it is read": (
            "def fresh_gradient(f, w):\n    f(w).backward()\n    w.grad.zero_()\n    return w.grad.clone()",
            "✗ at w = 3, in [0]: yours 0, true 6. Empty first, go backward, then copy.",
        ),
        "the value": (
            "def fresh_gradient(f, w): return f(w)",
            "✗ at w = 3, in [0]: yours 9, true 6. Empty first, go backward, then copy.",
        ),
        "detached": (
            "def fresh_gradient(f, w):\n    f(w.detach()).backward()\n    return w.grad.clone()",
            "✗ at w = 3 your function stops with RuntimeError: element 0 of tensors does not require grad…",
        ),
        "what backward() gives back": (
            "def fresh_gradient(f, w): return f(w).backward()",
            "not solved yet: at w = 3 your function gives nothing back",
        ),
        "a text": (
            "def fresh_gradient(f, w): return 'w.grad'",
            "✗ at w = 3: yours ['w.grad', 'w.grad'], true [6, 5]. Numbers of shape (2,) are wanted.",
        ),
    },
    right={
        "emptied if there is something": """
            def fresh_gradient(f, w):
                if w.grad is not None:
                    w.grad.zero_()
                f(w).backward()
                return w.grad.detach().clone()
        """,
        "autograd.grad": """
            def fresh_gradient(f, w):
                [gradient] = torch.autograd.grad(f(w), w)
                return gradient
        """,
        "a leaf of its own": """
            def fresh_gradient(f, w):
                mine = w.detach().clone().requires_grad_()
                f(mine).backward()
                return mine.grad
        """,
        "a difference": """
            def fresh_gradient(f, w):
                before = 0 if w.grad is None else w.grad.clone()
                f(w).backward()
                return w.grad - before
        """,
    },
)

EXERCISES = [CUT, SNAPSHOT, FRESH]
