"""What a stage script may ask for before it works: that its inputs are what they should be."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING, Any

from wherefrom import predicting
from wherefrom import settings as settings_
from wherefrom.errors.inputs import ForeignCodeError, OtherBytesError, UntrackedTableError
from wherefrom.errors.project import ReservedTagError
from wherefrom.project import dvc_root

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable


def read_params() -> dict[str, Any]:
    """Read the workspace's `params.yaml` as DVC does. Raises `SettingError`."""
    return settings_.read_params(dvc_root(Path.cwd()))


def check_experiment(said: Iterable[str] = (), metrics: Collection[str] = ()) -> None:
    """Check the section `experiment` of the parameters, before anything runs.

    `said` are the tags that the stages set themselves, `metrics` all that a result will have, empty
    where that is not known. Raises `SettingError` where the vocabulary is not kept or the name of
    runs has unknown fields, `CriterionError` and `ReservedTagError`.
    """
    from wherefrom import naming, plans, tags  # noqa: PLC0415

    root = dvc_root(Path.cwd())
    settings = settings_.read(root, root.name)
    settings_.check_vocabulary(settings)
    tags.of_experiment(settings)
    taken = (*settings_.OWN_TAGS, *said)
    for name in settings.tags:
        if name in taken:
            raise ReservedTagError(name, taken)
    naming.check_template(settings.run_name or "")
    plans.check(settings.plan, metrics)


def require_tracked_by_dvc(path: str) -> None:
    """Raise `UntrackedTableError` for a table that no `.dvc` file holds and no stage makes."""
    from wherefrom import ledger  # noqa: PLC0415

    root = dvc_root(Path.cwd())
    if ledger.raw_file(root, path) is None:
        raise UntrackedTableError(path)


def require_own_code(module: Any) -> None:  # noqa: ANN401
    """Raise `ForeignCodeError` for a module of the stage that is not this workspace's."""
    root, origin = dvc_root(Path.cwd()), Path(module.__file__).resolve()
    if not origin.is_relative_to(root):
        raise ForeignCodeError(module.__name__, str(origin))


def as_left(path: str) -> Path:
    """Give the path of a file that an earlier stage left, such as a pickle, which runs code.

    Raises `OtherBytesError` where its bytes are not those that `dvc.lock` says. Where a script
    predicts it is a file of the result that was asked for; else, outside of a DVC stage, nothing
    has been recorded, and nothing is checked.
    """
    from wherefrom import ledger  # noqa: PLC0415
    from wherefrom.sources import disk  # noqa: PLC0415

    if predicting.JOB in os.environ:
        return predicting.as_left(path)
    root = dvc_root(Path.cwd())
    if os.environ.get("DVC_STAGE"):
        left = {out.path: out.hash for facts in ledger.stages(root).values() for out in facts.outs}
        if path not in left or left[path] != disk.hash_of(root / path):
            raise OtherBytesError(path, left.get(path))
    return root / path
