"""Lesson 14: what the checks say of wrong answers, and of right ones written differently."""

from exercise import Exercise

IN_PLACE = """
def step(w, rate):
    with torch.no_grad():
        w -= rate * w.grad
    return w
"""
W = "w = [2, -2], rate = 0.1"

STEP = Exercise(
    lesson="14_off_the_tape",
    scope=("imports", "kept-moves"),
    task="step",
    unsolved=f"not solved yet: at {W} your function gives nothing back",
    solved="✓ right",
    wrong={
        "rebinding": (
            IN_PLACE.replace("w -= rate", "w = w - rate"),
            ("✗ at w = [2, -2], rate = 0.1, in [0][0]: yours 2, true 1.6. A new tensor moved, not w."),
        ),
        "rebinding on the tape": (
            "def step(w, rate): return w - rate * w.grad",
            ("✗ at w = [2, -2], rate = 0.1, in [0][0]: yours 2, true 1.6. A new tensor moved, not w."),
        ),
        "by .data": (
            """
            def step(w, rate):
                w.data -= rate * w.grad
                return w
            """,
            "✗ at w = [2, -2], rate = 0.1, in [2]: yours False, true True. By .data, or not w itself?",
        ),
        "new numbers by .data": (
            """
            def step(w, rate):
                w.data = w.data - rate * w.grad
                return w
            """,
            "✗ at w = [2, -2], rate = 0.1, in [2]: yours False, true True. By .data, or not w itself?",
        ),
        "on the tape": (
            """
            def step(w, rate):
                w -= rate * w.grad
                return w
            """,
            "✗ at w = [2, -2], rate = 0.1 your function stops with RuntimeError: a leaf…",
        ),
        "another w given back": (
            IN_PLACE.replace("return w", "return w - 0"),
            "✗ at w = [2, -2], rate = 0.1, in [2]: yours False, true True. By .data, or not w itself?",
        ),
        "a number given back": (
            IN_PLACE.replace("return w", "return 1"),
            "✗ at w = [2, -2], rate = 0.1, in [2]: yours False, true True. By .data, or not w itself?",
        ),
        "uphill": (
            IN_PLACE.replace("-=", "+="),
            ("✗ at w = [2, -2], rate = 0.1, in [0][0]: yours 2.4, true 1.6. Take rate * slope away."),
        ),
        "the rate is missing": (
            IN_PLACE.replace("rate * ", ""),
            ("✗ at w = [2, -2], rate = 0.1, in [0][0]: yours -2, true 1.6. Take rate * slope away."),
        ),
        "it asks no more": (
            """
            def step(w, rate):
                w.requires_grad_(False)
                w -= rate * w.grad
                return w
            """,
            "✗ at w = [2, -2], rate = 0.1, in [1]: yours False, true True. Take rate * slope away.",
        ),
        "return forgotten": (
            IN_PLACE.replace("    return w\n", ""),
            ("not solved yet: at w = [2, -2], rate = 0.1 your function gives nothing back"),
        ),
        "a name that is not there": (
            IN_PLACE.replace("torch.no_grad", "no_grad"),
            ("✗ at w = [2, -2], rate = 0.1 your function stops with NameError: name 'no_grad' is not defined…"),
        ),
    },
    right={
        "by sub_": """
            def step(w, rate):
                with torch.no_grad():
                    w.sub_(w.grad, alpha=rate)
                return w
        """,
        "decorated": """
            @torch.no_grad()
            def step(w, rate):
                w[...] = w - rate * w.grad
                return w
        """,
        "through a window that counts": """
            def step(w, rate):
                w.detach().sub_(rate * w.grad)
                return w
        """,
    },
)

AGREES = """
def agrees(f, x):
    leaf = x.clone().requires_grad_()
    f(leaf).backward()
    nudges = 1e-6 * torch.eye(len(x), dtype=x.dtype, device=x.device)
    slopes = torch.stack([(f(x + nudge) - f(x - nudge)) / 2e-6 for nudge in nudges])
    return ((leaf.grad - slopes).abs() < 1e-3).all().item()
"""

