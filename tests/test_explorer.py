import base64
import math
import re

from course_utils import explore_learning_rate
from course_utils.panels import MOST_DOTS
from nbconvert import HTMLExporter
import nbformat
import pages
import pytest
import torch

X = torch.tensor([1.0, 2.0, 3.0])
Y = 2 * X


def line(x, w):
    return w * x


def explored(model=line, start=1.0, x=X, y=Y, **changes):
    return explore_learning_rate(model, start, x, y, **{"low": 0.001, "high": 0.4, "at": 0.01} | changes)


def html_of(live):
    return live._repr_mimebundle_()["text/html"]


def test_every_rate_is_run_and_said_in_words():
    live = explored(order="per sample")
    assert live.run.losses.shape == (200, 100)
    assert len(live.words) == len(live.fates) == 200
    assert {fate.kind for fate in live.fates} == {"converges", "diverges"}
    assert "Rate 0.01000: converges in 8 epochs." in live.words
    assert re.fullmatch(r"Rate 0\.40000: diverges: the loss is inf from epoch 4\d\.", live.words[-1])


def test_the_numbers_are_those_of_the_lessons_loop():
    live = explored(order="per sample")
    at = live.run.rates.tolist().index(0.01)
    w = torch.tensor(1.0, requires_grad=True)
    for epoch in range(100):
        total = 0.0
        for x_i, y_i in zip(X, Y, strict=True):
            loss = (w * x_i - y_i) ** 2
            loss.backward()
            w.data = w.data - 0.01 * w.grad.data
            w.grad.data.zero_()
            total += loss.item()
        assert live.run.losses[at, epoch].item() == total / 3
        assert live.run.parameters[0][at, epoch + 1].item() == w.item()


def test_full_batch_diverges_where_the_curvature_says():
    curvature = 2 * (X**2).mean().item()
    live = explored(rates=400)
    below = max(rate for rate in live.run.rates.tolist() if rate < live.first_diverging)
    assert below < 2 / curvature < live.first_diverging


def test_at_is_one_of_the_rates_and_where_the_slider_starts():
    live = explored(at=0.03)
    html = html_of(live)
    rate, epoch = pages.data(html)["controls"]
    assert rate["labels"][rate["start"]] == "0.03000"
    assert epoch["labels"][epoch["start"]] == "100 of 100"
    assert rate["marks"] == [
        [live.run.rates.tolist().index(live.first_diverging), f"diverges from {live.first_diverging:.5f}"]
    ]


def test_what_moves_lies_where_the_numbers_say():
    live = explored(order="per sample")
    html = html_of(live)
    moves = pages.data(html)["moves"]
    rates, loss, way, fit = live.figure.axes
    curve, so_far, now = (place for place, move in enumerate(moves) if move.get("axes") == 1)
    assert [moves[place]["shown"] for place in (curve, so_far, now)] == ["all", "so far", "now"]
    for place in (0, 90, 150):
        points = pages.curve(html, so_far, place)
        for epoch in (0, 1, 2, 10):
            wanted = (loss.transData - loss.transAxes).transform((epoch, live.losses[place, epoch].item()))
            assert points[epoch] == pytest.approx(tuple(wanted), abs=1e-3)
    [model] = (place for place, move in enumerate(moves) if move.get("axes") == 3)
    _, head = pages.curve(html, model, place=150, moment=3)
    w = live.run.parameters[0][150, 3].item()
    assert head == pytest.approx(tuple((fit.transData - fit.transAxes).transform((3.3, 3.3 * w))), abs=2e-3)
    trail = pages.curve(html, moves.index(next(move for move in moves if move.get("axes") == 2)), place=90)
    start = (way.transData - way.transAxes).transform((1.0, 14 / 3))
    assert trail[0] == pytest.approx(tuple(start), abs=1e-3)
    assert rates.get_xlabel() == "rate"


def test_a_run_that_diverges_leaves_the_axes_as_they_are_and_gaps_where_it_is_inf():
    live = explored(order="per sample", at=0.4)
    assert live.figure.axes[1].get_ylim() == explored(order="per sample", at=0.01).figure.axes[1].get_ylim()
    html = html_of(live)
    moves = pages.data(html)["moves"]
    curve = moves.index(next(move for move in moves if move.get("axes") == 1))
    points = pages.curve(html, curve, place=199)
    epoch = live.fates[-1].epoch
    assert all(point is not None for point in points[:epoch])
    assert set(points[epoch:]) == {None}
    assert max(up for _, up in points[:epoch]) > 1  # it leaves the picture at its top


