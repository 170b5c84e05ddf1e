"""A tracking store or a remote that does not answer, or refuses."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from wherefrom.errors import WherefromError


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
