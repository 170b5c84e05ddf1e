"""A commit that does not hold what a result was made from is not said to have made it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from asking import ask, gaps
from sync.versions import OFF, RESULT, SCORES

if TYPE_CHECKING:
    from sandbox import Sandbox

EDIT = """\
        if "EDIT" in os.environ:
            Path(__file__).write_text(Path(__file__).read_text() + "# later\\n")
        lr = """


def head(sandbox: Sandbox, rev: str = "HEAD") -> str:
    return sandbox.git("rev-parse", f"{rev}^{{commit}}").strip()


def test_a_result_that_is_as_it_was_made_has_no_gap(history: Sandbox) -> None:
    for address in ("workspace", "HEAD", "metrics.json", history.record(path=RESULT).record_id):
        assert ask(history, "trace", address)["gaps"] == []


def test_code_that_was_edited_after_the_result_is_a_gap_of_the_workspace(history: Sandbox) -> None:
    history.replace("code/evaluate.py", "def main", "# once more\ndef main")

    for address in ("workspace", "metrics.json"):
        found = ask(history, "trace", address, status=1)
        assert gaps(found) == ["code/evaluate.py in the workspace is not what evaluate read"]

    assert gaps(ask(history, "trace", "HEAD")) == []


def test_code_that_is_gone_is_a_gap_of_the_workspace(history: Sandbox) -> None:
    (history.root / "code" / "train.py").unlink()
    found = ask(history, "trace", "workspace", status=1)
    assert gaps(found) == ["code/train.py, which train read, is not in the workspace"]


def test_a_commit_of_edited_code_beside_an_old_lock_is_not_the_one_that_made_the_result(
    history: Sandbox,
) -> None:
    history.replace("code/train.py", "with care", "without care")
    history.commit("Edit, and run nothing")
    sha = head(history)

    found = ask(history, "trace", "HEAD", status=1)

    assert (found["commit"]["sha"], found["commit"]["held_by"]) == (None, sha)
    assert gaps(found) == [f"code/train.py in {sha[:7]} is not what train read"]
    assert "(not attributed: see gaps)" in history.process("wherefrom", "HEAD").stdout
    before = ask(history, "trace", "final")
    assert (before["commit"]["sha"], before["gaps"]) == (head(history, "final"), [])
    assert ask(history, "trace", before["result"]["key"])["commit"]["sha"] == head(history, "final")


@pytest.mark.parametrize(
    ("path", "old", "new"),
    [
        ("params.yaml", "lr: 0.4", "lr: 0.3"),
        ("metrics.json", "0.9", "0.99"),
        ("dvc.yaml", "python code/train.py", "python -u code/train.py"),
    ],
    ids=["parameter", "metric", "command"],
)
def test_what_was_edited_after_the_result_is_not_attributed_to_a_commit(
    history: Sandbox, path: str, old: str, new: str
) -> None:
    history.replace(path, old, new)
    for committed in (False, True):
        if committed:
            history.commit("Edit, and run nothing")
        found = ask(history, "trace", "HEAD" if committed else "workspace", status=1)
        (gap,) = found["gaps"]
        assert path in f"{gap['what']} {gap['why']}"
        assert not committed or found["commit"]["sha"] is None
    scores = [entry["metrics"]["test.score"] for entry in ask(history, "ls")["results"]]
    assert sorted(scores) == sorted(SCORES.values())
    assert history.process("wherefrom", "test.score=0.99").returncode == 2


@pytest.mark.parametrize(
    ("path", "old", "new"),
    [
        ("code/evaluate.py", "def main", "# once more\ndef main"),
        ("dvc.lock", "lr: 0.4", "lr: 0.3"),
        ("requirements.lock", "", "another==1.0\n"),
    ],
    ids=["code", "lock of the training", "environment"],
)
def test_the_summary_names_what_a_trace_of_the_workspace_names(
    history: Sandbox, path: str, old: str, new: str
) -> None:
    before = ask(history, "summary")
    assert before["gaps"] == []
    (version,) = ask(history, "trace", "workspace")["data"]
    assert before["data"] == [{"path": "data/rows.csv", "hash": version["hash"]}]

    history.replace(path, old, new)

    found = ask(history, "trace", "workspace", status=1)
    assert gaps(found) != []
    assert sorted(gaps(ask(history, "summary"))) == sorted(gaps(found))


def test_a_training_alone_changes_nothing_of_the_result_before(history: Sandbox) -> None:
    listed = ask(history, "ls")["results"]
    history.replace("params.yaml", "lr: 0.4", "lr: 0.8")
    history.dvc("repro", "train", **OFF)
    history.commit("Train, and evaluate nothing")

    training = history.record(path="train.wherefrom.json").record_id
    now = {entry["result"]["key"]: entry for entry in ask(history, "ls")["results"]}
    assert now.pop(training)["metrics"] == {"cv.score": 0.8}
    assert list(now.values()) == listed


def test_a_lock_that_is_not_what_a_stage_started_with_is_not_believed(history: Sandbox) -> None:
    """DVC hashes the code after it has run: what was edited meanwhile is not what ran."""
    history.replace("code/train.py", "        lr = ", EDIT)
    history.dvc("repro", EDIT="1", **OFF)
    history.commit("Edited while it ran")
    lock = history.lock()["train"]
    assert (history.root / "code" / "train.py").read_text().endswith("# later\n")
    assert history.record(path="train.wherefrom.json").fingerprint != lock.fingerprint

    for address in ("HEAD", "workspace"):
        found = ask(history, "trace", address, status=1)
        what = "the inputs in dvc.lock are not those that train started with"
        assert what in gaps(found)
    found = ask(history, "trace", "HEAD", status=1)
    assert (found["commit"]["sha"], found["commit"]["held_by"]) == (None, head(history))


def test_a_new_lock_file_beside_an_old_result_is_a_gap(history: Sandbox) -> None:
    made_with = history.record(path=RESULT).environment
    (history.root / "requirements.lock").write_text("another==1.0\n")
    what = "requirements.lock here is not that of the environment of this result"
    assert gaps(ask(history, "trace", "workspace", status=1)) == [what]

    history.commit("Another environment")

    found = ask(history, "trace", "HEAD", status=1)
    assert gaps(found) == [what]
    assert found["environment"]["digest"] == made_with.digest
    assert found["environment"]["lock"] == made_with.lock
    assert gaps(ask(history, "trace", "final")) == []
