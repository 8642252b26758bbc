"""The command line: which words call which command, and with which number it ends."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import click
from course_utils.commands.speech import say
from course_utils.commands.trouble import Trouble

PROGRAM = "python -m course_utils"
FOLDER = click.Path(path_type=Path)


def main(arguments: Sequence[str] | None = None) -> int:
    """The exit code of a command: 0 if all is well, 1 if `doctor` found something wrong, 2 for wrong usage.

    Args:
        arguments: the words after `python -m course_utils`; by default those that this Python was started with.
    """
    try:
        done = commands.main(args=arguments, prog_name=PROGRAM, standalone_mode=False)
    except click.exceptions.NoArgsIsHelpError as error:
        say(error.format_message(), err=True)
    except click.ClickException as error:
        say(f"{error.format_message().rstrip('.')}. See: {PROGRAM} --help", err=True)
    except Trouble as error:
        say(str(error), err=True)
    except OSError as error:
        say(f"{error.filename or 'The system'} cannot be used: {error.strerror or error}.", err=True)
    except (click.Abort, KeyboardInterrupt):
        say("Interrupted; nothing half-done was left behind.", err=True)
        return 130
    else:
        return done if isinstance(done, int) else 0
    return 2


@click.group()
def commands() -> None:
    """The backpropagation course: is this machine ready, are the notebooks right, copies for a class."""


@commands.command()
@click.option("--notebooks", is_flag=True, help="Also run every lesson once and tell its seconds (minutes).")
def doctor(notebooks: bool) -> int:
    """Say what is fine here and what is wrong, with a cure.

    Ends with 0 if nothing is wrong, else with 1.
    """
    from course_utils.commands.doctor import examine, examine_notebooks, in_words

    wrong = 0
    for search in (examine, examine_notebooks) if notebooks else (examine,):
        for finding in search():
            say(in_words(finding))
            wrong += not finding.fine
    if not notebooks:
        say(f"For the seconds that each notebook takes: {PROGRAM} doctor --notebooks")
    say(f"{wrong} found wrong." if wrong else "Nothing is wrong.")
    return 1 if wrong else 0


@commands.command()
@click.argument("folder", type=FOLDER, required=False)
@click.option("--device", metavar="NAME", help="Set COURSE_DEVICE: auto, cpu, cuda or cuda:N.")
@click.option("--all", "whole", is_flag=True, help="Run all tests of the course, not the notebooks alone.")
def check(folder: Path | None, device: str | None, whole: bool) -> int:
    """Run every notebook and compare each output with the stored one.

    FOLDER holds the course; by default it is looked for upwards from the current folder. Ends as pytest ends: 0 if all
    is equal.
    """
    from course_utils.commands.check import check as run_check
    from course_utils.commands.course import course_in, find_course

    course = find_course() if folder is None else course_in(folder)
    say(f"Checking {course}.")
    return run_check(course, device=device, whole=whole)


@commands.command()
@click.argument("destination", type=FOLDER)
def student(destination: Path) -> None:
    """Make a copy of the course without solutions and outputs.

    DESTINATION is a new folder, outside of the course.
    """
    from course_utils.commands.course import find_course
    from course_utils.commands.delivery import deliver, place_for
    from course_utils.commands.student import student_files

    course = find_course()
    place = place_for(destination, course)
    files = student_files(course)
    deliver(files, place)
    say(f"Wrote {len(files)} files into {place}, from {course}.")


@commands.command()
@click.argument("destination", type=FOLDER)
def solutions(destination: Path) -> None:
    """Write the exercises solved, as notebooks.

    DESTINATION is a new folder, outside of the course. With COURSE_STRICT=1 the notebooks run without an error.
    """
    from course_utils.commands.course import find_course
    from course_utils.commands.delivery import deliver, place_for
    from course_utils.commands.solutions import solution_files

    course = find_course()
    place = place_for(destination, course)
    files = solution_files(course)
    deliver(files, place)
    say(f"Wrote {len(files)} notebooks into {place}, from {course}.")
