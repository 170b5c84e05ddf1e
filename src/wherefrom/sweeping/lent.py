"""Which modules of a process are lent to the scripts that are forked from it: libraries alone.

To look at thousands of modules after a fork would copy the memory that they are in: each has a
count of its users. So it is known before.
"""

from __future__ import annotations

import os
import site
import sys
import sysconfig
from functools import cache
from typing import Any

from wherefrom import trial
from wherefrom.sweeping import tool


class Lent:
    """The modules of this process, as it forks."""

    def __init__(self) -> None:
        self._own: dict[str, None] = {}
        self._tool: dict[str, None] = {}
        self._last: str | None = None
        self._seen: str | None = None

    @property
    def last(self) -> str:
        """The name of the last module that is lent, in the order in which they were imported."""
        return self._last or ""

    def look(self) -> None:
        """Look at the modules that were imported since it last did."""
        for name, module in trial.modules_after(self._seen).items():
            if is_of_tool(name):
                self._tool[name] = None
            elif not _is_of_library(module):
                self._own[name] = None
            else:
                self._last = name
            self._seen = name

    def forget_own(self, *, with_tool: bool) -> None:
        """Let go of every module that is not a library's: a script imports them itself.

        `with_tool` says that those of this tool are to go as well.
        """
        for name in (*self._own, *(self._tool if with_tool else ())):
            sys.modules.pop(name, None)

    def imported(self) -> list[str]:
        """List the modules of libraries that were imported since it last looked."""
        new = trial.modules_after(self._last)
        return [name for name, one in new.items() if is_of_tool(name) or _is_of_library(one)]


def is_of_tool(name: str) -> bool:
    """Whether a module is one of this tool, by its name."""
    return name.partition(".")[0] == tool.NAME


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
