"""Lesson 15: what the checks say of wrong answers, and of right ones written differently."""

from exercise import Exercise

TRAIN = """
def train(w):
    losses = []
    for _ in range(4):
        gap = torch.sigmoid(w * x)
        gap = gap - 1
        loss = (gap**2).mean()
        losses.append(loss.item())
        loss.backward()
        with torch.no_grad():
            w -= w.grad
        w.grad = None
    return losses
"""
STEP = """
        with torch.no_grad():
            w -= w.grad
"""

MEND = Exercise(
    lesson="15_error_clinic",
    scope=("imports", "stops-way"),
    task="mend",
    unsolved="not solved yet: at w = 0 your function gives nothing back",
    solved="✓ right",
    wrong={
        "both faults as they are": (
            TRAIN.replace("gap = gap - 1", "gap -= 1").replace(STEP, "\n        w -= w.grad\n"),
            "✗ at w = 0 your function stops with RuntimeError: one of …",
        ),
        "the step on the tape": (
            TRAIN.replace(STEP, "\n        w -= w.grad\n"),
            "✗ at w = 0 your function stops with RuntimeError: a leaf…",
        ),
        "the change hidden by .data": (
            TRAIN.replace("gap = gap - 1", "gap.data -= 1"),
            ("✗ at w = 0, in [1]: yours 0.8513, true 0.08272. False slope."),
        ),
        "the false cure of the step": (
            TRAIN.replace(STEP, "\n        w = w - w.grad\n"),
            "✗ at w = 0 your function stops with TypeError: unsupported operand …",
        ),
        "rebound off the tape": (
            TRAIN.replace("w -= w.grad", "w = w - w.grad"),
            "✗ at w = 0 your function stops with RuntimeError: element …",
        ),
        "None is passed over": (
            TRAIN.replace(STEP, "\n        if w.grad is not None:\n            w = w - w.grad\n"),
            "✗ at w = 0, in [2]: yours 0.08272, true 0.05553. Moves once.",
        ),
        "loss made a leaf": (
            TRAIN.replace(
                "loss.backward()", "loss = loss.detach()\n        loss.requires_grad = True\n        loss.backward()"
            ),
            "✗ at w = 0 your function stops with TypeError: unsupported operand …",
        ),
        "loss made a leaf, and no step": (
            TRAIN.replace("loss.backward()", "loss.detach_().requires_grad_().backward()").replace(
                "            w -= w.grad", "            pass"
            ),
            "✗ at w = 0, in [1]: yours 0.25, true 0.08272. w stays.",
        ),
        "the graph kept, the loss made once": (
            """
            def train(w):
                losses = []
                loss = ((torch.sigmoid(w * x) - 1) ** 2).mean()
                for _ in range(4):
                    losses.append(loss.item())
                    loss.backward(retain_graph=True)
                    w.data -= w.grad
                    w.grad = None
                return losses
            """,
            "✗ at w = 0, in [1]: yours 0.25, true 0.08272. w stays.",
        ),
        "not cleared": (
            TRAIN.replace("        w.grad = None\n", ""),
            ("✗ at w = 0, in [2]: yours 0.02101, true 0.05553. Mend these two faults only."),
        ),
        "uphill": (
            TRAIN.replace("w -=", "w +="),
            ("✗ at w = 0, in [1]: yours 0.5301, true 0.08272. Mend these two faults only."),
        ),
        "one round only": (
            TRAIN.replace("range(4)", "range(1)"),
            ("✗ at w = 0: yours of shape (1,), true of shape (4,). The shape is wrong."),
        ),
        "the last loss alone": (
            TRAIN.replace("return losses", "return losses[-1]"),
            ("✗ at w = 0: yours a single number, true of shape (4,). The shape is wrong."),
        ),
        "return forgotten": (
            TRAIN.replace("    return losses\n", ""),
            "not solved yet: at w = 0 your function gives nothing back",
        ),
    },
    right={
        "in one line": TRAIN.replace("\n        gap = gap - 1", "").replace("w * x)", "w * x) - 1"),
        "a clone is changed": TRAIN.replace("gap = gap - 1", "gap = gap.clone()\n        gap -= 1"),
        "by sub_, cleared by zero_": TRAIN.replace("w -= w.grad", "w.sub_(w.grad)").replace(
            "w.grad = None", "w.grad.zero_()"
        ),
        "a new leaf in each round": TRAIN.replace(STEP, "\n        w = (w - w.grad).detach().requires_grad_()\n"),
        "by .data, and cleared first": """
            def train(w):
                losses = []
                for _ in range(4):
                    w.grad = None
                    loss = ((1 - torch.sigmoid(w * x)) ** 2).mean()
                    loss.backward()
                    w.data -= w.grad
                    losses.append(loss.item())
                return losses
        """,
    },
)

