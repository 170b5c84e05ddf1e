"""Which libraries the code of a project's stages imports, as far as it can be read."""

from __future__ import annotations

import ast
import posixpath
import shlex
from contextlib import suppress
from importlib.machinery import PathFinder
from itertools import islice, pairwise
from typing import TYPE_CHECKING

from wherefrom import ledger
from wherefrom.sources import git_repo
from wherefrom.sweeping.lent import is_of_library
from wherefrom.sweeping.libraries import NOT_FORKED

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from wherefrom.project import Project

_MOST_FILES = 1000


def libraries(project: Project) -> list[str]:
    """List the modules of libraries that a project's code imports. Raises `LockfileError`."""
    found: dict[str, None] = {}
    for file in islice(_files(project), _MOST_FILES):
        with suppress(SyntaxError, ValueError, OSError):  # whoever runs it hears of it
            found |= dict.fromkeys(_imports(ast.parse(file.read_bytes())))
    tops = {name.partition(".")[0] for name in found}
    wanted = {top for top in tops - NOT_FORKED if _is_installed(top)}
    return [name for name in found if name.partition(".")[0] in wanted]


def _files(project: Project) -> Iterator[Path]:
    """List Python files in the folders of scripts and packages that the stages run.

    Those that git has, as working copies do: an environment beside the code is none of it.
    """
    inside = (folder for folder in _folders(project) if _is_inside(project, folder))
    names = git_repo.tracked(project.workspace, dict.fromkeys(inside))
    code = sorted(name for name in names if name.endswith(".py"))
    yield from (project.workspace / name for name in code if "wherefrom" not in name.split("/"))


def _folders(project: Project) -> Iterator[str]:
    """Find folders in the commands of `dvc.lock`: `python FOLDER/x.py`, `python -m FOLDER.x`."""
    for stage in ledger.stages(project.workspace).values():
        for command in [stage.cmd] if isinstance(stage.cmd, str) else stage.cmd:
            for before, word in pairwise(("", *_words(command))):
                if before == "-m":
                    yield word.partition(".")[0] or "."
                elif word.endswith(".py"):
                    yield posixpath.dirname(word) or "."


def _words(command: str) -> list[str]:
    try:
        return shlex.split(command)
    except ValueError:  # what a shell makes of it is not known here
        return []


def _is_inside(project: Project, folder: str) -> bool:
    """Whether git may have a folder: it refuses to look anywhere else."""
    place = posixpath.normpath(project.in_git(folder))
    return not posixpath.isabs(folder) and place.partition("/")[0] != ".."


def _imports(tree: ast.Module) -> Iterator[str]:
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            yield node.module


def _is_installed(name: str) -> bool:
    if name == "wherefrom":
        return False
    spec = PathFinder.find_spec(name)
    return spec is not None and spec.origin is not None and is_of_library(spec.origin)
