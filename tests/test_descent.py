import math
from pathlib import Path
import subprocess
import sys

from course_utils import descent
from course_utils.batch import Task, fastest
from course_utils.descent import descend
from course_utils.givens import squared_error
import nbformat
import pytest
import torch

X, Y = torch.tensor([1.0, 2.0, 3.0]), torch.tensor([2.0, 4.0, 6.0])
COLUMN = X.reshape(3, 1)
RATES = torch.logspace(-3, 0, 200, dtype=torch.float64).tolist()
LESSON = Path(__file__).parent.parent / "notebooks" / "07_manual_sgd.ipynb"
SAMPLES = [(X, Y), (X[:1], Y[:1])]


@pytest.fixture(scope="module")
def train():
    """The lesson's own function, as it stands there."""
    cells = [cell.source for cell in nbformat.read(LESSON, as_version=4).cells if cell.cell_type == "code"]
    names = {"torch": torch, "x": X, "y": Y, "device": "cpu"}
    exec(next(source for source in cells if source.startswith("def train(")), names)
    return names["train"]


def by_hand(model, start, rate, data=None, epochs=5, order="full batch", loss=squared_error):
    """One run as the lessons write it: its losses, and its parameters after each epoch."""
    parameters = [torch.tensor(p) if isinstance(p, float) else p.clone() for p in start]
    for p in parameters:
        p.requires_grad_()
    losses, path = [], [[p.detach().clone() for p in parameters]]
    for _ in range(epochs):
        met = []
        for batch in [data] if order == "full batch" else zip(*(part.split(1) for part in data), strict=True):
            error = model(*parameters) if data is None else loss(model(batch[0], *parameters), batch[1]).mean()
            error.sum().backward()
            met.append(error.item())
            for p in parameters:
                if p.grad is not None:
                    p.data = p.data - rate * p.grad.data
                    p.grad = None
        losses.append(sum(met) / len(met))
        path.append([p.detach().clone() for p in parameters])
    return torch.tensor(losses, dtype=torch.float64), [torch.stack(column) for column in zip(*path, strict=True)]


def bits(numbers):
    return [number.hex() for number in torch.as_tensor(numbers, dtype=torch.float64).tolist()]


@pytest.fixture(scope="module")
def all_rates():
    return descend(lambda x, w: w * x, 1.0, RATES, X, Y, order="per sample")


@pytest.mark.parametrize("place", [0, 33, 66, 99, 120, 140, 150, 155, 170, 199])
def test_two_hundred_rates_at_once_give_the_bits_of_the_lesson(train, all_rates, place):
    w, losses = train(1.0, rate=RATES[place])
    assert bits(all_rates.losses[place]) == bits(losses)
    assert bits([all_rates.parameters[0][place, 100]]) == bits([w.item()])
    for epoch in (1, 2, 17):
        after = train(1.0, rate=RATES[place], epochs=epoch)[0].item()
        assert bits([all_rates.parameters[0][place, epoch]]) == bits([after])


def test_the_rates_compared_hold_healthy_and_broken_runs(all_rates):
    assert math.isfinite(all_rates.losses[0, -1])
    assert math.isnan(all_rates.losses[199, -1])


def finite(w):
    """The parameter, in which a run that has diverged is not seen."""
    return w.nan_to_num(0.0, 0.0, 0.0)


def slope_of_sum(x, w):
    return w * x + finite(w).sum() - finite(w).sum().detach()


def halves(x, w):
    return w * x if w.mean() > 1.2 else 0.9 * w * x


