"""Array types and the few conversions that more than one floor needs."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

FloatArray = NDArray[np.float64]
Float32Array = NDArray[np.float32]
IntArray = NDArray[np.int32]
ByteArray = NDArray[np.uint8]
AnyArray = NDArray[Any]

Vec3 = tuple[float, float, float]

TICKS_PER_S = 60
"""The world's clock: one physics tick is 1/60 s, never stretched."""

PSI_PER_MPA = 145.038
BAR_PER_MPA = 10.0
KPA_PER_MPA = 1000.0
MM3_PER_ML = 1000.0


def ticks(seconds: float) -> int:
    """Return the number of whole ticks nearest to `seconds`."""
    return round(seconds * TICKS_PER_S)


def seconds(tick: int) -> float:
    """Return the time of `tick` in seconds since the start of the run."""
    return tick / TICKS_PER_S


def frozen(array: AnyArray) -> AnyArray:
    """Return `array` in C order and read-only, so that it can be shared between states."""
    out = np.ascontiguousarray(array)
    out.setflags(write=False)
    return out
