"""Voxels along a straight hole in the bone, and at its end."""

from __future__ import annotations

import math

import numpy as np

from simulator.units import AnyArray, IntArray, Vec3

Where = tuple[Vec3, float, tuple[int, int, int]]
"""Origin, spacing and shape of a grid."""


def index_of(
    point: Vec3, origin_mm: Vec3, spacing_mm: float, shape: tuple[int, int, int]
) -> tuple[int, int, int]:
    """Return the voxel that holds `point`, kept off the border of the grid."""
    i, j, k = (
        min(max(round((p - o) / spacing_mm), 1), n - 2)
        for p, o, n in zip(point, origin_mm, shape, strict=True)
    )
    return i, j, k


def voxels_along(
    start: Vec3,
    end: Vec3,
    radius_mm: float,
    origin_mm: Vec3,
    spacing_mm: float,
    shape: tuple[int, int, int],
) -> IntArray:
    """Return (n,) flat indices of voxels whose centre is within `radius_mm` of the segment.

    Voxels come in flat order; those of the border are left out.
    """
    spans = []
    for a, b, o, n in zip(start, end, origin_mm, shape, strict=True):
        low = max(math.floor((min(a, b) - radius_mm - o) / spacing_mm), 1)
        high = min(math.ceil((max(a, b) + radius_mm - o) / spacing_mm), n - 2)
        spans.append(np.arange(low, high + 1))
    x, y, z = (o + spacing_mm * s - a for o, s, a in zip(origin_mm, spans, start, strict=True))
    d = [b - a for a, b in zip(start, end, strict=True)]
    length2 = sum(v * v for v in d)
    dot = x[:, None, None] * d[0] + y[None, :, None] * d[1] + z[None, None, :] * d[2]
    t = np.clip(dot / length2, 0.0, 1.0) if length2 > 0.0 else 0.0 * dot
    away2 = (
        (x[:, None, None] - t * d[0]) ** 2
        + (y[None, :, None] - t * d[1]) ** 2
        + (z[None, None, :] - t * d[2]) ** 2
    )
    i, j, k = np.nonzero(away2 <= radius_mm * radius_mm)
    flat = (spans[0][i] * shape[1] + spans[1][j]) * shape[2] + spans[2][k]
    return flat.astype(np.int32)


def voids_at(
    tip_mm: Vec3,
    ball_mm: float,
    drilled: tuple[tuple[Vec3, Vec3], ...],
    channel_mm: float,
    where: Where,
    permeability: AnyArray,
    wall_k: float,
) -> tuple[IntArray, int]:
    """Return flat indices of voxels without bone, and how many of them lie at the tip.

    The ball at the tip does not reach through a wall: it is the part of the sphere that is
    connected with the tip, or that the cannula has drilled.

    Args:
        tip_mm: where cement comes out.
        ball_mm: radius of the void at the tip.
        drilled: open channels.
        channel_mm: their radius.
        where: the grid.
        permeability: (voxels,) of the grid.
        wall_k: nothing flows below this.
    """
    ball = voxels_along(tip_mm, tip_mm, ball_mm, *where)
    holes = [voxels_along(a, b, channel_mm, *where) for a, b in drilled]
    i, j, k = index_of(tip_mm, *where)
    source = (i * where[2][1] + j) * where[2][2] + k
    free = _connected(ball[(permeability[ball] > wall_k) | (ball == source)], source, where[2])
    channel = np.setdiff1d(np.concatenate(holes), free)
    return np.concatenate([free, channel]).astype(np.int32), free.size


def _connected(voxels: IntArray, source: int, shape: tuple[int, int, int]) -> IntArray:
    """Return those of a few `voxels` that faces connect with `source`, nearest first."""
    steps = (shape[1] * shape[2], shape[2], 1)
    rest = {int(v) for v in voxels} - {source}
    found = [source]
    for voxel in found:  # grows while it is walked
        for step in (*steps, *(-s for s in steps)):
            if voxel + step in rest:
                rest.remove(voxel + step)
                found.append(voxel + step)
    return np.array(found, np.int32)
