"""Cement of voxels on a grid twice as fine, where it is ragged off its lattice; compiled."""

from __future__ import annotations

import math

import numpy as np
from numba import njit

from simulator.units import AnyArray, ByteArray, Float32Array, IntArray

JIT = {"cache": True, "nogil": True, "error_model": "numpy"}
_REACH = 1
"""Voxels to each side over which raggedness is averaged."""
_COUNT = 1024
"""Empty faces are counted in such units and voxels in ones, so that one sum tells both."""


@njit(**JIT)
def raggedness(at: IntArray, fill: AnyArray, shape: tuple[int, int, int]) -> Float32Array:
    """Return the mean number of empty faces of the filled voxels about each entry.

    0 inside a solid lump, a half on its flat surface, above 1 where cement has left holes.

    Args:
        at: (3, n) voxels, at least 1 from the border of `shape`.
        fill: (n,) share of the fluid space that is filled.
        shape: of the box.

    Returns:
        (n,); 6 where all about is less than half full.
    """
    full = np.zeros(shape, np.uint8)
    told = np.zeros(shape, np.int32)
    n = at.shape[1]
    for e in range(n):
        if fill[e] > 0.5:
            full[at[0, e], at[1, e], at[2, e]] = 1
    for e in range(n):
        i, j, k = at[0, e], at[1, e], at[2, e]
        if full[i, j, k]:
            about = int(full[i - 1, j, k]) + full[i + 1, j, k] + full[i, j - 1, k]
            about += int(full[i, j + 1, k]) + full[i, j, k - 1] + full[i, j, k + 1]
            told[i, j, k] = (6 - about) * _COUNT + 1
    out = np.zeros(n, np.float32)
    for e in range(n):
        total = 0
        for i in range(at[0, e] - _REACH, at[0, e] + _REACH + 1):
            for j in range(at[1, e] - _REACH, at[1, e] + _REACH + 1):
                row = told[i, j]
                for k in range(at[2, e] - _REACH, at[2, e] + _REACH + 1):
                    total += row[k]
        count = total % _COUNT
        out[e] = (total // _COUNT) / count if count else 6.0
    return out


@njit(**JIT)
def astray(
    cell: IntArray,
    much: Float32Array,
    loose: ByteArray,
    tile: Float32Array,
    most: float,
) -> Float32Array:
    """Return how far beside its place each entry lies, (n, 3) in voxels.

    Args:
        cell: (3, n) voxels of the whole grid.
        much: (n,) factor on the tile.
        loose: (n,) 0 where an entry stays.
        tile: (m, m, m, 3) periodic displacements.
        most: along each axis, at most.
    """
    n, m = cell.shape[1], tile.shape[0]
    out = np.zeros((n, 3), np.float32)
    for e in range(n):
        if loose[e]:
            way = tile[cell[0, e] % m, cell[1, e] % m, cell[2, e] % m]
            for a in range(3):
                out[e, a] = min(max(much[e] * way[a], -most), most)
    return out


@njit(**JIT)
def splat(at: IntArray, beside: Float32Array, share: AnyArray, shape: tuple[int, int, int]
          ) -> Float32Array:  # fmt: skip
    """Return entries as hats that reach to the next voxels, on a grid twice as fine.

    Entries in their places add up to what lies linearly between them; moved they keep their volume.

    Args:
        at: (3, n) voxels of a box, at least 2 from its border.
        beside: (n, 3) how far beside its place each is drawn, at most 1.
        share: (n,) of the voxel.
        shape: of the fine grid, whose cell 2 i has its centre in that of voxel i.

    Returns:
        `shape`, shares of a cell.
    """
    out = np.zeros(shape, np.float32)
    hat = np.empty((3, 4), np.float32)
    for e in range(at.shape[1]):
        wide = 3
        for a in range(3):
            spot = np.float32(2.0) * beside[e, a]
            low = math.floor(spot)
            if spot != 0.0:
                wide = 4
            for m in range(4):
                hat[a, m] = np.float32(1.0) - np.float32(0.5) * abs(low + m - 1 - spot)
        i0 = 2 * at[0, e] + math.floor(np.float32(2.0) * beside[e, 0]) - 1
        j0 = 2 * at[1, e] + math.floor(np.float32(2.0) * beside[e, 1]) - 1
        k0 = 2 * at[2, e] + math.floor(np.float32(2.0) * beside[e, 2]) - 1
        for i in range(wide):
            for j in range(wide):
                weight = np.float32(share[e]) * hat[0, i] * hat[1, j]
                for k in range(wide):
                    out[i0 + i, j0 + j, k0 + k] += weight * hat[2, k]
    return out