QUOTIENTS = """
slope, quotients = (meant(1.001) - meant(0.999)) / 0.002, []
for step in steps.values():
    w = torch.tensor(1.0, requires_grad=True, device=device)
    step(w).backward()
    quotients.append(w.grad / slope)
A, B, C, D = quotients
"""

SILENT = Exercise(
    lesson="15_error_clinic",
    scope=("imports", "stops-way", "rest-steps"),
    task="silent",
    unsolved="not solved yet: A, B, C, D are not filled in",
    solved="✓ right",
    wrong={
        "one leaf for all": (
            QUOTIENTS.replace("    w = torch.tensor(1.0, requires_grad=True, device=device)\n", "")
            .replace("\nfor", "\nw = torch.tensor(1.0, requires_grad=True, device=device)\nfor")
            .replace("w.grad / slope", "(w.grad / slope).item()"),
            "✗ B: yours 1.714, true 0.7143. Take a fresh leaf for each step.",
        ),
        "the steps themselves nudged": (
            """
            A, B, C, D = 1, 1, 0.5, 2
            """,
            "✗ B: yours 1, true 0.7143. Nudge meant, not the step.",
        ),
        "upside down": (
            QUOTIENTS.replace("w.grad / slope", "slope / w.grad"),
            ("✗ B: yours 1.4, true 0.7143. That is the slope divided by w.grad."),
        ),
        "by torch.autograd.grad": (
            QUOTIENTS.replace("step(w).backward()", "[gradient] = torch.autograd.grad(step(w), w)").replace(
                "w.grad /", "gradient /"
            ),
            "✗ D: yours 1, true 2. What does w.grad hold in the end?",
        ),
        "the gradients, not the quotients": (
            QUOTIENTS.replace("w.grad / slope", "w.grad"),
            ("✗ A: yours -9.333, true 1. Divide by the slope."),
        ),
        "half the nudge": (QUOTIENTS.replace("/ 0.002", "/ 0.001"), "✗ A: yours 0.5, true 1."),
        "backward twice": (
            QUOTIENTS.replace("step(w).backward()", "step(w).backward()\n    step(w).backward()"),
            "✗ A: yours 2, true 1.",
        ),
        "yes and no": ("A, B, C, D = True, False, False, False", "✗ A: yours True, true 1. A number is wanted."),
        "only the first": (
            "A, B, C, D = 1, None, None, None",
            ("not solved yet: B, C, D are not filled in (A is right)"),
        ),
        "the sign": (QUOTIENTS.replace("w.grad / slope", "-w.grad / slope"), "✗ A: yours -1, true 1."),
    },
    right={
        "in a loop": QUOTIENTS,
        "by a function": """
            def quotient(step):
                w = torch.ones(1, requires_grad=True, device=device)
                step(w).backward()
                return w.grad.item() / ((meant(1.001).item() - meant(0.999).item()) / 0.002)


            A, B, C, D = map(quotient, steps.values())
        """,
        "by hand": "A, B, C, D = 1.0, 0.714, 0.5, 2.0",
    },
)

VERDICT = """
def verdict(loss, meant, w):
    if not w.is_leaf or not w.requires_grad:
        return "no leaf"
    if w.grad is not None:
        return "not cleared"
    loss.backward()
    up, down = meant(w.detach() + 0.001), meant(w.detach() - 0.001)
    if abs(w.grad - (up - down) / 0.002) > 0.01:
        return "wrong slope"
    return "healthy"
"""
CLEARED = '    if w.grad is not None:\n        return "not cleared"\n'

