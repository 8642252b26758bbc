"""What a drawing costs, ours beside four other tools, and what `record()` costs: `python tests/benchmark_graphs.py`.

It needs Linux, `dot` on the PATH, and torchviz, torchview, torchlens and micrograd, which are no dependencies of the
course: one that is missing is said and left out. `--quick` takes a minute or two, all of it a quarter of an hour.

Each tool draws each case in a process of its own, killed after a minute; the tools take turns in each round. Timed is
the way from a finished tensor to the text of an SVG; torchview and torchlens want a module and run it as well. "First"
is the first call after the imports, "later" the median of the next ones, then of the rounds (lowest and highest in
brackets); a ratio is taken within a round. "Peak" is what the process grew by, without the 12 to 14 MiB of `dot`.
Read the ratios, not the milliseconds: a machine is never quiet.
"""

import argparse
from contextlib import nullcontext, suppress
from importlib import metadata, util
from itertools import pairwise
import json
import os
from pathlib import Path
import signal
from statistics import median
import subprocess
import sys
import tempfile
from time import perf_counter
from types import SimpleNamespace

import torch
from torch import nn
from torch.nn import functional as F

LIMIT = 60  # seconds for one process, imports included
ENOUGH = 15  # seconds of drawing after which no further call is made


# The cases. Formulas of scalars take torch's numbers and micrograd's alike; nets are built only where they are used.
def chain(length):
    def formula(net, x):
        z = x + net.w
        for _ in range(length - 1):
            z = z + 1.0
        return z

    return formula, {"w": 3.0}, [2.0]


def dense(*widths):
    return [layer for sizes in pairwise(widths) for layer in (nn.Linear(*sizes), nn.ReLU())]


