"""The files that a stage leaves for its run: in the journal's folder, until they are delivered."""

from __future__ import annotations

import json
import shutil
from typing import TYPE_CHECKING

from wherefrom import files, ledger, logs
from wherefrom.lockfile import flat_params

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from wherefrom.context import Context


class Artifacts:
    """The artifacts of one stage's run, below `folder`."""

    def __init__(self, context: Context, folder: Path) -> None:
        self._context = context
        self._folder = folder

    def text(self, text: str, name: str) -> None:
        """Keep a text by the name of a file."""
        files.write(self._folder / name, text)

    def copy(self, path: Path, folder: str) -> None:
        """Keep a copy of a file."""
        target = self._folder / folder
        target.mkdir(parents=True, exist_ok=True)
        shutil.copy2(path, target / path.name)

    def facts(self) -> None:
        """Keep all parameters, and the packages of this environment."""
        self.text(_json(flat_params(self._context.stage.params_of)), "params.json")
        self.text(_json(dict(self._context.observed.packages)), "environment.json")

    def logs(self, *, before: bool) -> None:
        """Keep what this stage printed, and what those before it did where that was kept."""
        found = self._logs_before() if before else {}
        found[self._context.stage.facts.name] = logs.printed()
        for stage, text in found.items():
            if text:
                self.text(text, f"logs/{stage.replace('/', '_')}.log")

    def _logs_before(self) -> dict[str, str | None]:
        context = self._context
        names = [facts.name for _, facts in context.stage.params_of]
        before = names[: names.index(context.stage.facts.name)]
        ran = ledger.stages(context.project.workspace) if before else {}
        return {name: logs.find(context.project.state, ran[name]) for name in before if name in ran}


def _json(values: Mapping[str, object]) -> str:
    return json.dumps(values, indent=2, sort_keys=True, default=str) + "\n"
