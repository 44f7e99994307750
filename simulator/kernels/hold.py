"""What a balloon holds on to: the endplates, the posterior wall and the shell it touches, compiled.

Units: mm, MPa, mm2, mm3. Voxel lists as in `simulator.kernels.balloon`.
"""

from __future__ import annotations

import numpy as np
from numba import njit

from simulator.kernels.balloon import JIT, Bone
from simulator.kernels.lift import Pull, Push, profile
from simulator.units import AnyArray, FloatArray, IntArray


@njit(**JIT)
def _column(g: int, bone: Bone) -> tuple[float, float, int]:
    """Return x and y of a voxel, and its index along z."""
    column = g // bone.nz
    x = bone.ox + bone.h * (column // bone.ny)
    return x, bone.oy + bone.h * (column % bone.ny), g % bone.nz


@njit(**JIT)
def grip(n: int, voxel: IntArray, crushed: FloatArray, bone: Bone, plate: Pull, way: int,
         reach: float) -> tuple[float, float, float, float]:  # fmt: skip
    """Return the balloon's hold on one endplate.

    Args:
        n: entries in use.
        voxel: (n,) flat indices.
        crushed: (n,) share of each voxel taken.
        bone: see `Bone`.
        plate: how it moves.
        way: 1 for the superior plate, -1 for the inferior one.
        reach: gap to the endplate at which half of the push arrives, mm.

    Returns:
        Moment (mm3) and force (mm2) per pressure, and the volume that the balloon's part of the
        stretched band gains per angle (mm3 per rad) and per mm (mm2).
    """
    ends = np.full(bone.nx * bone.ny, -1, np.int32)
    band = plate.top - plate.bottom
    turned, raised = 0.0, 0.0
    for e in range(n):
        g = voxel[e]
        x, y, k = _column(g, bone)
        z = bone.oz + bone.h * k
        if plate.bottom <= z <= plate.top:
            volume = crushed[e] * bone.h**3 / band
            turned += max(plate.hinge_y - y, 0.0) * volume
            raised += profile(x, y, plate) * volume
        column = g // bone.nz
        if crushed[e] > 0.5 and (ends[column] < 0 or (k - ends[column]) * way > 0):
            ends[column] = k
    moment, force = 0.0, 0.0
    for column in range(ends.size):
        k = ends[column]
        if k < 0:
            continue
        up = k + way
        while 0 <= up < bone.nz and bone.distance[column * bone.nz + up] < 0.0:
            up += way
        gap = bone.h * (abs(up - k) - 1)
        x, y, _ = _column(column * bone.nz, bone)
        pushed = bone.h**2 / (1.0 + (gap / reach) ** 2)
        moment += max(plate.hinge_y - y, 0.0) * pushed
        force += profile(x, y, plate) * pushed
    return moment, force, turned, raised


@njit(**JIT)
def thrust(n: int, voxel: IntArray, crushed: FloatArray, bone: Bone, wall: Push,
           reach: float) -> float:  # fmt: skip
    """Return the force per pressure (mm2) that arrives at the posterior wall's fragment.

    It fades with the bone in between, and with the distance above or below the fragment.
    """
    ends = np.full(bone.nx * bone.nz, -1, np.int32)
    for e in range(n):
        g = voxel[e]
        x, _, k = _column(g, bone)
        z = bone.oz + bone.h * k
        beside = max(wall.bottom - z, z - wall.top)
        if crushed[e] <= 0.5 or abs(x) > wall.half_width or beside > 2.0 * reach:
            continue
        j = (g // bone.nz) % bone.ny
        row = (g // (bone.nz * bone.ny)) * bone.nz + k
        ends[row] = max(ends[row], j)
    force = 0.0
    for row in range(ends.size):
        j = ends[row]
        if j < 0:
            continue
        base = (row // bone.nz) * bone.ny * bone.nz + row % bone.nz
        back = j + 1
        while back < bone.ny and bone.distance[base + back * bone.nz] < 0.0:
            back += 1
        gap = bone.h * (back - j - 1)
        z = bone.oz + bone.h * (row % bone.nz)
        beside = max(wall.bottom - z, z - wall.top, 0.0)
        force += bone.h**2 / (1.0 + (gap * gap + beside * beside) / (reach * reach))
    return force


@njit(**JIT)
def touching(n: int, voxel: IntArray, crushed: FloatArray, bone: Bone, hard_bv: float, gap: float,
             failing: FloatArray, slot: AnyArray, out: FloatArray) -> None:  # fmt: skip
    """Find what the balloon's surface lies on.

    Args:
        n: entries in use.
        voxel: (n,) flat indices.
        crushed: (n,) share of each voxel taken.
        bone: see `Bone`.
        hard_bv: bone as dense as this is a spicule.
        gap: a wall with less bone than this before it is met, mm.
        failing: (7,) shell thickness in mm below which a face of each way (+x -x +y -y +z -z)
            fails, and 1 if cracks fail.
        slot: (nx*ny*nz,) scratch, -1 everywhere, clean again on return.
        out: (17,) faces in all, hard ones; areas near a wall by way (6), failing areas by way (6),
            and the sum of the places of failing faces (3), mm.
    """
    out[:] = 0.0
    for e in range(n):
        if crushed[e] > 0.5:
            slot[voxel[e]] = e
    area = bone.h**2
    sx, sy = bone.ny * bone.nz, bone.nz
    for e in range(n):
        if crushed[e] <= 0.5:
            continue
        for way in range(6):
            o = (sx, -sx, sy, -sy, 1, -1)[way]
            g = voxel[e] + o
            if slot[g] >= 0:
                continue
            wall = bone.kind[bone.tissue[g]] == 0
            out[0] += 1.0
            if wall or bone.bv[g] > hard_bv:
                out[1] += 1.0
            ahead = g + int(gap / bone.h + 0.5) * o
            if wall or (0 <= ahead < bone.distance.size and bone.distance[ahead] >= 0.0):
                out[2 + way] += area
            cracked = bone.shell[g] <= 0.0
            if wall and (failing[6] > 0.0 if cracked else bone.shell[g] < failing[way]):
                out[8 + way] += area
                x, y, k = _column(g, bone)
                out[14] += x
                out[15] += y
                out[16] += bone.oz + bone.h * k
    for e in range(n):
        slot[voxel[e]] = -1
