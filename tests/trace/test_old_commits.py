"""Old commits that hold less than today's: each says so, and all other results are answered."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import pytest

from asking import answered, listed, trace
from join.small_project import DVC_YAML, RESULT, TRAINING

if TYPE_CHECKING:
    from sandbox import Sandbox

TRAIN_PY = """\
import json
from pathlib import Path

Path("model.txt").write_text("0.1")
Path("cv.json").write_text(json.dumps({"cv": {"score": 0.1}}))
"""
EVALUATE_PY = """\
import json
from pathlib import Path

Path("metrics.json").write_text(json.dumps({"test": {"score": 0.55}}))
"""
RECORDS = (f"      - {TRAINING}: {{cache: false}}\n", f"      - {RESULT}: {{cache: false}}\n")
NEWER_RECORD = '{"record": [{"schema": 1000}]}\n'


def run_before_wherefrom_came(traced: Sandbox) -> None:
    """Commit a result beside today's history that no record and no run knows of."""
    traced.git("checkout", "--quiet", "-b", "old", "main~1")
    declared = DVC_YAML.replace(f", {TRAINING}", "")
    for line in RECORDS:
        declared = declared.replace(line, "")
    for path, text in {
        "code/train.py": TRAIN_PY,
        "code/evaluate.py": EVALUATE_PY,
        "dvc.yaml": declared,
    }.items():
        (traced.root / path).write_text(text)
    traced.dvc("repro")
    traced.commit("Long ago")


@dataclass(frozen=True)
class Damage:
    """A file and what one old commit holds of it; `named` says that `ls` names it too."""

    path: str
    content: str
    named: bool = True

    def commit(self, traced: Sandbox) -> str:
        """Commit the damaged file, mend it in the commit after, and give the first."""
        whole = traced.text(self.path)
        (traced.root / self.path).write_text(self.content)
        traced.commit("Damaged")
        (traced.root / self.path).write_text(whole)
        traced.commit("Mended")
        return traced.git("rev-parse", "HEAD~1").strip()


DAMAGES = {
    "dvc.lock": Damage("dvc.lock", "stages: [\n"),
    "dvc.lock that is no text": Damage("dvc.lock", "\0\x01 no yaml: [\n"),
    ".dvc file": Damage("data/rows.csv.dvc", "outs: {\n"),
    "record": Damage(RESULT, "{"),
    "record of a newer wherefrom": Damage(RESULT, NEWER_RECORD),
    "record of the training": Damage(TRAINING, "[]\n"),
    "metrics": Damage("metrics.json", '{"test": ', named=False),
}


@pytest.mark.parametrize("damage", DAMAGES.values(), ids=DAMAGES.keys())
def test_a_damaged_file_is_named_at_its_commit_and_all_else_is_answered_as_before(
    traced: Sandbox, damage: Damage
) -> None:
    before, told = listed(traced), trace(traced, "alpha")

    sha = damage.commit(traced)

    there = trace(traced, sha)
    assert there.status != 0
    assert damage.path in f"{there.found.get('gaps')}{there.said}"
    after = answered(traced, "ls")
    entries = dict(zip(after.keys, after.found["results"], strict=True))
    assert entries == before
    gaps = [gap["what"] for gap in after.found["gaps"]]
    assert gaps == [f"{damage.path} cannot be read here ({sha[:7]})"] * damage.named
    assert trace(traced, "alpha") == told
    mended = trace(traced, "HEAD")
    assert (mended.status, mended.gaps) == (0, [])
    assert mended.found["result"]["key"] == traced.record(path=RESULT).record_id


def test_a_result_from_before_wherefrom_came_has_no_run_and_takes_no_other_ones(
    traced: Sandbox,
) -> None:
    before = listed(traced)

    run_before_wherefrom_came(traced)

    answer = trace(traced, "old")
    assert (answer.status, answer.run) == (1, {})
    assert answer.gaps == ["no run in MLflow belongs to this result"]
    assert answer.found["metrics"] == {"cv.score": 0.1, "test.score": 0.55}
    sha = traced.git("rev-parse", "old").strip()
    assert (answer.found["commit"]["sha"], answer.held_by) == (sha, sha)
    assert answer.found["experiments"] == []
    assert trace(traced, "test.score=0.55") == answer
    after = listed(traced)
    assert after.pop(answer.found["result"]["key"])["run"] is None
    assert after == before
