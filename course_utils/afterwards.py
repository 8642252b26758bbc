"""What is to be done as soon as a package has been loaded, by whomever, if ever.

So a lesson can set what it wishes of a package without loading it.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from importlib.abc import MetaPathFinder
from importlib.machinery import ModuleSpec
from importlib.util import find_spec
import sys
from types import ModuleType


def once_loaded(package: str, act: Callable[[], None]) -> None:
    """Have `act` called: now if the package is loaded, else at the end of its loading; once, however often it is asked.

    Args:
        package: a whole package, as in `import package`.
        act: what is called, without arguments.
    """
    wish = _Wish(package, act)
    if package in sys.modules:
        act()
    elif wish not in sys.meta_path:
        sys.meta_path.insert(0, wish)


class _Wish(MetaPathFinder):
    """Stands first where Python looks for modules, finds none by itself, and leaves when its package is looked for."""

    def __init__(self, package: str, act: Callable[[], None]) -> None:
        self.package, self.act = package, act

    def __eq__(self, other: object) -> bool:
        return isinstance(other, _Wish) and (self.package, self.act) == (other.package, other.act)

    def __hash__(self) -> int:
        return hash((self.package, self.act))

    def find_spec(self, name: str, path: Sequence[str] | None, target: ModuleType | None = None) -> ModuleSpec | None:
        if name != self.package:
            return None
        sys.meta_path.remove(self)
        spec = find_spec(name)
        if spec and spec.loader:
            load = spec.loader.exec_module

            def load_and_act(module: ModuleType) -> None:
                load(module)
                self.act()

            spec.loader.exec_module = load_and_act  # type: ignore[method-assign] # of this one loader
        return spec
