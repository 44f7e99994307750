"""What of the monitor the collimator's blades blank: the machine knows where they stand."""

from __future__ import annotations

import math
from functools import lru_cache
from typing import TYPE_CHECKING

import numpy as np

from simulator.units import AnyArray, frozen
from simulator.world.collimator import Collimator

if TYPE_CHECKING:
    from simulator.imaging.render import Radiograph


@lru_cache(maxsize=8)
def closed(n: int, field_mm: float, blades: Collimator) -> AnyArray | None:
    """Return (n, n) bool, True where no beam gets through; None if all of it does.

    Args:
        n: Pixels per side.
        field_mm: Side of the detector square in use.
        blades: Iris and shutters, told at the detector.
    """
    at = ((np.arange(n) + 0.5) / n - 0.5) * field_mm
    right, up = at[None, :], -at[:, None]
    c, s = math.cos(math.radians(blades.turn_deg)), math.sin(math.radians(blades.turn_deg))
    shut = np.hypot(right, up) > 0.5 * blades.iris_mm
    shut |= np.abs(c * right + s * up) > 0.5 * blades.width_mm
    shut |= np.abs(c * up - s * right) > 0.5 * blades.height_mm
    return frozen(shut) if shut.any() else None


def blanked(frame: Radiograph) -> AnyArray | None:
    """Return what of a frame lies behind the blades, or None."""
    return closed(frame.signal.shape[0], frame.pose.field_mm, frame.collimator)


def joined(a: AnyArray | None, b: AnyArray | None) -> AnyArray | None:
    """Return where either mask holds; None if there is none."""
    if a is None or b is None:
        return b if a is None else a
    return frozen(a | b)
