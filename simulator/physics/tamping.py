"""The hands at the inflators, 15 times a second: balloons, endplate, misuse and bursting."""

from __future__ import annotations

import math
from dataclasses import replace

from simulator import rng
from simulator.frames import Side
from simulator.physics import bursting, cementing, inflation, prop, reduction
from simulator.physics.cloud import aged
from simulator.physics.prop import NO_PROP, Prop
from simulator.units import PSI_PER_MPA, TICKS_PER_S
from simulator.world.action import Action
from simulator.world.case import Case
from simulator.world.events import Event, Said
from simulator.world.filling_events import (
    TampBreached,
    TampMisused,
    TampPressed,
    TampRuptured,
    WallPushed,
)
from simulator.world.state import State
from simulator.world.tamp import Body, Tamp

PERIOD_TICKS = 4
_DT_S = PERIOD_TICKS / TICKS_PER_S
_MARK_PSI = 50.0
_WALL_MARK_MM = 0.5
_RECOIL_STEPS = 600
_COVERED_MM = 0.5
"""Less of the balloon than this inside the cannula is within the markers' own length."""


def lively(state: State) -> bool:
    """True while a balloon is under pressure, so that waiting must go in small steps."""
    return any(t is not None and t.pressure_mpa > 0.0 for t in state.tamps)


def at_rest(case: Case, state: State) -> Body:
    """Return the body after its endplate has sunk back as far as it will without a balloon."""
    body, held = state.body, _propped(case, state)
    for _ in range(_RECOIL_STEPS):
        sunk = _reduced(case, body, (), held)
        if sunk is body:
            break
        body = sunk
    return body


def work(case: Case, state: State, action: Action) -> tuple[State, tuple[Event, ...]]:
    """Turn the active side's inflator, let the others hold, and let the endplates follow."""
    if state.tamps == (None, None):
        return state, ()
    tamps: list[Tamp | None] = list(state.tamps)
    body = state.body
    events: list[Event] = []
    for side in Side:
        tamp = tamps[side]
        if tamp is None:
            continue
        rate = action.inflate_ml_s if side is action.side else 0.0
        others = tuple(t for i, t in enumerate(tamps) if t is not None and i != side)
        body, tamps[side], told = _one(case, replace(state, body=body), tamp, others, rate)
        events.extend(told)
    live = tuple(t for t in tamps if t is not None)
    body = _reduced(case, body, live, _propped(case, state))
    events.extend(_fragment_moved(state.body, body, action.inflate_ml_s))
    if body is not state.body:
        state = replace(state, body=body)
    if tamps[0] is not state.tamps[0] or tamps[1] is not state.tamps[1]:
        state = replace(state, tamps=(tamps[0], tamps[1]))
    return state, tuple(events)


def _one(
    case: Case, state: State, tamp: Tamp, others: tuple[Tamp, ...], rate: float
) -> tuple[Body, Tamp, tuple[Event, ...]]:
    """Inflate one tamp for one step, and let it fail if it must."""
    constants, hinge, body = case.physics["tamp"], case.patient.hinge, state.body
    events: list[Event] = []
    wrong = _wrong(case, tamp, rate)
    if wrong != tamp.misused:
        tamp = replace(tamp, misused=wrong)
        if wrong:
            events.append(TampMisused(tamp.side, wrong))
    new = inflation.inflate(case.tamp, constants, hinge, body, tamp, others, rate, _DT_S)
    if new.pressure_mpa > 0.0:
        found = bursting.touch(case.tamp, constants, hinge, body.bone, new)
        contact = bursting.at_wall_mm2(constants, hinge, found)
        if contact != new.touch_mm2:
            new = replace(new, touch_mm2=contact)
        new, burst = _burst(case, state.tick, new, found.hard_share)
        events.extend(burst)
        wall = "" if new.breached or new.ruptured else bursting.broken_wall(constants, found)
        if wall:
            body, new = bursting.breached(constants, body, new, found, wall)
            psi = new.pressure_mpa * PSI_PER_MPA
            said = Said("nurse", "The pressure has dropped all at once.", alarm=True)
            events += [TampBreached(new.side, wall, psi), said]
    body = bursting.spilled(constants, body, new, new.spilled_ml - tamp.spilled_ml)
    events.extend(_pressed(case, tamp, new))
    return body, new, tuple(events)


def _propped(case: Case, state: State) -> Prop:
    """Return what the cement in the body holds now."""
    cloud = state.cement.cloud
    if not cloud.voxel.size:
        return NO_PROP
    bone = state.body.bone
    now = aged(cloud, cementing.flow_field(case, bone), state.tick)
    return prop.of_cement(case.cement, case.physics["tamp"], case.patient.hinge, bone, now)


def _reduced(case: Case, body: Body, tamps: tuple[Tamp, ...], held: Prop) -> Body:
    """Move plates and wall."""
    return reduction.reduce(
        case.tamp, case.physics["tamp"], case.patient.hinge, case.patient.fracture_age_weeks,
        tamps, body, _DT_S, held,
    )  # fmt: skip


def _fragment_moved(before: Body, after: Body, rate_ml_s: float) -> tuple[Event, ...]:
    """Report each new half millimetre that the posterior wall has moved."""
    old, new = before.lift.wall_mm, after.lift.wall_mm
    if math.floor(new / _WALL_MARK_MM) == math.floor(old / _WALL_MARK_MM):
        return ()
    return (WallPushed(new, rate_ml_s > 0.0),)


def _wrong(case: Case, tamp: Tamp, rate: float) -> str:
    """Say what is wrong with inflating now, "" if nothing is; it is inflated all the same."""
    if rate <= 0.0:
        return ""
    loose = replace(tamp, in_cannula_mm=0.0) if tamp.in_cannula_mm <= _COVERED_MM else tamp
    reason = inflation.misuse(case.tamp, loose, rate)
    wall_y = case.patient.target.landmarks.posterior_wall_y_mm
    if not reason and tamp.tail_mm[1] > wall_y:
        reason = "inside the pedicle"
    return reason


def _burst(case: Case, tick: int, tamp: Tamp, hard_share: float) -> tuple[Tamp, tuple[Event, ...]]:
    constants = case.physics["tamp"]
    hazard = bursting.hazard_per_s(case.tamp, constants, tamp, hard_share)
    if hazard <= 0.0 or tamp.leak_mm3_s_mpa > 0.0:
        return tamp, ()
    draw = rng.stream(case.seed, f"rupture-{int(tamp.side)}", tick)
    if draw.random() >= 1.0 - math.exp(-hazard * _DT_S):
        return tamp, ()
    if draw.random() < constants["pinhole_share"]:
        return bursting.weeping(constants, tamp), (
            TampRuptured(tamp.side, tamp.volume_ml, pinhole=True),
        )
    said = Said("nurse", "The pressure is gone. The tamp has burst.", alarm=True)
    return bursting.ruptured(constants, tamp), (TampRuptured(tamp.side, tamp.volume_ml), said)


def _pressed(case: Case, before: Tamp, after: Tamp) -> tuple[Event, ...]:
    """Report each new mark of the manometer's peak."""
    old, new = before.peak_mpa * PSI_PER_MPA, after.peak_mpa * PSI_PER_MPA
    if math.floor(new / _MARK_PSI) == math.floor(old / _MARK_PSI):
        return ()
    over = new > case.tamp.max_pressure_psi
    return (TampPressed(before.side, new, after.volume_ml, over),)
