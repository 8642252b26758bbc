"""Copy the README's pictures out of the lessons' stored outputs: `python tests/write_pictures.py`."""

import base64
from pathlib import Path

import nbformat

NOTEBOOKS = Path(__file__).parent.parent / "notebooks"


def pictures():
    """The bytes of each picture, by file name."""
    lesson = nbformat.read(NOTEBOOKS / "07_manual_sgd.ipynb", as_version=4)
    data = {
        cell.id: cell.outputs[-1].data for cell in lesson.cells if cell.get("outputs") and "data" in cell.outputs[-1]
    }
    return {
        "graph.svg": data["graph"]["image/svg+xml"].encode(),
        "rates.png": base64.b64decode(data["rate-still"]["image/png"]),
    }


if __name__ == "__main__":
    for name, picture in pictures().items():
        (NOTEBOOKS / "pictures").mkdir(exist_ok=True)
        (NOTEBOOKS / "pictures" / name).write_bytes(picture)
