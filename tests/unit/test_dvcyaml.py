"""What a `dvc.yaml` says that a `dvc.lock` does not."""

from __future__ import annotations

import pytest

from wherefrom.dvcyaml import Destination, parse_dvc_yaml
from wherefrom.errors.project import LockfileError


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
    assert found.stage_metrics == ("m/a.json", "m/b.json", "m/${item}.json", "m/g.json")
    assert found.is_metric("each@2", "m/2.json")
    assert not found.is_metric("each@2", "m/1.json")
    assert not found.is_metric("none", "m/2.json")


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


TEMPLATES = """\
vars: [{base: d}]
metrics: ['${base}/all.json']
stages:
  one:
    cmd: x
    outs: [model.bin, '${out}']
    metrics: ['${where.it.is}', '${unknown}/m.json', '${open}']
    plots: [p.csv]
  each: {foreach: [a], do: {cmd: x, wdir: '${base}/${item}'}}
  named: {foreach: {a: {file: f.json}}, do: {cmd: x, metrics: ['${key}/${item.file}']}}
  grid: {matrix: {lr: [0.1], kind: [x, {y: 1}]}, cmd: x, metrics: ['${item.lr}/${item.kind}.json']}
"""


def test_templates_mean_what_parameters_vars_and_lists_say() -> None:
    found = parse_dvc_yaml(TEMPLATES).with_params({"where": {"it": {"is": "w.json"}}, "base": "e"})

    assert found.has_templates
    assert found.of_file() == ("d/all.json",)
    assert found.wdir("each@a") == "d/a"
    assert found.is_metric("one", "w.json")
    assert found.is_metric("named@a", "a/f.json")
    assert found.is_metric("grid@0.1-x", "0.1/x.json")
    assert not found.is_metric("grid@0.1-x", "0.1/y.json")


def test_what_a_template_leaves_open_is_none_of_the_outputs_that_have_another_meaning() -> None:
    found = parse_dvc_yaml(TEMPLATES)

    assert found.is_metric("one", "any/m.json")
    assert found.is_metric("one", "any")
    assert not any(found.is_metric("one", path) for path in ("model.bin", "p.csv"))
    assert not found.is_metric("each@a", "any")
    assert not parse_dvc_yaml("stages: {a: {cmd: x}}").has_templates


def test_an_output_is_pushed_where_its_stage_says() -> None:
    text = """\
stages:
  one:
    cmd: x
    outs: [a, b: {push: false}, c: {push: true, cache: true}]
    plots: ['${named}': {remote: '${away}'}]
  each: {foreach: [1, 2], do: {cmd: x, outs: ['m${item}': {remote: 'store${item}'}]}}
"""

    found = parse_dvc_yaml(text).with_params({"named": "p.csv", "away": "two"})

    assert found.has_templates
    assert [found.destination("one", path) for path in ("a", "b", "c", "p.csv")] == [
        Destination(),
        Destination(pushed=False),
        Destination(),
        Destination("two"),
    ]
    assert found.destination("each@2", "m2") == Destination("store2")
    assert found.destination("each@2", "m1") == Destination()
