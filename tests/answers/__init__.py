"""Every exercise of every lesson: a file for each, called after its number."""

from importlib import import_module
from pathlib import Path

LESSONS = sorted(path.stem for path in Path(__file__).parent.glob("lesson_*.py"))
EXERCISES = [exercise for lesson in LESSONS for exercise in import_module(f"answers.{lesson}").EXERCISES]
