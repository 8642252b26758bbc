import json
import re
from xml.etree import ElementTree

from cases import CASES
from course_utils import Value, record, step_backward, trace
from course_utils.steps import steps
from nbconvert import HTMLExporter
import nbformat
import pages
import pytest
import torch

SVG = "{http://www.w3.org/2000/svg}"


def leaf(value):
    return torch.tensor(value, requires_grad=True)


def one_step():
    x, y, w = torch.tensor(2.0), torch.tensor(1.0), leaf(3.0)
    with record():
        loss = (w * x - y) ** 2
    return step_backward(loss)


def shared():
    a = leaf(3.0)
    with record():
        f = a * a + a
    return step_backward(f)


def test_every_step_says_what_is_in_hand_what_arrived_and_what_it_sends():
    assert [step.words for step in one_step().steps] == [
        "loss is where the backward pass starts, with 1.",
        "loss has 1. It sends 1 × 10 = 10 to w * x - y, which now has 10.",
        "w * x - y has 10. It sends 10 × 1 = 10 to w * x, which now has 10.",
        "w * x has 10. It sends 10 × 2 = 20 to w, which now has 20.",
        "w is a leaf: it has 20, which backward() adds to its .grad.",
    ]


def test_what_arrives_adds_up():
    found = [step.so_far.get(0) for step in shared().steps]
    assert [None if gradient is None else gradient.item() for gradient in found] == [None, 1.0, 7.0, 7.0]
    assert [dict(step.waiting).get(0) for step in shared().steps] == [3, 2, None, None]


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_the_steps_end_with_the_gradients(case):
    result, _ = case.build(torch.device("cpu"))
    graph = trace(result, gradient=torch.ones_like(result))
    told = steps(graph)
    last = told[-1]
    for place, node in enumerate(graph.nodes):
        if node.kind != "constant" and node.gradient is not None:
            assert torch.equal(last.so_far[place].to_dense(), node.gradient.to_dense())
    hands = [step.hand for step in told[1:]]
    assert hands == [place for place in graph.order if graph.nodes[place].gradient is not None]
    for step in told[1:]:  # nobody passes on before all has arrived
        assert step.hand not in step.waiting


def html_of(stepper):
    return stepper._repr_mimebundle_()["text/html"]


def test_a_still_picture_and_all_words_are_there_without_scripts():
    shown = one_step()._repr_mimebundle_()
    assert set(shown) == {"text/html", "image/svg+xml", "text/plain"}
    assert re.search(r'<img class="course-picture" alt="A graph of 4 nodes\.', shown["text/html"])
    assert shown["text/html"].count("<li>") == 5
    assert shown["text/plain"].splitlines()[-1].startswith("Step 4 of 4: w is a leaf")
    texts = [text.text for text in ElementTree.fromstring(shown["image/svg+xml"]).iter(f"{SVG}text")]
    assert "grad 20" in texts


def test_the_script_is_given_what_changes_in_each_step():
    moves = pages.data(html_of(shared()))["moves"]
    texts = {move["id"]: move["changes"] for move in moves if move["kind"] == "text"}
    assert texts == {
        "n0": [[0, "grad ·"], [1, "grad 1 …"], [2, "grad 7"]],
        "n1": [[0, "grad ·"], [1, "grad 1"]],
        "n2": [[0, "grad 1"]],
    }
    hands = {move["id"]: move["changes"] for move in moves if move.get("name") == "hand"}
    assert hands == {
        "n0": [[0, False], [3, True]], "n1": [[0, False], [2, True], [3, False]],
        "n2": [[0, False], [1, True], [2, False]],
    }  # fmt: skip
    sent = [move for move in moves if move.get("name") == "sent"]
    assert sorted(move["id"] for move in sent) == ["e0", "e1", "e2", "e3"]
    assert all(move["changes"][0] == [0, False] for move in sent)


def test_the_layout_has_room_for_the_text_of_every_step():
    a = leaf(1.0)
    with record():
        r = a * 1000.25 - a * 1000.0
    stepper = step_backward(r)
    svg = ElementTree.fromstring(stepper._repr_mimebundle_()["image/svg+xml"])
    box = next(group for group in svg.iter(f"{SVG}g") if group.get("id") == "n0")
    assert float(box.find(f"{SVG}rect").get("width")) > 2 * 60  # 'grad 1000 …' is wider than the 'grad 0.25' at the end


def test_tracing_step_by_step_leaves_the_gradient_alone():
    w = leaf(3.0)
    loss = w * w
    step_backward(loss)
    assert w.grad is None


