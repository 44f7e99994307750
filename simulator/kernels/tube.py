"""Chords of straight tubes, averaged over pixels."""

from __future__ import annotations

import math

import numpy as np
from numba import njit

from simulator.kernels.raycast import inside
from simulator.units import Float32Array, FloatArray


@njit(cache=True, nogil=True, error_model="numpy")
def _part_inside(
    a: float, b: float, c: float, along_m: float, along_d: float, length: float
) -> float:
    """Return how much of the parameter of a ray lies in a cylinder from 0 to `length`.

    With the parts of the ray's offset and direction across the axis, a t^2 + 2 b t + c is the
    squared distance from the axis minus the squared radius.
    """
    if a < 1e-6:  # along the axis; a is in mm2, of rays a metre long
        if c > 0.0:
            return 0.0
        low, high = -1e9, 1e9
    else:
        disc = b * b - a * c
        if disc <= 0.0:
            return 0.0
        root = math.sqrt(disc) / a
        low, high = -b / a - root, -b / a + root
    low, high = inside(low, high, along_m, along_d, length)
    return high - low if high > low else 0.0


@njit(cache=True, nogil=True, error_model="numpy")
def _columns(ends: FloatArray, r: int, reach: float, n: int) -> tuple[int, int]:
    """Return the first and one past the last pixel of row `r` near the picture of the axis."""
    a, b = ends[0], ends[1]
    dx, dy = b[0] - a[0], b[1] - a[1]
    low, high = 0.0, 1.0
    if abs(dy) > 1e-9:
        s, t = (r - reach - a[1]) / dy, (r + reach - a[1]) / dy
        low, high = max(0.0, min(s, t)), min(1.0, max(s, t))
    if high < low:
        return 0, 0
    x0, x1 = a[0] + low * dx, a[0] + high * dx
    return max(int(min(x0, x1) - reach), 0), min(int(max(x0, x1) + reach) + 2, n)


@njit(cache=True, nogil=True, error_model="numpy")
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
        sub: rays per pixel side where the chord changes within a pixel; elsewhere one.
        gain: multiplies the chord, e.g. cm per mm.
    """
    n = out.shape[0]
    a, b = ends[0], ends[1]
    reach = outer * max(a[2], b[2]) * 1.1 + 1.5
    r0 = max(int(min(a[1], b[1]) - reach), 0)
    r1 = min(int(max(a[1], b[1]) + reach) + 2, n)
    m = source - start
    d00, d01, d02 = view[0, 0] - source[0], view[0, 1] - source[1], view[0, 2] - source[2]
    along_m = m[0] * axis[0] + m[1] * axis[1] + m[2] * axis[2]
    across = m[0] * m[0] + m[1] * m[1] + m[2] * m[2] - along_m * along_m
    pixel = 1.0 / min(a[2], b[2])
    c_outer, c_inner = across - outer * outer, across - inner * inner
    for r in range(r0, r1):
        first, last = _columns(ends, r, reach, n)
        for c in range(first, last):
            rays = sub
            d0 = d00 + c * view[1, 0] + r * view[2, 0]
            d1 = d01 + c * view[1, 1] + r * view[2, 1]
            d2 = d02 + c * view[1, 2] + r * view[2, 2]
            along_d = d0 * axis[0] + d1 * axis[1] + d2 * axis[2]
            dd = d0 * d0 + d1 * d1 + d2 * d2
            qa = dd - along_d * along_d
            if qa > 0.5 * dd:
                # Across the beam: off every rim and off both ends one ray tells all.
                t = -(m[0] * d0 + m[1] * d1 + m[2] * d2 - along_m * along_d) / qa
                off = math.sqrt(max(across - t * t * qa, 0.0))
                if off > outer + pixel:
                    continue
                place = along_m + t * along_d
                if (
                    abs(off - outer) > 1.5 * pixel
                    and (inner <= 0.0 or abs(off - inner) > 1.5 * pixel)
                    and 2.0 * outer + pixel < place < length - 2.0 * outer - pixel
                ):
                    rays = 1
            total = 0.0
            for k in range(rays * rays):
                x = c + (k % rays + 0.5) / rays - 0.5
                y = r + (k // rays + 0.5) / rays - 0.5
                d0 = d00 + x * view[1, 0] + y * view[2, 0]
                d1 = d01 + x * view[1, 1] + y * view[2, 1]
                d2 = d02 + x * view[1, 2] + y * view[2, 2]
                along_d = d0 * axis[0] + d1 * axis[1] + d2 * axis[2]
                dd = d0 * d0 + d1 * d1 + d2 * d2
                qa = dd - along_d * along_d
                qb = m[0] * d0 + m[1] * d1 + m[2] * d2 - along_m * along_d
                if c_outer > 0.0 and qb * qb <= qa * c_outer:
                    continue
                one = _part_inside(qa, qb, c_outer, along_m, along_d, length)
                if inner > 0.0:
                    one -= _part_inside(qa, qb, c_inner, along_m, along_d, length)
                total += one * math.sqrt(dd)
            out[r, c] += np.float32(gain * total / (rays * rays))
    return r0, max(r1, r0)
