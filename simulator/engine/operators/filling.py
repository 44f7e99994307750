"""Tamp and cement as a careful surgeon handles them: small steps, live pictures, first endpoint."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from simulator.engine.operators import eyes, hands
from simulator.engine.operators.hands import Move
from simulator.engine.sight import Observation, TampSeen
from simulator.frames import Side
from simulator.units import MM3_PER_ML, TICKS_PER_S
from simulator.world.action import Action, Do
from simulator.world.case import Procedure

_STEP_ML = 0.25
_RATE_ML_S = 0.08
_NEARLY_ML, _STEP_S = 1e-3, 20.0
_PAUSE_S = 5.0
_CAUTION_PSI = 280.0
_STOP_SHORT_ML = 0.05
_STALLED_MM = 0.08
_STALLED_STEPS = 3
_LIFT_WORTH_MM = 1.0
_SECURE_PSI = 45.0
"""The first step only sets the balloon in its bed."""
_WALL_MM = 1.0
_REDUCED_MM = 0.2
_AP_EVERY = 4
_GONE_SHARE, _GONE_FROM_PSI = 0.3, 60.0

_RATE_LOW_UL_S, _RATE_HIGH_UL_S = 25.0, 50.0
_THUMB_START_N, _THUMB_MOST_N, _THUMB_LEAST_N = 0.5, 120.0, 0.1
_LOOK_TICKS = 20
"""How often the eye goes to the syringe's scale."""
_BACK_QUARTER_MM = 8.0
_LEAK_PAUSE_S = 60.0
_STREAK_ML, _NO_FURTHER_MM = 1.0, 1.0
"""Far back after so little, cement has run in a vein; after a wait it may come no nearer."""
_AFTER_LEAK_ML = 1.0
"""What may still follow when a minute's wait has closed the way out."""
_BEYOND_POCKET_ML = 1.2
_VERTEBROPLASTY_ML = 4.0
_DOUGH_MARGIN_S = 10.0
_FILLING_TAKES_S = 120.0
_DOUGH_SHARE = 0.3
"""Without a pocket the cement is left to stiffen for this share of its working time."""


def inflate(obs: Observation, sides: Sequence[Side]) -> Move:
    """Fill the tamps in imaged steps, side by side, each until its first endpoint; then mix."""
    obs = yield from eyes.lateral_view(obs, sides[0])
    obs = yield from eyes.look(obs, sides[0])
    going = {side: _Watch() for side in sides}
    while going and not obs.over:
        for side in list(going):
            obs = yield from _step(obs, side, _SECURE_PSI if going[side].first else _CAUTION_PSI)
            obs = yield from eyes.look(obs, side)
            obs = yield from hands.rest(obs, _PAUSE_S, side)
            if _stop(obs, side, going[side]):
                del going[side]
        if obs.lateral is not None and (obs.lateral.wall_moved_mm or 0.0) >= _WALL_MM:
            break
        obs = yield from _glance_ap(obs, sides[0], going)
    obs = yield from eyes.look_both(obs, sides[0])
    if _wants_batch(obs):
        obs = yield from _batch(obs, sides[0])
    return obs


@dataclass(slots=True)
class _Watch:
    """What the operator remembers of one side while it is filled."""

    first: bool = True
    step_psi: float = 0.0
    rise_mm: float = 0.0
    stalled: int = 0
    steps: int = 0


def _glance_ap(obs: Observation, side: Side, going: Mapping[Side, _Watch]) -> Move:
    """Look from the front every few steps: side walls are seen there."""
    if not going or min(watch.steps for watch in going.values()) % _AP_EVERY:
        return obs
    obs = yield from eyes.look_both(obs, side, last="lateral")
    return obs


def _stop(obs: Observation, side: Side, watch: _Watch) -> bool:
    """True at the first endpoint; the depressed endplate's touch is none."""
    tamp, seen = obs.tamps[side], obs.lateral
    watch.first, watch.steps = False, watch.steps + 1
    if (
        tamp is None
        or tamp.volume_ml > obs.tamp_spec.max_volume_ml - _STOP_SHORT_ML - 0.5 * _STEP_ML
    ):
        return True
    if tamp.pressure_psi > _CAUTION_PSI or (tamp.peak_psi > 0.0 and _gone(tamp, watch)):
        return True
    if any(p is not None and p.tamp_at_wall[side] for p in (obs.ap, seen)):
        return True
    if seen is None or seen.plate_rise_mm is None:
        return False
    rise = seen.plate_rise_mm
    flat = rise > _LIFT_WORTH_MM and rise - watch.rise_mm < _STALLED_MM
    watch.stalled = watch.stalled + 1 if flat else 0
    watch.rise_mm = rise
    return watch.stalled >= _STALLED_STEPS or (seen.plate_left_mm or 0.0) < _REDUCED_MM


def _gone(tamp: TampSeen, watch: _Watch) -> bool:
    """True if the manometer has fallen as no bone lets it: a tamp that leaks or broke through."""
    before, watch.step_psi = watch.step_psi, tamp.pressure_psi
    return tamp.pressure_psi < _GONE_SHARE * before and before > _GONE_FROM_PSI


