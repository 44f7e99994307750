"""The fractured endplate rises as a wedge about a posterior hinge, and sinks back in part.

One angle, elastoplastic: the moment of the balloons works against preload, soft tissue and the
fracture's elastic part, whose rest position yields. On deflation the moment is gone and the same
law gives the recoil.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from scipy.ndimage import distance_transform_edt

from simulator.anatomy.patient import Hinge
from simulator.anatomy.volume import BoneField, Tissue
from simulator.anatomy.warp import warped_bone
from simulator.physics.constants import Constants
from simulator.physics.inflation import grip_of
from simulator.units import MM3_PER_ML, AnyArray, FloatArray, frozen
from simulator.world.tamp import Body, Tamp

_STILL_RAD = 1e-6
"""A step smaller than this is rest: 0.03 micrometres at the anterior wall."""
_WITHIN_MM = 2.0
"""Margin around the rim's reach of the box in which the cavity is carved."""


def yield_nmm(constants: Constants, fracture_age_weeks: float) -> float:
    """Return the moment at which the fracture gives way for good: low when fresh."""
    old = min(max(fracture_age_weeks / constants["fracture_old_weeks"], 0.0), 1.0)
    fresh = constants["hinge_yield_fresh_nmm"]
    return fresh + old * (constants["hinge_yield_old_nmm"] - fresh)


def reduce(
    constants: Constants,
    hinge: Hinge,
    fracture_age_weeks: float,
    tamps: tuple[Tamp, ...],
    body: Body,
    dt_s: float,
) -> Body:
    """Move the endplate for one step under the balloons' pressure.

    Args:
        constants: section "tamp".
        hinge: how the endplate can move.
        fracture_age_weeks: an old fracture yields late and recoils more.
        tamps: the balloons in the body.
        body: as it was.
        dt_s: length of the step, 4 ticks as a rule.

    Source: implicit Euler of a damper, two springs and a slider; constants in assets.
    """
    moment = sum(
        t.pressure_mpa * grip_of(hinge, constants, body.bone, t)[0]
        for t in tamps
        if t.pressure_mpa > 0.0
    )
    elastic, damping = constants["hinge_elastic_nmm"], constants["hinge_damping_nmm_s"] / dt_s
    soft = constants["hinge_soft_tissue_nmm"] * hinge.disc_stiffness_factor
    drive = moment - constants["hinge_preload_nmm"] + elastic * body.plastic_rad
    angle = (damping * body.lift_rad + drive) / (damping + soft + elastic)
    angle = min(max(angle, 0.0), hinge.max_rad)
    slack = yield_nmm(constants, fracture_age_weeks) / elastic
    rest = min(max(body.plastic_rad, angle - slack), angle + slack)
    if abs(angle - body.lift_rad) < _STILL_RAD:
        return body
    step = constants["visible_rad"]
    seen = round(angle / step) != round(body.lift_rad / step)
    return replace(
        body,
        lift_rad=angle,
        plastic_rad=rest,
        peak_rad=max(body.peak_rad, angle),
        shape_revision=body.shape_revision + int(seen),
    )


def anterior_gain_mm(hinge: Hinge, body: Body, anterior_y_mm: float) -> float:
    """Return the height that the anterior wall has gained."""
    return body.lift_rad * max(hinge.hinge_y_mm - anterior_y_mm, 0.0)


def bake(constants: Constants, hinge: Hinge, body: Body, tamp: Tamp, *, last: bool) -> Body:
    """Leave the balloon's cavity in the bone when it is taken out.

    Carves the cavity and compacts its rim; with the `last` balloon the lift is written into the
    bone as well, so that cement runs on a plain grid from then on.

    Args:
        constants: section "tamp".
        hinge: how the endplate was lifted.
        body: as it is.
        tamp: deflated, on its way out.
        last: no other balloon remains in the body.
    """
    bone = body.bone
    if float(tamp.crushed.sum()) > 0.0 and tamp.peak_volume_ml > 0.0:
        bone = carved(constants, bone, tamp)
    turn = body.lift_rad - body.baked_rad if last else 0.0
    if turn != 0.0:
        bone = warped_bone(bone, hinge, turn)
    if bone is body.bone:
        return body
    cavity = float(np.count_nonzero(bone.tissue == Tissue.CAVITY)) * bone.spacing_mm**3
    return replace(
        body,
        bone=bone,
        bone_revision=body.bone_revision + 1,
        baked_rad=body.baked_rad + turn,
        cavity_ml=cavity / MM3_PER_ML,
        shape_revision=body.shape_revision + 1,
    )


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
