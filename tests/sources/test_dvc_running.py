"""What a running stage knows of itself is what `dvc.lock` says of it afterwards."""

from __future__ import annotations

import json
import shutil
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest
from dvc_projects import ProbedProject, build
from filelock import FileLock

from wherefrom import lockfile
from wherefrom.sources import dvc_running, dvc_stage

if TYPE_CHECKING:
    from pathlib import Path

STAGES = (
    "no_params",
    "no_deps",
    "listed",
    "shell",
    "templated",
    "in_wdir",
    "each@a",
    "each@b",
    "alike@a",
    "alike@b",
    "grid@1-no",
    "grid@2.5-no",
    "folder",
    "of_folder",
    "from_yaml",
    "from_json",
    "from_toml",
    "from_python",
    "whole_files",
    "named",
    "odd_names",
    "first",
    "train",
    "evaluate",
    "sub/dvc.yaml:named",
    "sub/dvc.yaml:up",
    "other/dvc.yaml:named",
)
NAMED = ("named", "sub/dvc.yaml:named", "other/dvc.yaml:named")


@pytest.fixture(scope="session")
def built(
    shared_folder: Path, warm_environment: dict[str, str], plugin_environment: dict[str, str]
) -> ProbedProject:
    """The project with all its stages run: built once by all workers together."""
    root = shared_folder / "probed" / "project"
    with FileLock(shared_folder / "probed.lock"):
        if not (root.parent / "done").exists():
            shutil.rmtree(root.parent, ignore_errors=True)
            root.parent.mkdir()
            build(root, warm_environment, plugin_environment)
            (root.parent / "done").touch()
    return ProbedProject(root, root.parent / "project-probed", warm_environment, root)


@pytest.fixture
def project(built: ProbedProject, tmp_path: Path) -> ProbedProject:
    """A copy of it, in which no stage has written down anything yet."""
    root = tmp_path / "project"
    shutil.copytree(built.root, root, symlinks=True)
    return replace(built, root=root, probed=tmp_path / "probed", git_root=root)


@pytest.fixture
def cold(project: ProbedProject, plugin_environment: dict[str, str]) -> ProbedProject:
    """The same, where a stage is a process below DVC: that tells stages of one name apart."""
    return replace(project, environment=plugin_environment)


def fingerprints(project: ProbedProject) -> dict[str, str]:
    return {address: known["fingerprint"] for address, known in project.known().items()}


def locked(project: ProbedProject) -> dict[str, str]:
    return {name: lockfile.fingerprint(facts) for name, facts in project.locked().items()}


# -- the central test: inside and outside say the same


def test_every_stage_of_the_project_was_probed(built: ProbedProject) -> None:
    assert set(built.known()) == set(built.locked()) == set(STAGES)


@pytest.mark.parametrize("stage", STAGES)
def test_the_fingerprint_of_a_running_stage_is_that_of_its_lock(
    built: ProbedProject, stage: str
) -> None:
    assert fingerprints(built)[stage] == locked(built)[stage]


def test_no_two_stages_have_one_fingerprint(built: ProbedProject) -> None:
    assert len(set(locked(built).values())) == len(STAGES)


def test_a_lock_that_dvc_writes_again_keeps_its_fingerprints(project: ProbedProject) -> None:
    before = locked(project)

    project.run("dvc", "commit", "--force", "from_yaml", "from_toml", "from_python", "whole_files")
    project.run("dvc", "repro", "--force", "--single-item", "no_deps")

    assert locked(project) == before


@pytest.mark.parametrize("folder", [pytest.param("sub", marks=pytest.mark.thorough), "sub/third"])
def test_a_stage_is_found_from_whatever_directory_dvc_was_called_in(
    cold: ProbedProject, folder: str
) -> None:
    up = "../" * (folder.count("/") + 1)
    targets = [f"{up}{a}" if ":" in a else f"{up}dvc.yaml:{a}" for a in (*NAMED, "sub/dvc.yaml:up")]

    cold.run("dvc", "repro", "--force", "--single-item", *targets, folder=folder)

    expected = {address: locked(cold)[address] for address in (*NAMED, "sub/dvc.yaml:up")}
    assert fingerprints(cold) == expected


def test_stages_of_one_name_differ_in_what_dvc_calls_them(cold: ProbedProject) -> None:
    cold.run("dvc", "repro", "-fs", "../dvc.yaml:named", "dvc.yaml:named", folder="sub")

    said = {address: known["said"] for address, known in cold.known().items()}
    assert said == {"named": "../dvc.yaml:named", "sub/dvc.yaml:named": "named"}


def test_a_shell_between_dvc_and_the_stage_does_not_lead_to_a_stage_of_the_same_name(
    cold: ProbedProject,
) -> None:
    text = (cold.root / "dvc.yaml").read_text()
    cold.write("dvc.yaml", text.replace("root_named.txt\n", "root_named.txt; true\n", 1))

    cold.run("dvc", "repro", "--single-item", "named")

    assert fingerprints(cold) == {"named": locked(cold)["named"]}


