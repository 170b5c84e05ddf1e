"""What a sweep goes by: numbers, and experiments of which every stage ran."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sweeps import report_of, states, swept

from wherefrom.identity import CommitSha
from wherefrom.sources.dvc_existing import found
from wherefrom.sources.dvc_experiment import Base

if TYPE_CHECKING:
    from sandbox import Sandbox

ODD = """\
        score = {2: {"score": float("nan")}, 3: {}}.get(lr, {"score": lr})
        Path("cv.json").write_text(json.dumps({"cv": score}))
"""


def test_one_variant_without_a_number_or_with_a_part_of_the_stages_misleads_nobody(
    small: Sandbox,
) -> None:
    plain = '        Path("cv.json").write_text(json.dumps({"cv": {"score": lr}}))\n'
    small.replace("code/train.py", plain, ODD)
    small.replace(".gitignore", "/model.txt\n", "")  # which experiments then write there
    small.git("commit", "--all", "--message", "Scores that are none")
    small.dvc("exp", "run", "--temp", "--name", "part", "-S", "train.lr=4", "train")

    asked = ("--metric", "cv.score", "--jobs", "1", "-S", "train.lr=2,3,4,4")
    done = swept(small, *asked, "--json")

    said = report_of(done)
    assert states(said) == dict.fromkeys([f"sweep-1-{n}" for n in (1, 2)], "done") | {
        "sweep-1-3": "linked"
    }
    assert "sweep-1-1 done: cv.score is nan\nsweep-1-2 done: no cv.score\n" in done.stderr
    assert said["best"] == "sweep-1-3"
    assert [one["metrics"]["test.score"] for one in said["variants"]] == [2.5, 3.5, 4.5, 4.5]
    base = Base(
        small.root, "", small.root / ".git", CommitSha(small.git("rev-parse", "HEAD").strip())
    )
    assert {one["digest"] for one in said["variants"]} == found(base, is_here=False).known.keys()
    assert [bool(one["ran"]) for one in said["variants"]] == [True, True, True, False]

    part = small.revision("part")
    small.git("update-ref", part.replace("/part", "/the-last-by-name"), part)
    again = report_of(swept(small, "--jobs", "1", "-S", "train.lr=4", "--json"))
    assert states(again) == {"sweep-1-3": "linked"}


def test_variants_without_any_metric_are_run_and_none_is_the_best(small: Sandbox) -> None:
    small.replace("dvc.yaml", "    metrics:\n      - cv.json: {cache: false}\n", "    metrics:\n")
    small.replace("dvc.yaml", "      - metrics.json: {cache: false}\n", "")
    small.git("commit", "--all", "--message", "No metrics")

    said = report_of(swept(small, "--jobs", "1", "-S", "train.lr=2,3", "--json"))

    assert states(said) == {"sweep-1-1": "done", "sweep-1-2": "done"}
    assert said["best"] is None
