"""What one pair of hands does in the room during a tick: the arm, the tools, the pedal."""

from __future__ import annotations

from collections import deque
from dataclasses import replace

from simulator.anatomy.patient import Patient
from simulator.anatomy.views import true_ap
from simulator.frames import Side, dot, minus
from simulator.imaging import exposure, positioner
from simulator.imaging.beam import PathLengths
from simulator.imaging.visibility import visible_routes
from simulator.physics import inflation, insertion, walls
from simulator.physics.sides import with_cannula, with_tamp
from simulator.procedure import clocks
from simulator.units import TICKS_PER_S
from simulator.world import bearings
from simulator.world.action import Action
from simulator.world.arm import Pose, View
from simulator.world.case import Case
from simulator.world.cement import ROUTES
from simulator.world.events import CementLeaked, Event, Exposed
from simulator.world.state import State
from simulator.world.tools import Cannula

_DT = 1.0 / TICKS_PER_S
_seen: deque[tuple[Patient, PathLengths]] = deque(maxlen=32)
"""Pure function values, kept for speed; never part of a state."""


def move_arm(case: Case, state: State, action: Action) -> State:
    """Drive the C-arm, and set pulse rate and field."""
    arm, spec = state.c_arm, case.c_arm
    table = (action.table_x_mm_s, action.table_y_mm_s, action.table_z_mm_s)
    pose = arm.pose
    if action.orbit_deg_s or action.tilt_deg_s or any(table):
        pose = positioner.move(spec, pose, action.orbit_deg_s, action.tilt_deg_s, table, _DT)
    if action.field_mm in (150.0, 200.0, 300.0) and action.field_mm != pose.field_mm:
        pose = replace(pose, field_mm=action.field_mm)
    rate = arm.pulses_per_s
    if action.pulses_per_s in spec.pulse_rates:
        rate = action.pulses_per_s
    moving = pose is not arm.pose and pose != arm.pose
    if not moving and not arm.moving and rate == arm.pulses_per_s:
        return state
    return replace(state, c_arm=replace(arm, pose=pose, moving=moving, pulses_per_s=rate))


def _asks(action: Action) -> bool:
    return bool(
        action.push_n
        or action.tap
        or action.medial_deg_s
        or action.caudal_deg_s
        or action.twist_deg_s
        or action.skin_x_mm_s
        or action.skin_z_mm_s
        or action.inner_n
        or action.bend_mm
    )


def _loaded(tool: Cannula) -> bool:
    """Whether hands still hold the tool under force, or it moves."""
    inner = tool.passed
    bent = tool.force_n or tool.speed_mm_s or tool.pry_n or any(tool.lean_deg)
    return bool(bent or (inner is not None and (inner.force_n or inner.speed_mm_s)))


def move_tools(case: Case, state: State, action: Action) -> tuple[State, tuple[Event, ...]]:
    """Aim, push, pull and tap the tool of the active side."""
    tool = state.cannulas[action.side]
    if tool is None or not (_asks(action) or _loaded(tool)):
        return state, ()
    tamp = state.tamps[action.side]
    if tamp is not None:
        # A balloon in the bone holds the shaft where it is; the cannula can only slide over it.
        action = replace(action, medial_deg_s=0.0, caudal_deg_s=0.0, tap=0)
        action = replace(action, skin_x_mm_s=0.0, skin_z_mm_s=0.0)
    moved, events = insertion.advance(case, state.body, tool, action)
    if moved is tool:
        return state, events
    if tamp is not None and moved.dock_mm is None:
        return state, ()
    state = with_cannula(state, moved, action.side)
    if tamp is not None and moved.depth_mm != tool.depth_mm:
        ahead = dot(minus(moved.tip_mm, tamp.tail_mm), moved.direction)
        covered = min(max(ahead, 0.0), case.tamp.length_mm)
        slid = inflation.uncovered(tamp, case.physics["tamp"], state.body.bone, covered)
        state = with_tamp(state, slid, action.side)
    return state, events


