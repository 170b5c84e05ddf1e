"""The tags that keep a result, and how to take them elsewhere."""

from __future__ import annotations

from dataclasses import asdict
from typing import TYPE_CHECKING

from wherefrom.render import text

if TYPE_CHECKING:
    from wherefrom.commands.keep import Kept


def kept(found: Kept) -> str:
    """Name the tags, and the commands that push them."""
    rows = [
        (("tagged" if tag.made else "tagged before"), f"{tag.name}  {tag.commit[:10]}")
        for tag in found.tags
    ]
    return text.pairs([*rows, *(("push it", f"`{command}`") for command in found.push)])


def kept_json(found: Kept) -> str:
    """Write the same for a program."""
    return text.as_json(asdict(found))
