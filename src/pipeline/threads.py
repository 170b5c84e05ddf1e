"""Threads: of BLAS and OpenMP by a parameter, of ours by the cores there are.

The number of threads that share a sum changes its last bits, so it is never the machine's. Folds
and trees run beside each other, where nothing is added up.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import joblib
from threadpoolctl import ThreadpoolController

if TYPE_CHECKING:
    from collections.abc import Callable
    from contextlib import AbstractContextManager


def threads_limited(count: int) -> AbstractContextManager[object]:
    """Let BLAS and OpenMP use `count` threads in the block.

    OpenMP keeps its limit for each thread of ours apart, so a thread that is started inside the
    block asks for it again.
    """
    return threads_limiter(count)()


def threads_limiter(count: int) -> Callable[[], AbstractContextManager[object]]:
    """Give what opens such blocks; it looks for BLAS and OpenMP once, which takes a while."""
    found = ThreadpoolController()
    return lambda: found.limit(limits=count)


def cores() -> int:
    """Give the number of cores that this process may use."""
    return int(joblib.cpu_count())
