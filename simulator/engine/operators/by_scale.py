"""Tamp and cement by scales and marks alone, for hands that heed no picture while they work."""

from __future__ import annotations

from simulator.engine.operators import hands
from simulator.engine.operators.hands import Move
from simulator.engine.sight import Observation
from simulator.frames import Side
from simulator.world.action import Action, Do

_SEAT_MM = 18.0
"""The working cannula goes so far beyond the entry, by its marks."""


def exchange(obs: Observation, side: Side, ceiling_n: float) -> Move:
    """Seat the working cannula by the marks on it, then slide the tamp in."""
    plan = obs.plans[side]
    obs = yield from hands.do(obs, Do.SEAT_CANNULA, side)
    seat = hands.depth_of(plan.skin_mm, plan.direction, plan.entry_mm) + _SEAT_MM
    obs = yield from hands.push_to(obs, side, seat, ceiling_n)
    return (yield from hands.do(obs, Do.TAMP_IN, side))


def tamp_out(obs: Observation, side: Side, rate_ml_s: float, *, seconds: float) -> Move:
    """Empty the tamp, and take it out."""
    obs = yield from hands.turn_inflator(obs, side, 0.0, -rate_ml_s, seconds=seconds)
    return (yield from hands.do(obs, Do.TAMP_OUT, side))


def press(
    obs: Observation,
    side: Side,
    ml: float,
    force_n: float,
    *,
    seconds: float,
    beam: bool = False,
    heeds_leaks: bool = False,
) -> Move:
    """Press until the scale shows `ml` more; load anew as long as there is cement; then unload.

    Args:
        obs: with the first filler in hand.
        side: through whose bore.
        ml: wanted.
        force_n: of the thumb, always the same.
        seconds: whoever has pressed so long gives up.
        beam: with a foot on the pedal.
        heeds_leaks: stops at a leak that the last lateral shows.
    """
    goal_ml, end_s = obs.given_ml + ml, obs.t_s + seconds
    while not obs.over and obs.given_ml < goal_ml and obs.t_s < end_s:
        if obs.filler_ml <= 0.0:
            if obs.batch_ml <= 0.0:
                break
            obs = yield from hands.load(obs, side)
        if heeds_leaks and obs.lateral is not None and obs.lateral.leak:
            break
        obs = yield Action(side=side, beam=beam, press_n=force_n)
    return (yield from hands.unload(obs, side))
