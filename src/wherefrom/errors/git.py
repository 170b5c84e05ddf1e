"""What git does not do or give."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

from wherefrom.errors import WherefromError

if TYPE_CHECKING:
    from wherefrom.identity import CommitSha


@dataclass
class ToolError(WherefromError):
    """A process of git that ended with an error."""

    command: str
    status: int
    output: str
    exit_code: ClassVar[int] = 3

    def __str__(self) -> str:
        return f"`{self.command}` ended with status {self.status}: {self.output.strip()}"


@dataclass
class DamagedRepositoryError(WherefromError):
    """A commit names an object that git does not give: the disk lost it, or its bytes."""

    sha: str
    exit_code: ClassVar[int] = 1

    def __str__(self) -> str:
        return f"git does not give the object {self.sha}, which a commit has: nothing can be said"

    @property
    def hint(self) -> str:
        return "remove what `git fsck` names, then `git fetch --refetch`, if it was pushed"


@dataclass
class TagTakenError(WherefromError):
    """A tag of the wanted name that keeps something else."""

    name: str
    sha: CommitSha

    def __str__(self) -> str:
        return f"the tag {self.name} is taken: it keeps {self.sha[:10]}"

    @property
    def hint(self) -> str:
        return "give another name with `--name`"


@dataclass
class TagNameError(WherefromError):
    """A name that git takes for no tag."""

    name: str

    def __str__(self) -> str:
        return f"{self.name!r} is no name for a tag"

    @property
    def hint(self) -> str:
        return "`git help check-ref-format` says which are"


@dataclass
class TagRefusedError(WherefromError):
    """A tag that git does not make: it cannot be signed, or another tag's name is in its way."""

    name: str
    why: str
    exit_code: ClassVar[int] = 1

    def __str__(self) -> str:
        return f"git does not make the tag {self.name}: {self.why}"

    @property
    def hint(self) -> str:
        return "mend what git names (of a signature: `tag.gpgSign`), or give another `--name`"


@dataclass
class NothingToKeepError(WherefromError):
    """A result that no commit of this clone holds: there is nothing that a tag could keep."""

    address: str
    exit_code: ClassVar[int] = 1

    def __str__(self) -> str:
        return f"no commit here holds the result {self.address}"

    @property
    def hint(self) -> str:
        return f"commit it; `wherefrom verify {self.address}` says what is left of it"
