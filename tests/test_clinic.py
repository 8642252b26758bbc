"""The clinic as a guest: it knows its own, leaves all else alone, and nobody notices that it was there."""

from contextlib import suppress
import gc
import linecache
import random
import types
import warnings
import weakref

from course_utils.clinic import close_clinic, leaflet_for, open_clinic
from course_utils.clinic.leaflet import Leaflet
from IPython.core.interactiveshell import InteractiveShell
import nbformat
import pytest
from shell import Shell
from torch import nn
from ward import SETUP, admit

NUMPY = "z = torch.ones(2, requires_grad=True).numpy()"
GRAD = "h = w * 3\nh.sum().backward()\ng = h.grad"

CANT = "Can't call numpy() on Tensor that requires grad."
OTHERS = {
    "a typo in a name": "los = 1\nloss",
    "a typo in an attribute": "torch.tensr([1.0])",
    "a typo in a keyword": "torch.tensor([1.0], require_grad=True)",
    "a typo in a method": "w.bakward()",
    "no such module": "import torhc",
    "no such name in a module": "from torch import tenser",
    "an attribute of None": "model = None\nmodel.weight",
    "grad of None": "model = None\nmodel.grad",
    "zero_ of None": "model = None\nmodel.zero_()",
    "None times a number": "rate = None\nrate * 2.0",
    "a number times None": "rate = None\nx - 0.1 * rate",
    "None called": "criterion = None\ncriterion(x, y)",
    "a tensor called": "x(1)",
    "shapes of a sum": "torch.ones(2) + torch.ones(3)",
    "shapes of a product": "torch.ones(2, 3) @ torch.ones(2, 3)",
    "shapes of a layer": "nn.Linear(3, 1)(torch.ones(2, 2))",
    "shapes of a view": "torch.ones(6).view(4, 2)",
    "shapes of a stack": "torch.stack([torch.ones(2), torch.ones(3)])",
    "shapes of cat": "torch.cat([torch.ones(2, 2), torch.ones(3)])",
    "a ragged list": "torch.tensor([[1.0], [1.0, 2.0]])",
    "strings in a tensor": "torch.tensor(['a'])",
    "None in a tensor": "torch.tensor([None])",
    "an index too far": "x[5]",
    "a dimension too far": "x.sum(3)",
    "item of many": "x.item()",
    "truth of many": "if x > 0:\n    pass",
    "kinds of numbers in a product": "torch.ones(2, 2) @ torch.ones(2, 2).long()",
    "kinds of numbers in a layer": "nn.Linear(2, 1)(torch.ones(2).long())",
    "classes that are floats": "F.cross_entropy(torch.ones(2, 3), torch.ones(2, 3).long())",
    "classes out of range": "F.cross_entropy(torch.ones(2, 3), torch.tensor([0, 7]))",
    "a target of another size": "F.binary_cross_entropy(torch.ones(3, 1), torch.ones(3))",
    "no CUDA": "import unittest.mock\nwith unittest.mock.patch('torch.cuda.is_available', lambda: False):\n"
    "    raise AssertionError('Torch not compiled with CUDA enabled')",
    "no such device": "torch.ones(2, device='cuda9')",
    "meta has no numbers": "torch.ones(2, device='meta').cpu()",
    "no numbers to print": "torch.ones(2, device='meta').item()",
    "a wrong state": "nn.Linear(2, 1).load_state_dict({'bias': torch.ones(1)})",
    "no parameters": "torch.optim.SGD([], lr=0.1)",
    "a rate below zero": "torch.optim.SGD([w], lr=-1)",
    "a result for the optimizer": "torch.optim.SGD([w * 2], lr=0.1)",
    "no such file": "torch.load('nowhere.pt')",
    "a dataset without length": "len(torch.utils.data.IterableDataset())",
    "a module without forward": "nn.Module()(x)",
    "a layer before its module": "class Net(nn.Module):\n    def __init__(self):\n        self.l = nn.ReLU()\nNet()",
    "a parameter that is none": "net = nn.Linear(1, 1)\nnet.weight = torch.ones(1, 1)",
    "an argument too many": "def f(a):\n    return a\nf(1, 2)",
    "an argument too few": "def f(a, b):\n    return a\nf(1)",
    "numpy's shapes": "np.ones(2) + np.ones(3)",
    "numpy's index": "np.ones(2)[4]",
    "numpy of a list": "[1.0].numpy()",
    "a key": "{'a': 1}['b']",
    "a list's index": "[1][2]",
    "a string and a number": "'loss: ' + 1.0",
    "too many to unpack": "a, b = 1, 2, 3",
    "not to be called": "'loss'()",
    "not iterable": "for i in 3:\n    pass",
    "division by zero": "1 / 0",
    "a square root below zero": "math.sqrt(-1)",
    "a huge power": "math.exp(1000)",
    "an assertion": "assert (w > 5).all(), 'w asks for a gradient'",
    "one's own error": "raise ValueError('the loss is nan')",
    "one's own words of autograd": "raise RuntimeError('my gradient requires grad in-place')",
    "autograd's words in another class": f"raise ValueError({CANT!r})",
    "autograd's words in a function of one's own": f"raise RuntimeError({CANT!r})",
    "a local before it is there": "def f():\n    n += 1\nn = 0\nf()",
    "endless calls": "def f(n):\n    return f(n + 1)\nf(0)",
    "the end of a generator": "next(iter([]))",
    "stopped by hand": "raise KeyboardInterrupt",
    "the memory's end": "raise MemoryError",
    "a wrong syntax": "for i in range(3)\n    pass",
    "a wrong margin": "if True:\npass",
    "a bracket left open": "loss = (w * x",
    "a tab too many": "if True:\n\tx\n        y",
    "an error in a text that runs": "exec('1 / 0')",
    "a syntax in a text that runs": "exec('a b')",
    "a library's error": "import json\njson.loads('{')",
    "a library's error deep down": "import decimal\ndecimal.Decimal('a')",
    "a cell without end": "await nothing",
    "an exception group": f"raise ExceptionGroup('many', [RuntimeError({CANT!r})])",
    "a failed import inside a library": "import importlib\nimportlib.import_module('torch.nothing')",
    "another matplotlib": "from matplotlib.figure import Figure\nFigure().subplots().plot([1, 2], [1, 2, 3])",
    "a hook that fails": "w.register_hook(lambda g: g / 'a')\n(w * 2).sum().backward()",
}  # fmt: skip


