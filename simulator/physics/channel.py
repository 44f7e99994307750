"""Voxels along a straight hole in the bone, and at its end."""

from __future__ import annotations

import math
from collections.abc import Sequence

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
    tips_mm: Sequence[Vec3],
    ball_mm: float,
    drilled: Sequence[tuple[Vec3, Vec3]],
    channel_mm: float,
    where: Where,
    permeability: AnyArray,
    wall_k: float,
) -> tuple[IntArray, IntArray]:
    """Return flat indices of voxels without bone, and which of them lie at which tip.

    The ball at a tip does not reach through a wall: it is the part of the sphere that is
    connected with the tip, or that the cannula has drilled.

    Args:
        tips_mm: where cement comes out or goes back, p of them.
        ball_mm: radius of the void at a tip.
        drilled: open channels.
        channel_mm: their radius.
        where: the grid.
        permeability: (voxels,) of the grid.
        wall_k: nothing flows below this.

    Returns:
        (v,) int32, the balls one after the other, then the channels; (p + 1,) int32, where in it
        each ball begins and the last one ends.
    """
    balls = []
    for tip in tips_mm:
        ball = voxels_along(tip, tip, ball_mm, *where)
        i, j, k = index_of(tip, *where)
        source = (i * where[2][1] + j) * where[2][2] + k
        free = ball[(permeability[ball] > wall_k) | (ball == source)]
        balls.append(_connected(free, source, where[2]))
    holes = [voxels_along(a, b, channel_mm, *where) for a, b in drilled]
    free = np.concatenate(balls)
    channel = np.setdiff1d(np.concatenate(holes), free)
    ends = np.cumsum([0, *(ball.size for ball in balls)]).astype(np.int32)
    return np.concatenate([free, channel]).astype(np.int32), ends


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
