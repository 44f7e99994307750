"""One pulse: what it adds to the counters, what it teaches, and how brightness follows."""

from __future__ import annotations

import math
from dataclasses import replace
from typing import TYPE_CHECKING

from simulator.anatomy import views
from simulator.frames import Side
from simulator.imaging import beam, dose
from simulator.imaging.beam import PathLengths
from simulator.imaging.machine import machine
from simulator.imaging.positioner import geometry, in_field, view_of
from simulator.units import TICKS_PER_S, Vec3
from simulator.world.arm import CArm, Pose, Shot, View
from simulator.world.bearings import off_deg

if TYPE_CHECKING:
    from simulator.world.case import Case

_TRUE = {View.AP: views.true_ap, View.LATERAL: views.true_lateral}


def pulse_due(tick: int, pulses_per_s: float) -> bool:
    """Return whether the generator fires in this tick: 30, 15, 7.5, 3.75 / s are every 2 .. 16."""
    return tick % round(TICKS_PER_S / pulses_per_s) == 0


def lengths_for(case: Case, pose: Pose, known: PathLengths | None = None) -> PathLengths:
    """Return the path lengths at `pose`: `known` if it still holds."""
    if known is not None and known.pose == pose:
        return known
    return beam.path_lengths(case.c_arm, case.patient, pose)


def shot_of(case: Case, pose: Pose, tips: tuple[Vec3 | None, Vec3 | None], tick: int) -> Shot:
    """Return what is known of a picture taken now.

    An oblique is measured from the nearer of the true AP and lateral.
    """
    view = view_of(pose)
    g = geometry(case.c_arm, pose, 1)
    marks = case.patient.target.landmarks
    errors = [off_deg(pose, _TRUE[v](marks)) for v in _TRUE if view in (v, View.OBLIQUE)]
    left, right = (tip is not None and in_field(g, tip) for tip in tips)
    return Shot(tick, view, pose, min(errors), (left, right))


def _followed(c_arm: CArm, goal: tuple[float, float]) -> tuple[float, float]:
    """Return (kVp, mAs) of the next pulse: a first-order response towards `goal`."""
    limits = machine().limits
    share = 1.0 - math.exp(-1.0 / (c_arm.pulses_per_s * limits.response_s))
    step = min(max(share * (goal[0] - c_arm.kvp), -limits.step_kv), limits.step_kv)
    return c_arm.kvp + step, c_arm.mas_pulse + share * (goal[1] - c_arm.mas_pulse)


def expose(
    case: Case,
    c_arm: CArm,
    tips: tuple[Vec3 | None, Vec3 | None],
    tick: int,
    lengths: PathLengths,
    operator: Side = Side.LEFT,
) -> tuple[CArm, Shot]:
    """Fire one pulse with the present kVp and mAs; brightness control acts on the next.

    Args:
        case: For the machine and the patient.
        c_arm: As it stands; its pose must be that of `lengths`.
        tips: Tool tips per `Side`.
        tick: Now.
        lengths: From `lengths_for`.
        operator: Side of the table at which the operator stands.

    Returns:
        The C-arm with everything counted, and the picture's record.
    """
    spec, pose = case.c_arm, c_arm.pose
    kvp, mas = c_arm.kvp, c_arm.mas_pulse
    kap = dose.kap_gycm2(spec, kvp, mas, pose.field_mm)
    goal = beam.settled(spec, lengths, pose.field_mm, c_arm.pulses_per_s)
    next_kvp, next_mas = _followed(c_arm, goal)
    reach = 1000.0 * machine().dose.operator_m * operator.sign
    x, y, z = pose.isocentre_mm
    operator_usv = dose.operator_usv(pose, kvp, kap, (x + reach, y, z))
    shot = shot_of(case, pose, tips, tick)
    return (
        replace(
            c_arm,
            kvp=next_kvp,
            mas_pulse=next_mas,
            exposures=c_arm.exposures + 1,
            air_kerma_mgy=c_arm.air_kerma_mgy + dose.reference_kerma_mgy(spec, kvp, mas),
            kap_gycm2=c_arm.kap_gycm2 + kap,
            operator_dose_usv=c_arm.operator_dose_usv + operator_usv,
            last_ap=shot if shot.view is View.AP else c_arm.last_ap,
            last_lateral=shot if shot.view is View.LATERAL else c_arm.last_lateral,
            last=shot,
        ),
        shot,
    )
