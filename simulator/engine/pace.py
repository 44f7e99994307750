"""The only reader of the clock: how many ticks are due now."""

from __future__ import annotations

import time

from simulator.units import TICKS_PER_S

_MOST = 4
"""Ticks that may be made up at once; beyond that the world slows, the step never stretches."""


class Pacer:
    """Turns wall time into ticks."""

    def __init__(self) -> None:
        self._last = time.perf_counter()
        self._owed = 0.0

    def due(self, speed: float = 1.0) -> int:
        """Return how many ticks to run now; `speed` 8 for fast-forward."""
        now = time.perf_counter()
        self._owed += (now - self._last) * TICKS_PER_S * speed
        self._last = now
        most = int(_MOST * max(1.0, speed))
        count = min(int(self._owed), most)
        self._owed = min(self._owed - count, 1.0)
        return count

    def rest(self) -> None:
        """Forget owed time, after a pause or a long piece of work."""
        self._last = time.perf_counter()
        self._owed = 0.0
