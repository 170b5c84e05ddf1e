"""The raw data of a run, as MLflow lists them among its inputs. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from wherefrom.identity import CommitSha

if TYPE_CHECKING:
    from collections.abc import Mapping

    from wherefrom.identity import DataHash
    from wherefrom.record import GitFacts

MAX_DIGEST = 36
"""Characters of a dataset's digest in MLflow (`MAX_DATASET_DIGEST_SIZE`); DVC's have 32 to 36."""


SOURCE_TYPE = "dvc"
"""The kind of source, by which MLflow finds who can load it."""


@dataclass(frozen=True)
class DataInput:
    """A raw input: its path, DVC's hash, and a commit that has its `.dvc` file (None: none has)."""

    path: str
    hash: str
    commit_sha: CommitSha | None = None


def of_raw(raw: Mapping[str, DataHash | None], git: GitFacts) -> tuple[DataInput, ...]:
    """Give the inputs of a run from its raw data; a hash that MLflow cannot hold is left out."""
    return tuple(
        DataInput(path, value, git.snapshot or git.commit)
        for path, value in sorted(raw.items())
        if value and len(value) <= MAX_DIGEST
    )


def as_source(item: DataInput) -> dict[str, Any]:
    """Give what MLflow stores of a raw input."""
    return {"path": item.path, "hash": item.hash, "commit": item.commit_sha}


def from_source(source: Mapping[str, Any]) -> DataInput:
    """Read what MLflow stored. Raises `KeyError` for what is no source of ours."""
    commit = source.get("commit")
    return DataInput(source["path"], source["hash"], CommitSha(commit) if commit else None)
