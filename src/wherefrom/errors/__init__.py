"""Every error that a user can meet, each with what to do about it."""

from __future__ import annotations

from typing import ClassVar


class WherefromError(Exception):
    """Base of all errors that are meant for the user.

    A subclass holds fields and composes its own sentence (`__str__`) and its own `hint`.
    `exit_code` is 2 where the request was wrong, 1 where the answer is no.
    """

    exit_code: ClassVar[int] = 2

    @property
    def hint(self) -> str | None:
        """What to do about it, as one sentence; None means that there is nothing to add."""
        return None