@pytest.fixture(scope="module")
def ward():
    shell = Shell()
    shell.run(SETUP)
    yield shell
    shell.close()


def test_there_are_enough():
    assert len(OTHERS) >= 60


@pytest.mark.parametrize("cell", OTHERS.values(), ids=list(OTHERS))
@pytest.mark.filterwarnings("ignore")
def test_what_is_none_of_autograds_is_left_alone(ward, cell):
    ward.run(SETUP)
    said = ward.run(cell)
    assert said.error is not None
    assert not said.leaflets


@pytest.mark.skipif("__import__('torch').cuda.is_available()", reason="there is a CUDA device")
def test_a_call_for_cuda_without_cuda_is_left_alone(ward):
    said = ward.run("w.cuda()")
    assert said.error is not None
    assert not said.leaflets


# Strange errors

WORDS = [
    "leaf Variable that requires grad is being used in an in-place operation.",
    "modified by an inplace operation:",
    "[torch.FloatTensor [2]]",
    "[torch.cuda.HalfTensor []]",
    "is at version 1; expected version 0",
    "Can't call numpy() on Tensor that requires grad.",
    "Only Tensors of floating point",
    "can require gradients",
    "you can only change requires_grad flags of leaf variables.",
    "can't retain_grad on Tensor",
    "Inference tensors cannot be saved for backward.",
    "inference tensor outside InferenceMode",
    "Expected all tensors to be on the same device",
    "Expected tensor to have cuda DeviceType, but got tensor with cpu DeviceType (while checking arguments)",
    "function FBackward returned an incorrect number of gradients (expected 2, got 1)",
    "(expected 99999999999, got -1)",
    "The .grad attribute of a Tensor that is not a leaf Tensor",
    "Using a target size (torch.Size([3])) that is different to the input size (torch.Size([3, 1]))",
    "torch.Size([])",
    "backward through the graph a second time",
    "\x00",
    "\udcff",
    "(((((",
    "grad can be implicitly created only for scalar outputs",
    "element 0 of tensors does not require grad",
    "'NoneType' object has no attribute 'zero_'",
    "unsupported operand type(s) for *: 'float' and 'NoneType'",
    "appears to not have been used in the graph",
]
LINES = [
    "boom(w)", "w += boom(w)", "y[0] += boom(y)", "d['a'] = boom(d)", "boom().grad", "odd.grad(boom())",
    "w.numpy(boom())",     "z = boom() * w", "boom(w, *[y], **{})",
    "[boom(w) for w in [odd]]", "(boom\n(w,\n y))", "(lambda: boom(odd))()",
    "with torch.no_grad(): boom(x, target=y)", "if 1: y.mul_(boom(y))", "y: int = boom(w)", "# ü\nü = boom('ü', w)",
    "class F:\n  def backward(c, g):\n    return *g, 1\n  boom(w)", "def f(y):\n  y *= boom(y)\nf(odd)", "f'{boom(w)}'",
    "y = x = boom(w, inplace=True)", "global q; q = boom(w)", "boom(w, requires_grad=True)", "boom(w).requires_grad_()",
    "torch.tensor(boom(1), requires_grad=True)", "y = boom(w, y).requires_grad_(); y.retain_grad()", "x = boom(w).b",
    "for w in [boom(w)]: pass", "del boom(w).a", "assert boom(w)", "import os; boom(w)", "try: boom(w)\nfinally: y = 1",
]  # fmt: skip
BEFORE = ["y = w", "y.mul_(2)", "loss = y", "d = {'a': w}", "w = odd", "x, y = w, w", "y += 1", "d['a'] *= 2"]


