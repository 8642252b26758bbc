"""The helpers of the backpropagation course, by name.

Import from here before `import torch`: what torch reads once, while it loads, is set on the way.
"""

from typing import TYPE_CHECKING

from course_utils.edition import edition, lacking

_broken: Exception | None = None
try:
    from course_utils.device import pick_device  # isort: skip - it sets what torch reads as it loads
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
    from course_utils.record import record
    from course_utils.slider import attach_slider
    from course_utils.stepper import step_backward
    from course_utils.style import use_style
    from course_utils.traced import draw_traced
    from course_utils.tuner import tune_learning_rate
    from course_utils.watch import watch_backward
    from course_utils.widgets import show_machine
except (ImportError, OSError) as error:  # a package is missing or damaged: whoever asks for a name is told
    _broken = error

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


if not TYPE_CHECKING:  # a type checker should see that a name is missing

    def __getattr__(name: str) -> str:
        """The version, as `__version__`; for all else that is not here an error that says what to do."""
        if name == "__version__":
            return edition()
        raise lacking(name, __all__, _broken) from _broken


def load_ipython_extension(ipython: object) -> None:
    """What `%load_ext course_utils` does: from now on a card stands under each of autograd's errors."""
    from course_utils.clinic import open_clinic

    open_clinic(ipython)


def unload_ipython_extension(ipython: object) -> None:
    """What `%unload_ext course_utils` does: no more cards."""
    from course_utils.clinic import close_clinic

    close_clinic(ipython)
