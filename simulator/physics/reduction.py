"""Endplates rise about a posterior hinge or as a whole, the posterior wall gives; all sink back.

Four elastoplastic coordinates, a wedge and a rise per endplate: the push of the balloons works
against preload, soft tissue and the fracture's elastic part, whose rest position yields (see
`plates`). On deflation the push is gone and the same law gives the recoil. The posterior wall
only slides.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from scipy.ndimage import distance_transform_edt

from simulator.anatomy.hinge import Fragment, Hinge, Lift
from simulator.anatomy.volume import BoneField, Tissue
from simulator.anatomy.warp import displacement, warped_bone
from simulator.kernels.hold import thrust
from simulator.kernels.lift import Push
from simulator.physics import gauge, plates
from simulator.physics.constants import Constants
from simulator.physics.inflation import grips, kernel_bone, wide
from simulator.physics.plates import aged
from simulator.physics.prop import NO_PROP, Prop
from simulator.units import MM3_PER_ML, AnyArray, FloatArray, IntArray, frozen
from simulator.world.instruments import TampSpec
from simulator.world.tamp import Body, Tamp

_STILL_RAD = 1e-6
"""A step smaller than this is rest: 0.03 micrometres at the anterior wall."""
_STILL_MM = 3e-5
_CANAL_SHARE = 0.5
"""Further than this into the canal no fragment goes: the dura holds it."""
_WITHIN_MM = 2.0
"""Margin around the rim's reach of the box in which the cavity is carved."""


@dataclass(frozen=True, slots=True)
class _Push:
    """What the balloons do to the body: moments (N mm) and forces (N)."""

    superior_nmm: float
    superior_n: float
    inferior_nmm: float
    inferior_n: float
    wall_n: float


def _pushed(
    spec: TampSpec, constants: Constants, hinge: Hinge, bone: BoneField, tamps: tuple[Tamp, ...]
) -> _Push:
    total = np.zeros(5)
    for tamp in tamps:
        pressure = gauge.on_bone_mpa(spec, constants, tamp)
        if pressure <= 0.0:
            continue
        up, down = grips(hinge, constants, bone, tamp)
        wall = _at_wall_mm2(constants, hinge.wall, bone, tamp)
        holds = (up.moment_mm3, up.force_mm2, down.moment_mm3, down.force_mm2, wall)
        total += pressure * np.array(holds)
    return _Push(*(float(v) for v in total))


def _at_wall_mm2(constants: Constants, wall: Fragment, bone: BoneField, tamp: Tamp) -> float:
    if wall.loose <= 0.0:
        return 0.0
    push = Push(wall.half_width_mm, wall.bottom_z_mm, wall.top_z_mm, wall.wall_y_mm,
                wall.canal_mm, 0.0)  # fmt: skip
    return float(thrust(tamp.voxels.size, tamp.voxels, wide(tamp), kernel_bone(bone), push,
                        constants["wall_reach_mm"]))  # fmt: skip


def reduce(
    spec: TampSpec,
    constants: Constants,
    hinge: Hinge,
    fracture_age_weeks: float,
    tamps: tuple[Tamp, ...],
    body: Body,
    dt_s: float,
    prop: Prop = NO_PROP,
) -> Body:
    """Move endplates and posterior wall for one step under the balloons' pressure.

    Args:
        spec: the balloons.
        constants: section "tamp".
        hinge: how plates and wall can move.
        fracture_age_weeks: an old fracture yields late and recoils more.
        tamps: the balloons in the body.
        body: as it was.
        dt_s: length of the step, 4 ticks as a rule.
        prop: what cement between the plates holds.

    Source: implicit Euler of a damper, two springs and a slider; constants in assets.
    """
    push = _pushed(spec, constants, hinge, body.bone, tamps)
    now, rest, far, weeks = body.lift, body.plastic, body.pressed, fracture_age_weeks
    up, down, stiff = hinge.superior, hinge.inferior, hinge.disc_stiffness_factor
    wedge, rise = plates.laws(constants, up, stiff, weeks, dt_s)
    low_wedge, low_rise = plates.laws(constants, down, stiff, weeks, dt_s)
    moved = (
        wedge.moved(push.superior_nmm, now.superior_rad, rest.superior_rad, far.superior_rad,
                    up.max_rad, prop.superior_nmm),
        rise.moved(push.superior_n, now.superior_mm, rest.superior_mm, far.superior_mm,
                   up.max_mm, prop.superior_n),
        low_wedge.moved(push.inferior_nmm, now.inferior_rad, rest.inferior_rad, far.inferior_rad,
                        down.max_rad, prop.inferior_nmm),
        low_rise.moved(push.inferior_n, now.inferior_mm, rest.inferior_mm, far.inferior_mm,
                       down.max_mm, prop.inferior_n),
    )  # fmt: skip
    wall = now.wall_mm + _slid_mm(constants, hinge.wall, weeks, push.wall_n, dt_s)
    wall = min(wall, _CANAL_SHARE * hinge.wall.canal_mm)
    (a, a0, a1), (b, b0, b1), (c, c0, c1), (d, d0, d1) = moved
    lift = Lift(a, b, c, d, wall)
    step = lift.minus(now)
    if max(abs(step.superior_rad), abs(step.inferior_rad)) < _STILL_RAD and (
        max(abs(step.superior_mm), abs(step.inferior_mm), abs(step.wall_mm)) < _STILL_MM
    ):
        return body
    return replace(
        body,
        lift=lift,
        plastic=Lift(a0, b0, c0, d0, wall),
        pressed=Lift(a1, b1, c1, d1, wall),
    )


