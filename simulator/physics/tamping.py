"""The hands at the inflators, 15 times a second: balloons, endplate, misuse and bursting."""

from __future__ import annotations

import math
from dataclasses import replace

from simulator import rng
from simulator.frames import Side
from simulator.physics import inflation, reduction
from simulator.units import PSI_PER_MPA, TICKS_PER_S
from simulator.world.action import Action
from simulator.world.case import Case
from simulator.world.events import Event, Said, TampMisused, TampPressed, TampRuptured
from simulator.world.state import State
from simulator.world.tamp import Body, Tamp

PERIOD_TICKS = 4
_DT_S = PERIOD_TICKS / TICKS_PER_S
_MARK_PSI = 50.0
_RECOIL_STEPS = 600
_COVERED_MM = 0.5
"""Less of the balloon than this inside the cannula is within the markers' own length."""


def lively(state: State) -> bool:
    """True while a balloon is under pressure, so that waiting must go in small steps."""
    return any(t is not None and t.pressure_mpa > 0.0 for t in state.tamps)


def at_rest(case: Case, body: Body) -> Body:
    """Return the body after its endplate has sunk back as far as it will without a balloon."""
    for _ in range(_RECOIL_STEPS):
        sunk = reduction.reduce(
            case.physics["tamp"], case.patient.hinge, case.patient.fracture_age_weeks, (), body,
            _DT_S,
        )  # fmt: skip
        if sunk is body:
            break
        body = sunk
    return body


def work(case: Case, state: State, action: Action) -> tuple[State, tuple[Event, ...]]:
    """Turn the active side's inflator, let the others hold, and let the endplate follow."""
    if state.tamps == (None, None):
        return state, ()
    constants, hinge = case.physics["tamp"], case.patient.hinge
    tamps: list[Tamp | None] = list(state.tamps)
    events: list[Event] = []
    for side in Side:
        tamp = tamps[side]
        if tamp is None:
            continue
        rate = action.inflate_ml_s if side is action.side else 0.0
        wrong = _wrong(case, tamp, rate)
        if wrong and wrong != tamp.misused:
            events.append(TampMisused(side, wrong))
        if wrong != tamp.misused:
            tamp = replace(tamp, misused=wrong)
        others = tuple(t for i, t in enumerate(tamps) if t is not None and i != side)
        new = inflation.inflate(case.tamp, constants, hinge, state.body, tamp, others, rate, _DT_S)
        new, burst = _burst(case, state, tamp, new)
        events.extend(burst)
        events.extend(_pressed(case, tamp, new, side))
        tamps[side] = new
    live = tuple(t for t in tamps if t is not None)
    body = reduction.reduce(
        constants, hinge, case.patient.fracture_age_weeks, live, state.body, _DT_S
    )
    if body is not state.body:
        state = replace(state, body=body)
    if tamps[0] is not state.tamps[0] or tamps[1] is not state.tamps[1]:
        state = replace(state, tamps=(tamps[0], tamps[1]))
    return state, tuple(events)


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


def _burst(case: Case, state: State, before: Tamp, tamp: Tamp) -> tuple[Tamp, tuple[Event, ...]]:
    hazard = inflation.rupture_hazard_per_s(case.tamp, case.physics["tamp"], state.body.bone, tamp)
    if hazard <= 0.0:
        return tamp, ()
    draw = rng.stream(case.seed, f"rupture-{int(before.side)}", state.tick).random()
    if draw >= 1.0 - math.exp(-hazard * _DT_S):
        return tamp, ()
    said = Said("nurse", "The pressure is gone. The tamp has burst.", alarm=True)
    return inflation.ruptured(tamp), (TampRuptured(before.side, tamp.volume_ml), said)


def _pressed(case: Case, before: Tamp, after: Tamp, side: Side) -> tuple[Event, ...]:
    """Report each new mark of the manometer's peak."""
    old, new = before.peak_mpa * PSI_PER_MPA, after.peak_mpa * PSI_PER_MPA
    if math.floor(new / _MARK_PSI) == math.floor(old / _MARK_PSI):
        return ()
    over = new > case.tamp.max_pressure_psi
    return (TampPressed(side, new, after.volume_ml, over),)
