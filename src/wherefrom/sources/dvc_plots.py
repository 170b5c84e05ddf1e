"""The plots of several commits side by side, as DVC draws them: `dvc plots diff --json`.

Each is a specification of Vega-Lite with its data, by the project's own `plots` and templates.
"""

from __future__ import annotations

import base64
import json
import mimetypes
import os
import subprocess
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from wherefrom.record import Gap
from wherefrom.uris import redact_text

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping


@dataclass(frozen=True)
class Plot:
    """A plot of some commits: what Vega-Lite draws, or a picture as a `data:` URI."""

    name: str
    revs: tuple[str, ...]
    spec: Mapping[str, Any] | None = None
    picture: str | None = None


@dataclass(frozen=True)
class Plots:
    """The plots of some commits; `gaps` say what is not among them."""

    drawn: tuple[Plot, ...] = ()
    gaps: tuple[Gap, ...] = ()


def side_by_side(root: Path, revs: Collection[str]) -> Plots:
    """Draw the plots that a DVC project has in some commits; `workspace` is one too."""
    if not revs:
        return Plots()
    with tempfile.TemporaryDirectory(prefix="wherefrom-plots-") as folder:
        twice = [*revs, *revs]  # DVC compares a single one with the workspace
        command = [sys.executable, "-m", "dvc", "plots", "diff", "--json", "--out", folder, *twice]
        quiet = {**os.environ, "DVC_NO_ANALYTICS": "1"}
        done = subprocess.run(
            command, cwd=root, env=quiet, capture_output=True, encoding="utf-8", check=False
        )
        if done.returncode:
            return Plots(gaps=(_gap("the plots are not drawn", done.stderr),))
        answer = json.loads(done.stdout)
        found = [(name, one) for name, some in answer.get("data", {}).items() for one in some]
        drawn = tuple(_plot(name, one) for name, one in found)
    return Plots(drawn, tuple(_failed(error) for error in answer.get("errors", [])))


def _plot(name: str, found: Mapping[str, Any]) -> Plot:
    revs = tuple(found["revisions"])
    if found["type"] == "vega":
        return Plot(name, revs, spec=found["content"])
    path = Path(found["url"])
    kind = mimetypes.guess_type(path.name)[0] or "application/octet-stream"
    text = base64.b64encode(path.read_bytes()).decode("ascii")
    return Plot(name, revs, picture=f"data:{kind};base64,{text}")


def _failed(error: Mapping[str, Any]) -> Gap:
    what = f"{error.get('name') or 'a plot'} of {str(error.get('rev'))[:9]} is not drawn"
    return _gap(what, f"{error.get('type')}: {error.get('msg')}")


def _gap(what: str, said: str) -> Gap:
    why = " ".join(redact_text(said).split())[:300] or "DVC does not say why"
    return Gap(what, why, "see `dvc plots diff`; `dvc fetch` brings what is not in the cache")
