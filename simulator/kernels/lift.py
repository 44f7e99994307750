"""The endplate lift as a resampling of columns; columns do not depend on each other."""

from __future__ import annotations

import numpy as np
from numba import njit, prange

from simulator.units import AnyArray


@njit(cache=True, parallel=True)
def lifted(
    src: AnyArray, dst: AnyArray, y0: float, z0: float, h: float, hinge_y: float, bottom: float,
    top: float, angle: float, mode: int,
) -> None:  # fmt: skip
    """Move columns up: nothing below `bottom`, angle * (hinge_y - y) above `top`.

    `y0`, `z0` are voxel centres of both grids. mode 0 keeps the sum of every column (what leaves
    one voxel arrives in others), 1 interpolates linearly, 2 takes the nearest voxel.
    """
    nx, ny, nz = src.shape
    band = top - bottom
    for i in prange(nx):
        total = np.zeros(nz + 1)
        for j in range(ny):
            w = angle * max(hinge_y - y0 - j * h, 0.0)
            for k in range(nz):
                total[k + 1] = total[k] + src[i, j, k]
            before = 0.0
            for k in range(-1 if mode == 0 else 0, dst.shape[2]):
                z = z0 + (k + 0.5 if mode == 0 else k) * h
                if z > bottom:
                    z = z - w if z >= top + w else bottom + (z - bottom) * band / (band + w)
                at = (z - z0) / h + (0.5 if mode == 0 else 0.0)
                at = min(max(at, 0.0), nz if mode == 0 else nz - 1.0)
                q = min(int(at), nz - 1)
                if mode == 0:
                    now = total[q] + (at - q) * (total[q + 1] - total[q])
                    if k >= 0:
                        dst[i, j, k] = now - before
                    before = now
                elif mode == 1:
                    r = min(q + 1, nz - 1)
                    dst[i, j, k] = src[i, j, q] + (at - q) * (src[i, j, r] - src[i, j, q])
                else:
                    dst[i, j, k] = src[i, j, int(at + 0.5)]
