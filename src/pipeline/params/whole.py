"""The whole of params.yaml, with the checks that need more than one section."""

from collections.abc import Iterator
from importlib.util import find_spec
from pathlib import Path

from pipeline.params.evaluate import NEUTRAL_THRESHOLD, Evaluate
from pipeline.params.featurize import Featurize
from pipeline.params.prepare import Data, Prepare
from pipeline.params.section import ParamsError, Problem, Section, allowed, load_params
from pipeline.params.train import INSTALL_XGBOOST, MODELS_OF_TASK, Train

Scalar = str | bool | int | float


class Vocabulary(Section):
    """Which tags every run must have, and which values a tag may have."""

    required: list[str] = allowed("a list of tags", default=[])
    allowed: dict[str, list[Scalar]] = allowed("a mapping of tags to lists of values", default={})


class Plan(Section):
    """What is expected, said before it runs."""

    hypothesis: str | None = allowed("a text, or null", default=None)
    expected_improvement: Scalar | None = allowed("a text, a number, or null", default=None)
    success_criteria: str | list[str] = allowed(
        "a text such as `test.accuracy > 0.90`, or a list of such", default=[]
    )
    risks: str | list[str] | None = allowed("a text, a list of texts, or null", default=None)
    rollback_plan: str | list[str] | None = allowed(
        "a text, a list of texts, or null", default=None
    )


class Experiment(Section):
    """What somebody wants to remember of an experiment; no stage depends on it."""

    notes: str = allowed("a text")
    name: str | None = allowed("a text, or null: the folder's name", default=None, min_length=1)
    researcher: str | None = allowed("a text, or null", default=None)
    objective: str | None = allowed("a text, or null", default=None)
    tags: dict[str, Scalar] = allowed(
        "a mapping of names to texts, numbers, true or false", default={}
    )
    run_name: str | None = allowed(
        "a text with fields such as {researcher} and {date}, or null", default=None, min_length=1
    )
    plan: Plan = allowed("a section that says what is expected", default=Plan())
    vocabulary: Vocabulary = allowed("a section with required and allowed", default=Vocabulary())


class Tracking(Section):
    """How runs are tracked; no stage depends on it."""

    required: bool = allowed("true or false")
    uri: str | None = allowed("an MLflow tracking URI, or null", default=None)


class Params(Section):
    """params.yaml."""

    data: Data
    prepare: Prepare
    featurize: Featurize
    train: Train
    evaluate: Evaluate
    threads: int = allowed("an integer of at least 1", ge=1)
    experiment: Experiment
    tracking: Tracking


def check_params(path: Path) -> Params:
    """Read and check all of params.yaml. Raises InputError with every problem found."""
    params = load_params(Params, path)
    if problems := [*_data_problems(params.data), *_task_problems(params)]:
        raise ParamsError(problems, path.name)
    return params


def _data_problems(data: Data) -> Iterator[Problem]:
    if data.target == data.id:
        yield Problem("data.id", f"got {data.id!r}, which is the target; allowed is another column")
    for key in ("target", "id", "group", "time"):
        if (name := getattr(data, key)) in data.drop:
            yield Problem("data.drop", f"holds data.{key}, {name!r}; take it out of the list")
    if data.group is not None and data.time is not None:
        yield Problem("data.time", "the table is split by data.group already; allowed is null")
    for key in ("group", "time"):
        if getattr(data, key) == data.target:
            yield Problem(f"data.{key}", f"got {data.target!r}, which is the target")
    yield from _kind_problems(data)


def _kind_problems(data: Data) -> Iterator[Problem]:
    left_out = {data.target, data.id, data.group, data.time, *data.drop}
    for key, other in (("numeric", set[str]()), ("categorical", set(data.numeric))):
        for name in getattr(data, key):
            if name in left_out:
                yield Problem(f"data.{key}", f"holds {name!r}, which is not learnt from")
            elif name in other:
                yield Problem(f"data.{key}", f"holds {name!r}, which is in data.numeric too")


def _task_problems(params: Params) -> Iterator[Problem]:
    task, model = params.data.task, params.train.model
    if model not in MODELS_OF_TASK[task]:
        models = " or ".join(MODELS_OF_TASK[task])
        yield Problem("train.model", f"{model} is not for {task}; allowed is {models}")
    if model == "xgboost" and find_spec("xgboost") is None:
        yield Problem("train.model", f"XGBoost is not installed; run `{INSTALL_XGBOOST}`")
    if task == "regression" and params.data.positive is not None:
        yield Problem("data.positive", "regression has no classes; allowed is null")
    if task == "regression" and params.evaluate.threshold != NEUTRAL_THRESHOLD:
        yield Problem("evaluate.threshold", "regression has no threshold; allowed is 0.5")
    if task == "regression" and params.evaluate.submit == "probability":
        yield Problem("evaluate.submit", "regression has no probabilities; allowed is prediction")
