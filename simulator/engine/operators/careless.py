"""Operators that err as people do: one in a hurry, and one who never looks.

Both know the plan. The hurried one takes a picture where a phase begins, pushes with the free
hand or the mallet and stops by the marks on the shaft, a moment late. The blind one goes as far
as the plan says, slowly and braced, and takes no picture at all. Neither reads
the notes.
"""

from __future__ import annotations

from dataclasses import dataclass

from simulator.engine.operators import hands
from simulator.engine.operators.hands import Move
from simulator.engine.sight import Observation
from simulator.frames import Side
from simulator.units import TICKS_PER_S
from simulator.world.action import Action, Do
from simulator.world.case import Procedure

_PUSH_N = 130.0
_BRACED_N = 110.0
_REACTION_S = 0.6
"""From the mark's passing to the hand's stopping, for one who talks meanwhile."""
_TAPS = 6
_SEAT_MM = 18.0
"""The working cannula goes so far beyond the entry, by its marks."""
_TAMP_ML = 3.0
_TAMP_ML_S = 0.5
_THUMB_N = 60.0
_GIVEN_ML = 4.0
_TOO_LONG_S = 300.0


@dataclass(frozen=True, slots=True)
class Style:
    """What is left out."""

    looks: bool
    """Takes a few pictures."""
    rushes: bool
    """Free hand and mallet; no waiting for anything."""


HURRIED = Style(looks=True, rushes=True)
BLIND = Style(looks=False, rushes=False)


def treat(obs: Observation, style: Style) -> Move:
    """Do the whole case."""
    side = obs.sides[0]
    obs = yield Action(side=side, pulses_per_s=7.5)
    obs = yield from _glance(obs, side, style)
    for act in (Do.TIME_OUT,) if style.rushes else (Do.POSITION, Do.ANTIBIOTIC, Do.TIME_OUT):
        obs = yield from hands.do(obs, act, side)
    for each in obs.sides:
        obs = yield from hands.do(obs, Do.LOCAL, each)
    obs = yield from hands.do(obs, Do.SEDATE, side)
    if not style.rushes:
        obs = yield from hands.wait(obs, 125.0)
    for side in obs.sides:
        obs = yield from access(obs, side, style)
        if obs.procedure is Procedure.KYPHOPLASTY:
            obs = yield from _make_room(obs, side, style)
    obs = yield from hands.do(obs, Do.MIX, obs.sides[0])
    if not style.rushes:
        obs = yield from hands.wait(obs, obs.cement_spec.wait_s)
    for side in obs.sides:
        obs = yield from _give(obs, side, style)
    return (yield from _leave(obs, style))


def _glance(obs: Observation, side: Side, style: Style) -> Move:
    """Take one picture from where the arm happens to stand."""
    if not style.looks:
        return obs
    return (yield from hands.look(obs, side))


def access(obs: Observation, side: Side, style: Style) -> Move:
    """Go to the target by the marks on the shaft."""
    plan = obs.plans[side]
    obs = yield from hands.do(obs, Do.PLACE_NEEDLE, side)
    obs = yield from hands.aim(obs, side, plan.skin_mm, plan.direction)
    obs = yield from _glance(obs, side, style)
    goal = plan.length
    if not style.rushes:
        obs = yield from hands.push_until_bone(obs, side)
        while not obs.over and _left(obs, side, goal) > 0.1:
            before = _left(obs, side, goal)
            obs = yield from hands.push_to(obs, side, goal, _BRACED_N)
            if before - _left(obs, side, goal) < 0.05:
                break
        return (yield from hands.do(obs, Do.STYLET_OUT, side))
    obs = yield from _shove(obs, side, goal)
    obs = yield from _glance(obs, side, style)
    return (yield from hands.do(obs, Do.STYLET_OUT, side))


def _left(obs: Observation, side: Side, goal_mm: float) -> float:
    tool = obs.tools[side]
    return goal_mm - tool.depth_mm if tool is not None else 0.0


def _shove(obs: Observation, side: Side, goal_mm: float) -> Move:
    """Push with all that the free hand has; where that does not move it, use the mallet."""
    late = 0
    for _ in range(round(60.0 * TICKS_PER_S)):
        late = late + 1 if _left(obs, side, goal_mm) <= 0.0 else 0
        if obs.over or obs.tools[side] is None or late > _REACTION_S * TICKS_PER_S:
            break
        tool = obs.tools[side]
        stuck = tool is not None and tool.speed_mm_s < 0.5 and tool.force_n >= _PUSH_N
        obs = yield Action(side=side, tap=2) if stuck else Action(side=side, push_n=_PUSH_N)
    return (yield Action(side=side))


def _make_room(obs: Observation, side: Side, style: Style) -> Move:
    """Exchange by the marks, and fill the tamp in one go."""
    plan = obs.plans[side]
    obs = yield from hands.do(obs, Do.SEAT_CANNULA, side)
    seat = hands.depth_of(plan.skin_mm, plan.direction, plan.entry_mm) + _SEAT_MM
    obs = yield from hands.push_to(obs, side, seat, _BRACED_N)
    obs = yield from hands.do(obs, Do.TAMP_IN, side)
    obs = yield from _glance(obs, side, style)
    rate = _TAMP_ML_S if style.rushes else 0.1
    obs = yield from _turn(obs, side, min(_TAMP_ML, obs.tamp_spec.max_volume_ml), rate)
    obs = yield from _glance(obs, side, style)
    obs = yield from _turn(obs, side, 0.0, -_TAMP_ML_S)
    return (yield from hands.do(obs, Do.TAMP_OUT, side))


def _turn(obs: Observation, side: Side, goal_ml: float, rate_ml_s: float) -> Move:
    """Turn the inflator until the scale shows `goal_ml`."""
    for _ in range(60 * TICKS_PER_S):
        tamp = obs.tamps[side]
        if tamp is None or (goal_ml - tamp.volume_ml) * rate_ml_s <= 0.0:
            break
        obs = yield Action(side=side, inflate_ml_s=rate_ml_s)
    return (yield Action(side=side))


def _give(obs: Observation, side: Side, style: Style) -> Move:
    """Press until the scale shows what is wanted, whatever runs where."""
    obs = yield from hands.load(obs, side)
    goal_ml, end_s = obs.given_ml + _GIVEN_ML / len(obs.sides), obs.t_s + _TOO_LONG_S
    while not obs.over and obs.given_ml < goal_ml and obs.t_s < end_s:
        if obs.filler_ml <= 0.0:
            if obs.batch_ml <= 0.0:
                break
            obs = yield from hands.load(obs, side)
        obs = yield Action(side=side, press_n=_THUMB_N)
    obs = yield from hands.unload(obs, side)
    return (yield from _glance(obs, side, style))


def _leave(obs: Observation, style: Style) -> Move:
    """Take everything out; the one in a hurry waits for nothing."""
    side = obs.sides[0]
    if obs.cement_age_s is not None and not style.rushes:
        obs = yield from hands.wait(obs, obs.cement_spec.set_s + 5.0 - obs.cement_age_s)
    for each in obs.sides:
        obs = yield from hands.do(obs, Do.CANNULA_OUT, each)
    obs = yield from hands.do(obs, Do.DRESS, side)
    if not style.rushes:
        obs = yield from hands.wait(obs, 3600.0)
    obs = yield from hands.do(obs, Do.NEURO_CHECK, side)
    if not style.rushes:
        obs = yield from hands.do(obs, Do.ORDERS, side)
    return (yield from hands.leave(obs, side))
