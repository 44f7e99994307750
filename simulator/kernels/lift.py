"""The lift of endplates and wall as a resampling of lines of voxels that do not mix."""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np
from numba import njit, prange

from simulator.kernels.blend import smooth
from simulator.units import AnyArray, FloatArray

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


@njit(cache=True)
def _span(line: AnyArray) -> tuple[int, int]:
    """Return the first and one past the last voxel of a line that is not empty."""
    first, last = 0, line.size
    while first < last and line[first] == 0:
        first += 1
    while last > first and line[last - 1] == 0:
        last -= 1
    return first, last


@njit(cache=True)
def _resample(line: AnyArray, at: AnyArray, total: FloatArray, out: AnyArray, mode: int) -> None:
    """Write what a line of voxels holds at other places.

    Args:
        line: (n,).
        at: Places in voxels, one for each of `out`; to keep the sum one more: their edges.
        total: (n + 1) scratch.
        out: (m,).
        mode: `KEEP_SUM`, `LINEAR` or `NEAREST`.
    """
    n = line.size
    if mode == KEEP_SUM:
        for k in range(n):
            total[k + 1] = total[k] + line[k]
        before = 0.0
        for k in range(out.size + 1):
            x = min(max(at[k], 0.0), float(n))
            q = min(int(x), n - 1)
            now = total[q] + (x - q) * (total[q + 1] - total[q])
            if k > 0:
                out[k - 1] = now - before
            before = now
        return
    for k in range(out.size):
        x = min(max(at[k], 0.0), n - 1.0)
        if mode == LINEAR:
            q = int(x)
            r = min(q + 1, n - 1)
            out[k] = line[q] + (x - q) * (line[r] - line[q])
        else:
            out[k] = line[int(x + 0.5)]


@njit(cache=True, parallel=True)
def lifted(src: AnyArray, dst: AnyArray, x0: float, y0: float, z0: float, below: int, h: float,
           s: Pull, i: Pull, mode: int) -> None:  # fmt: skip
    """Move the columns of `src` apart by both plates' rises.

    `x0`, `y0`, `z0` is the first voxel's centre; `dst` begins `below` voxels lower.
    """
    nx, ny, nz = src.shape
    half, edge = (0.5, 1) if mode == KEEP_SUM else (0.0, 0)
    for a in prange(nx):
        total, at = np.zeros(nz + 1), np.empty(dst.shape[2] + 1)
        for b in range(ny):
            up, down = _rise(x0 + a * h, y0 + b * h, s), _rise(x0 + a * h, y0 + b * h, i)
            line, out = src[a, b], dst[a, b]
            if up == 0.0 and down == 0.0:  # behind the hinge
                for k in range(out.size):
                    out[k] = line[k - below] if 0 <= k - below < nz else line[0] * 0
                continue
            first, last = 0, out.size
            if mode == KEEP_SUM:  # what is empty stays so
                low, high = _span(line)
                first = min(max(low + below - 1 - math.ceil(max(down, -up) / h), 0), last)
                if low < high:
                    last = min(high + below + 1 + math.ceil(max(up, -down) / h), last)
                else:
                    last = first
                out[:first] = 0
                out[last:] = 0
            for k in range(first - edge, last):
                z = _source_z(z0 + (k - below + half) * h, up, down, s, i)
                at[k - first + edge] = (z - z0) / h + half
            _resample(line, at, total, out[first:last], mode)


@njit(cache=True)
def _loose(x: float, z: float, p: Push) -> float:
    """Return how far the wall itself has moved backwards at (x, z)."""
    share = smooth((p.half_width - abs(x)) / _EDGE_MM)
    share *= smooth((z - p.bottom) / _STEP_MM + 0.5) * smooth((p.top + 3.0 - z) / 3.0)
    return float(p.mm * share) if share > 0.0 else 0.0


@njit(cache=True)
def _behind(y: float, wall_mm: float, p: Push) -> float:
    """Return how far a point has moved where the wall has by `wall_mm`."""
    rise = smooth((y - p.wall_y + _RISE_MM) / _RISE_MM)
    fall = smooth((y - p.wall_y - 1.0) / max(p.canal - 1.5, 1.0))
    return float(wall_mm * rise * (1.0 - fall))


@njit(cache=True)
def backwards(x: float, y: float, z: float, p: Push) -> float:
    """Return how far a point in or behind the posterior wall has moved backwards."""
    return float(_behind(y, _loose(x, z, p), p))


@njit(cache=True)
def _source_y(now_y: float, wall_mm: float, p: Push) -> float:
    """Return where what is now at `now_y` was before."""
    y = now_y
    for _ in range(16):
        before, y = y, 0.5 * y + 0.5 * (now_y - _behind(y, wall_mm, p))
        if y == before:
            break
    return y


@njit(cache=True, parallel=True)
def pushed(src: AnyArray, dst: AnyArray, x0: float, y0: float, z0: float, h: float, p: Push,
           mode: int) -> None:  # fmt: skip
    """Move rows of voxels backwards with the posterior wall, on the same grid."""
    nx, ny, nz = src.shape
    half, edge = (0.5, 1) if mode == KEEP_SUM else (0.0, 0)
    for a in prange(nx):
        total, at = np.zeros(ny + 1), np.empty(ny + 1)
        dst[a] = src[a]
        for k in range(nz):
            wall_mm = _loose(x0 + a * h, z0 + k * h, p)
            if wall_mm == 0.0:
                continue
            for b in range(-edge, ny):
                y = _source_y(y0 + (b + half) * h, wall_mm, p)
                at[b + edge] = (y - y0) / h + half
            _resample(src[a, :, k], at, total, dst[a, :, k], mode)
