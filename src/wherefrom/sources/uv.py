"""uv, which makes environments from lock files: the one place that calls it."""

from __future__ import annotations

import shutil
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from wherefrom.uris import redact_text

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from wherefrom.children import Children

ELSEWHERE = ("PYTHON", "VIRTUAL_ENV", "CONDA_")
"""How the variables begin that say which environment is meant: none is, but the one made."""


class UvError(Exception):
    """uv refuses; the text is its own, without credentials."""


class Uv:
    """uv, in a folder whose settings (`[tool.uv]` in a pyproject.toml) it follows."""

    def __init__(self, folder: Path, children: Children, environ: Mapping[str, str]) -> None:
        """Find it. Raises `UvError` where it is not installed."""
        beside = str(Path(sys.executable).parent)
        found = shutil.which("uv", path=environ.get("PATH")) or shutil.which("uv", path=beside)
        if found is None:
            raise UvError("uv is not installed")
        self._uv, self._folder, self._children = found, folder, children
        self._environ = {k: v for k, v in environ.items() if not k.startswith(ELSEWHERE)}

    def make(self, target: Path, python: str) -> None:
        """Make an empty environment with a version of Python that is installed here."""
        here = sys.executable if python == sys.version.split()[0] else python
        self._run("venv", "--no-python-downloads", "--no-project", "--python", here, str(target))

    def exported(self) -> str:
        """Write the `uv.lock` of the folder as requirements with hashes."""
        return self._run("export", "--frozen", "--no-emit-project", "--no-header")

    def install(self, target: Path, args: Iterable[str]) -> None:
        """Install into an environment what `uv pip install` takes."""
        self._run("pip", "install", "--python", str(target / "bin" / "python"), *args)

    def build(self, target: Path, source: Path, folder: Path) -> None:
        """Build a package with what an environment has, and install it alone into a folder."""
        args = ("--no-deps", "--no-build-isolation", "--no-cache", "--target", str(folder))
        self.install(target, (*args, str(source)))

    def _run(self, *args: str) -> str:
        command = [self._uv, *args[:1], "--quiet", *args[1:]]
        process = self._children.start(command, self._folder, self._environ)
        said, _ = process.communicate()
        if process.returncode != 0:
            raise UvError(redact_text(" ".join(said.split())))
        return said