def test_two_parameters_are_seen_from_above():
    live = explored(lambda x, w, b: w * x + b, (0.0, 0.0), X, Y + 0.5)
    way = live.figure.axes[2]
    assert (way.get_xlabel(), way.get_ylabel()) == ("w", "b")
    assert way.collections  # contours
    assert len(live.figure.axes) == 4


def test_three_parameters_have_no_landscape():
    live = explored(lambda x, a, b, c: a * x * x + b * x + c, (1.0, 1.0, 1.0), X, torch.tensor([4.0, 9.0, 16.0]))
    assert [ax.get_xlabel() for ax in live.figure.axes] == ["rate", "epoch", "x"]


def test_a_function_alone_has_no_data():
    live = explored(lambda w: w**4 - 3 * w**2 + w, 2.0, None, None, high=0.3)
    assert [ax.get_xlabel() for ax in live.figure.axes] == ["rate", "epoch", "w"]
    assert live.figure.axes[1].get_yscale() == "linear"  # its loss goes below 0
    assert html_of(live)


def test_rows_of_inputs_and_a_matrix_as_parameter_work():
    torch_x = torch.tensor([[1.0, 0.0], [0.0, 1.0], [1.0, 1.0]])
    live = explored(lambda x, w: x @ w, torch.zeros(2), torch_x, torch.tensor([1.0, 2.0, 3.0]), high=0.9)
    assert [ax.get_xlabel() for ax in live.figure.axes] == ["rate", "epoch", "parameter 0"]


def test_a_model_that_looks_at_its_parameter_works_too():
    def bent(x, w):
        return w * x if w > 0 else 0 * w * x

    live = explored(bent, rates=5, epochs=4)
    same = explored(rates=5, epochs=4)
    assert torch.equal(live.run.losses[:4], same.run.losses[:4])
    assert live.losses[4, -1] == pytest.approx(56 / 3)  # a step that went below 0 stays there: no slope any more


def test_a_curve_is_not_taken_for_a_line_because_it_is_one_where_it_starts():
    x, y = torch.tensor([0.0, 1.0, 2.0, 3.0]), torch.tensor([2.0, 1.0, 0.0, 0.0])
    live = explored(lambda x, w, b: torch.relu(w * x + b), (1.0, 0.5), x, y, high=0.5)
    moves = pages.data(html_of(live))["moves"]
    model = moves.index(next(move for move in moves if move.get("axes") == 3))
    assert len(pages.curve(html_of(live), model)) == 25


def test_a_model_that_looks_at_all_inputs_together_is_drawn_at_these_alone():
    x = torch.tensor([6.0, 1.0, 2.0])
    live = explored(lambda x, w: w * (x - x.mean()), 1.0, x, x - 3)
    line = next(line for line in live.figure.axes[3].lines if line.get_label() == "model")
    assert line.get_xdata().tolist() == [1.0, 2.0, 6.0]
    assert line.get_ydata() == pytest.approx([-2.0, -1.0, 3.0], abs=1e-4)


def test_early_epochs_are_among_those_that_a_curve_is_kept_for():
    live = explored(lambda x, w: torch.exp(w * x), 0.5, X / 3, torch.exp(X / 3))
    moves = pages.data(html_of(live))["moves"]
    kept = next(move for move in moves if move.get("axes") == 3)["moments"]
    assert kept[:5] == [0, 1, 2, 3, 4]
    assert kept[-1] == 100
    assert len(kept) < 101


@pytest.mark.parametrize(
    ("model", "start", "x", "y", "changes"),
    [
        (line, 1.0, X, Y, {"low": 10.0, "high": 1000.0, "at": None}),  # every rate diverges
        (lambda w: w**2, 0.0, None, None, {}),  # at the bottom from the start
        (line, 2.0, X, Y, {}),  # nothing to learn
        (lambda w: -(w**2), 1.0, None, None, {}),  # no bottom
        (lambda w: w - w.log(), 3.0, None, None, {"high": 4.0}),  # nan beyond 0
        (torch.mul, 1.0, X, Y, {}),  # tells no names
        (lambda x, w: w * x * torch.tensor([1.0, 1.0, 1.0]), 1.0, X, Y, {}),  # these samples alone
        (lambda x, *w: w[0] * x, 1.0, X, Y, {}),
        (lambda x, w: torch.relu(w * x), -1.0, X, Y, {}),  # dead
    ],
)
def test_odd_models_have_their_figure(model, start, x, y, changes):
    live = explored(model, start, x, y, **({"rates": 20, "epochs": 20} | changes))
    assert html_of(live)
    assert all(fate.words for fate in live.fates)


