"""What was asked for is not there, or is more than one."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

from wherefrom.errors import WherefromError

if TYPE_CHECKING:
    from collections.abc import Mapping

    from wherefrom.identity import CommitSha


@dataclass
class UnknownAddressError(WherefromError):
    """An address that names nothing; `nearest` are names like it.

    `unasked` says why MLflow was not asked, "" where it was. `gone` is the commit of the experiment
    that had this name and was removed; None where none is known. `beside` is the file that would
    say what predicted the table of that name, "" where there is no such table or that file is.
    """

    address: str
    nearest: tuple[str, ...] = ()
    unasked: str = ""
    gone: CommitSha | None = None
    beside: str = ""

    def __str__(self) -> str:
        was = (
            f"; the experiment {self.gone[:10]} had this name, and was removed" if self.gone else ""
        )
        near = f"; near it: {', '.join(self.nearest)}" if self.nearest else ""
        lost = f"; MLflow was not asked: {self.unasked}" if self.unasked else ""
        file = f"; it is a file, and no {self.beside} beside it says more" if self.beside else ""
        return f"{self.address!r} is no address of a result{was}{near}{file}{lost}"

    @property
    def hint(self) -> str:
        return (
            "give a record or run id (six characters or more), a run's or an experiment's name, a "
            "revision, `workspace`, models:/NAME/VERSION, the path or the hash of an output, or "
            "METRIC=VALUE; `wherefrom ls` lists all results"
        )


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
class NoResultThereError(WherefromError):
    """A commit or the workspace that holds no result; `unread` is what of it cannot be read."""

    where: str
    unread: str

    def __str__(self) -> str:
        return f"{self.where} holds no result: {self.unread or 'it has no dvc.lock with a stage'}"

    @property
    def hint(self) -> str:
        if self.unread:
            return "`wherefrom ls` lists all results; the file is restored by git"
        return "`wherefrom ls` lists all results; `dvc repro` makes one, and a commit holds it"


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
class TagValueError(WherefromError):
    """A value of a tag that the vocabulary of the project does not have."""

    name: str
    value: str
    allowed: tuple[str, ...]

    def __str__(self) -> str:
        return f"{self.name} is {self.value!r}; allowed is {' or '.join(self.allowed)}"

    @property
    def hint(self) -> str:
        return "take one of these, or add it to experiment.vocabulary.allowed in params.yaml"


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
class ModelNameError(WherefromError):
    """A name or an alias that MLflow's registry takes for no model; `why` says what is wrong."""

    name: str
    why: str

    def __str__(self) -> str:
        return f"{self.name!r} cannot be promoted to: {self.why}"

    @property
    def hint(self) -> str:
        return "give NAME or NAME@ALIAS, such as cancer@champion"


@dataclass
class NotPredictionsError(WherefromError):
    """The file beside a table does not say what made it."""

    path: str
    why: str

    def __str__(self) -> str:
        return f"{self.path} does not say what made the table beside it: {self.why}"

    @property
    def hint(self) -> str:
        return "bring it back from where the predictions came from, or predict the table again"


@dataclass
class NotPredictedError(WherefromError):
    """A table that a script refuses to predict; `said` is what it said of it."""

    said: str

    def __str__(self) -> str:
        return self.said
