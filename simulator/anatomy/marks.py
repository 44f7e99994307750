"""Landmarks, measured on the shape that is imaged."""

from __future__ import annotations

import math

import numpy as np

from simulator.anatomy.form import (
    canal_width_mm,
    heights,
    pedicle_axis,
    pedicle_mm,
    wall_y,
)
from simulator.anatomy.landmarks import Landmarks, Pedicle
from simulator.anatomy.shape import Shape, reach, values, wall
from simulator.anatomy.torso import Trunk, skin_y
from simulator.units import FloatArray, Vec3

_STATION_MM = 3.0
"""Endplates are measured this far inside the walls."""
_RIM_SHARE = 0.40
"""Where the rim of an endplate is measured at the sides, of its width."""
_CLOCK_DEG = 60.0
"""10 and 2 o'clock, from 12."""
_CLOCK_SHARE = 0.8
"""How far out in the oval the needle docks, of its half axes (design)."""
_DEPTH_SHARE = 0.3
"""Depth of the targets behind the anterior wall, of the body's: inside the anterior third."""
_PARAMEDIAN_SHARE = 0.28
"""Distance of the paramedian targets from the midline, of the half width (design)."""
_ROOT_MM = 4.0
"""The root leaves this far below the pedicle (design)."""
_ROOT_SPAN_MM = np.arange(-5.0, 5.1, 0.5)
"""Between body and facet the root is looked for so far before and behind the isthmus."""
_WALL_POINTS = 7
_ALONG_MM = np.arange(-1.5, 2.1, 0.5)[:, None]
"""Where along its axis an isthmus is searched for its least width and height."""


def _vec(point: FloatArray) -> Vec3:
    return (float(point[0]), float(point[1]), float(point[2]))


def _ray(shape: Shape, start: FloatArray, way: FloatArray, length_mm: float) -> float:
    """Distance from a start inside bone to the first surface."""
    return float(wall(shape, start[None], _vec(way), length_mm)[0])


def pedicle(shape: Shape, side: int) -> Pedicle:
    """Return one pedicle in the patient frame; side +1 left, -1 right."""
    centre, axis, lateral = pedicle_axis(shape, side)
    width, height, into, out = pedicle_mm(shape, side)
    centre = centre + 0.5 * (out - into) * lateral
    starts = centre + _ALONG_MM * axis
    outer, inner = _opposite(shape, starts, lateral)
    top, bottom = _opposite(shape, starts, np.cross(axis, lateral) * side)
    back = _ray(shape, centre, -axis, 30.0)
    front = float(reach(shape, centre[None], _vec(axis), 75.0)[0])
    pose = shape.pose
    return Pedicle(
        centre_mm=_vec(pose.out(centre)),
        axis=_vec(pose.turn @ axis),
        width_mm=width,
        height_mm=height,
        medial_border_x_mm=float(pose.out(inner)[0]),
        lateral_border_x_mm=float(pose.out(outer)[0]),
        entry_mm=_vec(pose.out(centre - back * axis)),
        medial_mm=_vec(pose.out(inner)),
        lateral_mm=_vec(pose.out(outer)),
        superior_mm=_vec(pose.out(top)),
        inferior_mm=_vec(pose.out(bottom)),
        dock_mm=_vec(pose.out(_dock(shape, centre, side, width, height))),
        beside_mm=_vec(pose.out(_beside(shape, centre, axis, lateral))),
        chord_mm=back + front,
    )


def _opposite(shape: Shape, starts: FloatArray, way: FloatArray) -> tuple[FloatArray, FloatArray]:
    """Return the borders ahead and behind along `way`, where they are closest to each other."""
    ahead = wall(shape, starts, _vec(way), 20.0)
    behind = wall(shape, starts, _vec(-way), 20.0)
    least = int(np.argmin(ahead + behind))
    return starts[least] + ahead[least] * way, starts[least] - behind[least] * way


def _dock(shape: Shape, centre: FloatArray, side: int, width: float, height: float) -> FloatArray:
    """The posterior cortex behind 10 or 2 o'clock of the oval, as a true AP shows it."""
    angle = math.radians(_CLOCK_DEG)
    start = centre + 0.5 * _CLOCK_SHARE * np.array([side * width * math.sin(angle), 0.0,
                                                    height * math.cos(angle)])  # fmt: skip
    behind = np.array([0.0, 1.0, 0.0])
    return np.asarray(start + _ray(shape, start, behind, 30.0) * behind)


def _beside(shape: Shape, centre: FloatArray, axis: FloatArray, lateral: FloatArray) -> FloatArray:
    """Where the lateral cortex of the pedicle becomes that of the body."""
    start = centre + axis * (wall_y(shape, 1) - centre[1]) / axis[1]
    return np.asarray(start + _ray(shape, start, lateral, 30.0) * lateral)


def spinous_tip(shape: Shape) -> FloatArray:
    """Return the rearmost point of the spinous process, in the body frame."""
    f = shape.form
    x = f.dev + np.arange(-3.0, 3.1, 1.0)
    z = np.arange(f.sz - 8.0, f.sz + 6.0, 1.0)
    starts = np.array([[a, f.tip - 12.0, c] for a in x for c in z])
    far = reach(shape, starts, (0, 1, 0), 20.0)
    best = int(np.argmax(far))
    return np.asarray(starts[best] + np.array([0.0, far[best], 0.0]))


