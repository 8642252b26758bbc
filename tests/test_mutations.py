from mutate_notebooks import KINDS, SOURCES, kill_table, report, unargued
from planting import has_code

IN_TEXT = {"deleted cell", "swapped cells", "other"}  # what a notebook without code can suffer
MADE_FROM_CODE = {"code constant", "operator"}  # `python tests/mutate_notebooks.py` plants these, which takes long
OF_PICTURES = {"changed alt text", "changed picture data"}


def test_every_planted_corruption_is_seen(tmp_path):
    """The quick part of the kill table, printed if a fault survives."""
    table = kill_table(tmp_path)
    assert unargued(table) == [], "\n" + report(table)
    for source in SOURCES:
        kinds = {kind for stem, kind in table if stem == source.stem}
        wanted = set(KINDS) - MADE_FROM_CODE if has_code(source) else IN_TEXT
        assert wanted - OF_PICTURES <= kinds <= wanted, source.stem
    assert sum(len({stem for stem, kind in table if kind == of}) for of in OF_PICTURES) > 30
