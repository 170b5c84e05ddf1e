"""Threads: of BLAS and OpenMP by a parameter, of ours by the cores there are.

The number of threads that share a sum changes its last bits, so it is never the machine's. Folds
and trees run beside each other, where nothing is added up.
"""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING

import joblib
from threadpoolctl import threadpool_limits

if TYPE_CHECKING:
    from collections.abc import Iterator


@contextmanager
def threads_limited(count: int) -> Iterator[None]:
    """Let BLAS and OpenMP use `count` threads in the block.

    OpenMP keeps its limit for each thread of ours apart, so a thread that is started inside the
    block asks for it again.
    """
    with threadpool_limits(limits=count):
        yield


def cores() -> int:
    """Give the number of cores that this process may use."""
    return int(joblib.cpu_count())
