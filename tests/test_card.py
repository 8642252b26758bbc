import re

from course_utils import predict
from course_utils.card import Card
import pytest

QUESTION = "With rate 0.25, what does the `loss` do?"
OPTIONS = {
    "It falls faster": "Beyond `2 / curvature` each step lands farther out than the one before.",
    "It grows": "Each epoch multiplies the distance by −1.25.",
    "It swings & settles": "It swings, but each swing is wider than the last.",
}


def shown(card):
    return card._repr_mimebundle_()


def loss_card(answer="It grows"):
    return predict(QUESTION, OPTIONS, answer=answer)


def details(card):
    return re.findall("<details.*?</details>", shown(card)["text/html"])


def test_the_words_ask_first_and_answer_after_a_break():
    asked, answered = shown(loss_card())["text/plain"].split("\n\n")
    assert asked.splitlines() == [QUESTION, "  a) It falls faster", "  b) It grows", "  c) It swings & settles"]
    assert answered.splitlines() == [
        "Answers, once you have chosen:",
        "  a) ✗ Not so. Beyond `2 / curvature` each step lands farther out than the one before.",
        "  b) ✓ Right. Each epoch multiplies the distance by −1.25.",
        "  c) ✗ Not so. It swings, but each swing is wider than the last.",
    ]
    assert repr(loss_card()) == shown(loss_card())["text/plain"]


def test_each_option_opens_its_own_explanation():
    first, second, third = details(loss_card())
    assert "It falls faster</summary><p>✗ Not so. Beyond <code>2 / curvature</code> each step" in first
    assert "It grows</summary><p>✓ Right. Each epoch multiplies" in second
    assert "It swings &amp; settles</summary><p>✗ Not so. It swings, but" in third


@pytest.mark.parametrize("answer", OPTIONS)
def test_nothing_that_is_seen_before_opening_tells_the_right_option(answer):
    def closed(card):
        """All that stands outside the explanations; the name is made from them and is the same for all options."""
        name = re.search('name="([^"]*)"', shown(card)["text/html"])[1]
        return re.sub("<p>.*?</p>", "", shown(card)["text/html"].replace(name, ""))

    assert closed(loss_card(answer)) == closed(loss_card("It grows"))
    rows = {
        re.sub("<p>.*?</p>", "", row).replace(option.replace("&", "&amp;"), "")
        for row, option in zip(details(loss_card()), OPTIONS, strict=True)
    }
    assert len(rows) == 1
    assert " open" not in rows.pop()


def test_two_showings_are_equal_and_two_cards_do_not_close_each_other():
    def names(card):
        return set(re.findall('<details name="([^"]*)"', shown(card)["text/html"]))

    assert shown(loss_card()) == shown(loss_card())
    assert names(loss_card()) == {"card-4a7ff7a95d94"}
    other = predict(QUESTION, {"Up": "No.", "Down": "Yes."}, answer="Down")
    assert len(names(loss_card()) | names(other)) == 2


def test_there_is_no_script():
    assert "<script" not in shown(loss_card())["text/html"]


def test_words_cannot_become_markup():
    nasty = '`<b>`<script>alert("1")</script>&"\''
    html = predict(nasty, {nasty: nasty, "other": nasty}, answer="other").to_html()
    assert html.count("<code>&lt;b&gt;</code>&lt;script&gt;alert(&quot;1&quot;)&lt;/script&gt;&amp;&quot;&#x27;") == 4
    assert "<b>" not in html
    assert "<script" not in html


def test_a_single_backtick_stays_one():
    assert "a ` b</summary>" in predict("?", {"a ` b": "x", "c": "y"}, answer="c").to_html()


def test_a_card_keeps_what_it_was_given():
    options = dict(OPTIONS)
    card = predict(QUESTION, options, answer="It grows")
    options.clear()
    assert isinstance(card, Card)
    assert (card.question, card.options, card.answer) == (QUESTION, OPTIONS, "It grows")


TWO = {"Up": "No.", "Down": "Yes."}


@pytest.mark.parametrize(
    ("question", "options", "answer", "error", "message"),
    [
        (3, TWO, "Up", TypeError, "question must be a text, got int"),
        ("  ", TWO, "Up", ValueError, "question must not be empty"),
        ("?", ["Up", "Down"], "Up", TypeError, "options must be a dict from option to explanation, got list"),
        ("?", {"Up": "No."}, "Up", ValueError, "options must be two or more to choose from, got 1"),
        ("?", {"Up": "No.", "": "Yes."}, "Up", ValueError, "an option must not be empty"),
        ("?", {"Up": "No.", 1: "Yes."}, "Up", TypeError, "an option must be a text, got int"),
        ("?", {"Up": "No.", "Down": None}, "Up", TypeError, "the explanation of 'Down' must be a text, got NoneType"),
        ("?", {"Up": " ", "Down": "Yes."}, "Up", ValueError, "the explanation of 'Up' must not be empty"),
        ("?", TWO, "down", ValueError, "answer must be one of the options 'Up', 'Down', got 'down'"),
        ("?", TWO, ["Up"], TypeError, "answer must be a text, got list"),
    ],
)
def test_what_is_missing_is_said_in_one_sentence(question, options, answer, error, message):
    with pytest.raises(error) as caught:
        predict(question, options, answer=answer)
    assert str(caught.value) == message
