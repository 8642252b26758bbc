"""Every topic of the list is taught by a cell that a learner runs."""

from pathlib import Path

import nbformat
import pytest
from test_worked_examples import words
from topics import TOPICS

FOLDER = Path(__file__).parent.parent / "notebooks"


def test_the_list_is_whole():
    assert len(TOPICS) == 34


@pytest.mark.parametrize("topic", TOPICS)
def test_a_topic_is_taught(topic):
    lesson, cell, held = TOPICS[topic]
    notebook = nbformat.read(FOLDER / f"{lesson}.ipynb", as_version=4)
    [found] = [each for each in notebook.cells if each.id == cell]
    assert held in "\n".join([found.source, *map(words, found.outputs)])