def test_an_experiment_outside_of_the_workspace_is_found_too(project: ProbedProject) -> None:
    project.run("dvc", "exp", "run", "--temp", "--force", "--single-item", "-n", "exp-1", "in_wdir")

    (ref,) = project.run(
        "git", "for-each-ref", "--format=%(refname)", "refs/exps/*/*/exp-1"
    ).split()
    facts = lockfile.parse_lock(project.run("git", "show", f"{ref}:dvc.lock"))["in_wdir"]
    assert fingerprints(project) == {"in_wdir": lockfile.fingerprint(facts)}


def test_a_dvc_project_in_a_subdirectory_of_git_has_paths_from_its_own_root(
    cold: ProbedProject, tmp_path: Path
) -> None:
    inner = tmp_path / "outer" / "inner"
    shutil.copytree(cold.root, inner, symlinks=True)
    shutil.rmtree(inner / ".git")
    shutil.rmtree(inner / ".dvc" / "tmp", ignore_errors=True)
    nested = replace(cold, root=inner, git_root=inner.parent)
    nested.run("git", "init", "--quiet", str(inner.parent))

    nested.run("dvc", "repro", "--force", "--single-item", "in_wdir", "sub/dvc.yaml:named")

    known = nested.known()
    assert set(known) == {"in_wdir", "sub/dvc.yaml:named"}
    assert fingerprints(nested) == {name: locked(nested)[name] for name in known}
    assert set(known["in_wdir"]["deps"]) == {"data/raw.csv", "work/own.txt"}


def test_a_stage_knows_its_changed_inputs_and_not_those_of_the_lock_before(
    project: ProbedProject,
) -> None:
    before = locked(project)["in_wdir"]
    project.write("work/own.txt", "changed\n")
    project.write("work/params.yaml", "lr: 3\n")

    project.run("dvc", "repro", "in_wdir")

    assert fingerprints(project)["in_wdir"] == locked(project)["in_wdir"] != before


def test_an_input_that_changes_while_the_stage_runs_shows_as_another_fingerprint(
    project: ProbedProject,
) -> None:
    cmd = 'python "$PROBE" out/no_params.txt'
    text = (project.root / "dvc.yaml").read_text()
    project.write("dvc.yaml", text.replace(cmd, f"{cmd} && echo 3,4 >> data/plain.txt", 1))
    project.write(
        "dvc.yaml",
        (project.root / "dvc.yaml")
        .read_text()
        .replace(
            "    deps: [data/raw.csv]\n    outs: [out/no_params.txt]",
            "    deps: [data/plain.txt]\n    outs: [out/no_params.txt]",
        ),
    )

    project.run("dvc", "repro", "--single-item", "no_params")

    assert fingerprints(project)["no_params"] != locked(project)["no_params"]


def test_the_facts_of_the_end_are_those_of_the_start_where_nothing_changed(
    project: ProbedProject,
) -> None:
    project.run("dvc", "repro", "--force", "--single-item", "in_wdir", "from_python", AGAIN="1")

    known = project.known()
    assert set(known) == {"in_wdir", "from_python"}
    assert [item["again"] for item in known.values()] == [
        item["fingerprint"] for item in known.values()
    ]


# -- what else a running stage knows


def hash_of(project: ProbedProject, path: str) -> str:
    (tracked,) = lockfile.parse_dvc_file((project.root / path).read_text(), path)
    return str(tracked.hash)


def raw_paths(known: dict[str, Any]) -> set[str]:
    return {raw["path"] for raw in known["raw"]}


@pytest.mark.parametrize(
    ("stage", "paths"),
    [
        ("no_deps", set()),
        ("shell", set()),
        ("no_params", {"data/raw.csv"}),
        ("in_wdir", {"data/raw.csv"}),
        ("sub/dvc.yaml:up", {"data/raw.csv"}),
        ("folder", {"data/folder"}),
        ("of_folder", {"data/folder"}),
        ("train", {"data/raw.csv"}),
        ("evaluate", {"data/raw.csv", "data/folder"}),
    ],
)
def test_raw_inputs_are_those_of_all_ancestors(
    built: ProbedProject, stage: str, paths: set[str]
) -> None:
    assert raw_paths(built.known()[stage]) == paths


def test_a_raw_input_has_dvcs_hash_and_its_dvc_file(built: ProbedProject) -> None:
    assert built.known()["train"]["raw"] == [
        {
            "path": "data/raw.csv",
            "hash": hash_of(built, "data/raw.csv.dvc"),
            "dvc_file": "data/raw.csv.dvc",
            "remote": None,
        }
    ]


def test_a_folder_is_a_dependency_with_its_folder_hash(built: ProbedProject) -> None:
    known = built.known()["folder"]

    assert known["deps"] == {"data/folder": hash_of(built, "data/folder.dvc")}
    assert known["deps"]["data/folder"].endswith(".dir")


