"""DVC's cache, wherever its settings put it: the object that DVC itself keeps there."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path

import pytest
from dvc import dirs  # noqa: TID251 - what it says is what counts

from wherefrom.sources import dvc_cache

MD5 = "0123456789abcdef0123456789abcdef"


@pytest.fixture
def root(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, warm_environment: dict[str, str]) -> Path:
    monkeypatch.setenv("PATH", warm_environment["PATH"])  # where `dvc` is warm
    for variable in ("DVC_GLOBAL_CONFIG_DIR", "DVC_SYSTEM_CONFIG_DIR"):
        monkeypatch.setenv(variable, str(tmp_path / "no settings"))
    (tmp_path / "project" / ".dvc").mkdir(parents=True)
    return tmp_path / "project"


def keep(cache: Path, value: str, content: bytes, *, layout: str = "files/md5") -> Path:
    path = cache / layout / value[:2] / value[2:]
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content)
    return path


def configure(root: Path, text: str, name: str = "config") -> None:
    (root / ".dvc" / name).write_text(text, encoding="utf-8")


@pytest.mark.parametrize("layout", ["files/md5", "."], ids=["of_dvc_3", "of_dvc_2"])
@pytest.mark.parametrize("value", [MD5, f"{MD5}.dir"], ids=["file", "folder"])
def test_an_object_is_found_in_either_layout(root: Path, layout: str, value: str) -> None:
    path = keep(root / ".dvc" / "cache", value, b"\x00bytes", layout=layout)

    assert dvc_cache.read(root, value) == b"\x00bytes"
    assert dvc_cache.find(root, value) == path


def test_an_object_in_both_layouts_is_that_of_dvc_3(root: Path) -> None:
    keep(root / ".dvc" / "cache", MD5, b"old", layout=".")
    keep(root / ".dvc" / "cache", MD5, b"new")

    assert dvc_cache.read(root, MD5) == b"new"


@pytest.mark.parametrize("value", [None, "", MD5, "0", "files", "fi/les"])
def test_what_the_cache_does_not_hold_is_none(root: Path, value: str | None) -> None:
    keep(root / ".dvc" / "cache", "f" * 32, b"another")

    assert dvc_cache.read(root, value) is None
    assert dvc_cache.find(root, value) is None


def test_without_settings_the_cache_is_dvcs_own_folder(root: Path) -> None:
    assert dvc_cache.folder_of(root) == root / ".dvc" / "cache"
    configure(root, "[core]\n    remote = here\n['remote \"here\"']\n    url = /x%y\n")
    assert dvc_cache.folder_of(root) == root / ".dvc" / "cache"


@pytest.mark.parametrize("absolute", [True, False], ids=["absolute", "relative"])
@pytest.mark.parametrize("file", ["config", "config.local"])
def test_the_settings_say_where_the_cache_is(root: Path, file: str, *, absolute: bool) -> None:
    elsewhere = root.parent / "shared cache é%s"
    configure(
        root, f"[cache]\n    dir = {elsewhere if absolute else f'../../{elsewhere.name}'}\n", file
    )
    keep(elsewhere, MD5, b"there")
    keep(root / ".dvc" / "cache", MD5, b"not here")

    assert dvc_cache.folder_of(root) == elsewhere
    assert dvc_cache.read(root, MD5) == b"there"


def test_the_settings_of_this_clone_come_before_the_projects(root: Path) -> None:
    configure(root, "[cache]\n    dir = /projects\n")
    configure(root, "[cache]\n    dir = /of-this-clone\n", "config.local")

    assert str(dvc_cache.folder_of(root)) == "/of-this-clone"


@pytest.mark.parametrize(
    "text", ["", "no settings", "[cache\n", "[cache]\n    dir =\n", "[cache]\n"]
)
def test_settings_that_say_nothing_leave_the_cache_where_it_is(root: Path, text: str) -> None:
    configure(root, text)

    assert dvc_cache.folder_of(root) == root / ".dvc" / "cache"


@pytest.mark.parametrize("variable", ["DVC_GLOBAL_CONFIG_DIR", "DVC_SYSTEM_CONFIG_DIR"])
@pytest.mark.parametrize("given", ["{folder}/cache", "../cache", "~/cache"])
def test_the_settings_of_a_user_and_of_a_machine_count_where_the_projects_say_nothing(
    root: Path, monkeypatch: pytest.MonkeyPatch, variable: str, given: str
) -> None:
    settings = root.parent / "settings"
    settings.mkdir()
    monkeypatch.setenv("HOME", str(root.parent))
    monkeypatch.setenv("DVC_GLOBAL_CONFIG_DIR", str(root.parent / "none"))
    monkeypatch.setenv(variable, str(settings))
    said = given.format(folder=root.parent)
    (settings / "config").write_text(f"[cache]\n    dir = {said}\n", encoding="utf-8")

    assert dvc_cache.folder_of(root) == root.parent / "cache"
    (root / ".dvc").rmdir()
    subprocess.run(["dvc", "init", "--quiet", "--no-scm"], cwd=root, check=True)
    done = subprocess.run(
        ["dvc", "cache", "dir"], cwd=root, check=True, capture_output=True, text=True
    )
    assert str(dvc_cache.folder_of(root)) == done.stdout.strip()
    configure(root, "[cache]\n    dir = /projects\n")
    assert str(dvc_cache.folder_of(root)) == "/projects"


def test_the_settings_of_a_user_are_where_dvc_looks_for_them(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.delenv("DVC_GLOBAL_CONFIG_DIR", raising=False)
    monkeypatch.delenv("DVC_SYSTEM_CONFIG_DIR", raising=False)

    folders = [Path(dirs.global_config_dir()), Path(dirs.system_config_dir())]

    assert dvc_cache._shared_settings() == [folder / "config" for folder in folders]


@pytest.mark.parametrize("place", [None, "../elsewhere"])
def test_the_cache_is_where_dvc_says_that_it_is(root: Path, place: str | None) -> None:
    def dvc(*args: str) -> str:
        done = subprocess.run(["dvc", *args], cwd=root, check=True, capture_output=True, text=True)
        return done.stdout.strip()

    (root / ".dvc").rmdir()
    dvc("init", "--quiet", "--no-scm")
    if place:
        dvc("cache", "dir", place)
    (root / "a.txt").write_text("a")
    dvc("add", "--quiet", "a.txt")

    assert str(dvc_cache.folder_of(root)) == dvc("cache", "dir")
    assert dvc_cache.read(root, "0cc175b9c0f1b6a831c399e269772661") == b"a"


def test_a_folder_is_there_with_all_of_its_files(root: Path) -> None:
    listing = b'[{"md5": "12ab", "relpath": "a"}, {"md5": "34cd", "relpath": "b"}]'
    cache = root / ".dvc" / "cache"
    keep(cache, "56ef.dir", listing)
    keep(cache, "12ab", b"a")
    assert not dvc_cache.has_all(root, "56ef.dir")

    keep(cache, "34cd", b"b")
    assert dvc_cache.has_all(root, "56ef.dir")
    assert dvc_cache.has_all(root, "34cd")
    assert not any(dvc_cache.has_all(root, value) for value in ("78", "78.dir", None))


@pytest.mark.parametrize("name", ["../out.txt", "in/../../out.txt", "{root}/out.txt"])
def test_a_folder_whose_listing_leads_out_is_not_copied(root: Path, name: str) -> None:
    cache, target = root / ".dvc" / "cache", root / "copy"
    keep(cache, MD5, b"x")
    names = ["in.txt", name.format(root=root)]
    entries = [{"md5": MD5, "relpath": name} for name in names]
    keep(cache, f"{MD5}.dir", json.dumps(entries).encode())

    assert not dvc_cache.copy(root, f"{MD5}.dir", target)
    assert dvc_cache.listing(root, f"{MD5}.dir") is None
    assert not target.exists()
    assert not (root / "out.txt").exists()


@pytest.mark.parametrize("text", ["", "nonsense", "{}x", '[{"md5": "a"}]', "[1]", "3"])
def test_a_listing_that_is_damaged_is_none(root: Path, text: str) -> None:
    keep(root / ".dvc" / "cache", f"{MD5}.dir", text.encode())

    assert dvc_cache.listing(root, f"{MD5}.dir") is None
    assert not dvc_cache.copy(root, f"{MD5}.dir", root / "copy")
    assert not dvc_cache.has_all(root, f"{MD5}.dir")
