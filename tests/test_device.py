import os
import subprocess
import sys

from course_utils import pick_device
from course_utils.device import devices_found
import pytest
import torch


@pytest.fixture
def two_cards(monkeypatch):
    monkeypatch.setattr(torch.cuda, "is_available", lambda: True)
    monkeypatch.setattr(torch.cuda, "device_count", lambda: 2)


@pytest.fixture
def no_card(monkeypatch):
    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)


@pytest.mark.parametrize(
    ("asked", "got"),
    [("auto", "cuda"), ("", "cuda"), (" CUDA ", "cuda"), ("cuda:1", "cuda:1"), ("cpu", "cpu"), (None, "cuda")],
)
@pytest.mark.usefixtures("two_cards")
def test_with_two_cards(asked, got, monkeypatch):
    if asked is None:
        monkeypatch.delenv("COURSE_DEVICE", raising=False)
    else:
        monkeypatch.setenv("COURSE_DEVICE", asked)
    assert pick_device() == got


@pytest.mark.usefixtures("no_card")
@pytest.mark.parametrize("asked", ["auto", "cpu"])
def test_without_a_card(asked):
    assert pick_device(asked) == "cpu"


@pytest.mark.usefixtures("no_card")
@pytest.mark.parametrize("asked", ["cuda", "cuda:0"])
def test_an_absent_card_is_an_error_that_says_what_was_found(asked):
    with pytest.raises(RuntimeError, match=rf"asks for {asked}, but torch .* finds only: cpu\."):
        pick_device(asked)


@pytest.mark.usefixtures("two_cards")
def test_an_absent_second_card_is_an_error_too():
    with pytest.raises(RuntimeError, match=r"asks for cuda:2, .* finds only: cpu, cuda:0, cuda:1\."):
        pick_device("cuda:2")


@pytest.mark.parametrize("asked", ["gpu", "cuda:", "cuda:-1", "cuda:x", "cpu:0", "mps"])
def test_another_name_is_refused(asked):
    with pytest.raises(ValueError, match=f"COURSE_DEVICE must be auto, cpu, cuda or cuda:N, got '{asked}'"):
        pick_device(asked)


def test_the_cpu_is_always_found():
    assert devices_found()[0] == "cpu"


@pytest.mark.parametrize(("chosen", "in_force"), [(None, "PASSIVE"), ("ACTIVE", "ACTIVE")])
def test_threads_wait_asleep_before_torch_is_loaded(chosen, in_force):
    """The policy must stand when torch is first looked for: a finder at the front of the queue notes it."""
    code = """if True:
        import os, sys
        class Witness:
            def find_spec(self, name, path=None, target=None):
                if name == "torch":
                    print(os.environ.get("OMP_WAIT_POLICY"))
        sys.meta_path.insert(0, Witness())
        import course_utils
    """
    environment = {name: value for name, value in os.environ.items() if name != "OMP_WAIT_POLICY"}
    if chosen:
        environment["OMP_WAIT_POLICY"] = chosen
    ran = subprocess.run([sys.executable, "-c", code], env=environment, capture_output=True, text=True, check=True)
    assert ran.stdout.split() == [in_force]


@pytest.mark.cuda
@pytest.mark.skipif(not torch.cuda.is_available(), reason="no CUDA device on this machine")
def test_auto_takes_the_card():
    assert torch.ones(3, device=pick_device("auto")).is_cuda
