"""What a person reads in a picture.

A picture is read with its own geometry, so a rotated view misleads an operator as it would
mislead a surgeon.
"""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np

from simulator.anatomy.views import true_ap, true_lateral
from simulator.frames import Side, along
from simulator.imaging.cells import voxel_points_mm
from simulator.imaging.positioner import geometry, project
from simulator.imaging.viewing import ViewKind, lifted, quality
from simulator.imaging.visibility import look, tip_seen, visible_routes
from simulator.procedure.clocks import reach_mm
from simulator.units import Vec3
from simulator.world.arm import Shot, View
from simulator.world.bearings import off_deg, wall_point
from simulator.world.case import Case
from simulator.world.cement import ROUTES
from simulator.world.seen import Seen
from simulator.world.shown import UNREAD, Contours, Shown
from simulator.world.state import State

_N = 512
_EDGE_SHARE = 0.05
"""The outermost part of a cement cloud that the eye does not take for its edge."""


def show(case: Case, state: State) -> Shown:
    """Return what a pulse fired in `state` shows: outlines, tips, leaks."""
    by = look(case, state)
    leaks = visible_routes(case, by)
    tips = [
        tool is not None and tip_seen(case, by, tool.side, tool.front_mm) for tool in state.cannulas
    ]
    return Shown(
        _contours(case, state),
        (tips[0], tips[1]),
        tuple(route for route in ROUTES if route in leaks),
    )


def _contours(case: Case, state: State) -> Contours:
    """Return the outlines of what the clocks would take for an AP or a lateral."""
    marks, pose = lifted(case.patient, state.body.lift), state.c_arm.pose
    near = case.physics["looking"]["adequate_deg"]
    for kind, true in ((ViewKind.AP, true_ap(marks)), (ViewKind.LATERAL, true_lateral(marks))):
        if off_deg(pose, true) <= near:
            return quality(case.c_arm, pose, marks, kind).contours
    return UNREAD


def read_picture(case: Case, state: State, shot: Shot, shown: Shown) -> Seen:
    """Read the picture taken at `shot` while the world was in `state`."""
    seen = Seen(
        shot.tick, shot.view, shot.error_deg, leak=bool(shown.leaks), contours=shown.contours,
        reach_mm=_marks(state), tamp_ml=_scales(state),
    )  # fmt: skip
    if shot.view is View.AP:
        return _read_ap(case, state, shot, shown, seen)
    if shot.view is View.LATERAL:
        return _read_lateral(case, state, shot, shown, seen)
    return seen


def _marks(state: State) -> tuple[float | None, float | None]:
    left, right = (None if tool is None else reach_mm(tool) for tool in state.cannulas)
    return left, right


def _scales(state: State) -> tuple[float | None, float | None]:
    left, right = (None if tamp is None else tamp.volume_ml for tamp in state.tamps)
    return left, right


def _apart(case: Case, shot: Shot, ends: tuple[Vec3, Vec3], axis: Vec3) -> float:
    """Return how far the second of two points lies along the image of an axis, mm.

    Measured in the picture at the depth of the first point, as with a ruler on the film.
    """
    g = geometry(case.c_arm, shot.pose, _N)
    col, row, magnification = project(g, ends[0])
    col_2, row_2, _ = project(g, ends[1])
    col_a, row_a, _ = project(g, along(ends[0], axis, 1.0))
    across, down = col_a - col, row_a - row
    length = math.hypot(across, down)
    if length == 0.0:
        return 0.0
    pixels = ((col_2 - col) * across + (row_2 - row) * down) / length
    return pixels * g.pitch_mm / magnification


def _read_ap(case: Case, state: State, shot: Shot, shown: Shown, seen: Seen) -> Seen:
    marks = case.patient.target.landmarks
    medial: list[float | None] = [None, None]
    for side in Side:
        tool = state.cannulas[side]
        if tool is not None and shown.tips[side]:
            ends = (marks.pedicles[side].medial_mm, tool.front_mm)
            medial[side] = side.sign * _apart(case, shot, ends, marks.axes[0])
    at_wall = _at_wall(case, state)
    return replace(seen, tip_medial_mm=(medial[0], medial[1]), tamp_at_wall=at_wall)


def _read_lateral(case: Case, state: State, shot: Shot, shown: Shown, seen: Seen) -> Seen:
    marks = case.patient.target.landmarks
    wall, front = wall_point(marks), marks.anterior_wall_mm
    past: list[float | None] = [None, None]
    ahead: list[float | None] = [None, None]
    for side in Side:
        tool = state.cannulas[side]
        if tool is not None and shown.tips[side]:
            tip = tool.front_mm
            past[side] = -_apart(case, shot, (wall, tip), marks.axes[1])
            ahead[side] = _apart(case, shot, (front, tip), marks.axes[1])
    return replace(
        seen,
        tip_past_wall_mm=(past[0], past[1]),
        tip_to_front_mm=(ahead[0], ahead[1]),
        plate_rise_mm=case.patient.gain_mm(state.body.lift),
        plate_left_mm=_plate_left_mm(case, state),
        wall_moved_mm=state.body.lift.wall_mm,
        tamp_at_wall=_at_wall(case, state),
        cement_to_wall_mm=_cement_to_wall(case, state),
    )


def _plate_left_mm(case: Case, state: State) -> float:
    """Return the height that is still lost where most was, against the neighbours."""
    patient = case.patient
    return patient.gain_mm(patient.hinge.whole) - patient.gain_mm(state.body.lift)


def _at_wall(case: Case, state: State) -> tuple[bool, bool]:
    """Return which balloon lies on a wall, as the contrast against the cortex shows."""
    least = case.physics["tamp"]["touch_stop_mm2"]
    left, right = (t is not None and t.touch_mm2 >= least for t in state.tamps)
    return left, right


def _cement_to_wall(case: Case, state: State) -> float | None:
    cloud = state.cement.cloud
    inside = (cloud.route < 0) & (cloud.fill > 0.5)
    if not inside.any():
        return None
    points = voxel_points_mm(state.body.bone, cloud.voxel[inside])
    marks = case.patient.target.landmarks
    # Cement standing in the pedicle's channel lies behind the wall and is no front.
    past = -(points - np.array(wall_point(marks))) @ np.array(marks.axes[1])
    past = past[past > 0.0]
    if not len(past):
        return None
    return float(np.quantile(past, _EDGE_SHARE))
