"""Cement front in porous bone: one-phase Darcy flow behind Dirichlet thresholds, compiled.

One sub-step: pressure in the full voxels (`kernels/front.py`), flux through the open faces of the
front and up open cannulas, age and viscosity, fill. See `kernels/cement.py` for units and lists,
`kernels/injection.py` for the cannulas.
"""

from __future__ import annotations

import numpy as np
from numba import njit

from simulator.kernels.cement import JIT, enter, own_k, own_perm, pour, spill, table_at, zone
from simulator.kernels.front import assemble, compact
from simulator.kernels.pressure import solve

MAX_SUBSTEPS = 6
COURANT = 0.7
"""Share of a front voxel that one sub-step may fill."""
_TRIES, _JUMP, _RISE_KPA = 3, 1.5, 0.5
"""How often, and from what rise of the pressure at the tip, the open faces are chosen anew."""
_HOLDS_KPA = 1e-6
"""A plunger against which the bone pushes by more than this stands still."""


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
def _thicken(m, entry, faces, flow, src, d, t, up, x, ports, w, c):  # type: ignore[no-untyped-def]
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
    for i in range(flow.size):
        square[src[i]] += flow[i] * flow[i]
        if flow[i] > 0.0:
            came[src[i]] += flow[i]
            brought[src[i]] += flow[i] * ports.age_s[i]
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
def _tips(ports, comp, w):  # type: ignore[no-untyped-def]
    """Return the number of the full voxel at each tip, -1 where no cement stands there."""
    src = np.full(ports.source.size, -1, np.int32)
    for i in range(src.size):
        at = w.slot[ports.source[i]]
        if at >= 0:
            src[i] = comp[at]
    return src


@njit(**JIT)
def _solved(m, entry, comp, src, sources, g, p_d, shut, ports, w, c):  # type: ignore[no-untyped-def]
    """Return the system, its pressures and faces, and the iterations it took; marks `shut`.

    A plunger does not run back: where the bone pushes harder than the hand it holds its cement.
    """
    tolerance = w.law.tolerance * max(w.law.flow_smooth, 2.0)
    iterations = 0
    before = np.zeros(src.size)
    for _ in range(_TRIES + sources - 1):
        diag, t, low, up, rhs, x, faces = assemble(m, entry, comp, w, c)
        for i in range(src.size):
            if not shut[i]:
                before[i] = x[src[i]]
                diag[src[i]] += g[i]
                rhs[src[i]] += g[i] * p_d[i]
        iterations += solve(m, diag, t, low, up, rhs, x, tolerance, 300)
        again = False
        for i in range(src.size):
            if shut[i]:
                continue
            if sources > 1 and not ports.vent[i] and p_d[i] < x[src[i]] - _HOLDS_KPA:
                shut[i] = again = True
            # A push that begins anew finds faces closed that its pressure opens: ask again.
            rise = x[src[i]] - w.law.ambient_kpa
            if rise > _JUMP * (before[i] - w.law.ambient_kpa) + _RISE_KPA:
                again = True
        if not again:
            break
        for q in range(m):
            c.p[entry[q]] = x[q]
    return t, up, x, faces, iterations


@njit(**JIT)
def _flows(flow, src, g, p_d, shut, x, ports):  # type: ignore[no-untyped-def]
    """Write what passes each tip, positive into the bone; return what stays in the bone."""
    came, went = 0.0, 0.0
    for i in range(src.size):
        flow[i] = 0.0
        if shut[i]:
            continue
        q = g[i] * (p_d[i] - x[src[i]])
        if ports.vent[i]:
            flow[i] = min(q, 0.0)
            went -= flow[i]
        else:
            flow[i] = max(q, 0.0)
            came += flow[i]
    return came, went


@njit(**JIT)
def _balanced(flow, came, went):  # type: ignore[no-untyped-def]
    """Nothing else takes cement: what comes must run up the vents, and no more."""
    least = min(came, went)
    for i in range(flow.size):
        whole = came if flow[i] > 0.0 else went
        flow[i] = flow[i] * least / whole if whole > 0.0 else 0.0


@njit(**JIT)
def substep(n, flow, tip, g, p_d, shut, most, steps, ports, w, c, books):  # type: ignore[no-untyped-def]
    """Move the front by at most a share of a voxel; return n, seconds, iterations."""
    m, entry, comp = compact(n, w, c)
    src = _tips(ports, comp, w)
    sources = 0
    for i in range(src.size):
        flow[i], tip[i] = 0.0, w.law.ambient_kpa
        shut[i] = shut[i] or src[i] < 0
        if not shut[i] and not ports.vent[i]:
            sources += 1
    if sources == 0:  # nothing stands at a tip: a push below the marrow's pressure moves nothing
        return n, most, 0
    t, up, x, faces, iterations = _solved(m, entry, comp, src, sources, g, p_d, shut, ports, w, c)
    if n + faces.size > c.voxel.size:
        return -1, most, iterations
    inflow, aged = np.zeros(n + faces.size), np.zeros(n + faces.size)
    lost = np.zeros(books.size - 2)
    came, went = _flows(flow, src, g, p_d, shut, x, ports)
    net = max(came - went, 0.0)
    n, moves, touched = _fluxes(n, net, faces, x, entry, w, c, inflow, aged, lost)
    if not moves or net == 0.0:
        # Every face is closed: wait until the pressure has risen.
        _balanced(flow, came, went)
    fastest = 0.0
    for s in touched:
        fastest = max(fastest, inflow[s] / c.volume[s])
    d = most
    if fastest * most > COURANT and steps < MAX_SUBSTEPS - 1:
        d = COURANT / fastest
    _thicken(m, entry, faces, flow, src, d, t, up, x, ports, w, c)
    for i in range(src.size):
        if src[i] >= 0:
            tip[i] = x[src[i]]
    for s in touched:
        pour(s, inflow[s] * d, aged[s] / inflow[s], c, books)
    for s in touched:
        if c.fill[s] >= 1.0:
            n = spill(s, n, c.p[s], w, c, books)
    for r in range(lost.size):
        books[r + 1] += lost[r] * d
        books[lost.size + 1] += lost[r] * d
    return n, d, iterations
