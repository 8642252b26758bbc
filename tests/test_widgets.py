from course_utils import show_machine
from course_utils.controls import WIDGET


def test_the_machine_card_says_the_same_everywhere_and_more_while_it_lives():
    card = show_machine()
    shown = card._repr_mimebundle_()
    assert set(shown) == {WIDGET, "text/plain"}
    assert shown["text/plain"].splitlines()[0] == "✓ Python: 3.11 or newer"
