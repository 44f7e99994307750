"""From path lengths to what the panel reads out: spectrum, blur, quanta. Only seen: fastmath."""

from __future__ import annotations

import math

import numpy as np
from numba import njit

from simulator.kernels.coarse import row_between
from simulator.units import AnyArray, Float32Array, FloatArray


@njit(cache=True, nogil=True, fastmath=True)
def _weighted_exp(
    arg: Float32Array, weight: float, bits: AnyArray, power: Float32Array, out: Float32Array
) -> None:
    """Add weight * 2^arg; `power` is `bits` seen as floats (2^n is n + 127 in the exponent)."""
    w = np.float32(weight)
    for j in range(arg.size):
        x = max(arg[j], np.float32(-100.0))
        whole = math.floor(x)
        bits[j] = (np.int32(whole) + np.int32(127)) << np.int32(23)
        arg[j] = x - np.float32(whole)
    for j in range(arg.size):
        f = arg[j]
        p = np.float32(0.00133336) * f + np.float32(0.00961813)
        p = p * f + np.float32(0.05550411)
        p = p * f + np.float32(0.24022651)
        p = p * f + np.float32(0.69314718)
        out[j] += w * (p * f + np.float32(1.0)) * power[j]


@njit(cache=True, nogil=True, fastmath=True)
def spectrum(
    soft: Float32Array,
    cortical: Float32Array,
    devices: Float32Array,
    weights: FloatArray,
    mu: FloatArray,
    out: Float32Array,
) -> None:
    """Write the primary signal behind every pixel, relative to the open field.

    Args:
        soft: (n, m) cm.
        cortical: (n, m) cm.
        devices: (3, n, m) cement, contrast, steel, cm; (3, 0, 0) if there are none.
        weights: (k,) of the beam.
        mu: (k, 5) per cm.
        out: (n, m).
    """
    n, m = soft.shape
    log2e = 1.4426950408889634
    arg = np.empty(m, np.float32)
    bits = np.empty(m, np.int32)
    power = bits.view(np.float32)
    line = np.empty(m, np.float32)
    for r in range(n):
        line[:] = np.float32(0.0)
        for k in range(weights.size):
            s = np.float32(-log2e * mu[k, 0])
            c = np.float32(-log2e * mu[k, 1])
            for j in range(m):
                arg[j] = s * soft[r, j] + c * cortical[r, j]
            if devices.shape[1] > 0:
                d0 = np.float32(-log2e * mu[k, 2])
                d1 = np.float32(-log2e * mu[k, 3])
                d2 = np.float32(-log2e * mu[k, 4])
                for j in range(m):
                    arg[j] += d0 * devices[0, r, j] + d1 * devices[1, r, j]
                    arg[j] += d2 * devices[2, r, j]
            _weighted_exp(arg, weights[k], bits, power, line)
        out[r, :] = line


@njit(cache=True, nogil=True, fastmath=True)
def occupied(
    lengths: Float32Array, rows: tuple[int, int], least: float, hidden: AnyArray
) -> AnyArray:
    """Mark what devices hide and return the columns in which there is anything at all.

    Args:
        lengths: (3, n, n) cm.
        rows: first and one past the last row to look at.
        least: cm in any one plane that hides the patient.
        hidden: (n, n) bool; True is written.

    Returns:
        (2,) first and one past the last column; equal if there is nothing.
    """
    m = lengths.shape[2]
    low = np.float32(least)
    most = np.zeros(m, np.float32)
    line = np.empty(m, np.float32)
    for r in range(rows[0], rows[1]):
        for j in range(m):
            line[j] = max(lengths[0, r, j], max(lengths[1, r, j], lengths[2, r, j]))
        for j in range(m):
            most[j] = max(most[j], line[j])
        for j in range(m):
            hidden[r, j] = line[j] > low
    out = np.zeros(2, np.int64)
    for j in range(m):
        if most[j] > np.float32(0.0):
            out[1] = j + 1
    for j in range(m - 1, -1, -1):
        if most[j] > np.float32(0.0):
            out[0] = j
    return out


@njit(cache=True, nogil=True, fastmath=True)
def _mix_rows(lines: Float32Array, order: AnyArray, taps: Float32Array, out: Float32Array) -> None:
    """Write the sum of taps[k] * lines[order[k]] for symmetric taps."""
    m, size = out.size, taps.size
    reach = size // 2
    t = taps[reach]
    middle = lines[order[reach]]
    for j in range(m):
        out[j] = t * middle[j]
    for k in range(reach):
        t = taps[k]
        a, b = lines[order[k]], lines[order[taps.size - 1 - k]]
        for j in range(m):
            out[j] += t * (a[j] + b[j])


