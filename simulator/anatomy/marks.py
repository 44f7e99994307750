"""Landmarks, measured on the shape that is imaged."""

from __future__ import annotations

import numpy as np

from simulator.anatomy.form import (
    canal_width_mm,
    heights,
    pedicle_axis,
    pedicle_mm,
    wall_y,
)
from simulator.anatomy.landmarks import Landmarks, Pedicle
from simulator.anatomy.shape import Shape, reach, wall
from simulator.anatomy.torso import Trunk, skin_y
from simulator.units import FloatArray, Vec3


def _vec(point: FloatArray) -> Vec3:
    return (float(point[0]), float(point[1]), float(point[2]))


def pedicle(shape: Shape, side: int) -> Pedicle:
    """Return one pedicle in the patient frame; side +1 left, -1 right."""
    centre, axis, lateral = pedicle_axis(shape, side)
    width, height, into, out = pedicle_mm(shape, side)
    centre = centre + 0.5 * (out - into) * lateral
    inner, outer = centre - 0.5 * width * lateral, centre + 0.5 * width * lateral
    back = wall(shape, centre[None], tuple(-axis), 30.0)[0]
    pose = shape.pose
    return Pedicle(
        centre_mm=_vec(pose.out(centre)),
        axis=_vec(pose.turn @ axis),
        width_mm=width,
        height_mm=height,
        medial_border_x_mm=float(pose.out(inner)[0]),
        lateral_border_x_mm=float(pose.out(outer)[0]),
        entry_mm=_vec(pose.out(centre - back * axis)),
    )


def spinous_tip(shape: Shape) -> FloatArray:
    """Return the rearmost point of the spinous process, in the body frame."""
    f = shape.form
    x = f.dev + np.arange(-3.0, 3.1, 1.0)
    z = np.arange(f.sz - 8.0, f.sz + 6.0, 1.0)
    starts = np.array([[a, f.tip - 12.0, c] for a in x for c in z])
    far = reach(shape, starts, (0, 1, 0), 20.0)
    best = int(np.argmax(far))
    return np.asarray(starts[best] + np.array([0.0, far[best], 0.0]))


def landmarks(shape: Shape, intact: Shape, body: Trunk) -> Landmarks:
    """Return everything a surgeon points at on this level, in the patient frame."""
    f, pose = shape.form, shape.pose
    (top, low), (top0, low0) = heights(shape), heights(intact)
    back, front = wall_y(shape, 1), wall_y(shape, -1)
    stations = (front + 3.0, 0.5 * (front + back), back - 3.0)
    start = np.array([[0.0, 0.07 * f.D, -1.0]])
    wide = reach(shape, start, (1, 0, 0), f.W) + reach(shape, start, (-1, 0, 0), f.W)

    def seen(y: float, z: float) -> FloatArray:
        return pose.out(np.array([0.0, y, z]))

    upper = [float(seen(y, z)[2]) for y, z in zip(stations, top, strict=True)]
    lower = [float(seen(y, z)[2]) for y, z in zip(stations, low, strict=True)]
    before = tuple(a - b for a, b in zip(top0, low0, strict=True))
    return Landmarks(
        level=shape.level,
        centre_mm=_vec(pose.shift),
        pedicles=(pedicle(shape, 1), pedicle(shape, -1)),
        posterior_wall_y_mm=float(seen(back, 0.0)[1]),
        anterior_wall_y_mm=float(seen(front, 0.0)[1]),
        half_width_mm=0.5 * float(wide[0]),
        superior_z_mm=(upper[0], upper[1], upper[2]),
        inferior_z_mm=(lower[0], lower[1], lower[2]),
        intact_height_mm=(before[0], before[1], before[2]),
        spinous_tip_mm=_vec(pose.out(spinous_tip(shape))),
        canal_centre_mm=_vec(seen(0.5 * f.D + 0.5 * f.scd + 0.3, f.zp)),
        canal_half_width_mm=0.5 * canal_width_mm(shape),
        canal_half_depth_mm=0.5 * shape.sizes.scd,
        skin_y_mm=skin_y(body, 0.0, float(pose.shift[2])),
    )
