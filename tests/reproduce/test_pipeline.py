"""Results of the project's own pipeline: made again bit for bit, and no forged model is read."""

from __future__ import annotations

import pickle
from pathlib import Path
from random import Random
from typing import TYPE_CHECKING

import pytest
from again import reproduce

if TYPE_CHECKING:
    from asking import Answer
    from sandbox import Sandbox

MODELS = ("hist_gradient_boosting", "mlp", "random_forest", "logistic_regression")


class Forged:
    """What is pickled so that reading it leaves a trace."""

    def __init__(self, trace: Path) -> None:
        self.trace = trace

    def __reduce__(self) -> tuple[object, tuple[Path]]:
        return Path.touch, (self.trace,)


def drawn(number: int) -> dict[str, object]:
    """Draw an experiment, always the same one of a number."""
    draw = Random(number)  # noqa: S311 - nothing here is secret
    return {
        "train.model": MODELS[number],
        "train.hist_gradient_boosting.max_iter": 5,
        "train.mlp.max_iter": 20,
        "train.seed": draw.randrange(1000),
        "train.folds": draw.choice([2, 3]),
        "prepare.seed": draw.randrange(1000),
        "featurize.numeric_impute": draw.choice(["median", "mean"]),
        "evaluate.threshold": round(draw.uniform(0.3, 0.7), 2),
        "evaluate.importance_repeats": 0,
    }


@pytest.mark.parametrize(
    "numbers",
    [
        pytest.param((0, 1), id="boosted and perceptron"),
        pytest.param((2, 3), id="forest and linear", marks=pytest.mark.thorough),
    ],
)
def test_experiments_of_the_pipeline_are_made_again_bit_for_bit(
    sandbox: Sandbox, numbers: tuple[int, int]
) -> None:
    names = [f"drawn-{number}" for number in numbers]
    for number, name in zip(numbers, names, strict=True):
        settings = [f"--set-param={key}={value}" for key, value in drawn(number).items()]
        sandbox.dvc("exp", "run", "--quiet", "--name", name, *settings)

    answer: Answer = reproduce(sandbox, *names, "--jobs", "2")

    found = {one["address"]: one["verdict"] for one in answer.found["results"]}
    assert found == dict.fromkeys(names, "identical"), answer


def test_a_forged_model_is_not_unpickled(sandbox: Sandbox, tmp_path: Path) -> None:
    model, trace = sandbox.root / "models" / "model.joblib", tmp_path / "was_read"
    model.unlink()
    model.write_bytes(pickle.dumps(Forged(trace)))

    done = sandbox.process("dvc", "repro", "--force", "--single-item", "evaluate")

    assert done.returncode != 0
    assert "models/model.joblib is not what a stage left, so it is not read" in done.stderr
    assert not trace.exists()
