"""A run that plain MLflow code starts in a DVC stage, and the record that the stage declares.

MLflow asks the plugin for the tags of the run; what the plugin has seen of the stage then is noted
here, and the record is made of it as the run ends.
"""

from __future__ import annotations

import os
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, NoReturn

from wherefrom import context as context_
from wherefrom import files, keys, tags
from wherefrom import record as records
from wherefrom.errors.project import RESERVED_TAGS, RecordError
from wherefrom.identity import MlflowRunId
from wherefrom.lockfile import is_record
from wherefrom.sources import mlflow_fluent

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping
    from pathlib import Path
    from types import TracebackType

    from mlflow import ActiveRun  # noqa: TID251

    from wherefrom.context import Context
    from wherefrom.identity import RecordId
    from wherefrom.record import Gap, Record

_UNUSED = "wherefrom.start_run was called without `with`, so it started no run"
_OUTSIDE = (
    "this is no DVC stage, so this is a plain MLflow run and no record is written; "
    "run it with `dvc repro`"
)


@dataclass(frozen=True)
class Begun:
    """A run that starts in a stage: what was seen of the stage, and the id that the run carries."""

    context: Context
    record_id: RecordId
    gaps: tuple[Gap, ...]


_begun: list[Begun] = []
"""The run that started last, until `start_run` takes it."""


def note(begun: Begun) -> None:
    """Note a run that starts."""
    _begun[:] = [begun]


class Start(AbstractContextManager["ActiveRun"]):
    """A run that starts as `with` enters it: where it is never entered, it says so.

    MLflow's own is started by the call, and there is code that has no `with`.
    """

    def __init__(self, say: Callable[[str], None], **options: Any) -> None:  # noqa: ANN401
        self._say = say
        self._run = _recorded(say, **options)
        self._is_entered = False

    def __enter__(self) -> ActiveRun:
        self._is_entered = True
        return self._run.__enter__()

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> bool | None:
        return self._run.__exit__(kind, error, trace)

    def __getattr__(self, name: str) -> NoReturn:
        raise AttributeError(f"{_UNUSED}: `with wherefrom.start_run() as run:`, and run.{name}")

    def __del__(self) -> None:
        if not self._is_entered:
            self._say(_UNUSED)


@contextmanager
def _recorded(say: Callable[[str], None], **options: Any) -> Iterator[ActiveRun]:  # noqa: ANN401
    """Start a run as MLflow does; where it succeeds, write the record that its stage declares."""
    from wherefrom.tracking import recorded, standing  # noqa: PLC0415 - no plain run needs them

    is_inner = mlflow_fluent.is_in_run()
    _begun.clear()
    with mlflow_fluent.start_run(**options) as run:
        begun = None if is_inner else _taken(say)
        path = _record_path(begun.context, say) if begun else None
        if begun is None or path is None:
            yield run
            return
        stands = standing.Standing(begun.record_id, _training(begun.context))
        mlflow_fluent.set_tags(run, stands.tags())
        yield run
        gaps = dict.fromkeys((*begun.gaps, *context_.gaps_at_end(begun.context)))
        mlflow_fluent.set_tags(run, tags.gaps_tag(gaps))
    named = MlflowRunId(run.info.run_id), str(run.info.run_name)
    said = _free(options.get("tags") or {}), gaps
    record = recorded.record(begun.context, stands, context_.now(), named, said)
    files.write(path, records.to_text(record, names_result=True))
    for gap in gaps:
        say(f"{gap.what}: {gap.why}\n  {gap.remedy}")


def _taken(say: Callable[[str], None]) -> Begun | None:
    """Take what the plugin noted; None where this is no stage, or the plugin noted nothing."""
    if not os.environ.get("DVC_STAGE"):
        say(_OUTSIDE)
        return None
    if not _begun:
        say("this continues a run or the stage could not be read, so no record is written")
        return None
    return _begun.pop()


def _record_path(context: Context, say: Callable[[str], None]) -> Path | None:
    """Give where the stage's record belongs; None where it declares none, or has it already."""
    declared = next((out.path for out in context.stage.outs if is_record(out.path)), None)
    name = context.stage.address
    if declared is None:
        say(f"the stage {name} declares no record file: `wherefrom init` proposes one")
        return None
    path = context.project.workspace / declared
    if path.exists():  # DVC removes what a stage left before
        say(f"{declared} names an earlier run of the stage {name}: this one has no record")
        return None
    return path


def _training(context: Context) -> Record | None:
    """Read the record that the stage depends on; None where it depends on none."""
    path = next((path for path in context.stage.deps if is_record(path)), None)
    if path is None:
        return None
    try:
        text = (context.project.workspace / path).read_text(encoding="utf-8")
    except FileNotFoundError:
        raise RecordError(path, "it does not exist") from None
    return records.from_text(text, path)


def _free(given: Mapping[str, object]) -> dict[str, str]:
    """Give the tags that the code sets, without those that have a meaning of their own."""
    own = {name: value for name, value in given.items() if not name.startswith(RESERVED_TAGS)}
    return {name: keys.tag(str(value)) for name, value in own.items()}
