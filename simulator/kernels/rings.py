"""How far the surface of a tool stands out of bone, ring by ring along its shaft."""

from __future__ import annotations

import math

import numpy as np
from numba import njit

from simulator.kernels.grid import covers, label, sample
from simulator.units import AnyArray, FloatArray

POINTS = 12
"""Points of a ring; their set is its own mirror image."""


@njit(cache=True, nogil=True)
def axis_in(
    distance: AnyArray, tissue: AnyArray, o: AnyArray, h: float, points: AnyArray
) -> FloatArray:
    """Return (n, 2): signed distance to bone, mm, and label at each of (n, 3) points.

    Points outside the grid get 99 mm and label 0.
    """
    out = np.empty((points.shape[0], 2))
    for i in range(points.shape[0]):
        p = (points[i, 0], points[i, 1], points[i, 2])
        out[i, 0], out[i, 1] = 99.0, 0.0
        if covers(distance, o, h, p):
            out[i, 0] = sample(distance, o, h, p)
            out[i, 1] = label(tissue, o, h, p)
    return out


@njit(cache=True, nogil=True)
def surface_out(
    distance: AnyArray,
    tissue: AnyArray,
    o: AnyArray,
    h: float,
    points: AnyArray,
    headings: AnyArray,
    radius: AnyArray,
) -> FloatArray:
    """Return (n, POINTS, 8) about the surface points of each ring.

    Args:
        distance: (nx, ny, nz) signed distance to the outer surface of bone, mm.
        tissue: (nx, ny, nz) labels.
        o: (3,) origin of the grid, mm.
        h: spacing, mm.
        points: (n, 3) centres of the rings, mm.
        headings: (n, 3) unit direction of the shaft at each.
        radius: (n,) mm.

    Returns:
        Per surface point: x, y, z, signed distance (positive out of bone), label, and the unit
        outward normal of the nearest surface (zero for points inside bone).
    """
    n = points.shape[0]
    out = np.zeros((n, POINTS, 8))
    for i in range(n):
        hx, hy, hz = headings[i, 0], headings[i, 1], headings[i, 2]
        # u is horizontal and v = heading x u: a mirrored heading gives the mirrored ring.
        ux, uy = hy, -hx
        size = math.hypot(ux, uy)
        if size < 1e-9:
            ux, uy, size = 1.0, 0.0, 1.0
        ux, uy = ux / size, uy / size
        vx, vy, vz = -hz * uy, hz * ux, hx * uy - hy * ux
        for k in range(POINTS):
            angle = 2.0 * math.pi * k / POINTS
            c, s = radius[i] * math.cos(angle), radius[i] * math.sin(angle)
            x = points[i, 0] + c * ux + s * vx
            y = points[i, 1] + c * uy + s * vy
            z = points[i, 2] + s * vz
            d = sample(distance, o, h, (x, y, z))
            q = out[i, k]
            q[0], q[1], q[2], q[3] = x, y, z, d
            q[4] = label(tissue, o, h, (x, y, z))
            if d <= 0.0:
                continue
            gx = sample(distance, o, h, (x + h, y, z)) - sample(distance, o, h, (x - h, y, z))
            gy = sample(distance, o, h, (x, y + h, z)) - sample(distance, o, h, (x, y - h, z))
            gz = sample(distance, o, h, (x, y, z + h)) - sample(distance, o, h, (x, y, z - h))
            length = math.sqrt(gx * gx + gy * gy + gz * gz)
            if length > 0.0:
                q[5], q[6], q[7] = gx / length, gy / length, gz / length
    return out
