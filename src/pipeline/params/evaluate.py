"""What the evaluate stage reads of params.yaml."""

from typing import Literal

from pipeline.params.prepare import Data
from pipeline.params.section import MAX_SEED, Section, StageParams, allowed

NEUTRAL_THRESHOLD = 0.5


class Evaluate(Section):
    """When a row counts as positive, and what is shown of a model."""

    threshold: float = allowed("a probability above 0 and below 1", gt=0, lt=1)
    importance_repeats: int = allowed("an integer of at least 0", default=3, ge=0)
    importance_rows: int = allowed("an integer of at least 1", default=500, ge=1)
    plot_points: int = allowed("an integer of at least 2", default=500, ge=2)
    seed: int = allowed("an integer from 0 to 4294967295", default=42, ge=0, le=MAX_SEED)
    submit: Literal["prediction", "probability"] = allowed(
        "prediction or probability", default="prediction"
    )


class EvaluateParams(StageParams):
    """What the evaluate stage reads."""

    data: Data
    evaluate: Evaluate
    threads: int = allowed("an integer of at least 1", ge=1)
