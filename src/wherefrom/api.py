"""What `import wherefrom` gives, beside what the command line gives."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING

from wherefrom.commands import ls
from wherefrom.commands import trace as tracing
from wherefrom.render import listing
from wherefrom.view import look

if TYPE_CHECKING:
    import pandas as pd

    from wherefrom.commands.trace import Trace


def trace(address: str, folder: Path | str) -> Trace:
    """Trace an address."""
    place = Path(folder).resolve()
    with look(place, os.environ) as view:
        return tracing.trace(view, address, place)


def results(folder: Path | str) -> pd.DataFrame:
    """List every result."""
    import pandas as pd  # noqa: PLC0415 - only for those who want a DataFrame

    with look(Path(folder).resolve(), os.environ) as view:
        return pd.DataFrame([listing.flat(entry) for entry in ls.entries(view)])
