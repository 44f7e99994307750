"""Veins of a vertebra as thin tubes on a voxel grid."""

from __future__ import annotations

import math
from dataclasses import dataclass
from itertools import pairwise

import numpy as np

from simulator import rng
from simulator.anatomy.form import wall_y
from simulator.anatomy.shape import Shape
from simulator.anatomy.tables import table
from simulator.units import Float32Array, FloatArray

_FACES = 1.0
"""Least radius in voxels, above half the diagonal: every voxel that the axis passes is caught."""
_EDGE, _EDGE_THICK = 0.15, 0.45
"""Voxels count up to so far outside the radius, in voxels; in thick veins as covered."""


@dataclass(frozen=True, slots=True)
class Tube:
    """A polyline with a radius, in the body frame."""

    points: FloatArray
    """(n, 3) mm"""
    radius_mm: float
    inside: bool = True
    """False for veins of the canal: they run beside bone, never in it."""


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
        tubes.append(Tube(line, data["epidural_mm"], inside=False))
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


def filled(tubes: list[Tube], axes: tuple[FloatArray, FloatArray, FloatArray], h: float,
           d: Float32Array) -> tuple[Float32Array, Float32Array]:  # fmt: skip
    """Return the share of each voxel inside veins and the conducting radius of the widest there.

    A tube is drawn at least `_FACES` voxels in radius, so that its voxels touch by faces, with
    edges by coverage, and scaled to pi r^2 per length: its volume is that of the cylinder on any
    grid. A voxel conducts share * r^2 / 8: over a cross-section sum(share) * h^2 * r^2 / 8 =
    pi r^4 / 8, as Poiseuille has it. A flow through faces climbs an oblique tube in steps, which
    costs a share of it; r^2 is raised by as much (`_stepped`). Where tubes join, shares add up,
    to 1 at most.

    Args:
        tubes: centre lines in the frame of `axes`.
        axes: voxel centres along x, y, z, mm.
        h: spacing, mm.
        d: (nx, ny, nz) distance to bone, mm: veins of the canal do not enter bone.
    """
    share, radius = np.zeros(d.shape, np.float32), np.zeros(d.shape, np.float32)
    for tube in tubes:
        wide = max(tube.radius_mm, _FACES * h)
        edge = wide + h * (_EDGE_THICK if tube.radius_mm > h else _EDGE)
        low, high = tube.points.min(axis=0) - edge, tube.points.max(axis=0) + edge
        box = tuple(slice(int(np.searchsorted(axis, low[q])), int(np.searchsorted(axis, high[q])))
                    for q, axis in enumerate(axes))  # fmt: skip
        gap, kept = _axis_gap(
            tube.points, [axis[s] for axis, s in zip(axes, box, strict=True)], wide / h
        )
        cover = np.where(gap < edge, (0.5 + (wide - gap) / h).clip(0.0, 1.0), 0.0)
        goal = math.pi * tube.radius_mm**2 * _length_inside(tube.points, axes) / h**3
        for _ in range(8):  # a full voxel holds no more: the others take its surplus
            cover = np.minimum(cover * goal / max(float(cover.sum()), 1e-9), 1.0)
        if not tube.inside:
            cover[d[box] <= 0.0] = 0.0
        share[box] += cover
        own = np.where(cover > 0.0, tube.radius_mm / np.sqrt(kept), 0.0)
        radius[box] = np.maximum(radius[box], own)
    return np.minimum(share, np.float32(1.0)), radius


def _stepped(way: FloatArray, wide: float) -> float:
    """Return the share of its conductance that a tube keeps on voxels.

    A chain of single voxels in direction u is |u|_1 = |ux| + |uy| + |uz| times as long as the
    tube and holds its volume in as many voxels more: it loses 1 - 1 / |u|_1^2. Voxels beside the
    chain that flow can turn to give part of it back, most where one axis leads: 1 - sum(u^4)
    tells how much. In a wider tube the loss is confined to the wall and falls as voxels per
    radius. Both weights are fitted to solutions of Laplace's equation in ten directions.

    Args:
        way: (3,) unit direction.
        wide: radius as drawn, in voxels.
    """
    chain = 1.0 - 1.0 / float(np.abs(way).sum()) ** 2
    mixed = 1.0 - float((way**4).sum())
    return 1.0 - (0.44 * chain + 0.25 * mixed) / wide


def _axis_gap(
    points: FloatArray, axes: list[FloatArray], wide: float
) -> tuple[FloatArray, FloatArray]:
    """Return distances of voxels to a polyline, its ends cut square, and `_stepped` there."""
    out = np.full(tuple(len(a) for a in axes), np.inf)
    kept = np.ones(out.shape)
    last = len(points) - 2
    for n, (a, b) in enumerate(pairwise(points)):
        dx, dy, dz = (c.reshape([-1 if q == m else 1 for m in range(3)]) - a[q]
                      for q, c in enumerate(axes))  # fmt: skip
        w = b - a
        t = (dx * w[0] + dy * w[1] + dz * w[2]) / (w @ w)
        cut = ((t < 0.0) & (n == 0)) | ((t > 1.0) & (n == last))
        t = t.clip(0.0, 1.0)
        gap = (dx - t * w[0]) ** 2 + (dy - t * w[1]) ** 2 + (dz - t * w[2]) ** 2
        gap = np.where(cut, np.inf, gap)
        kept[gap < out] = _stepped(w / np.linalg.norm(w), wide)
        out = np.minimum(out, gap)
    return np.sqrt(out), kept


def _length_inside(points: FloatArray, axes: tuple[FloatArray, FloatArray, FloatArray]) -> float:
    """Return how much of a polyline lies within the grid, mm."""
    low, high = (np.array([axis[end] for axis in axes]) for end in (0, -1))
    total = 0.0
    for a, b in pairwise(points):
        p = a + ((np.arange(64) + 0.5) / 64)[:, None] * (b - a)
        inside = ((p >= low) & (p <= high)).all(axis=1)
        total += float(np.linalg.norm(b - a)) * float(inside.mean())
    return total
