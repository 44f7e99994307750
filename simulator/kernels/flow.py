"""Cement front in porous bone: one-phase Darcy flow behind Dirichlet thresholds, compiled.

One sub-step: pressure in the full voxels, flux through the open faces of the front, age and
viscosity, fill. See `kernels/cement.py` for units and lists.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numba import njit

from simulator.kernels.cement import (
    JIT,
    Drive,
    Ground,
    Lists,
    barrier,
    enter,
    own_k,
    own_perm,
    perm,
    pour,
    spill,
    table_at,
    zone,
)
from simulator.kernels.pressure import solve
from simulator.units import FloatArray, IntArray

MAX_SUBSTEPS = 6
COURANT = 0.7
"""Share of a front voxel that one sub-step may fill."""
_NEAREST = 0.25
"""A front is never closer than this share of a voxel to its upstream face."""


_TRIES, _JUMP, _RISE_KPA = 3, 1.5, 0.5
"""How often, and from what rise of the pressure at the tip, the open faces are chosen anew."""


class _Faces(NamedTuple):
    """Open faces between full voxels and the front."""

    size: int
    cell: IntArray
    voxel: IntArray
    flow: FloatArray
    """Conductance first, flux after `_fluxes`."""
    bar: FloatArray


@njit(**JIT)
def _compact(n: int, w: Ground, c: Lists) -> tuple[int, IntArray, IntArray]:
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
def _assemble(m, entry, comp, w, c):  # type: ignore[no-untyped-def]
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
    faces = _Faces(0, np.empty(6 * m, np.int32), np.empty(6 * m, np.int32), np.empty(6 * m),
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
    return diag, t, low, up, rhs, x, _Faces(count, faces.cell, faces.voxel, faces.flow, faces.bar)


@njit(**JIT)
def _fluxes(n, flow, faces, x, entry, w, c, inflow, aged, lost):  # type: ignore[no-untyped-def]
    """Share `flow` out over the front; return n and the entries that cement flows into.

    Scaling to the flow of the cannula makes volume exact, whatever the solver left over.
    """
    total = 0.0
    for i in range(faces.size):
        faces.flow[i] *= max(0.0, x[faces.cell[i]] - faces.bar[i])
        total += faces.flow[i]
    scale = flow / total if total > 0.0 else 0.0
    touched = [0]
    touched.pop()
    for i in range(faces.size):
        q = faces.flow[i] * scale
        faces.flow[i] = q
        if q <= 0.0:
            continue
        e, j = entry[faces.cell[i]], faces.voxel[i]
        if w.medium.sink[j]:
            r = c.route[e]
            lost[r if r >= 0 else w.medium.route[zone(c.voxel[e], w), w.medium.zone[j]]] += q
            continue
        s = w.slot[j]
        if s < 0:
            mobility = c.lam[e] / own_perm(e, w, c)
            s = enter(j, n, c.route[e], zone(c.voxel[e], w), mobility, c.age[e], w, c)
            n += 1
        if inflow[s] == 0.0:
            touched.append(s)
            c.p[s] = 0.0
        inflow[s] += q
        aged[s] += q * c.age[e]
        c.p[s] = max(c.p[s], x[faces.cell[i]])
    return n, total > 0.0, touched


@njit(**JIT)
def _thicken(m, entry, faces, flow, src, d, t, up, x, drive, w, c):  # type: ignore[no-untyped-def]
    """Carry age along with the flow and renew the lagged, shear-thinned mobility."""
    square, came, brought = np.zeros(m + 1), np.zeros(m + 1), np.zeros(m + 1)
    ages, lams, ps, volumes, voxel = c.age, c.lam, c.p, c.volume, c.voxel
    field_k, mark, table, yields = w.medium.k, w.mark, w.table, w.yields
    h, n, void_k, still = w.grid.h, w.law.shear_n, w.law.void_k, w.law.still_rate
    for i in range(faces.size):
        square[faces.cell[i]] += faces.flow[i] ** 2
    for a in range(m):
        for axis in range(3):
            if t[a, axis] == 0.0:
                continue
            b = up[a, axis]
            q = t[a, axis] * (x[a] - x[b])
            square[a] += q * q
            square[b] += q * q
            if q > 0.0:
                came[b] += q
                brought[b] += q * ages[entry[a]]
            else:
                came[a] -= q
                brought[a] -= q * ages[entry[b]]
    came[src] += flow
    brought[src] += flow * drive.age_s
    square[src] += flow * flow
    # mm/s over the square root of 1e-9 m2, in 1/s
    per_speed = 4.0 * 1e-3 / (np.sqrt(8.0 * 1e-9) * h * h)
    for a in range(m):
        e = entry[a]
        share = d / volumes[e]
        ages[e] = (ages[e] + share * brought[a]) / (1.0 + share * came[a])
        ps[e] = x[a]
        k = own_k(float(field_k[voxel[e]]), mark[voxel[e]], volumes[e], h, void_k)
        porosity = min(1.0, volumes[e] / (0.93 * h * h * h))
        rate = per_speed * np.sqrt(0.5 * square[a] / (k * porosity))
        eta = table_at(ages[e], table)
        if rate > 1.0:
            eta *= rate ** (n - 1.0)
        eta += table_at(ages[e], yields) / max(rate, still)
        lams[e] = 0.5 * lams[e] + 0.5 * k / eta


@njit(**JIT)
def _substep(n, g_e, p_d, left, steps, drive, w, c, books):  # type: ignore[no-untyped-def]
    """Move the front by at most a share of a voxel; return n, flow, seconds, tip, iterations."""
    m, entry, comp = _compact(n, w, c)
    at = w.slot[drive.source]
    src = comp[at] if at >= 0 else -1
    if src < 0:  # nothing stands at the tip: a push below the marrow's pressure moves nothing
        return n, 0.0, left, w.law.ambient_kpa, 0
    tolerance = w.law.tolerance * max(w.law.flow_smooth, 2.0)
    iterations = 0
    for _ in range(_TRIES):
        diag, t, low, up, rhs, x, faces = _assemble(m, entry, comp, w, c)
        diag[src] += g_e
        rhs[src] += g_e * p_d
        before = x[src]
        iterations += solve(m, diag, t, low, up, rhs, x, tolerance, 300)
        # A push that begins anew finds faces closed that its pressure opens: ask again.
        if x[src] - w.law.ambient_kpa <= _JUMP * (before - w.law.ambient_kpa) + _RISE_KPA:
            break
        for q in range(m):
            c.p[entry[q]] = x[q]
    if n + faces.size > c.voxel.size:
        return -1, 0.0, left, 0.0, iterations
    inflow, aged = np.zeros(n + faces.size), np.zeros(n + faces.size)
    lost = np.zeros(books.size - 2)
    flow = max(0.0, g_e * (p_d - x[src]))
    n, moves, touched = _fluxes(n, flow, faces, x, entry, w, c, inflow, aged, lost)
    if not moves:
        flow = 0.0  # every face is closed: wait until the pressure has risen
    fastest = 0.0
    for s in touched:
        fastest = max(fastest, inflow[s] / c.volume[s])
    d = left
    if fastest * left > COURANT and steps < MAX_SUBSTEPS - 1:
        d = COURANT / fastest
    _thicken(m, entry, faces, flow, src, d, t, up, x, drive, w, c)
    for s in touched:
        pour(s, inflow[s] * d, aged[s] / inflow[s], c, books)
    for s in touched:
        if c.fill[s] >= 1.0:
            n = spill(s, n, c.p[s], w, c, books)
    for r in range(lost.size):
        books[r + 1] += lost[r] * d
        books[lost.size + 1] += lost[r] * d
    return n, flow, d, x[src], iterations


@njit(**JIT)
def _robin(left: float, drive: Drive, syringe: float) -> tuple[float, float, float]:
    """Return hand, syringe and cannula as one boundary: conductance, pressure, compliance."""
    a = 0.0
    if drive.hand_kpa > syringe:
        a = left / (drive.compliance * drive.hand_resistance)
    rest = (syringe + a * drive.hand_kpa) / (1.0 + a)
    give = drive.compliance * (1.0 + a)
    return drive.conductance / (1.0 + left * drive.conductance / give), rest, give


@njit(**JIT)
def _flood(n, flow, left, voids, ball, drive, w, c, books):  # type: ignore[no-untyped-def]
    """Fill the void at the tip, which offers no resistance; return n, uL and seconds used."""
    room = 0.0
    if flow <= 0.0:
        return n, 0.0, 0.0
    mobility = 1.0 / table_at(drive.age_s, w.table)
    hole = w.medium.route.shape[0] - 1
    for i in range(ball):
        e = w.slot[voids[i]]
        if e < 0:
            e = enter(voids[i], n, -1, hole, mobility, drive.age_s, w, c)
            n += 1
        room += max(0.0, 1.0 - c.fill[e]) * c.volume[e]
    if room <= 0.0:
        return n, 0.0, 0.0
    ul = min(room, flow * left)
    rest = ul
    for i in range(ball):
        e = w.slot[voids[i]]
        part = min(rest, (1.0 - c.fill[e]) * c.volume[e])
        if part <= 0.0:
            continue
        full = part < rest or ul == room
        pour(e, part, drive.age_s, c, books)
        if full:
            c.fill[e] = max(c.fill[e], 1.0)
        rest -= part
    return n, ul, left if ul < room else min(left, ul / flow)


@njit(**JIT)
def advance(n, drive, voids, ball, dt, w, c, books):  # type: ignore[no-untyped-def]
    """Push cement for `dt` seconds.

    Args:
        n: entries in use.
        drive: see `Drive`.
        voids: (v,) flat indices of voxels without bone around the tip and along open channels.
        ball: the first `ball` of `voids` lie at the tip and fill at once.
        dt: seconds.
        w: see `Ground`.
        c: see `Lists`; changed in place.
        books: (routes + 2,) uL [inside, each route..., embolised], added to in place.

    Returns:
        n (-1: the lists have too little spare room), uL out of the tip, syringe kPa, tip kPa,
        sub-steps, solver iterations.
    """
    for e in range(n):
        w.slot[c.voxel[e]] = e
    for i in range(voids.size):
        w.mark[voids[i]] = 1 if i < ball else 2
    left, out = dt, 0.0
    syringe, tip = drive.syringe_kpa, w.law.ambient_kpa
    steps, iterations = 0, 0
    while left > 1e-12:
        g_e, p_d, give = _robin(left, drive, syringe)
        n, ul, d = _flood(n, g_e * (p_d - w.law.ambient_kpa), left, voids, ball, drive, w, c,
                          books)  # fmt: skip
        if d == 0.0:
            n, flow, d, tip, its = _substep(n, g_e, p_d, left, steps, drive, w, c, books)
            if n < 0:
                break
            ul = flow * d
            steps += 1
            iterations += its
        # the step of the syringe is linear in its part that was used
        syringe += d / left * (p_d - syringe) - ul / give
        out += ul
        left -= d
    for e in range(c.voxel.size):
        w.slot[c.voxel[e]] = -1
    for i in range(voids.size):
        w.mark[voids[i]] = 0
    return n, out, syringe, tip, steps, iterations
