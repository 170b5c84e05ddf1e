"""Which commands of stages are Python scripts that this interpreter could run."""

from __future__ import annotations

import os
import re
import shlex
import shutil
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

_SHELL = re.compile(r"[|&;<>()$`\\*?\[\]#~\n{}!]|^\s*\w+=")
"""What a shell would act on."""
_NAMES = re.compile(r"python(3(\.\d+)?)?\Z")


@dataclass(frozen=True)
class Script:
    """A script, or a module by its name, and its arguments."""

    name: str
    arguments: tuple[str, ...]
    is_module: bool


def parse(command: str, folder: str, environ: Mapping[str, str]) -> Script | None:
    """Read a stage's command; None where it is anything else than a script for this Python."""
    if _SHELL.search(command):
        return None
    try:
        words = shlex.split(command)
    except ValueError:
        return None
    if len(words) < 2 or not _is_this_python(words[0], folder, environ):  # noqa: PLR2004
        return None
    if words[1] == "-m" and len(words) > 2:  # noqa: PLR2004
        return Script(words[2], tuple(words[3:]), is_module=True)
    is_file = not words[1].startswith("-") and Path(folder, words[1]).is_file()
    return Script(words[1], tuple(words[2:]), is_module=False) if is_file else None


def _is_this_python(word: str, folder: str, environ: Mapping[str, str]) -> bool:
    """Whether a word starts the interpreter that runs here, with the same options."""
    changed = any(
        environ.get(name) != os.environ.get(name)
        for name in {*environ, *os.environ}
        if name.startswith("PYTHON")
    )
    places = environ.get("PYTHONPATH", "").split(os.pathsep)
    changed |= not all(map(os.path.isabs, filter(None, places)))  # they mean another folder there
    if changed or sys.flags.safe_path or not _NAMES.match(Path(word).name):
        return False
    found = shutil.which(word, path=environ.get("PATH"))
    if found is None or (os.sep in word and not Path(word).is_absolute()):
        return False
    here = Path(sys.executable)
    same_folder = os.path.realpath(Path(folder, found).parent) == os.path.realpath(here.parent)
    return same_folder and os.path.realpath(Path(folder, found)) == os.path.realpath(here)
