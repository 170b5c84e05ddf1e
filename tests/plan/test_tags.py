"""What is said of results afterwards is kept in git, shown everywhere, and set in their runs."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

from asking import answered, ask, trace
from join.small_project import PARTS, RESULT
from sandbox import Sandbox
from sync.stores import lose

if TYPE_CHECKING:
    from pathlib import Path

NOTES = "refs/notes/wherefrom"


def lines(sandbox: Sandbox, rev: str = "HEAD") -> list[dict[str, Any]]:
    """Give the remarks on the record that a revision holds."""
    blob = sandbox.git("rev-parse", f"{sandbox.revision(rev)}:{RESULT}").strip()
    noted = sandbox.git("notes", "--ref=wherefrom", "show", blob).splitlines()
    return [json.loads(line) for line in noted]


def tags_of(sandbox: Sandbox, rev: str = "HEAD") -> dict[str, str]:
    """Give what the run of a result says, of what can be said afterwards."""
    record_id = sandbox.record(rev).record_id
    (run,) = (run for run in sandbox.runs().values() if run.record_id == record_id)
    return {k: run.tags[k] for k in ("status", "note", "experiment_type") if k in run.tags}


def test_what_is_said_of_several_results_is_in_git_in_their_runs_and_in_every_answer(
    small: Sandbox,
) -> None:
    small.dvc("exp", "run", "--temp", "-n", "tuned", "-S", "evaluate.threshold=0.75")
    assert tags_of(small) == {"status": "draft"}  # by the parameters

    small.run("wherefrom", "tag", "HEAD", "tuned", "HEAD", "status=discarded", "note=over fits")

    for rev in ("HEAD", "tuned"):
        (remark,) = lines(small, rev)
        assert (remark["schema"], remark["kind"]) == (1, "tagged")
        assert remark["tags"] == {"status": "discarded", "note": "over fits"}
        assert remark["by"] == small.git("var", "GIT_AUTHOR_IDENT").rsplit(" ", 2)[0]
        assert tags_of(small, rev) == {"status": "discarded", "note": "over fits"}
        found = trace(small, rev).found
        assert (found["status"], found["note"]) == ("discarded", "over fits")
        assert found["tagged"]["status"]["at"] == remark["at"]
    said = small.process("wherefrom", "trace", "HEAD").stdout
    assert f"status  discarded  ({remark['by']}, {remark['at'][:10]})" in said
    assert [e["status"] for e in ask(small, "ls")["results"]] == ["discarded"] * 2

    found = ask(small, "tag", "HEAD", "status=", "note=", "experiment_type=ablation")

    (one,) = found["results"]
    assert (one["status"], one["note"], one["experiment_type"]) == ("draft", None, "ablation")
    assert tags_of(small) == {"status": "draft", "experiment_type": "ablation"}
    table = small.process("wherefrom", "ls", "--not-status", "discarded").stdout
    assert "ablation" in table
    assert "over fits" not in table
    (kept,) = ask(small, "ls", "--status", "discarded")["results"]
    assert kept["experiments"] == ["tuned"]


def test_a_lost_store_has_again_what_was_said_and_lacks_what_was_taken_back(
    small: Sandbox,
) -> None:
    small.run("wherefrom", "tag", "HEAD", "status=discarded", "note=over fits")
    small.run("wherefrom", "tag", "HEAD", "note=")
    lose(small)

    small.run("wherefrom", "sync", "--rebuild")

    assert tags_of(small) == {"status": "discarded"}


def test_what_is_said_reaches_others_by_a_push_and_merges_with_what_they_say(
    small: Sandbox, tmp_path: Path
) -> None:
    for name in ("origin", "clone"):
        how = ("--bare",) if name == "origin" else ()
        source = small.root if name == "origin" else tmp_path / "origin"
        small.run("git", "clone", "--quiet", *how, str(source), str(tmp_path / name))
    small.git("remote", "add", "origin", str(tmp_path / "origin"))
    clone = Sandbox(tmp_path / "clone", small.environment, PARTS)
    clone.git("config", "user.name", "Grace")
    small.run("wherefrom", "tag", "HEAD", "status=promising", "note=over fits")
    small.git("push", "--quiet", "origin", NOTES)

    clone.git("fetch", "--quiet", "origin", f"{NOTES}:{NOTES}")
    clone.run("wherefrom", "sync")
    assert tags_of(clone) == {"status": "promising", "note": "over fits"}

    small.run("wherefrom", "tag", "HEAD", "note=by a little")
    clone.run("wherefrom", "tag", "HEAD", "status=discarded")
    clone.git("push", "--quiet", "origin", NOTES)
    small.git("fetch", "--quiet", "origin", f"{NOTES}:refs/notes/theirs")
    small.git("notes", "--ref=wherefrom", "merge", "--strategy=cat_sort_uniq", "theirs")

    found = trace(small, "HEAD").found
    assert (found["status"], found["note"]) == ("discarded", "by a little")
    assert found["tagged"]["status"]["by"].startswith("Grace <")
    small.run("wherefrom", "sync")
    assert tags_of(small) == {"status": "discarded", "note": "by a little"}


def test_a_store_that_is_down_is_told_and_a_sync_brings_the_tags(small: Sandbox) -> None:
    (small.root / "mlflow.db").rename(small.root / "away.db")
    (small.root / "mlflow.db").write_text("no database")

    answer = answered(small, "tag", "HEAD", "note=over fits")

    assert answer.status == 1
    assert answer.gaps[0] == "the tags are not in MLflow"
    (small.root / "away.db").rename(small.root / "mlflow.db")
    small.run("wherefrom", "sync")
    assert tags_of(small) == {"status": "draft", "note": "over fits"}


def test_of_a_run_that_nothing_holds_mlflow_alone_has_what_is_said(small: Sandbox) -> None:
    small.replace("params.yaml", "threshold: 0.5", "threshold: 0.6")
    small.dvc("repro")
    record = small.record()
    small.git("reset", "--hard", "--quiet")

    answer = answered(small, "tag", record.record_id, "note=a try")

    assert (answer.status, len(answer.gaps)) == (1, 1)
    assert answer.gaps[0].endswith(" is in MLflow alone")
    run = small.runs()[str(record.mlflow_run_id)]
    assert (run.tags["note"], run.tags["status"]) == ("a try", "draft")
    assert "note    a try\n" in small.process("wherefrom", "trace", record.record_id).stdout
    small.process("wherefrom", "tag", record.record_id, "note=")
    assert "note" not in small.runs()[run.run_id].tags


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["HEAD", "statsu=discarded"], "there is no tag statsu; did you mean status?"),
        (["HEAD", "note=a", "note="], "say one thing of note: it is given twice"),
        (["HEAD"], "say: experiment_type, status, note, as NAME=VALUE"),
        (["status=discarded"], "give addresses, and what to say"),
        (["HEAD", "nothing", "status=final"], "'nothing' is no address of a result"),
        (["HEAD", "status=discarded"], "status is 'discarded'; allowed is draft or final"),
    ],
    ids=[
        "a name that there is not",
        "twice",
        "no tag",
        "no address",
        "no result",
        "not in the vocabulary",
    ],
)
def test_a_wrong_request_writes_nothing(small: Sandbox, words: list[str], said: str) -> None:
    small.replace(
        "params.yaml", "notes:", "vocabulary: {allowed: {status: [draft, final]}}, notes:"
    )

    done = small.process("wherefrom", "tag", *words)

    assert done.returncode == 2
    assert said in done.stderr
    assert small.git("for-each-ref", "refs/notes") == ""
