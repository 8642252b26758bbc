"""What a hidden test does inside a graded notebook. `grading_source.py` writes this file's text into the check's cell.

The public check stands in the notebook, with everything that it needs, and a student's cell can redefine all of it. So
here the lesson's own cells are run again, in a namespace of their own, with course_utils imported anew from its files;
of the student's names only the answer's are let in. The check must hold there. A function is asked at other places too,
beside the solution: a table of the known answers does not pass.

In one process nothing is proof against everything: what torch itself does, or Jupyter's kernel, can be changed under
it. docs/grading.md says what is left.
"""

from contextlib import redirect_stdout
import inspect
import io
import random
import sys

FUNCTIONS = ("exec", "compile", "__import__", "print", "len", "isinstance", "issubclass", "getattr", "hasattr", "repr")
FUNCTIONS += ("abs", "all", "any", "max", "min", "sum", "sorted", "iter", "next", "callable", "id", "hash", "vars")
CLASSES = ("list", "tuple", "dict", "set", "str", "int", "float", "bool", "type", "zip", "map", "enumerate", "range")


def untouched():
    """Whether the builtins that a verdict hangs on are Python's own, asked by way of literals only."""
    kept, function, kind = __builtins__, [].append.__class__, ().__class__.__class__
    for name in FUNCTIONS:
        if kept[name].__class__ is not function or kept[name].__name__ != name:
            return False
    return all(kept[name].__class__ is kind and kept[name].__module__ == "builtins" for name in CLASSES)


def import_anew():
    """The name of each module of course_utils as it was; now sys.modules has fresh ones, and strict."""
    before = {name: module for name, module in sys.modules.items() if name.partition(".")[0] == "course_utils"}
    for name in before:
        del sys.modules[name]
    import course_utils.checks

    course_utils.checks.wants_strict = lambda: True
    return before


def moved(thing, dice):
    """Another place: numbers near these; what is no number stays."""
    if isinstance(thing, bool | str):
        return thing
    if isinstance(thing, float):
        return thing + dice.choice((-1, 1)) * dice.uniform(0.05, 0.25)
    if isinstance(thing, list | tuple):
        return type(thing)([moved(each, dice) for each in thing])
    if hasattr(thing, "is_floating_point") and thing.is_floating_point() and thing.is_leaf and thing.grad is None:
        change = [dice.uniform(0.05, 0.25) for _ in range(thing.numel())]
        there = thing.detach() + thing.detach().new_tensor(change).reshape(thing.shape)
        return there.requires_grad_(thing.requires_grad)
    return thing


def watched(check, calls):
    """The check, which notes each call's answer and places."""

    def call(yours, *others, **rest):
        told = inspect.signature(check).bind(yours, *others, **rest).arguments
        calls.append((check, told))
        return check(yours, *others, **rest)

    return call


def asked(lesson, check):
    """Run the check in a lesson, and give the calls of the checks that ask a function at places."""
    calls = []
    for name in ("check_function", "check_backward"):
        if name in lesson:
            lesson[name] = watched(lesson[name], calls)
    exec(check, lesson)
    return calls


def elsewhere(mine, solved, seed):
    """Ask the same at other places, where the solution tells what is right, and give how many calls had such places."""
    asked_again = 0
    for (check, told), (_, right) in zip(mine, solved, strict=True):
        dice, rest = random.Random(seed), {**told}
        places = [moved(each, dice) for each in rest["at"]]
        if str(places) == str([*rest["at"]]):  # texts, or functions: there is no other place
            continue
        for name in ("wanted", "like", "mistakes"):
            rest.pop(name, None)
        if check.__name__ == "check_function":
            rest["like"] = right["yours"]
        else:
            rest["of"] = right["of"]
        check(rest.pop("yours"), **{**rest, "at": places})
        asked_again += 1
    return asked_again


def hidden(scope, check, solution, answers, seed):
    """Raise an error unless the answers hold, and give how many calls were also asked where the notebook does not.

    The seed None asks nowhere else.
    """
    assert untouched(), "Python's own functions have been replaced"
    before = import_anew()
    try:
        with redirect_stdout(io.StringIO()):
            lesson, own = {"__name__": "__main__"}, {"__name__": "__main__"}
            for code in scope:
                exec(code, lesson)
                exec(code, own)
            lesson.update(answers)
            exec(solution, own)
            mine, solved = asked(lesson, check), asked(own, check)
            return 0 if seed is None else elsewhere(mine, solved, seed)
    finally:
        for name in [name for name in sys.modules if name.partition(".")[0] == "course_utils"]:
            del sys.modules[name]
        sys.modules.update(before)
