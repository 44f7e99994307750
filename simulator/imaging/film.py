"""Distances on one picture, as a reader measures them, and the double contours of a vertebra.

Points are projected with the picture's own perspective; lengths are told at the scale of the
centre of the body.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from enum import StrEnum

from simulator.anatomy.landmarks import Landmarks
from simulator.frames import Side, along, dot, minus
from simulator.imaging.positioner import Geometry, project
from simulator.units import Vec3

_RIM_SHARE = 0.8
"""Where rims and the edges of the posterior wall are read at the sides, of the half width."""
_ZERO: Vec3 = (0.0, 0.0, 0.0)


@dataclass(frozen=True, slots=True)
class Film:
    """A picture as a reader measures it: mm at the scale of one point."""

    g: Geometry
    origin: Vec3

    def at(self, point: Vec3) -> tuple[float, float]:
        """Return (right, up) of a point from the middle of the picture."""
        scale = self.g.pitch_mm / project(self.g, self.origin)[2]
        col, row, _ = project(self.g, point)
        middle = 0.5 * (self.g.n - 1)
        return (col - middle) * scale, (middle - row) * scale

    def between(self, a: Vec3, b: Vec3) -> tuple[float, float]:
        """Return (right, up) from one point to another."""
        (u, v), (p, q) = self.at(a), self.at(b)
        return p - u, q - v

    def along(self, a: Vec3, b: Vec3, axis: Vec3) -> float:
        """Return how far `b` lies from `a` along the image of an axis through the origin."""
        u, v = self.between(along(self.origin, axis, -1.0), along(self.origin, axis, 1.0))
        right, up = self.between(a, b)
        length = math.hypot(u, v)
        return (right * u + up * v) / length if length > 0.0 else 0.0


class Plate(StrEnum):
    """An endplate."""

    SUPERIOR = "superior"
    INFERIOR = "inferior"


def sounder(marks: Landmarks) -> Plate:
    """Return the endplate that lies squarer to the vertebra's axis: the less fractured one."""
    up = marks.axes[2]
    square = dot(marks.superior_normal, up) > -dot(marks.inferior_normal, up)
    return Plate.SUPERIOR if square else Plate.INFERIOR


def plate_double(
    film: Film, marks: Landmarks, points: tuple[Vec3, Vec3, Vec3], normal: Vec3
) -> float:
    """Return how far apart the two rims of an endplate fall that the beam grazes.

    The rim is an ellipse through the measured front and back, its width in the plane of the
    rim. Its lowest and highest points along the beam are the ends of the conjugate diameter.
    """
    front, _, back = points
    middle = along(front, minus(back, front), 0.5)
    left, _, up = marks.axes
    slope = dot(left, normal) / dot(up, normal)
    wide = along(left, up, -slope)
    depth = along(_ZERO, minus(back, front), 0.5)
    wide = along(_ZERO, wide, _RIM_SHARE * marks.half_width_mm)
    a, b = dot(wide, film.g.direction), dot(depth, film.g.direction)
    length = math.hypot(a, b)
    if length == 0.0:
        return 0.0
    way = along(along(_ZERO, wide, a / length), depth, b / length)
    return film.along(along(middle, way, -1.0), along(middle, way, 1.0), up)


def spinous_offset(film: Film, marks: Landmarks) -> float:
    """Return how far the spinous tip falls to the patient's left of the pedicles' midpoint."""
    left, spinous = marks.axes[0], marks.spinous_tip_mm
    return 0.5 * sum(film.along(p.centre_mm, spinous, left) for p in marks.pedicles)


def pedicle_asymmetry(film: Film, marks: Landmarks) -> float:
    """Return the way from pedicle to lateral border of the body, left less right."""
    left = marks.axes[0]
    ways = [
        film.along(
            marks.pedicles[side].centre_mm,
            along(marks.centre_mm, left, side.sign * marks.half_width_mm),
            left,
        )
        for side in Side
    ]
    return ways[Side.LEFT] + ways[Side.RIGHT]


def pedicle_height(film: Film, marks: Landmarks) -> tuple[float, float]:
    """Return where the pedicles lie between inferior (0) and superior endplate (1), by `Side`."""
    up, floor = marks.axes[2], marks.inferior_mm[1]
    height = film.along(floor, marks.superior_mm[1], up)
    one, two = (film.along(floor, p.centre_mm, up) / height for p in marks.pedicles)
    return one, two


def wall_double(film: Film, marks: Landmarks) -> float:
    """Return how far apart the edges of the posterior wall fall, towards the back."""
    left, posterior, _ = marks.axes
    wide = _RIM_SHARE * marks.half_width_mm
    edges = [along(marks.posterior_wall_mm, left, s * wide) for s in (-1.0, 1.0)]
    near, far = edges if dot(left, film.g.direction) >= 0.0 else edges[::-1]
    return film.along(near, far, posterior)


def pedicles_apart(film: Film, marks: Landmarks) -> float:
    """Return how far the images of both pedicles lie apart."""
    one, two = marks.pedicles
    return math.hypot(*film.between(one.centre_mm, two.centre_mm))


def barrel(film: Film, marks: Landmarks, side: Side) -> float:
    """Return how far both ends of a pedicle's axis, entry and posterior wall, fall apart."""
    pedicle = marks.pedicles[side]
    behind = dot(minus(pedicle.entry_mm, marks.posterior_wall_mm), marks.axes[1])
    end = along(pedicle.entry_mm, pedicle.axis, -behind / dot(pedicle.axis, marks.axes[1]))
    return math.hypot(*film.between(pedicle.entry_mm, end))
