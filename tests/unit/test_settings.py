"""What `wherefrom` reads from `params.yaml`, and what it refuses."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from wherefrom import settings
from wherefrom.errors import ParamsFileError, SettingError
from wherefrom.settings import Settings

if TYPE_CHECKING:
    from pathlib import Path


def written(root: Path, text: str) -> Path:
    (root / "params.yaml").write_text(text)
    return root


def test_a_project_without_parameters_has_the_defaults(tmp_path: Path) -> None:
    assert settings.read(tmp_path, "the project") == Settings(mlflow_experiment="the project")


@pytest.mark.parametrize("text", ["", "# c\n", "tracking:\nexperiment:\ndata:\n", "data: [1]\n"])
def test_empty_sections_are_the_defaults(tmp_path: Path, text: str) -> None:
    assert settings.read(written(tmp_path, text), "the project") == Settings("the project")


def test_every_setting_is_read(tmp_path: Path) -> None:
    text = "experiment: {name: no}\ntracking: {uri: x, required: true}\ndata: {path: a.csv}\n"

    assert settings.read(written(tmp_path, text), "the project") == Settings(
        "no", "x", True, "a.csv"
    )


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("tracking: {required: no}", "tracking.required is 'no'; allowed is true or false"),
        ("tracking: {uri: 5}", "tracking.uri is 5; allowed is a text"),
        ("experiment: {name: [a]}", "experiment.name is ['a']; allowed is a text"),
        ("tracking: x", "tracking is 'x'; allowed is a mapping"),
        ("- a", "it is no mapping of sections"),
        ("a: [", "params.yaml cannot be read: "),
        ("a: 1\na: 2", "stands twice"),
        ("a: _\nb: -_", "params.yaml cannot be read: "),
    ],
)
def test_a_wrong_setting_is_one_message(tmp_path: Path, text: str, message: str) -> None:
    with pytest.raises((SettingError, ParamsFileError)) as caught:
        settings.read(written(tmp_path, text), "the project")

    assert message in str(caught.value)
    assert str(caught.value).startswith("params.yaml")
    assert caught.value.exit_code == 2


def test_a_file_that_is_no_utf8_is_one_message(tmp_path: Path) -> None:
    (tmp_path / "params.yaml").write_bytes(b"a: \xff\n")

    with pytest.raises(ParamsFileError):
        settings.read(tmp_path, "the project")
