"""An operator who never looks: goes as far as the plan says, slowly and braced, by the marks.

Waits for everything that a clock can tell, takes no picture at all and does not read the notes.
"""

from __future__ import annotations

from simulator.engine.operators import by_scale, hands, levels
from simulator.engine.operators.hands import Move
from simulator.engine.sight import Observation
from simulator.frames import Side
from simulator.world.action import Do
from simulator.world.case import Procedure

_BRACED_N = 110.0
_TAMP_ML = 3.0
_FILL_ML_S, _EMPTY_ML_S = 0.1, 0.5
_TRIES_S = 60.0
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
    obs = yield from hands.do_sides(obs, Do.LOCAL)
    obs = yield from hands.do(obs, Do.SEDATE, side)
    obs = yield from hands.wait(obs, _ONSET_S)
    obs = yield from levels.each(obs, _reach, _numb)
    obs = yield from hands.do(obs, Do.MIX, obs.sides[0])
    obs = yield from hands.wait(obs, obs.cement_spec.wait_s)
    obs = yield from levels.each(obs, _give)
    obs = yield from levels.each(obs, _take_out)
    return (yield from _leave(obs))


def _numb(obs: Observation) -> Move:
    """Numb a level that was just turned to, and give that its time."""
    obs = yield from hands.do_sides(obs, Do.LOCAL)
    return (yield from hands.wait(obs, _ONSET_S))


def _reach(obs: Observation) -> Move:
    """Bring the tools into the level in work, and fill the tamps at once."""
    for side in obs.sides:
        obs = yield from access(obs, side)
        if obs.procedure is Procedure.KYPHOPLASTY:
            obs = yield from _make_room(obs, side)
    return obs


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
    obs = yield from by_scale.exchange(obs, side, _BRACED_N)
    goal = min(_TAMP_ML, obs.tamp_spec.max_volume_ml)
    obs = yield from hands.turn_inflator(obs, side, goal, _FILL_ML_S, seconds=_TRIES_S)
    return (yield from by_scale.tamp_out(obs, side, _EMPTY_ML_S, seconds=_TRIES_S))


def _give(obs: Observation) -> Move:
    """Press until the scale shows what is wanted, whatever runs where."""
    ml = _GIVEN_ML / len(obs.sides)
    for side in obs.sides:
        obs = yield from hands.load(obs, side)
        obs = yield from by_scale.press(obs, side, ml, _THUMB_N, seconds=_TOO_LONG_S)
    return obs


def _take_out(obs: Observation) -> Move:
    """Wait until the cement is hard, and take everything out."""
    obs = yield from hands.until_aged(obs, obs.cement_spec.set_s + 5.0)
    return (yield from hands.do_sides(obs, Do.CANNULA_OUT))


def _leave(obs: Observation) -> Move:
    """Dress, and care."""
    side = obs.sides[0]
    obs = yield from hands.do(obs, Do.DRESS, side)
    obs = yield from hands.wait(obs, _HOUR_S)
    obs = yield from hands.do(obs, Do.NEURO_CHECK, side)
    obs = yield from hands.do(obs, Do.ORDERS, side)
    return (yield from hands.leave(obs, side))
