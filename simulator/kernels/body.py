"""The vertebral body as an implicit shape."""

from __future__ import annotations

import math
from typing import Any

from numba import njit

from simulator.kernels.blend import clamp, smax, smin, smooth, superellipse

Record = Any
"""A named tuple of floats: f is a `Form`, c a `Crush` of `simulator.anatomy.shape`."""


@njit(cache=True)
def spur(angle: float, out: float, up: float, length: float, rise: float, turn: float) -> float:
    """Distance to the osteophytes of one rim.

    Args:
        angle: Around the body, 0 in front, positive to the left, radians.
        out: Distance outside the wall.
        up: Height above the rim, towards the disc.
        length: Of the longest spur, mm; 0 for none.
        rise: How far its tip lies above the rim, mm.
        turn: Which places are worn, radians.
    """
    zone = smooth((math.cos(angle) + 0.30) / 0.6)
    rough = 0.30 + 0.50 * math.sin(1.3 * angle + turn) + 0.45 * math.sin(3.1 * angle + 2.3 * turn)
    share = zone * clamp(rough, 0.0, 1.0)
    thick = smooth(length * share / 1.5)
    if thick < 1e-3:
        return 99.0
    au, av = -2.0, -2.6
    bu, bv = length * share, rise * share
    t = ((out - au) * (bu - au) + (up - av) * (bv - av)) / ((bu - au) ** 2 + (bv - av) ** 2)
    t = clamp(t, 0.0, 1.0)
    gap = math.hypot(out - au - t * (bu - au), up - av - t * (bv - av))
    return float(gap - thick * (2.0 - 1.1 * t))


@njit(cache=True)
def body(x: float, y: float, z: float, f: Record) -> tuple[float, float, float]:
    """Distance to the body, shell thickness there, and depth below the nearer endplate."""
    half = 0.5 * f.D
    hh = max(0.5 * f.Hm + y * f.dh / (2.0 * f.D), 3.0)
    u = z / hh
    m = 0.5 * (1.0 + clamp(u, -1.0, 1.0))
    w = 1.0 - min(abs(u), 1.0) ** 2.6
    full = 0.5 * (f.Wi + (f.W - f.Wi) * m)
    a, yc = full - f.wl * w, 0.07 * f.D
    if y < yc:
        ds = superellipse(x, y - yc, a, half * full / (0.5 * f.W) + yc - f.wa * w, f.n)
    else:
        ds = superellipse(x, y - yc, a, 0.60 * f.D, 2.3)
    hollow = (0.7 + 0.6 * f.g) * math.exp(-((x / (0.27 * f.W)) ** 4))
    dp = y - (half + 0.012 * f.D * (1.0 - m) - hollow - 0.6 * w + 0.6)
    dw = smax(ds, dp, 3.5 + 1.5 * f.g)
    e, rim = -dw, 0.085 * f.W
    ramp = 0.40 * smooth((e - rim + 1.2) / 2.4) + 0.60 * smooth((e - rim) / (0.36 * f.D - rim))
    bow = (1.0 - 0.30 * f.g * math.exp(-((x / (0.13 * f.W)) ** 2))) * (1.0 + 0.25 * y / half)
    dt = z - hh + f.cs * ramp - f.lean_t * x
    db = -hh + f.ci * ramp * bow - z + f.lean_b * x
    d = smax(smax(dw, dt, 2.2), db, 2.2)
    fx, fy, fz = x / 5.0, (y - half + hollow - 0.9) / 5.0, (z + 0.5) / 2.6
    r = math.sqrt(fx * fx + fy * fy + fz * fz)
    if r < 2.0:
        d = smax(d, -(r - 1.0) * 3.5, 1.0)
    top = max(dw, max(dt, db))
    ew, ep = math.exp((dw - top) / 0.8), math.exp((max(dt, db) - top) / 0.8)
    tw = f.t_wall + f.t_ant * smooth(-y / half) + f.t_post * math.exp(-((dp / 2.5) ** 2))
    tp = f.t_plate + (f.t_ring - f.t_plate) * smooth((0.10 * f.W - e) / (0.06 * f.W))
    t = (ew * tw + ep * tp) / (ew + ep)
    if f.spur_t + f.spur_b > 0.0 and dw > -5.0:
        angle = math.atan2(x, yc - y)
        worn = min(spur(angle, dw, z - hh, f.spur_t, f.rise_t, f.turn_t),
                   spur(angle, dw, -hh - z, f.spur_b, f.rise_b, f.turn_b))  # fmt: skip
        t += (f.t_spur - t) / (1.0 + math.exp(clamp((worn - d) / 0.5, -30.0, 30.0)))
        d = smin(d, worn, 1.5)
    return d, t, max(dt, db)
