"""What a `dvc.yaml` says that a `dvc.lock` does not."""

from __future__ import annotations

import pytest

from wherefrom.dvcyaml import parse_dvc_yaml
from wherefrom.errors import LockfileError


def test_the_metric_files_of_dvc_yaml_are_listed_once_and_without_records() -> None:
    text = """\
metrics: [top.json, m/a.json]
stages:
  one:
    cmd: x
    metrics:
    - m/a.json
    - m/b.json: {cache: false}
    - m/r.wherefrom.json: {cache: false}
  each:
    foreach: [1, 2]
    do: {cmd: x, metrics: ['m/${item}.json']}
  grid:
    matrix: {a: [1]}
    cmd: x
    metrics: [m/g.json: {cache: false}]
  none: {cmd: x}
"""

    found = parse_dvc_yaml(text)

    assert found.file_metrics == ("top.json", "m/a.json")
    assert found.stage_metrics == ("m/a.json", "m/b.json", "m/*.json", "m/g.json")
    assert found.is_metric("m/7.json")
    assert not found.is_metric("m/r.wherefrom.json.txt")


@pytest.mark.parametrize("text", ["", "stages:\n", "vars: [a.yaml]\n", "stages: {a: {cmd: x}}"])
def test_a_dvc_yaml_without_metrics_has_none(text: str) -> None:
    found = parse_dvc_yaml(text)
    assert (found.stage_metrics, found.file_metrics, found.wdirs) == ((), (), {})


@pytest.mark.parametrize("text", ["- a", "stages: [a]", "a: ["])
def test_a_broken_dvc_yaml_is_a_lockfile_error(text: str) -> None:
    with pytest.raises(LockfileError, match=r"^dvc\.yaml cannot be read"):
        parse_dvc_yaml(text)


def test_a_stage_of_a_list_has_its_own_folder() -> None:
    text = "stages: {each: {foreach: [a], do: {cmd: x, wdir: 'd/${item}'}}, one: {cmd: x}}"

    assert [parse_dvc_yaml(text).wdir(name) for name in ("each@a", "one")] == ["d/a", "."]


def test_a_command_is_known_as_a_lock_would_write_it_unless_it_has_a_template() -> None:
    text = "stages: {a: {cmd: x}, b: {cmd: [x, y]}, c: {cmd: 'x ${lr}'}}"

    assert parse_dvc_yaml(text).cmds == {"a": "x", "b": ("x", "y")}
