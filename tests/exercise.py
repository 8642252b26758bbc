"""An exercise of a lesson, and what its check says of wrong answers and of right ones written differently."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Exercise:
    """An exercise of a lesson, what its check prints, and answers to take the stub's place.

    The cells of a task are called after it: `engine` sets it, `engine-stub` is the learner's, `engine-check` the check,
    and `engine-solution`, folded, holds the solution with the same check.

    A message is meant in full. One that ends in … goes on with words of Python or of torch.
    """

    lesson: str
    scope: tuple[str, ...]  # the cells that the stub and the check need
    task: str
    unsolved: str  # said of the stub
    solved: str  # said of every right answer
    wrong: dict[str, tuple[str, str]]  # from what is wrong to the code and what is said of it
    right: dict[str, str]

    @property
    def name(self):
        return f"{self.lesson}-{self.task}"

    def cell(self, kind):
        """The id of the task's cell of this kind: stub, check or solution."""
        return f"{self.task}-{kind}"
