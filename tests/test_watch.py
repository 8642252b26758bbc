from cases import CASES
from course_utils import Value, watch_backward
import pytest
import torch


def leaf(value):
    return torch.tensor(value, requires_grad=True)


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_the_learners_own_backward_agrees(case):
    result, leaves = case.build(torch.device("cpu"))
    seed = torch.ones_like(result)
    with watch_backward(result, gradient=seed, **leaves) as seen:
        result.backward(seed)
    assert seen.differences == ()
    assert repr(seen).endswith("in the order and with the numbers of the picture.")


def test_the_names_of_the_nodes_in_order():
    a = leaf(3.0)
    f = a * a + a
    with watch_backward(f) as seen:
        f.backward()
    assert seen.order == ("f", "×", "a")
    assert a.grad.item() == 7.0


def test_a_hook_that_changes_a_gradient_is_found_where_it_is():
    a = leaf(3.0)
    g = a * a
    h = g * 2
    g.register_hook(lambda gradient: gradient * 10)
    with watch_backward(h) as seen:
        h.backward()
    assert seen.differences == (
        "at g the picture has 2, backward() brought 20; a hook changes it here",
        "at a the picture has 12, backward() brought 120",
    )
    assert repr(seen).startswith(
        "backward() went through 3 nodes, but not as the picture tells:\n- at g the picture has 2"
    )


def test_another_start_is_seen():
    a = leaf([1.0, 2.0])
    f = a * a
    with watch_backward(f, gradient=torch.ones(2)) as seen:
        f.backward(torch.tensor([1.0, 5.0]))
    assert seen.differences[0].startswith("at f the picture has [1, 1], backward() brought [1, 5]")


def test_nothing_is_seen_where_nothing_ran():
    f = leaf(3.0) * 2
    with watch_backward(f) as seen:
        pass
    assert "No backward() of this result was seen" in repr(seen)


def test_two_passes_are_told():
    a = leaf(3.0)
    f = a * a
    with watch_backward(f) as seen:
        f.backward(retain_graph=True)
        f.backward()
    assert seen.differences == ("backward() ran more than once; the numbers of the last run are compared",)


def test_only_some_nodes_ran():
    a, b = leaf(3.0), leaf(2.0)
    f = a * a * b
    with watch_backward(f) as seen:
        f.backward(inputs=[b])
    assert seen.differences == ("the nodes ran in another order, or not all of them ran",)


def test_no_hook_is_left_behind_even_after_an_error():
    a = leaf(3.0)
    f = a * a
    seen = watch_backward(f)
    with pytest.raises(ZeroDivisionError), seen:
        _ = 1 / 0
    f.backward()
    assert seen.order == ()


def test_a_graph_that_cannot_be_replayed_is_refused():
    f = leaf(3.0) ** 2
    f.backward()
    with pytest.raises(ValueError, match="already gone through this graph"):
        watch_backward(f)


def test_the_order_of_leaves_that_are_ready_together_is_left_open():
    leaves = [leaf(float(place)) for place in range(6)]
    result = torch.stack(leaves).sum()
    with watch_backward(result) as seen:
        result.backward()
    assert seen.differences == ()


def test_a_watch_is_for_one_block():
    f = leaf(3.0) * 2
    watch = watch_backward(f)
    with watch:
        f.backward(retain_graph=True)
    with pytest.raises(ValueError, match="each watch_backward is for one with block"), watch:
        pass


def test_a_value_cannot_be_watched():
    with pytest.raises(TypeError, match="result must be a torch tensor, got Value"):
        watch_backward(Value(2.0) * 3)
