"""Every error that a user can meet, each with what to do about it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from wherefrom.identity import CommitSha


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


@dataclass
class LockfileError(WherefromError):
    """A `dvc.lock`, `.dvc` or `dvc.yaml` that cannot be read."""

    where: str
    why: str

    def __str__(self) -> str:
        return f"{self.where} cannot be read: {self.why}"

    @property
    def hint(self) -> str:
        return "restore it from git (`git checkout -- <file>`) or let `dvc repro` write it anew"


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
class NotAProjectError(WherefromError):
    """The folder is in no DVC project, or the project is in no git repository."""

    folder: Path
    missing: str

    def __str__(self) -> str:
        return f"{self.folder} is not inside a {self.missing} repository"

    @property
    def hint(self) -> str:
        return f"change into the project, or make one: `{self.missing.lower()} init`"


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
class RemoteUnreachableError(WherefromError):
    """A remote of git or DVC that could not be asked; `why` holds no credentials.

    `name` is None for the default remote of DVC, where none is set.
    """

    tool: str
    name: str | None
    why: str
    exit_code: ClassVar[int] = 1

    def __str__(self) -> str:
        which = f"the {self.tool} remote {self.name}" if self.name else "a default remote of DVC"
        return f"{which} could not be asked: {self.why}"

    @property
    def hint(self) -> str:
        if self.name is None:
            return "`dvc remote add --default NAME URL`, `dvc push --all-commits`"
        way = "`git ls-remote {}`" if self.tool == "git" else "`dvc remote list`, then {}"
        return f"see that it can be reached: {way.format(self.name)}"


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
class SettingError(WherefromError):
    """A value in params.yaml that `wherefrom` reads and cannot use."""

    key: str
    given: object
    allowed: str

    def __str__(self) -> str:
        return f"params.yaml: {self.key} is {self.given!r}; allowed is {self.allowed}"


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


RESERVED_TAGS = ("wherefrom.", "dvc.", "git.", "env.", "mlflow.", "data_hash")
"""How the tags begin that nobody else may set."""


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
class StoreUnreachableError(WherefromError):
    """The tracking store does not answer."""

    uri: str
    why: str
    exit_code: ClassVar[int] = 1

    def __str__(self) -> str:
        return f"the tracking store {self.uri} cannot be reached: {self.why}"

    @property
    def hint(self) -> str:
        where = "MLFLOW_TRACKING_URI or tracking.uri in params.yaml"
        return f"start it, or correct {where}; then `wherefrom sync` logs what waits"


@dataclass
class NoUiError(StoreUnreachableError):
    """The tracking store does not answer, so there is no UI of it."""

    exit_code: ClassVar[int] = 2

    @property
    def hint(self) -> str:
        return "start it, or correct MLFLOW_TRACKING_URI or tracking.uri in params.yaml"


@dataclass
class StoreRefusedError(StoreUnreachableError):
    """The tracking store answers, and will not take something: a run that was deleted, say."""

    def __str__(self) -> str:
        return f"the tracking store {self.uri} refused: {self.why}"

    @property
    def hint(self) -> str:
        return "restore what it names in MLflow, then `wherefrom sync`"


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
class NoResultError(WherefromError):
    """There is no result yet in the workspace; None: no stage of it keeps a record."""

    record: str | None
    exit_code: ClassVar[int] = 1

    def __str__(self) -> str:
        if self.record is None:
            return "there is no summary here: no stage in dvc.lock keeps a record"
        return f"there is no result here: {self.record} does not exist"

    @property
    def hint(self) -> str:
        whole = "`wherefrom trace workspace` shows the result"
        return whole if self.record is None else "run the pipeline: `dvc repro`"


@dataclass
class UnknownAddressError(WherefromError):
    """An address that names nothing; `nearest` are names like it.

    `unasked` says why MLflow was not asked, "" where it was. `gone` is the commit of the experiment
    that had this name and was removed; None where none is known.
    """

    address: str
    nearest: tuple[str, ...] = ()
    unasked: str = ""
    gone: CommitSha | None = None

    def __str__(self) -> str:
        was = (
            f"; the experiment {self.gone[:10]} had this name, and was removed" if self.gone else ""
        )
        near = f"; near it: {', '.join(self.nearest)}" if self.nearest else ""
        lost = f"; MLflow was not asked: {self.unasked}" if self.unasked else ""
        return f"{self.address!r} is no address of a result{was}{near}{lost}"

    @property
    def hint(self) -> str:
        return (
            "give a record or run id (six characters or more), a run's or an experiment's name, a "
            "revision, `workspace`, models:/NAME/VERSION, the path or the hash of an output, or "
            "METRIC=VALUE; `wherefrom ls` lists all results"
        )


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


@dataclass
class NoResultThereError(WherefromError):
    """A commit or the workspace that holds no result; `why` is what of it cannot be read."""

    where: str
    why: str

    def __str__(self) -> str:
        return f"{self.where} holds no result: {self.why}"

    @property
    def hint(self) -> str:
        return "`wherefrom ls` lists all results; `dvc repro` makes one, and a commit holds it"


@dataclass
class AmbiguousAddressError(WherefromError):
    """An address that several results have: their keys, and the commit that it names of each."""

    address: str
    keys: Mapping[str, CommitSha | None]

    def __str__(self) -> str:
        return f"{self.address!r} means {len(self.keys)} results"

    @property
    def hint(self) -> str:
        return "take one of them by its id in the first column"


@dataclass
class NoResultsError(WherefromError):
    """There is no result in the whole history."""

    exit_code: ClassVar[int] = 1

    def __str__(self) -> str:
        return "no commit and no experiment holds a result yet"

    @property
    def hint(self) -> str:
        return "run the pipeline and commit what it wrote: `dvc repro`, `git add`, `git commit`"


@dataclass
class UnknownMetricError(WherefromError):
    """A metric that no result has; `nearest` are names like it.

    `unasked` says why MLflow was not asked, "" where it was.
    """

    name: str
    nearest: tuple[str, ...] = ()
    unasked: str = ""

    def __str__(self) -> str:
        near = f"; near it: {', '.join(self.nearest)}" if self.nearest else ""
        lost = f"; MLflow was not asked: {self.unasked}" if self.unasked else ""
        return f"no result has a metric {self.name!r}{near}{lost}"


@dataclass
class ImpossibleError(WherefromError):
    """A result that cannot be made again: what is missing, why, and what would mend it."""

    what: str
    why: str
    remedy: str
    exit_code: ClassVar[int] = 1

    def __str__(self) -> str:
        return f"{self.what}: {self.why}"

    @property
    def hint(self) -> str:
        return self.remedy


@dataclass
class SpaceError(WherefromError):
    """An override of a sweep that says no variants: why, and what to write instead."""

    override: str
    why: str
    remedy: str

    def __str__(self) -> str:
        return f"--set-param {self.override!r}: {self.why}"

    @property
    def hint(self) -> str:
        return self.remedy


@dataclass
class EndlessGridError(WherefromError):
    """A grid of an interval: it has no end."""

    name: str

    def __str__(self) -> str:
        return f"{self.name} is an interval, of which a grid cannot have all values"

    @property
    def hint(self) -> str:
        return (
            "let `--sampler random --trials N` or `--sampler tpe` choose some, or list values: "
            f"{self.name}=VALUE,VALUE"
        )
