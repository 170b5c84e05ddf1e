"""DVC in a clone that is there to make a result again."""

from __future__ import annotations

import logging
import shutil
import threading
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from wherefrom.sources import git_repo
from wherefrom.uris import redact_text

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

# What the commit, the user or the machine have chosen elsewhere: a cache that is shared, links
# into it, results that are staged.
_SETTINGS = """\
[core]
    analytics = false
    check_update = false
    autostage = false
    interactive = false
[cache]
    dir = cache
    type = copy
"""
_ONE = threading.Lock()  # DVC is not made for several threads


class DvcError(Exception):
    """DVC refuses; the text is its own, without credentials."""


@dataclass(frozen=True)
class Declared:
    """A stage as DVC itself reads it: whether it is frozen, and its files as absolute paths.

    `elsewhere` are outputs that are no files of this disk, `persisted` those that DVC leaves to the
    stage as they were before.
    """

    frozen: bool
    files: tuple[Path, ...]
    elsewhere: tuple[str, ...]
    persisted: tuple[Path, ...]


def settle(root: Path) -> None:
    """Let DVC keep everything below `root`, and forget what it has run there.

    Its local settings are stronger than the commit's, the user's and the machine's. A snapshot of a
    project before its first commit has no folder of DVC.
    """
    (root / ".dvc").mkdir(parents=True, exist_ok=True)
    (root / ".dvc" / "config.local").write_text(_SETTINGS, encoding="utf-8")
    for lock in git_repo.files(root, ("dvc.lock",)):
        (root / lock).unlink()


def command(stages: Iterable[str]) -> list[str]:
    """Give the command that runs these stages, each once, in this order, whatever has changed."""
    return ["dvc", "repro", "--force", "--single-item", "--no-commit", "--", *stages]


def declared(root: Path, stages: Iterable[str]) -> dict[str, Declared | DvcError]:
    """Read stages (`train`, `sub/dvc.yaml:train`) with their templates resolved, or say why not."""
    with _in_clone(root) as repo:
        return {stage: _declared(repo, root, stage) for stage in stages}


def _declared(repo: Any, root: Path, stage: str) -> Declared | DvcError:  # noqa: ANN401
    file, _, name = stage.rpartition(":")
    try:
        with _converted():
            found = repo.stage.load_one(str(root / (file or "dvc.yaml")), name)
    except DvcError as error:
        return error
    here = [item for item in (*found.deps, *found.outs) if item.protocol in {"local", None}]
    return Declared(
        frozen=bool(found.frozen),
        files=tuple(Path(path) for path in (found.wdir, *(item.fs_path for item in here))),
        elsewhere=tuple(str(out) for out in found.outs if out not in here),
        persisted=tuple(Path(out.fs_path) for out in found.outs if out.persist),
    )


def pull(root: Path, dvc_file: str, users_root: Path) -> None:
    """Bring the data of a `.dvc` file from a remote, or from where it was imported from.

    The remotes are those of the commit, with what the user's settings of today say of them and of
    others: these stay in memory, since they may hold credentials. Raises `DvcError`.
    """
    with _converted(), _ONE:
        config = _remotes(users_root)
    with _in_clone(root, config) as repo:
        try:
            repo.pull([str(root / dvc_file)])
        except Exception as error:  # the library of a remote has errors of its own
            raise DvcError(_text(error)) from error


def _remotes(root: Path) -> dict[str, Any]:
    from dvc.config import Config  # noqa: PLC0415, TID251

    known = Config(str(root / ".dvc"))
    default = known["core"].get("remote")
    return {"remote": known["remote"]} | ({"core": {"remote": default}} if default else {})


@contextmanager
def _in_clone(root: Path, config: dict[str, Any] | None = None) -> Iterator[Any]:
    """Open a clone; what DVC keeps of it elsewhere goes again. Raises `DvcError`."""
    from dvc.repo import Repo  # noqa: PLC0415, TID251 - half a second, for those who need it

    logging.getLogger("dvc").setLevel(logging.CRITICAL)
    with _converted(), _ONE, Repo(str(root), config=config) as repo:
        try:
            yield repo
        finally:
            shutil.rmtree(repo.site_cache_dir)


@contextmanager
def _converted() -> Iterator[None]:
    """Turn DVC's errors into one of ours."""
    from dvc.exceptions import DvcException  # noqa: PLC0415, TID251

    try:
        yield
    except (DvcException, OSError, KeyError) as error:
        raise DvcError(_text(error)) from error


def _text(error: Exception) -> str:
    """Give the words of an error in one line, without credentials."""
    return redact_text(" ".join(str(error).split())) or type(error).__name__
