"""Copy the README's pictures out of the lessons' stored outputs: `python tests/write_pictures.py`."""

import base64
from pathlib import Path

import nbformat

NOTEBOOKS = Path(__file__).parent.parent / "notebooks"


def pictures():
    """The bytes of each picture, by file name."""
    return {
        "graph.svg": shown("07_manual_sgd", "graph")["image/svg+xml"].encode(),
        "backward.svg": shown("05_backward", "start-stepper")["image/svg+xml"].encode(),
        "rates.png": base64.b64decode(shown("08_learning_rate", "explore-bowl")["image/png"]),
    }


def shown(lesson, cell_id):
    """The data of a cell's last output."""
    cells = nbformat.read(NOTEBOOKS / f"{lesson}.ipynb", as_version=4).cells
    return next(cell for cell in cells if cell.id == cell_id).outputs[-1].data


if __name__ == "__main__":
    for name, picture in pictures().items():
        (NOTEBOOKS / "pictures").mkdir(exist_ok=True)
        (NOTEBOOKS / "pictures" / name).write_bytes(picture)
