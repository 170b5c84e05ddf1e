"""What DVC raises as it makes experiments, as one error of ours with its words."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING

from wherefrom.sources.dvc_clone import DvcError
from wherefrom.uris import redact_text

if TYPE_CHECKING:
    from collections.abc import Iterator


@contextmanager
def converted() -> Iterator[None]:
    """Turn DVC's errors into a `DvcError`, with the words of what caused it."""
    from dvc.exceptions import DvcException  # noqa: PLC0415, TID251
    from scmrepo.exceptions import SCMError  # noqa: PLC0415

    try:
        yield
    except (DvcException, SCMError) as error:
        parts = (str(part) for part in (error, error.__cause__) if part)
        raise DvcError(redact_text(": ".join(" ".join(part.split()) for part in parts))) from error


def is_of_command(error: BaseException) -> bool:
    """Whether an error is that a stage's command failed, and not DVC itself."""
    from dvc.stage.exceptions import StageCmdFailedError  # noqa: PLC0415, TID251

    cause: BaseException | None = error
    while cause is not None and not isinstance(cause, StageCmdFailedError):
        cause = cause.__cause__
    return cause is not None
