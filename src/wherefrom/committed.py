"""The files of commits as a checkout would give them: also those of submodules and behind filters.

Most files need neither, and are read as git holds them, by one process for all commits.
"""

from __future__ import annotations

from contextlib import ExitStack
from typing import TYPE_CHECKING, Self

from wherefrom.problems import in_git
from wherefrom.sources import git_checkout
from wherefrom.sources.git_files import CommitFiles
from wherefrom.sources.git_objects import Objects

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Iterator
    from pathlib import Path

    from wherefrom.identity import CommitSha
    from wherefrom.problems import Unread
    from wherefrom.project import Project

    Left = tuple[bytes, str | None]
    """A file as a checkout leaves it, and the filter that it passes."""

_MODULES = ".gitmodules"


class Committed:
    """Reads files of commits below the DVC root. A context manager: git runs as long as it is open.

    Paths are from the DVC root, and `common_dir` is where git keeps its objects.
    """

    def __init__(self, project: Project, git_root: Path) -> None:
        stands = project.repository
        self._project = project
        self._root = git_root
        self._common_dir = stands.common_dir if stands else git_root / ".git"
        self._stack = ExitStack()
        self._modules: dict[Path, CommitFiles] = {}
        self._left: dict[tuple[str, bytes], Left] = {}

    def __enter__(self) -> Self:
        objects = self._stack.enter_context(Objects(self._root))
        self.files = CommitFiles(objects, self._project.prefix)
        return self

    def __exit__(self, *_error: object) -> None:
        self._stack.close()

    def contents(self, sha: CommitSha, paths: Collection[str]) -> dict[str, bytes]:
        """Read the files at `paths` and below; those of submodules too, where these are here."""
        found = self.files.contents(sha, paths)
        for place, commit in self.files.submodules(sha, paths).items():
            inside = self._submodule(sha, place, commit)
            if inside is not None:
                wanted = list(_inside(place, paths))
                below = inside.contents(commit, wanted) if all(wanted) else inside.all(commit)
                found |= {f"{place}/{path}": content for path, content in below.items()}
        return found

    def as_left(self, sha: CommitSha, paths: Collection[str]) -> dict[str, bytes]:
        """Read the same as a checkout leaves them, through the filters that they pass."""
        return {path: left for path, (left, _) in self._checked_out(sha, paths).items()}

    def unread(self, sha: CommitSha, paths: Collection[str]) -> Iterator[Unread]:
        """Name what git does not give of `paths`, and the submodules that are not here."""
        for place, name in self.files.lost(sha, paths).items():
            yield in_git.damaged_object(place, name, self.loose(name))
        for place, commit in self.files.submodules(sha, paths).items():
            if self._submodule(sha, place, commit) is None:
                yield in_git.no_submodule(place, commit)

    def unfiltered(self, sha: CommitSha, paths: Collection[str]) -> Iterator[Unread]:
        """Name the files whose filter is not set up here, fails, or lacks what it stands for."""
        held = self.contents(sha, paths)
        for path, (left, name) in self._checked_out(sha, paths).items():
            if name is not None and left == held[path]:
                yield in_git.not_filtered(path, name)

    def _checked_out(self, sha: CommitSha, paths: Collection[str]) -> dict[str, Left]:
        """Check files out, each once for all commits that have it."""
        held = self.contents(sha, paths)
        new = {path for path, content in held.items() if (path, content) not in self._left}
        places = {self._project.in_git(path): path for path in new}
        if places:
            out = git_checkout.checked_out(self._root, self._common_dir, sha, places)
            for place, path in places.items():
                left = out.contents.get(place, held[path])
                self._left[path, held[path]] = left, out.filters.get(place)
        return {path: self._left[path, content] for path, content in held.items()}

    def loose(self, name: str) -> str | None:
        """Give the file of an object, below the git folder; None where it is in a pack, or gone."""
        place = f"objects/{name[:2]}/{name[2:]}"
        return place if (self._common_dir / place).exists() else None

    def _submodule(self, sha: CommitSha, place: str, commit: CommitSha) -> CommitFiles | None:
        """Open the repository of a submodule; None where none here has its commit."""
        in_git = self._project.in_git(place)
        text = self.files.from_root(sha, _MODULES)
        name = git_checkout.module_names(text or b"").get(in_git)
        for folder in git_checkout.module_dirs(self._common_dir, name, self._root / in_git):
            if folder not in self._modules:
                objects = self._stack.enter_context(Objects(folder))
                self._modules[folder] = CommitFiles(objects, "")
            if self._modules[folder].is_here(commit):
                return self._modules[folder]
        return None


def _inside(place: str, paths: Iterable[str]) -> Iterator[str]:
    """Give `paths` as seen from a submodule; "" where one is the submodule, or above it."""
    for path in paths:
        if path == place or place.startswith(f"{path}/"):
            yield ""
        elif path.startswith(f"{place}/"):
            yield path.removeprefix(f"{place}/")