def test_class_numbers_as_targets_have_no_curve():
    def scores(x, w, b):
        return x[:, None] * w + b

    live = explored(scores, (torch.zeros(2), torch.zeros(2)), X, torch.tensor([0, 1, 1]),
                    loss=torch.nn.functional.cross_entropy, rates=5, epochs=5)  # fmt: skip
    assert [ax.get_xlabel() for ax in live.figure.axes] == ["rate", "epoch"]


@pytest.mark.parametrize("samples", [1000, 5000])
def test_thousands_of_samples_leave_the_figure_small(samples):
    x = torch.linspace(0, 1, samples)
    shown = explored(lambda x, w, b: w * x + b, (0.0, 0.0), x, 3 * x + (500 * x).sin(), high=1.0)._repr_mimebundle_()
    assert len(shown["text/html"]) + len(base64.b64encode(shown["image/png"])) < 200_000


def test_of_many_samples_some_are_drawn_and_the_axis_says_so():
    x = torch.linspace(0, 1, 1000)
    y = 3 * x
    y[500] = 40.0
    fit = explored(x=x, y=y, rates=3, epochs=3).figure.axes[3]
    data = next(line for line in fit.lines if line.get_label() == "data")
    pairs = set(zip(x.tolist(), y.tolist(), strict=True))
    drawn = list(zip(*data.get_data(), strict=True))
    assert len(drawn) == len(set(drawn)) == MOST_DOTS
    assert set(drawn) <= pairs
    assert fit.get_xlabel() == "x (100 of 1,000 samples drawn)"
    assert fit.get_ylim()[1] > 40
    few = explored(x=x[:MOST_DOTS], y=y[:MOST_DOTS], rates=3, epochs=3).figure.axes[3]
    assert few.get_xlabel() == "x"
    assert len(next(line for line in few.lines if line.get_label() == "data").get_xdata()) == MOST_DOTS


def test_shuffled_goes_by_its_seed_and_leaves_torchs_own_alone():
    state = torch.get_rng_state()
    runs = [explored(order="shuffled", seed=seed, rates=3, epochs=5).run.losses for seed in (1, 1, 2)]
    assert torch.equal(runs[0], runs[1])
    assert not torch.equal(runs[0], runs[2])
    assert torch.equal(torch.get_rng_state(), state)


def test_a_live_figure_is_small_and_the_same_each_time():
    x = torch.linspace(0, 1, 100)
    shown = [
        explored(lambda x, w, b: w * x + b, (0.0, 0.0), x, 3 * x + 0.8 + 0.1 * (50 * x).sin(), high=1.0)
        for _ in range(2)
    ]
    first, second = (live._repr_mimebundle_() for live in shown)
    assert first == second
    assert len(first["text/html"]) + len(base64.b64encode(first["image/png"])) < 200_000
    assert "00:00" not in pages.drawing(first["text/html"])  # no date either


def test_without_scripts_there_is_a_picture_with_words():
    shown = explored(order="per sample")._repr_mimebundle_()
    assert set(shown) == {"text/html", "image/png", "text/plain"}
    words = shown["text/plain"]
    for part in (
        "Which rate learns most. A plot of loss after the last epoch (logarithmic) against rate.",
        "loss: 200 points, (0.001, ",
        "marked is: diverges from 0.20625", "Rate 0.01000: converges. A plot of loss (logarithmic) against epoch.",
        "The way down. A plot of loss against w.", "What it says of the data. A plot of y against x.",
        "A slider moves it, learning rate from 0.00100 to 0.40000, 200 places; ",
        "learning rate 0.00100: Rate 0.00100: converges in 82 epochs.",
    ):  # fmt: skip
        assert part in words


