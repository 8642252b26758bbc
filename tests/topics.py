"""Where each topic that the best courses on autograd share is taught: the lesson, the cell, and what it must hold.

The topics are those of the courses compared before this one was written; the last column is in the cell's code or in
what it shows.
"""

TOPICS = {
    "the graph as data": ("02_graph", "constants-words", "A graph of 5 nodes."),
    "a live picture": ("05_backward", "start-stepper", "step_backward(p)"),
    "static and dynamic graphs": ("11_static_dynamic", "fed-run", "Its value: TypeError"),
    "control flow": ("11_static_dynamic", "branch-eager", "operations: − ×"),
    "the chain rule on one path": ("03_chain_rule", "one-path-graph", "z moves by -0.012"),
    "the chain rule on several paths": ("03_chain_rule", "two-paths-nudge", "by both:            3.000"),
    "topological order": ("12_engine", "turns-solution", "✓ right: 4 graphs"),
    "the numeric check": ("01_slope", "two-ways-table", "up and down 9.010000"),
    "the cost of forward and of reverse": ("03_chain_rule", "sweep-count", "100 inputs,   1 results:"),
    "leaves": ("04_requires_grad", "doors-table", "is_leaf"),
    "how requires_grad spreads": ("04_requires_grad", "doors-table", "requires_grad"),
    "grad_fn and next_functions": ("02_graph", "torch-kinds", "grad_fn.next_functions"),
    "accumulation": ("04_requires_grad", "again-runs", "second run: w.grad = 12"),
    ".data, detach, no_grad, inference_mode": ("14_off_the_tape", "inplace-data", "nudged 2.000   torch 200.000"),
    "in-place changes and versions": ("14_off_the_tape", "inplace-stops", "inplace operation"),
    "retain_graph": ("14_off_the_tape", "silent-retain", "retain_graph=again"),
    "backward(gradient)": ("06_vector_backward", "start-vectors", ".backward(gradient="),
    "Jacobian, VJP and JVP": ("06_vector_backward", "neuron-count", "jvp(layer, x, u)"),
    "higher order": ("16_torch_optim", "curvature-values", "create_graph=keep"),
    "hooks": ("05_backward", "between-hook", "z.register_hook("),
    "an engine of scalars": ("12_engine", "rest-table", "✓ right: 22 expressions"),
    "an engine of tensors": ("12_engine", "rest-arrays", "Array.__matmul__"),
    "manual SGD": ("07_manual_sgd", "train", "w.grad.data.zero_()"),
    "the learning rate": ("08_learning_rate", "explore-bowl", "2 / c = 0.2143"),
    "the landscape": ("08_learning_rate", "two-weights-explore", "c = 48.0   2 / c = 0.0417"),
    "linear regression": ("10_linear_regression", "fit", "w = 2.97, b = 0.82"),
    "a network by hand": ("13_network", "net-autograd", "autograd 1.154688 True"),
    "softmax and cross-entropy": ("10_linear_regression", "losses", "by hand [0.705, -0.741, 0.035]"),
    "vanishing gradients": ("13_network", "deep-hooks", "20 layers 2.7e-14"),
    "a Function of one's own": ("16_torch_optim", "wrong-function", "torch.autograd.Function"),
    "gradcheck": ("16_torch_optim", "wrong-function", "analytical: 1."),
    "saved tensors and memory": ("14_off_the_tape", "kept-numbers", "saved_tensors_hooks"),
    "fx, export and cond": ("11_static_dynamic", "cond-export", "torch.cond("),
    "reading errors": ("15_error_clinic", "stops-both", "loop 1, not this"),
}
