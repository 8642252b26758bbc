"""Corrupt copies of every notebook, and count the corruptions that pytest sees: `python tests/mutate_notebooks.py`.

It ends with a table, a row for each notebook, a column for each kind of corruption, and with 1 if one survives that
tests/argued.py gives no reason for. Names of lessons after it restrict it to these; `--quick` leaves out the faults that
are made from the code, and plants of the changed helpers one a lesson: that is what pytest runs. Whole, it takes about
three quarters of an hour on two cores.

A corruption is planted in a twin of the cell wherever that can show it, all in one copy of the notebook: nbval judges
each cell by itself, so each twin must fail by itself. After a twin whose code was changed the cell itself stands again,
and must pass. What no twin shows, since it only works in later cells, gets a copy of its own, where one failing cell is
enough; so does a changed helper, beside the changed course_utils. Copies without a fault are the control: they must
pass, one under a kernel's name that is registered nowhere, one with every cell run twice in a row, one in another order.
"""

import argparse
from pathlib import Path
import sys
import tempfile

from answers import EXERCISES
from argued import ARGUED
from cell_faults import CELL_FAULTS, bare
from code_mutants import Mutant, mutants_of
from copies import Copies, again, run_pytest
from faults import CODE_FAULTS
from helper_faults import faults_of, plant_helper
import nbformat
from output_faults import OUTPUT_FAULTS

ROOT = Path(__file__).parent.parent
SOURCES = sorted((ROOT / "notebooks").glob("*.ipynb"))
KINDS = [
    "stored digit", "code constant", "operator", "deleted output", "deleted cell", "swapped cells", "changed alt text",
    "changed picture data", "extra output", "error for output", "wrong solution", "changed helper", "other", "by hand",
]  # fmt: skip


def read(source):
    return nbformat.read(source, as_version=4)


def kill_table(folder, sources=SOURCES, *, quick=True):
    """Of each notebook and kind the faults planted, and whether each was seen: {(stem, kind): {fault: True}}.

    An untouched cell that fails is a false alarm, and stops everything.
    """
    table = {}
    for planted in (
        plant_cells(folder / "cells", sources),
        plant_twins(folder / "twins", sources, quick),
        plant_helpers(folder / "helpers", sources, quick),
    ):
        for stem, kind, fault, killed in planted:
            row = table.setdefault((stem, kind), {})
            assert fault not in row, f"{stem}, {kind}: {fault} is planted twice"
            row[fault] = killed
    return table


def plant_cells(folder, sources):
    """Cells gone, new or elsewhere: no kernel is needed to see that."""
    copies, planted = Copies(folder), []
    for source in sources:
        notebook = bare(read(source))
        controls = [copies.add(source.stem, notebook, like=notebook)]
        for kind, faults in CELL_FAULTS.items():
            planted += [
                (source.stem, kind, fault, copies.add(source.stem, changed, like=notebook))
                for fault, changed in faults(notebook)
            ]
        copies.controls += controls
    verdicts = run_pytest(copies, "-k", "contents", "-n0")
    for file in copies.controls:
        assert verdicts[file] == {"contents": "PASSED"}, f"{file} holds no fault and must pass"
    return [(stem, kind, fault, verdicts[file] == {"contents": "FAILED"}) for stem, kind, fault, file in planted]


def plant_twins(folder, sources, quick):
    """Faults in outputs and in code, as twins; what twins do not show once more, in copies of their own."""
    sources = [source for source in sources if has_code(source)]
    mutants = {source.stem: code_faults(source, quick) for source in sources}
    alone, found, rounds = [], [], 0
    while sources:  # a second round only where a fault has spoilt what stands after it
        copies = Copies(folder / f"round{rounds}")
        rows = {source: add_twins(copies, source, mutants[source.stem]) for source in sources}
        if not rounds:
            for source in sources:
                add_controls(copies, source)
        verdicts = {file: cells_in(found) for file, found in run_pytest(copies).items()}
        for file in copies.controls:
            assert set(verdicts[file].values()) == {"PASSED"}, f"{file} holds no fault and must pass: {verdicts[file]}"
        sources, rounds = [], rounds + 1
        for source, (file, planted) in rows.items():
            if spoiler := first_spoiler(verdicts[file], planted):
                mutants[source.stem].remove(spoiler)
                alone.append(spoiler)
                sources.append(source)
                continue
            for place, fault in planted.items():
                seen = verdicts[file][place] == "FAILED"
                if seen or not isinstance(fault, Mutant):
                    name = fault if isinstance(fault, Mutant) else Mutant(source.stem, *fault, "")
                    found.append((name, seen))
                else:
                    alone.append(fault)
    return list(by_name(found + run_alone(folder / "alone", alone)))


