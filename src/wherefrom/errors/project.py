"""What a project's own files say, and cannot be read or used."""

from __future__ import annotations

import errno
from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

from wherefrom.errors import WherefromError

if TYPE_CHECKING:
    from pathlib import Path


@dataclass
class NotAProjectError(WherefromError):
    """The folder is in no DVC project, or the project is in no git repository."""

    folder: Path
    missing: str

    def __str__(self) -> str:
        return f"{self.folder} is not inside a {self.missing} repository"

    @property
    def hint(self) -> str:
        return f"change into the project, or make one: `{self.missing.lower()} init`"


_OF_THE_DISK = {
    errno.ENOSPC: "make room, or write elsewhere",
    errno.EDQUOT: "make room, or write elsewhere",
    errno.EROFS: "write elsewhere, or mount it writable",
    errno.EACCES: "write elsewhere, or ask for the right to",
    errno.EPERM: "write elsewhere, or ask for the right to",
}


@dataclass
class DiskError(WherefromError):
    """The disk does not take a file, or does not give it: it is full, or somebody else's."""

    error: OSError
    exit_code: ClassVar[int] = 1

    def __str__(self) -> str:
        place = self.error.filename2 or self.error.filename
        return f"{place}: {self.error.strerror}" if place else str(self.error.strerror)

    @property
    def hint(self) -> str:
        return _OF_THE_DISK[self.error.errno or 0]


def foreseen(error: Exception) -> WherefromError | None:
    """Give an error as one for the user; None for what nobody foresaw.

    A right may be missing for a process or a port too: then no file is named.
    """
    is_full = isinstance(error, OSError) and error.errno in {errno.ENOSPC, errno.EDQUOT}
    if isinstance(error, OSError) and error.errno in _OF_THE_DISK and (is_full or error.filename):
        return DiskError(error)
    return error if isinstance(error, WherefromError) else None


@dataclass
class LockfileError(WherefromError):
    """A `dvc.lock`, `.dvc` or `dvc.yaml` that cannot be read."""

    where: str
    why: str

    def __str__(self) -> str:
        return f"{self.where} cannot be read: {self.why}"

    @property
    def hint(self) -> str:
        return (
            "restore it from git, such as with `git checkout -- dvc.lock`; "
            "without a dvc.lock `dvc repro` runs all stages and writes it anew"
        )


@dataclass
class EditedError(WherefromError):
    """A file that was edited while somebody looked at what was proposed for it."""

    path: str

    def __str__(self) -> str:
        return f"{self.path} was edited meanwhile, so nothing is changed"

    @property
    def hint(self) -> str:
        return "`wherefrom init` proposes it anew"


@dataclass
class RecordError(WherefromError):
    """A record file that is damaged, or of a version that this `wherefrom` does not know."""

    where: str
    why: str

    def __str__(self) -> str:
        return f"the record {self.where} cannot be read: {self.why}"

    @property
    def hint(self) -> str:
        return "restore it from git, or run the stage again: `dvc repro`"


@dataclass
class ParamsFileError(WherefromError):
    """A params.yaml that is no YAML."""

    why: str

    def __str__(self) -> str:
        return f"params.yaml cannot be read: {self.why}"

    @property
    def hint(self) -> str:
        return "correct the line that is named, or restore the file: `git checkout -- params.yaml`"


@dataclass
class SettingError(WherefromError):
    """A value in params.yaml that `wherefrom` reads and cannot use."""

    key: str
    given: object
    allowed: str

    def __str__(self) -> str:
        return f"params.yaml: {self.key} is {self.given!r}; allowed is {self.allowed}"


@dataclass
class CriterionError(WherefromError):
    """A success criterion that is none; `place` is the character of the text, from 1."""

    text: str
    place: int
    why: str

    def __str__(self) -> str:
        return (
            f"params.yaml: experiment.plan.success_criteria: {self.text!r}, at {self.place}: "
            f"{self.why}"
        )

    @property
    def hint(self) -> str:
        return (
            "compare metrics and numbers with < <= > >= == !=; and, or, not, + - * / and "
            "parentheses are allowed, such as in `test.accuracy > 0.90 and gap.accuracy < 0.05`; "
            "quote a name with other characters: `'f1-macro' > 0.9`"
        )


@dataclass
class ReservedTagError(WherefromError):
    """A tag that somebody sets and that has a meaning already: `taken` are such."""

    name: str
    taken: tuple[str, ...]

    def __str__(self) -> str:
        return f"the tag {self.name} is not free: {', '.join(self.taken)} have a meaning already"

    @property
    def hint(self) -> str:
        return "give it another name"


RESERVED_TAGS = ("wherefrom.", "dvc.", "git.", "env.", "mlflow.", "plan.", "data_hash")
"""How the tags begin that nobody else may set."""
