"""The diagnosis: what is silently wrong in a training step.

`checkup` reads the step once, with what `saved`, `redo`, `recall` and `wrote` can tell; each of `wrongs` looks at it,
and `findings` say what was found.
"""

from course_utils.diagnosis.diagnose import diagnose

__all__ = ["diagnose"]
