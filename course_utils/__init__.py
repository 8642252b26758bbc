"""The helpers of the backpropagation course, by name; each loads its room, and what that needs, when it is asked for.

Import from here before `import torch`: what torch reads once, while it loads, is set on the way.
"""

from importlib import import_module
from typing import TYPE_CHECKING

from course_utils.edition import edition, lacking

_broken: Exception | None = None
try:
    from course_utils.device import pick_device  # isort: skip - it sets what torch reads as it loads
    from course_utils.record import record  # a room named like its helper: loaded later, it would take the name
except (ImportError, OSError) as error:  # a package is missing or damaged: whoever asks for a name is told
    _broken = error

_ROOM_OF = {
    "Value": "engine",
    "attach_slider": "slider",
    "check_backward": "checks",
    "check_by": "checks",
    "check_engine": "battery",
    "check_expression": "claims",
    "check_function": "checks",
    "check_gradient": "checks",
    "check_machine": "machine",
    "check_order": "lineup",
    "check_turns": "claims",
    "check_values": "checks",
    "diagnose": "diagnosis",
    "draw_graph": "draw",
    "draw_traced": "traced",
    "explain": "chain",
    "explore_learning_rate": "explorer",
    "export_graphs": "exported",
    "pick_device": "device",
    "plot_fit": "plot",
    "plot_graphs": "beside",
    "plot_loss": "plot",
    "predict": "card",
    "read_error": "clinic",
    "record": "record",
    "show_machine": "widgets",
    "step_backward": "stepper",
    "trace": "read",
    "tune_learning_rate": "tuner",
    "use_style": "style",
    "watch_backward": "watch",
}

if TYPE_CHECKING:  # the same table for type checkers and editors, which see no `__getattr__`; a test compares the two
    from course_utils.battery import check_engine
    from course_utils.beside import plot_graphs
    from course_utils.card import predict
    from course_utils.chain import explain
    from course_utils.checks import check_backward, check_by, check_function, check_gradient, check_values
    from course_utils.claims import check_expression, check_turns
    from course_utils.clinic import read_error
    from course_utils.diagnosis import diagnose
    from course_utils.draw import draw_graph
    from course_utils.engine import Value
    from course_utils.explorer import explore_learning_rate
    from course_utils.exported import export_graphs
    from course_utils.lineup import check_order
    from course_utils.machine import check_machine
    from course_utils.plot import plot_fit, plot_loss
    from course_utils.read import trace
    from course_utils.slider import attach_slider
    from course_utils.stepper import step_backward
    from course_utils.style import use_style
    from course_utils.traced import draw_traced
    from course_utils.tuner import tune_learning_rate
    from course_utils.watch import watch_backward
    from course_utils.widgets import show_machine
else:  # a type checker should see that a name is missing

    def __getattr__(name: str) -> object:
        """A helper, from its room; the version, as `__version__`; for all else an error that says what to do."""
        if name == "__version__":
            return edition()
        why = _broken
        if name in _ROOM_OF and not why:
            try:
                helper = getattr(import_module(f"course_utils.{_ROOM_OF[name]}"), name)
            except (ImportError, OSError) as error:
                why = error
            else:
                globals()[name] = helper  # the next time it is found without asking here
                return helper
        raise lacking(name, __all__, why) from why


__all__ = [
    "Value",
    "attach_slider",
    "check_backward",
    "check_by",
    "check_engine",
    "check_expression",
    "check_function",
    "check_gradient",
    "check_machine",
    "check_order",
    "check_turns",
    "check_values",
    "diagnose",
    "draw_graph",
    "draw_traced",
    "explain",
    "explore_learning_rate",
    "export_graphs",
    "pick_device",
    "plot_fit",
    "plot_graphs",
    "plot_loss",
    "predict",
    "read_error",
    "record",
    "show_machine",
    "step_backward",
    "trace",
    "tune_learning_rate",
    "use_style",
    "watch_backward",
]


def __dir__() -> list[str]:
    """What is here, loaded or not: for tab completion."""
    return sorted({*globals(), *__all__})


def load_ipython_extension(ipython: object) -> None:
    """What `%load_ext course_utils` does: from now on a card stands under each of autograd's errors."""
    from course_utils.clinic import open_clinic

    open_clinic(ipython)


def unload_ipython_extension(ipython: object) -> None:
    """What `%unload_ext course_utils` does: no more cards."""
    from course_utils.clinic import close_clinic

    close_clinic(ipython)
