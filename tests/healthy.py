"""Training steps with nothing wrong in them, each of which diagnoses itself in mid-training, before backward()."""

from course_utils import diagnose, record
import torch
from torch import nn
from torch.nn import functional as F

HEALTHY = {}


def healthy(function):
    HEALTHY[function.__name__] = function
    return function


def train(net, loss_of, *, optimizer=None, steps=4, **options):
    """A few steps of an ordinary loop; the first diagnosis that finds something, else the last."""
    optimizer = optimizer or torch.optim.SGD(net.parameters(), lr=0.01)
    losses, total, found = [], 0.0, None
    for _ in range(steps):
        optimizer.zero_grad()
        loss = loss_of(net)
        found = found or diagnose(loss, net, **options)
        loss.backward()
        optimizer.step()
        losses.append(loss.item())
        total += loss.item()
    return found


def data(*shape):
    return torch.linspace(-1.0, 1.0, torch.Size(shape).numel()).reshape(shape)


@healthy
def one_weight_by_hand():
    x, y, w = data(6), 3 * data(6), torch.tensor(0.0, requires_grad=True)
    for _ in range(3):
        loss = ((w * x - y) ** 2).mean()
        found = diagnose(loss, w)
        loss.backward()
        with torch.no_grad():
            w -= 0.1 * w.grad
        w.grad = None
    return found


@healthy
def by_way_of_data():
    x, y, w = data(6), 3 * data(6), torch.tensor(0.0, requires_grad=True)
    for _ in range(3):
        y_hat = w * x
        loss = ((y_hat - y) ** 2).mean()
        found = diagnose(loss, w)
        loss.backward()
        w.data -= 0.1 * w.grad
        w.grad.zero_()
    return found


@healthy
def a_single_number():
    x = torch.tensor(2.0, requires_grad=True)
    y = x * x + x
    return diagnose(y, x)


@healthy
def zeros_left_in_the_gradient():
    net = nn.Linear(3, 1)
    optimizer = torch.optim.SGD(net.parameters(), lr=0.1)
    for _ in range(3):
        optimizer.zero_grad(set_to_none=False)
        loss = net(data(4, 3)).pow(2).mean()
        found = diagnose(loss, *net.parameters())
        loss.backward()
        optimizer.step()
    return found


@healthy
def recorded():
    w = torch.tensor([1.0, 2.0], requires_grad=True)
    x = data(2)
    with record():
        z = torch.tanh(w * x)
        loss = ((z - 3) ** 2).sum()
    return diagnose(loss, w)


def mlp():
    return nn.Sequential(nn.Linear(3, 8), nn.ReLU(), nn.Linear(8, 8), nn.Sigmoid(), nn.Linear(8, 2))


for name, make in {
    "sgd": lambda p: torch.optim.SGD(p, lr=0.1),
    "momentum": lambda p: torch.optim.SGD(p, lr=0.1, momentum=0.9),
    "nesterov": lambda p: torch.optim.SGD(p, lr=0.1, momentum=0.9, nesterov=True, weight_decay=1e-4),
    "adam": lambda p: torch.optim.Adam(p, lr=1e-2),
    "adamw": lambda p: torch.optim.AdamW(p, lr=1e-2),
    "rmsprop": lambda p: torch.optim.RMSprop(p, lr=1e-2),
    "adagrad": lambda p: torch.optim.Adagrad(p, lr=1e-2),
}.items():

    def _with(make=make):
        net = mlp()
        return train(
            net, lambda net: F.cross_entropy(net(data(5, 3)), torch.arange(5) % 2), optimizer=make(net.parameters())
        )

    HEALTHY[f"optimizer_{name}"] = _with

