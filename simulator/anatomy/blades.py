"""Bone given as a thick sheet or by a distance: one way to turn either into a volume."""

from __future__ import annotations

import numpy as np
from scipy.ndimage import binary_dilation
from scipy.spatial import cKDTree

from simulator.anatomy.tables import table
from simulator.anatomy.volume import Volume
from simulator.units import AnyArray, FloatArray, frozen


def spongy(density_mg_cm3: float) -> tuple[float, float]:
    """Return what trabecular bone adds to soft tissue: soft and cortical coefficient."""
    data, b = table("bone.toml")["attenuation"], density_mg_cm3 - 50.0
    return (
        data["soft_at_50"] + data["soft_per_mg"] * b,
        data["cortical_at_50"] + data["cortical_per_mg"] * b,
    )


def covered(
    low: FloatArray, h: float, shape: tuple[int, ...], where: tuple[AnyArray, ...],
    d: AnyArray, wall: AnyArray | float, inside: tuple[float, float],
) -> Volume:  # fmt: skip
    """Return a bone whose cortex has its full mass on any grid.

    Args:
        low: (3,) centre of voxel [0, 0, 0], mm.
        h: Spacing, mm.
        shape: Number of voxels.
        where: Indices of the n voxels that are touched.
        d: (n,) distance to the surface, mm, negative inside.
        wall: Thickness of the cortex, mm.
        inside: What the core adds to soft tissue, soft and cortical.
    """
    whole = (0.5 - d / h).clip(0.0, 1.0)
    core = (0.5 - (d + wall) / h).clip(0.0, 1.0)
    soft, hard = (np.zeros(shape, dtype=np.float32) for _ in range(2))
    soft[where] = core * inside[0] - (whole - core)
    hard[where] = core * inside[1] + (whole - core)
    return Volume((float(low[0]), float(low[1]), float(low[2])), h, frozen(soft), frozen(hard))


def near(points: FloatArray, reach_mm: float, h: float) -> tuple[FloatArray, AnyArray]:
    """Return the corner of a grid around points, and which of its voxels come near them."""
    margin = reach_mm + 2.0 * h
    low = points.min(axis=0) - margin
    count = np.ceil((points.max(axis=0) + margin - low) / h).astype(int)
    mask = np.zeros(tuple(count), dtype=bool)
    mask[tuple(np.rint((points - low) / h).astype(int).T)] = True
    return low, binary_dilation(mask, iterations=round(np.ceil(reach_mm / h * 1.3)) + 1)


def sheet(points: FloatArray, half: FloatArray, wall: float, density: float, h: float) -> Volume:
    """Return a plate through (n, 3) points of (n,) half thickness, mm."""
    low, mask = near(points, float(half.max()) + h, h)
    where = np.nonzero(mask)
    at = low + h * np.column_stack(where)
    gap, nearest = cKDTree(points).query(at, workers=1)
    return covered(low, h, mask.shape, where, gap - half[nearest], wall, spongy(density))


def ruled(first: FloatArray, second: FloatArray, count: tuple[int, int]) -> tuple[FloatArray, ...]:
    """Return points between two curves, (n, 3), with their share u along and v across, (n,)."""
    u, v = (a.ravel() for a in np.meshgrid(*(np.linspace(0.0, 1.0, n) for n in count)))
    a, b = (smooth_curve(line, u) for line in (first, second))
    return a + v[:, None] * (b - a), u, v


def smooth_curve(line: FloatArray, u: FloatArray) -> FloatArray:
    """Return (n, 3) points at shares u of a curve through the given points (Catmull-Rom)."""
    ends = np.vstack([2.0 * line[0] - line[1], line, 2.0 * line[-1] - line[-2]])
    at = np.asarray(u) * (len(line) - 1)
    i = np.minimum(at.astype(int), len(line) - 2)
    t = (at - i)[:, None]
    p0, p1, p2, p3 = (ends[i + n] for n in range(4))
    return np.asarray(
        p1
        + 0.5 * t * (p2 - p0 + t * (2 * p0 - 5 * p1 + 4 * p2 - p3 + t * (3 * (p1 - p2) + p3 - p0)))
    )
