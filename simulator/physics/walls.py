"""Which walls a tool passed, told as events by comparing it before and after a tick."""

from __future__ import annotations

import math

from simulator.anatomy.landmarks import Landmarks
from simulator.anatomy.volume import Tissue
from simulator.frames import minus, norm
from simulator.units import Vec3
from simulator.world.case import Case
from simulator.world.events import (
    BodyEntered,
    BoneContact,
    CanalEntered,
    Event,
    MedialRuleBroken,
    TissueEntered,
    WallBreached,
)
from simulator.world.tools import Cannula, Wall

_FIRST_MM = 0.5
"""A tip is called out of the bone from here on; less is within the grid's own error."""


def report(
    case: Case, before: Cannula, after: Cannula, rotated_view_deg: float
) -> tuple[Event, ...]:
    """Return what happened to bone and canal while `before` became `after`.

    Args:
        rotated_view_deg: how untrue the last AP was, for the debrief of a broken medial rule.
    """
    if before.tip_mm == after.tip_mm and before.dock_mm == after.dock_mm:
        return ()
    events: list[Event] = []
    plan = case.plans[after.side]
    if before.dock_mm is None and after.dock_mm is not None:
        error = norm(minus(after.dock_mm, plan.entry_mm))
        events.append(BoneContact(after.side, case.patient.level_at(after.tip_mm), error))
    if before.tissue is not after.tissue:
        events.append(TissueEntered(after.side, after.tissue, after.depth_mm, after.force_n))
        if after.tissue is Tissue.CANAL:
            events.append(CanalEntered(after.side))
    if before.past_wall_mm < 0.0 <= after.past_wall_mm and after.bone_mm > 3.0:
        events.append(BodyEntered(after.side))
    events.extend(_medial_rule(case, before, after, rotated_view_deg))
    events.extend(_breaches(case, before, after))
    return tuple(events)


def medial_margin_mm(case: Case, cannula: Cannula) -> float:
    """How far the true tip is still lateral of the medial pedicle border; negative past it."""
    border = case.patient.target.landmarks.pedicles[cannula.side].medial_border_x_mm
    return cannula.side.sign * (cannula.tip_mm[0] - border)


def _medial_rule(
    case: Case, before: Cannula, after: Cannula, rotated_view_deg: float
) -> tuple[Event, ...]:
    """Behind the posterior wall, inside the pedicle's reach, the tip must stay lateral."""
    if after.bone_mm < 1.0 or after.past_wall_mm >= 0.0:
        return ()
    was, now = medial_margin_mm(case, before), medial_margin_mm(case, after)
    docked_medially = before.bone_mm < 1.0
    if now < 0.0 and (was >= 0.0 or docked_medially):
        return (MedialRuleBroken(after.side, -now, -after.past_wall_mm, rotated_view_deg),)
    return ()


def _breaches(case: Case, before: Cannula, after: Cannula) -> tuple[Event, ...]:
    events: list[Event] = []
    if _new_millimetre(before.canal_breach_mm, after.canal_breach_mm):
        events.append(WallBreached(after.side, Wall.MEDIAL, after.canal_breach_mm))
    if after.was_in_bone and _new_millimetre(before.breach_mm, after.breach_mm):
        events.append(WallBreached(after.side, wall_at(case, after), after.breach_mm))
    return tuple(events)


def _new_millimetre(before: float, after: float) -> bool:
    """True at the first half millimetre out and at every further whole one."""
    if after < _FIRST_MM or after <= before:
        return False
    return before < _FIRST_MM or math.floor(after) > math.floor(before)


def wall_at(case: Case, cannula: Cannula) -> Wall:
    """Name the wall beside a tip that has left the bone of the target vertebra."""
    marks = case.patient.target.landmarks
    if cannula.tissue in (Tissue.CANAL, Tissue.EPIDURAL):
        return Wall.MEDIAL if cannula.past_wall_mm < 0.0 else Wall.POSTERIOR
    if cannula.past_wall_mm < 0.0:
        return _pedicle_wall(marks, cannula)
    return _body_wall(marks, cannula.tip_mm)


def _pedicle_wall(marks: Landmarks, cannula: Cannula) -> Wall:
    pedicle = marks.pedicles[cannula.side]
    tip = cannula.tip_mm
    medial = -cannula.side.sign * (tip[0] - pedicle.centre_mm[0]) / (pedicle.width_mm / 2.0)
    up = (tip[2] - pedicle.centre_mm[2]) / (pedicle.height_mm / 2.0)
    if abs(medial) >= abs(up):
        return Wall.MEDIAL if medial > 0.0 else Wall.LATERAL
    return Wall.SUPERIOR if up > 0.0 else Wall.INFERIOR


def _body_wall(marks: Landmarks, tip: Vec3) -> Wall:
    """Compare how far the tip has come towards each face of the body."""
    half_depth = (marks.posterior_wall_y_mm - marks.anterior_wall_y_mm) / 2.0
    middle_y = (marks.posterior_wall_y_mm + marks.anterior_wall_y_mm) / 2.0
    top, bottom = max(marks.superior_z_mm), min(marks.inferior_z_mm)
    reach = {
        Wall.ANTERIOR: (middle_y - tip[1]) / half_depth,
        Wall.LATERAL: abs(tip[0]) / marks.half_width_mm,
        Wall.ENDPLATE: abs(tip[2] - (top + bottom) / 2.0) / ((top - bottom) / 2.0),
    }
    return max(reach, key=lambda wall: reach[wall])
