"""The implicit surface of a vertebra and its coverage-correct voxels.

Body frame: LPS millimetres, origin in the middle of the intact body. All loops run over voxels
that do not depend on each other, so the result is the same for any number of threads.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from numba import njit, prange

from simulator.units import Float32Array, FloatArray

Record = Any
"""A named tuple of floats: f is a `Form`, c a `Crush` of `simulator.anatomy.shape`."""


@njit(cache=True, inline="always")
def _s(t: float) -> float:
    t = min(max(t, 0.0), 1.0)
    return t * t * (3.0 - 2.0 * t)


@njit(cache=True, inline="always")
def _clamp(v: float, low: float, high: float) -> float:
    return min(max(v, low), high)


@njit(cache=True, inline="always")
def _smin(a: float, b: float, k: float) -> float:
    h = max(k - abs(a - b), 0.0) / k
    return min(a, b) - h * h * k * 0.25


@njit(cache=True, inline="always")
def _smax(a: float, b: float, k: float) -> float:
    h = max(k - abs(a - b), 0.0) / k
    return max(a, b) + h * h * k * 0.25


@njit(cache=True)
def _sell(u: float, v: float, a: float, b: float, n: float) -> float:
    """First-order distance to a superellipse."""
    a, b = max(a, 0.3), max(b, 0.3)
    p, q = abs(u) / a, abs(v) / b
    r = (p**n + q**n) ** (1.0 / n)
    if r < 1e-6:
        return -min(a, b)
    gu, gv = (p / r) ** (n - 1.0) / a, (q / r) ** (n - 1.0) / b
    return float(max((r - 1.0) / math.sqrt(gu * gu + gv * gv), -min(a, b)))


@njit(cache=True)
def _cone(x: float, y: float, z: float, ax: float, ay: float, az: float,
          bx: float, by: float, bz: float, ra: float, rb: float) -> float:  # fmt: skip
    dx, dy, dz = bx - ax, by - ay, bz - az
    t = ((x - ax) * dx + (y - ay) * dy + (z - az) * dz) / (dx * dx + dy * dy + dz * dz + 1e-9)
    t = _clamp(t, 0.0, 1.0)
    ex, ey, ez = x - ax - t * dx, y - ay - t * dy, z - az - t * dz
    return float(math.sqrt(ex * ex + ey * ey + ez * ez) - ra - t * (rb - ra))


@njit(cache=True)
def _rbox(x: float, y: float, z: float, a: float, b: float, c: float, r: float) -> float:
    r = min(r, min(a, min(b, c)))
    u, v, w = abs(x) - a + r, abs(y) - b + r, abs(z) - c + r
    o = math.sqrt(max(u, 0.0) ** 2 + max(v, 0.0) ** 2 + max(w, 0.0) ** 2)
    return o + min(max(u, max(v, w)), 0.0) - r


@njit(cache=True)
def _body(x: float, y: float, z: float, f: Record) -> tuple[float, float, float]:
    """Distance to the body, shell thickness there, and depth below the nearer endplate."""
    half = 0.5 * f.D
    hh = max(0.5 * f.Hm + y * f.dh / (2.0 * f.D), 3.0)
    u = z / hh
    m = 0.5 * (1.0 + _clamp(u, -1.0, 1.0))
    w = 1.0 - min(abs(u), 1.0) ** 2.6
    full = 0.5 * (f.Wi + (f.W - f.Wi) * m)
    a, yc = full - f.wl * w, 0.07 * f.D
    if y < yc:
        ds = _sell(x, y - yc, a, half * full / (0.5 * f.W) + yc - f.wa * w, f.n)
    else:
        ds = _sell(x, y - yc, a, 0.60 * f.D, 2.3)
    hollow = (0.7 + 0.6 * f.g) * math.exp(-((x / (0.27 * f.W)) ** 4))
    dp = y - (half + 0.012 * f.D * (1.0 - m) - hollow - 0.6 * w + 0.6)
    dw = _smax(ds, dp, 3.5 + 1.5 * f.g)
    e, rim = -dw, 0.085 * f.W
    ramp = 0.40 * _s((e - rim + 1.2) / 2.4) + 0.60 * _s((e - rim) / (0.36 * f.D - rim))
    bow = (1.0 - 0.30 * f.g * math.exp(-((x / (0.13 * f.W)) ** 2))) * (1.0 + 0.25 * y / half)
    dt, db = z - hh + f.cs * ramp, -hh + f.ci * ramp * bow - z
    d = _smax(_smax(dw, dt, 2.2), db, 2.2)
    fx, fy, fz = x / 5.0, (y - half + hollow - 0.9) / 5.0, (z + 0.5) / 2.6
    r = math.sqrt(fx * fx + fy * fy + fz * fz)
    if r < 2.0:
        d = _smax(d, -(r - 1.0) * 3.5, 1.0)
    top = max(dw, max(dt, db))
    ew, ep = math.exp((dw - top) / 0.8), math.exp((max(dt, db) - top) / 0.8)
    tw = f.t_wall + f.t_ant * _s(-y / half) + f.t_post * math.exp(-((dp / 2.5) ** 2))
    tp = f.t_plate + (f.t_ring - f.t_plate) * _s((0.10 * f.W - e) / (0.06 * f.W))
    return d, (ew * tw + ep * tp) / (ew + ep), max(dt, db)


@njit(cache=True)
def _shift(x: float, y: float, f: Record, c: Record) -> tuple[float, float]:
    """How far the superior and the inferior endplate have sunk at (x, y)."""
    s = _s((0.32 * f.D - y) / (0.62 * f.D))
    rough = 0.30 * math.sin(0.9 * x + 0.3 * y) + 0.28 * math.sin(0.47 * x - 0.4 * y + 2.0)
    rough *= s * min(c.wedge / 6.0, 1.0)
    uneven = 1.0 - 0.12 * x / (0.5 * f.W) + 0.06 * math.sin(0.45 * x + 1.0)
    fade = _s((0.5 * f.D + 2.0 - y) / 7.0)
    plate = c.wedge * (c.rear * fade + (1.0 - c.rear) * s) * uneven
    r2 = (x / (0.42 * f.W)) ** 2 + ((y + 0.02 * f.D) / (0.42 * f.D)) ** 2
    dish = math.exp(-1.6 * r2 * r2)
    return max(plate + rough + c.top * dish, 0.0), c.bottom * dish


@njit(cache=True)
def _unsink(z: float, sink: float, zt: float, deep: float) -> tuple[float, float]:
    """Rest height of a point in a band under an endplate at `zt`, and the local stretch."""
    zb = zt - deep - 0.9 * sink
    span = zt - 1.0 - zb
    z0 = z + sink * _s((z - zb) / span)
    for _ in range(12):
        z0 = 0.5 * z0 + 0.5 * (z + sink * _s((z0 - zb) / span))
    t = _clamp((z0 - zb) / span, 0.0, 1.0)
    return z0, max(1.0 - sink * 6.0 * t * (1.0 - t) / span, 0.30)


@njit(cache=True)
def _crushed(
    x: float, y: float, z: float, f: Record, c: Record
) -> tuple[float, float, float, float, float, float, float]:
    """Rest point of (x, y, z), then body distance, shell, plate depth and density there."""
    zt, half = 0.5 * f.Hm, 0.5 * f.D
    top, bottom = _shift(x, y, f, c)
    jac, z0 = 1.0, z
    if top > 0.0:
        z0, jac = _unsink(z, top, zt, c.depth)
    if bottom > 0.0:
        z0, j2 = _unsink(-z0, bottom, zt, c.depth)
        z0, jac = -z0, jac * j2
    b = c.bulge * top * math.exp(-(((z - zt + top + 3.0) / 4.0) ** 2)) * _s(-y / (0.4 * f.D))
    y0, x0 = y * (1.0 - b / half), x * (1.0 - b / f.W)
    if y < 0.62 * f.D:
        push = 0.10 * c.wedge * math.exp(-(((z - 0.3 * f.Hm) / 4.0) ** 2))
        y0 *= 1.0 - push * _s((y - 0.1 * f.D) / (0.3 * f.D)) / half
    d, t, plate = _body(x0, y0, z0, f)
    return x0, y0, z0, d, t, plate, max(jac, 0.3) ** -c.exponent


@njit(cache=True)
def _corner(x: float, y: float, z: float, f: Record, c: Record) -> float:
    """Plane that parts the anterosuperior fragment (positive) from the body."""
    front = 0.5 * f.Hm - 0.25 * f.dh - c.wedge
    plane = -0.68 * (y + 0.5 * f.D - 7.0) + 0.73 * (z - front + 1.6)
    return float(plane + 0.6 * math.sin(0.41 * x) + 0.3 * math.sin(1.1 * x + 1.0))


@njit(cache=True)
def _facet(ax: float, y: float, x0: float, y0: float, si: float, co: float,
           curve: float) -> tuple[float, float]:  # fmt: skip
    n = -(ax - x0) * co + (y - y0) * si
    w = (ax - x0) * si + (y - y0) * co
    return n + curve * w * w, w


@njit(cache=True)
def _spinous(x: float, y: float, z: float, f: Record, zl: float) -> float:
    ys = 0.5 * f.D + f.scd + 3.1
    if f.g > 0.5:
        v = _clamp((y - ys) / (f.tip - ys), 0.0, 1.2)
        zc = zl - 3.0 + (f.sz - zl + 2.0) * v
        hz = 8.5 - 1.5 * _s(2.0 * v) + 2.5 * _s((v - 0.5) / 0.5)
        rt = 1.1 + 2.4 * _s(1.0 - 3.0 * v) + 0.5 * _s((v - 0.5) / 0.5)
        rl = 2.3 + 2.6 * _s(1.0 - 3.0 * v) + 3.2 * _s((v - 0.35) / 0.65)
        x = x - f.dev * v - 0.5 * math.sin(0.35 * z + 2.0 * v)
        d = _cone(x, 0.0, z, 0.0, 0.0, zc + hz - rt, 0.0, 0.0, zc - hz + rl, rt, rl)
        return float(_smax(d, max(-5.0 - (y - ys), y - f.tip + 0.022 * (z - zc) ** 2), 5.0))
    y1, z1 = ys - 2.0, zl - 1.0
    length = math.sqrt((f.tip - y1) ** 2 + (f.sz - z1) ** 2)
    ty, tz = (f.tip - y1) / length, (f.sz - z1) / length
    s = (y - y1) * ty + (z - z1) * tz
    pr = -(y - y1) * tz + (z - z1) * ty
    v = _clamp(s / length, 0.0, 1.0)
    hz = 6.5 - 3.3 * v
    thick = (4.6 - 3.4 * _s(1.5 * v) + 2.2 * _s((v - 0.6) / 0.4)) * (
        1.0 - 0.25 * _clamp(pr / hz, -1.5, 1.5)
    )
    d = _sell(x - f.dev * v, pr, thick, hz, 1.7)
    return float(_smax(d, abs(s - 0.5 * length) - 0.5 * length, 4.0))


@njit(cache=True)
def _posterior(x: float, y: float, z: float, f: Record, pdw: float) -> tuple[float, float]:
    """Distance to pars, lamina, processes and facets together, and their shell thickness."""
    ax, half, g = abs(x), 0.5 * f.D, f.g
    xp, zl, th = 0.5 * (f.scw + pdw) + 0.3, f.zp - 9.0 - g, 1.0 - g
    tail = half + f.lp
    pars = _cone(ax, y, z, xp + 0.5, tail + 1.5, f.zp + 1.0, f.xb - 0.5 - 1.5 * g, f.yb + 3.5,
                 f.zb + 5.0 + g, 4.2 + g, 3.2 + g)  # fmt: skip
    yt = y + (0.38 - 0.08 * g) * (z - zl)
    lx, ly, ex, ey = xp - 1.0, tail + 2.0, 0.0, half + f.scd + 2.6
    t = ((ax - lx) * (ex - lx) + (yt - ly) * (ey - ly)) / ((ex - lx) ** 2 + (ey - ly) ** 2)
    t = _clamp(t, 0.0, 1.0)
    dl = math.hypot(ax - lx - t * (ex - lx), yt - ly - t * (ey - ly)) - 2.6 - 0.5 * g
    hl = 0.40 * f.Hm + 0.5 + 1.0 * th
    lamina = _smax(dl, max(z - zl - hl + 2.5 * g * t, zl - hl - z), 3.0)
    spine = _spinous(x, y, z, f, zl)
    if g > 0.5:
        trans = _cone(ax, y, 0.62 * z, xp + 2.5, tail - 0.5, 0.62 * (f.zp - 1.5), f.tph - 1.8,
                      tail + 4.5, 0.62 * (f.zp + 1.0), 3.1, 1.7)  # fmt: skip
    else:
        run = f.tph - 4.0 - xp - 2.0
        trans = _cone(ax, y, 0.8 * z, xp + 2.0, tail + 1.5, 0.8 * (f.zp - 1.0), f.tph - 4.0,
                      tail + 1.5 + 0.75 * run, 0.8 * (f.zp + 0.5), 3.1, 3.7)  # fmt: skip
    curve, hw, hb = 0.018 * (1.0 - 0.7 * th), 6.2 - 1.2 * th, 9.5 - 1.5 * th
    n, w = _facet(ax, y, f.xj, f.yj, f.sin_f, f.cos_f, curve)
    tz = _clamp((z - f.zj + 2.5) / 9.0, -1.0, 1.0)
    sap = _rbox(n + 4.0 + 0.6 * tz, w, z - f.zj + 2.5, 3.2 - 0.7 * max(tz, 0.0),
                hw * (0.86 - 0.2 * tz), hb, 2.4)  # fmt: skip
    n, w = _facet(ax, y, f.xb, f.yb, f.sin_b, f.cos_b, curve)
    iap = _rbox(n - 3.8, w + 0.5, z - f.zb - 2.0, 3.0, hw - 0.7, hb, 2.4)
    tz = _clamp((z - f.zb + 2.5) / 9.0, -1.0, 1.0)
    gap = _rbox(n + 5.0 + 0.6 * tz, w, z - f.zb + 2.5, 4.2, hw * (0.86 - 0.2 * tz), hb, 2.4) - 1.5
    near = min(min(pars, lamina), min(min(spine, trans), min(sap, iap)))
    d = _smin(_smin(_smin(pars, lamina, 3.0), spine, 3.0), trans, 3.0)
    d = _smax(_smin(_smin(d, sap, 3.5), iap, 3.5), -gap, 1.2)
    es, et = math.exp(-(spine - near) / 0.8), math.exp(-(trans - near) / 0.8)
    rest = min(min(pars, lamina), min(sap, iap))
    er = math.exp(-(rest - near) / 0.8)
    return d, (es * f.t_spine + et * f.t_trans + er * f.t_bone) / (es + et + er)


@njit(cache=True)
def _wobble(x: float, y: float, z: float, lattice: Float32Array) -> tuple[float, ...]:
    """Trilinear value of the periodic lattice; its last axis holds displacement and noise."""
    n = lattice.shape[0]
    fx, fy, fz = math.floor(x), math.floor(y), math.floor(z)
    a, b, c, e = 0.0, 0.0, 0.0, 0.0
    for q in range(8):
        i, j, k = q & 1, (q >> 1) & 1, q >> 2
        w = (1.0 - abs(x - fx - i)) * (1.0 - abs(y - fy - j)) * (1.0 - abs(z - fz - k))
        v = lattice[(int(fx) + i) % n, (int(fy) + j) % n, (int(fz) + k) % n]
        a, b, c, e = a + w * v[0], b + w * v[1], c + w * v[2], e + w * v[3]
    return a, b, c, e


@njit(cache=True)
def vertebra(
    x: float, y: float, z: float, f: Record, c: Record, lattice: Float32Array, cell: float
) -> tuple[float, float, float, float]:
    """Distance to the bone, cortex there, density factor and distance to the body alone."""
    wx, wy, wz, noise = _wobble(x / cell, y / cell, z / cell, lattice)
    x, y, z = x + wx, y + wy, z + wz
    thick = 1.0 + f.t_spread * _clamp(noise, -1.6, 1.6)
    qx, qy, qz, d, t, plate, rho = _crushed(x, y, z, f, c)
    half = 0.5 * f.D
    if c.corner > 0.0 and y < -half + 16.0 and z > -0.35 * f.Hm:
        cut = _corner(x, y, z, f, c)
        my, mz = y + c.corner, z + 0.45 * c.corner
        lost = _corner(x, my, mz, f, c)
        if lost > -4.0:
            _, _, _, d2, t2, plate2, rho2 = _crushed(x, my, mz, f, c)
            d2 = max(d2, -lost + 0.5 * c.cleft)
            d = max(d, cut + 0.5 * c.cleft)
            if d2 < d:
                d, t, plate, rho, cut = d2, t2, plate2, rho2, lost
            face = math.exp(-((abs(cut) / 0.6) ** 2))
            t += (f.t_face - t) * face
    rho *= 1.0 + f.rho_plate * _clamp(1.0 + (plate + 0.5) / 2.5, 0.0, 1.0)
    body = d
    if y < half - 12.0:
        return d, t, rho, body
    side = f.pdw_l if x > 0.0 else f.pdw_r
    ax = abs(qx) - 0.5 * (f.scw + side) - 0.3
    dy, lp = qy - half - 0.5 * f.lp + 1.0, 0.5 * f.lp
    s, r = ax * f.sint + dy * f.cost, ax * f.cost - dy * f.sint
    zz = qz - f.zp - f.rise * s
    flare = min((s / (lp + 2.0)) ** 2, 1.8)
    ped = _sell(r, zz, 0.5 * side * (1.0 + 0.22 * flare), 0.5 * f.pdh * (1.0 + 0.12 * flare), 2.3)
    ped = _smax(ped, abs(s) - lp - 4.5, 3.0)
    tp = 0.9 * f.pw * (1.0 - 0.38 * math.tanh(r / 1.5)) * thick
    tp *= 1.0 + 0.25 * _s((abs(zz) / (0.5 * f.pdh) - 0.5) / 0.4)
    post, tb = _posterior(qx, qy, qz, f, side)
    tb *= thick
    near = min(body, min(ped, post))
    eb, ep = math.exp(-(body - near) / 0.8), math.exp(-(ped - near) / 0.8)
    eo = math.exp(-(post - near) / 0.8)
    t = (eb * t + ep * tp + eo * tb) / (eb + ep + eo)
    rho = (eb * rho + (ep + eo) * f.rho_post) / (eb + ep + eo)
    d = _smin(_smin(body, ped, 4.0 + 1.5 * f.g), post, 3.0)
    canal = _sell(qx, qy - half - 0.5 * f.scd - 0.3, 0.5 * f.scw, 0.5 * f.scd, 2.6)
    return _smax(d, -canal, 1.5), t, rho, body


@njit(cache=True)
def probe(p: FloatArray, f: Record, c: Record, lattice: Float32Array, cell: float) -> FloatArray:
    """Return (n, 4): what `vertebra` says at each of the (n, 3) points of the body frame."""
    out = np.empty((p.shape[0], 4))
    for i in range(p.shape[0]):
        out[i] = vertebra(p[i, 0], p[i, 1], p[i, 2], f, c, lattice, cell)
    return out


@njit(cache=True, parallel=True)
def probe_many(
    p: FloatArray, f: Record, c: Record, lattice: Float32Array, cell: float
) -> FloatArray:
    """Return what `probe` does, by all threads: for many points, at a cost of its own."""
    out = np.empty((p.shape[0], 4))
    for i in prange(p.shape[0]):
        out[i] = vertebra(p[i, 0], p[i, 1], p[i, 2], f, c, lattice, cell)
    return out
