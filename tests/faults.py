"""Faults that are planted in the code of the lessons, one at a time: the rate, the data, a start.

Each takes the place of some text in the first code cell that holds it, and must change what the lesson shows.
"""

CODE_FAULTS = {
    "00_start_here": [("4.0, 6.0]", "4.0, 7.0]"), ("1.0 * inputs", "1.2 * inputs"), ("start=1.0", "start=1.1")],
    "01_slope": [
        ("w * w * w - 3 * w", "w * w * w - 2 * w"),
        ("(f(w + h) - f(w - h)) / (2 * h)", "(f(w + h) - f(w)) / h"),
        ("f(w + h) + s * (at - w - h)", "f(w + h) - s * (at - w - h)"),
        ("picture(2.0, h)", "picture(1.0, h)"),
        ("(3 * w * w - 3) - 1", "(3 * w * w - 2) - 1"),
        ("h = 1e-6\nfor dtype", "h = 1e-3\nfor dtype"),
        ("kink(w - h)", "kink(w + h)"),
    ],
    "02_graph": [
        ("a, b, c, d = 1, 2, 3, 4", "a, b, c, d = 1, 2, 3, 5"),
        ("dc, dd = dy * 4, dy * 3", "dc, dd = dy * 3, dy * 4"),
        ("r = d * d + 2 * d + k\nprint", "r = d**2 + 2 * d + k\nprint"),
        ("x = torch.tensor(100.0", "y = torch.tensor(100.0"),
        ("while r < 50", "while r < 90"),
        ("z = x + y\ngraph", "z = x * y\ngraph"),
    ],
    "03_chain_rule": [
        ("z, z_up = -2 * y, -2 * y_up", "z, z_up = -3 * y, -3 * y_up"),
        ("(f(at + h) - f(at - h)) / (2 * h)", "(f(at + h) - f(at - h)) / h"),
        ("y = 5 - s", "y = 5 + s"),
        ("dx += du * 3", "dx = du * 3"),
        ("slopes.get(head, 0) + slopes[tail] * local", "slopes[tail] * local"),
        ("r = 2 * r + 3 * r", "r = 2 * r + 3 * s"),
    ],
    "05_backward": [
        ("z = x**2 + y", "z = x**2 * y"),
        ("10 * gradient", "1 * gradient"),
        ("mult=-2, inc=1)(A)", "mult=-2, inc=4)(A)"),
        ("[torch.sum, torch.mean]", "[torch.sum, torch.amax]"),
        ("p.backward(retain_graph=True)", "(3 * p).backward(retain_graph=True)"),
        ("mine = w * w + w", "mine = w * w - w"),
    ],
    "07_manual_sgd": [
        ("rate=0.01, epochs", "rate=0.02, epochs"),
        ("- 0.01 * w.grad.data", "- 0.02 * w.grad.data"),
        ("in [0.1, 0.25]", "in [0.1, 0.2]"),
        ("train(1.0, epochs=epoch)", "train(1.5, epochs=epoch)"),
        ("total += loss.item()", "total = loss.item()"),
        ("tuner.rate = 0.01", "tuner.rate = 0.02"),
    ],
    "08_learning_rate": [
        ("y = 2 * x", "y = 3 * x"),
        ("way[-1] - rate * slope_at", "way[-1] - 0.9 * rate * slope_at"),
        ("slope_at(bowl, w - h)) / (2 * h)", "slope_at(bowl, w - h)) / h"),
        ("low=0.01, high=0.4", "low=0.02, high=0.4"),
        ("w * 10 * x", "w * 9 * x"),
        ("xs, 2 * xs + 2", "xs, 2 * xs + 3"),
        ("w * w * w * w - 3 * w * w + w", "w * w * w * w - 3 * w * w - w"),
        ("slope_at(f, w - h)) / (2 * h)", "slope_at(f, w - h)) / h"),
        ("2.0, rate, 60", "2.0, 0.5 * rate, 60"),
    ],
}
