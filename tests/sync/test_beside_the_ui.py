"""What MLflow's UI shows is linked without a command of the user's, and nothing stays behind it."""

from __future__ import annotations

import subprocess
from typing import TYPE_CHECKING

from serving import address, experiments, processes, ui
from sync.every_kind import RESULT
from waiting import until
from wherefrom.remarks import Tagged, line

if TYPE_CHECKING:
    from pathlib import Path

    from sandbox import Sandbox


def test_the_ui_links_what_comes_meanwhile_and_no_command_line_names_its_store(
    linked: Sandbox, small: Sandbox
) -> None:
    """An experiment comes, a note, and the UI of a project whose store it is; none is left over."""
    with ui(linked) as process:
        url = address(process)
        linked.dvc(
            *("exp", "run", "--temp", "-n", "later", "-S", "train.lr=0.7"), WHEREFROM_TRACKING="off"
        )
        record_id = linked.record("later", RESULT).record_id
        sha = linked.git("rev-parse", linked.revision("later")).strip()

        until(lambda: ("later", record_id, sha) in links(linked))

        blob = linked.git("rev-parse", f"{linked.revision('later')}:{RESULT}").strip()
        note = line(Tagged({"status": "discarded"}, 1_700_000_000_000, None))
        linked.git("notes", "--ref=wherefrom", "add", "-m", note, blob)
        until(lambda: "discarded" in {r.tags.get("status") for r in linked.runs().values()})

        until(lambda: experiments(url))

        assert experiments(url).keys() == {"first"}
        said = [part for command in processes(linked).values() for part in command]
        assert [part for part in said if "sqlite" in part or "mlflow.db" in part] == []
        check_ui_of_a_server(small, url)
        process.terminate()
        process.wait(timeout=60)
        until(lambda: not processes(linked), seconds=30)


def check_ui_of_a_server(small: Sandbox, url: str) -> None:
    """Check that the UI of a store that is a server is the server's, and tells no password."""
    with ui(small, MLFLOW_TRACKING_URI=url.replace("//", "//somebody:hush@")) as process:
        assert address(process) == url
        said = [part for command in processes(small).values() for part in command]
        assert said
        assert [part for part in said if "hush" in part] == []


def test_a_watch_says_what_fails_and_goes_on_when_it_has_passed(
    linked: Sandbox, tmp_path: Path
) -> None:
    log = tmp_path / "log"
    with log.open("w") as file:
        process = subprocess.Popen(
            ["wherefrom", "sync", "--watch"],
            cwd=linked.root,
            env=linked.cold.environment,
            stderr=file,
            text=True,
        )
    try:
        until((linked.root / ".wherefrom" / "sync.lock").exists)
        (linked.root / ".git").rename(tmp_path / "away")
        until(lambda: "git repository" in log.read_text() or process.poll() is not None)
        (tmp_path / "away").rename(linked.root / ".git")
        ref = linked.revision("alpha")
        linked.git("update-ref", ref.replace("/alpha", "/later"), ref)

        until(lambda: "later" in inheriting(linked) or process.poll() is not None)

        assert process.poll() is None, log.read_text()
        assert len(log.read_text().splitlines()) == 1
    finally:
        process.kill()
        process.wait()


def inheriting(sandbox: Sandbox) -> set[str | None]:
    return {run.tags.get("wherefrom.inherited_by") for run in sandbox.runs().values()}


def links(sandbox: Sandbox) -> set[tuple[str, str | None, str | None]]:
    """Give the names, the records and the experiments' own commits of all runs."""
    return {(r.name, r.record_id, r.tags.get("dvc.exp.rev")) for r in sandbox.runs().values()}


def test_a_ui_that_is_stopped_at_once_leaves_no_process(linked: Sandbox) -> None:
    with ui(linked) as process:
        process.terminate()
        process.wait(timeout=60)
        until(lambda: not processes(linked), seconds=30)
