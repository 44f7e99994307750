"""Tamp and cement as a careful surgeon handles them: small steps, live pictures, first endpoint."""

from __future__ import annotations

from simulator.engine.operators import hands
from simulator.engine.operators.hands import Move
from simulator.engine.sight import Observation
from simulator.frames import Side
from simulator.units import TICKS_PER_S
from simulator.world.action import Action, Do
from simulator.world.case import Procedure

_STEP_ML = 0.25
_RATE_ML_S = 0.08
_PAUSE_S = 5.0
_CAUTION_PSI = 280.0
_STOP_SHORT_ML = 0.05
_STALLED_MM = 0.08
_STALLED_STEPS = 4
_LIFT_WORTH_MM = 1.0

_RATE_LOW_UL_S, _RATE_HIGH_UL_S = 25.0, 50.0
_THUMB_START_N, _THUMB_MOST_N, _THUMB_LEAST_N = 0.5, 120.0, 0.1
_LOOK_TICKS = 20
"""How often the eye goes to the syringe's scale."""
_BACK_QUARTER_MM = 8.0
_LEAK_PAUSE_S = 60.0
_LEAKS_TO_STOP = 2
_AFTER_LEAK_ML = 1.0
"""What may still follow when a minute's wait has closed the way out."""
_BEYOND_POCKET_ML = 1.2
_VERTEBROPLASTY_ML = 4.0
_DOUGH_MARGIN_S = 10.0
_DOUGH_SHARE = 0.3
"""Without a pocket the cement is left to stiffen for this share of its working time."""


def inflate(obs: Observation, side: Side) -> Move:
    """Fill the tamp in imaged steps until the first endpoint; mix while it holds."""
    obs = yield from hands.lateral_view(obs, side)
    obs = yield from hands.look(obs, side)
    most = obs.tamp_spec.max_volume_ml - _STOP_SHORT_ML
    last_rise, stalled = 0.0, 0
    while not obs.over:
        tamp = obs.tamps[side]
        if tamp is None or tamp.volume_ml > most - 0.5 * _STEP_ML:
            break
        goal = min(tamp.volume_ml + _STEP_ML, most)
        obs = yield from _step(obs, side, goal)
        obs = yield from hands.look(obs, side)
        obs = yield from hands.rest(obs, _PAUSE_S, side)
        tamp, seen = obs.tamps[side], obs.lateral
        if tamp is None or tamp.pressure_psi > _CAUTION_PSI:
            break
        rise = seen.plate_rise_mm if seen is not None and seen.plate_rise_mm is not None else 0.0
        stalled = stalled + 1 if rise > _LIFT_WORTH_MM and rise - last_rise < _STALLED_MM else 0
        last_rise = rise
        if stalled >= _STALLED_STEPS:
            break
    obs = yield from hands.look_both(obs, side)
    if obs.cement_age_s is None:
        obs = yield from hands.do(obs, Do.MIX, side)
    return obs


def _step(obs: Observation, side: Side, goal_ml: float) -> Move:
    """Turn the inflator until the syringe shows `goal_ml`, or the manometer says stop."""
    for _ in range(20 * TICKS_PER_S):
        tamp = obs.tamps[side]
        if (
            tamp is None
            or tamp.volume_ml >= goal_ml - 1e-3
            or tamp.pressure_psi > _CAUTION_PSI + 20
        ):
            break
        obs = yield Action(side=side, inflate_ml_s=_RATE_ML_S)
    return (yield Action(side=side))


def empty_tamp(obs: Observation, side: Side) -> Move:
    """Hold the height until the cement is dough, then deflate and take the tamp out."""
    if obs.cement_age_s is None:
        obs = yield from hands.do(obs, Do.MIX, side)
    obs = yield from _until_dough(obs)
    for _ in range(30 * TICKS_PER_S):
        tamp = obs.tamps[side]
        if tamp is None or tamp.volume_ml <= 0.0:
            break
        obs = yield Action(side=side, inflate_ml_s=-0.5)
    return (yield from hands.do(obs, Do.TAMP_OUT, side))