MODELS = {
    # by broadcasting
    "line through 0": ("by_broadcasting", lambda x, w: w * x, (1.0,)),
    "quadratic": ("by_broadcasting", lambda x, a, b, c: a * x**2 + b * x + c, (0.1, 0.2, 0.3)),
    "tanh": ("by_broadcasting", lambda x, a, b: b * torch.tanh(a * x), (0.5, 1.0)),
    "where": ("by_broadcasting", lambda x, w: torch.where(w > 1.2, w * x, 0.9 * w * x), (1.0,)),
    "one-element tensor": ("by_broadcasting", lambda x, w: w * x, (torch.tensor([1.0]),)),
    # these mix the runs when they are broadcast, each in its way
    "sum": ("by_vmap", lambda x, w: x * w.sum(), (1.0,)),
    "mean beside w": ("by_vmap", lambda x, w: w * x + 0.1 * w.mean(), (1.0,)),
    "softmax": ("by_vmap", lambda x, w: w.softmax(0) * w * x, (1.0,)),
    "0 times the sum": ("by_vmap", lambda x, w: w * x + 0 * w.sum(), (1.0,)),
    "only the slope mixes": ("by_vmap", slope_of_sum, (1.0,)),
    "first element": ("by_vmap", lambda x, w: w[0] * x, (torch.tensor([1.0]),)),
    "flattened": ("by_vmap", lambda x, w: w.reshape(-1) * x, (1.0,)),
    # what needs shapes
    "matrix": ("by_vmap", lambda x, w: (x.reshape(-1, 1) @ w).sum(1), (torch.tensor([[0.5, 0.1]]),)),
    "two layers": (
        "by_vmap", lambda x, v, b, w: torch.tanh(x[:, None] * v + b) @ w,
        (torch.tensor([0.3, -0.2]), torch.tensor([0.1, 0.0]), torch.tensor([0.5, 0.4])),
    ),
    "squeezed": ("by_vmap", lambda x, w: (x.reshape(-1, 1) @ w).squeeze(), (torch.tensor([[0.5]]),)),
    # what Python looks into
    "if": ("one_by_one", lambda x, w: w * x if w > 1.2 else 0.9 * w * x, (1.0,)),
    "if of a mean": ("one_by_one", halves, (1.0,)),
    "item": ("one_by_one", lambda x, w: w * x + w.item(), (1.0,)),
}  # fmt: skip


@pytest.mark.parametrize("name", MODELS)
def test_the_fastest_method_that_is_right_is_taken(name):
    method, model, start = MODELS[name]
    parameters = tuple(torch.as_tensor(p) for p in start)
    assert fastest(Task(model, squared_error), parameters, SAMPLES).__name__ == method


@pytest.mark.parametrize("order", ["full batch", "per sample"])
@pytest.mark.parametrize("name", MODELS)
def test_every_method_gives_what_each_run_gives_by_hand(name, order):
    _, model, start = MODELS[name]
    starts = [start, tuple(p * 1.5 for p in start)]
    rates = [0.001, 0.01, 0.03]
    found = descend(model, starts, rates, X, Y, epochs=5, order=order)
    assert found.losses.shape == (2, 3, 5)
    for s, one in enumerate(starts):
        for r, rate in enumerate(rates):
            losses, path = by_hand(model, one, rate, (X, Y), order=order)
            torch.testing.assert_close(found.losses[s, r], losses, rtol=1e-5, atol=1e-9)
            for got, wanted in zip(found.parameters, path, strict=True):
                torch.testing.assert_close(got[s, r], wanted, rtol=1e-5, atol=1e-7)


@pytest.mark.parametrize(
    "model",
    [
        lambda x, w: x * finite(w).sum() + 0 * finite(w),  # not seen in the first sample, where x is 0
        lambda x, w: x * (w.sum() if len(x) == 1 else w),  # not seen in all samples together
    ],
    ids=["0 hides it", "many hide it"],
)
def test_the_trial_sees_the_first_sample_and_all_samples(model):
    x, rates = torch.tensor([0.0, 2.0, 3.0]), [0.01, 0.02]
    found = descend(model, 1.0, rates, x, Y, order="per sample", epochs=3)
    for r, rate in enumerate(rates):
        losses, _ = by_hand(lambda x, w: x * w, (1.0,), rate, (x, Y), order="per sample", epochs=3)
        torch.testing.assert_close(found.losses[r], losses)


