"""Line integrals through voxels: perspective shear-warp for pictures, a coarse march for few rays.

Shear-warp: seen from a point source, every voxel slice across the main axis of view maps onto
one base plane by a scale and a shift alone, so that slices add up there row by row; a single
homography then carries the sum to the detector. Positions are in voxel indices.
"""

from __future__ import annotations

import math

import numpy as np
from numba import njit

from simulator.units import AnyArray, Float32Array, FloatArray, IntArray


@njit(cache=True, nogil=True)
def row_spans(voxels: Float32Array) -> IntArray:
    """Return the first and one past the last non-zero column of each row.

    Args:
        voxels: (na, nb, nc).

    Returns:
        (na, nb, 2); equal where a row is empty.
    """
    na, nb, nc = voxels.shape
    spans = np.zeros((na, nb, 2), np.int32)
    for a in range(na):
        for b in range(nb):
            lo = 0
            while lo < nc and voxels[a, b, lo] == 0.0:
                lo += 1
            hi = nc
            while hi > lo and voxels[a, b, hi - 1] == 0.0:
                hi -= 1
            spans[a, b, 0] = lo
            spans[a, b, 1] = hi
    return spans


@njit(cache=True, nogil=True, fastmath=True, error_model="numpy")
def shear(
    voxels: Float32Array,
    spans: IntArray,
    pace: float,
    source: FloatArray,
    base: float,
    start: FloatArray,
    step: float,
    gain: float,
    out: Float32Array,
    used: IntArray,
) -> None:
    """Add every slice of `voxels`, seen from `source`, onto the base plane.

    Args:
        voxels: (na, nb, nc) with an empty border of one voxel along c.
        spans: from `row_spans`.
        pace: distance of slices in voxels; where it is more than 1 each is a mean.
        source: (3,) along a, b, c; outside the slab of slices.
        base: index along a of the base plane.
        start: (2,) b and c of the first base point.
        step: distance of base points.
        gain: multiplies the sums, such as the side of a voxel.
        out: (rows, columns) sums along a times `gain`; added to.
        used: (rows, 2) first and one past the last column in use; widened.
    """
    na, nb, nc = voxels.shape
    rows, cols = out.shape
    index = np.empty(cols, np.uint32)
    part = np.empty(cols, np.float32)
    line = np.empty(cols, np.float32)
    one = np.uint32(1)
    weight = gain * pace
    first_a = max(0.5 * (pace - 1.0), 0.0)
    for a in range(na):
        scale = (first_a + pace * a - source[0]) / (base - source[0])
        b_first = source[1] + (start[0] - source[1]) * scale
        c_first = source[2] + (start[1] - source[2]) * scale
        across = step * scale
        per = 1.0 / across
        left = max(math.ceil(-c_first * per) - 1, 0)
        right = min(math.floor((nc - c_first) * per) + 1, cols)
        for j in range(left, right):
            c = c_first + across * j
            whole = math.floor(max(c, 0.0))
            index[j] = int(whole)
            part[j] = c - whole
        for b in range(nb):
            lo, hi = spans[a, b, 0], spans[a, b, 1]
            if lo >= hi:
                continue
            j0 = max(math.ceil((lo - 1 - c_first) * per), left)
            j1 = min(math.floor((hi - c_first) * per) + 1, right)
            i0 = max(math.ceil((b - 1 - b_first) * per), 0)
            i1 = min(math.floor((b + 1 - b_first) * per) + 1, rows)
            if j0 >= j1 or i0 >= i1:
                continue
            row = voxels[a, b]
            first, last = np.uint32(lo - 1), np.uint32(hi - 1)
            for j in range(np.uint32(j0), np.uint32(j1)):
                k = min(max(index[j], first), last)
                line[j] = row[k] + part[j] * (row[np.uint32(k + one)] - row[k])
            source_line = line[j0:j1]
            for i in range(i0, i1):
                used[i, 0] = min(used[i, 0], j0)
                used[i, 1] = max(used[i, 1], j1)
                w = np.float32(weight * (1.0 - abs(b_first + across * i - b)))
                target = out[i, j0:j1]
                for j in range(target.size):
                    target[j] += w * source_line[j]


@njit(cache=True, nogil=True)
def _between_rows(used: IntArray, cols: int) -> tuple[Float32Array, Float32Array]:
    """Return between which places two neighbouring rows of a base plane hold anything."""
    rows = used.shape[0]
    left, right = np.empty(rows, np.float32), np.empty(rows, np.float32)
    for p in range(rows - 1):
        left[p] = max(min(used[p, 0], used[p + 1, 0]) - 1, 0)
        right[p] = min(max(used[p, 1], used[p + 1, 1]), cols - 1)
    return left, right


