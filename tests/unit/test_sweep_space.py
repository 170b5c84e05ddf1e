"""The language of a sweep is DVC's, and so are its variants and their order."""

from __future__ import annotations

import random
import re
from typing import TYPE_CHECKING

import pytest
import yaml
from dvc.utils.cli_parse import to_path_overrides  # noqa: TID251 - the reference
from dvc.utils.hydra import get_hydra_sweeps, to_hydra_overrides  # noqa: TID251 - the same
from hydra.errors import HydraException
from hypothesis import given
from hypothesis import strategies as st
from omegaconf.errors import OmegaConfBaseException

from sandbox import PROJECT
from wherefrom.errors.sweeps import EndlessGridError, SpaceError
from wherefrom.lockfile import flatten
from wherefrom.sweeping.axes import Choice, Interval, Range
from wherefrom.sweeping.space import Variant, grid, parse, size

if TYPE_CHECKING:
    from collections.abc import Sequence

SEED = 7

SPACES = {
    "choices": ["a=1,2", "b=x,y,z"],
    "fixed beside": ["a=1", "b=x,y", "c=null", "d="],
    "nothing varies": ["a=str(1)", "~b", "a='x'", "c=[1, 2]"],
    "none": [],
    "choice": ["a=choice(1,2.5,true,text)"],
    "range": ["a=range(3,9)", "b=range(4)", "c=range(start=1,stop=8,step=3)"],
    "range down": ["a=range(9,3,-2)", "a=sort(range(9,3,-2))", "b=sort(range(1,6),reverse=true)"],
    "fractions": ["a=range(0,1,0.1)", "b=range(1.0,3)", "c=range(1,0,-0.25)"],
    "casts": ["a=int(1.5,2.5)", "b=float(range(1,4))", "c=str(1,2)", "d=bool(0,1)", "e=int(3.9)"],
    "casts of ranges": ["a=int(range(0.5,4.5,1.5))", "b=float(range(2))", "c=str([1,2],{a:1})"],
    "sorted": ["a=sort(3,1,2)", "b=sort(choice(c,a,b),reverse=true)"],
    "shuffled": ["a=shuffle(1,2,3,4,5,6)", "b=shuffle(range(6))", "c=shuffle([1,2,3,4])"],
    "tagged": ["a=tag(log,choice(1,2))", "b=tag(one,two,range(3))"],
    "quoted": ["a='x, y',\"it's\"", r"b='it\'s',x\,y", "c='',' '", r"d=a\,b,c"],
    "lists and maps": ["a=[1,2],[3],[]", "b={x:1,y:[2]},{}", "c=choice([a,'b c'],{k: v})"],
    "added and removed": ["+a=1,2", "++b=3,4", "~c", "~d=5", "~e=1,2", "+f.g=x"],
    "files": ["b=1,2", "conf/a.toml:x=3,4", "c=5,6", "conf/a.toml:y={k:v}", "other.json:~z"],
    "a colon in a value": ["a=x:y,z", "p.yaml:a={b:c}", "p.yaml:b=c:d"],
    "one key twice": ["a=1,2", "b=3,4", "a=5,6,7", "b=8"],
    "one key twice and fixed at last": ["a=0,0", "a=str(0)"],
    "the same value twice": ["a=1,1"],
    "odd numbers": ["a=nan,inf,-inf,1e400,1e-07,-0.0,1_000"],
    "interpolation": ["a=${b},1", "c=${x.y}"],
    "keys": ["a.b.c=1,2", "d/e=1,2", "train.$x=1,2"],
    "any text": ["a=a b c,d  e", "b=x-y.z/%@?|*,1a", "c='é','ß'"],
}


def of_dvc(overrides: Sequence[str]) -> list[tuple[tuple[str, str], ...]]:
    """Give the variants as `dvc.repo.experiments.run.run` takes them from its own functions."""
    files = to_path_overrides(overrides)
    random.seed(SEED)
    if any(
        one.is_sweep_override() for given in files.values() for one in to_hydra_overrides(given)
    ):
        random.seed(SEED)
        found = get_hydra_sweeps(files)
    else:
        found = [files]
    return [tuple((file, one) for file, given in v.items() for one in given) for v in found]


