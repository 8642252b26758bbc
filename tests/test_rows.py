import ast
from pathlib import Path

import course_utils
from course_utils.clinic.rows import unrolled_cell
import pytest

CELLS = [
    "a = 1; b = 2;",
    "if a: b = 1; c = 2\nelif d: e = 3\nelse: f = 4; g = 5",
    "for _ in range(3):\n    a = 1; b = 2  # a; b\n    while b: b -= 1\nelse: c = 'x; y'",
    "try: a = 1\nexcept ValueError: pass\nelse: b = 1; c = 2\nfinally: d = 1",
    "with open(p) as f, open(\n    q\n) as g: a = 1; b = (2,\n    3)",
    "class A: b = 1; c = 2\n@dec\ndef f(x): return x; y = '''\n a; b\n'''",
    "match a:\n    case 1: b = 2; c = 3\n    case _: pass",
    "ä = 'é'; ö = 1; loss.backward()",
    "if a:\n  b = 1; c = 2\n  if d: e = 1; f = 2",
]


@pytest.mark.parametrize("cell", CELLS)
def test_each_statement_gets_a_line_and_the_code_stays_the_same(cell):
    opened = unrolled_cell(cell)
    assert ast.dump(ast.parse(opened)) == ast.dump(ast.parse(cell))
    for node in ast.walk(ast.parse(opened)):
        if isinstance(node, ast.stmt) and not getattr(node, "decorator_list", None):
            assert not opened.encode().splitlines()[node.lineno - 1][: node.col_offset].strip()


@pytest.mark.parametrize(
    "path", sorted(Path(course_utils.__file__).parent.rglob("*.py"))[::4], ids=lambda path: path.stem
)
def test_nothing_changes_where_each_has_its_line(path):
    text = path.read_text(encoding="utf-8")
    assert ast.dump(ast.parse(unrolled_cell(text))) == ast.dump(ast.parse(text))
