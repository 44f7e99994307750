"""How a tamp fails: it bursts, weeps through a pinhole, spills contrast, or breaks a wall."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace

import numpy as np
from scipy.ndimage import distance_transform_edt

from simulator.anatomy.hinge import Hinge
from simulator.anatomy.volume import BoneField, Tissue
from simulator.kernels.hold import touching
from simulator.physics import gauge, inflation
from simulator.physics.cloud import scratch
from simulator.physics.constants import Constants
from simulator.units import MM3_PER_ML, PSI_PER_MPA, Float32Array, FloatArray, IntArray, frozen
from simulator.world.instruments import TampSpec
from simulator.world.tamp import Body, Tamp

WALLS = (
    "left wall", "right wall", "posterior wall", "anterior wall",
    "superior endplate", "inferior endplate",
)  # fmt: skip
"""By way: +x, -x, +y, -y, +z, -z."""
_POROUS = (Tissue.CANCELLOUS, Tissue.VEIN, Tissue.CLEFT, Tissue.CAVITY)


@dataclass(frozen=True, slots=True)
class Touch:
    """What a balloon's surface lies on."""

    hard_share: float
    """Of the surface: on cortex, or on bone as hard as a spicule."""
    near_mm2: tuple[float, ...]
    """Surface with a wall right behind it, by way."""
    failing_mm2: tuple[float, ...]
    """Surface on walls that the pressure breaks, by way."""
    failing_at_mm: FloatArray
    """(3,) middle of that surface."""


def touch(spec: TampSpec, constants: Constants, hinge: Hinge, bone: BoneField, tamp: Tamp) -> Touch:
    """Return what the balloon lies on, and what of it fails under its pressure.

    A wall fails like a shell over the balloon's curvature, at p = 2 t sigma / R; an endplate that
    the fracture has broken, and a crack, at less.
    """
    on_bone = gauge.on_bone_mpa(spec, constants, tamp)
    thin = on_bone / constants["shell_mpa_mm"]
    broken = thin / constants["broken_plate"]
    failing = np.array([thin, thin, thin, thin, thin, thin, 0.0])
    failing[2] = broken if hinge.wall.loose > 0.0 else thin
    failing[4] = broken if _moves(hinge, 4) else thin
    failing[5] = broken if _moves(hinge, 5) else thin
    failing[6] = float(on_bone > constants["crack_mpa"])
    out = np.zeros(17)
    touching(
        tamp.voxels.size, tamp.voxels, inflation.wide(tamp), inflation.kernel_bone(bone),
        constants["rupture_bv"], constants["touch_mm"], frozen(failing),
        scratch(bone.bv_tv.size)[0], out,
    )  # fmt: skip
    area = float(out[8:14].sum())
    middle = out[14:17] * (bone.spacing_mm**2 / area) if area > 0.0 else np.zeros(3)
    share = float(out[1] / out[0]) if out[0] else 0.0
    return Touch(share, tuple(out[2:8].tolist()), tuple(out[8:14].tolist()), frozen(middle))


def _moves(hinge: Hinge, way: int) -> bool:
    plate = hinge.superior if way == 4 else hinge.inferior
    return plate.max_rad > 0.0 or plate.max_mm > 0.0


def at_wall_mm2(constants: Constants, hinge: Hinge, found: Touch) -> float:
    """Return the contact that asks for a stop: with a wall or an endplate that is not depressed.

    An endplate counts for less than its area: a balloon leans on it while it lifts the other.
    """
    less = constants["touch_stop_mm2"] / constants["plate_stop_mm2"]
    plates = [less * found.near_mm2[way] for way in (4, 5) if not _moves(hinge, way)]
    return max(*found.near_mm2[:4], *plates)


def hazard_per_s(spec: TampSpec, constants: Constants, tamp: Tamp, hard_share: float) -> float:
    """Return the rate at which the balloon bursts: grows with pressure, volume and spicules."""
    if tamp.ruptured or tamp.pressure_mpa <= 0.0:
        return 0.0
    limit = spec.max_pressure_psi / PSI_PER_MPA
    rate = constants["rupture_per_s"] * math.exp(
        min((tamp.pressure_mpa - limit) / constants["rupture_scale_mpa"], 20.0)
    )
    rate *= 1.0 + constants["rupture_spike"] * hard_share
    over = tamp.volume_ml > spec.max_volume_ml
    return rate * (constants["rupture_over_volume"] if over else 1.0)


def ruptured(constants: Constants, tamp: Tamp) -> Tamp:
    """Return the balloon after it burst: what was stretched has sprayed out, with the pressure."""
    out = min(tamp.pressure_mpa * constants["system_mm3_mpa"] / MM3_PER_ML, tamp.volume_ml)
    return replace(
        tamp,
        ruptured=True,
        volume_ml=tamp.volume_ml - out,
        spilled_ml=tamp.spilled_ml + out,
        pressure_mpa=0.0,
        revision=tamp.revision + 1,
    )


