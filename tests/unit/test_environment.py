"""The interpreter, its packages against the lock file, and this machine."""

from __future__ import annotations

import hashlib
from importlib import metadata
from typing import TYPE_CHECKING

import pytest

from wherefrom import environment

if TYPE_CHECKING:
    from pathlib import Path

LOCK = """\
# a comment
--index-url https://index
click==8.1.7 \\
    --hash=sha256:aa \\
    --hash=sha256:bb
Jinja2==3.1.4 ; python_version >= "3.8" \\
    --hash=sha256:cc
pywin32==306 ; sys_platform == "win32" \\
    --hash=sha256:dd
old==1.0 ; python_version < "3"
uvicorn[standard]==0.30.0
torch==2.3.0+cpu
dotted.name_x==1
loose>=1
    indented==9
direct @ https://host/x.whl
"""


def test_the_pins_that_count_here_are_read() -> None:
    assert environment.parse_pins(LOCK) == {
        "click": "8.1.7",
        "jinja2": "3.1.4",
        "uvicorn": "0.30.0",
        "torch": "2.3.0+cpu",
        "dotted-name-x": "1",
    }


def test_a_package_that_is_pinned_by_platform_has_the_pin_of_this_one() -> None:
    text = "a==1 ; sys_platform == 'win32'\na==2 ; sys_platform != 'win32'\n"

    assert environment.parse_pins(text) == {"a": "2"}
    assert environment.parse_pins(text.replace("'win32'", "'linux'")) == {"a": "1"}


def test_a_comment_after_a_marker_is_no_part_of_it() -> None:
    assert environment.parse_pins('a==1 ; python_version > "3"  # via b\n') == {"a": "1"}
    assert environment.parse_pins("a==1  # via b; c\n") == {"a": "1"}


def test_a_hash_on_the_same_line_is_no_part_of_the_marker() -> None:
    text = 'a==1 ; python_version > "3" --hash=sha256:aa --hash=sha256:bb\n'

    assert environment.parse_pins(text) == {"a": "1"}


@pytest.mark.parametrize(
    ("installed", "wrong"),
    [
        ({"a": "1.0"}, {}),
        ({"a": "1.0+cpu"}, {}),
        ({"a": "1.1"}, {"a": "1.1"}),
        ({"b": "1.0"}, {"a": None}),
        ({"a": "1.0", "other": "9"}, {}),
    ],
    ids=["as_pinned", "local_build", "other_version", "missing", "more_beside_it"],
)
def test_what_is_not_installed_as_pinned_is_named(
    installed: dict[str, str], wrong: dict[str, str | None]
) -> None:
    assert environment.mismatches({"a": "1.0"}, installed) == wrong


def test_requirements_are_given_as_the_lock_pins_them() -> None:
    lines = environment.requirement_lines(LOCK, ("Click", "dotted_name.x"), {"click": "9"})

    assert lines == ("Click==8.1.7", "dotted_name.x==1")


def test_a_requirement_that_the_lock_does_not_pin_is_given_as_it_is_installed() -> None:
    assert environment.requirement_lines(LOCK, ("Loose",), {"loose": "2"}) == ("Loose==2",)


def test_a_requirement_that_is_not_there_is_an_error_that_names_it() -> None:
    with pytest.raises(LookupError, match="neither pinned nor installed: nowhere, loose"):
        environment.requirement_lines(LOCK, ("click", "nowhere", "loose"), {})


def test_wherefrom_itself_is_no_part_of_an_environment() -> None:
    packages = environment.installed()

    assert "wherefrom" not in packages
    assert packages["click"] == metadata.version("click")
    assert list(packages) == sorted(packages)


def test_the_digest_leaves_out_wherefrom_and_what_is_not_pinned(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "requirements.lock").write_text("a==1\n")
    monkeypatch.setattr(environment, "installed", lambda: {"a": "1"})
    alone = environment.observe(tmp_path).facts
    monkeypatch.setattr(environment, "installed", lambda: {"a": "1", "pytest": "9"})
    beside = environment.observe(tmp_path).facts
    monkeypatch.setattr(environment, "installed", lambda: {"a": "2", "pytest": "9"})
    other = environment.observe(tmp_path).facts

    assert alone.digest == beside.digest != other.digest
    assert (alone.matches_lock, other.matches_lock) == (True, False)


def test_a_package_that_made_the_result_counts_also_where_it_is_not_pinned(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "requirements.lock").write_text("a==1\n")
    monkeypatch.setattr(environment, "installed", lambda: {"a": "1", "b-c": "2", "pytest": "9"})
    alone = environment.observe(tmp_path).facts
    seen = environment.observe(tmp_path, ("a", "B_C"))
    monkeypatch.setattr(environment, "installed", lambda: {"a": "1", "b-c": "3", "pytest": "9"})
    other = environment.observe(tmp_path, ("a", "B_C")).facts

    assert len({alone.digest, seen.facts.digest, other.digest}) == 3
    assert (seen.facts.matches_lock, seen.facts.unpinned) == (False, {"b-c": "2"})
    assert [gap.why for gap in seen.gaps] == ["b-c 2"]


def test_without_pins_every_package_counts(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(environment, "installed", lambda: {"a": "1"})
    one = environment.observe(tmp_path).facts
    monkeypatch.setattr(environment, "installed", lambda: {"a": "1", "b": "1"})

    assert environment.observe(tmp_path).facts.digest != one.digest


def test_a_mismatch_is_a_gap_that_names_the_packages_and_the_remedy(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    pins = [f"p{i}" for i in range(7)]
    (tmp_path / "requirements.lock").write_text("".join(f"{name}==1\n" for name in pins))
    monkeypatch.setattr(environment, "installed", lambda: {"p0": "2"})

    (gap,) = environment.observe(tmp_path).gaps

    assert gap.what == "the environment is not that of requirements.lock"
    assert gap.why == "p0 2, p1 is missing, p2 is missing, p3 is missing, p4 is missing and 2 more"
    assert "requirements.lock" in gap.remedy


def test_a_project_without_a_lock_file_has_a_gap(tmp_path: Path) -> None:
    observed = environment.observe(tmp_path)

    assert (observed.facts.lock, observed.facts.matches_lock) == (None, None)
    assert [gap.what for gap in observed.gaps] == ["no lock file"]


def test_a_lock_of_another_kind_is_named_by_its_hash_and_not_compared(tmp_path: Path) -> None:
    (tmp_path / "uv.lock").write_text("version = 1\n")

    observed = environment.observe(tmp_path)

    assert observed.facts.lock == hashlib.sha256(b"version = 1\n").hexdigest()
    assert observed.facts.matches_lock is None
    assert observed.gaps == ()


def test_the_first_lock_file_counts(tmp_path: Path) -> None:
    for name in ("requirements.txt", "uv.lock", "requirements.lock"):
        (tmp_path / name).write_text("")
        assert environment.lock_file(tmp_path) == tmp_path / name


def test_this_machine_is_described() -> None:
    assert environment.cpu_model()
    assert environment.boot_id() == environment.boot_id() != ""
