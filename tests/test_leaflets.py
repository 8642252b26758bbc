"""What a card looks like: its graph and which box is meant, its HTML, and the same in words."""

from html.parser import HTMLParser
import re
import time

from course_utils.clinic import read_error
from course_utils.clinic.leaflet import LESSONS, Leaflet, marked
from course_utils.clinic.pictures import DRAWN, illustrated, picture
from course_utils.clinic.site import Site
from course_utils.clinic.sketch import MOST, sketch
from course_utils.graph import Graph
import nbformat
import pytest
from test_notebooks import NOTEBOOKS
import torch
from ward import SETUP, admit

pytestmark = pytest.mark.filterwarnings("always:The .grad attribute of a Tensor that is not a leaf:UserWarning")

MSE = "((w * x - y) ** 2).mean()"
LEAF = "w = torch.tensor([1.0, 2.0], requires_grad=True)"
ROUNDS = f"{LEAF}\nfor _ in range(3):\n    loss = {MSE}\n    loss.backward()"

# ailment: the cell, the boxes by name and op, what the caption says
PICTURES = {
    "gradient is None": (
        f"{ROUNDS}\n    w = w - 0.1 * w.grad",
        [(None, ""), ("w", "−")],
        "The arrows end at `w`: it is a result. The leaf is the box `leaf`: it has no name now. The gradient went",
    ),
    "zeroing None": (
        f"{ROUNDS}\n    w = w - 0.1 * w.grad\n    w.grad.zero_()",
        [(None, ""), ("w", "−")],
        "it has no name now. The gradient went there.",
    ),
    "grad of a result": (
        "z = w * x\nz.sum().backward()\nz.grad",
        [("w", ""), ("z", "×")],
        "The arrows end at `z`: it is a result. The leaf is `w`. The gradient went there.",
    ),
    "flag of a result": (
        "b = torch.tensor(0.5, requires_grad=True)\nz = w * x + b\nz.requires_grad = False",
        [("w", ""), (None, "×"), ("b", ""), ("z", "+")],
        "it is a result. The leaves are `w` and `b`.",
    ),
    "numpy of a tensor that asks": (
        "y_hat = w * x\ny_hat.numpy()",
        [("w", ""), ("y_hat", "×")],
        "`y_hat` was made from what asks for a gradient, so it asks too. The leaf is `w`.",
    ),
    "not in the graph": (
        f"b = torch.tensor(0.5, requires_grad=True)\nloss = {MSE}\ntorch.autograd.grad(loss, b)",
        [("w", ""), (None, "×"), (None, "−"), (None, "^"), ("loss", "mean")],
        "`b` is in none of the boxes. The leaf is `w`.",
    ),
    "input did not ask": (
        "a = torch.tensor(2.0)\nz = (w * a).sum()\ntorch.autograd.grad(z, a)",
        [("w", ""), (None, "×"), ("z", "sum")],
        "`a` is in none of the boxes. The leaf is `w`.",
    ),
    "second backward": (
        f"loss = {MSE}\nfor _ in range(3):\n    loss.backward()",
        [("w", ""), (None, "×"), (None, "−"), (None, "^"), ("loss", "mean")],
        "What the boxes `×` and `^` kept is freed: no second pass can go through.",
    ),
    "changed in place": (
        "h = w * x\nloss = (h ** 2).sum()\nh[0] = 5.0\nloss.backward()",
        [("w", ""), ("h as it was", "×"), (None, "^"), ("loss", "sum")],
        "The box `^` needs `h` as it was.",
    ),
}
OTHERS = {
    "swapped": (
        "b = torch.tensor(0.5, requires_grad=True)\nz = b * 2\ntorch.autograd.grad(b, z)",
        [("b", ""), ("z", "×")],
        "The arrows lead from `b` to `z`, and not the other way.",
    ),
    "a result of its own": (
        "z = w.exp()\nz += 1\nz.sum().backward()",
        [("w", ""), ("z as it was", "exp"), ("z", "+")],
        "The box `exp` needs `z` as it was.",
    ),
    "the round before": (
        "h = torch.zeros(2)\nfor _ in range(2):\n    h = w * h + x\n    loss = (h * h).sum()\n    loss.backward()",
        None,
        "`h` leads on into the round before.",
    ),
    "an optimizer": (
        "opt = torch.optim.SGD([w], lr=0.1)\nsquare = w ** 2\none, two = square.sum(), (square * w).sum()\n"
        "one.backward(retain_graph=True)\nopt.step()\ntwo.backward()",
        [("w", ""), ("square", "^"), (None, "×"), ("two", "sum")],
        "The boxes `square = ^` and `×` need the numbers as they were.",
    ),
    "another name for its numbers": (
        "y = w ** 2\nz = w.detach()\nz *= 100\ny.sum().backward()",
        [("w", ""), ("y", "^")],
        "The box `y = ^` needs the numbers as they were.",
    ),
    "modules": (
        "net = nn.Sequential(nn.Linear(2, 3), nn.ReLU())\nloss = net(x).sum()\nloss.backward()\nloss.backward()",
        None,
        "What the boxes `linear` and `relu` kept is freed",
    ),
    "in a function": (
        f"def fit(w):\n    loss = {MSE}\n    loss.backward()\n    loss.backward()\nfit(w)",
        [("w", ""), (None, "×"), (None, "−"), (None, "^"), ("loss", "mean")],
        "`×` and `^`",
    ),
}
BARE = {
    "no graph": "w = torch.tensor(1.0)\nloss = w * 2\nloss.backward()",
    "leaf changed in place": "(w * x).sum().backward()\nw -= 0.1 * w.grad",
    "numpy of a tensor that asks": "w.numpy()",
    "backward from many numbers": "z = w * x\nz.backward()",
    "whole numbers ask": "n = torch.tensor([1, 2], requires_grad=True)",
    "second backward": "loss = w.sum()\nfor _ in range(12):\n    loss = loss * 2\nloss.backward()\nloss.backward()",
}
STRANGE = """text = "<script>alert(1)</script></section> & `tick` 😀 \\x1b[0m"
z = w * x  # </pre></details><b onclick='x()'> &amp; `code` 😀
z.backward()  # <script>"""


