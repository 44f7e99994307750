"""Laminae, processes and facet joints as an implicit shape."""

from __future__ import annotations

import math

from numba import njit

from simulator.kernels.blend import clamp, cone, rounded_box, smax, smin, smooth, superellipse
from simulator.kernels.body import Record


@njit(cache=True)
def facet(ax: float, y: float, x0: float, y0: float, si: float, co: float,
          curve: float) -> tuple[float, float]:  # fmt: skip
    """Coordinates (across, along) of a curved joint at (x0, y0)."""
    n = -(ax - x0) * co + (y - y0) * si
    w = (ax - x0) * si + (y - y0) * co
    return n + curve * w * w, w


@njit(cache=True)
def _spinous(x: float, y: float, z: float, f: Record, zl: float) -> float:
    ys = 0.5 * f.D + f.scd + 3.1
    if f.g > 0.5:
        # a plate, thin above and in its middle, that ends in a tubercle below and behind: a film
        # from behind shows the outline of the tubercle, a teardrop
        v = clamp((y - ys) / (f.tip - ys), 0.0, 1.2)
        root, tail = smooth(1.0 - 3.0 * v), smooth((v - 0.35) / 0.5)
        zc = zl - 3.0 + (f.sz - zl + 2.0) * v
        hz = 8.5 - 1.5 * smooth(2.0 * v) + 2.8 * smooth((v - 0.5) / 0.5)
        uneven = 1.0 + 0.14 * math.sin(0.40 * z + 0.35 * y + f.bend)
        rt = (1.0 + 2.4 * root + 0.9 * tail) * uneven
        rl = (1.9 + 2.6 * root + 3.4 * tail - 0.6 * smooth((v - 0.9) / 0.3)) * uneven
        x = x - f.dev * v - 0.6 * f.bow * math.sin(0.18 * (z - zc) + 2.5 * v)
        d = cone(x, 0.0, z, 0.0, 0.0, zc + hz - rt, 0.0, 0.0, zc - hz + rl, rt, rl)
        return float(smax(d, max(-5.0 - (y - ys), y - f.tip + 0.022 * (z - zc) ** 2), 5.0))
    y1, z1 = ys - 2.0, zl - 1.0
    length = math.sqrt((f.tip - y1) ** 2 + (f.sz - z1) ** 2)
    ty, tz = (f.tip - y1) / length, (f.sz - z1) / length
    s = (y - y1) * ty + (z - z1) * tz
    pr = -(y - y1) * tz + (z - z1) * ty
    v = clamp(s / length, 0.0, 1.0)
    hz = 6.5 - 3.3 * v
    thick = 4.6 - 3.2 * smooth(1.3 * v) + 2.4 * smooth((v - 0.55) / 0.4)
    thick *= (1.0 - 0.30 * clamp(pr / hz, -1.5, 1.5)) * (1.0 + 0.18 * math.sin(0.5 * s + f.bend))
    bow = f.bow * (1.4 * math.sin(0.16 * s + f.bend) - 1.4 * math.sin(f.bend))
    d = superellipse(x - f.dev * v - bow, pr, thick, hz, 1.45)
    return float(smax(d, abs(s - 0.5 * length) - 0.5 * length, 4.0))


