"""The diagnosis: what is silently wrong in a training step.

`examination` has the step read once, by `checkup`, with what `saved`, `redo`, `recall`, `sides`, `behind` and `wrote`
can tell; each of `wrongs` looks at it, and `findings` say what was found.
"""

from course_utils.diagnosis.examination import diagnose

__all__ = ["diagnose"]
