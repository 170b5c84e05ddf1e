"""Environments from the lock file of a commit: made once, whole, and by what the commit says."""

from __future__ import annotations

import shutil
import sys
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
import wheels
from again import left_over

import warm
from asking import Answer, answered
from join.small_project import RESULT

if TYPE_CHECKING:
    from sandbox import Sandbox

PROJECT_TOML = """\
[build-system]
requires = ["hatchling"]
build-backend = "hatchling.build"
[project]
name = "helper"
version = "1"
[tool.hatch.build.targets.wheel]
packages = ["lib/helper"]
"""


@pytest.fixture
def locked(small: Sandbox, tmp_path: Path) -> tuple[Sandbox, dict[str, str]]:
    """The small project with a lock file and a result in its environment."""
    found = wheels.write_lock(small.root / "requirements.lock", tmp_path / "wheels")
    small.dvc("repro", "--force")
    small.commit("With a lock file")
    return small, found


def reproduce(sandbox: Sandbox, variables: dict[str, str], *args: str) -> Answer:
    """Make results again; their stages run cold, by the Python of their environment."""
    served = replace(sandbox, environment=warm.with_cold_scripts(sandbox.environment))
    return answered(served, "reproduce", *(args or ("HEAD",)), **variables)


def made(sandbox: Sandbox) -> dict[str, int]:
    """Map the environments of a project to the time they were made at."""
    folder = sandbox.root / ".wherefrom" / "environments"
    return {p.name: p.stat().st_mtime_ns for p in folder.iterdir() if p.is_dir()}


def test_the_stages_run_in_the_environment_of_the_lock_file_which_is_made_once(
    locked: tuple[Sandbox, dict[str, str]],
) -> None:
    small, variables = locked
    small.replace(
        "code/train.py", "def main", "import sys; open('who', 'w').write(sys.prefix)\ndef main"
    )
    small.replace("dvc.yaml", "outs: [model.txt]", "outs: [model.txt, who]")
    small.dvc("repro")
    small.commit("Tell who runs")

    first = reproduce(small, variables, "HEAD", "--keep")
    there = made(small)
    second = reproduce(small, variables)

    assert first.found["verdict"] == second.found["verdict"] == "equivalent"
    (key,) = there
    (who,) = [one for one in first.found["outputs"] if not one["same"]]
    prefix = small.root / ".wherefrom" / "environments" / key
    assert who["path"] == "who"
    assert Path(first.found["kept"], "who").read_text() == str(prefix)
    assert made(small) == there


def test_a_result_is_identical_in_the_environment_of_its_lock_file(
    locked: tuple[Sandbox, dict[str, str]],
) -> None:
    small, variables = locked

    answer = reproduce(small, variables)

    assert (answer.status, answer.found["verdict"]) == (0, "identical")
    assert answer.found["environment"] == "lock"
    assert answer.found["machine"] == [
        "the packages are not those that the result was made with"  # the tests' own had no `lender`
    ]


def test_two_that_want_an_environment_at_once_make_one(
    locked: tuple[Sandbox, dict[str, str]],
) -> None:
    small, variables = locked

    with ThreadPoolExecutor(2) as pool:
        answers = list(pool.map(lambda _: reproduce(small, variables), range(2)))

    assert [answer.found["verdict"] for answer in answers] == ["identical", "identical"]
    assert len(made(small)) == 1


def test_an_environment_that_was_half_made_is_made_anew(
    locked: tuple[Sandbox, dict[str, str]],
) -> None:
    small, variables = locked
    reproduce(small, variables)
    (key,) = made(small)
    folder = small.root / ".wherefrom" / "environments" / key
    (folder / ".ready").unlink()
    shutil.rmtree(folder / "lib")

    assert reproduce(small, variables).found["verdict"] == "identical"
    assert (folder / ".ready").is_file()


def test_the_projects_own_package_is_that_of_the_commit(
    locked: tuple[Sandbox, dict[str, str]],
) -> None:
    """It is built from the clone: the user's checkout has gone on."""
    small, variables = locked
    module = small.root / "lib" / "helper" / "__init__.py"
    module.parent.mkdir(parents=True)
    module.write_text("FACTOR = 2\n")
    (small.root / "pyproject.toml").write_text(PROJECT_TOML)
    small.replace("code/train.py", "import json", "from helper import FACTOR\nimport json")
    small.replace("code/train.py", "str(lr)", "str(lr * FACTOR)")
    small.dvc("repro", PYTHONPATH=str(small.root / "lib"))
    small.commit("Use the helper")
    old = small.git("rev-parse", "HEAD").strip()
    module.write_text("FACTOR = 3\n")
    small.replace("params.yaml", "lr: 0.1", "lr: 0.2")
    small.dvc("repro", PYTHONPATH=str(small.root / "lib"))
    small.commit("Another factor")

    answer = reproduce(small, variables, old, "HEAD")

    assert [one["verdict"] for one in answer.found["results"]] == ["identical"] * 2, answer
    assert len(made(small)) == 3  # one of the lock file, one a package
    assert small.git("status", "--porcelain") == ""


