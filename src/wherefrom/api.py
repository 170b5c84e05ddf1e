"""What `import wherefrom` gives, beside what the command line gives."""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

from wherefrom.commands import ls
from wherefrom.commands import predict as predicting
from wherefrom.commands import reproduce as reproducing
from wherefrom.commands import trace as tracing
from wherefrom.commands import verify as verifying
from wherefrom.errors.index import IndexDamagedError
from wherefrom.problems import Levels
from wherefrom.render import listing
from wherefrom.view import look

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    import pandas as pd

    from wherefrom.commands.reproduce import Env, Reproduction
    from wherefrom.commands.trace import Trace
    from wherefrom.commands.verify import Verification
    from wherefrom.predictions import Predictions
    from wherefrom.view import View

_T = TypeVar("_T")


def trace(address: str, folder: Path | str) -> Trace:
    """Trace an address."""
    place = Path(folder).resolve()
    return _asked(place, lambda view: tracing.trace(view, address, place))


def results(folder: Path | str) -> pd.DataFrame:
    """List every result."""
    import pandas as pd  # noqa: PLC0415 - only for those who want a DataFrame

    found = _asked(Path(folder).resolve(), ls.entries)
    return pd.DataFrame([listing.flat(entry) for entry in found])


def verify(
    addresses: Sequence[str], folder: Path | str, *, data: bool, remote: bool
) -> Verification:
    """Look whether results can still be had."""
    place, levels = Path(folder).resolve(), Levels(data=data, remote=remote)
    return _asked(place, lambda view: verifying.verify(view, addresses, place, levels))


def reproduce(
    addresses: Sequence[str], folder: Path | str, environment: Env, jobs: int
) -> list[Reproduction]:
    """Make results again; what their stages say as they fail goes to stderr."""
    place, options = Path(folder).resolve(), reproducing.Options(environment, jobs)

    def made(view: View) -> list[Reproduction]:
        plans = reproducing.plan(view, addresses, place, options)
        return list(reproducing.reproduce(view, plans, os.environ, options, _told))

    return _asked(place, made)


def predict(
    address: str, files: tuple[Path | str, Path | str], folder: Path | str, environment: Env
) -> Predictions:
    """Predict the first of two files into the second."""
    table, output = (Path(file).absolute() for file in files)
    asked = predicting.Request(address, table, output, environment)
    place = Path(folder).resolve()
    return _asked(place, lambda view: predicting.predict(view, asked, os.environ))


def _told(key: str, line: str) -> None:
    sys.stderr.write(f"{key[:8]}  {line}\n")


def _asked(folder: Path, question: Callable[[View], _T]) -> _T:
    """Ask once more where the index was found to be damaged, and is made anew."""
    try:
        with look(folder, os.environ) as view:
            return question(view)
    except IndexDamagedError:
        with look(folder, os.environ) as view:
            return question(view)
