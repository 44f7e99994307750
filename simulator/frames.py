"""Patient frame: LPS millimetres (DICOM). +x to the patient's left, +y posterior, +z superior.

The origin is the centre of the index vertebral body as it was before its fracture.
"""

from __future__ import annotations

import math
from enum import IntEnum

import numpy as np

from simulator.units import FloatArray, Vec3


class Side(IntEnum):
    """The patient's side, never the screen's."""

    LEFT = 0
    RIGHT = 1

    @property
    def sign(self) -> int:
        """+1 on the patient's left (+x), -1 on the right."""
        return 1 if self is Side.LEFT else -1


def dot(a: Vec3, b: Vec3) -> float:
    """Return the scalar product."""
    return a[0] * b[0] + a[1] * b[1] + a[2] * b[2]


def cross(a: Vec3, b: Vec3) -> Vec3:
    """Return the vector product."""
    return (
        a[1] * b[2] - a[2] * b[1],
        a[2] * b[0] - a[0] * b[2],
        a[0] * b[1] - a[1] * b[0],
    )


def minus(a: Vec3, b: Vec3) -> Vec3:
    """Return a - b."""
    return (a[0] - b[0], a[1] - b[1], a[2] - b[2])


def along(point: Vec3, direction: Vec3, length: float) -> Vec3:
    """Return the point `length` further along `direction`."""
    return (
        point[0] + direction[0] * length,
        point[1] + direction[1] * length,
        point[2] + direction[2] * length,
    )


def norm(a: Vec3) -> float:
    """Return the length of a vector."""
    return math.sqrt(dot(a, a))


def unit(a: Vec3) -> Vec3:
    """Return the vector scaled to length one."""
    length = norm(a)
    return (a[0] / length, a[1] / length, a[2] / length)


def rotated(v: Vec3, axis: Vec3, angle_rad: float) -> Vec3:
    """Turn `v` about the unit vector `axis` by the right-hand rule (Rodrigues)."""
    c, s = math.cos(angle_rad), math.sin(angle_rad)
    k = dot(axis, v) * (1.0 - c)
    w = cross(axis, v)
    return (
        v[0] * c + w[0] * s + axis[0] * k,
        v[1] * c + w[1] * s + axis[1] * k,
        v[2] * c + w[2] * s + axis[2] * k,
    )


def needle_direction(side: Side, medial_deg: float, caudal_deg: float) -> Vec3:
    """Return the unit direction of a needle that goes anteriorly, `medial_deg` towards the
    midline and `caudal_deg` towards the feet.
    """
    medial, caudal = math.radians(medial_deg), math.radians(caudal_deg)
    return unit((-side.sign * math.tan(medial), -1.0, -math.tan(caudal)))


def as_array(v: Vec3) -> FloatArray:
    """Return a (3,) float64 array."""
    return np.array(v, dtype=np.float64)