@pytest.mark.parametrize(
    ("runs", "order", "updates"), [(2, "full batch", 7), (300, "full batch", 7), (300, "shuffled", 21)]
)
def test_many_runs_cost_as_many_calls_as_one(runs, order, updates):
    calls = []

    def model(x, w):
        calls.append(x.shape)
        return w * x

    descend(model, 1.0, [0.01] * runs, X, Y, epochs=1, order=order)
    trial = len(calls)
    calls.clear()
    descend(model, 1.0, [0.01] * runs, X, Y, epochs=8, order=order)
    assert len(calls) - trial == updates


@pytest.mark.parametrize("name", MODELS)
def test_a_run_that_breaks_breaks_no_other(name):
    _, model, start = MODELS[name]
    alone = descend(model, [start], [0.01], X, Y, epochs=30, order="per sample")
    beside = descend(model, [start], [1e30, 0.01, 3e38], X, Y, epochs=30, order="per sample")
    assert not beside.losses[0, 0].isfinite().all()
    assert not beside.losses[0, 2].isfinite().all()
    torch.testing.assert_close(beside.losses[0, 1], alone.losses[0, 0], rtol=1e-5, atol=1e-9)


@pytest.mark.parametrize("order", ["full batch", "per sample"])
def test_one_rate_gives_what_it_gives_among_many(order):
    many = descend(lambda x, w: w * x, 1.0, RATES, X, Y, order=order)
    one = descend(lambda x, w: w * x, 1.0, RATES[50], X, Y, order=order)
    assert bits(one.losses) == bits(many.losses[50])
    assert bits(one.parameters[0]) == bits(many.parameters[0][50])


@pytest.mark.parametrize(
    ("start", "rates", "shape"),
    [
        (1.0, 0.1, ()), (1.0, [0.1], (1,)), ([1.0], 0.1, (1,)), ([1.0, 2.0], [0.1, 0.2, 0.3], (2, 3)),
        (1, torch.tensor([0.1, 0.2]), (2,)), (torch.tensor(1.0), torch.tensor(0.1), ()),
        ([(1.0,), 2.0], (0.1, 0.2), (2, 2)),
    ],
)  # fmt: skip
def test_a_list_is_a_dimension(start, rates, shape):
    found = descend(lambda w: (w - 3) ** 2, start, rates, epochs=4)
    assert found.losses.shape == (*shape, 4)
    assert found.parameters[0].shape == (*shape, 5)
    assert found.rates.shape == (shape[-1:] if torch.as_tensor(rates).dim() else ())
    assert not found.losses.requires_grad
    assert not found.parameters[0].requires_grad


def test_starts_and_rates_are_where_they_belong():
    found = descend(lambda w: (w - 3) ** 2, [1.0, 5.0], [0.1, 0.25], epochs=1)
    assert found.parameters[0].tolist() == [
        [[1.0, pytest.approx(1.4)], [1.0, 2.0]], [[5.0, pytest.approx(4.6)], [5.0, 4.0]],
    ]  # fmt: skip
    assert found.losses.tolist() == [[[4.0], [4.0]], [[4.0], [4.0]]]
    assert found.rates.tolist() == [0.1, 0.25]


@pytest.mark.parametrize("model", [
    lambda a, b: (a - 1) ** 2 + 10 * (b - a**2) ** 2,
    lambda a, b: torch.stack([a - 1, b]).norm() ** 2,
    lambda a, b: (a - 1) ** 2 + b**2 if b > 0 else (a - 1) ** 2 + 2 * b**2,
], ids=["rows", "stacked", "if"])  # fmt: skip
def test_a_landscape_needs_no_data(model):
    found = descend(model, (0.5, 0.5), [0.001, 0.01], epochs=5)
    for r, rate in enumerate([0.001, 0.01]):
        losses, path = by_hand(model, (0.5, 0.5), rate)
        torch.testing.assert_close(found.losses[r], losses)
        for got, wanted in zip(found.parameters, path, strict=True):
            torch.testing.assert_close(got[r], wanted)


