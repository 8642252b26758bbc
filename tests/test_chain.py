from cases import CASES
from course_utils import Value, explain, record
import pytest
import torch


def leaf(value):
    return torch.tensor(value, dtype=torch.float64, requires_grad=True)


def test_one_path():
    x, y, w = torch.tensor(2.0), torch.tensor(1.0), torch.tensor(3.0, requires_grad=True)
    with record():
        loss = (w * x - y) ** 2
    assert explain(loss, "w").to_text() == (
        "1 path leads from loss back to w, by way of u1 = w * x, u2 = w * x - y:\n"
        "d loss/d u2 · d u2/d u1 · d u1/d w = 10 · 1 · 2 = 20\n"
        "Together: 20, the gradient of w."
    )


def test_several_paths_add():
    a = leaf(3.0)
    f = a * a - 4 * a
    told = explain(f, "a")
    assert [path.product.item() for path in told.paths] == [3.0, 3.0, -4.0]
    assert told.gradient.item() == 2.0
    assert told.to_text().endswith("Together: 3 + 3 + (−4) = 2, the gradient of a.")


def test_the_formulas_in_latex():
    a_1 = leaf(3.0)
    with record():
        y_hat = a_1 * a_1
    assert explain(y_hat, "a_1").to_latex() == (
        "$$\\begin{aligned}\n"
        "\\frac{\\partial \\mathrm{y\\_hat}}{\\partial a_{1}} &= 3 \\\\[5pt]\n"
        "\\frac{\\partial \\mathrm{y\\_hat}}{\\partial a_{1}} &= 3 \\\\[5pt]\n"
        "\\frac{d\\mathrm{y\\_hat}}{da_{1}} &= 3 + 3 = 6\n"
        "\\end{aligned}$$"
    )


@pytest.mark.parametrize("text", ["a\\b", "{a}", "a$b", "a&b#c%d_e^f~g", "<script>", 'a"b\nc', "重み", "🙂" * 500])
def test_a_name_can_never_become_latex(text):
    a = leaf(3.0)
    latex = explain(a * 2, text, **{text: a}).to_latex()
    bare = latex.replace("\\backslash ", "").replace("\\{", "").replace("\\}", "")
    assert bare.count("{") == bare.count("}")
    assert latex.count("&=") == 2
    assert latex.count("$") - latex.count("\\$") == 4
    assert latex.count("\n") == 3


def test_tensors_go_by_jacobians():
    a, b = leaf([2.0, 3.0]), leaf([6.0, 4.0])
    Q = 3 * a**3 - b**2
    told = explain(Q, "a", gradient=torch.tensor([1.0, 10.0]))
    assert told.paths[0].product.tolist() == [36.0, 810.0]
    assert "v · ∂Q/∂u2 · d u2/d u1 · d u1/d a = [1, 10] · [1, 1] · [3, 3] · [12, 27] = [36, 810]" in told.to_text()


def test_of_too_many_paths_the_number_and_those_that_weigh_most():
    a = leaf(1.1)
    z = a
    for _ in range(20):
        z = z * 0.5 + z * 0.75
    told = explain(z, "a")
    assert told.count == 2**20
    assert len(told.paths) == 8
    assert told.paths[0].product.item() == pytest.approx(0.75**20)
    assert all(path.product <= told.paths[0].product for path in told.paths)
    assert "1048576 paths lead from z back to a" in told.to_text()
    assert "the 8 that weigh most:" in told.to_text()
    assert told.gradient.item() == pytest.approx(1.25**20)


def test_no_path():
    a, b = leaf(3.0), leaf(2.0)
    result = a * 2 + b.detach() * a
    with pytest.raises(ValueError, match=r"name must be one of the graph's names \(a, result\), got 'b'"):
        explain(result, "b")
    result = torch.where(torch.tensor(True), a, b)
    assert explain(result, "b").gradient.item() == 0.0


def test_of_two_names_for_one_tensor_either_will_do():
    v = w = leaf(3.0)
    assert explain(w * w, "w").gradient.item() == explain(v * v, "v").gradient.item() == 6.0


def test_the_result_itself():
    a = leaf(3.0)
    assert explain(a, "a").to_text() == "1 path leads from a back to a:\nd a/d a = 1\nTogether: 1, the gradient of a."


def test_a_leaf_may_be_called_result():
    result = leaf(2.0)
    assert explain(result * 3, "result").to_text().startswith("1 path leads from output back to result:")


def test_what_is_no_name_is_refused():
    a = leaf(3.0)
    with pytest.raises(TypeError, match='name must be the text of a name, such as "w", got Tensor'):
        explain(a * 2, a)


def test_a_value_is_explained_like_a_tensor():
    v = Value(3.0)
    r = v * v + 2 * v
    assert explain(r, "v").to_text().endswith("Together: 3 + 3 + 2 = 8, the gradient of v.")


def disagreement(case):
    """The leaves whose paths were all told, and those among them where they do not add up to the gradient."""
    result, leaves = case.build(torch.device("cpu"))
    names = {f"leaf{place}": leaf for place, leaf in enumerate(leaves.values())}
    seed = torch.ones_like(result)
    expected = torch.autograd.grad(result, list(leaves.values()), seed, retain_graph=True, allow_unused=True)
    told, wrong = [], []
    for name, gradient in zip(names, expected, strict=True):
        if gradient is None:
            continue
        found = explain(result, name, gradient=seed, **names)
        products = [path.product for path in found.paths]
        if found.count == len(products) and all(product is not None for product in products):
            told.append(name)
            rough = 3e-2 if "16" in case.name or "half" in case.name else 1e-4
            close = torch.allclose(sum(products).to(gradient.dtype), gradient.to_dense(), rtol=rough, atol=1e-5)
            wrong += [] if close else [name]
    return told, wrong


def test_the_paths_add_up_to_the_gradient():
    cases = [case for case in CASES if "transformer" not in case.name]
    found = {case.name: disagreement(case) for case in cases}
    assert {name: wrong for name, (_, wrong) in found.items() if wrong} == {}
    assert sum(bool(told) for told, _ in found.values()) >= 95
