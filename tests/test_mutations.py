from mutate_notebooks import kill_table, report


def test_every_planted_corruption_is_seen(tmp_path):
    table = kill_table(tmp_path)
    assert len(table) > 30
    assert all(killed == planted > 0 for killed, planted in table.values()), "\n" + report(table)
