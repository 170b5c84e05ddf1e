"""The environment that stages run in: this one, or one that is made from a commit's lock file."""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import sys
import tomllib
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from filelock import FileLock, Timeout

from wherefrom import environment, places
from wherefrom.errors.answers import ImpossibleError
from wherefrom.holding import is_fact
from wherefrom.reproduction import current, listed
from wherefrom.sources import git_clone
from wherefrom.sources.uv import ELSEWHERE, Uv, UvError

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from wherefrom.children import Children
    from wherefrom.lineage import Lineage
    from wherefrom.record import Record

FOLDER = "environments"
"""Where they are, in the project's state."""

_READY = ".ready"
_TOOL = "wherefrom"


@dataclass(frozen=True)
class Maker:
    """Makes environments for the results of a project, each once, whoever asks at the same time.

    `state` is the folder of the project's state.
    """

    state: Path
    children: Children
    environ: Mapping[str, str]

    def current(self, root: Path, clone: Path) -> dict[str, str]:
        """Give the variables of this process's own environment: its interpreter is on the path.

        `clone` is that of the worktree at `root`. Raises `ImpossibleError` where it has the code of
        that.
        """
        here, path = str(Path(sys.executable).parent), self.environ.get("PATH", "")
        on_path = here in path.split(os.pathsep)
        own = {**self.environ, "PATH": path if on_path else f"{here}{os.pathsep}{path}"}
        return current.variables(own, root, clone)

    def of_lock(self, result: Lineage, clone: Path, root: Path) -> dict[str, str]:
        """Give the variables of the environment that the lock file of a checkout means.

        `clone` is the root of the checkout, `root` the DVC root in it. Raises `ImpossibleError`.
        """
        lock = environment.lock_file(root)
        if lock is None:
            names = ", ".join(environment.LOCK_NAMES)
            raise _impossible("the commit has no lock file", f"it has none of {names}")
        try:
            uv = Uv(root, self.children, self.environ)
            base = self._base(uv, _requirements(uv, lock, clone), result.record)
            beside = list(self._beside(uv, base, result, clone, root))
        except UvError as error:
            raise _impossible(
                f"the environment of {lock.name} cannot be made", str(error)
            ) from error
        return self._variables(base, beside)

    def _base(self, uv: Uv, wanted: Mapping[str, str], record: Record | None) -> Path:
        """Give the environment of a lock file, and of what made the result beside it.

        `wanted` are its requirements, and the files that they name, by their paths.
        """
        first, *others = wanted.values()
        facts = record.environment if record else None
        python = facts.python if facts else sys.version.split()[0]
        more = [f"{name}=={version}" for name, version in (facts.unpinned if facts else {}).items()]
        named = list(wanted) if others else []
        key = _key(first, python, sys.platform, *more, *named, *others)
        with self._made(key) as (folder, is_new):
            if is_new:
                uv.make(folder, python)
                file = listed.write(wanted, folder / "requirements")
                hashed = ["--require-hashes"] if any("--hash" in t for t in wanted.values()) else []
                uv.install(folder, [*hashed, "--requirements", str(file)])
                if more:
                    uv.install(folder, more)
        return folder

    def _beside(
        self, uv: Uv, base: Path, result: Lineage, clone: Path, root: Path
    ) -> Iterator[Path]:
        """Give folders of modules that are no part of the environment, which commits share.

        They are the project's own package, as the commit has it, and this tool for stages that call
        it where neither that package nor the lock file is it: what tracks makes no result.
        """
        file = root / "pyproject.toml"
        said = tomllib.loads(file.read_text(encoding="utf-8")) if file.is_file() else {}
        name = said.get("project", {}).get("name")
        if "build-system" in said:
            with self._made(_key(base.name, *_sources(result, clone, root))) as (folder, is_new):
                if is_new:
                    source = clone.parent / "source"
                    git_clone.copy(clone, source)
                    uv.build(base, source / root.relative_to(clone), folder)
            yield folder
        if result.record is not None and name != _TOOL and not _has_tool(base):
            lent = clone.parent / "lent"
            lent.mkdir()
            (lent / _TOOL).symlink_to(Path(__file__).resolve().parents[1])
            yield lent

    @contextmanager
    def _made(self, key: str) -> Iterator[tuple[Path, bool]]:
        """Give a folder, and whether it is to be filled; one that was half made is made anew."""
        folder = places.own_folder(self.state, FOLDER) / key
        with self._held(folder.with_suffix(".lock")):
            is_new = not (folder / _READY).is_file()
            if is_new and folder.exists():
                shutil.rmtree(folder)
            try:
                yield folder, is_new
                (folder / _READY).touch()
            except UvError:
                shutil.rmtree(folder, ignore_errors=True)  # it may not have been begun
                raise

    @contextmanager
    def _held(self, file: Path) -> Iterator[None]:
        """Wait for whoever makes the same; not when this process is to end."""
        lock = FileLock(file)
        while not lock.is_locked:
            self.children.require_open()
            with suppress(Timeout):
                lock.acquire(timeout=1)
        try:
            yield
        finally:
            lock.release()

    def _variables(self, base: Path, beside: Iterable[Path]) -> dict[str, str]:
        clean = {k: v for k, v in self.environ.items() if not k.startswith(ELSEWHERE)}
        own = str(Path(sys.executable).parent)  # DVC may be here alone
        path = (str(base / "bin"), clean.get("PATH", ""), own)
        modules = os.pathsep.join(map(str, beside))
        return {
            **clean,
            "PATH": os.pathsep.join(filter(None, path)),
            "VIRTUAL_ENV": str(base),
            **({"PYTHONPATH": modules} if modules else {}),
        }


def _requirements(uv: Uv, lock: Path, clone: Path) -> dict[str, str]:
    """Give a lock file as requirements. Raises `ImpossibleError` for one that uv cannot read."""
    if lock.name == "uv.lock":
        return {"requirements.txt": uv.exported()}
    if not lock.name.startswith("requirements"):
        raise _impossible(f"{lock.name} is no lock file that uv installs", "it is another tool's")
    return listed.texts(lock, clone)


def _sources(result: Lineage, clone: Path, root: Path) -> Iterator[str]:
    """List what a package may be built from: all of the commit that is no parameter, no result."""
    prefix = "" if root == clone else f"{root.relative_to(clone).as_posix()}/"
    made = {f"{prefix}{path}" for stage in result.stages for path in stage.outs}
    for path, blob in git_clone.blobs(clone).items():
        if path not in made and not is_fact(path):
            yield f"{blob} {path}"


def _has_tool(base: Path) -> bool:
    return any(base.glob(f"lib/python*/site-packages/{_TOOL}/__init__.py"))


def _key(*parts: str) -> str:
    return hashlib.sha256(json.dumps(parts).encode()).hexdigest()[:32]


def _impossible(what: str, why: str) -> ImpossibleError:
    return ImpossibleError(what, why, "`--env current` makes it again in this environment")