class Odd:
    def __getattr__(self, name):
        raise RuntimeError("Can't call numpy() on Tensor that requires grad.")

    def __eq__(self, other):
        raise ValueError

    __hash__ = None


def strange(chance):
    """A class of errors whose text is strange."""

    def text(self):
        match chance.randrange(5):
            case 0:
                raise KeyboardInterrupt
            case 1:
                raise SystemExit
            case 2:
                return 5
            case 3:
                return str(self)
        return " ".join(chance.choices(WORDS, k=3)) * 10_000

    return type("Strange", (chance.choice([RuntimeError, TypeError, AttributeError, UserWarning]),), {"__str__": text})


def fall_ill(error, chance):
    """Raise it somewhere in a cell of the learner's, from a place that is not the learner's."""
    import torch

    asks = torch.ones(2, requires_grad=True)
    plain = [Odd(), torch.ones(2), torch.arange(2), [asks], {"a": 1}, None, nn.Linear(1, 1)]
    odd = chance.choice([*plain, *[asks, asks * 2] * 4])
    names = {"error": error, "torch": torch, **dict.fromkeys(("odd", "w", "x", "y", "d", "loss"), odd)}
    exec(compile("def boom(*_, **__):\n    raise error", "<string>", "exec"), names)
    cell = "\n".join([*("if 0: " + line for line in chance.sample(BEFORE, k=2)), chance.choice(LINES)])
    linecache.cache["<fuzz>"] = (len(cell), None, cell.splitlines(keepends=True), "<fuzz>")
    with suppress(BaseException):
        exec(compile(cell, "<fuzz>", "exec"), names)


def fuzzed(chance):
    """An error with autograd's words, raised anywhere or not at all."""
    kind = chance.choice(
        [RuntimeError, RuntimeError, TypeError, AttributeError, ValueError, UserWarning, strange(chance)]
    )
    words = " ".join(chance.choices(WORDS, k=chance.randrange(1, 5)))
    error = kind(*chance.choice([(words,), (words,), (words,), (), (5, words), (None,)]))
    error.__cause__ = chance.choice([None, error, RuntimeError()])
    if error.__cause__ is not None:
        error.__cause__.__context__ = error

    if chance.random() < 0.9:
        fall_ill(error, chance)
    return error


@pytest.mark.filterwarnings("ignore")
def test_a_thousand_strange_errors_never_make_the_clinic_raise():
    chance = random.Random(7)
    shell = types.SimpleNamespace(user_ns={"In": ["", "a b", "y = 1", "%time y"]}, events=Events())
    open_clinic(shell)
    shown = []
    shell._course_clinic._display = shown.append
    for _ in range(1000):
        error = fuzzed(chance)
        found = leaflet_for(error, earlier=chance.choice([[], ["a b", "y = w"], ["ü = 1\n", "\x00"]]))
        assert found is None or isinstance(found, Leaflet)
        shell._course_clinic.after(types.SimpleNamespace(error_in_exec=error))
    shell._course_clinic.after(None)
    del linecache.cache["<fuzz>"]
    assert len(shown) > 5, "otherwise little was tried"


class Events:
    def register(self, *_):
        pass

    unregister = register


# A quiet guest


def traceback_of(cell, *, with_clinic):
    shell = Shell(with_clinic=with_clinic)
    del shell.ip.showtraceback
    said = []
    shell.ip._showtraceback = lambda kind, value, lines: said.append((kind, str(value), list(lines)))
    shell.run(SETUP)
    shell.run("def f(t):\n    return t.numpy()")
    shell.run(cell)
    shell.close()
    return said


@pytest.mark.parametrize("cell", [NUMPY, "f(w)", "1 / 0", "a b", "raise KeyboardInterrupt"])
def test_the_traceback_is_the_same_with_and_without(cell):
    with_it = traceback_of(cell, with_clinic=True)
    assert with_it
    assert with_it == traceback_of(cell, with_clinic=False)


def test_opened_and_closed_twice():
    ip = InteractiveShell()
    before = {name: list(calls) for name, calls in ip.events.callbacks.items()}
    for _ in range(2):
        open_clinic(ip)
    assert [len(calls) - len(before[name]) for name, calls in ip.events.callbacks.items() if "run_cell" in name] == [
        1,
        1,
    ]
    for _ in range(2):
        close_clinic(ip)
    assert {name: list(calls) for name, calls in ip.events.callbacks.items()} == before


