"""The names of the metrics that a result has, by scikit-learn's names."""

CLASSIFICATION = (
    "accuracy",
    "precision_weighted",
    "recall_weighted",
    "f1_weighted",
    "roc_auc",
    "log_loss",
)
REGRESSION = ("mse", "rmse", "mae", "r2")


def metric_names(task: str, folds: int) -> list[str]:
    """List all that `results/cv.json` and `results/metrics.json` will have, flat."""
    scores = CLASSIFICATION if task == "classification" else REGRESSION
    of_cv = ("mean", "std", *(f"fold_{number}" for number in range(folds)))
    return [
        *(f"{side}.{score}" for side in ("test", "train", "gap") for score in scores),
        *(f"cv.{score}.{part}" for score in scores for part in of_cv),
    ]
