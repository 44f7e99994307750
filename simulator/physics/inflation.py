"""The balloon: contrast pushed in, bone crushed aside, pressure that decays while it creeps.

A balloon never loses what it has crushed: `Tamp.crushed` only grows, `Tamp.fill` is the part of
that space which contrast takes now. Deflation empties from the outermost voxel inwards.
"""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np

from simulator.anatomy.patient import Hinge
from simulator.anatomy.volume import BoneField, Tissue
from simulator.frames import Side, along, dot, minus, unit
from simulator.kernels.balloon import Bone, Crush, Form, grip, grow, stiff_share
from simulator.physics.channel import voxels_along
from simulator.physics.cloud import scratch
from simulator.physics.constants import Constants
from simulator.units import (
    MM3_PER_ML,
    PSI_PER_MPA,
    Float32Array,
    FloatArray,
    IntArray,
    Vec3,
    frozen,
)
from simulator.world.instruments import TampSpec
from simulator.world.tamp import Body, Tamp

_SPARE = 4096
_KIND = np.zeros(len(Tissue), np.uint8)
_KIND[[Tissue.CANCELLOUS, Tissue.VEIN]] = 1
_KIND[[Tissue.CLEFT, Tissue.CAVITY]] = 2
_KIND.setflags(write=False)


def kernel_bone(bone: BoneField) -> Bone:
    """Return the field as the kernels take it."""
    return Bone(
        bone.bv_tv.reshape(-1),
        bone.distance_mm.reshape(-1),
        _KIND,
        bone.tissue.reshape(-1),
        *bone.shape,
        bone.spacing_mm,
        *bone.origin_mm,
    )


def insert(
    spec: TampSpec,
    constants: Constants,
    bone: BoneField,
    side: Side,
    cannula_tip_mm: Vec3,
    direction: Vec3,
    channel_end_mm: Vec3,
) -> Tamp:
    """Push the folded balloon through the cannula to the end of the open channel.

    What does not fit into the channel in front of the cannula's tip stays inside the cannula.
    """
    ahead = dot(minus(channel_end_mm, cannula_tip_mm), direction)
    tip = along(cannula_tip_mm, direction, max(ahead, 0.0))
    tail = along(tip, direction, -spec.length_mm)
    tamp = Tamp(
        side=side,
        spec=spec.name,
        tail_mm=tail,
        tip_mm=tip,
        in_cannula_mm=min(max(spec.length_mm - max(ahead, 0.0), 0.0), spec.length_mm),
    )
    return _bedded(tamp, constants, bone)


def moved(tamp: Tamp, constants: Constants, bone: BoneField, by_mm: float) -> Tamp:
    """Slide a balloon that was never inflated along its axis; the cannula does not move."""
    axis = unit(minus(tamp.tip_mm, tamp.tail_mm))
    tamp = replace(
        tamp,
        tail_mm=along(tamp.tail_mm, axis, by_mm),
        tip_mm=along(tamp.tip_mm, axis, by_mm),
        in_cannula_mm=max(tamp.in_cannula_mm - by_mm, 0.0),
    )
    return _bedded(tamp, constants, bone)


def uncovered(tamp: Tamp, constants: Constants, bone: BoneField, in_cannula_mm: float) -> Tamp:
    """Withdraw or advance the cannula over the balloon, so that `in_cannula_mm` of it is inside."""
    if in_cannula_mm == tamp.in_cannula_mm:
        return tamp
    tamp = replace(tamp, in_cannula_mm=in_cannula_mm)
    return _bedded(tamp, constants, bone) if tamp.peak_volume_ml == 0.0 else tamp