def _until_dough(obs: Observation) -> Move:
    while not obs.over and obs.cement_age_s is not None:
        spec = obs.cement_spec
        start = spec.wait_s + _DOUGH_MARGIN_S
        if obs.procedure is Procedure.VERTEBROPLASTY:
            start = spec.wait_s + _DOUGH_SHARE * (spec.work_until_s - spec.wait_s)
        left = start - obs.cement_age_s
        if left <= 0.0:
            break
        obs = yield from hands.wait(obs, left)
    return obs


def fill(obs: Observation, side: Side) -> Move:
    """Give cement under a live lateral until the back quarter, a second leak, or enough."""
    if obs.cement_age_s is None:
        obs = yield from hands.do(obs, Do.MIX, side)
    obs = yield from _until_dough(obs)
    obs = yield from hands.do(obs, Do.LOAD, side)
    obs = yield from hands.lateral_view(obs, side)
    obs = yield Action(side=side, pulses_per_s=15.0)
    enough = obs.given_ml + _wanted_ml(obs, side)
    force, leaks = _THUMB_START_N, 0
    mark_ml, mark_tick = obs.given_ml, obs.tick
    while not obs.over and obs.given_ml < enough and leaks < _LEAKS_TO_STOP:
        if obs.filler_ml <= 0.0:
            if obs.batch_ml <= 0.0:
                break
            obs = yield from hands.do(obs, Do.LOAD, side)
            mark_ml, mark_tick = obs.given_ml, obs.tick
        seen = obs.lateral
        if seen is not None and _at_the_back(seen.cement_to_wall_mm):
            break
        if seen is not None and seen.leak and leaks == 0:
            leaks += 1
            obs = yield from _let_it_stiffen(obs, side)
            force = _THUMB_START_N
            base_leak_tick = obs.tick
            mark_ml, mark_tick = obs.given_ml, base_leak_tick
            enough = min(enough, obs.given_ml + _AFTER_LEAK_ML)
            continue
        if obs.cement_age_s is not None and obs.cement_age_s > obs.cement_spec.work_until_s:
            break
        if obs.tick - mark_tick >= _LOOK_TICKS:
            rate = (obs.given_ml - mark_ml) * 1000.0 * TICKS_PER_S / (obs.tick - mark_tick)
            mark_ml, mark_tick = obs.given_ml, obs.tick
            force = _eased(force, rate)
        obs = yield Action(side=side, beam=True, press_n=force)
    obs = yield from hands.unload(obs, side)
    return (yield from hands.look_both(obs, side))


def _eased(force_n: float, rate_ul_s: float) -> float:
    """Return the thumb force that follows the syringe's scale."""
    if rate_ul_s < _RATE_LOW_UL_S:
        return min(force_n * 1.2, _THUMB_MOST_N)
    if rate_ul_s > _RATE_HIGH_UL_S:
        return max(force_n * 0.75, _THUMB_LEAST_N)
    return force_n


def _wanted_ml(obs: Observation, side: Side) -> float:
    pocket_ml = obs.pocket_ml / len(obs.sides)
    if obs.procedure is Procedure.KYPHOPLASTY and pocket_ml > 0.0:
        return pocket_ml + _BEYOND_POCKET_ML / len(obs.sides)
    return _VERTEBROPLASTY_ML / len(obs.sides)


def _at_the_back(to_wall_mm: float | None) -> bool:
    return to_wall_mm is not None and to_wall_mm < _BACK_QUARTER_MM


def _let_it_stiffen(obs: Observation, side: Side) -> Move:
    """Unload, look in both planes, and give the cement a minute."""
    obs = yield from hands.unload(obs, side)
    obs = yield from hands.look_both(obs, side)
    return (yield from hands.wait(obs, _LEAK_PAUSE_S))