@pytest.mark.parametrize(
    ("arguments", "error", "message"),
    [
        ({"model": 3}, TypeError, "model must be a function"),
        ({"low": 0.0}, ValueError, "rates must hold 0 < low < high, a hundredth apart at least, got low=0.0, high=0.4"),
        ({"low": -0.1}, ValueError, "rates must hold 0 < low < high, a hundredth apart at least, got low=-0.1"),
        ({"high": math.inf}, ValueError, "rates must hold 0 < low < high"),
        ({"high": 0.001}, ValueError, "rates must hold 0 < low < high"),
        ({"at": 0.5}, ValueError, "at must lie between low and high, got 0.5 with low=0.001, high=0.4"),
        ({"rates": 1}, ValueError, "rates must be a whole number from 2 to 400, got 1"),
        ({"epochs": 1}, ValueError, "epochs must be a whole number from 2 to 1,000, got 1"),
        ({"epochs": 2.5}, ValueError, "epochs must be a whole number from 2 to 1,000, got 2.5"),
        ({"epochs": True}, ValueError, "epochs must be a whole number from 2 to 1,000, got True"),
        ({"low": "a"}, TypeError, "low must be a number, got 'a'"),
        ({"y": [1.0, math.nan, 3.0]}, ValueError, "y must hold finite numbers, got inf or nan"),
        ({"start": (1.0, 2.0)}, TypeError, "model must take 3 arguments, x if there is data and each parameter"),
        (
            {"model": lambda w: w.log(), "start": -1.0, "x": None, "y": None}, ValueError,
            "the loss must be finite at the start, got nan",
        ),
        ({"epochs": 600}, ValueError, "rates times epochs must be at most 100,000"),
        ({"start": [1.0, 2.0]}, TypeError, "start must be one start, a number, a tensor or a tuple of them, got a li"),
        ({"start": "1"}, TypeError, "start must be a number, a tensor or a tuple of these, got str"),
        ({"x": [], "y": []}, ValueError, "x must hold at least one sample, got none"),
        ({"y": [1.0]}, ValueError, "x and y must be of one length, got 3 and 1 samples"),
        ({"y": None}, ValueError, "x and y belong together, got x without y"),
        ({"order": "random"}, ValueError, "order must be one of 'full batch', 'per sample', 'shuffled', got 'random'"),
        (
            {"model": lambda x, w: (w * x)[:, None]}, ValueError,
            "model must give one output for each sample, shape (3,), got (3, 1)",
        ),
        ({"model": lambda x, w: 1.0}, TypeError, "model must give a tensor, got float"),
    ],
)  # fmt: skip
def test_explore_learning_rate_refuses(arguments, error, message):
    with pytest.raises(error, match=f"^{re.escape(message)}"):
        explored(**arguments)


@pytest.fixture
def exported(page, tmp_path):
    """Live figures in a page made by nbconvert, opened without a network."""

    def open_page(*figures):
        outputs = [nbformat.v4.new_output("display_data", data=bundle(figure)) for figure in figures]
        notebook = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(outputs=outputs)])
        html, _ = HTMLExporter().from_notebook_node(notebook)
        (tmp_path / "page.html").write_text(html, encoding="utf-8")
        page.route(re.compile("^https?://"), lambda route: route.fulfill(body=""))
        page.goto((tmp_path / "page.html").as_uri())
        page.locator(".course-live svg").nth(len(figures) - 1).wait_for()
        return page

    return open_page


def bundle(figure):
    shown = figure._repr_mimebundle_()
    return shown | {"image/png": base64.b64encode(shown["image/png"]).decode()}


def path_of(page, move):
    """The points of a line in the page, as shares of the sides of its axes."""
    return page.evaluate(
        """([id, axes]) => {
          const root = document.querySelector('.course-live .course-picture').shadowRoot;
          const numbers = (path) => path.getAttribute('d').match(/-?[\\d.]+/g).map(Number);
          const [left, right, top, bottom] = JSON.parse(root.querySelector('#sides').textContent)[axes];
          const found = numbers(root.querySelector(`#${id} > path`));
          return found.filter((_, i) => i % 2 === 0).map((across, i) =>
            [(across - left) / (right - left), (bottom - found[2 * i + 1]) / (bottom - top)]);
        }""",
        [move["id"], move["axes"]],
    )


@pytest.mark.browser
def test_in_an_exported_page_each_key_moves_picture_and_words(exported):
    live = explored(order="per sample")
    page = exported(live)
    html = html_of(live)
    moves = pages.data(html)["moves"]
    curve = next(place for place, move in enumerate(moves) if move.get("axes") == 1)
    slider = page.get_by_role("slider", name="learning rate")
    sentence = page.locator(".course-live [aria-live]")
    slider.focus()
    for key, place in (("Home", 0), ("ArrowRight", 1), ("PageUp", 21), ("ArrowLeft", 20), ("End", 199)):
        page.keyboard.press(key)
        assert slider.input_value() == str(place)
        assert sentence.text_content() == live.words[place]
        assert page.locator(".course-picture").get_attribute("aria-label") == live.words[place]
        assert slider.get_attribute("aria-valuetext") == f"{live.run.rates[place]:.5f}"
        wanted = [point for point in pages.curve(html, curve, place) if point]
        for got, want in zip(path_of(page, moves[curve]), wanted, strict=True):
            assert got == pytest.approx(want, abs=2e-3)