def _plates(shape: Shape, x: FloatArray, y: FloatArray) -> tuple[FloatArray, FloatArray]:
    """Return z of the superior and of the inferior endplate at (n,) body points."""
    start = -0.15 * shape.form.Hm
    starts = np.column_stack([x, y, np.full(len(x), start)])
    length = 0.85 * shape.form.D
    return (
        start + reach(shape, starts, (0, 0, 1), length),
        start - reach(shape, starts, (0, 0, -1), length),
    )


def _normals(shape: Shape, front: float, back: float) -> tuple[Vec3, Vec3]:
    """Return the outward normals of the planes through both rims, patient frame."""
    wide = _RIM_SHARE * shape.form.W
    x = np.array([0.0, 0.0, -wide, wide])
    y = np.array([front, back, 0.07 * shape.form.D, 0.07 * shape.form.D])
    out = []
    for z, sign in zip(_plates(shape, x, y), (1.0, -1.0), strict=True):
        across, along = (z[3] - z[2]) / (2.0 * wide), (z[1] - z[0]) / (back - front)
        normal = sign * np.array([-across, -along, 1.0])
        out.append(_vec(shape.pose.turn @ (normal / np.linalg.norm(normal))))
    return out[0], out[1]


def _targets(shape: Shape, front: float, back: float, half_width: float) -> FloatArray:
    """Return the left, the right and the midline target, (3, 3), body frame."""
    x = np.array([1.0, -1.0, 0.0]) * _PARAMEDIAN_SHARE * half_width
    y = np.full(3, front + _DEPTH_SHARE * (back - front))
    top, low = _plates(shape, x, y)
    return np.column_stack([x, y, 0.5 * (top + low)])


def _posterior_line(shape: Shape, top: float, low: float) -> FloatArray:
    """Return (n, 3) points of the posterior wall in the midline, from above, body frame."""
    z = np.linspace(top - _STATION_MM, low + _STATION_MM, _WALL_POINTS)
    starts = np.column_stack([np.zeros(len(z)), np.zeros(len(z)), z])
    y = reach(shape, starts, (0, 1, 0), 0.5 * shape.form.D + 5.0)
    return np.column_stack([np.zeros(len(z)), y, z])


def _vecs(points: FloatArray) -> tuple[Vec3, ...]:
    return tuple(_vec(point) for point in points)


def landmarks(shape: Shape, intact: Shape, body: Trunk) -> Landmarks:
    """Return everything a surgeon points at on this level, in the patient frame."""
    f, pose = shape.form, shape.pose
    (top, low), (top0, low0) = heights(shape), heights(intact)
    back, front = wall_y(shape, 1), wall_y(shape, -1)
    stations = (front + _STATION_MM, 0.5 * (front + back), back - _STATION_MM)
    start = np.array([[0.0, 0.07 * f.D, -1.0]])
    wide = reach(shape, start, (1, 0, 0), f.W) + reach(shape, start, (-1, 0, 0), f.W)
    half_width = 0.5 * float(wide[0])

    def seen(x: float, y: float, z: float) -> Vec3:
        return _vec(pose.out(np.array([x, y, z])))

    upper = [seen(0.0, y, z) for y, z in zip(stations, top, strict=True)]
    lower = [seen(0.0, y, z) for y, z in zip(stations, low, strict=True)]
    before = tuple(a - b for a, b in zip(top0, low0, strict=True))
    both = (pedicle(shape, 1), pedicle(shape, -1))
    superior_normal, inferior_normal = _normals(shape, stations[0], stations[2])
    left, right, midline = _vecs(pose.out(_targets(shape, front, back, half_width)))
    x, y, z = _vecs(pose.turn.T)
    return Landmarks(
        level=shape.level,
        centre_mm=_vec(pose.shift),
        pedicles=both,
        posterior_wall_y_mm=seen(0.0, back, 0.0)[1],
        anterior_wall_y_mm=seen(0.0, front, 0.0)[1],
        half_width_mm=half_width,
        intact_height_mm=(before[0], before[1], before[2]),
        spinous_tip_mm=_vec(pose.out(spinous_tip(shape))),
        canal_centre_mm=seen(0.0, 0.5 * f.D + 0.5 * f.scd + 0.3, f.zp),
        canal_half_width_mm=0.5 * canal_width_mm(shape),
        canal_half_depth_mm=0.5 * shape.sizes.scd,
        skin_y_mm=skin_y(body, float(pose.shift[0]), float(pose.shift[2])),
        axes=(x, y, z),
        superior_mm=(upper[0], upper[1], upper[2]),
        inferior_mm=(lower[0], lower[1], lower[2]),
        superior_normal=superior_normal,
        inferior_normal=inferior_normal,
        posterior_wall_mm=seen(0.0, back, 0.0),
        anterior_wall_mm=seen(0.0, front, 0.0),
        posterior_line_mm=_vecs(pose.out(_posterior_line(shape, top[2], low[2]))),
        anterior_third_mm=(left, right),
        midline_mm=midline,
        facets_mm=(seen(f.xj, f.yj, f.zj), seen(-f.xj, f.yj, f.zj)),
        foramina_mm=(_root(shape, both[0]), _root(shape, both[1])),
    )


def _root(shape: Shape, one: Pedicle) -> Vec3:
    """Below the pedicle, midway between the bone before and behind: the foramen's roomiest."""
    pose = shape.pose
    below = (np.asarray(one.inferior_mm) - pose.shift) @ pose.turn - [0.0, 0.0, _ROOT_MM]
    tried = below + _ROOT_SPAN_MM[:, None] * np.array([0.0, 1.0, 0.0])
    free = values(shape, tried)[:, 0]
    return _vec(pose.out(tried[int(np.argmax(free))]))