@njit(cache=True, nogil=True, fastmath=True)
def smooth_row(
    lines: Float32Array, order: AnyArray, taps: Float32Array, wide: Float32Array, out: Float32Array
) -> None:
    """Write one row of a picture blurred both ways by symmetric `taps`; edges repeat.

    Args:
        lines: (any, m) rows of the picture.
        order: (2 r + 1) which of them lie around the wanted row.
        taps: (2 r + 1) summing to 1, symmetric.
        wide: (m + 2 r) scratch.
        out: (m,).
    """
    m = out.size
    reach = taps.size // 2
    _mix_rows(lines, order, taps, wide[reach : reach + m])
    for k in range(reach):
        wide[k] = wide[reach]
        wide[m + reach + k] = wide[m + reach - 1]
    t, a = taps[reach], wide[reach : reach + m]
    for j in range(m):
        out[j] = t * a[j]
    # Slices, because an index that might be negative keeps a loop from being vectorised.
    for k in range(reach):
        t, p = taps[k], 2 * reach - k
        a, b = wide[k : k + m], wide[p : p + m]
        for j in range(m):
            out[j] += t * (a[j] + b[j])


@njit(cache=True, nogil=True, fastmath=True)
def blur(
    image: Float32Array, core: Float32Array, taps: Float32Array, share: float, out: Float32Array
) -> None:
    """Write (1 - share) * `image` by `core` + share * `image` by `taps`; edges repeat.

    Args:
        image: (n, m).
        core: (2 q + 1) summing to 1, symmetric, applied both ways; q no larger than r.
        taps: (2 r + 1) the same.
        share: weight of the second part.
        out: (n, m), not `image`.
    """
    n, m = image.shape
    reach, near = taps.size // 2, core.size // 2
    wide = np.empty(m + 2 * reach, np.float32)
    sharp = np.empty(m, np.float32)
    order = np.empty(taps.size, np.int64)
    keep, part = np.float32(1.0 - share), np.float32(share)
    for r in range(n):
        for k in range(taps.size):
            order[k] = min(max(r + k - reach, 0), n - 1)
        smooth_row(image, order, taps, wide, out[r])
        smooth_row(image, order[reach - near : reach + near + 1], core, wide[: m + 2 * near], sharp)
        for j in range(m):
            out[r, j] = keep * sharp[j] + part * out[r, j]


@njit(cache=True, nogil=True, fastmath=True)
def read_out(
    primary: Float32Array,
    scatter: Float32Array,
    quanta: float,
    normals: Float32Array,
    starts: AnyArray,
    core: Float32Array,
    taps: Float32Array,
    share: float,
    electronic: float,
    out: Float32Array,
) -> None:
    """Write detected quanta: counted, spread by the scintillator, with the electronics' noise.

    Counts are drawn about mean m as m + sqrt(m) x + (x^2 - 1) / 6 with normal x, which has the
    mean, the variance and the skewness of a Poisson number to first order; never negative.

    Args:
        primary: (n, n).
        scatter: (COARSE, n) from `widen`, on the same scale.
        quanta: per pixel at a signal of 1.
        normals: long row of standard normal numbers.
        starts: (2, n) where the two noises of each row begin in `normals`.
        core: (2 q + 1) narrow part of the scintillator's spread; q no larger than r.
        taps: (2 r + 1) wide part.
        share: weight of the wide part.
        electronic: standard deviation of the second noise.
        out: (n, n).
    """
    n, m = primary.shape
    size = taps.size
    reach, near = size // 2, core.size // 2
    ring = np.empty((size, m), np.float32)
    wide = np.empty(m + 2 * reach, np.float32)
    sharp = np.empty(m, np.float32)
    order = np.empty(size, np.int64)
    q, sigma = np.float32(quanta), np.float32(electronic)
    keep, part = np.float32(1.0 - share), np.float32(share)
    sixth, one, zero = np.float32(1.0 / 6.0), np.float32(1.0), np.float32(0.0)
    made = 0
    for r in range(n):
        while made < min(r + reach + 1, n):
            i, f = row_between(scatter, made, n)
            upper, lower = scatter[i], scatter[i + 1]
            line, direct = ring[made % size], primary[made]
            x = normals[starts[0, made] : starts[0, made] + m]
            for j in range(m):
                mean = q * (direct[j] + upper[j] + f * (lower[j] - upper[j]))
                number = mean + math.sqrt(mean) * x[j] + sixth * (x[j] * x[j] - one)
                line[j] = max(number, zero)
            made += 1
        for k in range(size):
            order[k] = min(max(r + k - reach, 0), n - 1) % size
        smooth_row(ring, order, taps, wide, out[r])
        smooth_row(ring, order[reach - near : reach + near + 1], core, wide[: m + 2 * near], sharp)
        x = normals[starts[1, r] : starts[1, r] + m]
        for j in range(m):
            out[r, j] = keep * sharp[j] + part * out[r, j] + sigma * x[j]