@pytest.mark.parametrize("overrides", SPACES.values(), ids=SPACES)
def test_a_grid_has_the_variants_that_dvc_queues_in_its_order(overrides: list[str]) -> None:
    space = parse(overrides, SEED)
    assert [variant.overrides for variant in grid(space)] == of_dvc(overrides)
    assert size(space) == len(of_dvc(overrides))


KEYS = st.sampled_from(["a", "b.c", "+d", "++e", "~f", "g.yaml:a", "dir/h.toml:x.y"])
NUMBERS = st.integers(-3, 3) | st.floats(-2, 2).map(lambda x: round(x, 3))
STEPS = NUMBERS.filter(lambda x: abs(x) > 0.5)
ELEMENTS = st.one_of(
    NUMBERS.map(str),
    st.sampled_from(["true", "null", "x", "a b", "[1,2]", "{k:v}", "'q, r'", '"it\'s"', "[]"]),
    st.text("ab '\\\"", max_size=5).map(lambda s: "'" + s.replace("\\", "").replace("'", "") + "'"),
)
LISTS = st.lists(ELEMENTS, min_size=1, max_size=4).map(",".join)
RANGES = st.tuples(NUMBERS, NUMBERS, STEPS).map(lambda ends: "range({},{},{})".format(*ends))
VALUES = st.one_of(
    LISTS,
    LISTS.map("choice({})".format),
    LISTS.map("shuffle({})".format),
    RANGES,
    RANGES.map("sort({})".format),
    RANGES.map("shuffle({})".format),
)
OVERRIDES = st.lists(st.tuples(KEYS, VALUES).map("=".join), max_size=3)


@given(OVERRIDES)
def test_any_grid_has_the_variants_that_dvc_queues_or_is_refused(overrides: list[str]) -> None:
    try:
        expected = of_dvc(overrides)
        empty = any(not of_dvc([one]) for one in overrides)  # of which DVC says nothing
    except (HydraException, OmegaConfBaseException):
        empty, expected = True, []
    if empty:
        with pytest.raises(SpaceError):
            parse(overrides, SEED)
    else:
        space = parse(overrides, SEED)
        assert [variant.overrides for variant in grid(space)] == expected
        assert size(space) == len(expected)


def test_a_variant_has_its_overrides_as_dvc_takes_them_and_its_values_by_name() -> None:
    space = parse(["m=a", "+x='b c',null", "conf.toml:lr=0.5,[1]", "n=range(1,2)"])
    first, *_, last = grid(space)
    assert first.set_params == (
        "params.yaml:m=a",
        "params.yaml:+x='b c'",
        "params.yaml:n=1",
        "conf.toml:lr=0.5",
    )
    assert first.values == {"x": "b c", "n": 1, "conf.toml:lr": 0.5}
    assert last.values == {"x": None, "n": 1, "conf.toml:lr": "[1]"}
    assert first == Variant(first.overrides)
    assert len({first, last, Variant(first.overrides)}) == 2


def test_axes_say_what_they_are() -> None:
    given = ["a=x,1", "b=range(9,3,-3)", "c=interval(0,2)", "d=tag(log,int(interval(1,1000)))"]
    choice, numbers, interval, whole = parse(given).axes
    assert isinstance(choice, Choice)
    assert [point.value for point in choice.points()] == ["x", 1]
    assert isinstance(numbers, Range)
    assert list(numbers.ascending) == [6, 9]
    assert interval == Interval("params.yaml", "c", 0.0, 2.0)
    assert whole == Interval("params.yaml", "d", 1, 1000, log=True)
    assert (interval.count, whole.count) == (None, 1000)


def test_a_shuffled_axis_has_the_same_order_for_the_same_seed_alone() -> None:
    given = ["a=shuffle(range(50))"]
    before = random.getstate()
    assert parse(given, 1) == parse(given, 1) != parse(given, 2)
    assert random.getstate() == before


def test_a_long_range_of_whole_numbers_is_not_written_out() -> None:
    assert size(parse(["a=range(1000000000)", "b=range(1000000000)"])) == 10**18


@pytest.mark.parametrize("given", ["a=interval(0,1)", "a=int(interval(1,3))"])
def test_a_grid_of_an_interval_is_refused_and_samplers_are_named(given: str) -> None:
    space = parse(["b=1,2", f"c.toml:{given}"])
    for ask in (grid, size):
        with pytest.raises(EndlessGridError, match=r"^c\.toml:a is an interval") as refused:
            ask(space)
        assert "--sampler random" in refused.value.hint