NUMERIC = Exercise(
    lesson="14_off_the_tape",
    scope=("imports",),
    task="agrees",
    unsolved="not solved yet: at name = 'A' your function gives nothing back",
    solved="✓ right in all 4 cases",
    wrong={
        "only the sizes": (
            AGREES.replace(
                "((leaf.grad - slopes).abs() < 1e-3).all().item()",
                "((leaf.grad.abs() - slopes.abs()).abs() < 1e-3).all().item()",
            ),
            "✗ at name = 'A': yours True, true False.",
        ),
        "only the lengths": (
            AGREES.replace(
                "((leaf.grad - slopes).abs() < 1e-3).all().item()",
                "((leaf.grad.norm() - slopes.norm()).abs() < 1e-3).item()",
            ),
            "✗ at name = 'A': yours True, true False.",
        ),
        "no distance": (
            AGREES.replace("(leaf.grad - slopes).abs()", "(leaf.grad - slopes)"),
            "✗ at name = 'B': yours True, true False. Take abs().",
        ),
        "only the first place": (
            """
            def agrees(f, x):
                leaf = x.clone().requires_grad_()
                f(leaf).backward()
                for at in range(len(x)):
                    nudge = torch.zeros_like(x)
                    nudge[at] = 1e-6
                    slope = (f(x + nudge) - f(x - nudge)) / 2e-6
                    return ((leaf.grad[at] - slope).abs() < 1e-3).item()
            """,
            "✗ at name = 'D': yours True, true False. nan is not close: ask if all are.",
        ),
        "the sum of the distances": (
            AGREES.replace(
                "((leaf.grad - slopes).abs() < 1e-3).all().item()", "((leaf.grad - slopes).sum().abs() < 1e-3).item()"
            ),
            "✗ at name = 'A': yours True, true False.",
        ),
        "all places nudged at once": (
            """
            def agrees(f, x):
                leaf = x.clone().requires_grad_()
                f(leaf).backward()
                slope = (f(x + 1e-6) - f(x - 1e-6)) / 2e-6
                return ((leaf.grad.sum() - slope).abs() < 1e-3).item()
            """,
            "✗ at name = 'A': yours True, true False.",
        ),
        "nan slips through": (
            AGREES.replace("return (", "return not (").replace("< 1e-3).all()", "> 1e-3).any()"),
            "✗ at name = 'D': yours True, true False. nan is not close: ask if all are.",
        ),
        "always true": ("def agrees(f, x): return True", "✗ at name = 'A': yours True, true False."),
        "always false": ("def agrees(f, x): return False", "✗ at name = 'C': yours False, true True."),
        "the other way round": (
            AGREES.replace("return (", "return not ("),
            ("✗ at name = 'A': yours True, true False."),
        ),
        "any in place of all": (
            AGREES.replace(".all()", ".any()"),
            ("✗ at name = 'D': yours True, true False. nan is not close: ask if all are."),
        ),
        "half the nudge": (AGREES.replace("/ 2e-6", "/ 1e-6"), "✗ at name = 'C': yours False, true True."),
        "the sum of the slopes only": (
            AGREES.replace("(leaf.grad - slopes).abs()", "(leaf.grad - slopes).sum()"),
            ("✗ at name = 'A': yours True, true False."),
        ),
        "nudged together": (
            AGREES.replace("f(x + nudge) - f(x - nudge)", "f(x + 1e-6) - f(x - 1e-6)"),
            "✗ at name = 'C': yours False, true True.",
        ),
        "detached": (
            AGREES.replace("f(leaf)", "f(leaf.detach())"),
            ("✗ at name = 'A' your function stops with RuntimeError: element …"),
        ),
        "the slopes themselves": (
            AGREES.replace("return", "return slopes #"),
            ("✗ at name = 'A': yours [8, -12, 4], true False."),
        ),
        "return forgotten": (
            AGREES.replace("return ", ""),
            ("not solved yet: at name = 'A' your function gives nothing back"),
        ),
    },
    right={
        "allclose": AGREES.replace(
            "((leaf.grad - slopes).abs() < 1e-3).all().item()", "torch.allclose(leaf.grad, slopes, atol=1e-3)"
        ),
        "by torch.autograd.grad, one by one": """
            def agrees(f, x):
                leaf = x.clone().requires_grad_()
                [gradient] = torch.autograd.grad(f(leaf), leaf)
                for i in range(len(x)):
                    up, down = x.clone(), x.clone()
                    up[i] += 1e-5
                    down[i] -= 1e-5
                    slope = (f(up) - f(down)) / 2e-5
                    if not abs(gradient[i] - slope) < 1e-3:
                        return False
                return True
        """,
        "a tensor of one truth": AGREES.replace(".all().item()", ".all()"),
    },
)

