"""The implicit surface of a vertebra: body, fracture, pedicles, posterior elements, canal.

Body frame: LPS millimetres, origin in the middle of the intact body. All loops run over points
that do not depend on each other, so the result is the same for any number of threads.
"""

from __future__ import annotations

import math

import numpy as np
from numba import njit, prange

from simulator.kernels.blend import clamp, smax, smin, smooth, superellipse
from simulator.kernels.body import Record
from simulator.kernels.crush import corner, crushed
from simulator.kernels.posterior import posterior
from simulator.units import ByteArray, Float32Array, FloatArray


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
    thick = 1.0 + f.t_spread * clamp(noise, -1.6, 1.6)
    qx, qy, qz, d, t, plate, rho = crushed(x, y, z, f, c)
    half = 0.5 * f.D
    if c.corner > 0.0 and y < -half + 16.0 and z > -0.35 * f.Hm:
        cut = corner(x, y, z, f, c)
        my, mz = y + c.corner, z + 0.45 * c.corner
        lost = corner(x, my, mz, f, c)
        if lost > -4.0:
            _, _, _, d2, t2, plate2, rho2 = crushed(x, my, mz, f, c)
            d2 = max(d2, -lost + 0.5 * c.cleft)
            d = max(d, cut + 0.5 * c.cleft)
            if d2 < d:
                d, t, plate, rho, cut = d2, t2, plate2, rho2, lost
            face = math.exp(-((abs(cut) / 0.6) ** 2))
            t += (f.t_face - t) * face
    rho *= 1.0 + f.rho_plate * clamp(1.0 + (plate + 0.5) / 2.5, 0.0, 1.0)
    body = d
    if y < half - 12.0:
        return d, t, rho, body
    side = f.pdw_l if x > 0.0 else f.pdw_r
    ax = abs(qx) - 0.5 * (f.scw + side) - 0.3
    dy, lp = qy - half - 0.5 * f.lp + 1.0, 0.5 * f.lp
    s, r = ax * f.sint + dy * f.cost, ax * f.cost - dy * f.sint
    zz = qz - f.zp - f.rise * s
    flare = min((s / (lp + 2.0)) ** 2, 1.8)
    ped = superellipse(
        r, zz, 0.5 * side * (1.0 + 0.22 * flare), 0.5 * f.pdh * (1.0 + 0.12 * flare), 2.3
    )
    # however short, it reaches into the body
    ped = smax(ped, max(s - lp - 4.5, -s - max(lp + 4.5, 7.5)), 3.0)
    tp = 0.9 * f.pw * (1.0 - 0.38 * math.tanh(r / 1.5)) * thick
    # the rim is stronger above and below, and not the same all around
    tp *= 1.0 + 0.45 * smooth((abs(zz) / (0.5 * f.pdh) - 0.5) / 0.4)
    turn = 1.0 / (r * r + zz * zz + 0.5)
    rim_c, rim_s = (f.rim_lc, f.rim_ls) if x > 0.0 else (f.rim_rc, f.rim_rs)
    tp *= 1.0 + turn * (rim_c * (r * r - zz * zz) + rim_s * 2.0 * r * zz)
    post, tb = posterior(qx, qy, qz, f, side)
    tb *= thick
    own = max(ped, -s - lp - 4.5)  # its bone ends where the body's begins
    near = min(body, min(own, post))
    eb, ep = math.exp(-(body - near) / 0.8), math.exp(-(own - near) / 0.8)
    eo = math.exp(-(post - near) / 0.8)
    t = (eb * t + ep * tp + eo * tb) / (eb + ep + eo)
    rho = (eb * rho + (ep + eo) * f.rho_post) / (eb + ep + eo)
    d = smin(smin(body, ped, 4.0 + 1.5 * f.g), post, 3.0)
    canal = superellipse(qx, qy - half - 0.5 * f.scd - 0.3, 0.5 * f.scw, 0.5 * f.scd, 2.6)
    return smax(d, -canal, 1.5), t, rho, body


@njit(cache=True)
def probe(p: FloatArray, f: Record, c: Record, lattice: Float32Array, cell: float) -> FloatArray:
    """Return (n, 4): what `vertebra` says at each of the (n, 3) points of the body frame."""
    out = np.empty((p.shape[0], 4))
    for i in range(p.shape[0]):
        out[i] = vertebra(p[i, 0], p[i, 1], p[i, 2], f, c, lattice, cell)
    return out


@njit(cache=True, parallel=True)
def fill(
    out: Float32Array, near: ByteArray, start: FloatArray, turn: FloatArray,
    f: Record, c: Record, lattice: Float32Array, cell: float,
) -> None:  # fmt: skip
    """Write what `vertebra` says into the voxels of blocks that are near bone.

    Args:
        out: (4, nx, ny, nz), elsewhere left as it is.
        near: one byte per block of four voxels a side.
        start: (3,) voxel (0, 0, 0) in the body frame.
        turn: (3, 3) steps of one voxel along each axis of the grid in its columns.
    """
    _, nx, ny, nz = out.shape
    for i in prange(nx):
        for j in range(ny):
            for k in range(nz):
                if near[i // 4, j // 4, k // 4]:
                    x = start[0] + turn[0, 0] * i + turn[0, 1] * j + turn[0, 2] * k
                    y = start[1] + turn[1, 0] * i + turn[1, 1] * j + turn[1, 2] * k
                    z = start[2] + turn[2, 0] * i + turn[2, 1] * j + turn[2, 2] * k
                    d, t, rho, body = vertebra(x, y, z, f, c, lattice, cell)
                    out[0, i, j, k], out[1, i, j, k] = d, t
                    out[2, i, j, k], out[3, i, j, k] = rho, body