BAD = {
    "no value": ("a", "missing EQUAL"),
    "no key": ("=1,2", "there is no key"),
    "no file": (":a=1", "no file is named"),
    "half a list": ("a=1,", "mismatched input"),
    "half a quote": ("a='x,1", "token recognition|no viable|mismatched|extraneous"),
    "half a bracket": ("a=[1,2", "no viable|mismatched|missing"),
    "unknown function": ("a=foo(1)", "Unknown function 'foo'"),
    "no choice": ("a=choice()", "empty choice"),
    "glob": ("a=glob(*)", "glob"),
    "a range in a list": ("a=[range(1,3)]", "RangeSweep"),
    "text beyond ASCII without quotes": ("a=é,b", "token recognition"),
    "null in a choice": ("a=choice(1,null)", "NoneType"),
    "an interval among choices": ("a=choice(interval(0,1),2)", "IntervalSweep"),
    "text that is no number": ("a=int(x,1)", "invalid literal"),
    "texts and numbers sorted": ("a=sort(a,1)", "not supported"),
    "a group": ("a@b=1,2", "group"),
    "an empty range": ("a=range(3,3)", "holds nothing"),
    "a range that goes away": ("a=range(3,1)", "holds nothing"),
    "no step": ("a=range(1,5,0)", "no end"),
    "no step of a fraction": ("a=range(1.0,5,0)", "no end"),
    "an infinite range": ("a=range(0,inf)", "no end"),
    "a range to nowhere": ("a=range(0,nan,1)", "no end"),
    "a huge range": (f"a=range({'9' * 400})", "too large"),
    "a very long range": (f"a=range({'9' * 40})", "the limit"),
    "too many fractions": ("a=range(0,1,0.000001)", "1,000,000 values"),
    "too many shuffled": ("a=shuffle(range(1000000))", "1,000,000 values"),
    "an interval without room": ("a=interval(1,1)", "nothing lies between"),
    "an interval upside down": ("a=interval(2,1)", "nothing lies between"),
    "whole numbers without room": ("a=int(interval(0.2,0.8))", "nothing lies between"),
    "an infinite interval": ("a=interval(0,inf)", "not finite"),
    "an interval of nothing": ("a=interval(nan,1)", "not finite"),
    "a logarithm of 0": ("a=tag(log,interval(0,1))", "logarithmic"),
    "an interval as text": ("a=str(interval(0,1))", "cannot be cast to str"),
}


@pytest.mark.parametrize(("override", "why"), BAD.values(), ids=BAD)
def test_an_override_that_says_no_variants_is_named_with_what_to_do(
    override: str, why: str
) -> None:
    with pytest.raises(SpaceError, match=why) as refused:
        parse(["b=1,2", override])
    assert str(refused.value).startswith(f"--set-param {override!r}: ")
    assert "\n" not in str(refused.value)
    assert refused.value.hint
    assert refused.value.exit_code == 2


def test_one_parameter_that_is_varied_by_two_overrides_is_refused() -> None:
    with pytest.raises(SpaceError, match="a is varied twice"):
        parse(["a=1,2", "++a=3,4"])


GUIDE = (PROJECT / "docs" / "guides" / "sweep.md").read_text()
ROWS = re.findall(r"^\| (`.*) \|", GUIDE, flags=re.MULTILINE)
WRITTEN = [one for row in ROWS for one in re.findall(r"`([^`]*)`", row) if re.search("[=~]", one)]


@pytest.mark.parametrize("override", WRITTEN)
def test_an_override_of_the_guide_is_read_and_its_parameter_is_there(override: str) -> None:
    known = flatten(yaml.safe_load((PROJECT / "params.yaml").read_text()))
    keys = {axis.key for axis in parse([override]).axes if axis.file == "params.yaml"}
    assert {key for key in keys if "+" not in key} <= set(known)


def test_the_guide_writes_each_kind_of_axis() -> None:
    axes = [axis for override in WRITTEN for axis in parse([override]).axes]
    assert {type(axis) for axis in axes} == {Choice, Range, Interval}
