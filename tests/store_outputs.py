"""Run notebooks and store their outputs as the repository keeps them: `python tests/store_outputs.py [NOTEBOOK ...]`.

No widget state and no widget addresses (a saved one is "model not found" to whoever opens it), no execution times, no
version of the Python that ran it, no progress bar. What a cell prints is then the same on every machine, or pytest will
say so. Which cells there are, and in which order, is stored too, in the folder's contents.txt: `--contents` writes that
alone, and runs nothing.
"""

import os
from pathlib import Path
import sys

from contents import write_contents
from nbclient import NotebookClient
import nbformat

NOTEBOOKS = Path(__file__).parent.parent / "notebooks"
KERNEL = {"display_name": "Python 3 (ipykernel)", "language": "python", "name": "python3"}
WIDGET = "application/vnd.jupyter.widget-view+json"


def store_outputs(path):
    notebook = nbformat.read(path, as_version=4)
    os.environ["COURSE_PROGRESS"] = "off"
    NotebookClient(
        notebook, timeout=120, store_widget_state=False, resources={"metadata": {"path": path.parent}}
    ).execute()
    nbformat.write(cleaned(notebook), path)


def joined(outputs):
    """A slow cell's text comes in pieces, as time goes by; nbval compares it as one."""
    whole = []
    for output in outputs:
        if whole and output.output_type == whole[-1].output_type == "stream" and output.name == whole[-1].name:
            whole[-1].text += output.text
        else:
            whole.append(output)
    return whole


def cleaned(notebook):
    notebook.metadata = {
        "kernelspec": KERNEL,
        "language_info": {"name": "python"},
    }
    for cell in notebook.cells:
        cell.metadata.pop("execution", None)
        if cell.cell_type == "code":
            cell.outputs = joined(cell.outputs)
        for output in cell.get("outputs", []):
            if "data" in output:
                output.metadata = {}
                output.data.pop(WIDGET, None)
    return notebook


if __name__ == "__main__":
    names = sys.argv[1:] or sorted(NOTEBOOKS.glob("*.ipynb"))
    if names == ["--contents"]:
        names, folders = [], {NOTEBOOKS}
    else:
        folders = {Path(name).parent for name in names}
    for path in map(Path, names):
        store_outputs(path)
        print(f"{path.name}: {path.stat().st_size // 1024} kB")
    for folder in folders:
        print(f"wrote {write_contents(folder)}")
