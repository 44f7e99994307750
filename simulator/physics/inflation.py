"""The balloon: contrast pushed in, bone crushed aside, pressure that decays while it creeps.

A balloon never loses what it has crushed: `Tamp.crushed` only grows, `Tamp.fill` is the part of
that space which contrast takes now. Deflation empties from the outermost voxel inwards.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from simulator.anatomy.hinge import Hinge
from simulator.anatomy.volume import BoneField, Tissue
from simulator.anatomy.warp import pull
from simulator.frames import Side, along, dot, minus, unit
from simulator.kernels.balloon import Bone, Crush, Form, grow
from simulator.kernels.hold import grip
from simulator.physics import gauge
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
_TORN = _KIND.copy()
_TORN[[Tissue.DEFECT, Tissue.DISC, Tissue.SOFT, Tissue.EPIDURAL, Tissue.CANAL]] = 3
_KIND.setflags(write=False)
_TORN.setflags(write=False)


def kernel_bone(bone: BoneField, tamp: Tamp | None = None) -> Bone:
    """Return the field as the kernels take it; a tamp that broke a wall may go through it."""
    return Bone(
        bone.bv_tv.reshape(-1),
        bone.distance_mm.reshape(-1),
        bone.shell_mm.reshape(-1),
        _TORN if tamp is not None and tamp.breached else _KIND,
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
    air_ml: float = 0.0,
) -> Tamp:
    """Push the folded balloon through the cannula to the end of the open channel.

    What does not fit into the channel in front of the cannula's tip stays inside the cannula.
    `air_ml` is what purging has left in balloon and line.
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
        air_ml=air_ml,
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


@dataclass(frozen=True, slots=True)
class Grip:
    """A balloon's hold on one endplate."""

    moment_mm3: float
    """Per pressure."""
    force_mm2: float
    turned_mm3: float
    """Room gained per radian."""
    raised_mm2: float
    """Room gained per mm."""


def grips(hinge: Hinge, constants: Constants, bone: BoneField, tamp: Tamp) -> tuple[Grip, Grip]:
    """Return the hold on the superior and on the inferior plate."""
    args = (tamp.voxels.size, tamp.voxels, wide(tamp), kernel_bone(bone))
    reach = constants["load_reach_mm"]
    up = grip(*args, pull(hinge.superior, 0.0, 0.0), 1, reach)
    down = (0.0, 0.0, 0.0, 0.0)
    if hinge.inferior.max_rad > 0.0 or hinge.inferior.max_mm > 0.0:
        down = grip(*args, pull(hinge.inferior, 0.0, 0.0), -1, reach)
    return Grip(*up), Grip(*down)


def opened_mm3(hinge: Hinge, constants: Constants, body: Body, tamp: Tamp) -> float:
    """Return the room that the balloon gained because the endplates have moved apart."""
    since = body.lift.minus(body.baked)
    if not since:
        return 0.0
    up, down = grips(hinge, constants, body.bone, tamp)
    room = since.superior_rad * up.turned_mm3 + since.superior_mm * up.raised_mm2
    room += since.inferior_rad * down.turned_mm3 + since.inferior_mm * down.raised_mm2
    return max(room, 0.0)


def wide(tamp: Tamp) -> FloatArray:
    """Return the crushed shares as the kernels take them."""
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
    if tamp.ruptured:
        return _spent(constants, body.bone, tamp, rate_ml_s, dt_s)
    if tamp.volume_ml == 0.0 and rate_ml_s <= 0.0:
        return tamp
    rate = max(rate_ml_s, -gauge.outflow_ml_s(spec, constants, tamp))
    lost = min(tamp.leak_mm3_s_mpa * tamp.pressure_mpa * dt_s / MM3_PER_ML, tamp.volume_ml)
    volume = max(0.0, tamp.volume_ml - lost + rate * dt_s)
    room = opened_mm3(hinge, constants, body, tamp)
    h = body.bone.spacing_mm
    air = tamp.air_ml
    before = gauge.pressure_mpa(constants, tamp.crushed, h, volume, room, air)
    voxels, crushed = tamp.voxels, tamp.crushed
    if before > constants["rest_mpa"]:
        voxels, crushed = _front(spec, constants, body.bone, tamp, others, volume, before, dt_s)
    after = gauge.pressure_mpa(constants, crushed, h, volume, room, air)
    if voxels is tamp.voxels and volume == tamp.volume_ml and after == tamp.pressure_mpa:
        return tamp
    new = replace(
        tamp,
        voxels=voxels,
        crushed=crushed,
        volume_ml=volume,
        spilled_ml=tamp.spilled_ml + lost,
        pressure_mpa=after,
        peak_mpa=max(tamp.peak_mpa, after),
        peak_volume_ml=max(tamp.peak_volume_ml, volume),
        revision=tamp.revision + 1,
    )
    return replace(new, fill=gauge.filled(new, body.bone))


def _spent(constants: Constants, bone: BoneField, tamp: Tamp, rate_ml_s: float,
           dt_s: float) -> Tamp:  # fmt: skip
    """Go on with a balloon that has burst: what is pushed in runs out, little comes back."""
    if rate_ml_s > 0.0:
        return replace(tamp, spilled_ml=tamp.spilled_ml + rate_ml_s * dt_s)
    back = min(-rate_ml_s, constants["torn_return_ml_s"]) * dt_s
    if back == 0.0 or tamp.volume_ml == 0.0:
        return tamp
    new = replace(tamp, volume_ml=max(tamp.volume_ml - back, 0.0), revision=tamp.revision + 1)
    return replace(new, fill=gauge.filled(new, bone))


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
        kernel_bone(bone, tamp),
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
    return Crush(
        crush=c["crush_mpa"],
        exponent=c["crush_exponent"],
        bv=c["crush_bv"],
        reach=c["shell_reach_mm"],
        closest=c["shell_closest_mm"],
        compaction=c["compaction"],
        soft=c["soft_mpa"],
        shape=c["shape_mpa"],
        membrane=c["membrane_mpa"],
        level=c["membrane_level"],
        taut=c["membrane_taut_mpa"],
        creep=c["creep_mpa_s_mm"],
        rate=c["creep_s_mm"],
        elongation=c["elongation"],
        rest=gauge.membrane_mpa(spec, c, tamp, volume_ml),
    )


def misuse(spec: TampSpec, tamp: Tamp, rate_ml_s: float) -> str:
    """Say what is wrong with inflating now, "" if nothing is."""
    if rate_ml_s <= 0.0:
        return ""
    if tamp.ruptured or tamp.leak_mm3_s_mpa > 0.0:
        return "ruptured"
    if tamp.breached:
        return f"through the {tamp.breached}"
    if tamp.in_cannula_mm > 0.0:
        return "inside the cannula"
    if tamp.pressure_mpa * PSI_PER_MPA > spec.max_pressure_psi:
        return "over pressure"
    return "over volume" if tamp.volume_ml > spec.max_volume_ml else ""
