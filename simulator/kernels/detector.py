"""Pictures pixel by pixel: spectrum, blur, noise, recursion, tone. Only what is seen, so fastmath.

Coarse grids are `COARSE` cells per side over the whole picture; slow things (scatter, dynamic
range) live there and are interpolated bilinearly.
"""

from __future__ import annotations

import math

import numpy as np
from numba import njit

from simulator.units import AnyArray, ByteArray, Float32Array, FloatArray

COARSE = 64


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
    rows: tuple[int, int],
    weights: FloatArray,
    mu: FloatArray,
    share: float,
    out: Float32Array,
) -> None:
    """Write the primary signal behind every pixel, relative to the open field.

    Args:
        soft: (n, n) cm.
        cortical: (n, n) cm.
        devices: (3, n, n) cement, contrast, steel, cm; anything where there are none.
        rows: first and one past the last row in which `devices` holds something.
        weights: (2, k) of two tabulated beams.
        mu: (2, k, 5) per cm.
        share: 0 is the first beam, 1 the second; ln signal is interpolated.
        out: (n, n).
    """
    n, m = soft.shape
    log2e = 1.4426950408889634
    arg = np.empty(m, np.float32)
    bits = np.empty(m, np.int32)
    power = bits.view(np.float32)
    beam = np.empty((2, m), np.float32)
    for r in range(n):
        beam[:] = 0.0
        for t in range(2):
            for k in range(weights.shape[1]):
                s = np.float32(-log2e * mu[t, k, 0])
                c = np.float32(-log2e * mu[t, k, 1])
                for j in range(m):
                    arg[j] = s * soft[r, j] + c * cortical[r, j]
                if rows[0] <= r < rows[1]:
                    d0 = np.float32(-log2e * mu[t, k, 2])
                    d1 = np.float32(-log2e * mu[t, k, 3])
                    d2 = np.float32(-log2e * mu[t, k, 4])
                    for j in range(m):
                        arg[j] += d0 * devices[0, r, j] + d1 * devices[1, r, j]
                        arg[j] += d2 * devices[2, r, j]
                _weighted_exp(arg, weights[t, k], bits, power, beam[t])
        # a^(1-s) b^s = a (b/a)^s; b/a is near 1, so that a short series of its logarithm serves.
        for j in range(m):
            a, b = beam[0, j], beam[1, j]
            z = (b - a) / (b + a)
            z2 = z * z
            series = np.float32(0.14285714) + z2 * np.float32(0.11111111)
            series = np.float32(0.33333333) + z2 * (np.float32(0.2) + z2 * series)
            arg[j] = np.float32(2.0 * share * log2e) * z * (np.float32(1.0) + z2 * series)
            out[r, j] = 0.0
        _weighted_exp(arg, 1.0, bits, power, out[r])
        for j in range(m):
            out[r, j] *= beam[0, j]


@njit(cache=True, nogil=True, fastmath=True)
def blur(image: Float32Array, taps: Float32Array, share: float, out: Float32Array) -> None:
    """Write (1 - share) * image + share * (image blurred by `taps` both ways); edges repeat.

    Args:
        image: (n, m).
        taps: (2 r + 1) summing to 1.
        share: weight of the blurred part.
        out: (n, m), not `image`.
    """
    n, m = image.shape
    reach = taps.size // 2
    mixed = np.empty(m + 2 * reach, np.float32)
    keep, part = np.float32(1.0 - share), np.float32(share)
    for r in range(n):
        mixed[:] = 0.0
        for k in range(taps.size):
            row = image[min(max(r + k - reach, 0), n - 1)]
            t = taps[k]
            for j in range(m):
                mixed[j + reach] += t * row[j]
        for k in range(reach):
            mixed[k] = mixed[reach]
            mixed[m + reach + k] = mixed[m + reach - 1]
        for j in range(m):
            out[r, j] = keep * image[r, j]
        for k in range(taps.size):
            t = part * taps[k]
            for j in range(m):
                out[r, j] += t * mixed[j + k]