def resnet():
    def conv(narrow, wide, size, stride):
        return nn.Conv2d(narrow, wide, size, stride, size // 2, bias=False), nn.BatchNorm2d(wide)

    def block(narrow, wide, stride):
        body = nn.Sequential(*conv(narrow, wide, 3, stride), nn.ReLU(), *conv(wide, wide, 3, 1))
        short = nn.Sequential(*conv(narrow, wide, 1, stride)) if stride > 1 else nn.Identity()
        return Formula(lambda net, x: F.relu(net.body(x) + net.short(x)), {"body": body, "short": short})

    sizes = [(8, 8, 1), (8, 8, 1), (8, 16, 2), (16, 16, 1), (16, 32, 2), (32, 32, 1), (32, 64, 2), (64, 64, 1)]
    stem = [*conv(3, 8, 7, 2), nn.ReLU(), nn.MaxPool2d(3, 2, 1)]
    return [*stem, *(block(*size) for size in sizes), nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(64, 10)]


def encoder():
    layer = nn.TransformerEncoderLayer(64, 4, dim_feedforward=128, batch_first=True)
    return [nn.TransformerEncoder(layer, 6, enable_nested_tensor=False)]


SCALARS = {
    "scalar": (lambda n, x, y: (x * n.w - y) ** 2, {"w": 3.0}, [2.0, 1.0]),
    "quadratic": (
        lambda n, x, y: (n.w1 * x**2 + n.w2 * x + n.b - y) ** 2, {"w1": 1.0, "w2": 2.0, "b": 3.0}, [2.0, 1.0]
    ),
    **{f"chain-{length}": chain(length) for length in (100, 300, 1000, 10_000, 100_000)},
}  # fmt: skip
NETS = {  # layers, shape of the input, loss
    "mlp": (lambda: dense(4, 8, 8, 3)[:-1], (5, 4), lambda out: F.cross_entropy(out, torch.tensor([0, 1, 2, 0, 1]))),
    "resnet": (resnet, (2, 3, 64, 64), torch.sum),
    "encoder": (encoder, (2, 5, 64), torch.sum),
    "mlp-100": (lambda: dense(*[64] * 101), (32, 64), torch.sum),
}
QUICK = ["scalar", "quadratic", "mlp", "chain-100"]
CASES = ["scalar", "quadratic", "mlp", "resnet", "encoder", "chain-100", "chain-1000", "chain-10000", "chain-100000"]
RECORDED = ["chain-300", "encoder", "mlp-100"]  # each of some 300 operations


class Formula(nn.Module):
    """The module that torchview and torchlens ask for."""

    def __init__(self, formula, parts):
        super().__init__()
        self.formula = formula
        for name, part in parts.items():
            setattr(self, name, part if isinstance(part, nn.Module) else nn.Parameter(torch.tensor(part)))

    def forward(self, *inputs):
        return self.formula(self, *inputs)


def build(case):
    torch.manual_seed(0)
    if case in SCALARS:
        formula, weights, numbers = SCALARS[case]
        return Formula(formula, weights), [torch.tensor(number) for number in numbers]
    layers, shape, loss = NETS[case]
    module = Formula(lambda held, x: loss(held.net(x)), {"net": nn.Sequential(*layers())})
    return module.eval(), [torch.randn(shape)]


# The tools. Each gives a function that draws the case, or None where it has no such thing.
def of_result(case, draw, *, around=nullcontext):
    module, inputs = build(case)
    with around():
        result = module(*inputs)
    names = dict(module.named_parameters())
    return lambda: draw(result, names)


def ours(case):
    from course_utils.draw import draw_graph

    return of_result(case, lambda result, names: draw_graph(result, **names).to_svg())


def ours_with_gradients(case):
    from course_utils.draw import draw_graph

    return of_result(case, lambda result, names: draw_graph(result, **names).with_gradients().to_svg())


def ours_recorded(case):
    from course_utils.draw import draw_graph
    from course_utils.record import record

    return of_result(case, lambda result, names: draw_graph(result, **names).with_gradients().to_svg(), around=record)


def torchviz(case):
    from torchviz import make_dot

    return of_result(case, lambda result, names: make_dot(result, params=names).pipe("svg", encoding="utf-8"))


def torchview(case):
    from torchview import draw_graph

    module, inputs = build(case)
    full = {"device": "cpu", "depth": 100, "hide_module_functions": False}  # else it leaves operations out
    return lambda: draw_graph(module, inputs, **full).visual_graph.pipe("svg", encoding="utf-8")


def torchlens(case):
    import torchlens

    module, inputs = build(case)

    def draw():
        torchlens.trace(module, inputs).draw(vis_outpath="graph", vis_fileformat="svg", vis_save_only=True)
        return Path("graph.svg").read_text(encoding="utf-8")

    return draw


def micrograd(case):
    from micrograd.engine import Value

    if case not in SCALARS:
        return None
    formula, weights, numbers = SCALARS[case]
    result = formula(SimpleNamespace(**{name: Value(weight) for name, weight in weights.items()}), *map(Value, numbers))
    return lambda: dot_of_value(result).pipe("svg", encoding="utf-8")


def dot_of_value(root):
    """What micrograd's notebook draws (its package does not): a record for each value, an oval for its operation."""
    from graphviz import Digraph

    dot, seen = Digraph(graph_attr={"rankdir": "LR"}), set()

    def visit(value):
        seen.add(value)
        place, sign = str(id(value)), f"{id(value)}{value._op}"
        dot.node(place, f"{{ data {value.data:.4f} | grad {value.grad:.4f} }}", shape="record")
        if value._op:
            dot.node(sign, value._op)
            dot.edge(sign, place)
        for operand in value._prev:
            dot.edge(str(id(operand)), sign)
            if operand not in seen:
                visit(operand)

    visit(root)
    return dot


TOOLS = {
    tool.__name__: tool
    for tool in (torchviz, ours, ours_with_gradients, ours_recorded, torchview, torchlens, micrograd)
}


# In a process of its own: what is found goes out as lines of JSON, of which the last one counts.
def measure_drawing(case, tool):
    draw, error = attempt(lambda: TOOLS[tool](case))
    if error:
        say(error=error)
    times, before = [], peak(anew=True)
    while draw and len(times) < 30 and (len(times) < 6 or sum(times) < 1000) and sum(times) < 1000 * ENOUGH:
        (text, error), ms = timed(lambda: attempt(draw))
        times.append(ms)
        later = median(times[1:]) if times[1:] else None
        say(first=times[0], later=later, error=error, size=len(text) / 1024 or None, peak=peak() - before)


def measure_record(case):
    from course_utils.record import record

    module, inputs = build(case)
    runs = {"plain": lambda: module(*inputs), "recorded": record()(lambda: module(*inputs))}
    times = {name: [] for name in runs}
    for turn in range(16):
        for name in sorted(runs, reverse=turn % 2):
            times[name].append(timed(runs[name])[1])
    plain, recorded = times["plain"][1:], times["recorded"][1:]  # without the first pair, which warms up
    ratio = median(slow / fast for fast, slow in zip(plain, recorded, strict=True))
    say(plain=median(plain), recorded=median(recorded), ratio=ratio)


def measure_long_chain(case):
    from course_utils.read import trace

    module, inputs = build(case)
    held = [module(*inputs)]
    (_, error), ms = timed(lambda: attempt(lambda: str(trace(held[0]))))
    say(answer=ms, error=error)
    say(answer=ms, error=error, freed=timed(held.clear)[1])


def attempt(draw):
    try:
        return draw(), ""
    except Exception as error:
        name = "refused" if isinstance(error, ValueError) else type(error).__name__
        return "", f"{name}: {error}".partition("\n")[0].replace("|", "/")


def timed(call):
    start = perf_counter()
    result = call()
    return result, (perf_counter() - start) * 1000


def peak(*, anew=False):
    if anew:
        Path("/proc/self/clear_refs").write_text("5")
    return int(Path("/proc/self/status").read_text().partition("VmHWM:")[2].split()[0]) / 1024


def say(**facts):
    print(json.dumps(facts), flush=True)


# In the process that asks.
def run(kind, *job):
    """What a process found out, and how it ended."""
    print("measuring", kind, *job, file=sys.stderr)
    command = [sys.executable, str(Path(__file__).resolve()), "--measure", kind, *job]
    with tempfile.TemporaryDirectory() as folder, Path(folder, "facts").open("w+") as facts:
        process = subprocess.Popen(command, cwd=folder, stdout=facts, stderr=subprocess.DEVNULL, process_group=0)
        try:
            code = process.wait(LIMIT)
            end = signal.Signals(-code).name if code < 0 else f"exit code {code}"
        except subprocess.TimeoutExpired:
            end = f"killed after {LIMIT} s"
        finally:
            with suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGKILL)  # the `dot` it waits for as well
            process.wait()
        facts.seek(0)
        lines = [line for line in facts if line.startswith('{"')]
    return {"error": "", **json.loads(lines[-1] if lines else "{}"), "end": end}


