"""Veins of a vertebra as thin tubes on a voxel grid."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from simulator import rng
from simulator.anatomy.form import wall_y
from simulator.anatomy.shape import Shape
from simulator.anatomy.tables import table
from simulator.units import AnyArray, FloatArray


@dataclass(frozen=True, slots=True)
class Tube:
    """A polyline with a radius, in the body frame."""

    points: FloatArray
    """(n, 3) mm"""
    radius_mm: float


def veins(shape: Shape, seed: int, trunk_mm: float) -> list[Tube]:
    """Return the basivertebral Y, the longitudinal epidural veins and the segmental veins."""
    f, data = shape.form, table("bone.toml")["veins"]
    back = wall_y(shape, 1)
    fork = back - data["trunk_length_fraction"] * f.D
    z = -0.5
    trunk = np.array([[0.0, fork, z + 0.4], [0.3, 0.5 * (fork + back), z], [0.0, back + 1.0, z]])
    tubes = [Tube(trunk, 0.5 * trunk_mm)]
    ends = 0.26 * f.scw
    span = 0.5 * f.Hm + 16.0
    for side in (-1.0, 1.0):
        branch = np.array([[0.0, fork, z + 0.4], [side * 5.0, fork - 3.5, z],
                           [side * 0.24 * f.W, fork - 5.0, z - 0.6]])  # fmt: skip
        tubes.append(Tube(branch, data["branch_mm"]))
        rise = np.linspace(-span, span, 25)
        sway = ends + 1.6 * np.cos(2.0 * np.pi * rise / (f.Hm + 8.0))
        line = np.column_stack([side * sway, np.full(25, back + 1.7), rise])
        tubes.append(Tube(line, data["epidural_mm"]))
        tubes.append(Tube(np.array([[0.0, back + 1.0, z], [side * ends, back + 1.7, z]]), 0.9))
    return tubes + _segmental(shape, seed, fork, z)


def _segmental(shape: Shape, seed: int, fork: float, z: float) -> list[Tube]:
    """Two to four veins that leave through the lateral and anterior walls."""
    f = shape.form
    draw = rng.stream(seed, f"anatomy.veins.{shape.level}")
    thin, thick = table("bone.toml")["veins"]["segmental_mm"]
    count = int(draw.integers(2, 5))
    angles = np.array([0.10, 0.90, 0.36, 0.66])[:count] * math.pi
    tubes = []
    for angle in angles + draw.uniform(-0.12, 0.12, count):
        way = np.array([math.cos(angle), -math.sin(angle), 0.0])
        start = np.array([5.0 * way[0], fork - 2.0 + 2.0 * way[1], z])
        out = np.array([(0.5 * f.W + 1.5) * way[0], (0.5 * f.D + 1.5) * way[1],
                        z + draw.uniform(-2.0, 2.0)])  # fmt: skip
        # outside, the vein follows the waist backwards to the foramen
        turn = np.sign(way[0]) if abs(way[0]) > 0.05 else 1.0
        rest = np.array([turn * (0.5 * f.W + 3.0), 0.10 * f.D, out[2] - 1.0])
        tail = np.array([turn * (0.5 * f.W - 1.0), 0.5 * f.D + 4.0, out[2] - 4.0])
        line = np.array([start, 0.5 * (start + out), out, rest, tail])
        tubes.append(Tube(line, float(draw.uniform(thin, thick))))
    return tubes


def inside(tubes: list[Tube], axes: tuple[FloatArray, FloatArray, FloatArray],
           h: float) -> AnyArray:  # fmt: skip
    """Return the (nx, ny, nz) voxels that tubes run through; none is thinner than a voxel.

    A radius of 0.87 voxels (half the diagonal) catches every voxel the axis passes, so that a
    tube stays connected through faces.
    """
    out = np.zeros(tuple(len(a) for a in axes), dtype=bool)
    for tube in tubes:
        radius = max(tube.radius_mm, 0.87 * h)
        for a, b in zip(tube.points[:-1], tube.points[1:], strict=True):
            box = tuple(
                slice(int(np.searchsorted(axis, min(a[q], b[q]) - radius)),
                      int(np.searchsorted(axis, max(a[q], b[q]) + radius)))
                for q, axis in enumerate(axes)
            )  # fmt: skip
            p = [axis[s] for axis, s in zip(axes, box, strict=True)]
            dx, dy, dz = (c.reshape([-1 if q == n else 1 for n in range(3)]) - a[q]
                          for q, c in enumerate(p))  # fmt: skip
            w = b - a
            t = ((dx * w[0] + dy * w[1] + dz * w[2]) / (w @ w)).clip(0.0, 1.0)
            gap = (dx - t * w[0]) ** 2 + (dy - t * w[1]) ** 2 + (dz - t * w[2]) ** 2
            out[box] |= gap < radius * radius
    return out
