"""MLflow's client: imported late, quiet, and with its errors turned into ours."""

from __future__ import annotations

import logging
import os
import warnings
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from wherefrom.errors.stores import StoreRefusedError, StoreUnreachableError
from wherefrom.sources import reachable
from wherefrom.uris import redact

if TYPE_CHECKING:
    from collections.abc import Iterator

REFUSALS = {"RESOURCE_DOES_NOT_EXIST", "INVALID_PARAMETER_VALUE", "INVALID_STATE"}
_STORE_MODULES = {"alembic", "mlflow", "requests", "urllib3", "sqlalchemy", "sqlite3", "filelock"}
QUIET_AND_QUICK = {
    "MLFLOW_DISABLE_TELEMETRY": "true",
    "MLFLOW_SUPPRESS_PRINTING_URL_TO_STDOUT": "true",
    "MLFLOW_ENABLE_ARTIFACTS_PROGRESS_BAR": "false",
    "MLFLOW_HTTP_REQUEST_MAX_RETRIES": "1",
    "MLFLOW_HTTP_REQUEST_BACKOFF_FACTOR": "1",
    "MLFLOW_HTTP_REQUEST_TIMEOUT": "30",
}


def import_mlflow() -> None:
    """Import MLflow, which takes one or two seconds."""
    be_quick()
    import mlflow  # noqa: F401, PLC0415, TID251


def prepare(uri: str) -> None:
    """Get ready to open a store. Raises `StoreUnreachableError` where it does not answer."""
    reachable.probe(uri)
    be_quick()


def be_quick() -> None:
    """Set how MLflow is to behave, where the user has not; before it is imported."""
    for key, value in QUIET_AND_QUICK.items():
        os.environ.setdefault(key, value)


def client(uri: str) -> Any:  # noqa: ANN401
    """Give a client for a store that is only read. Raises `StoreUnreachableError`."""
    prepare(uri)
    import mlflow  # noqa: PLC0415, TID251 - a second, for those who need it

    with converted(uri), quiet():
        return mlflow.MlflowClient(uri)


@contextmanager
def converted(uri: str) -> Iterator[None]:
    """Turn every error that means `no answer` into one of ours, which says all that is to be said.

    MLflow logs those of a database with their traceback besides, a hundred lines.
    """
    log = logging.getLogger("mlflow.store.db.utils")

    def unheard(_record: logging.LogRecord) -> bool:
        return False

    log.addFilter(unheard)
    try:
        yield
    except StoreUnreachableError:
        raise
    except Exception as error:
        if not _is_store_error(error):
            raise
        refused = getattr(error, "error_code", None) in REFUSALS
        kind = StoreRefusedError if refused else StoreUnreachableError
        raise kind(redact(uri), reachable.short_text(error)) from error
    finally:
        log.removeFilter(unheard)


def _is_store_error(error: Exception) -> bool:
    modules = {cls.__module__.partition(".")[0] for cls in type(error).__mro__}
    return bool(modules & _STORE_MODULES) or isinstance(error, OSError)


@contextmanager
def quiet() -> Iterator[None]:
    """Keep MLflow's advice to its own users away from ours."""
    loggers = [logging.getLogger(name) for name in ("mlflow", "alembic")]
    levels = [logger.level for logger in loggers]
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        for logger in loggers:
            logger.setLevel(logging.ERROR)
        try:
            yield
        finally:
            for logger, level in zip(loggers, levels, strict=True):
                logger.setLevel(level)
