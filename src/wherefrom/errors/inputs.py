"""Code and data that may not be taken or written over, or that cannot be had."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from wherefrom.errors import WherefromError


@dataclass
class SafePathError(WherefromError):
    """PYTHONSAFEPATH (or `python -P`) keeps a stage from its own workspace's code."""

    def __str__(self) -> str:
        return (
            "PYTHONSAFEPATH is set: Python would not take the stage's code from its own workspace"
        )

    @property
    def hint(self) -> str:
        return "unset PYTHONSAFEPATH, or drop `-P` and `-I` from the stage's command"


@dataclass
class ForeignCodeError(WherefromError):
    """A module of the stage came from outside its workspace."""

    module: str
    origin: str

    def __str__(self) -> str:
        return f"the module {self.module} was taken from {self.origin}, not from this workspace"

    @property
    def hint(self) -> str:
        return "uninstall the editable install that lends it, and clear PYTHONPATH"


@dataclass
class OtherBytesError(WherefromError):
    """A file with other bytes than a stage left, by dvc.lock; None: no stage left it."""

    path: str
    expected: str | None

    def __str__(self) -> str:
        said = f"dvc.lock says {self.expected}" if self.expected else "it is not in dvc.lock"
        return f"{self.path} is not what a stage left, so it is not read: {said}"

    @property
    def hint(self) -> str:
        return f"`dvc checkout --force {self.path}` brings it back, `dvc repro` makes it again"


@dataclass
class NotAskedToPredictError(WherefromError):
    """A script that predicts, and was started by nobody who asks for predictions."""

    def __str__(self) -> str:
        return "this script predicts what `wherefrom predict` asks for"

    @property
    def hint(self) -> str:
        return "`wherefrom predict workspace TABLE -o PREDICTIONS`"


@dataclass
class OutputError(WherefromError):
    """A file that may not or cannot be written."""

    path: str
    why: str

    def __str__(self) -> str:
        return f"{self.path} is not written: {self.why}"

    @property
    def hint(self) -> str:
        return "give another name"


@dataclass
class NoRoomError(WherefromError):
    """A disk that has no room for predictions; `why` is what the system says."""

    why: str
    exit_code: ClassVar[int] = 1

    def __str__(self) -> str:
        return f"there is no room for the predictions: {self.why}"

    @property
    def hint(self) -> str:
        return (
            "make room on the disk of the project, where they are made (in .wherefrom), and on "
            "that of the output; then predict again"
        )


@dataclass
class UntrackedTableError(WherefromError):
    """A raw table that DVC does not track: it has no hash, so no result of it has an address."""

    path: str

    def __str__(self) -> str:
        return f"data.path: {self.path} is not tracked by DVC"

    @property
    def hint(self) -> str:
        return f"`dvc add {self.path}`, then `git add {self.path}.dvc`"


@dataclass
class DataNotFoundError(WherefromError):
    """Data of a run that neither DVC's cache nor a remote holds any more."""

    path: str
    data_hash: str
    why: str
    exit_code: ClassVar[int] = 1

    def __str__(self) -> str:
        return f"{self.path} with the hash {self.data_hash} cannot be had: {self.why}"

    @property
    def hint(self) -> str:
        return "`dvc fetch --all-commits` where a remote has it"
