"""Faults that no run can see, each with the reason: {lesson: {fault: why nothing that is shown can change}}.

The kill table holds this to the letter: a fault that stands here and is seen is an error too.
"""

SEED = {
    "imports: torch.manual_seed(0) → torch.manual_seed(1)":
        "What this lesson draws, if anything, comes from a generator of its own; the seed is for learners' own cells.",
}  # fmt: skip
STYLE = {"course_utils: use_style": "It sets matplotlib's defaults, and this lesson has graphs but no plot."}
NUDGE = "Half as large again, this nudge is still small, and gives the same slope to the digits that are shown."

ARGUED = {
    "00_start_here": SEED,
    "01_slope": {
        **SEED,
        "downhill-solution: if slope(f, w) > 0: → if slope(f, w) > 1:":
            "Of the slopes that the check asks for none lies between 0 and 1: that of abs comes out just above 1.",
        "how-small-table: w = torch.tensor([3 + i / 100 for i in range(300)], dtype=dtype, device=device) "
        "→ w = torch.tensor([4 + i / 100 for i in range(300)], dtype=dtype, device=device)":
            "The plot tells the worst error by its power of ten, the same between 4 and 7 as between 3 and 6.",
        "all-slopes-solution: h, slopes = 1e-6, [] → h, slopes = 1.5e-06, []": NUDGE,
        "float32-break: (f(w) + extra).backward() → (f(w) - extra).backward()":
            "A constant has no slope, taken away or added: the cell is there to show that.",
    },
    "02_graph": SEED | STYLE,
    "03_chain_rule": {
        **SEED, **STYLE,
        "local-slopes: def slope(f, at, h=1e-6): → def slope(f, at, h=1.5e-06):": NUDGE,
        "diamonds-count: r = 2 * r + 3 * r → r = 2 * r - 3 * r":
            "The cell counts arrows and paths, and a difference has as many as a sum.",
    },
    "04_requires_grad": {
        **SEED,
        "doors-table: z = w * k → z = w + k":
            "The table tells which tensors are leaves, ask and get a `.grad`: of a sum the same as of a product.",
    },
    "05_backward": {
        **SEED, **STYLE,
        "many-numbers: (A * -2 + 1).abs().backward() → (A * -2 - 1).abs().backward()":
            "The line stops because it has nine numbers, whatever they are; the cell shows that it stops.",
        "once-retain: old, x = x, torch.tensor(3.0, requires_grad=True, device=device)  # p was made from the old one "
        "→ old, x = x, torch.tensor(4.5, requires_grad=True, device=device)  # p was made from the old one":
            "Nothing is computed from the new leaf: that its `.grad` stays None is what the cell shows.",
    },
    "06_vector_backward": SEED,
    "07_manual_sgd": {
        **SEED,
        "break-item-count: w = torch.tensor(1.0, requires_grad=True, device=device) "
        "→ w = torch.tensor(1.5, requires_grad=True, device=device)":
            "The cell counts the graphs that are still alive, whatever the weight.",
        "break-item-count: loss = (w * x_i - y_i) ** 2 → loss = (w * x_i - y_i) * 2":
            "The cell counts the graphs that are still alive, whatever the loss.",
    },
    "08_learning_rate": {
        **SEED,
        "explore-bowl: h = 1e-3 → h = 0.0015": NUDGE,
        "critical-rate-solution: h = 1e-4 → h = 0.00015000000000000001": NUDGE,
    },
    "09_quadratic": SEED,
    "10_linear_regression": SEED,
    "11_static_dynamic": {
        **SEED,
        "branch-refused: "
        'for tracer in [torch.fx.symbolic_trace, lambda function: export_graphs(function, {"a": 1, "b": 2})]: → '
        'for tracer in [torch.fx.symbolic_trace, lambda function: export_graphs(function, {"a": 2, "b": 2})]:':
            "The function is refused before a number is computed, whichever it is fed with.",
        "course_utils: use_style": "Its one plot is of graphs, and sets its own size.",
    },
    "12_engine": SEED | STYLE,
    "13_network": {
        **SEED,
        "deep-hooks: def arriving(curve, scale, depth=20): → def arriving(curve, scale, depth=21):":
            "There are 20 matrices, and the first 21 of them are all 20.",
    },
    "14_off_the_tape": {
        **SEED, **STYLE,
        "kept-numbers: kept, x = [], torch.tensor([1.0, 2.0, 3.0], requires_grad=True, device=device) "
        "→ kept, x = [], torch.tensor([1.5, 2.0, 3.0], requires_grad=True, device=device)":
            "The cell counts how many numbers are kept, not which.",
        'kept-numbers: operations = {"x + x": lambda x: x + x, "x * k": lambda x: x * k, "x * x": lambda x: x * x, '
        '"exp(x)": torch.exp} → operations = {"x + x": lambda x: x - x, "x * k": lambda x: x * k, '
        '"x * x": lambda x: x * x, "exp(x)": torch.exp}':
            "The cells show what is kept and where it stops, and a difference keeps as little as a sum: nothing.",
        "kept-moves: fresh = w - 1 → fresh = w + 1":
            "The cell shows that `fresh` does not ask, and not what it is worth.",
        "inplace-stops: x = torch.tensor([1.0, 2.0, 3.0], requires_grad=True, device=device) "
        "→ x = torch.tensor([1.5, 2.0, 3.0], requires_grad=True, device=device)":
            "The cell shows where backward() stops, which no value of x decides.",
    },
    "15_error_clinic": {
        **SEED, **STYLE,
        "rest-first: y_hat = w * x → y_hat = w + x":
            "The cell shows how each error is called and which tensor has it, and both are several numbers.",
        "rest-second: h += 1 → h += 2": "The error is that `h` was changed in place, not by how much.",
        "rest-second: forward = staticmethod(lambda ctx, w, x: w * x) "
        "→ forward = staticmethod(lambda ctx, w, x: w + x)":
            "The cell shows the error of the backward pass, which comes whatever the forward pass gave.",
        "silent-diagnose: w = torch.tensor(1.0, requires_grad=True, device=device) "
        "→ w = torch.tensor(1.5, requires_grad=True, device=device)":
            "What is found is wrong with the code of a step, and the same for each weight.",
    },
    "16_torch_optim": SEED,
}  # fmt: skip
