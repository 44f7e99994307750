"""One pulse: what it adds to the counters, what it teaches, and how brightness follows."""

from __future__ import annotations

import math
from dataclasses import replace
from typing import TYPE_CHECKING

from simulator.anatomy import views
from simulator.imaging import beam, dose, skin
from simulator.imaging.beam import PathLengths
from simulator.imaging.machine import Setting, machine, setting
from simulator.imaging.positioner import geometry, in_field, view_of
from simulator.units import TICKS_PER_S, Vec3
from simulator.world.arm import CArm, Pose, Shot, View
from simulator.world.bearings import off_deg

if TYPE_CHECKING:
    from simulator.world.case import Case

_TRUE = {View.AP: views.true_ap, View.LATERAL: views.true_lateral}


def pulse_due(tick: int, pulses_per_s: float, plane: int = 0) -> bool:
    """Return whether the generator fires in this tick: 30, 15, 7.5, 3.75 / s are every 2 .. 16.

    The second plane fires half a period after the first, so that neither sees the other's scatter.
    """
    period = round(TICKS_PER_S / pulses_per_s)
    return tick % period == (period // 2 if plane else 0)


def lengths_for(case: Case, pose: Pose) -> PathLengths:
    """Return what the beam meets at `pose`."""
    return beam.path_lengths(case.c_arm, case.patient, pose)


def run_in(case: Case, arm: CArm) -> CArm:
    """Return a plane with the technique at which its brightness control comes to rest."""
    set_ = setting(case.c_arm, arm)
    kvp, mas = beam.settled(case.c_arm, set_, lengths_for(case, arm.pose), arm.pulses_per_s)
    return replace(arm, kvp=kvp, mas_pulse=mas)


def shot_of(
    case: Case, arm: CArm, tips: tuple[Vec3 | None, Vec3 | None], tick: int, plane: int = 0
) -> Shot:
    """Return what is known of a picture taken now.

    An oblique is measured from the nearer of the true AP and lateral.
    """
    pose, blades = arm.pose, arm.collimator
    view = view_of(pose)
    g = geometry(case.c_arm, pose, 1)
    marks = case.patient.target.landmarks
    errors = [off_deg(pose, _TRUE[v](marks)) for v in _TRUE if view in (v, View.OBLIQUE)]
    left, right = (tip is not None and in_field(g, tip, blades) for tip in tips)
    return Shot(tick, view, pose, min(errors), (left, right), plane, blades)


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
    hand_mm: Vec3 | None = None,
    plane: int = 0,
) -> tuple[CArm, Shot]:
    """Fire one pulse with the present kVp and mAs; brightness control acts on the next.

    Args:
        case: For the machine and the patient.
        c_arm: As it stands; the pose of its plane must be that of `lengths`.
        tips: Tool tips per `Side`.
        tick: Now.
        lengths: From `lengths_for`.
        hand_mm: A hand of the operator that works near the beam.
        plane: Which one fires.

    Returns:
        The C-arm with everything counted, and the picture's record.
    """
    spec, seen = case.c_arm, c_arm.through(plane)
    set_ = setting(spec, seen)
    goal = beam.settled(spec, set_, lengths, seen.pulses_per_s)
    counted = _counted(case, seen, set_, lengths, hand_mm)
    kvp, mas = _followed(seen, goal)
    shot = shot_of(case, seen, tips, tick, plane)
    counted = replace(
        counted,
        kvp=kvp,
        mas_pulse=mas,
        last_ap=shot if shot.view is View.AP else seen.last_ap,
        last_lateral=shot if shot.view is View.LATERAL else seen.last_lateral,
        last=shot,
    )
    return c_arm.with_plane(plane, counted), shot


def _counted(
    case: Case, arm: CArm, set_: Setting, lengths: PathLengths, hand_mm: Vec3 | None
) -> CArm:
    """Return the arm with the dose of one pulse added."""
    spec, kvp, mas = case.c_arm, arm.kvp, arm.mas_pulse
    kap = dose.kap_gycm2(spec, set_, kvp, mas)
    on_skin = skin.exposed(case.patient.torso, arm.skin_mgy, arm, spec)
    hand_mgy = 0.0
    if hand_mm is not None:
        signal = beam.mean_signal(set_, kvp, lengths)
        hand_mgy = dose.hand_mgy(spec, set_, arm.pose, kvp, mas, signal, hand_mm)
    return replace(
        arm,
        exposures=arm.exposures + 1,
        air_kerma_mgy=arm.air_kerma_mgy + dose.reference_kerma_mgy(spec, set_.curve, kvp, mas),
        kap_gycm2=arm.kap_gycm2 + kap,
        operator_dose_usv=arm.operator_dose_usv
        + dose.operator_usv(arm.pose, kvp, kap, dose.place_mm(arm)),
        skin_mgy=on_skin,
        skin_peak_mgy=float(on_skin.max()),
        hand_mgy=arm.hand_mgy + hand_mgy,
    )
