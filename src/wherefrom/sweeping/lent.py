"""Which modules of a process are lent to the scripts that are forked from it: libraries alone.

To look at thousands of modules after a fork would copy the memory that they are in: each has a
count of its users. So it is known before.
"""

from __future__ import annotations

import os
import site
import sys
import sysconfig
from dataclasses import dataclass
from functools import cache
from typing import Any

from wherefrom import trial


@dataclass(frozen=True)
class Lent:
    """The modules of a process as it forks: `own` are those that a script imports itself.

    `last` is the name of the last of the others, in the order in which they were imported.
    """

    own: tuple[str, ...]
    last: str

    def forget_own(self) -> None:
        """Let go of every module that is not a library's."""
        for name in self.own:
            sys.modules.pop(name, None)

    def imported(self) -> list[str]:
        """List the modules of libraries that were imported since."""
        new = trial.modules_after(self.last)
        return [name for name, module in new.items() if _is_lent(name, module)]


def lent() -> Lent:
    """Look at the modules of this process."""
    is_lent = {name: _is_lent(name, module) for name, module in list(sys.modules.items())}
    own = tuple(name for name, lent in is_lent.items() if not lent)
    return Lent(own, next(name for name in reversed(is_lent) if is_lent[name]))


def _is_lent(name: str, module: Any) -> bool:  # noqa: ANN401
    return name.partition(".")[0] != "wherefrom" and _is_of_library(module)


def _is_of_library(module: Any) -> bool:  # noqa: ANN401
    file = getattr(module, "__file__", None)
    if file is None:  # built in, or a namespace
        paths = list(getattr(module, "__path__", []))
        return all(map(is_of_library, paths))
    return is_of_library(file)


@cache
def is_of_library(path: str) -> bool:
    """Whether a file belongs to Python or to an installed package."""
    return os.path.realpath(path).startswith(LIBRARIES)


def _libraries() -> tuple[str, ...]:
    names = ("stdlib", "platstdlib", "purelib", "platlib")
    folders = [*map(sysconfig.get_path, names), *site.getsitepackages()]
    return tuple({os.path.realpath(folder) + os.sep for folder in folders})


LIBRARIES = _libraries()