for name, loss_of in {
    "mse": lambda z: F.mse_loss(z, data(5, 2)),
    "l1": lambda z: F.l1_loss(z, data(5, 2)),
    "huber": lambda z: F.huber_loss(z, data(5, 2)),
    "smooth_l1": lambda z: F.smooth_l1_loss(z, data(5, 2)),
    "cross_entropy": lambda z: F.cross_entropy(z, torch.arange(5) % 2),
    "nll": lambda z: F.nll_loss(F.log_softmax(z, 1), torch.arange(5) % 2),
    "bce": lambda z: F.binary_cross_entropy(z.sigmoid(), (data(5, 2) > 0).float()),
    "bce_logits": lambda z: F.binary_cross_entropy_with_logits(z, (data(5, 2) > 0).float()),
    "kl": lambda z: F.kl_div(F.log_softmax(z, 1), torch.full((5, 2), 0.5), reduction="batchmean"),
    "norm": lambda z: z.norm(),
    "logsumexp": lambda z: z.logsumexp(1).sum(),
    "std": lambda z: z.std() + z.var(0).sum(),
    "cosine": lambda z: 1 - F.cosine_similarity(z, data(5, 2), dim=1).mean(),
    "regularised": lambda z: F.mse_loss(z, data(5, 2)) + 1e-3 * z.abs().sum(),
    "max": lambda z: z.max(1).values.sum(),
    "sum_over_dim": lambda z: ((z - z.mean(0, keepdim=True)) ** 2).sum(-1).mean(),
}.items():

    def _loss(loss_of=loss_of):
        return train(mlp(), lambda net: loss_of(net(data(5, 3))))

    HEALTHY[f"loss_{name}"] = _loss

for name, make in {
    "conv": lambda: nn.Sequential(nn.Conv2d(1, 3, 3), nn.ReLU(), nn.MaxPool2d(2), nn.Flatten(), nn.Linear(27, 2)),
    "conv_norm": lambda: nn.Sequential(nn.Conv2d(1, 3, 3), nn.BatchNorm2d(3), nn.ReLU(True), nn.AvgPool2d(6)),
    "group_norm": lambda: nn.Sequential(nn.Conv2d(1, 4, 3), nn.GroupNorm(2, 4), nn.GELU()),
    "dropout": lambda: nn.Sequential(nn.Flatten(), nn.Linear(64, 8), nn.Dropout(0.5), nn.ELU(), nn.Linear(8, 1)),
    "layer_norm": lambda: nn.Sequential(nn.Flatten(), nn.Linear(64, 8), nn.LayerNorm(8), nn.SiLU()),
    "batch_norm": lambda: nn.Sequential(nn.Flatten(), nn.BatchNorm1d(64), nn.Linear(64, 8), nn.Tanh()),
    "transposed": lambda: nn.Sequential(nn.ConvTranspose2d(1, 2, 2), nn.LeakyReLU(), nn.Softplus()),
    "prelu": lambda: nn.Sequential(nn.Flatten(), nn.Linear(64, 8), nn.PReLU(), nn.Softmax(1)),
}.items():

    def _picture(make=make):
        return train(make(), lambda net: net(data(4, 1, 8, 8)).pow(2).mean())

    HEALTHY[f"picture_{name}"] = _picture

for name, make in {"lstm": nn.LSTM, "gru": nn.GRU, "rnn": nn.RNN}.items():

    def _sequence(make=make):
        return train(make(3, 5), lambda net: net(data(6, 2, 3))[0].pow(2).mean())

    HEALTHY[f"sequence_{name}"] = _sequence


@healthy
def embedding():
    net = nn.Sequential(nn.Embedding(9, 4), nn.Flatten(), nn.Linear(8, 3))
    return train(net, lambda net: F.cross_entropy(net(torch.tensor([[1, 2], [3, 4]])), torch.tensor([0, 2])))


@healthy
def sparse_embedding():
    net = nn.Embedding(9, 4, sparse=True)
    return train(net, lambda net: net(torch.tensor([1, 1, 3])).pow(2).sum())


@healthy
def attention():
    net = nn.MultiheadAttention(8, 2, batch_first=True)
    return train(net, lambda net: net(data(2, 5, 8), data(2, 5, 8), data(2, 5, 8))[0].pow(2).mean())


@healthy
def masked_attention():
    net = nn.Linear(4, 4)

    def loss_of(net):
        q = net(data(5, 4))
        scores = (q @ q.T).masked_fill(torch.triu(torch.ones(5, 5), 1).bool(), float("-inf"))
        return (scores.softmax(-1) @ q).pow(2).mean()

    return train(net, loss_of)


@healthy
def transformer():
    net = nn.TransformerEncoderLayer(8, 2, 16, batch_first=True)
    return train(net, lambda net: net(data(2, 5, 8)).pow(2).mean())


@healthy
def shared_weights():
    net = nn.Linear(4, 4, bias=False)
    net.decoder = nn.Linear(4, 4, bias=False)
    net.decoder.weight = net.weight
    return train(net, lambda net: net.decoder(net(data(5, 4)).tanh()).pow(2).mean())