@pytest.mark.browser
def test_the_epochs_are_stepped_and_played_and_none_is_left_out(exported):
    live = explored(order="per sample", epochs=30)
    page = exported(live)
    moves = pages.data(html_of(live))["moves"]
    so_far = next(move for move in moves if move.get("shown") == "so far" and move["axes"] == 1)
    epoch = page.get_by_role("slider", name="epoch")
    page.get_by_role("button", name="first epoch").click()
    assert epoch.get_attribute("aria-valuetext") == "0 of 30"
    page.get_by_role("button", name="one epoch on").click()
    page.get_by_role("button", name="one epoch on").click()
    assert len(path_of(page, so_far)) == 3
    page.evaluate(
        """() => {
          const seen = window.seen = [];
          const label = [...document.querySelectorAll('.course-live span')].find((it) => it.textContent === '2 of 30');
          new MutationObserver(() => seen.push(parseInt(label.textContent))).observe(label, {childList: true});
        }"""
    )
    page.get_by_role("button", name="play").click()
    page.wait_for_function("() => document.querySelectorAll('.course-live input')[1].value === '30'", timeout=30_000)
    assert page.evaluate("() => window.seen") == list(range(3, 31))
    assert len(path_of(page, so_far)) == 31
    page.get_by_role("button", name="play", exact=True).wait_for()  # it has stopped by itself
    page.get_by_role("button", name="play").click()  # from the end it starts again
    page.get_by_role("button", name="pause").click()
    assert int(epoch.input_value()) < 30


@pytest.mark.browser
def test_who_wants_no_motion_gets_the_end_at_once(exported):
    page = exported(explored(order="per sample"))
    page.emulate_media(reduced_motion="reduce")
    page.get_by_role("button", name="first epoch").click()
    page.get_by_role("button", name="play").click()
    assert page.get_by_role("slider", name="epoch").input_value() == "100"
    assert page.get_by_role("button", name="pause").count() == 0


@pytest.mark.browser
def test_two_figures_in_a_page_do_not_meddle_with_each_other(exported):
    page = exported(explored(order="per sample"), explored())
    sliders = page.get_by_role("slider", name="learning rate")
    before = page.locator(".course-live [aria-live]").nth(1).text_content()
    sliders.nth(0).focus()
    page.keyboard.press("End")
    assert page.locator(".course-live [aria-live]").nth(0).text_content().startswith("Rate 0.40000: diverges")
    assert page.locator(".course-live [aria-live]").nth(1).text_content() == before


@pytest.mark.browser
def test_a_drag_by_mouse_is_followed_and_nothing_jumps(exported):
    page = exported(explored(order="per sample"))
    slider = page.get_by_role("slider", name="learning rate")
    track, picture = slider.bounding_box(), page.locator(".course-picture").bounding_box()
    below = page.locator(".course-live [aria-live]").bounding_box()
    y = track["y"] + track["height"] / 2
    page.mouse.move(track["x"] + track["width"] * 0.3, y)
    page.mouse.down()
    told = set()
    for step in range(20):
        page.mouse.move(track["x"] + track["width"] * (0.3 + 0.03 * step), y)
        told.add(page.locator(".course-live [aria-live]").text_content())
    page.mouse.up()
    assert len(told) == 20
    assert page.locator(".course-picture").bounding_box() == picture
    assert page.locator(".course-live [aria-live]").bounding_box()["y"] == below["y"]


@pytest.mark.browser
def test_without_scripts_the_picture_stands(page, tmp_path):
    shown = explored()._repr_mimebundle_()["text/html"]
    (tmp_path / "page.html").write_text(re.sub("<script>.*</script>", "", shown, flags=re.S), encoding="utf-8")
    page.goto((tmp_path / "page.html").as_uri())
    picture = page.locator("img.course-picture")
    assert picture.evaluate("picture => picture.complete && picture.naturalWidth") > 800
    assert f"diverges from {explored().first_diverging:.5f}" in picture.get_attribute("alt")


def test_a_way_that_comes_back_to_where_it_began_stays_in_the_picture():
    """The best b is 0, where it starts; on the way there it goes far, as w is learnt late."""
    x = torch.linspace(0, 1, 20, dtype=torch.float64)
    shown = explore_learning_rate(lambda x, w, b: w * x + b, (0.0, 0.0), x, 3 * x, low=0.1, high=0.5, epochs=100)
    ax = shown.figure.axes[2]
    [way] = [line for line in ax.lines if line.get_label() == "the way"]
    low, high = ax.get_ylim()
    assert low < min(way.get_ydata())
    assert max(way.get_ydata()) < high