def compare_drawings(cases, tools, rounds):
    found = {(case, tool): [] for case in cases for tool in tools}
    for turn in range(rounds):
        for job in reversed(found) if turn % 2 else found:
            if not any(facts["end"].startswith("killed") for facts in found[job]):
                found[job].append(run("drawing", *job))
    rows = []
    for (case, tool), facts in found.items():
        numbers = [spread(facts, fact) for fact in ("first", "later")]
        numbers += [ratio(facts, found.get((case, "torchviz"), []))]
        numbers += [spread(facts, fact) for fact in ("peak", "size")]
        wrong = {each[what] for each in facts for what in ("error", "end")} - {"", "exit code 0"}
        if wrong or "first" in facts[0]:  # else the tool has no such drawing
            rows.append([case, tool.replace("_", " "), *numbers, "; ".join(sorted(wrong))])
    head = ["case", "tool", "first, ms", "later, ms", "÷ torchviz", "peak, MiB", "SVG, KiB", "what went wrong"]
    print_table("Drawings, from tensor to SVG", head, rows)


def ratio(rounds, others):
    pairs = [pair for pair in zip(rounds, others, strict=False) if all(each.get("size") for each in pair)]
    ratios = [one["later"] / other["later"] for one, other in pairs if one["later"] and other["later"]]
    return spread([{"ratio": number} for number in ratios], "ratio")


def compare_forwards(rounds):
    head, rows = ["forward pass", "plain, ms", "recorded, ms", "÷ plain"], []
    for case in RECORDED:
        facts = [run("record", case) for _ in range(rounds)]
        rows.append([case, *(spread(facts, fact) for fact in ("plain", "recorded", "ratio"))])
    print_table("Inside `with record():`", head, rows)


def follow_long_chain(rounds):
    facts = [run("long_chain", "chain-100000") for _ in range(rounds)]
    ends = {f"{each['error'] or 'traced'}; {each['end']}" for each in facts}
    row = [spread(facts, "answer"), spread(facts, "freed"), " / ".join(sorted(ends))]
    print_table("A chain of 100 000 additions", ["trace(), ms", "freeing it, ms", "answer; end of the process"], [row])


def spread(rounds, fact):
    """The median over the rounds that know it, with the lowest and the highest."""
    numbers = [facts[fact] for facts in rounds if facts.get(fact) is not None]
    if not numbers:
        return "–"
    low, middle, high = (f"{n:.0f}" if n >= 100 else f"{n:.2g}" for n in (min(numbers), median(numbers), max(numbers)))
    return middle if low == high else f"{middle} ({low}–{high})"


def print_table(title, head, rows):
    lines = [" | ".join(["", *row, ""]).strip() for row in (head, ["---"] * len(head), *rows)]
    print(f"\n## {title}\n", *lines, sep="\n", flush=True)


def print_machine(tools):
    versions = [f"{name} {metadata.version(name)}" for name in ("torch", *tools) if not name.startswith("ours")]
    missing = "".join(f" {tool} is not installed and left out." for tool in TOOLS if tool not in tools)
    load = f"{os.cpu_count()} cores, load {os.getloadavg()[0]:.1f} at the start"
    print(f"Python {sys.version.split()[0]}, {', '.join(versions)}; {load}.{missing}")


MEASURES = {"drawing": measure_drawing, "record": measure_record, "long_chain": measure_long_chain}


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=3, metavar="N")
    parser.add_argument("--quick", action="store_true", help="one round, of the small cases")
    parser.add_argument("--case", choices=[*CASES, "record", "long-chain"], help="this alone")
    parser.add_argument("--tool", choices=TOOLS, help="drawings by this tool alone")
    parser.add_argument("--measure", nargs="+", help=argparse.SUPPRESS)
    asked = parser.parse_args()
    if asked.measure:
        torch.set_num_threads(1)
        MEASURES[asked.measure[0]](*asked.measure[1:])
        return
    rounds = 1 if asked.quick else asked.rounds
    tools = [tool for tool in TOOLS if tool.startswith("ours") or util.find_spec(tool)]
    print_machine(tools)
    if asked.case not in ("record", "long-chain"):
        cases = [asked.case] if asked.case else QUICK if asked.quick else CASES
        compare_drawings(cases, [tool for tool in tools if asked.tool in (None, tool)], rounds)
    if asked.case == "record" or not (asked.case or asked.tool):
        compare_forwards(rounds)
    if asked.case == "long-chain" or not (asked.case or asked.tool):
        follow_long_chain(rounds)


if __name__ == "__main__":
    main()
