"""Which code of this tool a stage of a sweep would import."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from wherefrom.sweeping.tool import Tool

HERE = Path(__file__).parents[2] / "src"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    shutil.copytree(HERE / "wherefrom", tmp_path / "wherefrom")
    return tmp_path


def test_a_copy_to_the_byte_is_no_other_tool(folder: Path) -> None:
    assert not Tool().is_other(folder)


def test_a_folder_without_the_tool_has_no_other(tmp_path: Path) -> None:
    assert not Tool().is_other(tmp_path)


def test_a_change_is_seen_at_once(folder: Path) -> None:
    tool = Tool()
    assert not tool.is_other(folder)

    with (folder / "wherefrom" / "stage.py").open("a") as file:
        file.write("# changed\n")

    assert tool.is_other(folder)


@pytest.mark.parametrize("path", ["wherefrom/more.py", "wherefrom.py"])
def test_a_module_more_is_another_tool(folder: Path, path: str) -> None:
    (folder / path).touch()

    assert Tool().is_other(folder)


def test_a_module_less_is_another_tool(folder: Path) -> None:
    (folder / "wherefrom" / "stage.py").unlink()

    assert Tool().is_other(folder)
