"""What the second device is like: run on it by `python tests/second_device.py --tests`.

Not collected with the other tests, as a card that is lent to a process cannot be taken away again.
"""

import copy
import threading
import warnings

from cases import CASES
from course_utils import pick_device
import numpy as np
import pytest
import second_rules
from test_replay import complaints
import torch
from torch.utils.checkpoint import checkpoint

# torch's own warning, as it loads its exporter and the rules of jvp.
pytestmark = [pytest.mark.cuda, pytest.mark.filterwarnings("ignore:.*torch.jit.script")]
FOR_CUDA_ALONE = {"sparse embedding", "GRU", "LSTM"}  # sparse tensors, and cells of recurrent networks in one kernel


@pytest.fixture
def w():
    return torch.tensor([1.0, 2.0, 3.0], device="cuda", requires_grad=True)


def test_the_course_finds_it(w):
    assert pick_device("auto") == pick_device("cuda") == "cuda"
    assert (str(w.device), w.is_cuda, w.type()) == ("cuda:0", True, "torch.cuda.FloatTensor")
    assert repr(w) == "tensor([1., 2., 3.], device='cuda:0', requires_grad=True)"


def test_results_are_where_their_operands_are(w):
    results = [w * 2, w[1:], w.sum(), w.view(3, 1), torch.ones_like(w), w.detach(), w.data, w.double(), w.clone()]
    results += [torch.ones(3).cuda(), torch.ones(3).to(w), torch.ones(3).to(w.device)]
    assert all(result.is_cuda for result in results)
    assert not any(result.is_cuda for result in (w.cpu(), w.to("cpu"), torch.ones(3)))
    assert (w.sum().item(), w.tolist(), float(w[0].detach())) == (6.0, [1.0, 2.0, 3.0], 1.0)


MIXED = {
    "sum": lambda w: w + torch.ones(3),
    "in place": lambda w: w.detach().add_(torch.ones(3)),
    "into the CPU": lambda w: torch.ones(3).add_(w.detach()),
    "into a number of the CPU": lambda w: torch.tensor(1.0).add_(w.detach()[0]),
    "product of vectors": lambda w: w @ torch.ones(3),
    "layer": lambda w: torch.nn.Linear(3, 1)(w),
    "choice": lambda w: torch.where(w > 1, w, torch.zeros(3)),
    "side by side": lambda w: torch.cat([w, torch.ones(1)]),
    "loss": lambda w: torch.nn.functional.mse_loss(w, torch.ones(3)),
    "entropy": lambda w: torch.nn.functional.cross_entropy(w, torch.tensor([1.0, 0.0, 0.0])),
    "gather": lambda w: w.gather(0, torch.tensor([0])),
    "equal": lambda w: torch.equal(w, torch.ones(3)),
    "index of the card": lambda w: torch.ones(3)[torch.tensor([1], device="cuda")],
    "grad": lambda w: setattr(w, "grad", torch.ones(3)),
    "gradient": lambda w: (w * 2).backward(torch.ones(3)),
    "vmap": lambda w: torch.func.vmap(lambda a: a * torch.ones(2))(w),
    "another device": lambda w: w + torch.ones(3, device="meta"),
}


@pytest.mark.parametrize("mix", MIXED.values(), ids=MIXED)
def test_two_devices_in_one_operation_are_refused(w, mix):
    with pytest.raises(
        RuntimeError, match=r"same device|device type '?cpu'?|indices should be|expected device|on cuda"
    ):
        mix(w)


