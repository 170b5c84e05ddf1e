"""What DVC is told in a sweep by what is known is what it would find out itself."""

from __future__ import annotations

import os
import shutil
import subprocess
from typing import TYPE_CHECKING, Any

import diskcache
import pytest
from dvc.dependency import Dependency  # noqa: TID251 - the reference
from dvc.repo import Repo, reproduce  # noqa: TID251
from scmrepo.git import Git

from wherefrom.sources.dvc_once import Once, quick_state

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

# DVC's own, of the graph of stages
pytestmark = pytest.mark.filterwarnings("ignore:_NoneStep.value:DeprecationWarning")

STAGES = "stages:\n  one:\n    cmd: cp in.txt out.txt\n    deps: [in.txt]\n    outs: [out.txt]\n"


def git(root: Path, *args: str) -> str:
    done = subprocess.run(["git", *args], cwd=root, capture_output=True, text=True, check=True)
    return done.stdout


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """A DVC project with some files in git."""
    folder = tmp_path / "project"
    (folder / "dir/below").mkdir(parents=True)
    for name in ("in.txt", "gone.txt", "same.txt", "dir/a.txt", "dir/below/b.txt", "a"):
        (folder / name).write_text(f"{name}\n")
    git(folder, "init", "--quiet")
    Repo.init(str(folder)).close()
    (folder / "dvc.yaml").write_text(STAGES)
    (folder / ".gitignore").write_text("ignored*\n/out.txt\n")
    git(folder, "add", ".")
    git(folder, "commit", "--quiet", "-m", "first")
    return folder


def change(root: Path) -> None:
    (root / "in.txt").write_text("other\n")
    (root / "gone.txt").unlink()
    (root / "b \udcff").write_text("of no encoding\n")
    (root / "dir/new.txt").write_text("new\n")
    (root / "dir/ignored.txt").write_text("ignored\n")
    (root / "ignored.txt").write_text("ignored\n")
    (root / "run.sh").write_text("#!/bin/sh\n")
    (root / "run.sh").chmod(0o755)
    (root / "link").symlink_to("in.txt")
    (root / "linked").symlink_to("dir", target_is_directory=True)


def add_all(root: Path, once: Once | None) -> str:
    paths = ["in.txt", "gone.txt", "never.txt", "dir", "ignored.txt", "run.sh", "link", "b \udcff"]
    scm = Git(str(root))
    with once.applied() if once else pytest.MonkeyPatch.context():
        for given in (paths, ["linked/a.txt"]):
            scm.add([str(root / path) for path in given])
        scm.add([str(root / "ignored.txt")], force=True)
        scm.add([], update=True)
        scm.close()
    return git(root, "write-tree")


def test_git_has_the_files_that_dvc_would_add(root: Path, tmp_path: Path) -> None:
    change(root)
    shutil.copytree(root, tmp_path / "other", symlinks=True)

    assert add_all(root, Once()) == add_all(tmp_path / "other", None)


