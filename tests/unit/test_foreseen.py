"""Which of the system's errors are told as what they are."""

from __future__ import annotations

import errno
import os

import pytest

from wherefrom.errors.project import foreseen


def system_error(number: int, *place: str) -> OSError:
    return OSError(number, os.strerror(number), *place)


@pytest.mark.parametrize(
    ("error", "said"),
    [
        (system_error(errno.ENOSPC), "No space left on device"),
        (system_error(errno.EACCES, "model.txt"), "model.txt: Permission denied"),
        (system_error(errno.EROFS, "model.txt"), "model.txt: Read-only file system"),
        (system_error(errno.EPERM), None),  # of a process that is somebody else's, say
        (system_error(errno.ENOENT, "model.txt"), None),
        (ValueError("no"), None),
    ],
)
def test_an_error_of_the_disk_is_one_message_and_others_keep_their_log(
    error: Exception, said: str | None
) -> None:
    known = foreseen(error)

    assert (known and str(known)) == said