def tell_walls(case: Case, before: State, state: State) -> tuple[Event, ...]:
    """Tell what the tools did to the patient in this tick, moved by hand or exchanged."""
    if state.cannulas is before.cannulas:
        return ()
    last_ap = state.c_arm.last_ap
    true = true_ap(case.patient.target.landmarks)
    rotated = bearings.off_deg(last_ap.pose, true) if last_ap is not None else 0.0
    events: tuple[Event, ...] = ()
    for old, new in zip(before.cannulas, state.cannulas, strict=True):
        if old is not None and new is not None and new is not old:
            events += walls.report(case, state.body, old, new, rotated)
    return events


def hands_off(state: State) -> State:
    """Let go of both tools."""
    for side in Side:
        tool = state.cannulas[side]
        if tool is not None and _loaded(tool):
            state = with_cannula(state, _let_go(tool), side)
    return state


def _let_go(tool: Cannula) -> Cannula:
    inner = tool.passed
    if inner is not None:
        inner = replace(inner, force_n=0.0, speed_mm_s=0.0)
    return replace(tool, force_n=0.0, speed_mm_s=0.0, pry_n=0.0, lean_deg=(0.0, 0.0), passed=inner)


def expose(case: Case, state: State, action: Action) -> tuple[State, tuple[Event, ...]]:
    """Hold the pedal: count beam time, and take a pulse when one is due."""
    arm = state.c_arm
    if not action.beam:
        return (replace(state, c_arm=replace(arm, beam=False)), ()) if arm.beam else (state, ())
    hand = hand_in_beam(case, state, action)
    arm = replace(
        arm,
        beam=True,
        fluoro_ticks=arm.fluoro_ticks + 1,
        hand_in_beam_ticks=arm.hand_in_beam_ticks + int(hand),
    )
    if not exposure.pulse_due(state.tick, arm.pulses_per_s):
        return replace(state, c_arm=arm), ()
    left, right = (None if tool is None else tool.front_mm for tool in state.cannulas)
    arm, shot = exposure.expose(case, arm, (left, right), state.tick, _lengths(case, arm.pose))
    return replace(state, c_arm=arm), (Exposed(shot, arm.kvp, hand),)


def _lengths(case: Case, pose: Pose) -> PathLengths:
    """Return what the beam meets at `pose`; remembered, because poses come back."""
    for patient, known in _seen:
        if patient is case.patient and known.pose == pose:
            return known
    lengths = exposure.lengths_for(case, pose)
    _seen.append((case.patient, lengths))
    return lengths


def hand_in_beam(case: Case, state: State, action: Action) -> bool:
    """True while a hand works on a hub that lies inside the exposed field."""
    tool = state.cannulas[action.side]
    if tool is None or not (_asks(action) or action.press_n > 0.0):
        return False
    return positioner.in_field(positioner.geometry(case.c_arm, state.c_arm.pose, 2), tool.hub_mm)


def see_leaks(case: Case, state: State, events: tuple[Event, ...]) -> tuple[Event, ...]:
    """Mark each reported leak with whether the views that the rules ask for could show it."""
    if not any(isinstance(e, CementLeaked) for e in events):
        return events
    threshold = case.physics["looking"]["cement_seen_mm"]
    shown = visible_routes(state, View.LATERAL, threshold) | (
        visible_routes(state, View.AP, threshold)
    )
    return tuple(
        replace(e, visible=e.visible or ROUTES.index(e.route) in shown)
        if isinstance(e, CementLeaked)
        else e
        for e in events
    )


def wind_clocks(
    case: Case, before: State, state: State, events: tuple[Event, ...]
) -> tuple[State, tuple[Event, ...]]:
    """Let the clocks of blind advance follow both tools."""
    out: tuple[Event, ...] = ()
    for side in Side:
        old, new = before.cannulas[side], state.cannulas[side]
        if new is None or (new is old and not events):
            continue
        wound, blind = clocks.run(case, old, new, events)
        if wound is not new:
            state = with_cannula(state, wound, side)
        out += blind
    return state, out