def test_what_a_card_takes_from_the_cpu(w):
    assert (w * torch.tensor(2.0)).tolist() == [2.0, 4.0, 6.0]
    assert (torch.tensor(2.0) * w).is_cuda
    assert w[torch.tensor([0, 2])].tolist() == [1.0, 3.0]
    whole = w.detach().int()
    assert [(w % 2).tolist(), (w // 2).tolist(), (2 % w).tolist()] == [
        [1.0, 0.0, 1.0],
        [0.0, 1.0, 1.0],
        [0.0, 0.0, 2.0],
    ]
    assert [(whole & 1).tolist(), (whole % 2.5).dtype, (w[0] % 2.5).dtype] == [[1, 0, 1], torch.float32, torch.float32]
    assert torch.where(w > 1, w, torch.tensor(0.0)).tolist() == [0.0, 2.0, 3.0]
    assert w.detach().copy_(torch.ones(3)).tolist() == [1.0, 1.0, 1.0]


@pytest.mark.parametrize("take", [torch.Tensor.numpy, np.asarray, lambda w: np.exp(w)])
def test_numpy_is_refused(w, take):
    with pytest.raises(TypeError, match=r"can't convert cuda:0 device type tensor to numpy\. Use Tensor\.cpu\(\)"):
        take(w.detach())


def test_what_a_card_computes_otherwise(w):
    whole = torch.ones(2, 2, dtype=torch.int64, device="cuda")
    for product in (lambda: whole @ whole, lambda: whole @ whole[0], lambda: whole[0] @ whole[0]):
        with pytest.raises(RuntimeError, match="not implemented for 'Long'"):
            product()
    wild = torch.tensor([torch.nan, torch.inf, -1e30, 2.7], device="cuda")
    assert wild.int().tolist() == [0, 2**31 - 1, -(2**31), 2]


def test_a_place_that_does_not_exist_breaks_the_card(w, monkeypatch):
    monkeypatch.setattr(second_rules, "_BROKEN", [])
    for ask in (lambda: w[torch.tensor([5])], lambda: w + 1):
        with pytest.raises(RuntimeError, match="device-side assert"):
            ask()


def test_a_thread_that_begins_with_a_product_is_warned_once(w, monkeypatch):
    """As torch warns where cuBLAS comes before anything else in a thread: a stored cell would lack that line."""
    monkeypatch.setattr(second_rules, "_WARNED", [])
    product = lambda: w.detach() @ w.detach()  # noqa: E731
    for begins, count in [(lambda: w + 1, 0), (product, 1), (product, 0)]:
        with warnings.catch_warnings(record=True) as told:
            warnings.simplefilter("always")
            thread = threading.Thread(target=lambda begins=begins: (begins(), product()))
            thread.start()
            thread.join()
        assert [str(one.message)[:28] for one in told] == count * ["Attempting to run cuBLAS, bu"]


def test_its_dice_are_its_own():
    torch.manual_seed(0)
    there = torch.rand(5, device="cuda")
    assert not torch.equal(there.cpu(), torch.rand(5))
    torch.manual_seed(0)
    assert torch.equal(torch.rand(5, device="cuda"), there)
    dice = torch.Generator(device="cuda").manual_seed(3)
    assert (dice.device.type, dice.initial_seed()) == ("cuda", 3)
    assert torch.rand(2, generator=dice, device="cuda").is_cuda
    for wrong, device in [(dice, "cpu"), (torch.Generator(), "cuda")]:
        with pytest.raises(RuntimeError, match=f"Expected a '{device}' device type for generator"):
            torch.rand(2, generator=wrong, device=device)


def test_backward_runs_in_a_thread_of_the_device(w):
    """As on a card: what a hook finds in its thread is not what the cell put there."""
    threads = []
    w.register_hook(lambda gradient: threads.append(threading.current_thread()))
    (w * w).sum().backward()
    assert threads[0] is not threading.current_thread()
    assert (w.grad.is_cuda, w.grad.tolist()) == (True, [2.0, 4.0, 6.0])


def test_views_share_and_count_their_versions(w):
    held = w.detach()
    held[0] = 7
    assert (w.tolist(), w._version) == ([7.0, 2.0, 3.0], 1)
    assert held.view(3, 1).data_ptr() == w.data_ptr() == held.untyped_storage().data_ptr()


def test_a_network_learns(w):
    net = torch.nn.Sequential(torch.nn.Linear(3, 4), torch.nn.Tanh(), torch.nn.Linear(4, 1))
    optimizer = torch.optim.Adam(net.parameters(), lr=0.1)
    before = [id(weight) for weight in net.parameters()]
    assert [id(weight) for weight in net.to("cuda").parameters()] == before
    for _ in range(50):
        loss = (net(w.detach()) - 1).square().mean()
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
    assert loss < 0.01
    assert copy.deepcopy((net, w))[0](w).is_cuda


def test_torch_func_and_checkpoints_and_complex_numbers(w):
    assert torch.func.jacrev(torch.square)(w).diag().tolist() == [2.0, 4.0, 6.0]
    assert torch.func.jvp(torch.square, (w,), (torch.ones_like(w),))[1].tolist() == [2.0, 4.0, 6.0]
    assert torch.autograd.gradcheck(torch.sin, w.detach().double().requires_grad_())
    checkpoint(lambda a: torch.nn.functional.dropout(a * a, 0.0).sum(), w, use_reentrant=False).backward()
    assert w.grad.tolist() == [2.0, 4.0, 6.0]
    z = torch.view_as_complex(w.detach()[:2])
    assert (z.conj() * 1).tolist() == z.conj().resolve_conj().item() == 1.0 - 2.0j
    assert (z.is_cuda, (z * z).imag.item(), torch.view_as_real(z).tolist()) == (True, 4.0, [1.0, 2.0])


def test_a_program_can_be_exported(w):
    program = torch.export.export(torch.nn.Linear(3, 1).to("cuda"), (w.detach(),))
    assert program.module()(w.detach()).is_cuda


def test_what_is_rounded_may_differ_and_what_is_not_may_not(w):
    far = torch.linspace(0.1, 5, 1000, device="cuda")
    for function in (torch.exp, torch.tanh, torch.log, torch.softmax):
        there = function(far, 0) if function is torch.softmax else function(far)
        here = function(far.cpu(), 0) if function is torch.softmax else function(far.cpu())
        assert 0 < (there.cpu() - here).abs().max() / here.max() < 1e-6
        assert torch.equal(there, function(far, 0) if function is torch.softmax else function(far))
    assert len({far.sum().item(), far.flip(0).cumsum(0)[-1].item(), far.cpu().sum().item()}) > 1
    for exact in (lambda x: x * x / 3 - x, lambda x: x.sqrt(), lambda x: x.round().sum(), lambda x: (x > 1).sum()):
        assert torch.equal(exact(far).cpu(), exact(far.cpu()))
    assert (w @ w).item() == 14.0


@pytest.mark.parametrize(
    "case", [case for case in CASES if case.name not in FOR_CUDA_ALONE], ids=lambda case: case.name
)
def test_the_replay_is_the_engines_own_pass(case):
    assert complaints(case, torch.device("cuda")) == []
