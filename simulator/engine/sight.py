"""What a person sees: in a picture, on the gauges, at the table. Operators get this, not `State`.

A picture is read with its own geometry, so a rotated view misleads an operator as it would
mislead a surgeon.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, replace

import numpy as np

from simulator.anatomy.plan import Plan
from simulator.anatomy.views import true_ap, true_lateral
from simulator.frames import Side, along
from simulator.imaging.cells import voxel_points_mm
from simulator.imaging.positioner import geometry, project
from simulator.imaging.viewing import ViewKind, lifted, quality
from simulator.imaging.visibility import look, tip_seen, visible_routes
from simulator.units import PSI_PER_MPA, Vec3, seconds
from simulator.world.arm import CArm, Shot, View
from simulator.world.bearings import arm_angles, off_deg, wall_point
from simulator.world.case import Case, Procedure
from simulator.world.cement import ROUTES
from simulator.world.clinic import Clinical
from simulator.world.events import Event, Said
from simulator.world.instruments import CementSpec, TampSpec
from simulator.world.shown import UNREAD, Contours, Shown
from simulator.world.state import State
from simulator.world.tools import Inside
from simulator.world.vitals import Vitals

_N = 512
_EDGE_SHARE = 0.05
"""The outermost part of a cement cloud that the eye does not take for its edge."""


@dataclass(frozen=True, slots=True)
class Seen:
    """One picture as read: distances in mm at the patient, None where nothing is to be read."""

    tick: int
    view: View
    error_deg: float
    tip_medial_mm: tuple[float | None, float | None] = (None, None)
    """AP: tip to the medial border of its pedicle, positive while lateral of it."""
    tip_past_wall_mm: tuple[float | None, float | None] = (None, None)
    """Lateral: tip anterior of the posterior wall."""
    tip_to_front_mm: tuple[float | None, float | None] = (None, None)
    """Lateral: tip to the anterior wall."""
    plate_rise_mm: float | None = None
    """Lateral: how far the superior endplate's front edge has risen since the first picture."""
    plate_left_mm: float | None = None
    """Lateral: how far that edge still is below where its neighbours say it was."""
    wall_moved_mm: float | None = None
    """Lateral: how far the posterior wall has moved since the first picture."""
    tamp_at_wall: tuple[bool, bool] = (False, False)
    """The contrast of a balloon lies on a cortex, or on an endplate that is not depressed."""
    cement_to_wall_mm: float | None = None
    """Lateral: hindmost cement in the body to the posterior wall."""
    leak: bool = False
    """Cement is seen outside the body."""
    contours: Contours = UNREAD
    """How true the view is, by the outlines in it."""


@dataclass(frozen=True, slots=True)
class ToolSeen:
    """A cannula as seen and felt from outside."""

    skin_mm: Vec3
    direction: Vec3
    depth_mm: float
    force_n: float
    speed_mm_s: float
    grips: bool
    """The tip holds in bone."""
    inside: Inside
    working: bool


@dataclass(frozen=True, slots=True)
class TampSeen:
    """Manometer and syringe scale of one tamp."""

    volume_ml: float
    pressure_psi: float
    peak_psi: float


@dataclass(frozen=True, slots=True)
class Observation:
    """All that an operator may know at one tick."""

    tick: int
    phase: str
    procedure: Procedure
    sides: tuple[Side, ...]
    plans: tuple[Plan, Plan]
    c_arm: CArm
    tools: tuple[ToolSeen | None, ToolSeen | None]
    tamps: tuple[TampSeen | None, TampSeen | None]
    tamp_spec: TampSpec
    cement_spec: CementSpec
    cement_age_s: float | None
    filler_ml: float
    """In the filler of the side in work."""
    filler_ready: bool
    """The nurse has filled it and handed it over."""
    batch_ml: float
    given_ml: float
    pocket_ml: float
    """Largest filling of the tamps, as the nurse wrote it down."""
    thumb_n: float
    vitals: Vitals
    ap: Seen | None
    lateral: Seen | None
    true_ap_deg: tuple[float, float]
    true_lateral_deg: tuple[float, float]
    """(orbit, tilt) at which the outlines of this vertebra fall on each other: found by turning
    the arm until pedicles and spinous process, or both endplates and pedicles, lie as they must."""
    pedicle_mm: tuple[float, float]
    """Widths of both pedicles, as the AP shows them."""
    heard: tuple[Said, ...]
    events: tuple[Event, ...]
    over: bool
    clinical: Clinical
    """History, laboratory and imaging, as in the briefing."""
    textbook: Mapping[str, float]
    """Limits of whom to treat."""
    levels: tuple[str, ...]
    """The vertebrae to treat, in the author's order."""
    level: int
    """Which of them is worked on."""

    @property
    def t_s(self) -> float:
        """Seconds since the start."""
        return seconds(self.tick)


def observe(
    case: Case, state: State, ap: Seen | None, lateral: Seen | None, events: tuple[Event, ...]
) -> Observation:
    """Return what can be known in `state`, with the last pictures as read."""
    case = case.facing(state.level)
    tools = tuple(
        None
        if t is None
        else ToolSeen(
            t.skin_mm, t.direction, t.depth_mm, t.force_n, t.speed_mm_s, t.dock_mm is not None,
            t.inside, t.working,
        )
        for t in state.cannulas
    )  # fmt: skip
    tamps = tuple(
        None
        if t is None
        else TampSeen(t.volume_ml, t.pressure_mpa * PSI_PER_MPA, t.peak_mpa * PSI_PER_MPA)
        for t in state.tamps
    )
    cement, marks = state.cement, case.patient.target.landmarks
    mixed, filling = cement.mixed_tick, cement.fillings[state.side]
    return Observation(
        tick=state.tick,
        phase=state.phase,
        procedure=case.procedure,
        sides=tuple(Side(s) for s in case.sides),
        plans=case.plans,
        c_arm=state.c_arm,
        tools=(tools[0], tools[1]),
        tamps=(tamps[0], tamps[1]),
        tamp_spec=case.tamp,
        cement_spec=case.cement,
        cement_age_s=None if mixed is None else seconds(state.tick - mixed),
        filler_ml=filling.ml,
        filler_ready=state.tick >= filling.ready_tick,
        batch_ml=cement.batch_left_ml,
        given_ml=state.cement.injected_ml,
        pocket_ml=state.tally.values.get("tamp_volume_ml", 0.0),
        thumb_n=filling.thumb_n,
        vitals=state.vitals,
        ap=ap,
        lateral=lateral,
        true_ap_deg=arm_angles(true_ap(marks)),
        true_lateral_deg=arm_angles(true_lateral(marks)),
        pedicle_mm=(marks.pedicles[0].width_mm, marks.pedicles[1].width_mm),
        heard=tuple(e for e in events if isinstance(e, Said)),
        events=events,
        over=state.over,
        clinical=case.clinical,
        textbook=case.physics["selection"],
        levels=case.level_names,
        level=state.level,
    )


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
        shot.tick, shot.view, shot.error_deg, leak=bool(shown.leaks), contours=shown.contours
    )
    if shot.view is View.AP:
        return _read_ap(case, state, shot, shown, seen)
    if shot.view is View.LATERAL:
        return _read_lateral(case, state, shot, shown, seen)
    return seen


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
