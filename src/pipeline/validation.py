"""Cross-validation of the whole pipeline."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from joblib import Parallel, delayed
from sklearn.base import clone

from pipeline.estimators import fit_model
from pipeline.predictions import predict
from pipeline.scores import score
from pipeline.threads import cores, threads_limited

if TYPE_CHECKING:
    from collections.abc import Iterator

    import numpy as np
    from sklearn.pipeline import Pipeline

    from pipeline.prepared import Rows


def cross_validate(
    rows: Rows,
    features: Pipeline,
    estimator: Any,  # noqa: ANN401  # scikit-learn has no types
    folds: list[tuple[np.ndarray, np.ndarray]],
    threads: int,
) -> Iterator[dict[str, float]]:
    """Fit imputing, scaling, encoding and model anew for each fold, and score the fold's rows.

    Classes are decided by the model itself: the threshold belongs to the evaluate stage.
    Gives the scores of each fold, in their order, as soon as they are there.
    """
    side_by_side = min(cores(), len(folds))
    share = max(1, cores() // side_by_side)

    def one_fold(fit: np.ndarray, held_out: np.ndarray) -> dict[str, float]:
        with threads_limited(threads):
            table, target = rows.features, rows.target
            steps = clone(features).fit(table.iloc[fit])
            model = fit_model(steps, clone(estimator), table.iloc[fit], target[fit], cores=share)
            return score(target[held_out], predict(model, table.iloc[held_out]))

    # Threads and no processes: those would import everything again, which takes longer than a fit.
    run = Parallel(n_jobs=side_by_side, prefer="threads", return_as="generator")
    yield from run(delayed(one_fold)(fit, held_out) for fit, held_out in folds)