HEALTHY = Exercise(
    lesson="15_error_clinic",
    scope=("imports", "stops-way", "rest-steps"),
    task="verdict",
    unsolved="not solved yet: at case = 'A' your function gives nothing back",
    solved="✓ right in all 6 cases",
    wrong={
        "always healthy": (
            "def verdict(loss, meant, w): return 'healthy'",
            ("✗ at case = 'D': yours 'healthy', true 'not cleared'."),
        ),
        "w.grad is not asked for": (
            VERDICT.replace(CLEARED, ""),
            ("✗ at case = 'D': yours 'wrong slope', true 'not cleared'."),
        ),
        "asked after backward": (
            VERDICT.replace(CLEARED, "").replace("    up,", f"{CLEARED}    up,"),
            "✗ at case = 'A': yours 'not cleared', true 'healthy'.",
        ),
        "the leaf is not looked at": (
            VERDICT.replace('    if not w.is_leaf or not w.requires_grad:\n        return "no leaf"\n', ""),
            "✗ at case = 'moved' your function stops with TypeError: unsupported operand …",
        ),
        "a mute w is passed over": (
            VERDICT.replace(" or not w.requires_grad", ""),
            "✗ at case = 'mute' your function stops with RuntimeError: element …",
        ),
        "a moved w is passed over": (
            VERDICT.replace("not w.is_leaf or ", ""),
            "✗ at case = 'moved' your function stops with TypeError: unsupported operand …",
        ),
        "without abs": (
            VERDICT.replace("abs(w.grad", "(w.grad"),
            ("✗ at case = 'C': yours 'healthy', true 'wrong slope'."),
        ),
        "only the signs": (
            VERDICT.replace("abs(w.grad - (up - down) / 0.002) > 0.01", "w.grad * (up - down) < 0"),
            "✗ at case = 'B': yours 'healthy', true 'wrong slope'.",
        ),
        "half the nudge": (
            VERDICT.replace("/ 0.002", "/ 0.001"),
            ("✗ at case = 'A': yours 'wrong slope', true 'healthy'."),
        ),
        "too close": (VERDICT.replace("> 0.01", "> 0"), "✗ at case = 'A': yours 'wrong slope', true 'healthy'."),
        "too far": (VERDICT.replace("> 0.01", "> 3"), "✗ at case = 'B': yours 'healthy', true 'wrong slope'."),
        "the other way round": (
            VERDICT.replace("> 0.01", "< 0.01"),
            ("✗ at case = 'A': yours 'wrong slope', true 'healthy'."),
        ),
        "the slope of loss against itself": (
            VERDICT.replace(
                "up, down = meant(w.detach() + 0.001), meant(w.detach() - 0.001)", "up, down = 0.002 * w.grad, 0"
            ),
            "✗ at case = 'B': yours 'healthy', true 'wrong slope'.",
        ),
        "another word": (
            VERDICT.replace('"wrong slope"', '"wrong"'),
            ("✗ at case = 'B': yours 'wrong', true 'wrong slope'."),
        ),
        "return forgotten": (
            VERDICT.replace("return ", ""),
            "not solved yet: at case = 'A' your function gives nothing back",
        ),
    },
    right={
        "up and down": VERDICT,
        "by torch.autograd.grad": """
            def verdict(loss, meant, w):
                if not (w.requires_grad and w.is_leaf):
                    return "no leaf"
                if w.grad is not None and w.grad != 0:
                    return "not cleared"
                [gradient] = torch.autograd.grad(loss, w)
                at = w.detach().clone().requires_grad_()
                [true] = torch.autograd.grad(meant(at), at)
                return "healthy" if torch.isclose(gradient, true, atol=0.01) else "wrong slope"
        """,
        "one return": """
            def verdict(loss, meant, w):
                word = "no leaf"
                if w.is_leaf and w.requires_grad:
                    word = "not cleared"
                    if w.grad is None:
                        with torch.no_grad():
                            slope = (meant(w + 0.001) - meant(w - 0.001)) / 0.002
                        loss.backward()
                        word = "healthy" if (w.grad - slope).abs() <= 0.01 else "wrong slope"
                return word
        """,
    },
)

EXERCISES = [MEND, SILENT, HEALTHY]
