"""MLflow's dataset source for data that DVC keeps: what a run read can be loaded from the run.

MLflow loads this module at `import mlflow` (entry point `mlflow.dataset_source`) and asks every
source for its type alone, so whatever takes time is imported where it is used.
"""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Any

from mlflow.data.dataset_source import DatasetSource  # noqa: TID251 - what MLflow asks for

from wherefrom.datasets import SOURCE_TYPE, DataInput, as_source, from_source

if TYPE_CHECKING:
    from wherefrom.identity import CommitSha


class DvcDatasetSource(DatasetSource):  # type: ignore[misc]
    """A file or folder, seen from the DVC root, by DVC's hash; `commit_sha` has its `.dvc` file."""

    def __init__(self, path: str, data_hash: str, commit_sha: CommitSha | None = None) -> None:
        self.path = path
        self.data_hash = data_hash
        self.commit_sha = commit_sha

    @staticmethod
    def _get_source_type() -> str:
        return SOURCE_TYPE

    def load(self, dst_path: str | None = None) -> str:
        """Copy the very bytes of this version into a folder, and give the path of the copy.

        They come from the cache of the DVC project of the current directory, else from the remote
        of the commit; `dst_path` is a folder, a new temporary one if not given. Raises
        `DataNotFoundError` where nobody has them any more, and `NotAProjectError`.
        """
        from wherefrom.project import dvc_root  # noqa: PLC0415
        from wherefrom.sources import disk, dvc_cache  # noqa: PLC0415

        folder = Path(dst_path) if dst_path else Path(tempfile.mkdtemp(prefix="wherefrom-"))
        folder.mkdir(parents=True, exist_ok=True)
        target = folder / Path(self.path).name
        root = dvc_root(Path.cwd())
        if not dvc_cache.copy(root, self.data_hash, target):
            self._fetch(root, target)
        if disk.hash_of(target) != self.data_hash:
            raise self._lost(f"{self.commit_sha} has other bytes there")
        return str(target)

    def _fetch(self, root: Path, target: Path) -> None:
        """Let DVC bring it from its remote."""
        from dvc.api import DVCFileSystem  # noqa: PLC0415, TID251
        from dvc.exceptions import DvcException  # noqa: PLC0415, TID251
        from dvc.repo import Repo  # noqa: PLC0415, TID251

        if self.commit_sha is None:
            raise self._lost("DVC's cache does not hold it, and no commit names it")
        try:
            with Repo(str(root)) as repo:  # its remotes of today: the commit may know none
                now = repo.config
            files = DVCFileSystem(str(root), rev=self.commit_sha, config=now)
            files.get(self.path, str(target), recursive=True)
        except (DvcException, OSError) as error:
            raise self._lost(" ".join(str(error).split())) from error

    def _lost(self, why: str) -> Exception:
        from wherefrom.errors.inputs import DataNotFoundError  # noqa: PLC0415

        return DataNotFoundError(self.path, self.data_hash, why)

    @staticmethod
    def _can_resolve(raw_source: Any) -> bool:  # noqa: ANN401, ARG004
        return False  # a path alone does not say which version

    @classmethod
    def _resolve(cls, raw_source: Any) -> DvcDatasetSource:  # noqa: ANN401
        # MLflow's interface has it; it is asked of nobody whose `_can_resolve` says no
        raise NotImplementedError(f"{raw_source} does not say which version it is")

    def to_dict(self) -> dict[str, Any]:
        """Give what MLflow stores."""
        return as_source(DataInput(self.path, self.data_hash, self.commit_sha))

    @classmethod
    def from_dict(cls, source_dict: dict[str, Any]) -> DvcDatasetSource:
        """Read what MLflow stored."""
        item = from_source(source_dict)
        return cls(item.path, item.hash, item.commit_sha)