def test_parameters_keep_their_shapes():
    weights = torch.full((2, 3), 0.1), torch.zeros(3), torch.tensor([1.0])
    found = descend(
        lambda x, v, b, w: (x @ v + b).sum(1) * w, weights, [0.01, 0.02], torch.ones(4, 2), torch.ones(4), epochs=6
    )
    assert [tuple(p.shape) for p in found.parameters] == [(2, 7, 2, 3), (2, 7, 3), (2, 7, 1)]


def test_shuffled_draws_a_new_order_each_epoch_from_its_seed_alone():
    before = torch.random.get_rng_state()
    found = descend(lambda x, w: w * x, 1.0, [0.01, 0.05], X, Y, order="shuffled", seed=3, epochs=6)
    assert torch.equal(torch.random.get_rng_state(), before)
    drawn = torch.Generator().manual_seed(3)
    orders = [torch.randperm(3, generator=drawn).tolist() for _ in range(6)]
    assert len(set(map(tuple, orders))) > 1
    w, path = torch.tensor(1.0), [1.0]
    for order in orders:
        for place in order:
            w = w - 0.05 * (2 * (w * X[place] - Y[place]) * X[place])
        path.append(w.item())
    assert found.parameters[0][1].tolist() == pytest.approx(path, rel=1e-6)


def test_seeds_differ_and_repeat():
    def run(seed):
        return bits(descend(lambda x, w: w * x, 1.0, 0.05, X, Y, order="shuffled", seed=seed, epochs=6).losses)

    assert run(1) == run(1)
    assert run(1) != run(2)


def test_a_parameter_that_plays_no_part_stays():
    found = descend(lambda x, w, b: w * x, (1.0, 7.0), [0.01, 0.02], X, Y, epochs=3)
    assert found.parameters[1].tolist() == [[7.0] * 4] * 2
    assert found.parameters[0][0, 3] > 1.2


@pytest.mark.parametrize(
    ("start", "x", "dtype"),
    [
        (1.0, X, torch.float32), (1.0, X.double(), torch.float64), (1.0, [1, 2, 3], torch.float32),
        (1.0, torch.tensor([1, 2, 3]), torch.float32), (torch.tensor(1.0).double(), X, torch.float64),
        (torch.tensor(1), X.double(), torch.float32), (torch.tensor(1.0), X.double(), torch.float32),
    ],
)  # fmt: skip
def test_the_type_is_that_of_the_start_else_of_x(start, x, dtype):
    found = descend(lambda x, w: w * x, start, 0.01, x, torch.tensor([2, 4, 6]))
    assert found.parameters[0].dtype == dtype
    assert found.losses[-1] < 1e-5


def test_what_was_given_is_left_as_it_was():
    start, x, y = torch.tensor([1.0], requires_grad=True), X.clone().requires_grad_(), Y.clone()
    descend(lambda x, w: w * x, start, [0.01, 0.02], x, y, epochs=3)
    assert start.tolist() == [1.0]
    assert start.grad is None
    assert x.grad is None
    with torch.no_grad():
        assert descend(lambda w: w**2, 1.0, 0.25, epochs=1).parameters[0].tolist() == [1.0, 0.5]
        assert not torch.is_grad_enabled()


LOGITS = torch.tensor([[0.1, -0.2]])


