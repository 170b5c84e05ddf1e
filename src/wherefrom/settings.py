"""What `wherefrom` itself reads from `params.yaml`; no stage depends on these keys."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import yaml

from wherefrom import plans, yaml12
from wherefrom.errors.project import ParamsFileError, SettingError
from wherefrom.record import Gap
from wherefrom.uris import tracking_uri

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from wherefrom.errors import WherefromError

TRACKING = "WHEREFROM_TRACKING"
"""The variable that switches tracking off."""

OWN_TAGS = ("researcher", "objective")
"""Tags that have a key of their own in `experiment`."""

STORE = "MLFLOW_TRACKING_URI"
"""MLflow's own variable for the tracking store."""


@dataclass(frozen=True)
class Settings:
    """The settings of tracking.

    `uri` is the tracking store, None for MLFLOW_TRACKING_URI or the project's own; `required` makes
    a store that cannot be reached an error; `mlflow_experiment` groups the runs in MLflow's UI.
    `data_path` is the raw table, None where the parameters name none. `researcher`, `objective`,
    `notes` and `tags` become tags of every run; `run_name` is the template of its name, None for
    the default. `required_tags` must be there, and `allowed_values` maps tags to their values.
    `plan` is what is expected, as far as it is filled in.
    """

    mlflow_experiment: str
    uri: str | None = None
    required: bool = False
    data_path: str | None = None
    researcher: str | None = None
    objective: str | None = None
    notes: str | None = None
    tags: Mapping[str, object] = field(default_factory=dict)
    run_name: str | None = None
    required_tags: tuple[str, ...] = ()
    allowed_values: Mapping[str, tuple[object, ...]] = field(default_factory=dict)
    plan: Mapping[str, object] = field(default_factory=dict)

    @property
    def all_tags(self) -> dict[str, object]:
        """The tags of every run, those of them that are given."""
        known = {"researcher": self.researcher, "objective": self.objective}
        return {n: v for n, v in {**self.tags, **known}.items() if v is not None}

    def store(self, anchor: Path, environ: Mapping[str, str]) -> str:
        """Give the URI of the tracking store, absolute; the environment comes before `uri`."""
        return tracking_uri(anchor, environ.get(STORE) or self.uri)


def is_off(environ: Mapping[str, str]) -> bool:
    """Whether tracking is switched off: nothing is logged, and the outputs are the same."""
    return environ.get(TRACKING, "").lower() in {"off", "0", "false", "no"}


_KINDS = {str: "a text", bool: "true or false", dict: "a mapping", list: "a list"}


def read(root: Path, project_name: str) -> Settings:
    """Read the settings of a project; a project without `params.yaml` has the defaults.

    `root` is the workspace, which may be a temporary copy with a name of its own; `project_name` is
    that of the main project, and the default of `experiment.name`.

    Raises `SettingError` for a value of the wrong type, and `ParamsFileError`.
    """
    return _settings(read_params(root), project_name)


def understood(root: Path, project_name: str) -> tuple[Settings, tuple[Gap, ...]]:
    """Read the settings, where `params.yaml` may mean something else by these names.

    What cannot be used is as if it were not there; where that is the store, it is a gap.
    """
    path = root / "params.yaml"
    return understood_text(path.read_bytes() if path.is_file() else b"", project_name)


def understood_text(text: bytes, project_name: str) -> tuple[Settings, tuple[Gap, ...]]:
    """Read the settings in a `params.yaml`, as `understood` does."""
    try:
        params = _params(text)
    except ParamsFileError as error:
        return Settings(project_name), (_in_doubt(error),)
    gaps: tuple[Gap, ...] = ()
    for section in ("tracking", "experiment"):
        try:
            _settings({section: params.get(section)}, project_name)
        except SettingError as error:
            params = {name: value for name, value in params.items() if name != section}
            gaps += (_in_doubt(error),) if section == "tracking" else ()
    return _settings(params, project_name), gaps


def _in_doubt(error: WherefromError) -> Gap:
    return Gap(
        what="which tracking store is meant is not certain; the default one was taken",
        why=str(error),
        remedy="correct it, or name the store in MLFLOW_TRACKING_URI",
    )


def _settings(params: Mapping[str, Any], project_name: str) -> Settings:
    tracking, experiment = _section(params, "tracking"), _section(params, "experiment")
    vocabulary = _value(experiment, "experiment.vocabulary", dict, {})
    allowed = _value(vocabulary, "experiment.vocabulary.allowed", dict, {})
    data = params.get("data")
    path = data.get("path") if isinstance(data, dict) else None
    return Settings(
        mlflow_experiment=_value(experiment, "experiment.name", str, project_name),
        uri=_value(tracking, "tracking.uri", str, None),
        required=_value(tracking, "tracking.required", bool, default=False),
        data_path=path if isinstance(path, str) else None,
        researcher=_value(experiment, "experiment.researcher", str, None),
        objective=_value(experiment, "experiment.objective", str, None),
        notes=_value(experiment, "experiment.notes", str, None),
        tags=_value(experiment, "experiment.tags", dict, {}),
        run_name=_value(experiment, "experiment.run_name", str, None),
        required_tags=tuple(_value(vocabulary, "experiment.vocabulary.required", list, [])),
        allowed_values={
            name: tuple(values) if isinstance(values, list) else (values,)
            for name, values in allowed.items()
        },
        plan=plans.of_section(_value(experiment, plans.SECTION, dict, {})),
    )


def check_vocabulary(settings: Settings) -> None:
    """Raise `SettingError` for a required tag that is missing, or a value that is not allowed."""
    found = {"notes": settings.notes} | settings.all_tags
    for name in settings.required_tags:
        if found.get(name) in (None, ""):
            raise SettingError(_key(name), found.get(name), "a value: the vocabulary requires it")
    for name, values in settings.allowed_values.items():
        if found.get(name) is not None and found[name] not in values:
            raise SettingError(_key(name), found[name], " or ".join(str(v) for v in values))


def _key(tag: str) -> str:
    """Give the place of a tag in the parameters."""
    inside = tag in {*OWN_TAGS, "notes"}
    return f"experiment.{tag}" if inside else f"experiment.tags.{tag}"


def read_params(root: Path) -> dict[str, Any]:
    """Read `params.yaml` as DVC does; an empty map where there is none.

    Raises `ParamsFileError`.
    """
    try:
        return _params((root / "params.yaml").read_bytes())
    except FileNotFoundError:
        return {}


def _params(text: bytes) -> dict[str, Any]:
    try:
        data = yaml12.load(text.decode("utf-8"))
    except (yaml.YAMLError, UnicodeDecodeError) as error:
        raise ParamsFileError(" ".join(str(error).split())) from error
    if not isinstance(data, dict | None):
        raise ParamsFileError("it is no mapping of sections")
    return data or {}


def _section(params: Mapping[str, Any], name: str) -> Mapping[str, Any]:
    section = params.get(name)
    if section is None:
        return {}
    if not isinstance(section, dict):
        raise SettingError(name, section, "a mapping")
    return section


def _value(section: Mapping[str, Any], key: str, kind: type, default: Any) -> Any:  # noqa: ANN401
    value = section.get(key.rpartition(".")[2])
    if value is None:
        return default
    if not isinstance(value, kind):
        raise SettingError(key, value, _KINDS[kind])
    return value
