"""Every worked example is shown by a cell, with its figure."""

from pathlib import Path

import nbformat
import pytest
from worked_examples import WORKED

FOLDER = Path(__file__).parent.parent / "notebooks"
IDS = {"G1", "G2", "G3", "G4", "C1", "C2", "C3", "C4", "R1", "R2", "R3", "B1", "B2", "B3", "B4"}
IDS |= {"S1", "S2", "S3", "S4", "S5", "S6", "N1", "I1"}

PLACES = [(name, *place) for name, places in WORKED.items() for place in places]


def test_no_worked_example_is_missing():
    assert set(WORKED) == IDS


@pytest.mark.parametrize(("name", "lesson", "cell", "figure"), PLACES, ids=[" ".join(place[:3]) for place in PLACES])
def test_a_worked_example_shows_its_figure(name, lesson, cell, figure):
    notebook = nbformat.read(FOLDER / f"{lesson}.ipynb", as_version=4)
    [found] = [each for each in notebook.cells if each.id == cell]
    said = "\n".join(words(output) for output in found.outputs)
    assert figure in said


def words(output):
    """What an output says to who reads: its text, or its text alternative."""
    return output.get("text", "") + output.get("data", {}).get("text/plain", "")