def card(cell):
    """The one leaflet that a cell brings."""
    shell, said = admit(cell)
    shell.close()
    assert len(said.leaflets) == 1, said
    return said.leaflets[0]


def boxes(graph):
    return [(node.name, node.op) for node in graph.nodes]


@pytest.mark.parametrize(
    ("ailment", "cell", "expected", "caption"),
    [(name, *facts) for name, facts in PICTURES.items()] + [(None, *facts) for facts in OTHERS.values()],
    ids=[*PICTURES, *OTHERS],
)
def test_the_graph_has_the_box_that_the_card_talks_about(ailment, cell, expected, caption):
    leaflet = card(cell)
    assert ailment in (None, leaflet.ailment)
    assert isinstance(leaflet.graph, Graph)
    assert expected in (None, boxes(leaflet.graph))
    assert caption in leaflet.caption
    assert leaflet.caption in leaflet.to_text()
    tops = {" = ".join(part for part in box if part) or "leaf" for box in boxes(leaflet.graph)}
    told = tops | {part.removesuffix(" as it was") for top in tops for part in top.split(" = ")}
    absent = {leaflet.tensor} if "none of the boxes" in caption else set()
    assert set(re.findall("`([^`]+)`", leaflet.caption)) <= told | absent


@pytest.mark.parametrize(("ailment", "cell"), BARE.items(), ids=list(BARE))
def test_no_graph_where_none_helps(ailment, cell):
    leaflet = card(cell)
    assert leaflet.ailment == ailment
    assert (leaflet.graph, leaflet.caption) == (None, "")
    assert "The graph" not in leaflet.to_text() + leaflet.to_html()


def test_every_ailment_with_a_picture_is_tried():
    assert set(PICTURES) == set(DRAWN)


# Reading a graph


def test_reading_changes_nothing_and_runs_no_hook():
    fired = []
    w = torch.tensor([1.0, 2.0], requires_grad=True)
    w.register_hook(fired.append)
    with torch.autograd.graph.saved_tensors_hooks(lambda t: t, lambda t: (fired.append(t), t)[1]):
        z = w.exp()
    z.register_hook(fired.append)
    loss = (z**2).sum()
    versions = [one._version for one in (w, z, loss)]
    assert [node.name for node in sketch(loss, "loss", {"w": w, "z": z}).graph.nodes] == ["w", "z", None, "loss"]
    assert not fired
    assert w.grad is None
    assert [one._version for one in (w, z, loss)] == versions
    loss.backward()
    assert len(fired) == 3


def test_no_function_of_the_learners_runs():
    ran = []

    class Double(torch.autograd.Function):
        @staticmethod
        def forward(ctx, t):
            ctx.save_for_backward(t)
            return t * 2

        @staticmethod
        def backward(ctx, g):
            ran.append(g)
            return g * 2

    w = torch.tensor(1.0, requires_grad=True)
    assert boxes(sketch(Double.apply(w), "z", {"w": w}).graph) == [("w", ""), ("z", "double")]
    assert not ran


