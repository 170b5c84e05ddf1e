"""What the evaluate stage reads of params.yaml."""

from pipeline.params.section import Section, StageParams, allowed

NEUTRAL_THRESHOLD = 0.5


class Evaluate(Section):
    """When a row counts as positive."""

    threshold: float = allowed("a probability above 0 and below 1", gt=0, lt=1)


class EvaluateParams(StageParams):
    """What the evaluate stage reads."""

    evaluate: Evaluate
    threads: int = allowed("an integer of at least 1", ge=1)