def _bedded(tamp: Tamp, constants: Constants, bone: BoneField) -> Tamp:
    """List the channel's voxels that the bare part of the balloon lies in, as open space."""
    axis = unit(minus(tamp.tip_mm, tamp.tail_mm))
    start = along(tamp.tail_mm, axis, tamp.in_cannula_mm)
    where = (bone.origin_mm, bone.spacing_mm, bone.shape)
    bed = voxels_along(start, tamp.tip_mm, constants["rod_mm"], *where)
    free = _KIND[bone.tissue.reshape(-1)] > 0
    bed = bed[free[bed]]
    steps = np.array([bone.shape[1] * bone.shape[2], bone.shape[2], 1], np.int32)
    around = (bed[:, None] + np.concatenate([steps, -steps])).ravel()
    skin = np.setdiff1d(around, bed)
    skin = skin[free[skin]]
    return replace(
        tamp,
        voxels=frozen(np.concatenate([bed, skin]).astype(np.int32)),
        fill=frozen(np.zeros(bed.size + skin.size, np.float32)),
        crushed=frozen(np.repeat(np.array([1, 0], np.float32), [bed.size, skin.size])),
        revision=tamp.revision + 1,
    )


def opened_mm3(hinge: Hinge, constants: Constants, body: Body, tamp: Tamp) -> float:
    """Return the room that the balloon gained because the endplate above it has risen."""
    if body.lift_rad <= body.baked_rad:
        return 0.0
    return (body.lift_rad - body.baked_rad) * grip_of(hinge, constants, body.bone, tamp)[1]


def grip_of(hinge: Hinge, constants: Constants, bone: BoneField, tamp: Tamp) -> tuple[float, float]:
    """Return moment per pressure (mm3) and room per angle (mm3 per rad)."""
    moment, room = grip(
        tamp.voxels.size, tamp.voxels, _wide(tamp), kernel_bone(bone), hinge.hinge_y_mm,
        hinge.bottom_z_mm, hinge.top_z_mm, constants["load_reach_mm"],
    )  # fmt: skip
    return float(moment), float(room)


def _wide(tamp: Tamp) -> FloatArray:
    return frozen(tamp.crushed.astype(np.float64))


def inflate(
    spec: TampSpec,
    constants: Constants,
    hinge: Hinge,
    body: Body,
    tamp: Tamp,
    others: tuple[Tamp, ...],
    rate_ml_s: float,
    dt_s: float,
) -> Tamp:
    """Turn the inflator for one step; a negative rate deflates, 0 lets the bone creep.

    Args:
        spec: the balloon.
        constants: section "tamp".
        hinge: of the fractured body.
        body: as it is; its lift gives the balloon room.
        tamp: as it was.
        others: further balloons in the body: their voxels are taken.
        rate_ml_s: commanded.
        dt_s: length of the step, 4 ticks as a rule.
    """
    if tamp.ruptured or (tamp.volume_ml == 0.0 and rate_ml_s <= 0.0):
        return tamp
    volume = max(0.0, tamp.volume_ml + rate_ml_s * dt_s)
    room = opened_mm3(hinge, constants, body, tamp)
    h = body.bone.spacing_mm
    before = pressure_mpa(constants, tamp.crushed, h, volume, room)
    voxels, crushed = tamp.voxels, tamp.crushed
    if before > constants["rest_mpa"]:
        voxels, crushed = _front(spec, constants, body.bone, tamp, others, volume, before, dt_s)
    after = pressure_mpa(constants, crushed, h, volume, room)
    if voxels is tamp.voxels and volume == tamp.volume_ml and after == tamp.pressure_mpa:
        return tamp
    return replace(
        tamp,
        voxels=voxels,
        crushed=crushed,
        volume_ml=volume,
        pressure_mpa=after,
        peak_mpa=max(tamp.peak_mpa, after),
        peak_volume_ml=max(tamp.peak_volume_ml, volume),
        fill=_filled(crushed, volume, h),
        revision=tamp.revision + 1,
    )


def pressure_mpa(
    constants: Constants, crushed: Float32Array, h: float, volume_ml: float, room_mm3: float
) -> float:
    """Return the manometer's reading: what does not fit into the cavity stretches the system."""
    taken = float(crushed.sum(dtype=np.float64)) * h**3
    excess = volume_ml * MM3_PER_ML - taken - room_mm3
    return max(0.0, excess / constants["system_mm3_mpa"])


def _filled(crushed: Float32Array, volume_ml: float, h: float) -> Float32Array:
    """Share the contrast out over the cavity, first voxels first."""
    wide = crushed.astype(np.float64)
    before = np.cumsum(wide) - wide
    left = volume_ml * MM3_PER_ML / h**3 - before
    return frozen(np.clip(left, 0.0, wide).astype(np.float32))