@pytest.mark.parametrize(
    ("loss", "model", "start", "y"),
    [
        (lambda y_hat, y: (y_hat - y).abs(), lambda x, w: w * x, (1.0,), Y),
        (torch.nn.functional.mse_loss, lambda x, w: w * x, (1.0,), Y),
        (torch.nn.functional.binary_cross_entropy_with_logits, lambda x, w: w * x, (1.0,), (Y > 3).float()),
        (torch.nn.functional.cross_entropy, lambda x, v: x.reshape(-1, 1) @ v, (LOGITS,), torch.tensor([0, 1, 1])),
        (squared_error, lambda x, v: x.reshape(-1, 1) @ v, (LOGITS,), torch.ones(3, 2)),
    ],
    ids=["absolute", "mse_loss", "with logits", "classes", "two outputs"],
)
@pytest.mark.parametrize("order", ["full batch", "per sample"])
def test_any_loss_of_outputs_and_targets(loss, model, start, y, order):
    found = descend(model, start, [0.01, 0.02], X, y, loss=loss, order=order, epochs=4)
    for r, rate in enumerate([0.01, 0.02]):
        losses, path = by_hand(model, start, rate, (X, y), epochs=4, order=order, loss=loss)
        torch.testing.assert_close(found.losses[r], losses)
        torch.testing.assert_close(found.parameters[0][r], path[0])


@pytest.mark.parametrize(
    ("changed", "error", "message"),
    [
        ({"rates": 0.0}, ValueError, "rates must be above 0 and finite, got 0$"),
        ({"rates": [0.1, -0.1]}, ValueError, "rates must be above 0 and finite, got -0.1$"),
        ({"rates": [0.1, math.nan]}, ValueError, "rates must be above 0 and finite, got nan$"),
        ({"rates": math.inf}, ValueError, "rates must be above 0 and finite, got inf$"),
        ({"rates": []}, ValueError, r"rates must be a number or a list of numbers, got the shape \(0,\)$"),
        ({"rates": [[0.1]]}, ValueError, r"rates must be a number or a list of numbers, got the shape \(1, 1\)$"),
        ({"rates": "fast"}, TypeError, "rates must be a number or a list of numbers, got 'fast'$"),
        ({"epochs": 0}, ValueError, "epochs must be at least 1, got 0$"),
        ({"epochs": 2.0}, TypeError, "epochs must be a whole number, got 2.0$"),
        ({"epochs": True}, TypeError, "epochs must be a whole number, got True$"),
        ({"x": [], "y": []}, ValueError, "x must hold at least one sample, got none$"),
        ({"y": Y[:2]}, ValueError, "x and y must be of one length, got 3 and 2 samples$"),
        ({"x": None}, ValueError, "x and y belong together, got y without x$"),
        ({"y": None}, ValueError, "x and y belong together, got x without y$"),
        ({"x": "abc"}, TypeError, "x must be a tensor or a list of numbers, got str$"),
        ({"y": 2.0}, ValueError, "y must have a dimension for the samples, got a single number$"),
        ({"order": "random"}, ValueError, "order must be one of 'full batch', 'per sample', 'shuffled', got 'random'$"),
        ({"x": None, "y": None, "order": "shuffled"}, ValueError,
         "order must be 'full batch' where there is no x, got 'shuffled'$"),
        ({"model": 3.0}, TypeError, "model must be a function, got float$"),
        ({"loss": "mse"}, TypeError, "loss must be a function, got str$"),
        ({"model": lambda x, w: 3.0}, TypeError, "model must give a tensor, got float$"),
        ({"model": lambda x, w: w * x[:, None]}, ValueError,
         r"model must give one output for each sample, shape \(3,\), got \(3, 1\)$"),
        ({"model": lambda x, w: w * x[:, None], "y": torch.tensor([2, 4, 6])}, ValueError,
         r"model must give one output for each sample, shape \(3,\), got \(3, 1\)$"),
        ({"model": lambda x, w: w}, ValueError, r"model must give one output for each sample, shape \(3,\), got \(\)$"),
        ({"x": None, "y": None, "model": lambda w: w * X}, ValueError,
         r"model must give the loss, one number, where there is no x, got shape \(3,\)$"),
        ({"x": None, "y": None, "model": lambda w: None}, TypeError, "model must give a tensor, got NoneType$"),
        ({"loss": lambda y_hat, y: 0.0}, TypeError, "loss must give a tensor, got float$"),
        ({"loss": lambda y_hat, y: y_hat[:, None] - y}, ValueError,
         r"loss must give one number for each sample, shape \(3,\), got \(3, 3\)$"),
        ({"model": lambda x, w: 2 * x}, ValueError, "model must depend on its parameters, but the loss has no"),
        ({"model": lambda x, w: w.item() * x}, ValueError, "model must depend on its parameters"),
        ({"model": lambda x, w: w.detach() * x}, ValueError, "model must depend on its parameters"),
        ({"start": []}, ValueError, "start must hold at least one parameter, got an empty list or tuple$"),
        ({"start": ()}, ValueError, "start must hold at least one parameter, got an empty list or tuple$"),
        ({"start": "w"}, TypeError, "start must be a number, a tensor or a tuple of these, got str$"),
        ({"start": [1.0, torch.ones(2)]}, ValueError,
         r"all starts must have the shapes of the first, \(\), got \(2,\)$"),
        ({"start": [1.0, (1.0, 2.0)]}, ValueError,
         r"all starts must have the shapes of the first, \(\), got \(\), \(\)$"),
        ({"start": math.nan}, ValueError, "start must be finite, got inf or nan$"),
    ],
)  # fmt: skip
def test_what_cannot_be_done_is_refused_in_a_sentence(changed, error, message):
    given = {"model": lambda x, w: w * x, "start": 1.0, "rates": [0.1, 0.2], "x": X, "y": Y, **changed}
    with pytest.raises(error, match=f"^{message}"):
        descend(**given)


