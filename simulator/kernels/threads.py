"""How many threads the compiled loops use."""

from __future__ import annotations

import numba


def use_threads(count: int) -> int:
    """Use `count` threads, or as many as there are; return the number in use."""
    most = int(numba.config.NUMBA_NUM_THREADS)
    numba.set_num_threads(min(count, most))
    return min(count, most)