@healthy
def residual():
    net = nn.Linear(4, 4)

    def loss_of(net):
        h = data(5, 4)
        for _ in range(3):
            h = h + net(h).relu()
        return h.pow(2).mean()

    return train(net, loss_of)


@healthy
def accumulated_on_purpose():
    net = nn.Linear(3, 1)
    optimizer = torch.optim.SGD(net.parameters(), lr=0.1)
    found = None
    for step in range(6):
        loss = net(data(4, 3)).pow(2).mean() / 2
        found = found or diagnose(loss, net, accumulate=True)
        loss.backward()
        if step % 2:
            optimizer.step()
            optimizer.zero_grad()
    return found


@healthy
def a_sum_over_samples():
    w = torch.tensor(0.5, requires_grad=True)
    for _ in range(3):
        loss = 0
        for x, y in [(1.0, 2.0), (2.0, 4.0), (3.0, 6.0)]:
            loss = loss + (w * x - y) ** 2
        found = diagnose(loss, w)
        loss.backward()
        with torch.no_grad():
            w -= 0.01 * w.grad
        w.grad = None
    return found


@healthy
def a_list_of_losses_stacked():
    w = torch.tensor(0.5, requires_grad=True)
    for _ in range(3):
        parts = [(w * x - 1) ** 2 for x in (1.0, 2.0)]
        loss = torch.stack(parts).mean()
        found = diagnose(loss, w)
        loss.backward()
        w.grad = None
    return found


@healthy
def running_sum_of_numbers():
    w, total, history = torch.tensor(0.5, requires_grad=True), torch.zeros(()), []
    for _ in range(4):
        loss = (w * 3 - 1) ** 2
        total += loss.detach()
        history.append(loss.detach())
        found = diagnose(loss, w)
        loss.backward()
        w.grad = None
    return found


@healthy
def a_state_taken_off_the_tape():
    cell = nn.RNNCell(2, 3)
    h = torch.zeros(1, 3)
    found = None
    for _ in range(4):
        h = cell(data(1, 2), h.detach())
        loss = h.pow(2).sum()
        found = found or diagnose(loss, cell)
        loss.backward()
        cell.zero_grad()
    return found


@healthy
def frozen_layers():
    net = nn.Sequential(nn.Linear(3, 4), nn.Tanh(), nn.Linear(4, 1))
    net[0].requires_grad_(False)
    return train(net, lambda net: net(data(5, 3)).pow(2).mean())


@healthy
def two_heads_of_one_trunk():
    trunk, left, right = nn.Linear(3, 4), nn.Linear(4, 1), nn.Linear(4, 2)
    h = trunk(data(5, 3)).tanh()
    loss = left(h).pow(2).mean() + F.cross_entropy(right(h), torch.arange(5) % 2)
    return diagnose(loss, trunk, left, right)


@healthy
def pairwise_distances_on_purpose():
    x = torch.randn(6, requires_grad=True)
    d = x[:, None] - x[None, :]
    return diagnose((d**2).mean(), x)


@healthy
def a_centred_square():
    a, shift = data(4, 4), torch.zeros(4, 1, requires_grad=True)
    y = data(4)
    loss = ((a - shift) ** 2).mean() + 0 * y.sum()
    return diagnose(loss, shift)


@healthy
def columns_on_both_sides():
    net, y = nn.Linear(1, 1), data(7, 1)
    return train(net, lambda net: ((net(data(7, 1)) - y) ** 2).mean())


@healthy
def rows_on_both_sides():
    net, y = nn.Linear(1, 1), data(7)
    return train(net, lambda net: ((net(data(7, 1)).squeeze(1) - y) ** 2).mean())


@healthy
def a_choice_done_right():
    x = torch.tensor([-1.0, 0.0, 4.0], requires_grad=True)
    safe = torch.where(x > 0, x, torch.ones_like(x))
    return diagnose(torch.where(x > 0, safe.sqrt(), torch.zeros_like(x)).sum(), x)


@healthy
def changed_in_place_before_use():
    x = torch.tensor([1.0, 2.0], requires_grad=True)
    z = x * 3
    z += 1
    z[0] = 0.5
    return diagnose((z * z).sum(), x)


@healthy
def views_and_slices():
    x = torch.randn(4, 6, requires_grad=True)
    a, b = x.view(2, 12).chunk(2, dim=1)
    return diagnose((a * b).t().reshape(-1).pow(2).sum() + x[1:3, ::2].mean(), x)


