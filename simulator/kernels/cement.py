"""Cement in voxels: what it meets, how it enters, how it is counted; compiled.

Units throughout: mm, s, kPa, microlitres, Pa.s and permeability in 1e-9 m2, in which the flux
through a voxel face is q [uL/s] = (k / viscosity) * h * pressure step, with no other constant.

Cement lives in lists (one entry per voxel, in order of entry); `slot` is a full-grid scratch map
from flat voxel index to entry, -1 where there is none, and `mark` one that is 1 in the void at
the tip, 2 in open channels, 0 elsewhere. Both are clean again when `flow.advance` returns.
"""

from __future__ import annotations

from typing import NamedTuple

from numba import njit

from simulator.units import AnyArray, ByteArray, FloatArray, IntArray

JIT = {"cache": True, "nogil": True, "error_model": "numpy"}
SMALL = {**JIT, "inline": "always"}
"""For what is asked of every voxel: a call would count references of all arrays it is handed."""


class Medium(NamedTuple):
    """What cement flows through, flat in C order (all arrays (nx*ny*nz,))."""

    k: AnyArray
    """float32, permeability in 1e-9 m2; below `Law.wall_k` nothing passes."""
    volume: AnyArray
    """float32, fluid space in microlitres."""
    threshold: AnyArray
    """float32, kPa above ambient before cement enters."""
    drag: AnyArray
    """float32, further kPa per uL/s of total flow: back pressure of the marrow."""
    zone: AnyArray
    """uint8, see `exit_route`."""
    sink: AnyArray
    """uint8, 1 where cement is carried away."""
    route: AnyArray
    """(zones, zones) int32: route of a step from one zone into another, -1 inside."""


class Grid(NamedTuple):
    """Shape of the voxel grid."""

    nx: int
    ny: int
    nz: int
    h: float


class Law(NamedTuple):
    """Scalars of the flow law."""

    wall_k: float
    """Nothing passes below this permeability."""
    void_k: float
    """Permeability of channels and of the void at the tip."""
    ambient_kpa: float
    shear_n: float
    flow_smooth: float
    """uL/s, low-passed flow that the marrow feels."""
    tolerance: float
    marrow: float
    """kPa per uL/s of total flow: what the ways out of the body hold against its marrow."""
    across: float
    """Factor on permeability to the left, right, front and back, in bone."""
    along: float
    """Factor on permeability towards head and feet."""
    still_rate: float
    """1/s: below this shear rate the yield stress is spread as a plain viscosity."""


class Ports(NamedTuple):
    """Cannulas that meet the bone, each behind its own hand, syringe and tube; arrays (p,).

    A pressed one is a source. An open one is a vent: cement that reaches its tip runs up it.
    """

    source: IntArray
    """int32, flat index of the voxel at the tip."""
    vent: ByteArray
    """uint8, 1 where the cannula stands open."""
    syringe_kpa: FloatArray
    """Under the plunger, changed in place; at the open end of a vent."""
    hand_kpa: FloatArray
    hand_resistance: FloatArray
    """kPa per uL/s that the hand gives up when it moves."""
    compliance: FloatArray
    """uL per kPa."""
    conductance: FloatArray
    """uL/s per kPa of the cannula."""
    age_s: FloatArray
    """Of the cement next to the tip."""
    ball: IntArray
    """(p + 1,) int32: which `voids` lie at the tip of each and fill at once."""


class Lists(NamedTuple):
    """Cement entries with spare room, changed in place (fill, volume, age, p, lam, route)."""

    voxel: IntArray
    fill: FloatArray
    volume: FloatArray
    age: FloatArray
    p: FloatArray
    lam: FloatArray
    route: IntArray


class Ground(NamedTuple):
    """Everything that cement meets in one step."""

    medium: Medium
    grid: Grid
    law: Law
    table: FloatArray
    """(t,) zero-shear viscosity in Pa.s, one value per second of effective age."""
    yields: FloatArray
    """(t,) yield stress in Pa, alike."""
    slot: IntArray
    """(nx*ny*nz,) scratch, all -1 between calls."""
    mark: ByteArray
    """(nx*ny*nz,) scratch, all 0 between calls."""


@njit(**SMALL)
def table_at(age: float, table: FloatArray) -> float:
    """Return the value of a table with one row per second at `age`, linear between the rows."""
    i = min(max(int(age), 0), table.size - 2)
    return float(table[i] + (table[i + 1] - table[i]) * min(age - i, 1.0))


