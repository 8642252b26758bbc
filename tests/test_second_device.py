"""The second device: that it is like a card, that lessons hold on it, and that what a card would break breaks."""

from collections import Counter
import os
import re
import shutil
import subprocess
import sys

import nbformat
import pytest
from second_device import ROOT, environment, operations, run, run_tests, told
from second_tables import can_fool
import torch

pytestmark = pytest.mark.skipif(
    not can_fool() or torch.cuda.is_available(), reason="made for Linux on x86-64 or 64-bit ARM, without a card"
)
LESSONS = [ROOT / "notebooks" / name for name in ("06_vector_backward.ipynb", "02_graph.ipynb")]
START = "w = torch.tensor([0.3, 0.7, 1.1], requires_grad=True, device=device)\n"
FAULTS = {
    "made without a device": "(w * torch.tensor([1.0, 2.0, 3.0])).sum().item() > 0",
    "added to what is on the CPU": "total = torch.zeros(3)\ntotal += w.detach()\ntotal.shape",
    "a layer left on the CPU": "torch.nn.Linear(3, 1)(w).shape",
    "a Parameter left on the CPU": "offset = torch.nn.Parameter(torch.ones(3))\n(w + offset).shape",
    "a gradient from the CPU": "w.grad = torch.zeros(3)\nw.grad.sum().item()",
    "numpy without cpu": "w.detach().numpy().shape",
    "an array of a gradient": "import numpy as np\n(w * 2).sum().backward()\nnp.asarray(w.grad).tolist()",
    "a plot of what is on the card": "from matplotlib.figure import Figure\n"
    "Figure().subplots().plot(w.detach())[0].get_label()",
    "the device printed": "print('computed on', w.device)",
    "a raw tensor shown": "w.detach() * 0",
    "the type of a tensor": "w.type()",
    "an error's text shown": "try:\n    w + torch.ones(3, device='meta')\n"
    "except RuntimeError as error:\n    print(error)",
    "drawn on the card": "torch.manual_seed(1)\nprint(f'{torch.rand(1, device=device).item():.2f}')",
    "dice of the CPU for the card": "dice = torch.Generator().manual_seed(0)\n"
    "torch.rand(2, generator=dice, device=device).shape",
    "a number as it is": "w.exp().sum().item()",
    "a loss with eight digits": "print(f'{((w.exp() - 1) ** 2).mean().item():.8f}')",
    "equal in every bit": "xs = torch.linspace(0, 1, 999, device=device).exp()\n"
    "(xs.sum() / 999 == (xs / 999).sum()).item()",
    "a hook that knows its thread": "import threading\nhome = threading.get_ident()\n"
    "w.register_hook(lambda gradient: print(threading.get_ident() == home))\nw.sum().backward()",
    "a helper that makes a CPU tensor": "from course_utils import plot_fit\n"
    "plot_fit(w, w * 2, lambda x: x * w[0]).get_xlabel()",
}
FINE = {
    "a number of the CPU": "(w * torch.tensor(2.0)).sum().item() > 0",
    "places from the CPU": "w[torch.tensor([0, 2])].shape",
    "numpy after cpu": "w.detach().cpu().numpy().shape",
    "thrown on the CPU, carried over": "dice = torch.Generator(device='cpu').manual_seed(0)\n"
    "print(f\"{torch.rand(1, generator=dice, device='cpu').to(device).item():.3f}\")",
    "digits that are defended": "print(f'{((w.exp() - 1) ** 2).mean().item():.4f}')",
    "exact": "torch.arange(5.0, device=device).sum().item()",
}


def test_the_second_device_is_like_a_card_and_the_tests_for_one_pass_on_it():
    ran = run_tests(1, "-q")
    assert ran.returncode == 0, ran.stdout
    assert int(re.findall(r"(\d+) passed", ran.stdout)[0]) > 150
    assert "skipped" not in ran.stdout


def test_a_lesson_gives_on_a_card_what_it_gave_on_the_cpu(tmp_path):
    """All of them: `python tests/second_device.py`."""
    there = environment(tmp_path, card=1)
    verdicts, text = run(LESSONS[:1], there)
    counts = operations(LESSONS, there)
    assert set(verdicts) == {LESSONS[0].stem}
    assert all(all(cells.values()) for cells in verdicts.values()), text
    assert counts["06_vector_backward"] > 1000, "the lesson has computed elsewhere"
    assert f"{counts['06_vector_backward']:,}" in told(verdicts, counts)


@pytest.fixture(scope="module")
def planted(tmp_path_factory):
    """A copy of a lesson and of course_utils, with faults that no CPU can see, and its outputs stored on a CPU."""
    folder = tmp_path_factory.mktemp("planted")
    bare = shutil.ignore_patterns("*.ipynb", "__pycache__", ".*")
    for name in ("notebooks", "course_utils"):
        shutil.copytree(ROOT / name, folder / name, ignore=bare)
    shutil.copy(ROOT / "pyproject.toml", folder)
    plot = folder / "course_utils" / "plot.py"
    source = plot.read_text(encoding="utf-8")
    assert "50, device=device)" in source
    plot.write_text(source.replace("50, device=device)", "50)"), encoding="utf-8")
    lesson = nbformat.read(LESSONS[1], as_version=4)
    count = len([cell for cell in lesson.cells if cell.cell_type == "code"])
    lesson.cells += [nbformat.v4.new_code_cell(START + code) for code in [*FAULTS.values(), *FINE.values()]]
    copy = folder / "notebooks" / "planted.ipynb"
    nbformat.write(lesson, copy)
    home = {**os.environ, "COURSE_DEVICE": "cpu", "PYTHONPATH": str(folder)}
    subprocess.run([sys.executable, ROOT / "tests" / "store_outputs.py", copy], env=home, check=True)
    there = environment(folder, card=1) | {"PYTHONPATH": str(folder)}
    return count, run([copy], home, folder)[0]["planted"], run([copy], there, folder)[0]["planted"]


def test_on_the_cpu_the_planted_faults_are_not_seen(planted):
    count, here, _ = planted
    assert Counter(here.values()) == {True: count + len(FAULTS) + len(FINE)}


@pytest.mark.parametrize("fault", FAULTS)
def test_a_planted_fault_is_seen_on_the_second_device(planted, fault):
    count, _, there = planted
    assert not there[count + [*FAULTS].index(fault)]


def test_what_is_right_stays_right_on_the_second_device(planted):
    count, _, there = planted
    untouched = [place for place in there if not count <= place < count + len(FAULTS)]
    assert len(untouched) == count + len(FINE)
    assert [place for place in untouched if not there[place]] == []
