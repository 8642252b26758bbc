"""The commands of `python -m course_utils`: doctor, check, student, solutions.

`import course_utils` does not enter this house, nor the command-line library behind it.
"""

from course_utils.commands.line import main

__all__ = ["main"]
