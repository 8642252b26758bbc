from importlib import metadata

from course_utils import check_machine, machine
import pytest
import torch


def finding(what):
    return next(found for found in check_machine() if found.what == what)


def test_this_machine_is_fine():
    assert [str(found) for found in check_machine() if not found.fine] == []
    assert {"Python", "torch", "jupyterlab", "matplotlib", "ipywidgets", "device"} <= {f.what for f in check_machine()}


def test_a_good_machine_is_told_in_the_same_words_everywhere():
    for found in check_machine():
        assert str(found) == f"✓ {found.what}: {found.wanted}"
        assert found.found not in str(found) or found.what == "device"


def test_what_is_wanted_is_read_from_the_package():
    assert finding("Python").wanted == "3.11 or newer"
    assert finding("torch").wanted == "2.11 or newer"


def test_a_package_too_old_is_named_with_its_cure(monkeypatch):
    monkeypatch.setattr(machine, "version", lambda name: "1.13.1" if name == "torch" else metadata.version(name))
    wanted, cure = str(finding("torch")).split(". ", 1)
    assert wanted == "✗ torch: 2.11 or newer is wanted, found 1.13.1"
    assert cure == "In the course's folder run: pip install -c constraints.txt -e ."


def test_a_package_that_is_not_there_is_named(monkeypatch):
    def version(name):
        if name == "pygraphviz":
            raise metadata.PackageNotFoundError(name)
        return metadata.version(name)

    monkeypatch.setattr(machine, "version", version)
    assert str(finding("pygraphviz")).startswith("✗ pygraphviz: 2.0 or newer is wanted, found nothing. In the")


def test_a_course_that_is_not_installed_says_so(monkeypatch):
    monkeypatch.setattr(machine, "PACKAGE", "no-such-package")
    assert str(check_machine()[0]).startswith("✗ course_utils: an installed package is wanted")


def test_a_device_that_is_not_there_is_no_crash(monkeypatch):
    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
    monkeypatch.setenv("COURSE_DEVICE", "cuda")
    assert not finding("device").fine
    assert "COURSE_DEVICE asks for cuda" in str(finding("device"))


def test_a_device_that_reckons_wrongly_is_found_out(monkeypatch):
    monkeypatch.setattr(torch, "arange", lambda stop, device: torch.zeros(4))
    assert not finding("device").fine


@pytest.mark.parametrize(("found", "fine"), [("3.10.9", False), ("3.11.0", True), ("3.14.0rc1", True)])
def test_python_versions(found, fine, monkeypatch):
    monkeypatch.setattr(machine.platform, "python_version", lambda: found)
    assert finding("Python").fine is fine