def _step(obs: Observation, side: Side, most_psi: float) -> Move:
    """Turn the inflator by a step, or until the manometer says stop."""
    tamp = obs.tamps[side]
    most_ml = obs.tamp_spec.max_volume_ml - _STOP_SHORT_ML
    goal_ml = min((tamp.volume_ml if tamp is not None else 0.0) + _STEP_ML, most_ml)
    move = hands.turn_inflator(
        obs, side, goal_ml - _NEARLY_ML, _RATE_ML_S, seconds=_STEP_S, most_psi=most_psi
    )
    return (yield from move)


def empty_tamp(obs: Observation, side: Side) -> Move:
    """Hold the height until the cement is dough, then deflate and take the tamp out."""
    if _wants_batch(obs):
        obs = yield from _batch(obs, side)
    obs = yield from _until_dough(obs)
    for _ in range(30 * TICKS_PER_S):
        tamp = obs.tamps[side]
        if tamp is None or tamp.volume_ml <= 0.0:
            break
        obs = yield Action(side=side, inflate_ml_s=-0.5)
    return (yield from hands.do(obs, Do.TAMP_OUT, side))


def _wants_batch(obs: Observation) -> bool:
    """True before the first batch, and where an earlier level left too little time of the last."""
    age_s = obs.cement_age_s
    last_start_s = obs.cement_spec.work_until_s - _FILLING_TAKES_S
    return age_s is None or (len(obs.levels) > 1 and age_s > last_start_s)


def _batch(obs: Observation, side: Side) -> Move:
    """Ask for a batch; the nurse opens another once the last is past its working time."""
    obs = yield from hands.until_aged(obs, obs.cement_spec.work_until_s + 1.0)
    return (yield from hands.do(obs, Do.MIX, side))


def _until_dough(obs: Observation) -> Move:
    spec = obs.cement_spec
    start = spec.wait_s + _DOUGH_MARGIN_S
    if obs.procedure is Procedure.VERTEBROPLASTY:
        start = spec.wait_s + _DOUGH_SHARE * (spec.work_until_s - spec.wait_s)
    return (yield from hands.until_aged(obs, start))


def fill(obs: Observation, side: Side) -> Move:
    """Give cement under a live lateral until the back quarter, or enough; after a leak, little."""
    if _wants_batch(obs):
        obs = yield from _batch(obs, side)
    obs = yield from _until_dough(obs)
    obs = yield from hands.load(obs, side)
    obs = yield from eyes.lateral_view(obs, side)
    obs = yield Action(side=side, pulses_per_s=15.0)
    start_ml, back_mm = obs.given_ml, _BACK_QUARTER_MM
    enough = start_ml + _wanted_ml(obs, side)
    force, leaked, mark = _THUMB_START_N, False, (obs.given_ml, obs.tick)
    while not obs.over and obs.given_ml < enough and not _too_late(obs):
        if obs.filler_ml <= 0.0:
            if obs.batch_ml <= 0.0:
                break
            obs = yield from eyes.look_both(obs, side)  # what runs to the side, only an AP shows
            obs = yield from hands.load(obs, side)
            mark = (obs.given_ml, obs.tick)
        to_wall_mm = obs.lateral.cement_to_wall_mm if obs.lateral is not None else None
        far_back = to_wall_mm is not None and to_wall_mm < back_mm
        if far_back and (obs.given_ml - start_ml > _STREAK_ML or back_mm < _BACK_QUARTER_MM):
            break
        if far_back or (_leak_shown(obs) and not leaked):
            if to_wall_mm is not None and far_back:
                # so little has run back in a vein: let it seal that, then fill what is in front
                back_mm = to_wall_mm - _NO_FURTHER_MM
            else:
                leaked, enough = True, min(enough, obs.given_ml + _AFTER_LEAK_ML)
            obs = yield from _let_it_stiffen(obs, side)
            force, mark = _THUMB_START_N, (obs.given_ml, obs.tick)
            continue
        if obs.tick - mark[1] >= _LOOK_TICKS:
            rate_ul_s = (obs.given_ml - mark[0]) * MM3_PER_ML * TICKS_PER_S / (obs.tick - mark[1])
            force, mark = _eased(force, rate_ul_s), (obs.given_ml, obs.tick)
        obs = yield Action(side=side, beam=True, press_n=force)
    obs = yield from hands.unload(obs, side)
    return (yield from eyes.look_both(obs, side))


def _leak_shown(obs: Observation) -> bool:
    """True if the last picture of either plane showed cement outside."""
    return any(film is not None and film.leak for film in (obs.lateral, obs.ap))


def _too_late(obs: Observation) -> bool:
    """True once the cement is past its working time."""
    return obs.cement_age_s is not None and obs.cement_age_s > obs.cement_spec.work_until_s


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


def _let_it_stiffen(obs: Observation, side: Side) -> Move:
    """Unload, look in both planes, and give the cement a minute."""
    obs = yield from hands.unload(obs, side)
    obs = yield from eyes.look_both(obs, side)
    return (yield from hands.wait(obs, _LEAK_PAUSE_S))
