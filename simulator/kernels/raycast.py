"""Line integrals: perspective shear-warp for voxels, exact chords for tools, a coarse march.

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
        voxels: (na, nb, nc, 2).

    Returns:
        (na, nb, 2); equal where a row is empty.
    """
    na, nb, nc, _ = voxels.shape
    spans = np.zeros((na, nb, 2), np.int32)
    for a in range(na):
        for b in range(nb):
            lo = 0
            while lo < nc and voxels[a, b, lo, 0] == 0.0 and voxels[a, b, lo, 1] == 0.0:
                lo += 1
            hi = nc
            while hi > lo and voxels[a, b, hi - 1, 0] == 0.0 and voxels[a, b, hi - 1, 1] == 0.0:
                hi -= 1
            spans[a, b, 0] = lo
            spans[a, b, 1] = hi
    return spans


@njit(cache=True, nogil=True, fastmath=True)
def shear(
    voxels: Float32Array,
    spans: IntArray,
    source: FloatArray,
    base: float,
    start: FloatArray,
    step: float,
    out: Float32Array,
) -> None:
    """Add every slice of `voxels`, seen from `source`, onto the base plane.

    Args:
        voxels: (na, nb, nc, 2) with an empty border of one voxel along c.
        spans: from `row_spans`.
        source: (3,) along a, b, c; outside the slab of slices.
        base: index along a of the base plane.
        start: (2,) b and c of the first base point.
        step: distance of base points.
        out: (rows, columns, 2) sums in voxel lengths along a; added to.
    """
    na, nb = voxels.shape[:2]
    rows, cols = out.shape[:2]
    index = np.empty(cols, np.int64)
    part = np.empty(cols, np.float32)
    line = np.empty(2 * cols, np.float32)
    flat = out.reshape(rows, 2 * cols)
    for a in range(na):
        scale = (a - source[0]) / (base - source[0])
        b_first = source[1] + (start[0] - source[1]) * scale
        c_first = source[2] + (start[1] - source[2]) * scale
        pace = step * scale
        for j in range(cols):
            c = c_first + pace * j
            whole = math.floor(c)
            index[j] = int(whole)
            part[j] = c - whole
        for b in range(nb):
            lo, hi = spans[a, b, 0], spans[a, b, 1]
            if lo >= hi:
                continue
            j0 = max(math.ceil((lo - 1 - c_first) / pace), 0)
            j1 = min(math.floor((hi - c_first) / pace) + 1, cols)
            i0 = max(math.ceil((b - 1 - b_first) / pace), 0)
            i1 = min(math.floor((b + 1 - b_first) / pace) + 1, rows)
            if j0 >= j1 or i0 >= i1:
                continue
            row = voxels[a, b]
            for j in range(j0, j1):
                k = min(max(index[j], lo - 1), hi - 1)
                f = part[j]
                line[2 * j] = row[k, 0] + f * (row[k + 1, 0] - row[k, 0])
                line[2 * j + 1] = row[k, 1] + f * (row[k + 1, 1] - row[k, 1])
            for i in range(i0, i1):
                w = np.float32(1.0 - abs(b_first + pace * i - b))
                target = flat[i]
                for j in range(2 * j0, 2 * j1):
                    target[j] += w * line[j]


@njit(cache=True, nogil=True, fastmath=True)
def warp(
    plane: Float32Array,
    base: float,
    start: FloatArray,
    step: float,
    source: FloatArray,
    corner: FloatArray,
    per_col: FloatArray,
    per_row: FloatArray,
    voxel_cm: float,
    first: Float32Array,
    second: Float32Array,
) -> None:
    """Carry sums on the base plane to a rectangle of the detector, as path lengths.

    Args:
        plane: (rows, columns, 2) from `shear`.
        base: as in `shear`, and so are the next three.
        start: (2,).
        step: in voxels.
        source: (3,).
        corner: (3,) centre of the rectangle's first pixel.
        per_col: (3,) from one pixel to the next along a row.
        per_row: (3,) from one row to the next.
        voxel_cm: side of a voxel.
        first: (h, w) path length through the first field, cm; written.
        second: (h, w) the same of the second field.
    """
    h, w = first.shape
    rows, cols = plane.shape[:2]
    ahead = base - source[0]
    for i in range(h):
        ra = corner[0] + per_row[0] * i - source[0]
        rb = corner[1] + per_row[1] * i - source[1]
        rc = corner[2] + per_row[2] * i - source[2]
        for j in range(w):
            da = ra + per_col[0] * j
            db = rb + per_col[1] * j
            dc = rc + per_col[2] * j
            t = ahead / da
            y = (source[1] + t * db - start[0]) / step
            x = (source[2] + t * dc - start[1]) / step
            if y <= -1.0 or x <= -1.0 or y >= rows or x >= cols:
                first[i, j] = 0.0
                second[i, j] = 0.0
                continue
            y = min(max(y, 0.0), rows - 1.001)
            x = min(max(x, 0.0), cols - 1.001)
            p, q = int(y), int(x)
            fy, fx = np.float32(y - p), np.float32(x - q)
            length = np.float32(voxel_cm * math.sqrt(da * da + db * db + dc * dc) / abs(da))
            u = plane[p, q, 0] + fx * (plane[p, q + 1, 0] - plane[p, q, 0])
            v = plane[p + 1, q, 0] + fx * (plane[p + 1, q + 1, 0] - plane[p + 1, q, 0])
            first[i, j] = length * (u + fy * (v - u))
            u = plane[p, q, 1] + fx * (plane[p, q + 1, 1] - plane[p, q, 1])
            v = plane[p + 1, q, 1] + fx * (plane[p + 1, q + 1, 1] - plane[p + 1, q, 1])
            second[i, j] = length * (u + fy * (v - u))


