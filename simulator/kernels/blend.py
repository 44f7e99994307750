"""Distances of simple solids and how they blend; the alphabet of implicit shapes."""

from __future__ import annotations

import math

from numba import njit


@njit(cache=True, inline="always")
def smooth(t: float) -> float:
    """Smoothstep of t clamped to 0..1."""
    t = min(max(t, 0.0), 1.0)
    return t * t * (3.0 - 2.0 * t)


@njit(cache=True, inline="always")
def clamp(v: float, low: float, high: float) -> float:
    """`v` kept within `low`..`high`."""
    return min(max(v, low), high)


@njit(cache=True, inline="always")
def smin(a: float, b: float, k: float) -> float:
    """Minimum, rounded where |a - b| < k by at most k / 4."""
    h = max(k - abs(a - b), 0.0) / k
    return min(a, b) - h * h * k * 0.25


@njit(cache=True, inline="always")
def smax(a: float, b: float, k: float) -> float:
    """Maximum, rounded where |a - b| < k by at most k / 4."""
    h = max(k - abs(a - b), 0.0) / k
    return max(a, b) + h * h * k * 0.25


@njit(cache=True)
def superellipse(u: float, v: float, a: float, b: float, n: float) -> float:
    """First-order distance to a superellipse."""
    a, b = max(a, 0.3), max(b, 0.3)
    p, q = abs(u) / a, abs(v) / b
    r = (p**n + q**n) ** (1.0 / n)
    if r < 1e-6:
        return -min(a, b)
    gu, gv = (p / r) ** (n - 1.0) / a, (q / r) ** (n - 1.0) / b
    return float(max((r - 1.0) / math.sqrt(gu * gu + gv * gv), -min(a, b)))


@njit(cache=True)
def cone(x: float, y: float, z: float, ax: float, ay: float, az: float,
          bx: float, by: float, bz: float, ra: float, rb: float) -> float:  # fmt: skip
    """Distance to a ball that grows from ra at A to rb at B on its way."""
    dx, dy, dz = bx - ax, by - ay, bz - az
    t = ((x - ax) * dx + (y - ay) * dy + (z - az) * dz) / (dx * dx + dy * dy + dz * dz + 1e-9)
    t = clamp(t, 0.0, 1.0)
    ex, ey, ez = x - ax - t * dx, y - ay - t * dy, z - az - t * dz
    return float(math.sqrt(ex * ex + ey * ey + ez * ez) - ra - t * (rb - ra))


@njit(cache=True)
def rounded_box(x: float, y: float, z: float, a: float, b: float, c: float, r: float) -> float:
    """Distance to a box of half sizes a, b, c with edges of radius r."""
    r = min(r, min(a, min(b, c)))
    u, v, w = abs(x) - a + r, abs(y) - b + r, abs(z) - c + r
    o = math.sqrt(max(u, 0.0) ** 2 + max(v, 0.0) ** 2 + max(w, 0.0) ** 2)
    return o + min(max(u, max(v, w)), 0.0) - r
