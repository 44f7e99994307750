"""The density texture, carried along with a turned vertebra."""

from __future__ import annotations

import math

from numba import njit, prange

from simulator.units import Float32Array, FloatArray


@njit(cache=True, parallel=True)
def grain(cube: Float32Array, turn: FloatArray, shift: FloatArray, out: Float32Array) -> None:
    """Fill (nx, ny, nz) `out` with the nearest cells of a periodic cube.

    Args:
        cube: (n, n, n) tile, repeated without end.
        turn: (3, 3) from voxel indices to cells of the cube.
        shift: (3,) cell of voxel (0, 0, 0).
        out: Written.
    """
    n = cube.shape[0]
    for i in prange(out.shape[0]):
        for j in range(out.shape[1]):
            a = turn[0, 0] * i + turn[0, 1] * j + shift[0] + 0.5
            b = turn[1, 0] * i + turn[1, 1] * j + shift[1] + 0.5
            c = turn[2, 0] * i + turn[2, 1] * j + shift[2] + 0.5
            for k in range(out.shape[2]):
                p = math.floor(a + turn[0, 2] * k) % n
                q = math.floor(b + turn[1, 2] * k) % n
                r = math.floor(c + turn[2, 2] * k) % n
                out[i, j, k] = cube[p, q, r]
