"""A notebook's file as plain values: read, cleared of what a run left behind, and written the same way every time."""

from __future__ import annotations

from collections.abc import Iterable
import json
from pathlib import Path
from typing import Any

from course_utils.commands.trouble import Trouble

Cell = dict[str, Any]
Page = dict[str, Any]

OF_A_RUN = {"execution", "collapsed"}  # metadata that a run or a look at its output left


def read_page(path: Path) -> Page:
    """The notebook in this file.

    Raises:
        Trouble: it cannot be read, or is none of version 4.
    """
    try:
        page = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise Trouble(f"{path} cannot be read as a notebook: {error}.") from None
    if not isinstance(page, dict) or page.get("nbformat") != 4 or not isinstance(page.get("cells"), list):
        raise Trouble(f"{path} is no notebook of version 4: open it in JupyterLab and save it.")
    return page


def page_of(cells: Iterable[Cell], like: Page) -> Page:
    """A notebook of these cells, with kernel and version of another."""
    return {**like, "cells": list(cells)}


def cleared(cell: Cell) -> Cell:
    """The cell without outputs, counts and times; its id and its other metadata stay."""
    metadata = {name: value for name, value in cell.get("metadata", {}).items() if name not in OF_A_RUN}
    clear = {**cell, "metadata": metadata}
    if cell["cell_type"] == "code":
        clear |= {"outputs": [], "execution_count": None}
    return clear


def source_of(cell: Cell) -> str:
    """What stands in the cell."""
    source = cell.get("source", "")
    return source if isinstance(source, str) else "".join(source)


def with_source(cell: Cell, source: str) -> Cell:
    """The cell with another source."""
    return {**cell, "source": source.splitlines(keepends=True)}


def tags_of(cell: Cell) -> list[str]:
    """The cell's tags."""
    return list(cell.get("metadata", {}).get("tags", []))


def written(page: Page) -> bytes:
    """The file of the notebook, as Jupyter writes it; widgets that a run left behind are dropped."""
    metadata = {name: value for name, value in page.get("metadata", {}).items() if name != "widgets"}
    text = json.dumps({**page, "metadata": metadata}, ensure_ascii=False, indent=1, sort_keys=True)
    return f"{text}\n".encode()
