"""Coarse grids under a picture, and the picture made of them. Only seen: fastmath.

They are `COARSE` cells per side over the whole picture; slow things (scatter, dynamic range) live
there and are enlarged bilinearly: first along the rows (`widen`), once, then between two of those
rows wherever a row of the picture is made.
"""

from __future__ import annotations

import numpy as np
from numba import njit

from simulator.units import Float32Array

COARSE = 64


@njit(cache=True, nogil=True, fastmath=True)
def shrink(image: Float32Array, size: int) -> Float32Array:
    """Return the means of size x size blocks."""
    n, m = image.shape
    cells = m // size
    out = np.zeros((n // size, cells), np.float32)
    line = np.empty(m, np.float32)
    for i in range(out.shape[0]):
        line[:] = image[i * size]
        for r in range(i * size + 1, (i + 1) * size):
            for j in range(m):
                line[j] += image[r, j]
        for c in range(cells):
            total = np.float32(0.0)
            for k in range(size):
                total += line[c * size + k]
            out[i, c] = total
    return out * np.float32(1.0 / (size * size))


@njit(cache=True, nogil=True, fastmath=True)
def widen(coarse: Float32Array, m: int) -> Float32Array:
    """Return (cells, m): every row of `coarse` enlarged to m columns, linearly between centres."""
    rows, cells = coarse.shape
    out = np.empty((rows, m), np.float32)
    left = np.empty(m, np.uint32)
    part = np.empty(m, np.float32)
    pace = cells / m
    for j in range(m):
        x = min(max((j + 0.5) * pace - 0.5, 0.0), cells - 1.001)
        left[j] = int(x)
        part[j] = x - int(x)
    for i in range(rows):
        line, step = coarse[i], np.diff(coarse[i])
        for j in range(m):
            out[i, j] = line[left[j]] + part[j] * step[left[j]]
    return out


@njit(cache=True, nogil=True, fastmath=True)
def row_between(wide: Float32Array, r: int, n: int) -> tuple[int, np.float32]:
    """Return the upper row of `wide` and the share of the next that make row `r` of n."""
    y = min(max((r + 0.5) * wide.shape[0] / n - 0.5, 0.0), wide.shape[0] - 1.0)
    i = min(int(y), wide.shape[0] - 2)
    return i, np.float32(y - i)


@njit(cache=True, nogil=True, fastmath=True)
def enlarge(coarse: Float32Array, out: Float32Array) -> None:
    """Write `coarse`, enlarged bilinearly between centres of cells, over a larger picture."""
    n, m = out.shape
    wide = widen(coarse, m)
    for r in range(n):
        i, f = row_between(wide, r, n)
        upper, lower = wide[i], wide[i + 1]
        for j in range(m):
            out[r, j] = upper[j] + f * (lower[j] - upper[j])