def test_a_stage_depends_on_no_parameters_among_its_files(built: ProbedProject) -> None:
    assert built.known()["from_yaml"]["deps"] == {}


@pytest.mark.parametrize(
    ("stage", "params"),
    [
        ("first", {"lr": 1e-07}),
        ("train", {"answer": "no", "half": 0.5, "lr": 1e-07}),
        ("evaluate", {"answer": "no", "half": 0.5, "lr": 1e-07}),
        ("in_wdir", {"answer": "no", "work/params.yaml:lr": 1e-08}),
        ("sub/dvc.yaml:named", {"sub/params.yaml:half": 0.25}),
        ("named", {"half": 0.5}),
        ("other/dvc.yaml:named", {"config/p.json:lr": 1e-07}),
        ("no_params", {}),
    ],
)
def test_parameters_are_those_of_the_ancestors_and_of_what_rests_on_the_record(
    built: ProbedProject, stage: str, params: dict[str, Any]
) -> None:
    assert built.known()[stage]["params"] == params


def test_parameters_are_the_current_ones_before_any_lock_holds_them(project: ProbedProject) -> None:
    text = (project.root / "params.yaml").read_text()
    project.write("params.yaml", text.replace("answer: no", "answer: maybe"))

    project.run("dvc", "repro", "--force", "--single-item", "train")

    assert project.known()["train"]["params"]["answer"] == "maybe"
    assert project.locked()["evaluate"].params["params.yaml"]["answer"] == "no"


def test_metric_files_of_the_stages_before_are_known(built: ProbedProject) -> None:
    known = built.known()

    assert known["first"]["metrics_before"] == []
    assert known["train"]["metrics_before"] == ["out/first_metrics.json"]
    assert set(known["evaluate"]["metrics_before"]) >= {"out/first_metrics.json"}


def test_outputs_say_whether_dvc_caches_them_and_whether_they_are_metrics(
    built: ProbedProject,
) -> None:
    assert built.known()["first"]["outs"] == [
        {"path": "out/first.json", "cached": True, "metric": False},
        {"path": "out/first_metrics.json", "cached": False, "metric": True},
    ]
    assert built.known()["in_wdir"]["outs"][0]["path"] == "work/made.txt"


def test_the_outputs_and_inputs_of_every_stage_are_known(built: ProbedProject) -> None:
    known = built.known()["no_deps"]

    assert {"work/made.txt", "out/folder", "sub/sub_named.txt", "data/raw.csv"} <= set(
        known["outputs_of_all"]
    )
    assert {"work/own.txt", "sub/own.txt", "data/a b (1).txt", "config/p.toml"} <= set(
        known["inputs_of_all"]
    )


def test_an_input_that_is_not_what_the_stage_before_left_is_a_gap(project: ProbedProject) -> None:
    (project.root / "out/first.json").unlink()
    project.write("out/first.json", "edited by hand")

    project.run("dvc", "repro", "--single-item", "train")

    (gap,) = project.known()["train"]["gaps"]
    assert gap["what"] == "out/first.json is not what first left"
    assert "dvc repro" in gap["remedy"]


def test_a_file_in_a_folder_that_is_not_what_the_stage_before_left_is_a_gap(
    project: ProbedProject,
) -> None:
    (project.root / "out/folder/a.txt").unlink()
    project.write("out/folder/a.txt", "edited by hand")

    project.run("dvc", "repro", "--single-item", "of_folder")

    assert [gap["what"] for gap in project.known()["of_folder"]["gaps"]] == [
        "out/folder is not what folder left"
    ]


def test_inputs_as_the_stages_before_left_them_are_no_gap(built: ProbedProject) -> None:
    assert [known["gaps"] for known in built.known().values()] == [[]] * len(STAGES)


def test_another_record_of_the_training_is_no_gap(project: ProbedProject) -> None:
    project.write("out/train.wherefrom.json", json.dumps({"value": 2}))

    project.run("dvc", "repro", "--force", "--single-item", "evaluate")

    known = project.known()["evaluate"]
    assert known["gaps"] == []
    assert known["fingerprint"] == locked(project)["evaluate"]


# -- a stage that is not there


def test_a_stage_that_no_dvc_yaml_has_is_named(built: ProbedProject) -> None:
    place = dvc_stage.place(built.root, built.root, {"DVC_STAGE": "nowhere"})
    with pytest.raises(LookupError, match="DVC_STAGE=nowhere names 0 stages"):
        dvc_running.running_stage(place)


def test_two_stages_of_one_name_and_directory_are_never_guessed_between(
    built: ProbedProject,
) -> None:
    environ = {"DVC_STAGE": "gone/dvc.yaml:named"}
    place = dvc_stage.place(built.root, built.root / "sub", environ)
    with pytest.raises(LookupError, match="names 2 stages"):
        dvc_running.running_stage(place)
