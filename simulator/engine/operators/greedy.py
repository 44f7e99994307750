"""An operator who looks and aims well and wants too much: of the balloon, and of the cement.

Treats whoever is on the table. The way in is the expert's, and so is the ear for patient and
monitor. The tamp is filled in one go past its volume; the cement is given
before it is dough, fast, and through any leak, until the syringes are empty.
"""

from __future__ import annotations

from simulator.engine.operators import by_scale, expert, eyes, hands, levels
from simulator.engine.operators.attention import attended
from simulator.engine.operators.hands import Move
from simulator.engine.sight import Observation
from simulator.frames import Side
from simulator.world.action import Do
from simulator.world.case import Procedure

_OVER_ML = 2.0
"""Beyond what the maker allows: one more millimetre of height."""
_FILL_ML_S, _EMPTY_ML_S = 0.4, 1.0
_TRIES_S = 40.0
_THUMB_N = 90.0
_GIVEN_ML = 7.0
_TOO_LONG_S = 240.0


def treat(obs: Observation) -> Move:
    """Do the whole case, attentive to the patient."""
    return (yield from attended(obs, _treat(obs)))


def _treat(obs: Observation) -> Move:
    obs = yield from expert.prepare(obs, obs.sides[0])
    obs = yield from levels.each(obs, _reach, expert.meet)
    if obs.cement_age_s is None:
        obs = yield from hands.do(obs, Do.MIX, obs.sides[0])
    obs = yield from levels.each(obs, _pour, eyes.centre)
    obs = yield from levels.each(obs, expert.take_out, eyes.centre)
    return (yield from expert.leave(obs))


def _reach(obs: Observation) -> Move:
    """Bring the tools into the level in work as the expert does; the tamps blown up at once."""
    for side in obs.sides:
        obs = yield from expert.access(obs, side, expert.Manner())
        obs = yield from hands.do(obs, Do.STYLET_OUT, side)
        if obs.procedure is Procedure.KYPHOPLASTY:
            obs = yield from expert.exchange(obs, side, expert.Manner())
            obs = yield from _blow_up(obs, side)
    return obs


def _blow_up(obs: Observation, side: Side) -> Move:
    """Turn until far beyond the volume, whatever the manometer says; then empty it."""
    goal = obs.tamp_spec.max_volume_ml + _OVER_ML
    obs = yield from hands.turn_inflator(obs, side, goal, _FILL_ML_S, seconds=_TRIES_S)
    obs = yield from eyes.look_both(obs, side)
    return (yield from by_scale.tamp_out(obs, side, _EMPTY_ML_S, seconds=_TRIES_S))


def _pour(obs: Observation) -> Move:
    """Press hard on runny cement, by scale alone, through whatever leak there is."""
    ml = _GIVEN_ML / len(obs.sides)
    for side in obs.sides:
        obs = yield from hands.load(obs, side)
        obs = yield from by_scale.press(obs, side, ml, _THUMB_N, seconds=_TOO_LONG_S, beam=True)
    return obs
