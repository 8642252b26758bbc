"""Corrupt copies of every notebook, and count the corruptions that pytest sees: `python tests/mutate_notebooks.py`.

It ends with a table, a row for each notebook, a column for each kind of corruption, and with 1 if one survives that
tests/argued.py gives no reason for. Lessons named after it restrict it to these; `--quick` leaves out the faults that
are made from the code, and plants of the changed helpers one a lesson: that is what pytest runs. Whole, it took about
three quarters of an hour on two busy cores.
"""

import argparse
from pathlib import Path
import sys
import tempfile

from argued import ARGUED
from copies import ROOT
from planting import plant_cells, plant_helpers, plant_twins

SOURCES = sorted((ROOT / "notebooks").glob("*.ipynb"))
KINDS = [
    "stored digit", "code constant", "operator", "deleted output", "deleted cell", "swapped cells", "changed alt text",
    "changed picture data", "extra output", "error for output", "wrong solution", "changed helper", "other", "by hand",
]  # fmt: skip


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
