"""Metric files -> flat names and numbers, as DVC shows them."""

from __future__ import annotations

import re
from collections import Counter
from string import digits
from typing import TYPE_CHECKING, Any, Literal

from wherefrom import formats, keys
from wherefrom.lockfile import flatten, is_record
from wherefrom.record import Gap

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from pathlib import Path

Way = Literal["larger", "smaller", "nearer to 0"]

_WORD = re.compile(r"[A-Z]+\d*(?![a-z])|[A-Z]?[a-z]+\d*|\d+")

_LOSSES = (
    "loss losses logloss bce nll crossentropy entropy perplexity ppl divergence kl deviance hinge "
    "huber"
)
_ERRORS = (
    "err errors error mse nmse rmse mae mape smape wape mase msle rmsle medae nrmse rmspe mdape"
)
_RATES = "fpr fnr fdr frr eer wer cer ece brier miss misclassification false"
_OTHERS = "inertia bouldin distance regret cost latency duration runtime time seconds aic bic fid"
_SMALLER = frozenset(f"{_LOSSES} {_ERRORS} {_RATES} {_OTHERS}".split())


def way(name: str) -> Way:
    """Say which way a metric is better, by the words of its name; without one it is a score.

    `neg_` and `d2_` make a score of a loss (scikit-learn's names); what follows `at` is a
    condition, as in `recall_at_fpr_1` or `tpr@fpr`.
    """
    words = [word.lower() for word in _WORD.findall(name.replace("@", ".at."))]
    if words[:1] == ["gap"]:
        return "nearer to 0"
    said = set(words[: words.index("at")] if "at" in words else words)
    said |= {word.rstrip(digits) for word in said}
    if {"log", "likelihood"} <= said or "loglikelihood" in said:
        return "smaller" if said & {"neg", "negative"} else "larger"
    return "smaller" if not {"neg", "d2"} & said and _SMALLER & said else "larger"


_PREFERRED = ("roc_auc", "f1_weighted", "accuracy", "r2", "rmse")
"""Of several cross-validated metrics, the one that decides where none is asked for."""


def deciding(names: Iterable[str]) -> str | None:
    """Choose the metric that decides unless told: the mean score of cross-validation.

    Without one it is the first test metric, else the first of all; None where there is none.
    """
    known = list(dict.fromkeys(names))
    means = [name for name in known if name.startswith("cv.") and name.endswith(".mean")]
    preferred = [name for name in (f"cv.{one}.mean" for one in _PREFERRED) if name in means]
    tests = [name for name in known if name.startswith("test.")]
    return next(iter((*preferred, *means, *tests, *known)), None)


def merit(value: float, better: Way) -> float:
    """Give a number that is smaller the better a metric's value is."""
    return {"larger": -value, "smaller": value, "nearer to 0": abs(value)}[better]


def read(root: Path, paths: Iterable[str]) -> tuple[dict[str, float], tuple[Gap, ...]]:
    """Read metric files (JSON, YAML, TOML; paths from the root) into one flat map.

    A name that several files have comes with its file: `eval.json:accuracy`. What is no finite
    number is named as a gap: MLflow would store another number for an infinite.
    """
    found = {path: root / path for path in paths if not is_record(path)}
    return join({path: file.read_bytes() for path, file in found.items() if file.is_file()})


def join(contents: Mapping[str, bytes]) -> tuple[dict[str, float], tuple[Gap, ...]]:
    """Join the contents of metric files, by their paths, as `read` does."""
    metrics: dict[str, float] = {}
    gaps: list[Gap] = []
    parsed = {path: _parse(path, content) for path, content in contents.items()}
    count = Counter(name for values, _ in parsed.values() for name in values)
    for path, (values, problem) in parsed.items():
        gaps += [problem] if problem else []
        for name, value in values.items():
            if keys.is_metric(value):
                metrics[name if count[name] == 1 else f"{path}:{name}"] = float(value)
            elif isinstance(value, float):
                gaps.append(
                    Gap(f"{name} is {value}", f"{path} holds it", "see why it is no number")
                )
    return metrics, tuple(gaps)


def not_finite(contents: Mapping[str, bytes]) -> dict[str, str]:
    """Map the names of metrics that are NaN or infinite to what they are."""
    parsed = (_parse(path, content)[0] for path, content in contents.items())
    pairs = (pair for values in parsed for pair in values.items())
    return {n: str(v) for n, v in pairs if isinstance(v, float) and not keys.is_metric(v)}


def _parse(path: str, content: bytes) -> tuple[dict[str, Any], Gap | None]:
    try:
        data = formats.load(path, content)
    except ValueError as error:
        return {}, _unread(path, " ".join(str(error).split()))
    if isinstance(data, dict):
        return flatten(data), None
    if isinstance(data, int | float):
        return {path: data}, None
    return {}, _unread(path, "it holds neither a number nor names with numbers")


def _unread(path: str, why: str) -> Gap:
    return Gap(f"the metrics of {path} are not in the run", why, "write JSON, YAML or TOML")
