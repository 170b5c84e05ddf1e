"""Verdicts from hashes and metrics, and what files differ in."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest

from wherefrom.identity import DataHash
from wherefrom.record import EnvironmentFacts
from wherefrom.reproduction import unlike
from wherefrom.reproduction.verdict import Output, judge, other_machine

SAME = Output("a", "fit", DataHash("1"), DataHash("1"))
OTHER = Output("b", "fit", DataHash("1"), DataHash("2"))
GONE = Output("c", "fit", DataHash("1"), None)
UNKNOWN = Output("d", "fit", None, None)
HERE = EnvironmentFacts("d1", None, None, "3.12.1", "linux", "CPU A", "openblas 0.3 Haswell")


@pytest.mark.parametrize(
    ("outputs", "then", "now", "verdict"),
    [
        ((SAME,), {}, {}, "identical"),
        ((SAME, OTHER), {"m": 0.5}, {"m": 0.5}, "equivalent"),
        ((OTHER,), {"m": 0.5}, {"m": 0.5 + 1e-8}, "equivalent"),
        ((OTHER,), {"m": 0.0}, {"m": 1e-9}, "equivalent"),
        ((OTHER,), {"m": 1e6}, {"m": 1e6 + 0.5}, "equivalent"),
        ((OTHER,), {"m": 0.5}, {"m": 0.51}, "different"),
        ((OTHER,), {"m": 0.5}, {}, "different"),
        ((OTHER,), {}, {"m": 0.5}, "different"),
        ((OTHER,), {}, {}, "different"),
        ((GONE,), {"m": 0.5}, {"m": 0.5}, "different"),
        ((UNKNOWN,), {}, {}, "different"),
    ],
)
def test_the_verdict_is_by_the_bytes_then_by_every_metric(
    outputs: tuple[Output, ...], then: dict[str, float], now: dict[str, float], verdict: str
) -> None:
    assert judge(outputs, (then, now), ()).verdict == verdict


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({}, []),
        ({"blas": "openblas 0.4 Haswell, mkl 1 Haswell"}, []),
        ({"cpu": "CPU B"}, ["the CPU is CPU B, and was CPU A"]),
        ({"blas": "openblas 0.3 Zen"}, ["the BLAS kernel is Zen, and was Haswell"]),
        ({"python": "3.13.0", "digest": "d2"}, ["Python is 3.13.0, and was 3.12.1"]),
        ({"digest": "d2"}, ["the packages are not those"]),
    ],
    ids=["same", "more_libraries", "cpu", "kernel", "python", "packages"],
)
def test_another_machine_or_environment_is_named(change: dict[str, str], said: list[str]) -> None:
    found = other_machine(HERE, replace(HERE, **change))
    assert [line[: len(start)] for line, start in zip(found, said, strict=True)] == said


@pytest.mark.parametrize(
    ("path", "then", "now", "words"),
    [
        ("m.json", b'{"a": {"b": 1}, "c": 2}', b'{"a": {"b": 3}, "c": 2}', ("a.b 1 -> 3",)),
        ("m.json", b"{", b"[]", ("1 -> 2 bytes",)),
        ("t.csv", b"x,y\n1,2\n3,4\n", b"x,y\n1,2\n3,5\n", ("y",)),
        ("t.csv", b"x\n1\n", b"x\n1\n2\n", ("2 -> 3 lines",)),
        ("t.csv", b"", b"x", ("0 -> 1 lines",)),
        ("t.tsv", b"x\ty\n1\t2\n", b"x\tz\n1\t2\n", ("y", "z")),
        ("m.bin", b"abc", b"abd", ("1 of 3 bytes",)),
    ],
)
def test_what_a_file_differs_in_is_said_in_its_own_terms(
    path: str, then: bytes, now: bytes, words: tuple[str, ...]
) -> None:
    assert unlike.words(path, then, now) == words


def test_of_a_folder_the_files_are_named() -> None:
    then = json.dumps([{"relpath": "a", "md5": "1"}, {"relpath": "b", "md5": "2"}]).encode()
    assert unlike.names(then, {"a": "1", "b": "3", "c": "4"}) == ("b", "c")
