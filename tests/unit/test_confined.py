"""Paths that leave a checkout, and those that only look so."""

from __future__ import annotations

import pytest

from wherefrom.reproduction.confined import declared, leaving

LINKS = {
    "inside": "data/raw",
    "deep/up": "../data",
    "out": "/etc",
    "far": "../other",
    "chain": "far",
    "one": "two",
    "two": "one",
    "data/secret.txt": "/etc/passwd",
}


@pytest.mark.parametrize(
    "path",
    ["a/b.txt", ".", "a/../b", "inside/x", "deep/up/raw/x", "deep/../a", "..a", "data/raw"],
)
def test_a_path_that_stays(path: str) -> None:
    links = {name: target for name, target in LINKS.items() if name in {"inside", "deep/up"}}
    assert leaving([path], links) == []


@pytest.mark.parametrize(
    "path",
    ["/a", "..", "../a", "a/../../b", "out", "out/x", "far/x", "chain/x", "one/x", "data", "."],
)
def test_a_path_that_leaves_or_holds_a_link_that_does(path: str) -> None:
    assert leaving([path], LINKS) == [path]


def test_the_paths_of_a_dvc_yaml_are_found_wherever_they_stand() -> None:
    text = """
vars: [config/all.yaml, {rate: 1}]
stages:
  fit:
    wdir: sub
    cmd: python fit.py
    deps: [fit.py, 'http://127.0.0.1/x', '${open}']
    params: [lr, more.yaml: [a]]
    outs: [/abs/model, folder: {cache: false}]
    metrics: [m.json: {cache: false}]
  each:
    foreach: [1]
    do: {cmd: x, outs: [each.txt]}
metrics: [all.json]
"""
    expected = {
        *("below/config/all.yaml", "below/sub", "below/sub/fit.py", "below/sub/lr"),
        *("below/sub/more.yaml", "/abs/model", "below/sub/folder", "below/sub/m.json"),
        *("below/each.txt", "below/all.json"),
    }
    assert expected <= set(declared(text, "below/dvc.yaml"))
    assert not any("open" in path or "://" in path for path in declared(text, "below/dvc.yaml"))