MEAN_AT = "mean = 0, loss = 4, count = 1"
MEAN = Exercise(
    lesson="14_off_the_tape",
    scope=("imports",),
    task="mean",
    unsolved="not solved yet: at mean = 0, loss = 4, count = 1 your function gives nothing back",
    solved="✓ right in all 2 cases",
    wrong={
        "backward inside, and kept for a second": (
            """
            def new_mean(mean, loss, count):
                loss.backward(retain_graph=True)
                return mean + (loss.detach() - mean) / count
            """,
            "✗ at mean = 0, loss = 4, count = 1: the result is right, but a backward pass went into what was given",
        ),
        "backward called inside": (
            """
            def new_mean(mean, loss, count):
                loss.backward()
                return mean + (loss.detach() - mean) / count
            """,
            "✗ at mean = 0, loss = 4, count = 1: the result is right, but a backward pass went into what was given",
        ),
        "it holds the graph": (
            "def new_mean(mean, loss, count): return mean + (loss - mean) / count",
            (
                "✗ at mean = 0, loss = 4, count = 1: yours a tensor that asks for gradients, true one that "
                "asks for no gradients."
            ),
        ),
        "the loss loses its graph": (
            "def new_mean(mean, loss, count): return mean + (loss.detach_() - mean) / count",
            "✗ at mean = 0, loss = 4, count = 1: yours a tensor that asks for no gradients, true one "
            "that asks for gradients. The result is right, but what was given has changed.",
        ),
        "the loss is divided in place": (
            """
            def new_mean(mean, loss, count):
                return mean * (count - 1) / count + loss.data.div_(count)
            """,
            "✗ at mean = 1, loss = 4, count = 4: yours 1, true 4. The result is right, but what was given has changed.",
        ),
        "the sum": (
            "def new_mean(mean, loss, count): return mean + loss.detach()",
            ("✗ at mean = 1, loss = 4, count = 4: yours 5, true 1.75. That is the sum."),
        ),
        "half and half": (
            "def new_mean(mean, loss, count): return (mean + loss.detach()) / 2",
            ("✗ at mean = 0, loss = 4, count = 1: yours 2, true 4. That is half and half."),
        ),
        "the old mean whole": (
            "def new_mean(mean, loss, count): return mean + loss.detach() / count",
            ("✗ at mean = 1, loss = 4, count = 4: yours 2, true 1.75. The old mean counts too much."),
        ),
        "the newest alone": (
            "def new_mean(mean, loss, count): return loss.detach()",
            ("✗ at mean = 1, loss = 4, count = 4: yours 4, true 1.75."),
        ),
        "the sign": (
            "def new_mean(mean, loss, count): return mean - (loss.detach() - mean) / count",
            ("✗ at mean = 0, loss = 4, count = 1: yours -4, true 4. The sign is turned round."),
        ),
        "no tensor": (
            "def new_mean(mean, loss, count): return mean + (loss.item() - mean) / count",
            ("✗ at mean = 0, loss = 4, count = 1: yours 4, true 4. A tensor is wanted."),
        ),
        "a text": (
            "def new_mean(mean, loss, count): return 'mean'",
            ("✗ at mean = 0, loss = 4, count = 1: yours 'mean', true 4. A tensor is wanted."),
        ),
        "return forgotten": (
            "def new_mean(mean, loss, count): mean + (loss.detach() - mean) / count",
            ("not solved yet: at mean = 0, loss = 4, count = 1 your function gives nothing back"),
        ),
    },
    right={
        "no_grad": """
            def new_mean(mean, loss, count):
                with torch.no_grad():
                    return (mean * (count - 1) + loss) / count
        """,
        "by .data": "def new_mean(mean, loss, count): return mean + (loss.data - mean) / count",
        "detached at the end": "def new_mean(mean, loss, count): return (mean + (loss - mean) / count).detach()",
    },
)

EXERCISES = [STEP, NUMERIC, MEAN]
