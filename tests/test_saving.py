"""Files that are written whole or not at all."""

from io import BytesIO
import logging

from course_utils import plot_loss
from course_utils.saving import write_whole
from matplotlib import rc_context
from PIL import Image
import pytest


def test_the_bytes_are_there_and_nothing_else(tmp_path):
    write_whole(tmp_path / "new", b"one")
    write_whole(str(tmp_path / "new"), b"two")
    assert [(path.name, path.read_bytes()) for path in tmp_path.iterdir()] == [("new", b"two")]


def test_a_link_stays_one_and_a_file_keeps_its_mode(tmp_path):
    (tmp_path / "file").write_bytes(b"old")
    (tmp_path / "file").chmod(0o640)
    (tmp_path / "link").symlink_to(tmp_path / "file")
    write_whole(tmp_path / "link", b"new")
    assert (tmp_path / "link").is_symlink()
    assert (tmp_path / "file").read_bytes() == b"new"
    assert (tmp_path / "file").stat().st_mode & 0o777 == 0o640


def test_a_new_file_has_the_mode_of_any_other(tmp_path):
    write_whole(tmp_path / "new", b"x")
    (tmp_path / "other").write_bytes(b"x")
    assert (tmp_path / "new").stat().st_mode == (tmp_path / "other").stat().st_mode


def test_a_name_as_long_as_names_may_be_can_be_written(tmp_path):
    write_whole(tmp_path / ("ä" * 125), b"x")
    assert len(list(tmp_path.iterdir())) == 1


@pytest.mark.parametrize(("path", "reason"), [("no/folder/x.svg", "No such file"), ("file/x.svg", "Not a directory")])
def test_what_cannot_be_written_is_said_with_its_name(tmp_path, monkeypatch, path, reason):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "file").touch()
    with pytest.raises(OSError, match=rf"{reason}.*, so it was not saved: '{path}'"):
        write_whole(path, b"x")
    assert [one.name for one in tmp_path.iterdir()] == ["file"]


def size(file):
    with Image.open(file) as image:
        return image.size


def test_a_plot_is_saved_as_matplotlib_would(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    figure = plot_loss([3.0, 2.0]).figure
    figure.savefig(tmp_path / "a.png", dpi=50)
    figure.savefig("b", format="svg")
    with rc_context({"savefig.format": "pdf"}):
        figure.savefig("c")
    figure.savefig(memory := BytesIO(), format="png", dpi=50)
    assert size("a.png") == size(memory) == (350, 180)
    assert {path.name: path.read_bytes()[:4] for path in tmp_path.iterdir()} == {
        "a.png": b"\x89PNG", "b": b"<?xm", "c.pdf": b"%PDF",
    }  # fmt: skip


def test_a_text_that_is_no_formula_is_drawn_as_it_stands():
    ax = plot_loss({"$x^{$": [3.0, 2.0], "b": [1.0, 2.0]}, title=r"$\nothing$")
    assert ax._repr_mimebundle_()["image/png"]
    assert not ax.get_legend().get_texts()[0].get_parse_math()
    ax.set_title("$w^2$", loc="left")
    assert ax._repr_mimebundle_()["image/png"]


def test_what_matplotlib_says_of_its_folders_stays_out_of_a_lesson(caplog):
    fonts = logging.getLogger("matplotlib.font_manager")
    fonts.warning("Matplotlib is building the font cache; this may take a moment.")
    assert caplog.messages == []
    fonts.warning("findfont: no such font")
    assert caplog.messages == ["findfont: no such font"]
