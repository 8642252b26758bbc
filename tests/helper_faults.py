"""A fault in each helper that a lesson imports: {helper: (file in course_utils, text in it, text in its place)}."""

import ast
from pathlib import Path
import shutil

HELPERS = Path(__file__).parent.parent / "course_utils"
HELPER_FAULTS = {
    "Value": ("engine.py", "= float(data), edges", "= float(data) + 1, edges"),
    "attach_slider": ("slider.py", 'f"{value:.{decimals}f}"', 'f"{value:.{decimals + 1}f}"'),
    "check_backward": ("checks.py", "judge_gradients, yours,", "lambda *_: RIGHT, yours,"),
    "check_by": ("checks.py", "_report(judge_by, judge", "_report(lambda *_: RIGHT, judge"),
    "check_engine": ("battery.py", 'f"{len(TRIALS)} expr', 'f"{len(TRIALS[1:])} expr'),
    "check_expression": ("claims.py", "check_by(judge, solved", "check_by(lambda: None, solved"),
    "check_function": ("checks.py", "_report(judge_function,", "_report(lambda *_: RIGHT,"),
    "check_gradient": ("checks.py", "_report(judge_slopes, ", "_report(lambda *_: RIGHT, "),
    "check_order": ("lineup.py", "lambda answer: _order_fault(answer, engine)", "lambda answer: None"),
    "check_turns": ("claims.py", "lambda answer: _turns_fault(answer, graph)", "lambda answer: None"),
    "check_values": ("checks.py", "_report(judge_values,", "_report(lambda *_: RIGHT,"),
    "diagnose": ("diagnosis/examination.py", "for finding in findings])", "for finding in findings[1:]])"),
    "draw_graph": ("draw.py", "(result, names, callers_variables(), gradient", "(result, {}, {}, gradient"),
    "draw_traced": ("traced.py", "return _SIGNS.get(name) or", "return _SIGNS.get(2 * name) or"),
    "explain": ("chain.py", "formulas.to_latex(self._found)", 'formulas.to_latex(self._found).replace("+", "-")'),
    "explore_learning_rate": ("explorer.py", "descend(model, start, tried, x", "descend(model, start, 2 * tried, x"),
    "export_graphs": ("exported.py", "return list(graphs)", "return list(graphs)[::-1]"),
    "pick_device": ("device.py", 'in found else "cpu"', 'in found else "meta"'),
    "plot_fit": ("plot.py", "ax.plot(grid.tolist(), answer.tolist()", "ax.plot(grid.tolist(), (2 * answer).tolist()"),
    "plot_graphs": ("beside.py", "-16, name, ha", "-16, name[::-1], ha"),
    "plot_loss": ("plot.py", 'numbers(run, "losses") for', '[2 * y for y in numbers(run, "losses")] for'),
    "predict": ("card.py", "else '✗ Not so.'", "else '✓ Right.'"),
    "read_error": ("clinic/reception.py", "return leaflet_for(", "return None and leaflet_for("),
    "record": ("record.py", "            notebook.settle()", "            pass"),
    "show_machine": ("widgets.py", "map(str, self.findings)", "map(str, self.findings[1:])"),
    "step_backward": ("stepper.py", 'f"Step {place} of', 'f"Step {place + 1} of'),
    "trace": (
        "read.py", "return read_graph(result, names, callers_variables(), gradient)",
        "graph = read_graph(result, names, callers_variables(), gradient)\n"
        "    return replace(graph, edges=graph.edges[1:], order=graph.order[1:])",
    ),
    "tune_learning_rate": ("tuner.py", "_run(self._train, self.values)", "_run(self._train, self.values)[1:]"),
    "use_style": ("style.py", '"figure.figsize": (7.0, 3.6)', '"figure.figsize": (7.0, 4.6)'),
    "watch_backward": ("watch.py", "self._seen.order.append(fn)", "pass"),
}  # fmt: skip


def helpers_of(notebook):
    """The names that a notebook imports from course_utils."""
    trees = [ast.parse(cell.source) for cell in notebook.cells if cell.cell_type == "code"]
    imports = [node for tree in trees for node in ast.walk(tree) if isinstance(node, ast.ImportFrom)]
    return [alias.name for node in imports if node.module == "course_utils" for alias in node.names]


def faults_of(notebook, quick):
    """The helpers to be changed under a notebook: all that it imports, or, when quick, the one that says most of it."""
    found = set(helpers_of(notebook))
    assert found <= set(HELPER_FAULTS), f"no fault is planted in {found - set(HELPER_FAULTS)}"
    helpers = [name for name in HELPER_FAULTS if name in found]
    common = {"pick_device", "predict", "use_style"}
    return [name for name in helpers if name not in common][:1] if quick else helpers


def plant_helper(helper, folder):
    """Put a copy of course_utils with the helper's fault, or with none, where it comes before the installed one."""
    if folder.exists():
        return
    # Compiled files too, so that only what is changed is compiled anew; but none that is being written right now.
    shutil.copytree(HELPERS, folder / "course_utils", ignore=shutil.ignore_patterns("*.pyc.*"))
    if helper is None:
        return
    file, old, new = HELPER_FAULTS[helper]
    path = folder / "course_utils" / file
    source = path.read_text(encoding="utf-8")
    assert source.count(old) == 1, f"{file} must hold {old!r} once"
    path.write_text(source.replace(old, new), encoding="utf-8")
