"""Directions about a shaft, and the bend of one that a bevel steered."""

from __future__ import annotations

import math
from dataclasses import dataclass

from simulator.frames import Side, along, cross, unit
from simulator.units import Vec3


def across(direction: Vec3, side: Side) -> tuple[Vec3, Vec3]:
    """Return the unit vectors square to a shaft that point to the midline and to the feet.

    Angles about a shaft (bevel, roll) count from the first to the second, so that the same
    angle on the other side of a mirrored patient is the mirror image.
    """
    down = unit(along((0.0, 0.0, -1.0), direction, direction[2]))
    x, y, z = cross(direction, down)
    return (-side.sign * x, -side.sign * y, -side.sign * z), down


def turned_to(direction: Vec3, side: Side, angle_deg: float) -> Vec3:
    """Return the unit vector square to a shaft at `angle_deg` from medial towards caudal."""
    medial, caudal = across(direction, side)
    a = math.radians(angle_deg)
    return along(along((0.0, 0.0, 0.0), medial, math.cos(a)), caudal, math.sin(a))


@dataclass(frozen=True, slots=True)
class Bow:
    """How the channel of a bevelled needle leaves the straight line from the dock on.

    A cubic with no offset and no slope at the dock; a constant curvature is told exactly. Offset
    and slope at the far end are (medial, caudal) parts, square to the shaft.
    """

    length_mm: float
    bend_mm: tuple[float, float]
    veer: tuple[float, float]

    def at(self, run_mm: float) -> tuple[tuple[float, float], tuple[float, float]]:
        """Return offset (mm) and slope, `run_mm` beyond the dock; straight on past the end."""
        if run_mm >= self.length_mm:
            rest = run_mm - self.length_mm
            (a, b), (u, v) = self.bend_mm, self.veer
            return (a + rest * u, b + rest * v), self.veer
        t = max(run_mm, 0.0) / self.length_mm
        p, q = t * t * (3.0 - 2.0 * t), t * t * (t - 1.0) * self.length_mm
        m, n = 6.0 * t * (1.0 - t) / self.length_mm, t * (3.0 * t - 2.0)
        offset = [p * b + q * v for b, v in zip(self.bend_mm, self.veer, strict=True)]
        slope = [m * b + n * v for b, v in zip(self.bend_mm, self.veer, strict=True)]
        return (offset[0], offset[1]), (slope[0], slope[1])