def by_name(found):
    for fault, seen in found:
        yield fault.lesson, fault.kind, f"{fault.cell}: {fault.fault}", seen


def first_spoiler(verdicts, planted):
    """The fault before the first untouched cell that failed."""
    alarms = [place for place in sorted(verdicts) if verdicts[place] != "PASSED" and place not in planted]
    if not alarms:
        return None
    before = [place for place in planted if place < alarms[0] and isinstance(planted[place], Mutant)]
    assert before, f"the untouched code cell {alarms[0]} must pass"
    return planted[before[-1]]


def has_code(source):
    return any(cell.cell_type == "code" for cell in read(source).cells)


def code_faults(source, quick):
    """The mutants of a lesson: what was thought out for it, wrong answers, and one number and one operator a cell."""
    cells = {cell.id: cell for cell in read(source).cells if cell.cell_type == "code"}
    found = []
    for old, new in CODE_FAULTS[source.stem]:
        cell = next(cell for cell in cells.values() if old in cell.source)
        found.append(Mutant(source.stem, "by hand", cell.id, f"{old} → {new}", cell.source.replace(old, new, 1)))
    for exercise in (exercise for exercise in EXERCISES if exercise.lesson == source.stem):
        name, check = exercise.cell("solution"), cells[exercise.cell("check")].source
        wrong, (answer, _) = next(iter(exercise.wrong.items()))
        found.append(Mutant(source.stem, "wrong solution", name, wrong, f"{answer}\n\n{check}"))
    if not quick:
        found += [mutant for cell in cells.values() for mutant in mutants_of(source.stem, cell)]
    return found


def add_twins(copies, source, mutants):
    """Write a copy in which twins follow each code cell, a fault in each, and tell its name and the faults by place.

    A cell gives the same output however often it is run (the second control holds that), so one kernel serves for all.
    """
    notebook, cells, planted = read(source), [], {}
    for cell in (cell for cell in notebook.cells if cell.cell_type == "code"):
        cells.append(cell)
        for kind, faults in OUTPUT_FAULTS.items():
            for fault in faults:
                twin = again(cell, len(cells))
                twin.metadata["planted"] = True
                if fault(twin):
                    planted[len(cells)] = kind, cell.id, fault.__name__
                    cells.append(twin)
        for mutant in (mutant for mutant in mutants if mutant.cell == cell.id):
            planted[len(cells)] = mutant
            cells.append(again(cell, len(cells), source=mutant.source))
            cells.append(again(cell, len(cells)))
    notebook.cells = cells
    return copies.add(source.stem, notebook), planted


def run_alone(folder, mutants):
    """Each in a copy of the whole lesson."""
    if not mutants:
        return []
    copies = Copies(folder, stop_early=True)
    files = [copies.add(mutant.lesson, mutated(mutant)) for mutant in mutants]
    verdicts = run_pytest(copies)
    return [(mutant, "FAILED" in cells_in(verdicts[file]).values()) for mutant, file in zip(mutants, files, strict=True)]


def mutated(mutant):
    notebook = read(ROOT / "notebooks" / f"{mutant.lesson}.ipynb")
    next(cell for cell in notebook.cells if cell.id == mutant.cell).source = mutant.source
    return notebook


def cells_in(verdicts):
    """What became of the cells; whether they stand in their order is another question."""
    return {place: verdict for place, verdict in verdicts.items() if place != "contents"}


def plant_helpers(folder, sources, quick):
    """Each helper changed, beside each lesson that takes it."""
    copies, planted = Copies(folder, stop_early=True), []
    for source in (source for source in sources if has_code(source)):
        notebook = read(source)
        for helper in faults_of(notebook, quick):
            plant_helper(helper, copies.notebooks / helper)
            planted.append((source.stem, helper, copies.add(source.stem, notebook, folder=helper)))
    verdicts = run_pytest(copies)
    return [(stem, "changed helper", helper, "FAILED" in cells_in(verdicts[file]).values()) for stem, helper, file in planted]