@njit(**SMALL)
def own_k(k: float, drilled: int, volume: float, h: float, void_k: float) -> float:
    """Return the permeability of an entry; what was void when cement came in stays void."""
    return float(max(void_k, k)) if drilled or volume > 0.97 * h * h * h else k


@njit(**SMALL)
def perm(g: int, w: Ground) -> float:
    """Return the permeability of voxel `g`, drilled or not."""
    k = float(w.medium.k[g])
    return max(float(w.law.void_k), k) if w.mark[g] else k


@njit(**SMALL)
def own_perm(e: int, w: Ground, c: Lists) -> float:
    """Return the permeability of an entry."""
    g = c.voxel[e]
    return float(own_k(float(w.medium.k[g]), w.mark[g], c.volume[e], w.grid.h, w.law.void_k))


@njit(**SMALL)
def barrier(g: int, w: Ground) -> float:
    """Return the pressure in kPa that cement must exceed to enter voxel `g`."""
    if w.mark[g]:
        return w.law.ambient_kpa
    drag = float(w.medium.drag[g])
    marrow = w.law.flow_smooth * (drag + w.law.marrow if drag > 0.0 else 0.0)
    return w.law.ambient_kpa + float(w.medium.threshold[g]) + marrow


@njit(**SMALL)
def zone(g: int, w: Ground) -> int:
    """Return the zone of the upstream voxel; a drilled hole is a zone of its own (the last)."""
    if w.mark[g] == 2 or (w.mark[g] and w.medium.k[g] <= w.law.wall_k):
        return int(w.medium.route.shape[0]) - 1
    return int(w.medium.zone[g])


@njit(**JIT)
def enter(g: int, n: int, route: int, from_zone: int, mobility: float, age: float, w: Ground,
          c: Lists) -> int:  # fmt: skip
    """Append voxel `g` to the lists as entry `n`; the caller checked the room."""
    c.voxel[n] = g
    c.fill[n] = 0.0
    c.volume[n] = w.grid.h**3 if w.mark[g] else w.medium.volume[g]
    c.age[n] = age
    c.p[n] = w.law.ambient_kpa
    c.lam[n] = perm(g, w) * mobility
    c.route[n] = route if route >= 0 else w.medium.route[from_zone, w.medium.zone[g]]
    w.slot[g] = n
    return n


@njit(**JIT)
def pour(e: int, ul: float, age: float, c: Lists, books: FloatArray) -> None:
    """Add `ul` microlitres of cement of `age` to entry `e` and to the books."""
    had = c.fill[e] * c.volume[e]
    c.age[e] = (c.age[e] * had + age * ul) / (had + ul)
    c.fill[e] += ul / c.volume[e]
    books[c.route[e] + 1] += ul


@njit(**JIT)
def _takes(j: int, p: float, room: int, w: Ground, c: Lists) -> bool:
    """Could cement at pressure `p` flow over into voxel `j`?"""
    if perm(j, w) <= w.law.wall_k or w.medium.sink[j] or barrier(j, w) >= p:
        return False
    s = w.slot[j]
    return bool(c.fill[s] < 1.0) if s >= 0 else room >= 6


@njit(**JIT)
def spill(first: int, n: int, p: float, w: Ground, c: Lists, books: FloatArray) -> int:
    """Hand the excess of an entry that just became full on to its neighbours, and on from there.

    Where no neighbour takes it the excess stays: a fill above 1 is trapped.
    """
    sx, sy = w.grid.ny * w.grid.nz, w.grid.nz
    queue = [first]
    head = 0
    while head < len(queue):
        e = queue[head]
        head += 1
        extra = (c.fill[e] - 1.0) * c.volume[e]
        if extra <= 0.0:
            continue
        g = c.voxel[e]
        room = c.voxel.size - n
        total = 0.0
        for o in (sx, -sx, sy, -sy, 1, -1):
            if _takes(g + o, p, room, w, c):
                total += perm(g + o, w)
        if total == 0.0:
            continue
        c.fill[e] = 1.0
        books[c.route[e] + 1] -= extra
        for o in (sx, -sx, sy, -sy, 1, -1):
            j = g + o
            if not _takes(j, p, room, w, c):
                continue
            s = w.slot[j]
            if s < 0:
                mobility = c.lam[e] / own_perm(e, w, c)
                s = enter(j, n, c.route[e], zone(g, w), mobility, c.age[e], w, c)
                n += 1
            pour(s, extra * perm(j, w) / total, c.age[e], c, books)
            c.p[s] = p
            if c.fill[s] > 1.0:
                queue.append(s)
    return n
