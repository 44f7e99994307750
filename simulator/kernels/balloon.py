"""A balloon's front through crushable bone, compiled.

Units: mm, MPa, s, mm3. The balloon lives in a list of voxels in order of entry; `slot` is a
full-grid scratch map from flat voxel index to list entry, -1 elsewhere, clean again on return.
"""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np
from numba import njit

from simulator.units import AnyArray, FloatArray, IntArray

JIT = {"cache": True, "nogil": True}
_BLOCKED = -2
_UNFOLDS = 20.0
"""A balloon fills a hole so much faster than it crushes bone."""


class Bone(NamedTuple):
    """The bone field, flat in C order."""

    bv: AnyArray
    distance: AnyArray
    shell: AnyArray
    kind: AnyArray
    """uint8 per tissue value: 0 wall, 1 crushable, 2 open, 3 torn or soft."""
    tissue: AnyArray
    nx: int
    ny: int
    nz: int
    h: float
    ox: float
    oy: float
    oz: float


class Form(NamedTuple):
    """The balloon's own shape: an ellipsoid that wants to become a sphere."""

    cx: float
    cy: float
    cz: float
    ux: float
    uy: float
    uz: float
    half_mm: float
    nominal_mm3: float


class Crush(NamedTuple):
    """Constants of resistance; see assets/physics_tamp.toml for units and sources."""

    crush: float
    exponent: float
    bv: float
    reach: float
    closest: float
    compaction: float
    soft: float
    shape: float
    membrane: float
    level: float
    taut: float
    creep: float
    rate: float
    elongation: float
    rest: float
    """Pressure of the stretched membrane itself in this step."""


@njit(**JIT)
def _occupied(g: int, bone: Bone, slot: AnyArray, crushed: FloatArray) -> float:
    """Return the mean fill of the 26 neighbours; the list never reaches the grid's border."""
    sx, sy = bone.ny * bone.nz, bone.nz
    total = 0.0
    for a in range(-1, 2):
        for b in range(-1, 2):
            row = g + a * sx + b * sy
            for j in range(row - 1, row + 2):
                if j != g and slot[j] >= 0:
                    total += crushed[slot[j]]
    return total / 26.0


@njit(**JIT)
def _resistance(g: int, v_mm3: float, a: float, b: float, bone: Bone, form: Form, law: Crush,
                level: float, tension: float) -> tuple[float, float]:  # fmt: skip
    """Return the pressure in MPa below which voxel `g` holds, and the part of it that is bone's."""
    k = g % bone.nz
    j = (g // bone.nz) % bone.ny
    i = g // (bone.nz * bone.ny)
    dx = bone.ox + bone.h * i - form.cx
    dy = bone.oy + bone.h * j - form.cy
    dz = bone.oz + bone.h * k - form.cz
    s = dx * form.ux + dy * form.uy + dz * form.uz
    rho2 = max(0.0, dx * dx + dy * dy + dz * dz - s * s)
    u = math.sqrt(s * s / (a * a) + rho2 / (b * b))
    kind = bone.kind[bone.tissue[g]]
    if kind == 2:
        hold = 0.0
    elif kind == 3:
        hold = law.soft
    else:
        depth = max(-bone.distance[g], law.closest)
        hold = law.crush * (bone.bv[g] / law.bv) ** law.exponent
        hold *= 1.0 + (law.reach / depth) ** 2
        hold *= 1.0 + law.compaction * v_mm3 / form.nominal_mm3
    skin = law.shape * (u - 1.0) + tension * 2.0 * law.membrane * level
    return hold + skin + law.rest, hold


@njit(**JIT)
def grow(n: int, voxel: IntArray, crushed: FloatArray, blocked: IntArray, bone: Bone,
         form: Form, law: Crush, pressure: float, limit_mm3: float, dt: float,
         slot: AnyArray) -> int:  # fmt: skip
    """Let the front creep for `dt` under `pressure`; lists change in place.

    Args:
        n: entries in use.
        voxel: (cap,) flat indices.
        crushed: (cap,) share of each voxel that the balloon has ever taken.
        blocked: (b,) voxels of other balloons.
        bone: see `Bone`.
        form: see `Form`.
        law: see `Crush`.
        pressure: MPa.
        limit_mm3: most that may be gained.
        dt: s.
        slot: (nx*ny*nz,) scratch.

    Returns:
        Entries in use afterwards.
    """
    v = 0.0
    for e in range(n):
        slot[voxel[e]] = e
        v += crushed[e]
    for q in range(blocked.size):
        if slot[blocked[q]] < 0:
            slot[blocked[q]] = _BLOCKED
    h3 = bone.h**3
    v *= h3
    a = form.half_mm * (1.0 + law.elongation * min(v / form.nominal_mm3, 1.0))
    b = math.sqrt(3.0 * max(v, 30.0) / (4.0 * math.pi * a))
    if b > a:
        a = b = (3.0 * v / (4.0 * math.pi)) ** (1.0 / 3.0)
    tension = min(pressure / law.taut, 1.0)
    gain = np.zeros(n)
    total = 0.0
    for e in range(n):
        if crushed[e] >= 1.0:
            continue
        level = law.level - _occupied(voxel[e], bone, slot, crushed)
        r, hold = _resistance(voxel[e], v, a, b, bone, form, law, level, tension)
        if pressure > r:
            open_space = bone.kind[bone.tissue[voxel[e]]] == 2
            # nothing is to be crushed in a hole: the membrane only has to unfold
            most = 1.0 if open_space else 0.5
            slow = law.creep / _UNFOLDS if open_space else law.creep + law.rate * hold
            gain[e] = min(most, (pressure - r) / slow * dt / bone.h, 1.0 - crushed[e])
            total += gain[e] * h3
    scale = min(1.0, limit_mm3 / total) if total > 0.0 else 0.0
    steps = (bone.ny * bone.nz, -bone.ny * bone.nz, bone.nz, -bone.nz, 1, -1)
    last = n
    for e in range(n):
        if gain[e] == 0.0:
            continue
        crushed[e] += gain[e] * scale
        if crushed[e] > 0.999:
            crushed[e] = 1.0
            for o in steps:
                g = voxel[e] + o
                if slot[g] == -1 and last < voxel.size and _interior(g, bone):
                    voxel[last] = g
                    crushed[last] = 0.0
                    slot[g] = last
                    last += 1
    for q in range(blocked.size):
        slot[blocked[q]] = -1
    for e in range(last):
        slot[voxel[e]] = -1
    return last


@njit(**JIT)
def _interior(g: int, bone: Bone) -> bool:
    k = g % bone.nz
    j = (g // bone.nz) % bone.ny
    i = g // (bone.nz * bone.ny)
    inner = 2 <= i < bone.nx - 2 and 2 <= j < bone.ny - 2 and 2 <= k < bone.nz - 2
    kind = bone.kind[bone.tissue[g]]
    # a vein leads out of the bone, a balloon does not follow it
    return inner and kind != 0 and (kind == 3 or bone.distance[g] < 0.0)
