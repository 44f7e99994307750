"""The lift of endplates and wall as a resampling of lines of voxels that do not mix."""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np
from numba import njit, prange

from simulator.kernels.blend import smooth
from simulator.units import AnyArray

KEEP_SUM, LINEAR, NEAREST = 0, 1, 2
"""What leaves one voxel arrives in others; values between voxels; the nearest voxel."""
_RISE_MM, _EDGE_MM, _STEP_MM = 8.0, 2.5, 1.5


class Pull(NamedTuple):
    """One endplate and how far it has moved; see `simulator.anatomy.hinge.Plate`."""

    hinge_y: float
    bottom: float
    top: float
    rad: float
    mm: float
    even: float
    dish_y: float
    across: float
    along: float


class Push(NamedTuple):
    """The posterior wall and how far it has moved; see `simulator.anatomy.hinge.Fragment`."""

    half_width: float
    bottom: float
    top: float
    wall_y: float
    canal: float
    mm: float


@njit(cache=True)
def profile(x: float, y: float, p: Pull) -> float:
    """Return the share of the plate's rise beyond the wedge that (x, y) takes part in."""
    if p.even >= 1.0:
        return 1.0
    r2 = (x / p.across) ** 2 + ((y - p.dish_y) / p.along) ** 2
    return float(p.even + (1.0 - p.even) * math.exp(-1.6 * r2 * r2))


@njit(cache=True)
def _rise(x: float, y: float, p: Pull) -> float:
    return float(p.rad * max(p.hinge_y - y, 0.0) + p.mm * profile(x, y, p))


@njit(cache=True)
def _source_z(z: float, up: float, down: float, s: Pull, i: Pull) -> float:
    """Return where what is now at `z` was before; `up` and `down` are the rises of its column."""
    if z > s.bottom:
        if z >= s.top + up:
            return z - up
        band = s.top - s.bottom
        return s.bottom + (z - s.bottom) * band / (band + up)
    if z < i.top and down != 0.0:
        if z <= i.bottom - down:
            return z + down
        band = i.top - i.bottom
        return i.top - (i.top - z) * band / (band + down)
    return z


@njit(cache=True, parallel=True)
def lifted(src: AnyArray, dst: AnyArray, x0: float, y0: float, z0: float, below: int, h: float,
           s: Pull, i: Pull, mode: int) -> None:  # fmt: skip
    """Move the columns of `src` apart by both plates' rises.

    `x0`, `y0`, `z0` is the first voxel's centre; `dst` begins `below` voxels lower.
    """
    nx, ny, nz = src.shape
    half = 0.5 if mode == KEEP_SUM else 0.0
    for a in prange(nx):
        total = np.zeros(nz + 1)
        for b in range(ny):
            up, down = _rise(x0 + a * h, y0 + b * h, s), _rise(x0 + a * h, y0 + b * h, i)
            if up == 0.0 and down == 0.0:  # behind the hinge
                for k in range(dst.shape[2]):
                    inside = 0 <= k - below < nz
                    dst[a, b, k] = src[a, b, k - below] if inside else src[a, b, 0] * 0
                continue
            for k in range(nz):
                total[k + 1] = total[k] + src[a, b, k]
            before = 0.0
            for k in range(-1 if mode == KEEP_SUM else 0, dst.shape[2]):
                z = _source_z(z0 + (k - below + half) * h, up, down, s, i)
                at = (z - z0) / h + half
                at = min(max(at, 0.0), nz if mode == KEEP_SUM else nz - 1.0)
                q = min(int(at), nz - 1)
                if mode == KEEP_SUM:
                    now = total[q] + (at - q) * (total[q + 1] - total[q])
                    if k >= 0:
                        dst[a, b, k] = now - before
                    before = now
                elif mode == LINEAR:
                    r = min(q + 1, nz - 1)
                    dst[a, b, k] = src[a, b, q] + (at - q) * (src[a, b, r] - src[a, b, q])
                else:
                    dst[a, b, k] = src[a, b, int(at + 0.5)]


@njit(cache=True)
def backwards(x: float, y: float, z: float, p: Push) -> float:
    """Return how far a point in or behind the posterior wall has moved backwards."""
    share = smooth((p.half_width - abs(x)) / _EDGE_MM)
    share *= smooth((z - p.bottom) / _STEP_MM + 0.5) * smooth((p.top + 3.0 - z) / 3.0)
    if share <= 0.0:
        return 0.0
    rise = smooth((y - p.wall_y + _RISE_MM) / _RISE_MM)
    fall = smooth((y - p.wall_y - 1.0) / max(p.canal - 1.5, 1.0))
    return float(p.mm * share * rise * (1.0 - fall))


@njit(cache=True, parallel=True)
def pushed(src: AnyArray, dst: AnyArray, x0: float, y0: float, z0: float, h: float, p: Push,
           mode: int) -> None:  # fmt: skip
    """Move rows of voxels backwards with the posterior wall, on the same grid."""
    nx, ny, nz = src.shape
    half = 0.5 if mode == KEEP_SUM else 0.0
    for a in prange(nx):
        total = np.zeros(ny + 1)
        x = x0 + a * h
        for k in range(nz):
            z = z0 + k * h
            if backwards(x, p.wall_y, z, p) == 0.0:
                for b in range(ny):
                    dst[a, b, k] = src[a, b, k]
                continue
            for b in range(ny):
                total[b + 1] = total[b] + src[a, b, k]
            before = 0.0
            for b in range(-1 if mode == KEEP_SUM else 0, ny):
                now_y = y0 + (b + half) * h
                y = now_y
                for _ in range(16):
                    y = 0.5 * y + 0.5 * (now_y - backwards(x, y, z, p))
                at = (y - y0) / h + half
                at = min(max(at, 0.0), ny if mode == KEEP_SUM else ny - 1.0)
                q = min(int(at), ny - 1)
                if mode == KEEP_SUM:
                    now = total[q] + (at - q) * (total[q + 1] - total[q])
                    if b >= 0:
                        dst[a, b, k] = now - before
                    before = now
                elif mode == LINEAR:
                    r = min(q + 1, ny - 1)
                    dst[a, b, k] = src[a, q, k] + (at - q) * (src[a, r, k] - src[a, q, k])
                else:
                    dst[a, b, k] = src[a, int(at + 0.5), k]
