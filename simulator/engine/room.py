"""What one pair of hands does in the room during a tick: the arm, the tools, the pedal."""

from __future__ import annotations

from collections import deque
from dataclasses import replace

from simulator.anatomy.patient import Patient
from simulator.anatomy.views import true_ap
from simulator.engine.reading import show
from simulator.frames import Side, dot, minus
from simulator.imaging import blades, exposure, positioner
from simulator.imaging.beam import PathLengths
from simulator.imaging.machine import machine
from simulator.imaging.visibility import required_looks, visible_routes
from simulator.physics import inflation, insertion, walls
from simulator.physics.exchange import ACTS
from simulator.physics.sides import with_cannula, with_tamp
from simulator.procedure import clocks
from simulator.units import TICKS_PER_S
from simulator.world import bearings
from simulator.world.action import IDLE, Action
from simulator.world.arm import CArm, Pose, Stand
from simulator.world.case import Case
from simulator.world.events import Event, Exposed
from simulator.world.filling_events import CementLeaked
from simulator.world.instruments import CArmSpec
from simulator.world.state import State
from simulator.world.tools import Cannula

_DT = 1.0 / TICKS_PER_S
_seen: deque[tuple[Patient, CArmSpec, PathLengths]] = deque(maxlen=32)
"""Pure function values, kept for speed; never part of a state."""


def move_arm(case: Case, state: State, action: Action) -> State:
    """Drive the C-arm and its blades, and set rate, field, grid and curve."""
    arm = state.c_arm
    asked = 1 if action.plane and arm.second is not None else 0
    for plane in arm.planes:
        before = arm.through(plane)
        moved = _driven(case, before, action if plane == asked else IDLE, plane)
        if moved is not before:
            arm = arm.with_plane(plane, moved)
    rate = action.pulses_per_s if action.pulses_per_s in case.c_arm.pulse_rates else 0.0
    if rate or action.grid_in is not None or action.curve is not None:
        arm = replace(
            arm,
            pulses_per_s=rate or arm.pulses_per_s,
            grid_in=arm.grid_in if action.grid_in is None else action.grid_in,
            curve=action.curve or arm.curve,
        )
    return state if arm is state.c_arm else replace(state, c_arm=arm)


def _driven(case: Case, arm: CArm, action: Action, plane: int) -> CArm:
    """Return one plane after a tick of driving; itself if nothing moved."""
    table = (action.table_x_mm_s, action.table_y_mm_s, action.table_z_mm_s)
    turn = (action.orbit_deg_s, action.tilt_deg_s, action.swivel_deg_s)
    pose = arm.pose
    if any(turn) or any(table):
        pose = positioner.move(case.c_arm, pose, turn, table, _DT, plane)
    if action.field_mm in machine().fields.sizes_mm and action.field_mm != pose.field_mm:
        pose = replace(pose, field_mm=action.field_mm)
    collimator = arm.collimator
    rates = (action.iris_mm_s, action.width_mm_s, action.height_mm_s, action.blades_deg_s)
    if any(rates):
        collimator = blades.moved(collimator, pose.field_mm, rates, _DT)
    moving = pose is not arm.pose and pose != arm.pose
    if not moving and not arm.moving and collimator is arm.collimator:
        return arm
    return replace(arm, pose=pose, moving=moving, collimator=collimator)


def take_stand(state: State, action: Action) -> State:
    """Let the operator step; hands on a tool bring him back to the table."""
    arm = state.c_arm
    stand, side = action.stand or arm.stand, arm.table_side
    if stand is not Stand.BACK:
        side = stand
    elif _asks(action) or action.press_n or action.inflate_ml_s or action.do in ACTS:
        stand = side
    if (stand, side) == (arm.stand, arm.table_side):
        return state
    return replace(state, c_arm=replace(arm, stand=stand, table_side=side))


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
    """Hold the pedals: count beam time, and take the pulses that are due."""
    arm = state.c_arm
    pedals = (action.beam, action.beam_second and arm.second is not None)
    if not any(pedals) and not arm.beam_on:
        return state, ()
    hands = tuple(
        pedals[plane] and hand_in_beam(case, state, action, plane) for plane in arm.planes
    )
    arm = replace(
        _pressed(arm, pedals),
        fluoro_ticks=arm.fluoro_ticks + sum(pedals),
        hand_in_beam_ticks=arm.hand_in_beam_ticks + int(any(hands)),
    )
    left, right = (None if tool is None else tool.front_mm for tool in state.cannulas)
    tool = state.cannulas[action.side]
    events: tuple[Event, ...] = ()
    for plane, hand in enumerate(hands):
        if pedals[plane] and exposure.pulse_due(state.tick, arm.pulses_per_s, plane):
            lengths = _lengths(case, arm.through(plane).pose)
            at = tool.hub_mm if hand and tool is not None else None
            # What a picture shows follows from its own pulse, not from the dose of the next.
            fired = arm.through(plane)
            shown = show(case, replace(state, c_arm=fired))
            arm, shot = exposure.expose(case, arm, (left, right), state.tick, lengths, at, plane)
            events += (Exposed(shot, fired.kvp, fired.mas_pulse, hand, shown),)
    return replace(state, c_arm=arm), events


def at_rest(arm: CArm) -> CArm:
    """Return the arm with pedals up and motors still."""
    for plane in arm.planes:
        arm = arm.with_plane(plane, replace(arm.through(plane), beam=False, moving=False))
    return arm


def _pressed(arm: CArm, pedals: tuple[bool, bool]) -> CArm:
    for plane in arm.planes:
        if arm.through(plane).beam != pedals[plane]:
            arm = arm.with_plane(plane, replace(arm.through(plane), beam=pedals[plane]))
    return arm


def _lengths(case: Case, pose: Pose) -> PathLengths:
    """Return what the beam meets at `pose`; remembered, because poses come back."""
    for patient, spec, known in _seen:
        if patient is case.patient and spec == case.c_arm and known.pose == pose:
            return known
    lengths = exposure.lengths_for(case, pose)
    _seen.append((case.patient, case.c_arm, lengths))
    return lengths


def hand_in_beam(case: Case, state: State, action: Action, plane: int = 0) -> bool:
    """True while a hand works on a hub that lies inside the opening of a plane."""
    tool = state.cannulas[action.side]
    if tool is None or not (_asks(action) or action.press_n > 0.0):
        return False
    arm = state.c_arm.through(plane)
    g = positioner.geometry(case.c_arm, arm.pose, 2)
    return positioner.in_field(g, tool.hub_mm, arm.collimator)


def see_leaks(case: Case, state: State, events: tuple[Event, ...]) -> tuple[Event, ...]:
    """Mark each reported leak with which of the views that the rules ask for could show it."""
    if not any(isinstance(e, CementLeaked) for e in events):
        return events
    ap, lateral = (visible_routes(case, by) for by in required_looks(case, state))
    return tuple(
        replace(e, visible=e.visible or e.route in lateral, visible_ap=e.route in ap)
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
