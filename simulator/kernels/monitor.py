"""From frames to grey: recursion, logarithm, compression, edges, tone. Only seen: fastmath."""

from __future__ import annotations

import math

import numpy as np
from numba import njit

from simulator.kernels.coarse import row_between
from simulator.kernels.detector import smooth_row
from simulator.units import AnyArray, ByteArray, Float32Array


@njit(cache=True, nogil=True, fastmath=True)
def recurse(
    old: Float32Array,
    last: Float32Array,
    new: Float32Array,
    lag: float,
    alpha: float,
    fast: float,
    sigmas: float,
    out: Float32Array,
) -> None:
    """Write old + a (x - old), x = new + lag (last - new): a is `alpha`, or `fast` in motion.

    Args:
        old: (n, n) running mean, quanta.
        last: (n, n) frame before the newest; what of it is left in the panel.
        new: (n, n) newest frame, quanta.
        lag: share of the frame before.
        alpha: weight of the newest frame.
        fast: weight where |x - old| exceeds `sigmas` standard deviations of quantum noise.
        sigmas: the limit.
        out: (n, n).
    """
    n, m = old.shape
    limit = np.float32(sigmas * sigmas)
    a, b, c = np.float32(alpha), np.float32(fast), np.float32(lag)
    for r in range(n):
        for j in range(m):
            d = new[r, j] + c * (last[r, j] - new[r, j]) - old[r, j]
            weight = b if d * d > limit * (old[r, j] + np.float32(4.0)) else a
            out[r, j] = old[r, j] + weight * d


@njit(cache=True, nogil=True, fastmath=True, error_model="numpy")
def logarithm(
    image: Float32Array, reference: float, low: float, high: float, floor: float, out: Float32Array
) -> None:
    """Write ln(image / reference) within low .. high; the image counts as `floor` at least.

    The exponent of a float is its whole logarithm; the mantissa's is a series in
    (m - 1) / (m + 1), exact to 2e-6.

    Args:
        image: (n, m).
        reference: mean brightness.
        low: least value written.
        high: greatest.
        floor: of the image.
        out: (n, m).
    """
    n, m = image.shape
    least = np.float32(floor)
    start, ln2 = np.float32(-math.log(reference)), np.float32(0.69314718)
    a, b = np.float32(low), np.float32(high)
    one, two = np.float32(1.0), np.float32(2.0)
    root, fraction = np.int32(0x3F3504F3), np.int32(0x007FFFFF)
    line = np.empty(m, np.float32)
    bits = line.view(np.int32)
    mantissa = np.empty(m, np.int32)
    value = mantissa.view(np.float32)
    for r in range(n):
        for j in range(m):
            line[j] = max(image[r, j], least)
        # Around sqrt(1/2) .. sqrt(2), so that the series is short.
        for j in range(m):
            offset = np.int32(np.int32(bits[j] - root) & fraction)
            mantissa[j] = np.int32(offset + root)
        for j in range(m):
            whole = np.float32(np.int32(np.int32(bits[j] - mantissa[j]) >> np.int32(23)))
            z = (value[j] - one) / (value[j] + one)
            z2 = z * z
            series = np.float32(0.2) + z2 * np.float32(0.14285714)
            series = np.float32(0.33333333) + z2 * series
            v = start + ln2 * whole + two * z * (one + z2 * series)
            out[r, j] = min(max(v, a), b)


