"""What the lint over the notebooks sees, and what it lets pass."""

import nbformat
import pytest
from second_lint import NOTEBOOKS, complaints, in_output, in_source

WRONG = {
    "made without a device": [
        "x = torch.tensor([1.0, 2.0])",
        "x = torch.zeros(3, requires_grad=True) * w",
        "x = torch.Tensor([1.0])",
        "x = torch.from_numpy(table)",
        "net = torch.nn.Linear(2, 1)",
        "w = torch.nn.Parameter(torch.ones(3))",
        "net = torch.nn.Sequential(torch.nn.Linear(2, 3, device=device), torch.nn.LayerNorm(3))",
    ],
    "a device by its name": [
        "x = torch.ones(3, device='cpu')",
        "x = torch.rand(3, generator=dice, device='cpu')",
        "w = w.to('cuda')",
        "device = 'cuda:1'",
        "if device == 'cuda':\n    print('fast')",
    ],
    "for CUDA alone": ["w = w.cuda()", "torch.cuda.synchronize()"],
    "numpy without cpu()": [
        "w.detach().numpy()",
        "v = w.cpu()\nf(v).numpy()",
        "np.asarray(w.grad)",
        "array = numpy.array(x * 2)",
    ],
}
RIGHT = [
    "x = torch.tensor([1.0, 2.0], device=device)",
    "x = torch.rand(3, generator=dice, device='cpu').to(device)",
    "dice = torch.Generator(device='cpu').manual_seed(0)",
    "net = torch.nn.Linear(2, 1).to(device)",
    "y = torch.ones_like(x)",
    "w.detach().cpu().numpy()",
    "k, shown = 3, w.cpu()\nshown.numpy()",
    "shown = w.cpu()\nshown.detach().numpy()",
    "np.asarray([1.0, 2.0])",
    "np.asarray(w.tolist())",
    "print('on the cpu or on a card')",
    "net = torch.nn.Sequential(layer, torch.nn.Tanh())",
]
SHOWN = {
    "a device": ["device(type='cuda', index=0)", "tensor on cpu"],
    "a raw tensor": ["tensor([0.5000, 1.0000])"],
    "an address": ["built-in at 0x7f3a"],
    "more digits": ["loss 4.052514553070068", "w = 0.30000001192092896"],
}


@pytest.mark.parametrize(("said", "source"), [(said, source) for said, rows in WRONG.items() for source in rows])
def test_the_lint_sees(said, source):
    assert said in "\n".join(in_source(source))


@pytest.mark.parametrize("source", RIGHT)
def test_the_lint_lets_pass(source):
    assert [*in_source(source)] == []


@pytest.mark.parametrize(("said", "text"), [(said, text) for said, rows in SHOWN.items() for text in rows])
@pytest.mark.parametrize("place", ["stream", "text/plain", "alt", "words", "label"])
def test_the_lint_sees_in_outputs(said, text, place):
    if place == "stream":
        output = nbformat.v4.new_output("stream", text=f"{text}\n")
    else:
        html = {"alt": f'<img alt="{text}">', "words": f"""<div data-live='{{"words": [["{text}"]]}}'>"""}
        data = {"text/html": html.get(place, f"<p>{text}</p>")} if place != "text/plain" else {place: text}
        output = nbformat.v4.new_output("display_data", data=data)
    assert any(line.startswith(said) for line in in_output(output)), [*in_output(output)]


@pytest.mark.parametrize("text", ["9.006001", "2.00000095", "1e-05", "1000000 points", "w = 2.97, b = 0.82"])
def test_the_lint_lets_digits_pass_that_are_defended(text):
    assert [*in_output(nbformat.v4.new_output("stream", text=text))] == []


@pytest.mark.parametrize("notebook", sorted(NOTEBOOKS.glob("*.ipynb")), ids=lambda path: path.stem)
def test_nothing_in_a_notebook_is_for_one_device_alone(notebook):
    assert [*complaints(nbformat.read(notebook, as_version=4))] == []