def _front(
    spec: TampSpec,
    constants: Constants,
    bone: BoneField,
    tamp: Tamp,
    others: tuple[Tamp, ...],
    volume_ml: float,
    pressure: float,
    dt_s: float,
) -> tuple[IntArray, Float32Array]:
    """Let the front creep under `pressure`; return the new lists."""
    n = tamp.voxels.size
    voxel = np.zeros(n + _SPARE, np.int32)
    crushed = np.zeros(n + _SPARE)
    voxel[:n], crushed[:n] = tamp.voxels, tamp.crushed
    blocked = [other.voxels for other in others if other.voxels.size]
    last = grow(
        n,
        voxel,
        crushed,
        frozen(np.concatenate([np.zeros(0, np.int32), *blocked])),
        kernel_bone(bone),
        _form(spec, tamp),
        _crush(spec, constants, tamp, volume_ml),
        pressure,
        # leave a tenth, so that creep cannot run ahead of the inflator
        0.9 * pressure * constants["system_mm3_mpa"],
        dt_s,
        scratch(bone.bv_tv.size)[0],
    )
    return frozen(voxel[:last].copy()), frozen(crushed[:last].astype(np.float32))


def _form(spec: TampSpec, tamp: Tamp) -> Form:
    centre = along(tamp.tip_mm, unit(minus(tamp.tail_mm, tamp.tip_mm)), 0.5 * spec.length_mm)
    axis = unit(minus(tamp.tip_mm, tamp.tail_mm))
    return Form(*centre, *axis, 0.5 * spec.length_mm, spec.max_volume_ml * MM3_PER_ML)


def _crush(spec: TampSpec, c: Constants, tamp: Tamp, volume_ml: float) -> Crush:
    over = max(0.0, volume_ml - spec.max_volume_ml) * c["over_volume_mpa_ml"]
    strangled = c["cannula_mpa_ml"] * volume_ml * tamp.in_cannula_mm / spec.length_mm
    return Crush(
        crush=c["crush_mpa"],
        exponent=c["crush_exponent"],
        bv=c["crush_bv"],
        reach=c["shell_reach_mm"],
        closest=c["shell_closest_mm"],
        compaction=c["compaction"],
        cortex=c["cortex_mpa"],
        shape=c["shape_mpa"],
        membrane=c["membrane_mpa"],
        level=c["membrane_level"],
        creep=c["creep_mpa_s_mm"],
        elongation=c["elongation"],
        rest=c["rest_mpa"] + over + strangled,
    )


def misuse(spec: TampSpec, tamp: Tamp, rate_ml_s: float) -> str:
    """Say what is wrong with inflating now, "" if nothing is."""
    if rate_ml_s <= 0.0:
        return ""
    if tamp.ruptured:
        return "ruptured"
    if tamp.in_cannula_mm > 0.0:
        return "inside the cannula"
    if tamp.pressure_mpa * PSI_PER_MPA > spec.max_pressure_psi:
        return "over pressure"
    return "over volume" if tamp.volume_ml > spec.max_volume_ml else ""


def rupture_hazard_per_s(
    spec: TampSpec, constants: Constants, bone: BoneField, tamp: Tamp
) -> float:
    """Return the rate at which the balloon bursts: grows with pressure, volume and spicules."""
    if tamp.ruptured or tamp.pressure_mpa <= 0.0:
        return 0.0
    limit = spec.max_pressure_psi / PSI_PER_MPA
    rate = constants["rupture_per_s"] * math.exp(
        min((tamp.pressure_mpa - limit) / constants["rupture_scale_mpa"], 20.0)
    )
    share = stiff_share(
        tamp.voxels.size, tamp.voxels, _wide(tamp), kernel_bone(bone), constants["rupture_bv"]
    )
    rate *= 1.0 + constants["rupture_spike"] * float(share)
    over = tamp.volume_ml > spec.max_volume_ml
    return rate * (constants["rupture_over_volume"] if over else 1.0)


def ruptured(tamp: Tamp) -> Tamp:
    """Return the balloon after it burst: its pressure is gone, its contrast stays in the body."""
    return replace(tamp, ruptured=True, pressure_mpa=0.0, revision=tamp.revision + 1)
