"""The environment that a user is in, without the code of the workspace: the clone has its own."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import urlsplit
from urllib.request import url2pathname

from wherefrom.errors.answers import ImpossibleError

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

_PROBE = """\
import json, sys
from importlib import metadata
said = [one.read_text("direct_url.json") for one in metadata.distributions()]
urls = [json.loads(text) for text in said if text]
lent = [url["url"] for url in urls if url.get("dir_info", {}).get("editable")]
print(json.dumps([sys.prefix, [path for path in sys.path if path], lent]))
"""
"""`direct_url.json`: https://packaging.python.org/en/latest/specifications/direct-url/."""


def variables(environ: Mapping[str, str], root: Path, clone: Path) -> dict[str, str]:
    """Give the variables for a clone of the worktree at `root`: PYTHONPATH leads into the clone.

    Raises `ImpossibleError` where the interpreter has the worktree's code by itself.
    """
    found = dict(environ)
    if said := environ.get("PYTHONPATH"):
        paths = [_in_clone(path, root, clone) for path in said.split(os.pathsep)]
        found["PYTHONPATH"] = os.pathsep.join(paths)
    lent = next(_lent(found, root, clone), None)
    if lent is not None:
        raise ImpossibleError(
            what="this environment has the workspace's own code, and not the commit's",
            why=f"{lent} is on the path of its Python: an editable install, or a .pth file",
            remedy="make it again without `--env current`, or uninstall that package",
        )
    return found


def _in_clone(path: str, root: Path, clone: Path) -> str:
    place = Path(path).resolve() if path else root
    is_own = path and Path(path).is_absolute() and place.is_relative_to(root)
    return str(clone / place.relative_to(root)) if is_own else path


def _lent(environ: Mapping[str, str], root: Path, clone: Path) -> Iterator[str]:
    """Find what Python has of the worktree; its own environment may lie there."""
    done = subprocess.run(
        [shutil.which("python", path=environ.get("PATH")) or sys.executable, "-c", _PROBE],
        cwd=clone,
        env=environ,
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode != 0:  # a stage that needs it will say so
        return
    prefix, paths, urls = json.loads(done.stdout)
    own = Path(prefix).resolve()
    for path in (*paths, *(url2pathname(urlsplit(url).path) for url in urls)):
        place = Path(path).resolve()
        if place.is_relative_to(root) and not any(map(place.is_relative_to, (own, clone))):
            yield path