@njit(cache=True, nogil=True, fastmath=True, error_model="numpy")
def _look_up(
    plane: Float32Array,
    bounds: tuple[Float32Array, Float32Array],
    down: Float32Array,
    across: Float32Array,
    length: Float32Array,
    gains: tuple[np.float32, np.float32],
    first: Float32Array,
    second: Float32Array,
) -> None:
    """Add what one row of pixels sees of a base plane.

    Args:
        plane: (rows, columns) of the base plane.
        bounds: from `_between_rows`.
        down: (w,) where each pixel's ray meets the plane, in rows.
        across: (w,) the same in columns.
        length: (w,) of the ray per distance across the slices.
        gains: what is added to `first` and to `second` per path length.
        first: (w,); added to.
        second: (w,); added to.
    """
    left, right = bounds
    top, one, zero = np.float32(plane.shape[0] - 1), np.uint32(1), np.float32(0.0)
    for j in range(down.size):
        y, x = down[j], across[j]
        a = zero
        if y >= zero and y < top:
            i0 = np.uint32(y)
            if x > left[i0] and x < right[i0]:
                j0 = np.uint32(x)
                i1, j1 = np.uint32(i0 + one), np.uint32(j0 + one)
                fy, fx = y - np.float32(i0), x - np.float32(j0)
                u = plane[i0, j0] + fx * (plane[i0, j1] - plane[i0, j0])
                v = plane[i1, j0] + fx * (plane[i1, j1] - plane[i1, j0])
                a = length[j] * (u + fy * (v - u))
        first[j] += gains[0] * a
        second[j] += gains[1] * a


@njit(cache=True, nogil=True, fastmath=True, error_model="numpy")
def warp(
    plane: Float32Array,
    used: IntArray,
    base: float,
    start: FloatArray,
    step: float,
    source: FloatArray,
    corner: FloatArray,
    per_col: FloatArray,
    per_row: FloatArray,
    gains: tuple[float, float],
    first: Float32Array,
    second: Float32Array,
) -> None:
    """Carry sums on the base plane to a rectangle of the detector, as path lengths.

    Args:
        plane: (rows, columns) from `shear`, with an empty last row and column.
        used: (rows, 2) from `shear`.
        base: place of the base plane along a.
        start: (2,) b and c of the first base point.
        step: distance of base points.
        source: (3,) along a, b, c.
        corner: (3,) centre of the rectangle's first pixel.
        per_col: (3,) from one pixel to the next along a row.
        per_row: (3,) from one row to the next.
        gains: what is added to `first` and to `second` per path length.
        first: (h, w); added to.
        second: (h, w); added to.
    """
    h, w = first.shape
    ahead = base - source[0]
    y0, x0 = np.float32((source[1] - start[0]) / step), np.float32((source[2] - start[1]) / step)
    bounds = _between_rows(used, plane.shape[1])
    down, across = np.empty(w, np.float32), np.empty(w, np.float32)
    length = np.empty(w, np.float32)
    both, unit = (np.float32(gains[0]), np.float32(gains[1])), np.float32(1.0)
    ca, cb, cc = np.float32(per_col[0]), np.float32(per_col[1]), np.float32(per_col[2])
    per = np.float32(ahead / step)
    for i in range(h):
        ra = np.float32(corner[0] + per_row[0] * i - source[0])
        rb = np.float32(corner[1] + per_row[1] * i - source[1])
        rc = np.float32(corner[2] + per_row[2] * i - source[2])
        for j in range(w):
            f = np.float32(j)
            da = ra + ca * f
            db = rb + cb * f
            dc = rc + cc * f
            q = unit / da
            down[j] = y0 + per * db * q
            across[j] = x0 + per * dc * q
            length[j] = abs(q) * math.sqrt(da * da + db * db + dc * dc)
        _look_up(plane, bounds, down, across, length, both, first[i], second[i])


@njit(cache=True, nogil=True, error_model="numpy")
def inside(low: float, high: float, start: float, speed: float, size: float) -> tuple[float, float]:
    """Cut the ray parameters [low, high] to where start + t speed lies in [0, size]."""
    if abs(speed) < 1e-12:
        return (low, high) if 0.0 <= start <= size else (1.0, 0.0)
    t0 = -start / speed
    t1 = (size - start) / speed
    return max(low, min(t0, t1)), min(high, max(t0, t1))


@njit(cache=True, nogil=True)
def march(
    soft: AnyArray,
    cortical: AnyArray,
    source: FloatArray,
    ends: FloatArray,
    step: float,
    voxel_cm: float,
) -> FloatArray:
    """Add up both fields along single rays, nearest voxel at coarse steps.

    Args:
        soft: (nx, ny, nz).
        cortical: (nx, ny, nz).
        source: (3,) in voxel indices.
        ends: (rays, 3) in voxel indices.
        step: in voxels.
        voxel_cm: side of a voxel.

    Returns:
        (rays, 2) path lengths, cm.
    """
    out = np.zeros((ends.shape[0], 2))
    shape = soft.shape
    for r in range(ends.shape[0]):
        d = ends[r] - source
        length = math.sqrt((d * d).sum())
        d /= length
        low, high = 0.0, length
        for m in range(3):
            low, high = inside(low, high, source[m] + 0.5, d[m], float(shape[m]))
        if high <= low:
            continue
        count = max(int((high - low) / step + 0.5), 1)
        pace = (high - low) / count
        for s in range(count):
            t = low + (s + 0.5) * pace
            i = min(max(int(source[0] + t * d[0] + 0.5), 0), shape[0] - 1)
            j = min(max(int(source[1] + t * d[1] + 0.5), 0), shape[1] - 1)
            k = min(max(int(source[2] + t * d[2] + 0.5), 0), shape[2] - 1)
            out[r, 0] += soft[i, j, k] * pace * voxel_cm
            out[r, 1] += cortical[i, j, k] * pace * voxel_cm
    return out