def _slid_mm(
    constants: Constants, wall: Fragment, weeks: float, force_n: float, dt_s: float
) -> float:
    """Return how far the fragment slides in one step: held by friction, it does not come back."""
    if wall.loose <= 0.0:
        return 0.0
    holds = aged(constants, "wall_yield_fresh_n", "wall_yield_old_n", weeks) / wall.loose
    return max(force_n - holds, 0.0) / constants["wall_damping_n_s_mm"] * dt_s


def bake(constants: Constants, hinge: Hinge, body: Body, tamp: Tamp, *, last: bool) -> Body:
    """Leave the balloon's cavity in the bone when it is taken out.

    Carves the cavity and compacts its rim; with the `last` balloon the lift is written into the
    bone as well, so that cement runs on a plain grid from then on.

    Args:
        constants: section "tamp".
        hinge: how the body was lifted.
        body: as it is.
        tamp: deflated, on its way out.
        last: no other balloon remains in the body.
    """
    bone = body.bone
    if float(tamp.crushed.sum()) > 0.0 and tamp.peak_volume_ml > 0.0:
        bone = carved(constants, bone, tamp)
    since = body.lift.minus(body.baked)
    turned = last and bool(since)
    spill = body.spill_voxels
    if turned:
        bone = warped_bone(bone, hinge, since)
        spill = carried(bone, hinge, since, spill)
    if bone is body.bone:
        return body
    cavity = float(np.count_nonzero(bone.tissue == Tissue.CAVITY)) * bone.spacing_mm**3
    return replace(
        body,
        bone=bone,
        bone_revision=body.bone_revision + 1,
        baked=body.lift if turned else body.baked,
        cavity_ml=cavity / MM3_PER_ML,
        spill_voxels=spill,
    )


def carried(bone: BoneField, hinge: Hinge, lift: Lift, voxels: IntArray) -> IntArray:
    """Return the voxels to which a lift carries what lies in `voxels`."""
    if not voxels.size:
        return voxels
    at = np.array(np.unravel_index(voxels, bone.shape)).T
    points = at * bone.spacing_mm + np.array(bone.origin_mm)
    moved = at + np.rint(displacement(hinge, lift, points) / bone.spacing_mm).astype(int)
    moved = np.clip(moved, 0, np.array(bone.shape) - 1)
    return frozen(np.ravel_multi_index(tuple(moved.T), bone.shape).astype(np.int32))


def carved(constants: Constants, bone: BoneField, tamp: Tamp) -> BoneField:
    """Return the bone with the balloon's voxels empty and their bone pressed into the rim."""
    taken = tamp.voxels[tamp.crushed > 0.5]
    index = np.unravel_index(taken, bone.shape)
    pad = int((constants["rim_reach_mm"] + _WITHIN_MM) / bone.spacing_mm)
    box = tuple(slice(max(int(i.min()) - pad, 0), int(i.max()) + pad + 1) for i in index)
    tissue, bv = bone.tissue.copy(), bone.bv_tv.astype(np.float64)
    flat = tissue.reshape(-1)
    old = flat[taken]
    hollow = np.zeros(bone.shape, bool)
    hollow.reshape(-1)[taken[(old == Tissue.CANCELLOUS) | (old == Tissue.VEIN)]] = True
    open_before = (tissue == Tissue.CAVITY) | (tissue == Tissue.CLEFT)
    mass = float(bv[hollow].sum())
    bv[hollow] = 0.0
    tissue[hollow] = Tissue.CAVITY
    rim = tissue[box] == Tissue.CANCELLOUS
    _press(constants, bv[box], rim, (hollow | open_before)[box], mass, bone.spacing_mm)
    return replace(bone, tissue=frozen(tissue), bv_tv=frozen(bv.astype(np.float32)))


def _press(
    constants: Constants, bv: FloatArray, rim: AnyArray, hollow: AnyArray, mass: float, h: float
) -> None:
    """Spread `mass` over the `rim` in place, most of it next to the hollow, none above the cap."""
    cap = constants["rim_bv_max"]
    reach = constants["rim_reach_mm"]
    distance = distance_transform_edt(~hollow, sampling=h)
    while mass > 1e-12 and reach < 1e3:
        free = rim & (distance < reach) & (bv < cap)
        weight = np.where(free, np.exp(-distance / constants["rim_mm"]), 0.0)
        total = float(weight.sum())
        if total > 0.0:
            gain = np.minimum(mass * weight / total, np.where(free, cap - bv, 0.0))
            bv += gain
            mass -= float(gain.sum())
            if float(gain.sum()) > 1e-9 * mass:
                continue
        reach *= 1.5  # the rim is full: press on into the bone behind it
