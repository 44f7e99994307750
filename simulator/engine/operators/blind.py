"""An operator who never looks: goes as far as the plan says, slowly and braced, by the marks.

Waits for everything that a clock can tell, takes no picture at all and does not read the notes.
"""

from __future__ import annotations

from simulator.engine.operators import hands
from simulator.engine.operators.hands import Move
from simulator.engine.sight import Observation
from simulator.frames import Side
from simulator.units import TICKS_PER_S
from simulator.world.action import Action, Do
from simulator.world.case import Procedure

_BRACED_N = 110.0
_SEAT_MM = 18.0
"""The working cannula goes so far beyond the entry, by its marks."""
_TAMP_ML = 3.0
_FILL_ML_S, _EMPTY_ML_S = 0.1, 0.5
_THUMB_N = 60.0
_GIVEN_ML = 4.0
_TOO_LONG_S = 300.0
_ONSET_S = 125.0
_HOUR_S = 3600.0


def treat(obs: Observation) -> Move:
    """Do the whole case."""
    side = obs.sides[0]
    for act in (Do.POSITION, Do.ANTIBIOTIC, Do.TIME_OUT):
        obs = yield from hands.do(obs, act, side)
    for each in obs.sides:
        obs = yield from hands.do(obs, Do.LOCAL, each)
    obs = yield from hands.do(obs, Do.SEDATE, side)
    obs = yield from hands.wait(obs, _ONSET_S)
    for side in obs.sides:
        obs = yield from access(obs, side)
        if obs.procedure is Procedure.KYPHOPLASTY:
            obs = yield from _make_room(obs, side)
    obs = yield from hands.do(obs, Do.MIX, obs.sides[0])
    obs = yield from hands.wait(obs, obs.cement_spec.wait_s)
    for side in obs.sides:
        obs = yield from _give(obs, side)
    return (yield from _leave(obs))


def access(obs: Observation, side: Side) -> Move:
    """Go to the target by the marks on the shaft."""
    plan = obs.plans[side]
    obs = yield from hands.do(obs, Do.PLACE_NEEDLE, side)
    obs = yield from hands.aim(obs, side, plan.skin_mm, plan.direction)
    obs = yield from hands.push_until_bone(obs, side)
    while not obs.over and _left(obs, side, plan.length) > 0.1:
        before = _left(obs, side, plan.length)
        obs = yield from hands.push_to(obs, side, plan.length, _BRACED_N)
        if before - _left(obs, side, plan.length) < 0.05:
            break
    return (yield from hands.do(obs, Do.STYLET_OUT, side))


def _left(obs: Observation, side: Side, goal_mm: float) -> float:
    tool = obs.tools[side]
    return goal_mm - tool.depth_mm if tool is not None else 0.0


def _make_room(obs: Observation, side: Side) -> Move:
    """Exchange by the marks, and fill the tamp in one go."""
    plan = obs.plans[side]
    obs = yield from hands.do(obs, Do.SEAT_CANNULA, side)
    seat = hands.depth_of(plan.skin_mm, plan.direction, plan.entry_mm) + _SEAT_MM
    obs = yield from hands.push_to(obs, side, seat, _BRACED_N)
    obs = yield from hands.do(obs, Do.TAMP_IN, side)
    obs = yield from _turn(obs, side, min(_TAMP_ML, obs.tamp_spec.max_volume_ml), _FILL_ML_S)
    obs = yield from _turn(obs, side, 0.0, -_EMPTY_ML_S)
    return (yield from hands.do(obs, Do.TAMP_OUT, side))


def _turn(obs: Observation, side: Side, goal_ml: float, rate_ml_s: float) -> Move:
    """Turn the inflator until the scale shows `goal_ml`."""
    for _ in range(60 * TICKS_PER_S):
        tamp = obs.tamps[side]
        if tamp is None or (goal_ml - tamp.volume_ml) * rate_ml_s <= 0.0:
            break
        obs = yield Action(side=side, inflate_ml_s=rate_ml_s)
    return (yield Action(side=side))


def _give(obs: Observation, side: Side) -> Move:
    """Press until the scale shows what is wanted, whatever runs where."""
    obs = yield from hands.load(obs, side)
    goal_ml, end_s = obs.given_ml + _GIVEN_ML / len(obs.sides), obs.t_s + _TOO_LONG_S
    while not obs.over and obs.given_ml < goal_ml and obs.t_s < end_s:
        if obs.filler_ml <= 0.0:
            if obs.batch_ml <= 0.0:
                break
            obs = yield from hands.load(obs, side)
        obs = yield Action(side=side, press_n=_THUMB_N)
    return (yield from hands.unload(obs, side))


def _leave(obs: Observation) -> Move:
    """Wait until the cement is hard, take everything out, and care."""
    side = obs.sides[0]
    if obs.cement_age_s is not None:
        obs = yield from hands.wait(obs, obs.cement_spec.set_s + 5.0 - obs.cement_age_s)
    for each in obs.sides:
        obs = yield from hands.do(obs, Do.CANNULA_OUT, each)
    obs = yield from hands.do(obs, Do.DRESS, side)
    obs = yield from hands.wait(obs, _HOUR_S)
    obs = yield from hands.do(obs, Do.NEURO_CHECK, side)
    obs = yield from hands.do(obs, Do.ORDERS, side)
    return (yield from hands.leave(obs, side))
