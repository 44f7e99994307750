"""Voxels along a straight hole in the bone, and at its end."""

from __future__ import annotations

import math

import numpy as np

from simulator.units import IntArray, Vec3


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
