"""Hands, syringes and cannulas over one step of cement: which feed the bone, which drain it."""

from __future__ import annotations

import numpy as np
from numba import njit

from simulator.kernels.cement import JIT, Ports, enter, pour, table_at
from simulator.kernels.flow import substep

_ROUNDING = 1e-12
"""A void that lacks no more than this share of what it took is full."""


@njit(**JIT)
def _robin(left: float, i: int, ports: Ports) -> tuple[float, float, float]:
    """Return hand, syringe and cannula as one boundary: conductance, pressure, compliance."""
    syringe, conductance = ports.syringe_kpa[i], ports.conductance[i]
    if ports.vent[i]:
        return conductance, syringe, np.inf
    a = 0.0
    if ports.hand_kpa[i] > syringe:
        a = left / (ports.compliance[i] * ports.hand_resistance[i])
    rest = (syringe + a * ports.hand_kpa[i]) / (1.0 + a)
    give = ports.compliance[i] * (1.0 + a)
    return conductance / (1.0 + left * conductance / give), rest, give


@njit(**JIT)
def _room(n, i, voids, ports, w, c):  # type: ignore[no-untyped-def]
    """Return n and the uL that the void at a tip still takes; it offers no resistance."""
    mobility = 1.0 / table_at(ports.age_s[i], w.table)
    hole = w.medium.route.shape[0] - 1
    room = 0.0
    for v in range(ports.ball[i], ports.ball[i + 1]):
        e = w.slot[voids[v]]
        if e < 0:
            e = enter(voids[v], n, -1, hole, mobility, ports.age_s[i], w, c)
            n += 1
        room += max(0.0, 1.0 - c.fill[e]) * c.volume[e]
    return n, room


@njit(**JIT)
def _flood(i, ul, room, voids, ports, w, c, books):  # type: ignore[no-untyped-def]
    """Pour up to `ul` of cement into the void at a tip; return how much it took."""
    rest = ul
    for v in range(ports.ball[i], ports.ball[i + 1]):
        e = w.slot[voids[v]]
        part = min(rest, (1.0 - c.fill[e]) * c.volume[e])
        if part <= 0.0:
            continue
        full = part < rest or ul == room
        pour(e, part, ports.age_s[i], c, books)
        if full:
            c.fill[e] = max(c.fill[e], 1.0)
        rest -= part
    return ul - rest


@njit(**JIT)
def advance(n, ports, voids, dt, w, c, books):  # type: ignore[no-untyped-def]
    """Push cement for `dt` seconds.

    Args:
        n: entries in use.
        ports: see `Ports`; the syringes' pressures change in place.
        voids: (v,) flat indices of voxels without bone: the balls at the tips one after the
            other (`Ports.ball`), then open channels.
        dt: seconds.
        w: see `Ground`.
        c: see `Lists`; changed in place.
        books: (routes + 2,) uL [inside, each route..., embolised], added to in place.

    Returns:
        n (-1: the lists have too little spare room), (p,) uL out of each tip, negative up a
        vent, (p,) tip kPa, sub-steps, solver iterations.
    """
    size = ports.source.size
    for e in range(n):
        w.slot[c.voxel[e]] = e
    for v in range(voids.size):
        w.mark[voids[v]] = 1 if v < ports.ball[size] else 2
    out, tip, flow = np.zeros(size), np.full(size, w.law.ambient_kpa), np.zeros(size)
    g, p_d, give, room = np.zeros(size), np.zeros(size), np.zeros(size), np.zeros(size)
    shut = np.zeros(size, np.bool_)
    steps, iterations, left = 0, 0, dt
    while left > 1e-12:
        d, pushes = left, False
        for i in range(size):
            g[i], p_d[i], give[i] = _robin(left, i, ports)
            room[i], shut[i] = 0.0, False
            flow[i] = g[i] * (p_d[i] - w.law.ambient_kpa)
            if ports.vent[i]:
                continue
            if flow[i] > 0.0:
                n, room[i] = _room(n, i, voids, ports, w, c)
            if room[i] > 0.0:
                shut[i] = True
                d = min(d, room[i] / flow[i])
            else:
                pushes = True
        fill = flow.copy()
        if pushes:
            n, d, its = substep(n, flow, tip, g, p_d, shut, d, steps, ports, w, c, books)
            if n < 0:
                break
            steps += 1
            iterations += its
        for i in range(size):
            if room[i] > 0.0:
                full = fill[i] * d >= room[i] * (1.0 - _ROUNDING)
                ul = room[i] if full else fill[i] * d
                ul = _flood(i, ul, room[i], voids, ports, w, c, books)
            else:
                ul = flow[i] * d
            out[i] += ul
            # the step of the syringe is linear in its part that was used
            if not ports.vent[i]:
                ports.syringe_kpa[i] += d / left * (p_d[i] - ports.syringe_kpa[i]) - ul / give[i]
        left -= d
    for e in range(c.voxel.size):
        w.slot[c.voxel[e]] = -1
    for v in range(voids.size):
        w.mark[voids[v]] = 0
    return n, out, tip, steps, iterations