@healthy
def changed_off_the_tape():
    x = torch.tensor([1.0, 2.0], requires_grad=True)
    result = x**2
    with torch.no_grad():
        result.add_(1)
    return diagnose(result.sum(), x)


@healthy
def changed_in_place_where_no_slope_needs_it():
    x = torch.tensor([1.0, 2.0], requires_grad=True)
    first = torch.exp(x)
    with torch.no_grad():
        x += 1
    second = x**2
    return diagnose((first * second).sum(), x)


@healthy
def a_sum_that_cancels():
    torch.manual_seed(0)
    x = torch.randn(300, 400, requires_grad=True)
    h = (x - x.mean()).T
    z = h * 1.0
    loss = z.sum()
    return diagnose(loss, x)


@healthy
def complex_numbers():
    x = torch.tensor([1 + 2j, 3 - 1j], requires_grad=True)
    return diagnose((x * x.conj()).real.sum(), x)


@healthy
def a_function_of_ones_own():
    class Cube(torch.autograd.Function):
        @staticmethod
        def forward(ctx, x):
            ctx.save_for_backward(x)
            return x**3

        @staticmethod
        def backward(ctx, gradient):
            (x,) = ctx.saved_tensors
            return 3 * x**2 * gradient

    x = torch.tensor([1.0, 2.0], requires_grad=True)
    return diagnose(Cube.apply(x).sum(), x)


@healthy
def half_precision():
    net = nn.Linear(3, 2).to(torch.bfloat16)
    return train(net, lambda net: net(data(4, 3).to(torch.bfloat16)).tanh().pow(2).mean())


@healthy
def autocast():
    net = nn.Sequential(nn.Linear(3, 8), nn.Tanh(), nn.Linear(8, 1))

    def loss_of(net):
        with torch.autocast("cpu", dtype=torch.bfloat16):
            return (net(data(4, 3)) ** 2).mean()

    return train(net, loss_of)


@healthy
def gradient_penalty():
    net = nn.Sequential(nn.Linear(3, 8), nn.Tanh(), nn.Linear(8, 1))
    x = data(4, 3).requires_grad_()
    (slope,) = torch.autograd.grad(net(x).sum(), x, create_graph=True)
    return diagnose((slope**2).mean() + 0 * net(x).mean(), net)


@healthy
def lbfgs():
    w = torch.tensor([3.0, -2.0], requires_grad=True)
    optimizer, found = torch.optim.LBFGS([w], max_iter=4), []

    def closure():
        optimizer.zero_grad()
        loss = (w**2).sum()
        found.append(diagnose(loss, w))
        loss.backward()
        return loss

    optimizer.step(closure)
    return max(found, key=len_of)


def len_of(found):
    return len(found.findings)


@healthy
def weight_norm():
    net = nn.utils.parametrizations.weight_norm(nn.Linear(3, 2))
    return train(net, lambda net: net(data(4, 3)).pow(2).mean())


@healthy
def a_meta_network():
    net = nn.Linear(3, 2, device="meta")
    return diagnose(net(torch.zeros(4, 3, device="meta")).pow(2).mean(), net)


@healthy
def a_very_deep_graph():
    x = torch.tensor(1.0, requires_grad=True)
    y = x
    for _ in range(6000):
        y = y + 0.001
    return diagnose(y, x)


@healthy
def no_parameters_named():
    return diagnose(mlp()(data(4, 3)).pow(2).mean())


@healthy
def a_result_of_many_numbers():
    x = torch.tensor([1.0, 2.0], requires_grad=True)
    return diagnose(x**2, x)


@healthy
def double_precision_data_of_houses():
    w = torch.zeros((), requires_grad=True)
    price = torch.tensor([250_000.0, 900_000.0, 12_000_000.0])
    return diagnose(((w * torch.tensor([50.0, 90.0, 400.0]) - price) ** 2).mean(), w)


@healthy
def an_old_loss_beside():
    w = torch.tensor(0.5, requires_grad=True)
    old = (w * 3 - 1) ** 2
    old.backward()
    w.grad = None
    plain, regular = (w - 2) ** 2, 0.1 * w**2
    loss = plain + regular
    assert old is not None
    return diagnose(loss, w)


@healthy
def under_no_grad_elsewhere():
    net, teacher = nn.Linear(3, 2), nn.Linear(3, 2)
    with torch.no_grad():
        wanted = teacher(data(4, 3))
    return train(net, lambda net: F.mse_loss(net(data(4, 3)), wanted))
