"""A real IPython shell for tests: it runs cells, keeps their text as Jupyter does, and tells what was shown."""

from dataclasses import dataclass, field

from course_utils.clinic import close_clinic, open_clinic
from course_utils.clinic.leaflet import Leaflet
from IPython.core.interactiveshell import InteractiveShell


@dataclass
class Said:
    error: BaseException | None
    leaflets: list[Leaflet] = field(default_factory=list)


class Shell:
    def __init__(self, with_clinic=True):
        self.ip = InteractiveShell()
        self.shown = []
        self.ip.display_pub.publish = lambda data, *args, **kwargs: self.shown.append(data)
        self.ip.showtraceback = lambda *args, **kwargs: None
        if with_clinic:
            open_clinic(self.ip)

    def run(self, cell):
        """Run a cell; the error it ended with, and the leaflets that were shown."""
        self.shown.clear()
        kept = []
        clinic = getattr(self.ip, "_course_clinic", None)
        if clinic:
            clinic._display = kept.append
        result = self.ip.run_cell(cell, store_history=True)
        return Said(result.error_before_exec or result.error_in_exec, kept)

    def __getitem__(self, name):
        return self.ip.user_ns[name]

    def close(self):
        close_clinic(self.ip)
        self.ip.history_manager.end_session()
