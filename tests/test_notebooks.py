"""What every lesson has in common, read off its file."""

import ast
from itertools import pairwise
from pathlib import Path
import re
from statistics import median

from course_utils.edition import INSTALL
import nbformat
import pytest

FOLDER = Path(__file__).parent.parent / "notebooks"
NOTEBOOKS = sorted(FOLDER.glob("[0-9]*.ipynb"))
FACTORIES = {"arange", "empty", "eye", "full", "linspace", "ones", "rand", "randn", "randint", "tensor", "zeros"}
WIDGET = "application/vnd.jupyter.widget-view+json"

each_notebook = pytest.mark.parametrize("notebook", NOTEBOOKS, ids=lambda path: path.stem)


def cells(notebook, kind):
    return [cell for cell in nbformat.read(notebook, as_version=4).cells if cell.cell_type == kind]


def code(notebook):
    return [cell.source for cell in cells(notebook, "code")]


def prose(notebook):
    return "\n".join(cell.source for cell in cells(notebook, "markdown"))


def told(notebook):
    """What a lesson tells in words; the index and the tables behind it name things that come later."""
    told = prose(notebook).split("\n## Lessons\n")[0]
    return re.sub(r"\[[^]]*\]\([^)]*\)", "", told).lower()  # links name what comes later, too


def title(notebook):
    return cells(notebook, "markdown")[0].source.splitlines()[0].removeprefix("# ")


def asks(source):
    """Whether a cell does nothing but show a prediction card."""
    match ast.parse(source).body:
        case [ast.Expr(value=ast.Call(func=ast.Name(id="predict")))]:
            return True
    return False


@pytest.mark.parametrize(
    ("source", "found"),
    [
        ('predict(\n    "?", {"a": "b", "c": "d"}, answer="a"\n)', True),
        ("card = predict()", False),
        ("predict()\nx.grad", False),
        ("x.predict()", False),
        ("predict", False),
        ("", False),
    ],
)
def test_a_card_is_a_cell_that_only_asks(source, found):
    assert asks(source) is found


def test_there_are_lessons():
    assert {path.stem for path in NOTEBOOKS} >= {"00_start_here", "07_manual_sgd"}


@each_notebook
def test_a_lesson_opens_with_its_question_what_it_needs_and_how_long_it_takes(notebook):
    number, _ = notebook.stem.split("_", 1)
    title, question, needs = cells(notebook, "markdown")[0].source.split("\n\n")[:3]
    assert title.startswith(f"# {number} · ")
    assert question.startswith("**")
    assert question.endswith("?**")
    assert needs.startswith("You need: ")
    assert " minutes" in needs


@each_notebook
def test_a_lesson_ends_with_three_lines_a_false_belief_and_what_comes_next(notebook):
    last = cells(notebook, "markdown")[-1].source
    assert last.startswith("## In three lines")
    assert sum(line.startswith("- ") for line in last.splitlines()) == 3
    assert "**A false belief, corrected:**" in last
    assert "**Next:**" in last


MISSING = [
    "# Does this cell stop? Then course_utils is missing, or older than this page. In a new cell run",
    "# %pip install -c ../constraints.txt -e ..",
    "# and then Kernel → Restart Kernel. (On a class's hub: follow the lesson's link again, and restart.)",
]


@each_notebook
def test_the_first_code_cell_is_the_same_everywhere(notebook):
    lines = code(notebook)[0].splitlines()
    assert lines[:3] == MISSING
    assert lines[-3:] == ["torch.manual_seed(0)", "use_style()", "device = pick_device()"]
    ours = next(place for place, line in enumerate(lines) if line.startswith("from course_utils import "))
    assert lines.index("import torch") > ours  # course_utils sets what torch reads as it loads
    for source in code(notebook)[1:]:
        assert not [node for node in ast.walk(ast.parse(source)) if isinstance(node, ast.Import | ast.ImportFrom)]


def test_what_the_first_cell_says_is_the_installation_from_where_a_lesson_lies():
    words = MISSING[1].removeprefix("# %").split()
    told = " ".join(
        str((FOLDER / word).resolve().relative_to(FOLDER.parent)) if ".." in word else word for word in words
    )
    assert INSTALL.endswith(told)
    assert (FOLDER / words[3]).is_file()


def said_once(sources):
    """The cells, a solution without the check that it ends with: the cell before it has just said that."""
    return [source.removesuffix(before) for before, source in pairwise(["\0", *sources])]


@each_notebook
def test_a_lesson_has_the_size_of_a_lesson(notebook):
    sources = [source for source in code(notebook) if not asks(source)]
    lines = [source.splitlines() for source in sources]
    assert len(nbformat.read(notebook, as_version=4).cells) <= 25
    assert median(len(re.findall(r"(?m)^.*\S", source)) for source in said_once(sources)) <= 5
    assert max(map(len, lines)) <= 15
    assert notebook.stat().st_size < 500_000


@pytest.mark.parametrize("notebook", sorted(FOLDER.glob("*.ipynb")), ids=lambda path: path.stem)
def test_a_notebook_names_its_kernel(notebook):
    """JupyterLab asks whoever opens one that does not, the glossary too."""
    assert nbformat.read(notebook, as_version=4).metadata.kernelspec.name == "python3"


