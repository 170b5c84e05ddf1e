"""The fitted steps before the model, as text for a reader."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from pipeline.errors import counted, listed
from pipeline.schema import CATEGORICAL, NUMERIC

if TYPE_CHECKING:
    from collections.abc import Iterator

    from sklearn.pipeline import Pipeline


def describe(features: Pipeline) -> str:
    """Tell what each step does to which columns, and with which values that it has learnt."""
    columns = counted(len(features[0].kinds), "column")
    lines = [
        "1. clean: blanks and marks such as NA are missing; text in a numeric column too",
        f"2. encode: {columns} to {counted(len(features.get_feature_names_out()), 'feature')}",
    ]
    of_kind = {NUMERIC: _numeric, CATEGORICAL: _categorical}
    for kind, steps, names in features[-1].transformers_:
        if kind in of_kind:
            lines += ["", *of_kind[kind](steps, [_in_one_line(name) for name in names])]
    return "".join(f"{line}\n" for line in lines)


def _numeric(steps: Pipeline, names: list[str]) -> Iterator[str]:
    impute, scale = steps["impute"], steps["scale"]
    scaled = "to mean 0 and deviation 1" if scale is not None else "not scaled"
    yield f"numeric, {counted(len(names), 'column')}: missing to the {impute.strategy}; {scaled}"
    for number, name in enumerate(names):
        learnt = f"missing to {impute.statistics_[number]:.6g}"
        if scale is not None:
            learnt += f"; mean {scale.mean_[number]:.6g}, deviation {scale.scale_[number]:.6g}"
        yield f"  {name}: {learnt}"


def _categorical(steps: Pipeline, names: list[str]) -> Iterator[str]:
    impute, encode = steps["impute"], steps["encode"]
    own = impute.strategy == "constant"
    missing = "a level of its own" if own else "the most frequent"
    yield f"categorical, {counted(len(names), 'column')}: missing to {missing}; one-hot"
    for number, name in enumerate(names):
        rare = encode.infrequent_categories_[number] if _groups(encode) else None
        rare = [] if rare is None else [str(level) for level in rare]
        levels = [str(level) for level in encode.categories_[number] if str(level) not in rare]
        yield f"  {name}: missing to {impute.statistics_[number]}; {_levels(levels)}"
        if rare:
            yield f"    rare, one feature with levels never seen: {_levels(rare)}"


def _groups(encode: Any) -> bool:  # noqa: ANN401  # scikit-learn has no types
    return encode.max_categories is not None or encode.min_frequency is not None


def _levels(names: list[str]) -> str:
    return f"{counted(len(names), 'level')}: {listed(map(_in_one_line, names))}"


def _in_one_line(name: object) -> str:
    return " ".join(str(name).splitlines())