def test_an_error_of_the_model_is_its_own_and_the_bar_goes(monkeypatch):
    bars = []

    def bar(things, total, doing):
        bars.append((total, doing))
        try:
            yield from things
        finally:
            bars.append("gone")

    def model(x, w):
        if w > 1.5:
            raise RuntimeError("mine")
        return w * x

    monkeypatch.setattr(descent, "progress", bar)
    with pytest.raises(RuntimeError, match=r"^mine$") as kept:  # as IPython keeps the last error, and its frames
        descend(model, 1.0, [0.01, 0.02], X, Y, order="per sample", epochs=10)
    assert bars == [(30, "gradient descent, 2 runs"), "gone"]
    del kept
    bars.clear()
    descend(lambda x, w: w * x, 1.0, 0.01, X, Y, epochs=4)
    assert bars == [(4, "gradient descent, 1 run"), "gone"]


def test_no_method_loads_more_of_torch_than_is_there():
    """sympy and torch's compiler would add 40 MiB and more to a lesson's kernel."""
    code = """if True:
        import sys
        from course_utils.descent import descend
        import torch
        x, before = torch.ones(3), set(sys.modules)
        descend(lambda x, w: w * x, 1.0, [0.1, 0.2], x, x, order="shuffled")
        descend(lambda x, w: x[:, None] @ w, torch.ones(1), [0.1, 0.2], x, x)
        descend(lambda w: w**2 if w > 0 else w, 1.0, [0.1, 0.2])
        print([name for name in set(sys.modules) - before if name.split(".")[0] in ("sympy", "torch")])
    """
    ran = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert ran.stdout.split() == ["[]"]


@pytest.mark.cuda
@pytest.mark.skipif(not torch.cuda.is_available(), reason="no CUDA device on this machine")
@pytest.mark.parametrize("name", MODELS)
def test_a_card_gives_what_the_cpu_gives(name):
    _, model, start = MODELS[name]
    there = tuple(p.cuda() if isinstance(p, torch.Tensor) else torch.tensor(p, device="cuda") for p in start)
    found = descend(model, there, [0.001, 0.01], X, Y, order="shuffled", epochs=5)
    wanted = descend(model, start, [0.001, 0.01], X, Y, order="shuffled", epochs=5)
    assert found.losses.is_cuda
    torch.testing.assert_close(found.losses.cpu(), wanted.losses, rtol=1e-4, atol=1e-7)
    for got, here in zip(found.parameters, wanted.parameters, strict=True):
        assert got.is_cuda
        torch.testing.assert_close(got.cpu(), here, rtol=1e-4, atol=1e-6)
