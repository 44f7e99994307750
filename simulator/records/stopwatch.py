"""What a piece of work costs, in CPU time of this process, and where the figures go."""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable

Figures = dict[str, dict[str, float | str]]
Progress = Callable[[str, float], None]


def put(figures: Figures, name: str, value: float, unit: str) -> None:
    """Note a figure."""
    figures[name] = {"value": value, "unit": unit}


def once(work: Callable[[], object]) -> float:
    """Return the CPU time of `work` in seconds."""
    begin = time.process_time()
    work()
    return time.process_time() - begin


def median_ms(work: Callable[[], object], times: int) -> float:
    """Return the median CPU time of `work` in milliseconds."""
    return 1000.0 * statistics.median(once(work) for _ in range(times))
