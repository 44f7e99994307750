"""A compression fracture: where a point of the broken body was before it broke."""

from __future__ import annotations

import math

from numba import njit

from simulator.kernels.blend import clamp, smooth
from simulator.kernels.body import Record, body


@njit(cache=True)
def sunk(x: float, y: float, f: Record, c: Record) -> tuple[float, float]:
    """How far the superior and the inferior endplate have sunk at (x, y)."""
    s = smooth((0.32 * f.D - y) / (0.62 * f.D))
    rough = 0.30 * math.sin(0.9 * x + 0.3 * y) + 0.28 * math.sin(0.47 * x - 0.4 * y + 2.0)
    rough *= s * min(c.wedge / 6.0, 1.0)
    uneven = 1.0 - 0.12 * x / (0.5 * f.W) + 0.06 * math.sin(0.45 * x + 1.0)
    fade = smooth((0.5 * f.D + 2.0 - y) / 7.0)
    plate = c.wedge * (c.rear * fade + (1.0 - c.rear) * s) * uneven
    r2 = (x / (0.40 * f.W)) ** 2 + ((y + 0.02 * f.D) / (0.38 * f.D)) ** 2
    dish = math.exp(-1.6 * r2 * r2)
    return max(plate + rough + c.top * dish, 0.0), c.bottom * dish


@njit(cache=True)
def unsunk(z: float, sink: float, zt: float, deep: float) -> tuple[float, float]:
    """Rest height of a point in a band under an endplate at `zt`, and the local stretch."""
    zb = zt - deep - 0.9 * sink
    span = zt - 1.0 - zb
    z0 = z + sink * smooth((z - zb) / span)
    for _ in range(12):
        z0 = 0.5 * z0 + 0.5 * (z + sink * smooth((z0 - zb) / span))
    t = clamp((z0 - zb) / span, 0.0, 1.0)
    return z0, max(1.0 - sink * 6.0 * t * (1.0 - t) / span, 0.30)


@njit(cache=True)
def _kink(x: float, y: float, rise: float, top: float, f: Record, c: Record) -> float:
    """How far the anterior wall has buckled: out at the line of the break, in just below it."""
    rise += 0.5 * math.sin(0.5 * x) + 0.3 * math.sin(1.1 * x + 1.0)
    out = math.exp(-((rise / 1.2) ** 2)) - 0.6 * math.exp(-(((rise + 2.3) / 1.5) ** 2))
    return float(c.buckle * smooth(top / 4.0) * out * smooth(-y / (0.35 * f.D)))


@njit(cache=True)
def _set_back(x: float, y: float, z: float, f: Record, c: Record) -> float:
    """How far this point of the posterior wall has moved backwards.

    A wedge pushes the wall a little; a posterosuperior fragment between the pedicles stands
    `retro` behind it, with a step at its lower edge. In front it stretches the bone it left,
    behind it the canal narrows, up to the lamina, which stays.
    """
    half, moved = 0.5 * f.D, 0.0
    if y < 0.62 * f.D:
        push = 0.10 * c.wedge * math.exp(-(((z - 0.3 * f.Hm) / 4.0) ** 2))
        moved = push * smooth((y - 0.1 * f.D) / (0.3 * f.D)) * y / half
    if c.retro > 0.0:
        edge = smooth((z - c.retro_z - 0.4 * math.sin(0.5 * x)) / 1.5 + 0.5)
        side = smooth((0.5 * f.scw - 0.5 - abs(x)) / 2.5)
        rise = smooth((y - half + 0.45 * f.D) / (0.45 * f.D - 4.0))
        fall = smooth((y - half - c.retro - 1.0) / max(f.scd - c.retro - 1.5, 1.0))
        moved = max(moved, c.retro * edge * side * rise * (1.0 - fall))
    return float(moved)


@njit(cache=True)
def crushed(
    x: float, y: float, z: float, f: Record, c: Record
) -> tuple[float, float, float, float, float, float, float]:
    """Rest point of (x, y, z), then body distance, shell, plate depth and density there."""
    zt, half = 0.5 * f.Hm, 0.5 * f.D
    top, bottom = sunk(x, y, f, c)
    jac, z0 = 1.0, z
    if top > 0.0:
        z0, jac = unsunk(z, top, zt, c.depth)
    if bottom > 0.0:
        z0, j2 = unsunk(-z0, bottom, zt, c.depth)
        z0, jac = -z0, jac * j2
    b = c.bulge * top * math.exp(-(((z - zt + top + 3.0) / 4.0) ** 2)) * smooth(-y / (0.4 * f.D))
    if c.buckle > 0.0:
        b += _kink(x, y, z - zt + top + 0.7 * c.depth, top, f, c)
    y0, x0 = y * (1.0 - b / half), x * (1.0 - b / f.W)
    y0 -= _set_back(x, y, z, f, c)
    d, t, plate = body(x0, y0, z0, f)
    return x0, y0, z0, d, t, plate, max(jac, 0.3) ** -c.exponent


@njit(cache=True)
def corner(x: float, y: float, z: float, f: Record, c: Record) -> float:
    """Plane that parts the anterosuperior fragment (positive) from the body."""
    front = 0.5 * f.Hm - 0.25 * f.dh - c.wedge
    plane = -0.68 * (y + 0.5 * f.D - 7.0) + 0.73 * (z - front + 1.6)
    return float(plane + 0.6 * math.sin(0.41 * x) + 0.3 * math.sin(1.1 * x + 1.0))
