"""The vertebral body as an implicit shape."""

from __future__ import annotations

import math
from typing import Any

from numba import njit

from simulator.kernels.blend import clamp, smax, smooth, superellipse

Record = Any
"""A named tuple of floats: f is a `Form`, c a `Crush` of `simulator.anatomy.shape`."""


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
    dt, db = z - hh + f.cs * ramp, -hh + f.ci * ramp * bow - z
    d = smax(smax(dw, dt, 2.2), db, 2.2)
    fx, fy, fz = x / 5.0, (y - half + hollow - 0.9) / 5.0, (z + 0.5) / 2.6
    r = math.sqrt(fx * fx + fy * fy + fz * fz)
    if r < 2.0:
        d = smax(d, -(r - 1.0) * 3.5, 1.0)
    top = max(dw, max(dt, db))
    ew, ep = math.exp((dw - top) / 0.8), math.exp((max(dt, db) - top) / 0.8)
    tw = f.t_wall + f.t_ant * smooth(-y / half) + f.t_post * math.exp(-((dp / 2.5) ** 2))
    tp = f.t_plate + (f.t_ring - f.t_plate) * smooth((0.10 * f.W - e) / (0.06 * f.W))
    return d, (ew * tw + ep * tp) / (ew + ep), max(dt, db)
