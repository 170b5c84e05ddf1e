"""`wherefrom report`: of a real project, as a page, as a comment, and for a program."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import pytest

from asking import ask

if TYPE_CHECKING:
    from sandbox import Sandbox


def test_the_page_of_a_project_has_all_results_and_its_plots(sandbox: Sandbox) -> None:
    done = sandbox.process("wherefrom", "report", "-o", "out/report.html")

    assert done.returncode == 0, done.stderr
    assert "out/report.html: 0." in done.stderr
    shown = sandbox.text("out/report.html")
    record = sandbox.record()
    assert record.record_id in shown
    assert {"ROC", "Confusion matrix", "Permutation importances"} <= set(
        re.findall(r"<figcaption>(.*?)</figcaption>", shown)
    )
    for facts in sandbox.lock().values():
        for out in facts.outs:
            assert out.path.endswith(".wherefrom.json") or f'title="{out.hash}"' in shown
    assert "traceable</dt><dd>1 of 1" in shown


def test_the_comment_shows_what_two_results_differ_in(kinds: Sandbox) -> None:
    done = kinds.process("wherefrom", "report", "alpha", "inner", "--format", "md")

    shown = done.stdout
    assert "| train.lr | `0.2` | `0.3` |" in shown
    assert "| cv.score | 0.2000 | **0.3000** |" in shown
    assert "| A `alpha` | B `inner` |" in shown
    assert re.search(r"^Audit: \d+ of \d+ traceable", shown, flags=re.MULTILINE)
    assert "evaluate.threshold" not in shown
    assert len(shown) < 5_000


def test_the_file_says_which_form_it_has(kinds: Sandbox) -> None:
    kinds.process("wherefrom", "report", "alpha", "-o", "comment.md")

    assert kinds.text("comment.md").startswith("## ")


def test_a_program_gets_the_chosen_results_their_differences_and_all_results(
    kinds: Sandbox,
) -> None:
    found = ask(kinds, "report", "alpha", "inner", "tuned")
    listed = ask(kinds, "ls")

    assert [one["label"] for one in found["chosen"]] == ["A", "B", "C"]
    assert next(one["params"] for one in found["differences"]) == {"train.lr": [0.2, 0.3]}
    keys = {one["result"]["key"] for one in listed["results"] if one["commit"]}
    assert {one["result"]["key"] for one in found["results"]} == keys
    assert found["audit"]["traceable"]["of"] == len(keys)


@pytest.mark.parametrize(
    ("args", "status", "said"),
    [
        pytest.param(["nothing-such"], 2, "is no address of a result", id="an unknown address"),
        pytest.param(["--metric", "nonsuch"], 2, "no result has a metric", id="an unknown metric"),
        pytest.param(["--json", "--format", "md"], 2, "exclude each other", id="two forms"),
        pytest.param(["a"] * 27, 2, "26 addresses at most", id="too many"),
    ],
)
def test_what_cannot_be_shown_is_said_and_no_file_is_written(
    kinds: Sandbox, args: list[str], status: int, said: str
) -> None:
    done = kinds.process("wherefrom", "report", *args, "-o", "report.html")

    assert done.returncode == status
    assert said in done.stderr
    assert not (kinds.root / "report.html").exists()


@pytest.mark.parametrize(
    ("output", "why"),
    [
        pytest.param("metrics.json", "a stage leaves metrics.json", id="of a stage"),
        pytest.param("pages.html", "that is no file", id="a folder"),
        pytest.param("dvc.lock", "it is there, and its name does not end as", id="no page"),
        pytest.param("/proc/report.html", "No such file", id="where nobody can write"),
    ],
)
def test_a_file_that_may_not_be_written_is_refused_at_once(
    kinds: Sandbox, output: str, why: str
) -> None:
    (kinds.root / "pages.html").mkdir()
    before = kinds.text("metrics.json"), kinds.text("dvc.lock")

    done = kinds.process("wherefrom", "report", "-o", output)

    assert done.returncode == 2
    assert why in done.stderr
    assert (kinds.text("metrics.json"), kinds.text("dvc.lock")) == before


def test_a_page_is_not_written_to_a_terminal(kinds: Sandbox) -> None:
    command = "import pty, sys; sys.exit(pty.spawn(['wherefrom', 'report']) >> 8)"

    done = kinds.cold.process("python", "-c", command)

    assert done.returncode == 2
    assert "name a file for the page: -o report.html" in done.stdout
    assert "<html" not in done.stdout
