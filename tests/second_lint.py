"""What in a notebook's source or stored outputs would break on another device: `python tests/second_lint.py`.

The quick half of `second_device.py`: nothing runs. It knows forms, not numbers, so it says nothing of what happens.
"""

import ast
from pathlib import Path
import re

import nbformat

NOTEBOOKS = Path(__file__).parent.parent / "notebooks"
FACTORIES = {
    "arange", "as_tensor", "empty", "eye", "full", "linspace", "logspace", "normal", "ones", "rand", "randint", "randn",
    "randperm", "scalar_tensor", "tensor", "tril_indices", "triu_indices", "zeros",
}  # fmt: skip
HOME_ALONE = {
    "Tensor",
    "DoubleTensor",
    "FloatTensor",
    "IntTensor",
    "LongTensor",
    "from_numpy",
}  # CPU, whatever one asks
LAYERS = r"(Linear|Bilinear|Embedding|Conv\d\w*|\w*Norm\w*|LSTM|GRU|RNN|PReLU|MultiheadAttention|Transformer\w*)$"
WORDS = {"cuda": "a device", "cpu": "a device", "tensor(": "a raw tensor", "device(": "a device", "0x": "an address"}
PACKED = r"data:image/[a-z+]+;base64,[A-Za-z0-9+/=]+|data-(drawing|numbers)='[A-Za-z0-9+/=]+'"
TOLD = r'alt="([^"]*)"|"words": (\[\[.*?\]\])|>([^<>]+)<'
RAW = 10  # digits that count: nobody defends so many, and printing a number as it is gives 16 or 17
DEVICE = re.compile(r"(cpu|cuda)(:\d+)?")


def complaints(notebook):
    """A line for each place in a notebook that would break or differ on another device."""
    cells = [cell for cell in notebook.cells if cell.cell_type == "code"]
    brought = set().union(*(_brought_home(ast.parse(cell.source)) for cell in cells))
    for place, cell in enumerate(cells):
        found = [*in_source(cell.source, brought), *(line for output in cell.outputs for line in in_output(output))]
        yield from (f"cell {place}: {line}" for line in dict.fromkeys(found))


def in_source(source, brought=frozenset()):
    """What a cell's code does that only one device can do; `brought` are names of what has been taken to the CPU."""
    tree = ast.parse(source)
    parents = {child: node for node in ast.walk(tree) for child in ast.iter_child_nodes(node)}
    for node in ast.walk(tree):
        for rule in (_literal, _cuda, _to_numpy, _made_without_device):
            if complaint := rule(node, parents, brought | _brought_home(tree)):
                yield f"{complaint}: {ast.unparse(node)}"


def in_output(output):
    """Words and digits in a stored output that another device would not give."""
    for text in _told(output):
        for word, what in WORDS.items():
            if word in text:
                yield f"{what} is shown: {text[max(0, text.index(word) - 20) : text.index(word) + 20]!r}"
        for number in re.findall(r"(?<![\w.])\d+\.\d+", text):
            if len(number.replace(".", "").strip("0")) >= RAW:
                yield f"more digits than anyone defends: {number}"


def _told(output):
    """The texts of an output, those inside pictures and live figures too; what is packed is left out."""
    yield output.get("text", "")
    for mime, data in output.get("data", {}).items():
        if mime in {"text/plain", "text/latex"}:
            yield data
        elif mime == "text/html":
            bare = re.sub(r"<(script|style).*?</\1>", "", re.sub(PACKED, "", data), flags=re.DOTALL)
            yield " ".join(max(found) for found in re.findall(TOLD, bare))


def _literal(node, parents, _):
    """A device by name: allowed where dice that must be the same everywhere are thrown on the CPU, and carried over."""
    if not (isinstance(node, ast.Constant) and isinstance(node.value, str) and DEVICE.fullmatch(node.value)):
        return ""
    keyword = parents[node]
    call = parents.get(keyword)
    if isinstance(keyword, ast.keyword) and keyword.arg == "device" and isinstance(call, ast.Call):
        if _last_name(call.func) == "Generator":
            return ""
        carried = parents.get(call)
        if _names(call) & {"generator"} and isinstance(carried, ast.Attribute) and carried.attr == "to":
            return ""
    return "a device by its name"


def _cuda(node, *_):
    return "for CUDA alone" if isinstance(node, ast.Attribute) and node.attr == "cuda" else ""


def _to_numpy(node, _, brought):
    """numpy reads the CPU's memory only."""
    if not isinstance(node, ast.Call):
        return ""
    name, owner = _last_name(node.func), getattr(node.func, "value", None)
    if name in {"numpy", "__array__"}:
        return "" if _is_home(owner, brought) else "numpy without cpu()"
    if name in {"array", "asarray"} and getattr(owner, "id", "") in {"np", "numpy"} and node.args:
        is_plain = isinstance(node.args[0], ast.List | ast.Tuple | ast.Constant)
        return "" if is_plain or _is_home(node.args[0], brought) else "numpy without cpu()"
    return ""


def _made_without_device(node, parents, _):
    """A tensor or a layer that stays on the CPU."""
    if not isinstance(node, ast.Call) or "device" in _names(node):
        return ""
    name, owner = _last_name(node.func), ast.unparse(getattr(node.func, "value", ast.Constant("")))
    moved = parents.get(node)
    if isinstance(moved, ast.Attribute) and moved.attr == "to":
        return ""
    if owner == "torch" and name in FACTORIES | HOME_ALONE:
        return "made without a device"
    return "made without a device" if owner.endswith("nn") and re.match(LAYERS, name) else ""


def _is_home(node, brought):
    """Whether an expression is on the CPU by its form."""
    calls = [each.func for each in ast.walk(node) if isinstance(each, ast.Call)] if node is not None else []
    is_bare = node is not None and _last_names(node) <= {"detach"}
    left = {getattr(each, "id", "") for each in ast.walk(node)} if is_bare else set()
    return bool(left & brought) or any(_last_name(func) in {"cpu", "tolist"} for func in calls)


def _last_names(node):
    """The methods that are called one after the other: of `a.detach().numpy()` both."""
    names = set()
    while isinstance(node, ast.Call):
        names.add(_last_name(node.func))
        node = getattr(node.func, "value", None)
    return names


def _brought_home(tree):
    """The names that are bound to something that ends in `.cpu()`."""
    found = set()
    for node in (node for node in ast.walk(tree) if isinstance(node, ast.Assign)):
        target, value = node.targets[0], node.value
        pairs = zip(target.elts, value.elts, strict=False) if _are_many(target, value) else [(target, value)]
        found |= {one.id for one, other in pairs if isinstance(one, ast.Name) and ast.unparse(other).endswith(".cpu()")}
    return found


def _are_many(target, value):
    return isinstance(target, ast.Tuple) and isinstance(value, ast.Tuple)


def _last_name(func):
    return getattr(func, "attr", getattr(func, "id", ""))


def _names(call):
    return {keyword.arg for keyword in call.keywords}


if __name__ == "__main__":
    found = {path: [*complaints(nbformat.read(path, as_version=4))] for path in sorted(NOTEBOOKS.glob("*.ipynb"))}
    for path, lines in found.items():
        print(f"{path.name}: {len(lines) or 'nothing'}", *lines, sep="\n  ")
    raise SystemExit(int(any(found.values())))