@njit(cache=True, nogil=True)
def _inside(
    low: float, high: float, start: float, speed: float, size: float
) -> tuple[float, float]:
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
            low, high = _inside(low, high, source[m] + 0.5, d[m], float(shape[m]))
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


@njit(cache=True, nogil=True)
def _chord(m: FloatArray, d: FloatArray, axis: FloatArray, length: float, radius: float) -> float:
    """Return the length of the ray m + t d (unit d) inside a cylinder from 0 along `axis`."""
    along_d = d[0] * axis[0] + d[1] * axis[1] + d[2] * axis[2]
    along_m = m[0] * axis[0] + m[1] * axis[1] + m[2] * axis[2]
    a = 1.0 - along_d * along_d
    b = m[0] * d[0] + m[1] * d[1] + m[2] * d[2] - along_m * along_d
    c = m[0] * m[0] + m[1] * m[1] + m[2] * m[2] - along_m * along_m - radius * radius
    if a < 1e-12:
        if c > 0.0:
            return 0.0
        t0, t1 = -1e9, 1e9
    else:
        disc = b * b - a * c
        if disc <= 0.0:
            return 0.0
        root = math.sqrt(disc)
        t0, t1 = (-b - root) / a, (-b + root) / a
    low, high = _inside(t0, t1, along_m, along_d, length)
    return high - low if high > low else 0.0


@njit(cache=True, nogil=True)
def tube(
    out: Float32Array,
    source: FloatArray,
    view: FloatArray,
    ends: FloatArray,
    start: FloatArray,
    axis: FloatArray,
    length: float,
    outer: float,
    inner: float,
    sub: int,
    gain: float,
) -> tuple[int, int]:
    """Add the exact chord of a straight tube to a picture; returns the rows touched.

    Args:
        out: (n, n) path length, cm; added to.
        source: (3,) mm.
        view: (3, 3) centre of the first pixel, step to the next column, step to the next row, mm.
        ends: (2, 3) column, row and pixels per mm of both ends of the axis.
        start: (3,) one end, mm.
        axis: (3,) unit vector to the other end.
        length: mm.
        outer: outer radius, mm.
        inner: radius of the bore, mm; 0 for a rod.
        sub: rays per pixel side.
        gain: multiplies the chord, e.g. cm per mm.
    """
    n = out.shape[0]
    a, b = ends[0], ends[1]
    reach = outer * max(a[2], b[2]) * 1.1 + 1.5
    r0 = max(int(min(a[1], b[1]) - reach), 0)
    r1 = min(int(max(a[1], b[1]) + reach) + 2, n)
    dx, dy = b[0] - a[0], b[1] - a[1]
    m, d = source - start, np.empty(3)
    for r in range(r0, r1):
        low, high = 0.0, 1.0
        if abs(dy) > 1e-9:
            s, t = (r - reach - a[1]) / dy, (r + reach - a[1]) / dy
            low, high = max(0.0, min(s, t)), min(1.0, max(s, t))
        if high < low:
            continue
        x0, x1 = a[0] + low * dx, a[0] + high * dx
        for c in range(max(int(min(x0, x1) - reach), 0), min(int(max(x0, x1) + reach) + 2, n)):
            total = 0.0
            for k in range(sub * sub):
                x = c + (k % sub + 0.5) / sub - 0.5
                y = r + (k // sub + 0.5) / sub - 0.5
                for i in range(3):
                    d[i] = view[0, i] + x * view[1, i] + y * view[2, i] - source[i]
                size = math.sqrt(d[0] * d[0] + d[1] * d[1] + d[2] * d[2])
                for i in range(3):
                    d[i] /= size
                total += _chord(m, d, axis, length, outer)
                if inner > 0.0:
                    total -= _chord(m, d, axis, length, inner)
            out[r, c] += np.float32(gain * total / (sub * sub))
    return r0, max(r1, r0)
