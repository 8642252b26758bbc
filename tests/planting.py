"""Faults planted in copies of notebooks, and which of them pytest sees.

A corruption is planted in a twin of the cell wherever that can show it, all in one copy of the notebook: nbval judges
each cell by itself, so each twin must fail by itself. After a twin whose code was changed the cell itself stands again,
and must pass. What no twin shows, since it only works in later cells, gets a copy of its own, where one failing cell is
enough; so does a changed helper, beside the changed course_utils. Copies without a fault are the control: they must
pass, one under a kernel that is registered nowhere and with every cell run twice in a row, one in another order.
"""

from textwrap import dedent

from answers import EXERCISES
from cell_faults import CELL_FAULTS, bare
from code_mutants import Mutant, mutants_of
from copies import ROOT, Copies, again, run_pytest
from faults import CODE_FAULTS
from helper_faults import faults_of, plant_helper
import nbformat
from output_faults import OUTPUT_FAULTS


def read(source):
    return nbformat.read(source, as_version=4)


def has_code(source):
    return any(cell.cell_type == "code" for cell in read(source).cells)


def plant_cells(folder, sources):
    """Cells gone, new or elsewhere: no kernel is needed to see that."""
    copies, planted = Copies(folder), []
    for source in sources:
        notebook = bare(read(source))
        copies.controls.append(copies.add(source.stem, notebook))
        for kind, faults in CELL_FAULTS.items():
            planted += [
                (source.stem, kind, fault, copies.add(source.stem, changed, like=notebook))
                for fault, changed in faults(notebook)
            ]
    verdicts = run_pytest(copies, "-k", "contents", "-n0")
    for file in copies.controls:
        assert verdicts[file] == {"contents": "PASSED"}, f"{file} holds no fault and must pass"
    return [(stem, kind, fault, verdicts[file] == {"contents": "FAILED"}) for stem, kind, fault, file in planted]


def plant_twins(folder, sources, quick):
    """Faults in outputs and in code, as twins; what twins do not show once more, in copies of their own."""
    sources = [source for source in sources if has_code(source)]
    mutants = {source: code_faults(source, quick) for source in sources}
    alone, found, rounds = [], [], 0
    while sources:  # a second round only where a fault has spoilt what stands after it
        copies = Copies(folder / f"round{rounds}")
        rows = {source: add_twins(copies, source, mutants[source]) for source in sources}
        for source in sources if rounds == 0 else []:
            add_controls(copies, source)
        verdicts = run_cells(copies)
        spoilers = {source: first_spoiler(verdicts[file], planted) for source, (file, planted) in rows.items()}
        for source, (file, planted) in rows.items():
            if spoilers[source] is None:
                found += [(fault, verdicts[file][place] == "FAILED") for place, fault in planted.items()]
            else:
                mutants[source].remove(spoilers[source])
        sources, rounds = [source for source in sources if spoilers[source]], rounds + 1
        alone += [spoiler for spoiler in spoilers.values() if spoiler]
    unseen = [fault for fault, seen in found if fault.source and not seen]
    found = [(fault, seen) for fault, seen in found if fault not in unseen]
    found += run_alone(folder / "alone", alone + unseen)
    return [(fault.lesson, fault.kind, f"{fault.cell}: {fault.fault}", seen) for fault, seen in found]


def run_cells(copies):
    """What became of the cells of each copy, once its controls have passed; of the cells' order other copies tell."""
    verdicts = {
        file: {place: verdict for place, verdict in found.items() if place != "contents"}
        for file, found in run_pytest(copies).items()
    }
    for file in copies.controls:
        assert set(verdicts[file].values()) == {"PASSED"}, f"{file} holds no fault and must pass: {verdicts[file]}"
    return verdicts


def first_spoiler(verdicts, planted):
    """The fault before the first untouched cell that failed."""
    alarms = [place for place in sorted(verdicts) if verdicts[place] != "PASSED" and place not in planted]
    if not alarms:
        return None
    before = [place for place, fault in planted.items() if place < alarms[0] and fault.source]
    assert before, f"the untouched code cell {alarms[0]} must pass"
    return planted[before[-1]]


def code_faults(source, quick):
    """The mutants of a lesson: what was thought out for it, wrong answers, and one number and one operator a cell."""
    cells, found = {cell.id: cell for cell in read(source).cells if cell.cell_type == "code"}, []
    for old, new in CODE_FAULTS[source.stem]:
        cell = next(cell for cell in cells.values() if old in cell.source)
        found.append(Mutant(source.stem, "by hand", cell.id, f"{old} → {new}", cell.source.replace(old, new, 1)))
    for exercise in (exercise for exercise in EXERCISES if exercise.lesson == source.stem):
        name, check = exercise.cell("solution"), cells[exercise.cell("check")].source
        wrong, (answer, _) = next(iter(exercise.wrong.items()))
        found.append(Mutant(source.stem, "wrong solution", name, wrong, f"{dedent(answer)}\n\n{check}"))
    if not quick:
        found += [mutant for cell in cells.values() for mutant in mutants_of(source.stem, cell)]
    return found


def add_twins(copies, source, mutants):
    """Write a copy in which twins follow each code cell, a fault in each, and tell its name and the faults by place.

    A cell gives the same output however often it is run (the first control holds that), so one kernel serves for all.
    """
    notebook, cells, planted = read(source), [], {}
    for cell in (cell for cell in notebook.cells if cell.cell_type == "code"):
        cells.append(cell)
        for kind, faults in OUTPUT_FAULTS.items():
            for fault in faults:
                twin = again(cell, len(cells))
                twin.metadata["planted"] = True
                if fault(twin):
                    planted[len(cells)] = Mutant(source.stem, kind, cell.id, fault.__name__, "")
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
    verdicts = run_cells(copies)
    return [(mutant, "FAILED" in verdicts[file].values()) for mutant, file in zip(mutants, files, strict=True)]


def mutated(mutant):
    notebook = read(ROOT / "notebooks" / f"{mutant.lesson}.ipynb")
    next(cell for cell in notebook.cells if cell.id == mutant.cell).source = mutant.source
    return notebook


def plant_helpers(folder, sources, quick):
    """Each helper changed, beside each lesson that takes it; and, as a control, a copy in which none is changed."""
    copies, planted = Copies(folder, stop_early=True), []
    plant_helper(None, copies.notebooks / "none")
    for source in (source for source in sources if has_code(source)):
        notebook = read(source)
        if not copies.controls:
            copies.controls.append(copies.add(source.stem, notebook, folder="none"))
        for helper in faults_of(notebook, quick):
            plant_helper(helper, copies.notebooks / helper)
            planted.append((source.stem, helper, copies.add(source.stem, notebook, folder=helper)))
    verdicts = run_cells(copies)
    return [
        (stem, "changed helper", f"course_utils: {name}", "FAILED" in verdicts[file].values())
        for stem, name, file in planted
    ]


def add_controls(copies, source):
    copies.controls += [copies.add(source.stem, control(read(source))) for control in (doubled, reordered)]


def doubled(notebook):
    """Every code cell is run twice in a row: the second time, too, it must give its stored output.

    Its kernel is one that is registered nowhere: it must run all the same.
    """
    notebook.metadata["kernelspec"]["name"] = "registered-nowhere"
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
