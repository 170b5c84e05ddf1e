"""Every command of the README, run word for word, in order, in one copy of the project."""

from __future__ import annotations

import os
import re
import shlex
import shutil
import signal
import subprocess
import time
import urllib.request
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest
import yaml
from own_table import write_table

from sandbox import PROJECT, SMALL, Sandbox, copy_project
from serving import LIGHT

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

README = (PROJECT / "README.md").read_text()
# The environment is there already: a test installs nothing.
MAKE = "make -o .venv/.installer -o .venv/.packages -o .venv/.ready -o .venv/.ready-dev"
SERVES = {"make ui"}
ENDS = {"wherefrom diff shallow linear": 1}  # they differ
NOT_HERE = {"make test"}  # this is it


def blocks(language: str) -> list[str]:
    return re.findall(rf"^```{language}\n(.*?)^```", README, flags=re.MULTILINE | re.DOTALL)


@pytest.fixture
def clone(tmp_path: Path, environment: dict[str, str]) -> Sandbox:
    """The project as a clone has it, with the environment beside it and a smaller forest."""
    root = tmp_path / "wherefrom"
    copy_project(root)
    sandbox = Sandbox(root, environment)
    for old, new in SMALL.items():
        sandbox.replace("params.yaml", old, new)
    sandbox.git("init", "--quiet")
    sandbox.commit("The project")
    (root / ".venv").symlink_to(PROJECT / ".venv")  # no commit has it, as no commit has a folder
    return sandbox


def commands() -> Iterator[str]:
    for block in blocks("sh"):
        yield from block.strip().splitlines()


def test_the_readme_word_for_word(clone: Sandbox, warm_environment: dict[str, str]) -> None:
    """Its commands build on each other; then its example of a table, and `make run` again.

    `make` runs what it runs cold, as at a user's; what is called by its name is warm.
    """
    warm = replace(clone, environment=warm_environment)
    served = (
        f". .venv/bin/activate; PATH={warm_environment['PATH'].partition(os.pathsep)[0]}:$PATH; "
    )
    write_table(clone.root / "path" / "to" / "your_table.csv")
    done: list[str] = []
    for command in commands():
        if command in NOT_HERE:
            continue
        if command in SERVES:
            _serve(clone, command)
        else:
            script = f"{served if done else ''}{_offline(command)}"
            done_with = clone.process("bash", "-ec", script).returncode
            assert done_with == ENDS.get(command, 0), command
        done.append(command)
        if command == "make run":
            _check_status(clone)
    assert {"make run", "make ui", "wherefrom sync"} <= set(done)
    _use_the_own_table(warm)
    again = clone.run("bash", "-ec", _offline("make run"))
    assert "Running stage" not in again
    assert "test.rmse" in again


@pytest.mark.parametrize(
    ("content", "said"),
    [
        pytest.param("", "params.yaml: no sections in it", id="empty"),
        pytest.param("- data\n", "params.yaml: no sections in it", id="a list"),
        pytest.param(None, "params.yaml: no such file", id="missing"),
        pytest.param("data: {}\n", "data.path: missing; allowed is the path of", id="no path"),
    ],
)
def test_make_run_says_what_dvc_would_not_find_in_params(
    clone: Sandbox, content: str | None, said: str
) -> None:
    if content is None:
        (clone.root / "params.yaml").unlink()
    else:
        (clone.root / "params.yaml").write_text(content)
    done = clone.process("bash", "-ec", _offline("make run"))
    assert done.returncode == 2
    assert said in done.stderr
    assert "dvc.yaml" not in done.stderr
    assert not (clone.root / "data/params.checked").exists()


def test_dvc_repro_has_dvcs_words_for_a_path_that_params_lack(clone: Sandbox) -> None:
    (clone.root / "params.yaml").write_text("")
    done = clone.process("dvc", "repro")
    assert "Could not find 'data.path'" in README
    assert "Could not find 'data.path'" in done.stderr


def test_make_run_takes_the_sample_without_a_word_about_remotes(clone: Sandbox) -> None:
    (clone.root / "params.yaml").write_text("")  # so that it ends after the table is there
    done = clone.process("bash", "-ec", _offline("make run"))
    assert (clone.root / "data/raw/breast_cancer.csv").exists()
    assert "remote" not in done.stdout + done.stderr


def test_make_run_says_why_the_sample_cannot_be_had(clone: Sandbox) -> None:
    shutil.rmtree(clone.root / "data/sample-remote")
    done = clone.process("bash", "-ec", _offline("make run"))
    assert done.returncode == 2
    assert "failed to pull data from the cloud" in done.stderr
    assert "check.py" not in done.stderr


def test_the_layout_names_files_that_are_there() -> None:
    layout = blocks("text")[-1]
    names = re.findall(r"^(\S+(?: \S+)*?)  ", layout, flags=re.MULTILINE)
    paths = [part for name in names for part in shlex.split(name) if part != "..."]
    assert [path for path in paths if not (PROJECT / path).exists()] == []


def _use_the_own_table(clone: Sandbox) -> None:
    """What the README says to write into params.yaml for a table of one's own."""
    (wanted,) = blocks("yaml")
    params = yaml.safe_load((clone.root / "params.yaml").read_text())
    for section, values in yaml.safe_load(wanted).items():
        params[section] |= values
    (clone.root / "params.yaml").write_text(yaml.safe_dump(params))
    clone.dvc("repro")


def _check_status(clone: Sandbox) -> None:
    """What the README says of `git status` after the first `make run`."""
    status = clone.git("status", "--porcelain", "--untracked-files=all").splitlines()
    inside = [line for line in status if not line.startswith("?? path/")]
    assert [line for line in inside if line != "?? .venv"] == [
        "?? dvc.lock",
        "?? results/cv.json",
        "?? results/evaluate.wherefrom.json",
        "?? results/metrics.json",
        "?? results/train.wherefrom.json",
    ]


def _offline(command: str) -> str:
    return re.sub(r"^make\b", MAKE, command)


def _serve(clone: Sandbox, command: str) -> None:
    process = subprocess.Popen(
        ["bash", "-ec", f"exec {_offline(command)}"],
        cwd=clone.root,
        env=clone.environment | LIGHT,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
        start_new_session=True,
    )
    try:
        assert process.stdout is not None
        said = ""
        while "http://" not in said:
            line = process.stdout.readline()
            assert line, said
            said += line
        url = re.search(r"http://127\.0\.0\.1:\d+", said)
        assert url is not None
        _wait_for(url.group())
    finally:
        os.killpg(process.pid, signal.SIGTERM)
        process.communicate(timeout=30)


def _wait_for(url: str) -> None:
    end = time.monotonic() + 90
    while time.monotonic() < end:
        try:
            with urllib.request.urlopen(f"{url}/health", timeout=5) as answer:
                assert answer.status == 200
                return
        except OSError:
            time.sleep(0.2)
    raise AssertionError(f"{url} never answered")
