"""A fitted scikit-learn model as a folder that MLflow can load.

Private is how skops comes by `json`; `tests/sources/test_mlflow_model.py` fails when that changes.
"""

from __future__ import annotations

import sys
from contextlib import contextmanager
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

from wherefrom.sources.mlflow_client import quiet

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path


def import_sklearn() -> None:
    """Import what saves a scikit-learn model, which takes a second."""
    with quiet():
        import mlflow.sklearn  # noqa: F401, PLC0415, TID251
        import skops.io  # noqa: F401, PLC0415


def save_sklearn_model(
    model: Any,  # noqa: ANN401
    folder: Path,
    *,
    example: Any,  # noqa: ANN401
    requirements: Sequence[str],
    code_paths: Sequence[str],
    trusted_types: Sequence[str],
) -> None:
    """Save a fitted scikit-learn model as an MLflow model (skops), with signature and example.

    The signature names the columns of the example and no types: raw rows come with those that
    their reader made.
    """
    import mlflow.sklearn  # noqa: PLC0415, TID251
    from mlflow.models import ModelSignature, infer_signature  # noqa: PLC0415, TID251
    from mlflow.types.schema import AnyType, ColSpec, Schema  # noqa: PLC0415, TID251

    inputs = Schema([ColSpec(AnyType(), str(name)) for name in example.columns])
    with quiet(), _compact_json():
        mlflow.sklearn.save_model(
            model,
            str(folder),
            serialization_format="skops",
            skops_trusted_types=list(trusted_types),
            signature=ModelSignature(
                inputs, infer_signature(model_output=model.predict(example)).outputs
            ),
            input_example=example,
            pip_requirements=list(requirements),
            code_paths=list(code_paths),
        )
    for cache in sorted(folder.rglob("__pycache__")):
        for file in cache.iterdir():
            file.unlink()
        cache.rmdir()


@contextmanager
def _compact_json() -> Iterator[None]:
    """Let skops write its schema without indents, for which Python has no encoder in C.

    It takes half of the time that a forest is saved in.
    """
    import skops.io  # noqa: F401, PLC0415

    persist: Any = sys.modules.get("skops.io._persist")
    json = getattr(persist, "json", None)
    if json is None:  # another version: as it likes
        yield
        return
    compact = {"dumps": lambda value, **_options: json.dumps(value)}
    persist.json = SimpleNamespace(**vars(json) | compact)
    try:
        yield
    finally:
        persist.json = json