@njit(cache=True, nogil=True, fastmath=True)
def shrink(image: Float32Array, size: int) -> Float32Array:
    """Return the means of size x size blocks."""
    n, m = image.shape
    out = np.zeros((n // size, m // size), np.float32)
    for r in range(out.shape[0] * size):
        for j in range(out.shape[1]):
            total = np.float32(0.0)
            for k in range(size):
                total += image[r, j * size + k]
            out[r // size, j] += total
    return out * np.float32(1.0 / (size * size))


@njit(cache=True, nogil=True, fastmath=True)
def _coarse_row(coarse: Float32Array, r: int, n: int, mid: Float32Array, out: Float32Array) -> None:
    """Write row `r` of n of `coarse` enlarged bilinearly; `mid` is scratch of a coarse row."""
    cells = coarse.shape[1]
    y = min(max((r + 0.5) * coarse.shape[0] / n - 0.5, 0.0), coarse.shape[0] - 1.0)
    i = min(int(y), coarse.shape[0] - 2)
    f = np.float32(y - i)
    for k in range(cells):
        mid[k] = coarse[i, k] + f * (coarse[i + 1, k] - coarse[i, k])
    pace = np.float32(cells / n)
    for j in range(out.size):
        x = min(max((j + np.float32(0.5)) * pace - np.float32(0.5), np.float32(0.0)), cells - 1.001)
        k = int(x)
        out[j] = mid[k] + np.float32(x - k) * (mid[k + 1] - mid[k])


@njit(cache=True, nogil=True, fastmath=True)
def count(
    primary: Float32Array,
    scatter: Float32Array,
    quanta: float,
    normals: Float32Array,
    starts: AnyArray,
    out: Float32Array,
) -> None:
    """Write counted quanta: mean plus Gaussian noise of the same variance, never negative.

    Args:
        primary: (n, n).
        scatter: (COARSE, COARSE) on the same scale.
        quanta: per pixel at a signal of 1.
        normals: long row of standard normal numbers.
        starts: (n) where each row of the picture begins in `normals`.
        out: (n, n).
    """
    n, m = primary.shape
    mid = np.empty(scatter.shape[1], np.float32)
    extra = np.empty(m, np.float32)
    q = np.float32(quanta)
    for r in range(n):
        _coarse_row(scatter, r, n, mid, extra)
        first = starts[r]
        for j in range(m):
            mean = q * (primary[r, j] + extra[j])
            out[r, j] = max(mean + math.sqrt(mean) * normals[first + j], np.float32(0.0))


@njit(cache=True, nogil=True, fastmath=True)
def add_noise(image: Float32Array, sigma: float, normals: Float32Array, starts: AnyArray) -> None:
    """Add Gaussian noise of constant `sigma` in place; the rest as in `count`."""
    n, m = image.shape
    s = np.float32(sigma)
    for r in range(n):
        first = starts[r]
        for j in range(m):
            image[r, j] += s * normals[first + j]


@njit(cache=True, nogil=True, fastmath=True)
def recurse(
    old: Float32Array,
    new: Float32Array,
    alpha: float,
    fast: float,
    sigmas: float,
    out: Float32Array,
) -> None:
    """Write old + a (new - old): a is `alpha`, or `fast` where the change is no noise.

    Args:
        old: (n, n) running mean, quanta.
        new: (n, n) newest frame, quanta.
        alpha: weight of the newest frame.
        fast: weight where |new - old| exceeds `sigmas` standard deviations of quantum noise.
        sigmas: the limit.
        out: (n, n).
    """
    n, m = old.shape
    limit = np.float32(sigmas * sigmas)
    a, b = np.float32(alpha), np.float32(fast)
    for r in range(n):
        for j in range(m):
            d = new[r, j] - old[r, j]
            weight = b if d * d > limit * (old[r, j] + np.float32(4.0)) else a
            out[r, j] = old[r, j] + weight * d


@njit(cache=True, nogil=True, fastmath=True)
def subtract_coarse(image: Float32Array, coarse: Float32Array, out: Float32Array) -> None:
    """Write image minus `coarse` enlarged bilinearly."""
    n, m = image.shape
    mid = np.empty(coarse.shape[1], np.float32)
    extra = np.empty(m, np.float32)
    for r in range(n):
        _coarse_row(coarse, r, n, mid, extra)
        for j in range(m):
            out[r, j] = image[r, j] - extra[j]


@njit(cache=True, nogil=True, fastmath=True)
def grey(
    image: Float32Array,
    smooth: Float32Array,
    edge: float,
    level: float,
    half: float,
    tone: ByteArray,
    out: ByteArray,
) -> None:
    """Sharpen, window and look up the tone.

    Args:
        image: (n, n) logarithmic signal.
        smooth: (n, n) the same blurred; the difference is what sharpening adds.
        edge: gain of the difference.
        level: value shown as mid grey.
        half: half width of the window.
        tone: (k) grey for q = (value - level) / half in -4 .. 4.
        out: (n, n).
    """
    n, m = image.shape
    last = tone.size - 1
    gain, shift = last / (8.0 * half), 0.5 * last - level * last / (8.0 * half)
    g, s, e = np.float32(gain), np.float32(shift), np.float32(edge)
    for r in range(n):
        for j in range(m):
            v = image[r, j] + e * (image[r, j] - smooth[r, j])
            q = min(max(g * v + s, np.float32(0.0)), np.float32(last))
            out[r, j] = tone[int(q)]
