"""The conftest.py of copies with many twins: what the kernel said to a cell is heard once, and compared many times.

Twins of a cell whose stored outputs alone are changed have its code. They are marked `planted`, and follow it. The
kernel is not asked again for them; nbval gets the messages that it got for the code before, and compares as ever.
"""

from copy import deepcopy


def pytest_runtest_setup(item):
    if item.name == "contents":
        return
    if not isinstance(item.parent.kernel, Remembering):
        item.parent.kernel = Remembering(item.parent.kernel)
    item.parent.kernel.may_repeat = item.cell.metadata.get("planted", False)


class Remembering:
    """A kernel of nbval's that repeats what it said, if it may and is asked the same."""

    def __init__(self, kernel):
        self.kernel, self.may_repeat = kernel, False
        self.asked, self.number, self.heard, self.left = None, None, [], None

    def __getattr__(self, name):
        return getattr(self.kernel, name)

    def execute_cell_input(self, source, **how):
        self.left = None
        if self.may_repeat and source == self.asked:
            self.left = deepcopy(self.heard)
        else:
            self.asked, self.heard = source, []
            self.number = self.kernel.execute_cell_input(source, **how)
        return self.number

    def await_reply(self, number, timeout=None):
        if self.left is None:
            self.kernel.await_reply(number, timeout=timeout)

    def get_message(self, stream, timeout=None):
        if self.left is not None:
            return self.left.pop(0)
        message = self.kernel.get_message(stream, timeout=timeout)
        self.heard.append(deepcopy(message))
        return message
