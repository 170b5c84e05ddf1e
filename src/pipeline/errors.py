"""The one error for a wrong input, be it a key in params.yaml or a cell of the table."""

from __future__ import annotations

import difflib
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable


class InputError(ValueError):
    """Something that the user gave cannot be used; says what, where, and what to do about it.

    A ValueError, because that is what callers of a scikit-learn pipeline expect from `predict`.
    """

    def __init__(self, what: str, where: str, remedy: str) -> None:
        """Take the three parts of the message: what is wrong, where it was seen, what helps."""
        super().__init__(what, where, remedy)
        self.what = what
        self.where = where
        self.remedy = remedy

    def __str__(self) -> str:
        """Compose the whole message, so that a log or a tag of a failed run has all of it."""
        return f"{self.where}: {self.what}\n  To do: {self.remedy}"


def did_you_mean(name: str, names: Iterable[str]) -> str:
    """Say which of the names is nearest, as the rest of a sentence; empty if none is near."""
    known = list(names)
    folded = {known_name.casefold(): known_name for known_name in known}
    near = difflib.get_close_matches(name.casefold(), folded, n=1)
    return f" (did you mean {folded[near[0]]!r}?)" if near else ""


def counted(count: int, thing: str) -> str:
    """Give the count with the word for one or for many."""
    return f"{count} {thing}{'' if count == 1 else 's'}"


def listed(names: Iterable[str], most: int = 12) -> str:
    """Show names in one line; beyond `most`, how many more there are."""
    known = list(names)
    more = f" and {len(known) - most} more" if len(known) > most else ""
    return ", ".join(known[:most]) + more