@njit(cache=True, nogil=True, fastmath=True)
def shrink_seen(image: Float32Array, hidden: AnyArray, size: int) -> Float32Array:
    """Return sums over size x size blocks of what is not hidden, and their shares, (2, ...)."""
    n, m = image.shape
    cells = m // size
    out = np.zeros((2, n // size, cells), np.float32)
    value = np.empty(m, np.float32)
    seen = np.empty(m, np.float32)
    one, zero = np.float32(1.0), np.float32(0.0)
    for i in range(n // size):
        value[:] = zero
        seen[:] = zero
        for r in range(i * size, (i + 1) * size):
            for j in range(m):
                value[j] += zero if hidden[r, j] else image[r, j]
                seen[j] += zero if hidden[r, j] else one
        for c in range(cells):
            for k in range(size):
                out[0, i, c] += value[c * size + k]
                out[1, i, c] += seen[c * size + k]
    return out * np.float32(1.0 / (size * size))


@njit(cache=True, nogil=True, fastmath=True)
def grey(
    log: Float32Array,
    away: Float32Array,
    core: Float32Array,
    taps: Float32Array,
    edge: float,
    level: float,
    half: float,
    tone: ByteArray,
    out: ByteArray,
) -> None:
    """Take the slow part away, quieten, sharpen, window and look up the tone.

    Args:
        log: (n, m) logarithmic signal.
        away: (cells, m) from `widen`: what compression takes off.
        core: (2 q + 1) the blur that quietens noise; q no larger than r.
        taps: (2 r + 1) the blur whose difference sharpening adds.
        edge: gain of the difference.
        level: value shown as mid grey.
        half: half width of the window.
        tone: (k) grey for q = (value - level) / half in -4 .. 4.
        out: (n, m).
    """
    n, m = log.shape
    size = taps.size
    reach, near = size // 2, core.size // 2
    ring = np.empty((size, m), np.float32)
    wide = np.empty(m + 2 * reach, np.float32)
    smooth = np.empty(m, np.float32)
    quiet = np.empty(m, np.float32)
    place = np.empty(m, np.uint32)
    order = np.empty(size, np.int64)
    last = tone.size - 1
    gain, shift = last / (8.0 * half), 0.5 * last - level * last / (8.0 * half)
    g, s, e = np.float32(gain), np.float32(shift), np.float32(edge)
    zero, end = np.float32(0.0), np.float32(last)
    made = 0
    for r in range(n):
        while made < min(r + reach + 1, n):
            i, f = row_between(away, made, n)
            upper, lower = away[i], away[i + 1]
            line = ring[made % size]
            for j in range(m):
                line[j] = log[made, j] - upper[j] - f * (lower[j] - upper[j])
            made += 1
        for k in range(size):
            order[k] = min(max(r + k - reach, 0), n - 1) % size
        smooth_row(ring, order, taps, wide, smooth)
        smooth_row(ring, order[reach - near : reach + near + 1], core, wide[: m + 2 * near], quiet)
        for j in range(m):
            v = quiet[j] + e * (quiet[j] - smooth[j])
            place[j] = np.uint32(min(max(g * v + s, zero), end))
        for j in range(m):
            out[r, j] = tone[place[j]]


@njit(cache=True, nogil=True)
def turn(image: ByteArray, cosine: float, sine: float, out: ByteArray) -> None:
    """Turn a picture clockwise about its centre; what comes from outside is black.

    Args:
        image: (n, n) grey.
        cosine: of the angle.
        sine: of the angle.
        out: (n, n), between four pixels each.
    """
    n = image.shape[0]
    middle = 0.5 * (n - 1)
    for r in range(n):
        y = r - middle
        for j in range(n):
            x = j - middle
            col = middle + cosine * x + sine * y
            row = middle + cosine * y - sine * x
            if col <= -0.5 or row <= -0.5 or col >= n - 0.5 or row >= n - 0.5:
                out[r, j] = 0
                continue
            a, b = min(max(row, 0.0), n - 1.0), min(max(col, 0.0), n - 1.0)
            i, k = min(int(a), n - 2), min(int(b), n - 2)
            f, g = a - i, b - k
            upper = image[i, k] + g * (float(image[i, k + 1]) - image[i, k])
            lower = image[i + 1, k] + g * (float(image[i + 1, k + 1]) - image[i + 1, k])
            out[r, j] = np.uint8(upper + f * (lower - upper) + 0.5)