def test_what_was_recorded_is_told_with_its_text():
    leaflet = card(
        f"from course_utils import record\nwith record():\n    loss = {MSE}\nloss.backward()\nloss.backward()"
    )
    sources = [node.source for node in leaflet.graph.nodes]
    assert sources == ["", "w * x", "w * x - y", "(w * x - y) ** 2", MSE]
    assert [len(node.value) for node in leaflet.graph.nodes[:4]] == [2] * 4


def test_the_graph_stays_as_it_was_read():
    w = torch.tensor([1.0, 2.0], requires_grad=True)
    loss = (w * 2).sum()
    loss.backward()
    graph = sketch(loss, "loss", {"w": w}).graph
    with torch.no_grad():
        w += 1
        w.grad += 1
    assert (graph.nodes[0].value.tolist(), graph.nodes[0].grad.tolist()) == ([1.0, 2.0], [2.0, 2.0])
    assert not any(
        tensor.requires_grad for node in graph.nodes for tensor in (node.value, node.grad) if tensor is not None
    )


def test_large_tensors_are_told_by_their_shape():
    w = torch.zeros(10_000_000, requires_grad=True)
    loss = (w * 2).sum()
    loss.backward()
    start = time.perf_counter()
    graph = sketch(loss, "loss", {"w": w, "loss": loss}).graph
    text = graph.to_text()
    assert time.perf_counter() - start < 0.3
    assert "w, a leaf: value [10000000], .grad [10000000]." in text
    assert [node.value for node in graph.nodes[:2]] == [None, None]


def test_a_large_or_deep_graph_is_left_out_at_once():
    w = torch.tensor(1.0, requires_grad=True)
    deep = w
    for step in range(20_000):
        deep = deep + 1
        if step == MOST - 2:
            assert len(sketch(deep, "deep", {}).graph.nodes) == MOST
        if step == MOST - 1:
            assert sketch(deep, "deep", {}) is None
    start = time.perf_counter()
    leaflet = Leaflet("grad of a result", "", 1, "deep", "", "", "", "", "", "04")
    assert illustrated(leaflet, Site("deep.grad", (1, 1, 0, 9), {"deep": deep})) == leaflet
    assert time.perf_counter() - start < 0.3


@pytest.mark.parametrize("tensor", ["w", "no", "7 +", "w[", "", "'"])
def test_a_picture_that_cannot_be_had_leaves_the_leaflet_alone(tensor):
    site = Site("loss.backward()", (1, 1, 0, 15), {"w": torch.ones(2), "loss": object()})
    for ailment in [*PICTURES, "anything"]:
        leaflet = Leaflet(ailment, "", 1, tensor, "", "", "", "", "", "04")
        assert illustrated(leaflet, site) == leaflet
    assert picture(Leaflet("no graph", "", 1, "w", "", "", "", "", "", "04"), site) is None


def test_a_graph_is_read_in_inference_mode_too():
    w = torch.tensor([1.0, 2.0], requires_grad=True)
    before = w * 2
    with torch.inference_mode():
        assert sketch(w * 2, "z", {}) is None
        assert boxes(sketch(before, "z", {}).graph) == [(None, ""), ("z", "×")]


# HTML and words


class Parsed(HTMLParser):
    """The elements, checked to be nested, and the words in them."""

    EMPTY = ("img",)

    def __init__(self, html):
        super().__init__()
        self.open, self.seen, self.words, self.attributes = [], [], [], []
        self.feed(html)
        self.close()
        assert not self.open

    def handle_starttag(self, tag, attrs):
        self.seen.append(tag)
        self.attributes += attrs
        if tag not in self.EMPTY:
            self.open.append(tag)
        self.words += [value for name, value in attrs if name == "alt"]

    def handle_endtag(self, tag):
        assert self.open.pop() == tag

    def handle_data(self, data):
        if "style" not in self.open:
            self.words.append(data)


CELLS = [*(facts[0] for facts in (PICTURES | OTHERS).values()), *BARE.values(), STRANGE]
ALLOWED = {"style", "section", "p", "strong", "code", "pre", "del", "ins", "details", "summary", "img", "a", "span"}


def words_of(text):
    return set(re.findall(r"[^\s`]+", text))