def add_controls(copies, source):
    copies.controls += [copies.add(source.stem, control(read(source))) for control in (untouched, doubled, reordered)]


def untouched(notebook):
    """A copy with no fault, for a kernel that is registered nowhere: it must run all the same, and pass."""
    notebook.metadata["kernelspec"]["name"] = "registered-nowhere"
    return notebook


def doubled(notebook):
    """A copy in which every code cell is run twice in a row: the second time, too, it must give its stored output."""
    notebook.cells = [twin for cell in notebook.cells for twin in (cell, again(cell))]
    return notebook


def reordered(notebook):
    """A copy in the order of a student who leaves the exercises for the end, and then goes through all once more."""
    first = [cell for cell in notebook.cells if not is_exercise(cell)]
    later = [cell for cell in notebook.cells if is_exercise(cell)]
    notebook.cells = [*first, *later, *map(again, notebook.cells)]
    return notebook


def is_exercise(cell):
    return cell.id.endswith(("-stub", "-check", "-solution"))


def survivors(table):
    """The faults that were not seen: (stem, kind, fault)."""
    return [(*place, fault) for place, row in table.items() for fault, killed in row.items() if not killed]


def unargued(table):
    """What speaks against a green run: survivors that nobody argues for, and arguments for faults that were seen."""
    left = [f"{stem}, {kind}: {fault} survives" for stem, kind, fault in survivors(table) if fault not in argued(stem)]
    return left + [
        f"{stem}, {kind}: {fault} is seen, but argued.py says that it cannot be"
        for (stem, kind), row in table.items()
        for fault, killed in row.items()
        if killed and fault in argued(stem)
    ]


def argued(stem):
    return ARGUED.get(stem, {})


def report(table):
    """The table; `11+1/12` is eleven killed and one argued, of twelve. A dash: the notebook has nothing of the kind."""
    stems = list(dict.fromkeys(stem for stem, _ in table))
    rows = [["", *KINDS, "all"]]
    rows += [[stem, *(tally([table.get((stem, kind), {})], stem) for kind in KINDS)] for stem in stems]
    for row in rows[1:]:
        row.append(tally([faults for (stem, _), faults in table.items() if stem == row[0]], row[0]))
    head = [max(len(row[place]) for row in rows[1:]) for place in range(len(KINDS) + 2)]
    lines = [f"{letter(place)} = {kind}" for place, kind in enumerate(KINDS)]
    rows[0] = ["", *(letter(place) for place in range(len(KINDS))), "all"]
    lines += ["  ".join(text.ljust(width) for text, width in zip(row, head, strict=True)).rstrip() for row in rows]
    lines += [f"argued  {stem}, {kind}: {fault}: {argued(stem)[fault]}" for stem, kind, fault in survivors(table)
              if fault in argued(stem)]  # fmt: skip
    killed, planted = sum(sum(row.values()) for row in table.values()), sum(map(len, table.values()))
    reasons = sum(fault in argued(stem) for stem, _, fault in survivors(table))
    return "\n".join([*lines, *unargued(table), f"{killed} of {planted} killed, {reasons} argued"])


def letter(place):
    return "ABCDEFGHIJKLMNOPQRSTUVWXYZ"[place]


def tally(rows, stem):
    faults = {(place, fault): killed for place, row in enumerate(rows) for fault, killed in row.items()}
    killed = sum(faults.values())
    reasons = sum(not seen and fault in argued(stem) for (_, fault), seen in faults.items())
    return f"{killed}{f'+{reasons}' if reasons else ''}/{len(faults)}" if faults else "–"


def main(words):
    reader = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    reader.add_argument("lessons", nargs="*", help="their names or numbers; by default all, and the glossary")
    reader.add_argument("--quick", action="store_true", help="only what pytest runs")
    asked = reader.parse_args(words)
    sources = [source for source in SOURCES if not asked.lessons or source.stem.startswith(tuple(asked.lessons))]
    with tempfile.TemporaryDirectory() as place:
        table = kill_table(Path(place), sources, quick=asked.quick)
    print(report(table))
    return bool(unargued(table))


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
