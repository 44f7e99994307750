"""Conjugate gradients for a seven-point Poisson problem on a compact list of voxels.

The preconditioner is the modified incomplete Cholesky factor of Bridson, Fluid Simulation for
Computer Graphics (2nd ed. 2015, section 5.3): MIC(0) with weight 0.97, falling back to the
diagonal where the pivot becomes small. Its factor has the couplings of the matrix itself, so that
a product with the matrix comes free with the two sweeps of the preconditioner (Eisenstat 1981,
SIAM J Sci Stat Comput 2:1): scaled to a unit factor,

    A = D - L - L', M = (I - L)(I - L'), A = (I - L) + (I - L') + (D - 2 I).
"""

from __future__ import annotations

import math

import numpy as np
from numba import njit

from simulator.units import AnyArray, FloatArray

JIT = {"cache": True, "nogil": True, "error_model": "numpy"}
_WEIGHT = 0.97
_SAFETY = 0.25
_NEARLY = 1.5
"""The residual itself is looked at when its estimate comes this near to the tolerance."""


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
        # A voxel that nothing leads to or from has nothing to solve: its row stays as it is.
        pre[c] = 1.0 / math.sqrt(e) if e > 0.0 else 1.0
    return pre


@njit(**JIT)
def _residual(m, diag, t, low, up, rhs, x, out):  # type: ignore[no-untyped-def]
    """Write rhs - A x into `out` and return its square."""
    square = 0.0
    for c in range(m):
        l0, l1, l2 = low[c, 0], low[c, 1], low[c, 2]
        s = t[c, 0] * x[up[c, 0]] + t[c, 1] * x[up[c, 1]] + t[c, 2] * x[up[c, 2]]
        s += t[l0, 0] * x[l0] + t[l1, 1] * x[l1] + t[l2, 2] * x[l2]
        out[c] = rhs[c] - diag[c] * x[c] + s
        square += out[c] * out[c]
    return square


@njit(**JIT)
def _fitted(m, diag, t, low, rhs, x, r):  # type: ignore[no-untyped-def]
    """Replace x by the best a x + b, and its residual r; return the square of that.

    The flow changes from step to step, and with it all pressures in proportion: two numbers take
    up what conjugate gradients would otherwise carry through the whole cloud.
    """
    xax, xa1, oneax, one = 0.0, 0.0, 0.0, 0.0
    xb, b = 0.0, 0.0
    ones = np.empty(m)  # A times a vector of ones: what leaves through the faces of the front
    for c in range(m):
        l0, l1, l2 = low[c, 0], low[c, 1], low[c, 2]
        ones[c] = diag[c] - t[c, 0] - t[c, 1] - t[c, 2] - t[l0, 0] - t[l1, 1] - t[l2, 2]
        ax = rhs[c] - r[c]
        xax += x[c] * ax
        xa1 += x[c] * ones[c]
        oneax += ax
        one += ones[c]
        xb += x[c] * rhs[c]
        b += rhs[c]
    det = xax * one - xa1 * oneax
    square = 0.0
    if det <= 1e-9 * abs(xax * one):
        for c in range(m):
            square += r[c] * r[c]
        return square
    scale, shift = (xb * one - b * xa1) / det, (b * xax - xb * oneax) / det
    for c in range(m):
        r[c] = rhs[c] - scale * (rhs[c] - r[c]) - shift * ones[c]
        x[c] = scale * x[c] + shift
        square += r[c] * r[c]
    return square


@njit(**JIT)
def _scaled(m, diag, t, low, up, pre):  # type: ignore[no-untyped-def]
    """Return D - 2 and the couplings to the voxels before and after, for a unit factor."""
    over, back, ahead = np.empty(m), np.empty((m, 3)), np.empty((m, 3))
    for c in range(m):
        p = pre[c]
        over[c] = diag[c] * p * p - 2.0
        for a in range(3):
            back[c, a] = t[low[c, a], a] * p * pre[low[c, a]]
            ahead[c, a] = t[c, a] * p * pre[up[c, a]]
    return over, back, ahead


@njit(**JIT)
def _true_square(m, back, low, pre, r):  # type: ignore[no-untyped-def]
    """Return the square of the residual that the preconditioned one stands for."""
    square = 0.0
    for c in range(m):
        own = r[c] - back[c, 0] * r[low[c, 0]] - back[c, 1] * r[low[c, 1]]
        own = (own - back[c, 2] * r[low[c, 2]]) / pre[c]
        square += own * own
    return square


@njit(**JIT)
def _turn(m, beta, over, back, ahead, low, up, r, v, w, z):  # type: ignore[no-untyped-def]
    """Choose the next direction v and apply the preconditioned matrix, w + z; return v (w + z)."""
    for c in range(m - 1, -1, -1):
        v[c] = r[c] + beta * v[c]
        s = ahead[c, 0] * w[up[c, 0]] + ahead[c, 1] * w[up[c, 1]] + ahead[c, 2] * w[up[c, 2]]
        w[c] = v[c] + s
    curve = 0.0
    for c in range(m):
        s = back[c, 0] * z[low[c, 0]] + back[c, 1] * z[low[c, 1]] + back[c, 2] * z[low[c, 2]]
        z[c] = v[c] + over[c] * w[c] + s
        curve += v[c] * (w[c] + z[c])
    return curve


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
    square = _residual(m, diag, t, low, up, rhs, x, r)
    if math.sqrt(square) <= tolerance:
        return 0
    square = _fitted(m, diag, t, low, rhs, x, r)
    if math.sqrt(square) <= tolerance:
        return 1
    pre = _factor(m, diag, t, low)
    over, back, ahead = _scaled(m, diag, t, low, up, pre)
    rho = 0.0
    for c in range(m):
        s = back[c, 0] * r[low[c, 0]] + back[c, 1] * r[low[c, 1]] + back[c, 2] * r[low[c, 2]]
        r[c] = pre[c] * r[c] + s
        x[c] /= pre[c]
        rho += r[c] * r[c]
    v, w, z = np.zeros(m + 1), np.zeros(m + 1), np.zeros(m + 1)
    ratio, beta = math.sqrt(square / rho), 0.0
    done = limit
    for it in range(limit):
        curve = _turn(m, beta, over, back, ahead, low, up, r, v, w, z)
        if curve <= 0.0:
            done = it
            break
        alpha, new = rho / curve, 0.0
        for c in range(m):
            x[c] += alpha * w[c]
            r[c] -= alpha * (w[c] + z[c])
            new += r[c] * r[c]
        beta, rho = new / rho, new
        if math.sqrt(rho) * ratio <= _NEARLY * tolerance:
            size = math.sqrt(_true_square(m, back, low, pre, r))
            if size <= tolerance or rho == 0.0:
                done = it + 1
                break
            ratio = size / math.sqrt(rho)
    for c in range(m):
        x[c] *= pre[c]
    return done