@pytest.mark.parametrize("cell", CELLS)
def test_the_card_is_html_that_holds_together_and_the_text_has_all_its_words(cell):
    leaflet = card(cell)
    parsed = Parsed(leaflet.to_html())
    assert set(parsed.seen) <= ALLOWED
    assert not [name for name, _ in parsed.attributes if name.startswith("on")]
    titles = {"The", "whole", "cell,", "mended,", "to", "copy", "Not", "this", "graph"}
    assert words_of(" ".join(parsed.words)) <= words_of(leaflet.to_text()) | words_of(leaflet.cure) | titles


def test_whatever_a_learner_writes_stays_text():
    leaflet = card(STRANGE)
    html = leaflet.to_html()
    assert "<script" not in html
    assert html.count("</section>") == 1
    assert "😀" in html
    assert leaflet.cure in "".join(Parsed(html).words)  # what is to be copied, letter by letter


def test_a_strange_name_stays_text():
    leaflet = card("hold = {'<b>': w * x, '&amp;`': 1}\nhold['<b>'].numpy()")
    assert leaflet.tensor == "hold['<b>']"
    assert "<b>" not in leaflet.to_html()
    assert leaflet.tensor in [node.name for node in leaflet.graph.nodes]
    Parsed(leaflet.to_html())


@pytest.mark.parametrize("cell", [facts[0] for facts in (PICTURES | OTHERS).values()])
def test_the_words_fit_a_terminal(cell):
    ten = "\n".join([f"step_{n} = {n}" for n in range(max(0, 10 - len(cell.split("\n"))))])
    assert len(card(f"{ten}\n{cell}".strip()).to_text().split("\n")) <= 25


def test_without_its_style_the_card_says_what_goes_and_what_comes():
    html = card("z = w * x\nz.backward()").to_html()
    assert "− <del>z.backward()</del>\n+ <ins>z.sum().backward()</ins>" in html


def test_headings_and_folded_parts_can_be_reached():
    html = card(PICTURES["second backward"][0]).to_html()
    assert 'aria-label="Error clinic, line 3"' in html
    assert re.findall(r'role="heading" aria-level="4">([^<]+)<', html) == ["Why:", "Cure:"]
    folded = ["The whole cell, mended, to copy", "Not this", "The graph"]
    assert re.findall("<summary><strong>([^<]+)<", html) == folded
    assert not re.search("<h[1-6]", html)  # JupyterLab would put them into the notebook's table of contents


def test_marks():
    assert marked("a\nb\nc\nd\ne\nf\n", "a\nB\nc\nd\ne\nF") == "  a\n− b\n+ B\n  c\n  …\n  e\n− f\n+ F"
    assert marked("--x\n++y", "--x.y\n++y.z") == "− --x\n− ++y\n+ --x.y\n+ ++y.z"
    assert marked("a\n\nb", "a\n\nc") == "\n− b\n+ c"
    assert marked("a", "a\n") == ""


def test_the_lesson_is_told_by_number_and_title():
    """Without a link: the card of a cell is the same in every folder."""
    leaflet = card("z = w * x\nz.backward()")
    assert leaflet.to_text().endswith("Explained in lesson 06 · Vectors.")
    assert "Explained in lesson 06 · Vectors." in leaflet.to_html()
    assert "href" not in leaflet.to_html()


@pytest.mark.parametrize("number", LESSONS)
def test_the_lessons_have_these_names(number):
    [path] = [path for path in NOTEBOOKS if path.name.startswith(number)]
    assert nbformat.read(path, as_version=4).cells[0].source.split("\n")[0] == f"# {number} · {LESSONS[number]}"


def test_a_card_without_a_picture_is_better_than_none(monkeypatch):
    leaflet = card(PICTURES["flag of a result"][0])

    def fail(graph):
        raise OSError("no layout")

    monkeypatch.setattr("course_utils.clinic.leaflet.mimebundle", fail)
    html = leaflet.to_html()
    Parsed(html)
    assert "<img" not in html
    assert "z, + of node 2, b" in html


def test_an_error_that_was_caught_has_its_picture_too():
    w = torch.tensor([1.0, 2.0], requires_grad=True)
    z = w * 2
    try:
        z.numpy()
    except RuntimeError as error:
        leaflet = read_error(error)
    assert boxes(leaflet.graph) == [("w", ""), ("z", "×")]


def test_drawing_is_quick():
    leaflet = card(f"{SETUP.splitlines()[-2]}\n{PICTURES['second backward'][0]}")
    leaflet.to_html()
    start = time.perf_counter()
    leaflet.to_html()
    assert time.perf_counter() - start < 0.3
