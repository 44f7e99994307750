"""An operator who looks and aims well and wants too much: of the balloon, and of the cement.

Treats whoever is on the table. The way in is the expert's, and so is the ear for patient and
monitor. The tamp is filled in one go past its volume; the cement is given
before it is dough, fast, and through any leak, until the syringes are empty.
"""

from __future__ import annotations

from simulator.engine.operators import expert, hands
from simulator.engine.operators.attention import attended
from simulator.engine.operators.hands import Move
from simulator.engine.sight import Observation
from simulator.frames import Side
from simulator.units import TICKS_PER_S
from simulator.world.action import Action, Do
from simulator.world.case import Procedure

_OVER_ML = 2.0
"""Beyond what the maker allows: one more millimetre of height."""
_RATE_ML_S = 0.4
_TRIES_S = 40.0
_THUMB_N = 90.0
_GIVEN_ML = 7.0
_TOO_LONG_S = 240.0


def treat(obs: Observation) -> Move:
    """Do the whole case, attentive to the patient."""
    return (yield from attended(obs, _treat(obs)))


def _treat(obs: Observation) -> Move:
    obs = yield from expert.prepare(obs, obs.sides[0])
    for side in obs.sides:
        obs = yield from expert.access(obs, side, expert.Manner())
        obs = yield from hands.do(obs, Do.STYLET_OUT, side)
        if obs.procedure is Procedure.KYPHOPLASTY:
            obs = yield from expert.exchange(obs, side, expert.Manner())
            obs = yield from _blow_up(obs, side)
    if obs.cement_age_s is None:
        obs = yield from hands.do(obs, Do.MIX, obs.sides[0])
    for side in obs.sides:
        obs = yield from _pour(obs, side)
    return (yield from expert.finish(obs))


def _blow_up(obs: Observation, side: Side) -> Move:
    """Turn until far beyond the volume, whatever the manometer says; then empty it."""
    goal = obs.tamp_spec.max_volume_ml + _OVER_ML
    obs = yield from _turn(obs, side, goal, _RATE_ML_S)
    obs = yield from hands.look_both(obs, side)
    obs = yield from _turn(obs, side, 0.0, -1.0)
    return (yield from hands.do(obs, Do.TAMP_OUT, side))


def _turn(obs: Observation, side: Side, goal_ml: float, rate_ml_s: float) -> Move:
    for _ in range(round(_TRIES_S * TICKS_PER_S)):
        tamp = obs.tamps[side]
        if tamp is None or (goal_ml - tamp.volume_ml) * rate_ml_s <= 0.0:
            break
        obs = yield Action(side=side, inflate_ml_s=rate_ml_s)
    return (yield Action(side=side))


def _pour(obs: Observation, side: Side) -> Move:
    """Press hard on runny cement, by scale alone, through whatever leak there is."""
    obs = yield from hands.load(obs, side)
    goal = obs.given_ml + _GIVEN_ML / len(obs.sides)
    end_s = obs.t_s + _TOO_LONG_S
    while not obs.over and obs.given_ml < goal and obs.t_s < end_s:
        if obs.filler_ml <= 0.0:
            if obs.batch_ml <= 0.0:
                break
            obs = yield from hands.load(obs, side)
        obs = yield Action(side=side, beam=True, press_n=_THUMB_N)
    return (yield from hands.unload(obs, side))
