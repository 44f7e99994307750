"""How many threads the compiled loops use, and who may start them."""

from __future__ import annotations

import threading

import numba

ONE_AT_A_TIME = threading.Lock()
"""Held around every parallel kernel: numba's fallback threading layer ends the process when two
Python threads start parallel loops at once, and the window builds cases beside drawing."""


def use_threads(count: int) -> int:
    """Use `count` threads, or as many as there are; return the number in use."""
    most = int(numba.config.NUMBA_NUM_THREADS)
    numba.set_num_threads(min(count, most))
    return min(count, most)
