"""Requirements files of a commit: one, and those that it names."""

from __future__ import annotations

import os
import re
from pathlib import Path
from typing import TYPE_CHECKING

from wherefrom.errors.answers import ImpossibleError

if TYPE_CHECKING:
    from collections.abc import Mapping

# https://pip.pypa.io/en/stable/reference/requirements-file-format/#supported-options
_NAMED = re.compile(
    r"^[ \t]*(?:-r|-c|--requirement|--constraint)[ \t=]*(.+?)[ \t]*(?:[ \t]#.*)?$", re.MULTILINE
)


def texts(file: Path, clone: Path) -> dict[str, str]:
    """Map a requirements file, and all that it leads to, to their texts; itself first.

    The paths are those from `clone`, the root of a checkout. What is named by a URL is left to
    whoever installs it. Raises `ImpossibleError` for a file that the checkout does not have.
    """
    found: dict[str, str] = {}
    todo = [file]
    for one in todo:
        path = os.path.relpath(one, clone)
        if path not in found:
            found[path] = one.read_text(encoding="utf-8")
            todo += [_named(one, match[1], clone) for match in _files(found[path])]
    return found


def write(texts: Mapping[str, str], folder: Path) -> Path:
    """Write files below a folder, and give the first."""
    places = [folder / path for path in texts]
    for place, text in zip(places, texts.values(), strict=True):
        place.parent.mkdir(parents=True, exist_ok=True)
        place.write_text(text, encoding="utf-8")
    return places[0]


def _files(text: str) -> list[re.Match[str]]:
    return [match for match in _NAMED.finditer(text) if "://" not in match[1]]


def _named(by: Path, name: str, clone: Path) -> Path:
    file = Path(os.path.normpath(by.parent / name.strip("\"'")))
    inside = file.resolve().is_relative_to(clone.resolve()) and file.is_relative_to(clone)
    if inside and file.is_file():
        return file
    raise ImpossibleError(
        f"{by.relative_to(clone)} names {name}",
        "the commit has no such file",
        "`--env current` makes it again in this environment",
    )
