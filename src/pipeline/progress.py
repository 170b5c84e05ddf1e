"""How far a stage is: a bar on a terminal, a line for each step elsewhere."""

from __future__ import annotations

import sys
from contextlib import contextmanager
from typing import TYPE_CHECKING

from tqdm import tqdm

if TYPE_CHECKING:
    from collections.abc import Iterator


class Progress:
    """Told of each step that is done, and of what may be of interest in between."""

    def __init__(self, stage: str, bar: tqdm[None]) -> None:
        self._stage = stage
        self._bar = bar

    def step(self, line: str) -> None:
        """Count a step, and say what came of it."""
        if self._bar.disable:
            sys.stderr.write(f"{self._stage}: {line}\n")
        self._bar.set_postfix_str(line, refresh=False)
        self._bar.update()

    def note(self, line: str) -> None:
        """Show something beside the bar; a log does without it."""
        self._bar.set_postfix_str(line)


@contextmanager
def progress(stage: str, steps: int) -> Iterator[Progress]:
    """Show the progress of a stage on stderr, by steps."""
    with tqdm(total=steps, desc=stage, disable=not sys.stderr.isatty(), leave=False) as bar:
        yield Progress(stage, bar)
