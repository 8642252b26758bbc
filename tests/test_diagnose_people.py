"""Healthy training steps as people write them, each in a real shell: nothing is found in any of them."""

from pathlib import Path
import re
import sys

from examining import loudly
import pytest
from shell import Shell

TEXT = (Path(__file__).parent / "healthy_steps.txt").read_text(encoding="utf-8")
STEPS = dict(re.findall(r"### (.+)\n((?:(?!###).*\n)+)", TEXT))
START = """
import copy, math, warnings
import torch
from torch import nn
from torch.nn import functional as F
from course_utils import diagnose
torch.manual_seed(0)
warnings.simplefilter("ignore")
look = diagnose
"""


def test_there_are_many():
    assert len(STEPS) == TEXT.count("### ") >= 120


@pytest.mark.parametrize("name", STEPS)
def test_nothing_is_found(name, monkeypatch):
    found = []
    loudly(monkeypatch)
    monkeypatch.setattr(sys.modules["course_utils.diagnosis.examination"], "Diagnosis", found.append)
    shell = Shell(with_clinic=False)
    errors = [shell.run(cell).error for cell in (START, STEPS[name])]
    shell.close()
    assert errors == [None, None]
    assert found
    assert [finding for findings in found for finding in findings] == []