def test_all_lessons_together_stay_small():
    assert sum(notebook.stat().st_size for notebook in NOTEBOOKS) < 5_000_000


@each_notebook
def test_a_live_figure_adds_little(notebook):
    for cell in cells(notebook, "code"):
        for output in cell.outputs:
            if "course-live" in output.get("data", {}).get("text/html", ""):
                assert len(str(output.data)) < 200_000


@each_notebook
def test_every_tensor_is_made_on_the_device(notebook):
    for source in code(notebook):
        for call in (node for node in ast.walk(ast.parse(source)) if isinstance(node, ast.Call)):
            made = isinstance(call.func, ast.Attribute) and call.func.attr in FACTORIES
            if made and getattr(call.func.value, "id", "") == "torch":
                assert "device" in {keyword.arg for keyword in call.keywords}, ast.unparse(call)


@each_notebook
def test_every_cell_was_run_in_order_and_nothing_unportable_is_stored(notebook):
    for count, cell in enumerate(cells(notebook, "code"), start=1):
        assert cell.execution_count == count
        assert set(cell.metadata) <= {"jupyter", "nbgrader", "tags"}
        for output in cell.outputs:
            assert output.output_type != "error"
            assert output.get("name") != "stderr"
            assert WIDGET not in output.get("data", {})
            words = output.get("text", "") + output.get("data", {}).get("text/plain", "")
            assert not [word for word in ("0x", "cuda", "cpu", "tensor(", "/tmp", "grad_fn") if word in words]
    assert "widgets" not in nbformat.read(notebook, as_version=4).metadata


@each_notebook
def test_the_source_of_cards_and_solutions_is_hidden_and_of_nothing_else(notebook):
    for cell in cells(notebook, "code"):
        if asks(cell.source):
            assert cell.metadata.get("jupyter") == {"source_hidden": True}
            assert cell.source.splitlines()[0] == "predict("  # JupyterLab shows the first line of what it hides
        elif cell.id.endswith("-solution"):
            assert cell.metadata == {"jupyter": {"source_hidden": True}, "tags": ["solution"]}
        else:
            assert "jupyter" not in cell.metadata


@each_notebook
def test_a_lesson_asks_for_a_prediction_on_a_card(notebook):
    assert any(asks(source) for source in code(notebook))


@each_notebook
def test_a_lesson_leads_to_the_one_before_and_the_one_after(notebook):
    place = NOTEBOOKS.index(notebook)
    before = [f"[← {title(path)}]({path.name})" for path in NOTEBOOKS[max(0, place - 1) : place]]
    after = [f"[{title(path)} →]({path.name})" for path in NOTEBOOKS[place + 1 : place + 2]]
    index = "[all lessons](#Lessons)" if place == 0 else f"[all lessons]({NOTEBOOKS[0].name}#Lessons)"
    links = " · ".join([*before, index, "[glossary](glossary.ipynb)", *after])
    assert cells(notebook, "markdown")[0].source.split("\n\n")[-1] == links
    if after:
        assert f"**Next:** [{title(NOTEBOOKS[place + 1])}]({NOTEBOOKS[place + 1].name})" in prose(notebook)


def test_the_index_has_every_lesson_with_its_minutes():
    index = prose(NOTEBOOKS[0]).split("\n## Lessons\n")[1].split("\n## ")[0]
    rows = [line for line in index.splitlines() if re.match(r"\| \[\d\d", line)]
    assert len(rows) == len(NOTEBOOKS)
    for notebook, row in zip(NOTEBOOKS, rows, strict=True):
        [minutes] = re.findall(r"about (\d+) minutes", cells(notebook, "markdown")[0].source)
        assert row.startswith(f"| [{title(notebook)}]({'' if notebook == NOTEBOOKS[0] else notebook.name}")
        assert row.endswith(f" {minutes} |")


def test_the_glossary_explains_words_where_they_are_met_first():
    rows = re.findall(r"^\| ([^|`]+) \| ([^|]+) \| \[(\d\d)\]\((\S+)\) \|$", prose(FOLDER / "glossary.ipynb"), re.M)
    words = [word for word, *_ in rows]
    assert len(words) > 40
    assert words == sorted(words, key=str.lower)
    for word, _, number, name in rows:
        assert name.startswith(number)
        stem = word.lower().removesuffix("e")
        uses = [path.name for path in NOTEBOOKS if re.search(rf"\b{stem}", told(path))]
        assert uses, word
        assert uses[0] == name, f"{word} is used in {uses[0]} already"


@each_notebook
def test_every_picture_has_words(notebook):
    for cell in cells(notebook, "code"):
        for output in cell.outputs:
            data = output.get("data", {})
            if "image/png" in data or "image/svg+xml" in data:
                assert len(data["text/plain"]) > 40
                assert "<img " in data["text/html"]
                assert 'alt=""' not in data["text/html"]


@each_notebook
def test_a_slider_leaves_a_picture_for_who_has_no_kernel(notebook):
    for cell in cells(notebook, "code"):
        if "A slider stands here" in str(cell.outputs):
            assert "<img " in cell.outputs[0].data["text/html"]
