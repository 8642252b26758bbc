"""Where each worked example of the course is shown: the lesson, the cell, and what its stored output must say.

The ids are those of the list that the course was asked to implement; a figure is given as the cell prints it.
"""

WORKED = {
    "B1": [
        ("05_backward", "start-stepper", "z = 3   p = 7"),
        ("05_backward", "read-watch", "x.grad = 5   y.grad = 2"),
    ],
    "B2": [
        ("05_backward", "nine-module", "result = 9   A.grad = [[2.0, 2.0, 2.0], [2.0, 2.0, 2.0], [2.0, 2.0, 2.0]]"),
    ],
    "B3": [
        ("05_backward", "many-numbers", "backward() stops: grad can be implicitly created only for scalar outputs"),
    ],
    "B4": [
        ("06_vector_backward", "start-stepper", "1. a, a leaf: value [2, 3], gradient [36, 81]."),
        ("06_vector_backward", "start-stepper", "4. b, a leaf: value [6, 4], gradient [−12, −8]."),
        ("06_vector_backward", "start-vectors", "v = [1.0, 1.0]   a.grad = [36.0, 81.0]   b.grad = [-12.0, -8.0]"),
        ("06_vector_backward", "start-vectors", "v = [1.0, 10.0]   a.grad = [36.0, 810.0]   b.grad = [-12.0, -80.0]"),
        (
            "06_vector_backward",
            "start-vectors",
            "(Q · v), v = [1.0, 10.0]   a.grad = [36.0, 810.0]   b.grad = [-12.0, -80.0]",
        ),
    ],
    "C1": [
        ("03_chain_rule", "one-path-graph", "x moves by 0.001   y moves by 0.006   z moves by -0.012"),
        ("03_chain_rule", "one-path-graph", "y, ^ of x, 2: value 9, gradient −2. Sends −12 (×6) to x."),
    ],
    "C2": [
        ("03_chain_rule", "two-paths-nudge", "by way of x alone: 12.000"),
        ("03_chain_rule", "two-paths-nudge", "by way of y alone: -9.000"),
        ("03_chain_rule", "two-paths-nudge", "Together: 12 + (−9) = 3, the gradient of s."),
    ],
    "C3": [
        (
            "06_vector_backward",
            "neuron-back",
            "by hand   v = [-0.25, 0.25]   dC/da = -1.5   dC/dz = -0.375   dC/dw = [-0.75, -0.375]",
        ),
        ("06_vector_backward", "neuron-back", "torch     dz/dw = [2.0, 1.0]   dC/dw = [-0.75, -0.375]"),
        ("06_vector_backward", "neuron-count", "100 inputs   1 results:   1 rows, 100 columns, same True"),
        ("13_network", "net-autograd", "w1 (2, 6)  size 1.154688, autograd 1.154688 True"),
    ],
    "C4": [
        ("01_slope", "two-ways-table", "up and down 9.000001"),
        ("01_slope", "slider", "w = 2.0, h = 1e-06: the line's slope is 9.00, so w should shrink"),
        ("01_slope", "slider", "so w should grow"),
        ("01_slope", "float32-break", "torch.float64   f + 0      nudge 9.00   torch 9.00"),
        ("01_slope", "float32-break", "torch.float32   f + 0      nudge 8.58   torch 9.00"),
        ("01_slope", "float32-break", "torch.float32   f + 1000   nudge 0.00   torch 9.00"),
    ],
    "G1": [
        ("02_graph", "forward-graph", "x = 3   y = 12   z = 15"),
        ("02_graph", "forward-graph", "A graph of 7 nodes."),
        ("02_graph", "backward-by-hand", "going back:  da = 1   db = 1   dc = 4   dd = 3"),
        ("02_graph", "backward-by-hand", "nudging says: [1.0, 1.0, 4.0, 3.0]"),
    ],
    "G2": [
        ("02_graph", "gradients-graph", "PyTorch says: [1.0, 1.0, 4.0, 3.0]"),
        (
            "02_graph",
            "gradients-graph",
            "y, × of c, d: value 12, gradient 1, from c * d. Sends 4 (×4) to c. Sends 3 (×3) to d.",
        ),
        ("02_graph", "torch-kinds", "x = 3, made by Add"),
        ("02_graph", "torch-kinds", "y = 12, made by Mul"),
        ("02_graph", "torch-kinds", "z = 15, made by Add"),
    ],
    "G3": [
        ("11_static_dynamic", "fed-run", "z is + of + and ×. Its value: TypeError"),
        ("11_static_dynamic", "fed-run", "fed 1 2 3 4   x = 3   y = 12   z = 15"),
        ("11_static_dynamic", "fed-run", "gradients: {'a': 1.0, 'b': 1.0, 'c': 4.0, 'd': 3.0}"),
        ("11_static_dynamic", "traced-graph", "7. the result, + of node 5, node 6: value ?."),
        ("11_static_dynamic", "traced-graph", "7. the result, + of node 5, node 6: value 15, gradient 1."),
    ],
    "G4": [
        ("11_static_dynamic", "branch-eager", "a =  1   y =  6   gradients: a 2, b  2   operations: + ×"),
        ("11_static_dynamic", "branch-eager", "a = -1   y = -6   gradients: a 2, b -2   operations: − ×"),
        ("11_static_dynamic", "branch-refused", "it stops, and says: control flow"),
        ("11_static_dynamic", "branch-refused", "it stops, and says: data-dependent"),
        ("11_static_dynamic", "cond-export", "a =  1   y =  6   gradients of a, b: 2 2"),
        ("11_static_dynamic", "cond-export", "a = -1   y = -6   gradients of a, b: 2 -2"),
        (
            "11_static_dynamic",
            "cond-export",
            "4. unnamed, cond of node 3, a, b: value −3, gradient 2, from a + b or a − b.",
        ),
    ],
    "I1": [
        ("00_start_here", "machine", "✓ Python: 3.11 or newer"),
        ("00_start_here", "machine", "✓ torch: 2.11 or newer"),
        ("00_start_here", "machine", "✓ device: computes"),
    ],
    "N1": [
        ("13_network", "collapse-layers", "two [6.0, 8.0, 10.0]   one [6.0, 8.0, 10.0]   relu [5.0, 7.0, 10.0]"),
    ],
    "R1": [
        ("04_requires_grad", "asks-matrix", "W asks: True   W.grad is None"),
        (
            "04_requires_grad",
            "asks-matrix",
            "shapes: (3, 3) (3, 3)   W.grad = [[2.0, 4.0, 6.0], [8.0, 10.0, 12.0], [14.0, 16.0, 18.0]]",
        ),
    ],
    "R2": [
        ("04_requires_grad", "doors-table", "w, leaf that asks   True      True            False       True"),
        ("04_requires_grad", "doors-table", "z, result           False     True            True        False"),
        ("04_requires_grad", "doors-table", "c, detached         True      False           False       False"),
        ("04_requires_grad", "doors-numbers", "it stops, and says: requires grad"),
        ("04_requires_grad", "doors-numbers", "detached, as an array: [1. 2.]   item of the sum: 3.0"),
        ("04_requires_grad", "doors-numbers", "v.data     = [100.0, 2.0]   asks: False"),
        ("04_requires_grad", "doors-numbers", "v.detach() = [100.0, 2.0]   asks: False"),
        ("04_requires_grad", "doors-numbers", "gradient of v.data * v: [100.0, 2.0]   v is a leaf: True"),
    ],
    "R3": [
        ("04_requires_grad", "again-runs", "second run: w.grad = 12"),
        ("04_requires_grad", "again-runs", "third run, emptied before: w.grad = 6"),
    ],
    "S1": [
        ("07_manual_sgd", "train-run", "at x = 4: before 4.000000, after 7.999999"),
    ],
    "S2": [
        ("07_manual_sgd", "curve", "at x = 4: before 12.000000, after 8.000003"),
        ("07_manual_sgd", "curve", "The loss falls from 4.1 to about 0."),
    ],
    "S3": [
        ("09_quadratic", "train-run", "loss 1.9200 → 0.0059, w1 1.1145, w2 1.4928, b 1.4557, at 4: 25.2593"),
        ("09_quadratic", "train-run", "1.11, 1.49, 1.46: loss 0.005, at x = 10 it says 127.8"),
        ("09_quadratic", "curvatures", "all directions:  c = 0.0150 to 75.6088   ratio 5030   2 / c = 0.0265"),
        (
            "09_quadratic",
            "remedies-table",
            "3 points  10000 epochs   ratio 5030   weights 1.000 1.998 1.002   at 10: 121.02",
        ),
        (
            "09_quadratic",
            "remedies-table",
            "6 points     50 epochs   ratio   49   weights 1.001 1.999 0.995   at 10: 121.06",
        ),
        (
            "09_quadratic",
            "remedies-table",
            "x - 2       100 epochs   ratio   10   weights 1.000 6.000 9.000   at 10: 121.00",
        ),
    ],
    "S4": [
        ("10_linear_regression", "cloud-values", "x (500, 1)   w (1, 1)   x @ w + b (500, 1)"),
        ("10_linear_regression", "fit", "step 3000   loss 1.029e-04   w 2.9656   b 0.8183"),
        ("10_linear_regression", "fit", "w = 2.97, b = 0.82. A plot of y against x. model: 50 points"),
    ],
    "S5": [
        ("10_linear_regression", "sizes", "500 points   autograd -2.748   mean -2.748"),
        ("10_linear_regression", "losses", "with the minus   step  0   loss   1.349   y_hat [0.705, 0.259, 0.035]"),
        ("10_linear_regression", "losses", "by hand [0.705, -0.741, 0.035]   autograd [0.705, -0.741, 0.035]"),
        ("10_linear_regression", "losses", "minus dropped   step 30   loss -30.413"),
    ],
    "S6": [
        ("07_manual_sgd", "break-item-count", "keeping loss:         300"),
        ("07_manual_sgd", "break-item-count", "keeping loss.item():  0"),
    ],
}