def test_after_backward_the_picture_stays_and_a_sentence_says_what_to_do():
    w = leaf(3.0)
    with record():
        loss = (w * 2) ** 2
    loss.backward()
    stepper = step_backward(loss)
    shown = stepper._repr_mimebundle_()
    assert stepper.steps == ()
    assert "value 6" in shown["text/plain"]
    assert "draw it before backward()" in shown["text/plain"]
    assert "<p>No gradients: backward() has already gone" in shown["text/html"]
    with pytest.raises(ValueError, match="already gone through this graph"):
        steps(trace(loss))


def test_a_value_can_be_stepped_through():
    v = Value(3.0)
    r = v * v + 2 * v
    assert step_backward(r).steps[-1].words == "v is a leaf: it has 8, which backward() adds to its .grad."
    assert v.grad == 0.0


@pytest.mark.parametrize(
    "text", ["<script>alert(1)</script>", "</script>", "a&b", "a\"b'c", "a\nb", "重み", "🙂" * 500]
)
def test_a_name_can_never_become_markup(text):
    a = leaf(3.0)
    stepper = step_backward(a * a, **{text: a})
    html = html_of(stepper)
    assert html.count("<script>") == 1
    assert html.count("</script>") == 1
    assert html.count("<li>") == len(stepper.steps)
    div = ElementTree.fromstring(f"<p>{re.search('<div [^>]*>', html)[0]}</div></p>")[0]
    assert json.loads(div.get("data-live"))["words"][-1][1].endswith("it has 6, which backward() adds to its .grad.")


def notebook_of(*steppers):
    outputs = [nbformat.v4.new_output("display_data", data=stepper._repr_mimebundle_()) for stepper in steppers]
    return nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(outputs=outputs)])


@pytest.mark.browser
def test_in_an_exported_page_it_is_stepped_by_key_mouse_and_play(page, tmp_path):
    html, _ = HTMLExporter().from_notebook_node(notebook_of(one_step(), shared()))
    (tmp_path / "page.html").write_text(html, encoding="utf-8")
    page.route(re.compile("^https?://"), lambda route: route.fulfill(body=""))  # offline
    page.goto((tmp_path / "page.html").as_uri())
    first = page.locator(".course-live").nth(0)
    slider = first.get_by_role("slider", name="step of the backward pass")
    box = first.locator(".course-picture").bounding_box()

    def shown():
        return [text for text in first.locator("svg text").all_text_contents() if text.startswith("grad ")]

    assert shown() == ["grad ·", "grad ·", "grad ·", "grad 1"]
    slider.focus()
    page.keyboard.press("ArrowRight")
    page.keyboard.press("ArrowRight")
    assert shown() == ["grad ·", "grad 10", "grad 10", "grad 1"]
    assert first.locator("svg .way.sent").count() == 2
    assert first.locator("svg .hand").count() == 1
    assert slider.get_attribute("aria-valuetext") == "2 of 4"
    assert "w * x - y has 10" in first.locator("[aria-live]").text_content()
    page.keyboard.press("End")
    assert shown() == ["grad 20", "grad 10", "grad 10", "grad 1"]
    page.keyboard.press("Home")
    assert shown() == ["grad ·", "grad ·", "grad ·", "grad 1"]
    first.get_by_role("button", name="last step").click()
    first.get_by_role("button", name="one step back").click()
    assert slider.input_value() == "3"
    first.get_by_role("button", name="first step").click()
    first.get_by_role("button", name="one step on").click()
    assert slider.input_value() == "1"
    first.get_by_role("button", name="play").click()
    page.wait_for_function("() => document.querySelector('.course-live input').value === '4'", timeout=15_000)
    assert first.get_by_role("button", name="play").count() == 1  # it has stopped by itself
    assert first.locator(".course-picture").bounding_box() == box  # nothing has moved
    second = page.locator(".course-live").nth(1).get_by_role("slider")
    assert second.input_value() == "0"  # the other one is another one


@pytest.mark.browser
def test_a_drag_is_followed_within_a_frame(page, tmp_path):
    html, _ = HTMLExporter().from_notebook_node(notebook_of(one_step()))
    (tmp_path / "page.html").write_text(html, encoding="utf-8")
    page.route(re.compile("^https?://"), lambda route: route.fulfill(body=""))
    page.goto((tmp_path / "page.html").as_uri())
    followed = page.evaluate(
        """async () => {
          const slider = document.querySelector('.course-live input');
          const words = document.querySelector('.course-live [aria-live]');
          let followed = 0;
          for (const to of [3, 0, 4, 1, 2]) {
            const before = words.textContent;
            slider.value = to;
            slider.dispatchEvent(new Event('input', { bubbles: true }));
            followed += words.textContent !== before;  // before any frame is drawn
            await new Promise(requestAnimationFrame);
          }
          return followed;
        }"""
    )
    assert followed == 5