def weeping(constants: Constants, tamp: Tamp) -> Tamp:
    """Return the balloon with a pinhole: it loses pressure in seconds, not at once."""
    return replace(tamp, leak_mm3_s_mpa=constants["pinhole_mm3_s_mpa"])


def spilled(constants: Constants, body: Body, tamp: Tamp, more_ml: float) -> Body:
    """Return the body with more contrast in the marrow around the balloon, nearest pores first.

    It mixes with the marrow; only where the whole reach is mixed it displaces the rest of it.
    """
    bone = body.bone
    if more_ml <= 0.0 or not tamp.voxels.size:
        return body
    h = bone.spacing_mm
    index = np.array(np.unravel_index(tamp.voxels[tamp.crushed > 0.5], bone.shape))
    pad = int(constants["spill_reach_mm"] / h)
    low = np.maximum(index.min(1) - pad, 0)
    high = np.minimum(index.max(1) + pad + 1, bone.shape)
    box = tuple(slice(a, b) for a, b in zip(low, high, strict=True))
    hollow = np.zeros(bone.shape, bool)
    hollow.reshape(-1)[tamp.voxels[tamp.crushed > 0.5]] = True
    held = np.zeros(bone.bv_tv.size, np.float32)
    np.add.at(held, body.spill_voxels, body.spill_fill)
    inside = np.isin(bone.tissue[box], _POROUS) | (hollow[box] & tamp.ruptured)
    pores = np.where(inside, 1.0 - bone.bv_tv[box], 0.0)
    pores[hollow[box]] = 0.0
    far = distance_transform_edt(~hollow[box], sampling=h)
    left = more_ml * MM3_PER_ML / h**3
    for share in (constants["spill_share"], 1.0):
        free = np.maximum(share * pores - held.reshape(bone.shape)[box], 0.0)
        poured = _poured(free, far, max(left, 0.0))
        held.reshape(bone.shape)[box] += poured
        left -= float(poured.sum(dtype=np.float64))
    where = np.flatnonzero(held > 0.0)
    return replace(
        body,
        spill_voxels=frozen(where.astype(np.int32)),
        spill_fill=frozen(held[where]),
    )


def _poured(free: FloatArray, far: FloatArray, amount: float) -> Float32Array:
    """Fill free voxels from near to far; equally far ones get equal shares."""
    out = np.zeros(free.shape, np.float32)
    open_at = free > 0.0
    for distance in np.unique(far[open_at]):
        ring = open_at & (far == distance)
        room = float(free[ring].sum())
        share = min(amount / room, 1.0)
        out[ring] = (free[ring] * share).astype(np.float32)
        amount -= share * room
        if amount <= 1e-6:
            break
    return out


def broken_wall(constants: Constants, found: Touch) -> str:
    """Return which wall the balloon goes through now, "" if none."""
    area = max(found.failing_mm2)
    if sum(found.failing_mm2) < constants["breach_mm2"]:
        return ""
    return WALLS[found.failing_mm2.index(area)]


def breached(
    constants: Constants, body: Body, tamp: Tamp, found: Touch, wall: str
) -> tuple[Body, Tamp]:
    """Return the body with a hole where the wall failed, and the tamp that goes through it."""
    bone = body.bone
    hole = _shell_around(bone, found.failing_at_mm, constants["breach_radius_mm"])
    tissue, shell = bone.tissue.copy(), bone.shell_mm.copy()
    tissue.reshape(-1)[hole] = Tissue.DEFECT
    shell.reshape(-1)[hole] = 0.0
    torn = replace(bone, tissue=frozen(tissue), shell_mm=frozen(shell))
    fresh = np.setdiff1d(hole, tamp.voxels).astype(np.int32)
    nothing = np.zeros(fresh.size, np.float32)
    tamp = replace(
        tamp,
        breached=wall,
        voxels=frozen(np.concatenate([tamp.voxels, fresh])),
        crushed=frozen(np.concatenate([tamp.crushed, nothing])),
        fill=frozen(np.concatenate([tamp.fill, nothing])),
        revision=tamp.revision + 1,
    )
    return replace(body, bone=torn, bone_revision=body.bone_revision + 1), tamp


def _shell_around(bone: BoneField, at_mm: FloatArray, radius_mm: float) -> IntArray:
    """Return the flat indices of shell voxels within a radius of a point."""
    h = bone.spacing_mm
    middle = (at_mm - np.array(bone.origin_mm)) / h
    reach = radius_mm / h
    low = np.maximum(np.floor(middle - reach).astype(int), 2)
    high = np.minimum(np.ceil(middle + reach).astype(int) + 1, np.array(bone.shape) - 2)
    grid = np.stack(
        np.meshgrid(*(np.arange(a, b) for a, b in zip(low, high, strict=True)), indexing="ij"), -1
    ).reshape(-1, 3)
    grid = grid[((grid - middle) ** 2).sum(1) <= reach**2]
    flat = np.ravel_multi_index(tuple(grid.T), bone.shape)
    kinds = bone.tissue.reshape(-1)[flat]
    return frozen(flat[(kinds == Tissue.CORTICAL) | (kinds == Tissue.DEFECT)].astype(np.int32))