def test_showing_changes_neither_the_last_value_nor_out():
    shell = Shell()
    shell.ip.displayhook.write_output_prompt = shell.ip.displayhook.write_format_data = lambda *_: None
    shell.run(SETUP)
    shell.run("41 + 1")
    del shell.ip._course_clinic._display
    before = dict(shell["Out"])
    shell.ip.run_cell(NUMPY, store_history=True)
    assert (shell["_"], shell["Out"]) == (42, before)
    shell.close()


def test_nothing_keeps_the_frame_alive():
    shell = Shell()
    shell.run(SETUP + "\nclass Big:\n    pass\ndef f(t):\n    big = Big()\n    watch(big)\n    h = t * 2\n"
              "    h.sum().backward()\n    h.grad\n    return t.numpy()")  # fmt: skip
    kept = []
    shell.ip.user_ns["watch"] = lambda big: kept.append(weakref.ref(big))
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        error = shell.ip.run_cell("f(w)").error_in_exec
    assert kept[0]() is not None, "the error itself keeps it, with and without the clinic"
    error.__traceback__ = None
    shell.ip.run_cell("1")
    gc.collect()
    assert kept[0]() is None
    shell.close()


# Warnings

warn = pytest.mark.filterwarnings("default")


@warn
def test_a_warning_is_shown_as_ever_and_heard(monkeypatch):
    shown = {True: [], False: []}
    for with_clinic, texts in shown.items():
        monkeypatch.setattr(
            warnings, "showwarning", lambda *told, texts=texts: texts.append(warnings.formatwarning(*told[:4]))
        )
        shell = Shell(with_clinic=with_clinic)
        shell.run(SETUP)
        said = shell.run(GRAD)
        assert bool(said.leaflets) is with_clinic
        shell.close()
    assert shown[True] == shown[False]
    assert "not a leaf" in shown[True][0]


@warn
def test_a_loop_gets_one_leaflet_and_the_filters_stay():
    shell, _ = admit()
    before, show = list(warnings.filters), warnings.showwarning
    said = shell.run("for _ in range(20):\n    h = w * 3\n    h.sum().backward()\n    g = h.grad")
    assert len(said.leaflets) == 1
    assert (warnings.filters, warnings.showwarning) == (before, show)
    shell.close()


@warn
def test_who_replaces_showwarning_keeps_it():
    shell, _ = admit()
    before = warnings.showwarning
    try:
        shell.run("import warnings\ngot = []\nold = warnings.showwarning\n"
                  "def mine(*args):\n    got.append(args)\n    old(*args)\nwarnings.showwarning = mine")  # fmt: skip
        assert warnings.showwarning is shell["mine"]
        said = shell.run(GRAD)
        assert len(said.leaflets) == len(shell["got"]) == 1
        assert warnings.showwarning is shell["mine"]
        shell.run("warnings.showwarning = lambda *args: 1 / 0")
        assert isinstance(shell.run(GRAD + " ").error, ZeroDivisionError)
    finally:
        warnings.showwarning = before
        shell.close()


@warn
def test_a_warning_that_the_learner_catches_is_the_learners():
    shell, _ = admit()
    said = shell.run(
        "import warnings\nwith warnings.catch_warnings(record=True) as caught:\n    warnings.simplefilter('always')\n"
        + "\n".join("    " + line for line in GRAD.split("\n"))
    )
    assert len(shell["caught"]) == 1
    assert not said.leaflets
    shell.close()


@pytest.mark.filterwarnings("error")
def test_a_warning_that_is_made_an_error_is_known_as_well():
    shell, _ = admit()
    said = shell.run(GRAD)
    assert isinstance(said.error, UserWarning)
    assert [one.tensor for one in said.leaflets] == ["h"]
    shell.close()


# A real kernel


def executed(*cells):
    from nbclient import NotebookClient

    notebook = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(cell) for cell in cells])
    NotebookClient(notebook, allow_errors=True, timeout=120, kernel_name="python3").execute()
    return [cell.outputs for cell in notebook.cells]


def test_in_a_kernel_the_leaflet_stands_under_the_error():
    quiet, error, last, warned, off = executed(
        f"%load_ext course_utils\n{SETUP}\n7 * 6", NUMPY, "_", GRAD, f"%unload_ext course_utils\n{NUMPY}"
    )
    assert [one.output_type for one in quiet] == ["execute_result"]
    assert [one.output_type for one in error] == ["error", "display_data"]
    assert "course-leaflet" in error[1].data["text/html"]
    assert "detach()" in error[1].data["text/plain"]
    assert last[0].data["text/plain"] == "42"
    assert [one.output_type for one in warned] == ["stream", "display_data"]
    assert "not a leaf" in warned[0].text
    assert "retain_grad" in warned[1].data["text/plain"]
    assert [one.output_type for one in off] == ["error"]
