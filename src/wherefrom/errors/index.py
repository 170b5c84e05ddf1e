"""The index that cannot be used."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

from wherefrom.errors import WherefromError

if TYPE_CHECKING:
    from pathlib import Path


@dataclass
class IndexDamagedError(WherefromError):
    """The index turned out to be damaged while it was asked, and was removed."""

    why: str
    exit_code: ClassVar[int] = 3

    def __str__(self) -> str:
        return f"the index was damaged and is removed: {self.why}"

    @property
    def hint(self) -> str:
        return "run the command again; it makes the index anew"


@dataclass
class IndexPlaceError(WherefromError):
    """The index cannot be written where it belongs."""

    path: Path
    why: str

    def __str__(self) -> str:
        return f"the index cannot be written to {self.path}: {self.why}"

    @property
    def hint(self) -> str:
        return "remove what stands there if it is no file, and let its folder be written to"