def test_what_a_requirements_file_names_is_read_too_and_another_text_is_another_environment(
    locked: tuple[Sandbox, dict[str, str]], tmp_path: Path
) -> None:
    small, variables = locked
    wheels.write_wheel(tmp_path / "wheels", "beside")
    small.git("rm", "--quiet", "requirements.lock")
    (small.root / "pins").mkdir()
    (small.root / "requirements.txt").write_text("-r pins/base.txt  # all\n-c limits.txt\n")
    (small.root / "limits.txt").write_text("beside<2\n")
    (small.root / "pins" / "base.txt").write_text("--requirement=more.txt\n")
    (small.root / "pins" / "more.txt").write_text("lender\n")
    small.dvc("repro", "--force")
    small.commit("With requirements in several files")
    first = reproduce(small, variables)
    (small.root / "pins" / "more.txt").write_text("lender\nbeside\n")
    small.commit("One more")

    second = reproduce(small, variables)

    assert [answer.found["verdict"] for answer in (first, second)] == ["identical"] * 2, first
    folders = [small.root / ".wherefrom" / "environments" / key for key in made(small)]
    there = sorted(len(list(f.glob("lib/python*/site-packages/beside.pth"))) for f in folders)
    assert there == [0, 1]


@pytest.mark.parametrize("name", ["nowhere.txt", "../beside.txt", "{outside}"])
def test_a_requirements_file_that_the_commit_does_not_have_is_not_read(
    small: Sandbox, tmp_path: Path, name: str
) -> None:
    outside = tmp_path / "outside.txt"
    outside.write_text("nosuch==1.0\n")
    (small.root / "requirements.txt").write_text(f"-r {name.format(outside=outside)}\n")
    small.commit("Requirements from elsewhere")

    answer = reproduce(small, wheels.offline(tmp_path))

    assert (answer.status, answer.found["verdict"]) == (1, "impossible")
    assert answer.found["missing"]["why"] == "the commit has no such file"


@pytest.mark.parametrize(
    ("lock", "what", "why"),
    [
        (None, "the commit has no lock file", "requirements.lock"),
        ("poetry.lock", "poetry.lock is no lock file that uv installs", "another tool's"),
        ("requirements.lock", "the environment of requirements.lock cannot be made", "nosuch"),
    ],
    ids=["none", "foreign", "no_such_package"],
)
def test_what_is_missing_for_an_environment_is_said(
    small: Sandbox, tmp_path: Path, lock: str | None, what: str, why: str
) -> None:
    if lock:
        (small.root / lock).write_text("nosuch==1.0\n")
        small.commit("A lock file")

    answer = reproduce(small, wheels.offline(tmp_path))

    assert (answer.status, answer.found["verdict"]) == (1, "impossible")
    assert answer.found["missing"]["what"] == what
    assert why in answer.found["missing"]["why"]
    assert left_over(small) == []


def test_a_python_that_is_not_here_is_said(locked: tuple[Sandbox, dict[str, str]]) -> None:
    small, variables = locked
    version = sys.version.split()[0]
    small.replace(RESULT, f'"python": "{version}"', '"python": "3.99.1"')
    small.commit("Of the future")

    answer = reproduce(small, variables)

    assert answer.found["verdict"] == "impossible"
    assert "3.99.1" in answer.found["missing"]["why"]


def test_what_made_the_result_beside_the_lock_file_is_installed_too(
    locked: tuple[Sandbox, dict[str, str]], tmp_path: Path
) -> None:
    small, variables = locked
    wheels.write_wheel(tmp_path / "wheels", "beside")
    small.replace(RESULT, '"unpinned": {}', '"unpinned": {"beside": "1.0"}')
    small.commit("Made with something that nothing pins")

    reproduce(small, variables)

    (key,) = made(small)
    folder = small.root / ".wherefrom" / "environments" / key
    assert len(list(folder.glob("lib/python*/site-packages/beside.pth"))) == 1


def test_a_lock_file_of_uv_itself_is_taken(small: Sandbox, tmp_path: Path) -> None:
    variables = wheels.write_lock(tmp_path / "requirements.lock", tmp_path / "wheels")
    project = '[project]\nname = "study"\nversion = "1"\ndependencies = ["lender==1.0"]\n'
    (small.root / "pyproject.toml").write_text(project)
    small.run("uv", "lock", "--quiet", **variables)
    small.dvc("repro", "--force")
    small.commit("With a lock file of uv")

    answer = reproduce(small, variables)

    assert (answer.status, answer.found["verdict"]) == (0, "identical"), answer
