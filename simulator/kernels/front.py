"""The linear system of cement behind a front: full voxels, and the open faces of the rest."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numba import njit

from simulator.kernels.cement import JIT, Ground, Lists, barrier, own_perm, perm
from simulator.units import FloatArray, IntArray

_NEAREST = 0.25
"""A front is never closer than this share of a voxel to its upstream face."""


class Faces(NamedTuple):
    """Open faces between full voxels and the front."""

    size: int
    cell: IntArray
    voxel: IntArray
    flow: FloatArray
    """Conductance first, flux after `_fluxes`."""
    bar: FloatArray


@njit(**JIT)
def compact(n: int, w: Ground, c: Lists) -> tuple[int, IntArray, IntArray]:
    """Number the full voxels in flat order: entry of each number, number of each entry."""
    rows = w.grid.nx * w.grid.ny
    first, last = np.full(rows, w.grid.nz, np.int32), np.full(rows, -1, np.int32)
    low, high = rows, -1
    for e in range(n):
        row = c.voxel[e] // w.grid.nz
        k = c.voxel[e] - row * w.grid.nz
        first[row], last[row] = min(first[row], k), max(last[row], k)
        low, high = min(low, row), max(high, row)
    comp = np.full(n, -1, np.int32)
    entry = np.empty(n, np.int32)
    m = 0
    for row in range(low, high + 1):
        for g in range(row * w.grid.nz + first[row], row * w.grid.nz + last[row] + 1):
            e = w.slot[g]
            if e >= 0 and c.fill[e] >= 1.0:
                comp[e] = m
                entry[m] = e
                m += 1
    return m, entry, comp


@njit(**JIT)
def assemble(m, entry, comp, w, c):  # type: ignore[no-untyped-def]
    """Return the linear system of the `m` full voxels and the open faces of the front.

    A face whose front threshold is not exceeded by the last pressure is closed: left in the
    matrix it would feed fluid in. Mobility in the front voxel is the upstream cement's.
    """
    # Arrays have names of their own here: taking one out of `w` counts its references anew.
    slot, mark, field_k, zones = w.slot, w.mark, w.medium.k, w.medium.zone
    voxel, fill, lams = c.voxel, c.fill, c.lam
    h, wall_k = w.grid.h, w.law.wall_k
    steps = (w.grid.ny * w.grid.nz, w.grid.nz, 1)
    ways = (w.law.across, w.law.across, w.law.along)
    low = np.full((m + 1, 3), m, np.int32)
    up = np.full((m + 1, 3), m, np.int32)
    t = np.zeros((m + 1, 3))
    diag, rhs, x = np.zeros(m + 1), np.zeros(m + 1), np.zeros(m + 1)
    faces = Faces(0, np.empty(6 * m, np.int32), np.empty(6 * m, np.int32), np.empty(6 * m),
                   np.empty(6 * m))  # fmt: skip
    count = 0
    for a in range(m):
        e = entry[a]
        x[a] = c.p[e]
        grain = zones[voxel[e]] == 0  # bone has a grain, veins and gaps have none
        for axis in range(3):
            way = ways[axis]
            lam = lams[e] * way if grain else lams[e]
            for sign in (1, -1):
                j = voxel[e] + sign * steps[axis]
                s = slot[j]
                if s >= 0 and fill[s] >= 1.0:
                    if sign > 0:
                        b = comp[s]
                        other = lams[s] * way if zones[j] == 0 else lams[s]
                        q = 2.0 * h * lam * other / (lam + other)
                        up[a, axis], low[b, axis], t[a, axis] = b, a, q
                        diag[a] += q
                        diag[b] += q
                    continue
                if mark[j] == 0 and field_k[j] <= wall_k:
                    continue
                bar = barrier(j, w)
                if x[a] <= bar:
                    continue
                f = fill[s] if s >= 0 else 0.0
                k = own_perm(e, w, c)
                q = h / (0.5 / lam + max(f, _NEAREST) * k / (perm(j, w) * lam))
                diag[a] += q
                rhs[a] += q * bar
                faces.cell[count], faces.voxel[count] = a, j
                faces.flow[count], faces.bar[count] = q, bar
                count += 1
    return diag, t, low, up, rhs, x, Faces(count, faces.cell, faces.voxel, faces.flow, faces.bar)
