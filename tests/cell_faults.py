"""Faults in which cells a notebook has, and in which order: each text cell and each code cell in turn."""

from copy import deepcopy

import nbformat


def deleted_cells(notebook):
    """Of each cell a notebook without it."""
    for place, cell in enumerate(notebook.cells):
        yield f"without {cell.id}", with_cells(notebook, notebook.cells[:place] + notebook.cells[place + 1 :])


def swapped_cells(notebook):
    """Of each two neighbours a notebook in which they have changed places."""
    for place, (one, other) in enumerate(zip(notebook.cells, notebook.cells[1:], strict=False)):
        cells = [*notebook.cells[:place], other, one, *notebook.cells[place + 2 :]]
        yield f"{other.id} before {one.id}", with_cells(notebook, cells)


def surplus_cells(notebook):
    """A notebook with one text cell more at its end, and one with its first code cell as text."""
    yield "one more at the end", with_cells(notebook, [*notebook.cells, nbformat.v4.new_markdown_cell("", id="new")])
    code = next((place for place, cell in enumerate(notebook.cells) if cell.cell_type == "code"), None)
    if code is not None:
        told = nbformat.v4.new_markdown_cell(notebook.cells[code].source, id=notebook.cells[code].id)
        yield "code as text", with_cells(notebook, [*notebook.cells[:code], told, *notebook.cells[code + 1 :]])


def with_cells(notebook, cells):
    return nbformat.NotebookNode({**notebook, "cells": cells})


def bare(notebook):
    """The notebook without outputs, which say nothing of the cells' order."""
    notebook = deepcopy(notebook)
    for cell in notebook.cells:
        if cell.cell_type == "code":
            cell.outputs = []
    return notebook


CELL_FAULTS = {"deleted cell": deleted_cells, "swapped cells": swapped_cells, "other": surplus_cells}
