"""What was predicted, by what, and where that is written down."""

from __future__ import annotations

from dataclasses import asdict
from typing import TYPE_CHECKING, Any

from wherefrom.record import iso
from wherefrom.render import text

if TYPE_CHECKING:
    from wherefrom.predictions import Predictions


def predicted(found: Predictions) -> str:
    """Show the table, the model and the result, with what was odd."""
    shown = text.pairs(
        [
            ("predictions", f"{found.output.name}  {found.rows} rows  {found.output.hash}"),
            ("of", f"{found.table.name}  {found.table.hash}"),
            ("result", found.key),
            *(("model", f"{model.name}  {model.hash}") for model in found.models),
            ("code", found.commit_sha),
        ]
    )
    return shown + "".join(f"{line}\n" for line in found.remarks) + text.gaps(found.gaps)


def predicted_json(found: Predictions) -> str:
    """Write the same for a program."""
    return text.as_json(as_dict(found))


def as_dict(found: Predictions) -> dict[str, Any]:
    """Give the same as plain values."""
    return {**asdict(found), "at": iso(found.at)}
