"""What a voxel grid says at a point between its voxels."""

from __future__ import annotations

from numba import njit

from simulator.units import AnyArray

Point = tuple[float, float, float]


@njit(cache=True, nogil=True)
def sample(field: AnyArray, origin: AnyArray, h: float, p: Point) -> float:
    """Trilinear value, clamped to the border of the grid."""
    nx, ny, nz = field.shape
    u = min(max((p[0] - origin[0]) / h, 0.0), nx - 1.001)
    v = min(max((p[1] - origin[1]) / h, 0.0), ny - 1.001)
    w = min(max((p[2] - origin[2]) / h, 0.0), nz - 1.001)
    i, j, k = int(u), int(v), int(w)
    a, b, c = u - i, v - j, w - k
    f00 = field[i, j, k] * (1 - c) + field[i, j, k + 1] * c
    f01 = field[i, j + 1, k] * (1 - c) + field[i, j + 1, k + 1] * c
    f10 = field[i + 1, j, k] * (1 - c) + field[i + 1, j, k + 1] * c
    f11 = field[i + 1, j + 1, k] * (1 - c) + field[i + 1, j + 1, k + 1] * c
    return float((f00 * (1 - b) + f01 * b) * (1 - a) + (f10 * (1 - b) + f11 * b) * a)


@njit(cache=True, nogil=True)
def label(tissue: AnyArray, origin: AnyArray, h: float, p: Point) -> int:
    """Tissue of the nearest voxel; 0 outside the grid."""
    nx, ny, nz = tissue.shape
    i = round((p[0] - origin[0]) / h)
    j = round((p[1] - origin[1]) / h)
    k = round((p[2] - origin[2]) / h)
    if i < 0 or j < 0 or k < 0 or i >= nx or j >= ny or k >= nz:
        return 0
    return int(tissue[i, j, k])


@njit(cache=True, nogil=True)
def covers(field: AnyArray, origin: AnyArray, h: float, p: Point) -> bool:
    """True for a point between voxel centres of the grid."""
    for axis in range(3):
        u = (p[axis] - origin[axis]) / h
        if u < 0.0 or u > field.shape[axis] - 1:
            return False
    return True