@njit(cache=True)
def posterior(x: float, y: float, z: float, f: Record, pdw: float) -> tuple[float, float]:
    """Distance to pars, lamina, processes and facets together, and their shell thickness."""
    ax, half, g = abs(x), 0.5 * f.D, f.g
    xp, zl, th = 0.5 * (f.scw + pdw) + 0.3, f.zp - 9.0 - g, 1.0 - g
    tail = half + f.lp
    stout = g * smooth((pdw - 13.0) / 5.0)  # that of L5 is a strut from pedicle to pelvis
    pars = cone(ax, y, z, xp + 0.5, tail + 1.5 - 2.0 * stout, f.zp + 1.0, f.xb - 0.5 - 1.5 * g,
                 f.yb + 3.5, f.zb + 5.0 + g, 4.2 + g - stout, 3.2 + g)  # fmt: skip
    yt = y + (0.38 - 0.08 * g) * (z - zl)
    lx, ly, ex, ey = xp - 1.0, tail + 2.0, 0.0, half + f.scd + 2.6
    t = ((ax - lx) * (ex - lx) + (yt - ly) * (ey - ly)) / ((ex - lx) ** 2 + (ey - ly) ** 2)
    t = clamp(t, 0.0, 1.0)
    dl = math.hypot(ax - lx - t * (ex - lx), yt - ly - t * (ey - ly)) - 2.6 - 0.5 * g
    hl = 0.40 * f.Hm + 0.5 + 1.0 * th
    lamina = smax(dl, max(z - zl - hl + 2.5 * g * t, zl - hl - z), 3.0)
    spine = _spinous(x, y, z, f, zl)
    if g > 0.5:
        trans = cone(ax, y, 0.62 * z, xp + 2.5, tail - 0.5 - 2.0 * stout, 0.62 * (f.zp - 1.5),
                      f.tph - 1.8, tail + 4.5, 0.62 * (f.zp + 1.0 + 3.0 * stout),
                      3.1 + 1.3 * stout, 1.7 + 1.4 * stout)  # fmt: skip
    else:
        run = f.tph - 4.0 - xp - 2.0
        trans = cone(ax, y, 0.8 * z, xp + 2.0, tail + 1.5, 0.8 * (f.zp - 1.0), f.tph - 4.0,
                      tail + 1.5 + 0.75 * run, 0.8 * (f.zp + 0.5), 3.1, 3.7)  # fmt: skip
    curve, hw, hb = 0.018 * (1.0 - 0.7 * th), 6.2 - 1.2 * th, 9.5 - 1.5 * th
    n, w = facet(ax, y, f.xj, f.yj, f.sin_f, f.cos_f, curve)
    tz = clamp((z - f.zj + 2.5) / 9.0, -1.0, 1.0)
    face = smooth((n + 2.6) / 1.6)
    sap = rounded_box(n + 4.0 + 0.6 * tz, w, z - f.zj + 2.5, 3.2 - 0.7 * max(tz, 0.0),
                hw * (0.86 - 0.2 * tz), hb, 2.4)  # fmt: skip
    n, w = facet(ax, y, f.xb, f.yb, f.sin_b, f.cos_b, curve)
    face_below = smooth((2.6 - n) / 1.6)
    iap = rounded_box(n - 3.8, w + 0.5, z - f.zb - 2.0, 3.0, hw - 0.7, hb, 2.4)
    tz = clamp((z - f.zb + 2.5) / 9.0, -1.0, 1.0)
    gap = (
        rounded_box(n + 5.0 + 0.6 * tz, w, z - f.zb + 2.5, 4.2, hw * (0.86 - 0.2 * tz), hb, 2.4)
        - 1.5
    )
    near = min(min(pars, lamina), min(min(spine, trans), min(sap, iap)))
    d = smin(smin(smin(pars, lamina, 3.0), spine, 3.0), trans, 3.0)
    d = smax(smin(smin(d, sap, 3.5), iap, 3.5), -gap, 1.2)
    es, et = math.exp(-(spine - near) / 0.8), math.exp(-(trans - near) / 0.8)
    ep = math.exp(-(min(pars, lamina) - near) / 0.8)
    ea, eb = math.exp(-(sap - near) / 0.8), math.exp(-(iap - near) / 0.8)
    ta = f.t_bone + (f.t_joint - f.t_bone) * face
    tb = f.t_bone + (f.t_joint - f.t_bone) * face_below
    t = es * f.t_spine + et * f.t_trans + ep * f.t_bone + ea * ta + eb * tb
    return d, t / (es + et + ep + ea + eb)
