"""Cross-validation of the whole pipeline."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from joblib import Parallel, delayed
from sklearn.base import clone
from sklearn.pipeline import Pipeline

from pipeline.learning import learn
from pipeline.predictions import predict
from pipeline.scores import score
from pipeline.threads import cores, threads_limiter

if TYPE_CHECKING:
    from collections.abc import Iterator

    import numpy as np

    from pipeline.prepared import Rows


def cross_validate(
    rows: Rows,
    features: Pipeline,
    estimator: Any,  # noqa: ANN401  # scikit-learn has no types
    folds: list[tuple[np.ndarray, np.ndarray]],
    threads: int,
) -> Iterator[dict[str, float]]:
    """Fit imputing, scaling, encoding and model anew for each fold, and score the fold's rows.

    Cleaning learns nothing from other rows, so it is done once. Classes are decided by the model
    itself: the threshold belongs to the evaluate stage.
    Gives the scores of each fold, in their order, as soon as they are there.
    """
    side_by_side = min(cores(), len(folds))
    share = max(1, cores() // side_by_side)
    limited = threads_limiter(threads)
    table, target = features[:1].transform(rows.features), rows.target

    def one_fold(fit: np.ndarray, held_out: np.ndarray) -> dict[str, float]:
        with limited():
            encode, model = clone(features[1:]), clone(estimator)
            learn(model, encode.fit_transform(table.iloc[fit]), target[fit], share)
            fitted = Pipeline([*encode.steps, ("model", model)])
            return score(target[held_out], predict(fitted, table.iloc[held_out]))

    # Threads and no processes: those would import everything again, which takes longer than a fit.
    run = Parallel(n_jobs=side_by_side, prefer="threads", return_as="generator")
    yield from run(delayed(one_fold)(fit, held_out) for fit, held_out in folds)
