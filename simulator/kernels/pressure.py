"""Conjugate gradients for a seven-point Poisson problem on a compact list of voxels.

The preconditioner is the modified incomplete Cholesky factor of Bridson, Fluid Simulation for
Computer Graphics (2nd ed. 2015, section 5.3): MIC(0) with weight 0.97, falling back to the
diagonal where the pivot becomes small.
"""

from __future__ import annotations

import math

import numpy as np
from numba import njit

from simulator.units import AnyArray, FloatArray

JIT = {"cache": True, "nogil": True}
_WEIGHT = 0.97
_SAFETY = 0.25


@njit(**JIT)
def _factor(m: int, diag: FloatArray, t: FloatArray, low: AnyArray) -> FloatArray:
    pre = np.zeros(m + 1)
    for c in range(m):
        e = diag[c]
        for a in range(3):
            b = low[c, a]
            w = t[b, a] * pre[b]
            others = t[b, 0] + t[b, 1] + t[b, 2] - t[b, a]
            e -= w * w + _WEIGHT * w * pre[b] * others
        if e < _SAFETY * diag[c]:
            e = diag[c]
        pre[c] = 1.0 / math.sqrt(e) if e > 0.0 else 0.0
    return pre


@njit(**JIT)
def _precondition(m, r, t, low, up, pre, y, z):  # type: ignore[no-untyped-def]
    for c in range(m):
        l0, l1, l2 = low[c, 0], low[c, 1], low[c, 2]
        s = r[c] + t[l0, 0] * pre[l0] * y[l0] + t[l1, 1] * pre[l1] * y[l1]
        y[c] = (s + t[l2, 2] * pre[l2] * y[l2]) * pre[c]
    for c in range(m - 1, -1, -1):
        s = t[c, 0] * z[up[c, 0]] + t[c, 1] * z[up[c, 1]] + t[c, 2] * z[up[c, 2]]
        z[c] = (y[c] + s * pre[c]) * pre[c]


@njit(**JIT)
def _times(m, diag, t, low, up, x, out):  # type: ignore[no-untyped-def]
    for c in range(m):
        l0, l1, l2 = low[c, 0], low[c, 1], low[c, 2]
        s = t[c, 0] * x[up[c, 0]] + t[c, 1] * x[up[c, 1]] + t[c, 2] * x[up[c, 2]]
        s += t[l0, 0] * x[l0] + t[l1, 1] * x[l1] + t[l2, 2] * x[l2]
        out[c] = diag[c] * x[c] - s


@njit(**JIT)
def solve(m, diag, t, low, up, rhs, x, tolerance, limit):  # type: ignore[no-untyped-def]
    """Solve (diag - couplings) x = rhs in place and return the number of iterations.

    Args:
        m: number of unknowns; index m is a dummy neighbour whose values are all zero.
        diag: (m + 1,) diagonal, uL/s per kPa.
        t: (m + 1, 3) coupling to the next voxel along x, y, z; 0 where there is none.
        low: (m + 1, 3) compact index of the previous voxel along x, y, z, or m.
        up: (m + 1, 3) compact index of the next voxel, or m.
        rhs: (m + 1,) uL/s.
        x: (m + 1,) start value and result, kPa.
        tolerance: on the 2-norm of the residual, absolute, uL/s.
        limit: most iterations.
    """
    r = np.zeros(m + 1)
    _times(m, diag, t, low, up, x, r)
    norm = 0.0
    for c in range(m):
        r[c] = rhs[c] - r[c]
        norm += r[c] * r[c]
    if math.sqrt(norm) <= tolerance:
        return 0
    pre = _factor(m, diag, t, low)
    y, z, s, q = np.zeros(m + 1), np.zeros(m + 1), np.zeros(m + 1), np.zeros(m + 1)
    rho = 1.0
    for it in range(limit):
        _precondition(m, r, t, low, up, pre, y, z)
        new = 0.0
        for c in range(m):
            new += r[c] * z[c]
        if new <= 0.0:
            return it
        beta = new / rho if it else 0.0
        rho = new
        for c in range(m):
            s[c] = z[c] + beta * s[c]
        _times(m, diag, t, low, up, s, q)
        curve = 0.0
        for c in range(m):
            curve += s[c] * q[c]
        if curve <= 0.0:
            return it
        alpha = rho / curve
        norm = 0.0
        for c in range(m):
            x[c] += alpha * s[c]
            r[c] -= alpha * q[c]
            norm += r[c] * r[c]
        if math.sqrt(norm) <= tolerance:
            return it + 1
    return limit