def test_git_and_not_a_library_adds_files_where_no_link_leads_to_them(
    root: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    change(root)
    monkeypatch.setattr("dulwich.worktree.WorkTree.stage", None)

    scm = Git(str(root))
    with Once().applied():
        scm.add([str(root / "in.txt"), str(root / "dir")])
        scm.add([], update=True)

    assert "in.txt" in git(root, "diff", "--cached", "--name-only")


def test_what_git_tracks_is_asked_again_when_it_has_changed(root: Path) -> None:
    scm, once = Git(str(root)), Once()

    def tracked() -> list[bool]:
        paths = ("in.txt", "dir", "dir/below", "di", "out.txt", "new")
        by_dvc = [scm.is_tracked(str(root / path)) for path in paths]
        with once.applied():
            assert [scm.is_tracked(str(root / path)) for path in paths] == by_dvc
        return by_dvc

    assert tracked() == [True, True, True, False, False, False]
    (root / "new").write_text("new")
    git(root, "add", "new")
    git(root, "rm", "-r", "--quiet", "dir")
    assert tracked() == [True, False, False, False, False, True]


def hashed(root: Path) -> Any:
    with Repo(str(root)) as repo:
        (dep,) = (dep for dep in repo.index.deps if type(dep) is Dependency)
        dep.save()
        return dep.hash_info, dep.meta, dep.changed_checksum()


def test_a_file_is_hashed_again_when_it_has_changed(root: Path) -> None:
    once, file = Once(), root / "in.txt"
    with once.applied():
        known = hashed(root)
        assert known == hashed(root)
    assert known == hashed(root)

    file.write_text("IN.TXT\n")  # of the same size
    os.utime(file, ns=(1, 1))
    with once.applied():
        new = hashed(root)
    assert new == hashed(root)
    assert new[0] != known[0]


def test_a_file_that_has_not_changed_is_not_looked_up(
    root: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    once = Once()
    with once.applied():
        known = hashed(root)
    monkeypatch.setattr("dvc.output.build", None)
    with once.applied():
        assert hashed(root) == known


def kept(root: Path, change: Callable[[], object]) -> bool:
    """Tell whether DVC has the same stages after a change; they are right in any case."""
    with Once().applied(), Repo(str(root)) as repo:
        repo._reset()
        before = repo.index
        before.check_graph()
        change()
        repo._reset()
        found = {id(stage) for stage in repo.index.stages} == {id(stage) for stage in before.stages}
        facts = [stage.dumpd() for stage in repo.index.stages]
        edges = [[str(stage) for stage in edge] for edge in repo.index.graph.edges]
        metrics = dict(repo.index._metrics)
    with Repo(str(root)) as repo:
        assert facts == [stage.dumpd() for stage in repo.index.stages]
        assert edges == [[str(stage) for stage in edge] for edge in repo.index.graph.edges]
        assert metrics == repo.index._metrics
    return found


def test_stages_are_kept_while_nothing_says_that_they_are_others(root: Path) -> None:
    assert kept(root, lambda: (root / "in.txt").write_text("other"))


@pytest.mark.parametrize(
    ("file", "text"),
    [
        ("dvc.yaml", f"{STAGES}metrics: [in.txt]\n"),
        ("dvc.yaml", STAGES.replace("in.txt", "same.txt")),
        ("dir/dvc.yaml", "metrics: [a.txt]\n"),
        ("dir/a.txt.dvc", "outs:\n- path: x.txt\n  md5: 59bcc3ad6775562f845953cf01624225\n"),
        (".dvcignore", "other\n"),
        (".gitignore", "/out.txt\n"),
        ("params.yaml", "a: 1\n"),
    ],
    ids=["metrics", "deps", "new-dvc.yaml", "new-dvc", "dvcignore", "gitignore", "params"],
)
def test_stages_are_read_again_when_a_file_that_says_what_they_are_changes(
    root: Path, file: str, text: str
) -> None:
    assert not kept(root, lambda: (root / file).write_text(text))


def test_stages_that_take_values_from_other_files_are_read_again(root: Path) -> None:
    (root / "values.yaml").write_text("file: in.txt\n")
    templated = STAGES.replace("deps: [in.txt]", "deps: ['${file}']")
    (root / "dvc.yaml").write_text(f"vars: [values.yaml]\n{templated}")

    assert not kept(root, lambda: (root / "values.yaml").write_text("file: same.txt\n"))


def test_the_stages_of_a_commit_are_not_those_of_the_workspace(root: Path) -> None:
    (root / "dvc.yaml").write_text(STAGES.replace("in.txt", "same.txt"))
    with Once().applied(), Repo(str(root)) as repo:
        repo._reset()
        found = [str(dep) for _ in repo.brancher(revs=["HEAD"]) for dep in repo.index.deps]

    assert found == ["same.txt", "in.txt"]


def test_stages_are_looked_for_in_the_project_and_not_on_the_whole_disk(
    root: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    walked, walk = [], os.walk

    def watched(top: str, **options: Any) -> Any:
        walked.append(top)
        return walk(top, **options) if top != os.sep else iter(())

    monkeypatch.setattr(os, "walk", watched)
    with Once().applied(), Repo(str(root)) as repo:
        repo._reset()
        for _ in repo.brancher(revs=["HEAD"]):
            pass

    assert str(root) in walked
    assert os.sep not in walked


def asked(root: Path) -> Any:
    with Repo(str(root)) as repo:
        (dep,) = repo.index.params
        return dep.read_params(), dep.read_params(flatten=False), dep.get_hash().value


def test_parameters_are_read_again_when_their_file_has_changed(
    root: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    stages = STAGES.replace("    outs:", "    params: [a, b.c]\n    outs:")
    (root / "dvc.yaml").write_text(stages)
    (root / "params.yaml").write_text("a: [1]\nb: {c: 2, d: 3}\n")
    once = Once()
    with once.applied():
        known = asked(root)
        asked(root)[0]["a"].append(2)  # who asks may do with it as they like
        with monkeypatch.context() as patch:
            patch.setattr("dvc.dependency.param.load_path", None)
            assert asked(root) == known
    assert asked(root) == known

    (root / "params.yaml").write_text("a: [2]\nb: {c: 2, d: 3}\n")
    with once.applied():
        new = asked(root)
    assert new == asked(root)
    assert new[0] == {"a": [2], "b.c": 2}


def test_a_reproduction_starts_from_the_stages_of_the_file(
    root: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (root / "dir/dvc.yaml").write_text(STAGES.replace("one:", "other:"))
    (root / "same.txt.dvc").write_text("outs:\n- path: data\n")
    found = {}
    for folder in (root, root / "dir"):
        monkeypatch.chdir(folder)
        with Repo(str(root)) as repo:
            by_dvc = reproduce.collect_stages(repo, ["dvc.yaml"])
            with Once().applied():
                by_index = reproduce.collect_stages(repo, ["dvc.yaml"])
                assert by_index == by_dvc
                assert all(any(one is own for own in repo.index.stages) for one in by_index)
        found[folder.name] = [stage.addressing for stage in by_dvc]
    assert found == {"project": ["one"], "dir": ["other"]}


def test_only_databases_of_files_that_are_made_meanwhile_do_not_wait_for_the_disk(
    tmp_path: Path,
) -> None:
    with diskcache.Cache(str(tmp_path / "there")):
        pass

    with quick_state():
        found = {}
        for name in ("there", "made"):
            with diskcache.Cache(str(tmp_path / name)) as cache:
                found[name] = cache.sqlite_synchronous

    assert found == {"there": 1, "made": 0}
    with diskcache.Cache(str(tmp_path / "made")) as cache:
        assert cache.sqlite_synchronous == 0
    assert diskcache.DEFAULT_SETTINGS["sqlite_synchronous"] == 1
