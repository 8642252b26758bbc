"""Which cells each notebook has, in their order: the record that pytest compares with, in notebooks/contents.txt."""

from pathlib import Path

import nbformat

HEAD = """\
# The cells of every notebook in their order, by kind and id. pytest compares: a cell that is gone, new or elsewhere is
# a failure, a text cell too. What stands in them is not here: outputs tell that. Written anew by
# python tests/store_outputs.py --contents
"""


def cells_of(notebook):
    """A line for each cell: its kind and its id."""
    return [f"{cell.cell_type} {cell.id}" for cell in notebook.cells]


def written(rows):
    """The text of contents.txt: {a notebook's path within its folder: a line for each of its cells}."""
    parts = ["\n".join([name, *(f"  {line}" for line in lines)]) for name, lines in sorted(rows.items())]
    return HEAD + "\n" + "\n\n".join(parts) + "\n"


def write_contents(folder):
    """Write the record of all notebooks that lie in this folder, and return its path."""
    rows = {path.name: cells_of(nbformat.read(path, as_version=4)) for path in folder.glob("*.ipynb")}
    Path(folder, "contents.txt").write_text(written(rows), encoding="utf-8")
    return Path(folder, "contents.txt")
