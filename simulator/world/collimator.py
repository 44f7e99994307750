"""The blades before the tube: an iris and two pairs of shutters, told at the detector."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any, TypeVar

import numpy as np

Place = TypeVar("Place", float, np.ndarray[Any, Any])

WIDE_MM = 430.0
"""An iris this wide leaves the corners of the largest field free."""


@dataclass(frozen=True, slots=True)
class Collimator:
    """What is left open of the field; the default leaves all of it open."""

    iris_mm: float = WIDE_MM
    """Diameter of the round opening, in the plane of the detector."""
    width_mm: float = WIDE_MM
    """Opening of the pair of shutters that closes from the sides."""
    height_mm: float = WIDE_MM
    """Opening of the pair that closes from above and below."""
    turn_deg: float = 0.0
    """Both pairs turned about the beam, counterclockwise on the picture."""

    def turned(self, right_mm: Place, up_mm: Place) -> tuple[Place, Place]:
        """Return a place on the detector in the shutters' frame: across and along, mm."""
        a = math.radians(self.turn_deg)
        across = right_mm * math.cos(a) + up_mm * math.sin(a)
        return across, up_mm * math.cos(a) - right_mm * math.sin(a)

    def passes(self, right_mm: float, up_mm: float) -> bool:
        """Tell whether a ray gets through, by its place on the detector from its centre."""
        across, along = self.turned(right_mm, up_mm)
        round_ = math.hypot(right_mm, up_mm) <= 0.5 * self.iris_mm
        return round_ and abs(across) <= 0.5 * self.width_mm and abs(along) <= 0.5 * self.height_mm


OPEN = Collimator()
