"""What `wherefrom` reads from `params.yaml`, and what it refuses."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from wherefrom import naming, settings, stage, tags
from wherefrom.errors.project import ParamsFileError, ReservedTagError, SettingError
from wherefrom.settings import Settings


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


@pytest.mark.parametrize(
    ("text", "expected", "doubtful"),
    [
        ("experiment: baseline\ntracking: {uri: x}", Settings("p", uri="x"), False),
        ("experiment: {name: [a]}\ndata: {path: a}", Settings("p", data_path="a"), False),
        ("tracking: true\nexperiment: {name: e}", Settings("e"), True),
        ("tracking: {uri: 5}", Settings("p"), True),
        ("- a", Settings("p"), True),
        ("<<<<<<< HEAD\na: 1\n=======\na: 2\n>>>>>>> b\n", Settings("p"), True),
    ],
)
def test_what_somebody_else_means_by_a_name_is_passed_over(
    tmp_path: Path, text: str, expected: Settings, *, doubtful: bool
) -> None:
    found, gaps = settings.understood(written(tmp_path, text), "p")

    assert found == expected
    assert [gap.why.startswith("params.yaml") for gap in gaps] == [True] * doubtful


def test_the_store_is_the_environments_else_the_settings_else_the_projects_own() -> None:
    root, chosen = Path("/p"), Settings("p", uri="sqlite:///a.db")

    assert chosen.store(root, {"MLFLOW_TRACKING_URI": "http://h"}) == "http://h"
    assert chosen.store(root, {"MLFLOW_TRACKING_URI": ""}) == "sqlite:////p/a.db"
    assert Settings("p").store(root, {}) == "sqlite:////p/mlflow.db"


def test_a_file_that_is_no_utf8_is_one_message(tmp_path: Path) -> None:
    (tmp_path / "params.yaml").write_bytes(b"a: \xff\n")

    with pytest.raises(ParamsFileError):
        settings.read(tmp_path, "the project")


EXPERIMENT = """\
experiment:
  researcher: Ada
  tags: {status: draft, round: 2}
  vocabulary:
    required: [researcher, status]
    allowed: {status: [draft, final], round: [1, 2]}
"""


def test_tags_of_the_vocabulary_are_taken(tmp_path: Path) -> None:
    found = settings.read(written(tmp_path, EXPERIMENT), "the project")

    settings.check_vocabulary(found)

    assert found.all_tags == {"researcher": "Ada", "status": "draft", "round": 2}


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("researcher: Ada", "objective: none", "experiment.researcher is None; allowed is a value"),
        ("status: draft", "kind: draft", "experiment.tags.status is None; allowed is a value"),
        ("draft, round", "'', round", "experiment.tags.status is ''; allowed is a value"),
        (
            "draft, round",
            "drft, round",
            "experiment.tags.status is 'drft'; allowed is draft or final",
        ),
        ("round: 2", "round: 3", "experiment.tags.round is 3; allowed is 1 or 2"),
    ],
    ids=["missing", "tag missing", "empty", "not allowed", "number not allowed"],
)
def test_tags_that_are_not_of_the_vocabulary_are_refused(
    tmp_path: Path, old: str, new: str, message: str
) -> None:
    found = settings.read(written(tmp_path, EXPERIMENT.replace(old, new)), "the project")

    with pytest.raises(SettingError, match=re.escape(message)):
        settings.check_vocabulary(found)


@pytest.mark.parametrize("name", ["wherefrom.record_id", "dvc.exp.name", "mlflow.runName", "env.x"])
def test_a_tag_that_is_ours_or_mlflows_is_refused(name: str) -> None:
    with pytest.raises(ReservedTagError, match=re.escape(name)):
        tags.of_experiment(Settings("the project", tags={name: 1}))


def test_notes_are_the_description_of_a_run() -> None:
    found = tags.of_experiment(Settings("the project", notes="why", tags={"ok": True}))

    assert found == {"mlflow.note.content": "why", "ok": "true"}


@pytest.mark.parametrize(
    "template", ["{who}", "{", "{}", "{date", "{researcher.name}", "{date:d}", "{date!r}"]
)
def test_a_name_with_a_field_that_is_not_known_or_written_otherwise_is_refused(
    template: str,
) -> None:
    with pytest.raises(SettingError, match=r"experiment\.run_name"):
        naming.check_template(template)


@pytest.mark.parametrize("name", ["model_type", "researcher", "objective"])
def test_a_tag_that_has_another_place_or_that_a_stage_sets_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    (tmp_path / ".dvc").mkdir()
    monkeypatch.chdir(written(tmp_path, f"experiment: {{tags: {{{name}: x, model: y}}}}"))

    with pytest.raises(ReservedTagError, match=f"the tag {name} is not free"):
        stage.check_experiment(["model_type"])


def test_notes_that_are_given_are_there_for_the_vocabulary() -> None:
    settings.check_vocabulary(Settings("the project", notes="why", required_tags=("notes",)))
    without = Settings("the project", required_tags=("notes",))
    with pytest.raises(SettingError, match=r"experiment\.notes is None"):
        settings.check_vocabulary(without)
