"""The first result of a generated history, and where its texts hold what experiments change."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

from yaml_lines import YamlLines, as_dvc_leaves

from wherefrom import lockfile
from wherefrom import record as records

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from yaml_lines import Place

    from wherefrom.identity import CommitSha
    from wherefrom.lockfile import StageFacts
    from wherefrom.record import Record

LOCK, PARAMS = "dvc.lock", "params.yaml"
CV, METRICS = "results/cv.json", "results/metrics.json"
TRAIN, EVALUATE = "results/train.wherefrom.json", "results/evaluate.wherefrom.json"
READ = (LOCK, PARAMS, TRAIN, EVALUATE)

TEN = {
    CV: ("cv.accuracy.mean", "cv.accuracy.std", "cv.roc_auc.mean", "cv.roc_auc.std"),
    METRICS: (
        *("test.accuracy", "test.f1_weighted", "test.roc_auc", "test.log_loss"),
        *("train.accuracy", "gap.accuracy"),
    ),
}
"""The metrics of a result, by their file: ten of the sixty that the real pipeline writes."""


@dataclass(frozen=True)
class Baseline:
    """The commit that the experiments start from: `committed` in seconds, `texts` by path."""

    commit: CommitSha
    committed: int
    texts: Mapping[str, str]

    @cached_property
    def lock(self) -> YamlLines:
        """The lines of its lock."""
        return YamlLines(self.texts[LOCK])

    @cached_property
    def params(self) -> YamlLines:
        """The lines of its parameters."""
        return YamlLines(as_dvc_leaves(self.texts[PARAMS]))

    @cached_property
    def stages(self) -> Mapping[str, StageFacts]:
        """The facts of its lock."""
        return lockfile.parse_lock(self.texts[LOCK])

    @cached_property
    def hashed(self) -> Mapping[str, list[Place]]:
        """Where the lock has the hash of a path."""
        return _grouped((p[-2], p[:-1]) for p in self.lock.places if p[-1] == "md5")

    @cached_property
    def chosen(self) -> Mapping[str, list[Place]]:
        """Where the lock has a parameter, by its dotted name."""
        places = (p for p in self.lock.places if p[2:4] == ("params", PARAMS))
        return _grouped((".".join(p[4:]), p) for p in places)

    def record(self, path: str) -> Record:
        """Give one of its records."""
        return records.from_text(self.texts[path], path)


def _grouped(pairs: Iterable[tuple[str, Place]]) -> dict[str, list[Place]]:
    groups: dict[str, list[Place]] = {}
    for key, place in pairs:
        groups.setdefault(key, []).append(place)
    return groups
