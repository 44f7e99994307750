"""The account of an inflation: steps, pauses, pictures, both sides, and what asked for a stop.

Every value follows from states alone. An endpoint counts from the moment at which it could be
known; what was pushed in after it is the error, not the endpoint itself.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Protocol

from simulator.frames import Side
from simulator.units import PSI_PER_MPA, TICKS_PER_S, seconds
from simulator.world.case import Case
from simulator.world.state import State
from simulator.world.tamp import Tamp

ENDPOINTS = (
    "fracture reduced", "wall contact", "plate stops rising", "no decay", "volume", "pressure",
    "gave way", "ruptured",
)  # fmt: skip
"""In the order in which they are asked for; a tally keeps the index."""

STEP_PAUSE_S = 2.0
"""A rest of this length ends a step."""
DECAY_S = 4.0
"""A rest of this length lets the pressure fall."""
_DECAYED = 0.9
"""Pressure that has kept more than this share of its step's peak does not decay."""
_HIGH_SHARE = 0.6
"""Of the limit: below, bone that holds is no sign of anything."""
REDUCED = 0.95
LIFT_WORTH_MM, _STALLED_MM, STALLED_STEPS = 1.0, 0.08, 3
"""The plate had risen, and now rises less than this a step, so many steps in a row."""
_FULL_ML = 0.15
"""Nearer to the largest volume than any step."""
_HELD_ML = 0.5


Told = Callable[[str, float], float]
"""Looks a number up by name, with what to say if there is none."""


class Account(Protocol):
    """What a fold may do to the tally's numbers."""

    def get(self, name: str, default: float = 0.0) -> float:
        """Return a number as it stands."""

    def put(self, name: str, value: float) -> None:
        """Set it."""

    def most(self, name: str, value: float) -> None:
        """Keep the greatest."""

    def add(self, name: str, value: float) -> None:
        """Add to it."""

    def once(self, name: str, value: float) -> None:
        """Set it if it was never set."""


def fold(case: Case, before: State, after: State, account: Account) -> None:
    """Follow both tamps for one step."""
    if after.tamps is before.tamps and after.body is before.body:
        return
    for side, tamp in zip(Side, after.tamps, strict=True):
        if tamp is None:
            continue
        account.most("tamp_pressure_mpa", tamp.peak_mpa)
        _step(case, before, after, account, side)
        _endpoint(case, after, account, side, tamp)
    left, right = after.tamps
    account.most("tamp_volume_ml", sum(t.volume_ml for t in after.tamps if t is not None))
    if left is not None and right is not None and _grew(before, after):
        account.most("tamp_imbalance_ml", abs(left.volume_ml - right.volume_ml))


def _grew(before: State, after: State) -> bool:
    return any(
        old is not None and new is not None and new.volume_ml > old.volume_ml
        for old, new in zip(before.tamps, after.tamps, strict=True)
    )


def _step(case: Case, before: State, after: State, account: Account, side: Side) -> None:
    """Follow one inflation step: it ends when the inflator has rested for two seconds."""
    old, new = before.tamps[side], after.tamps[side]
    if old is None or new is None:
        return
    account.most(f"tamp_step_mpa_{side}", new.pressure_mpa)
    if new.volume_ml <= old.volume_ml:
        return
    step, rested = f"tamp_step_ml_{side}", f"inflated_tick_{side}"
    rest = after.tick - account.get(rested, -1e9)
    if rest > STEP_PAUSE_S * TICKS_PER_S:
        account.put(step, 0.0)
        account.put(f"tamp_step_mpa_{side}", new.pressure_mpa)
        account.put(f"tamp_seen_{side}", 0.0)
        account.add("tamp_steps", 1.0)
        account.add("tamp_steps_paused", float(rest >= DECAY_S * TICKS_PER_S))
        account.add(f"tamp_steps_{side}", 1.0)
        _rise(case, before, account, side)
    account.put(step, account.get(step) + new.volume_ml - old.volume_ml)
    account.put(rested, float(after.tick))
    account.most("tamp_step_max_ml", account.get(step))
    if account.get(f"tamp_steps_{side}") <= 1.0:
        account.most("tamp_start_mpa", new.pressure_mpa)
    account.once("tamp_started_in_cannula_mm", new.in_cannula_mm)
    account.once("tamp_air_ml", new.air_ml)


def _rise(case: Case, before: State, account: Account, side: Side) -> None:
    """Count the steps in a row after which the plate has hardly risen."""
    now = case.patient.gain_mm(before.body.lift)
    last = account.get(f"gain_at_step_{side}")
    stalled = now > LIFT_WORTH_MM and now - last < _STALLED_MM
    account.put(f"stalled_{side}", account.get(f"stalled_{side}") + 1.0 if stalled else 0.0)
    account.put(f"gain_at_step_{side}", now)


def seen(state: State, account: Account) -> None:
    """Note that an adequate picture was taken: it belongs to the last step of either side."""
    for side, tamp in zip(Side, state.tamps, strict=True):
        flag = f"tamp_seen_{side}"
        if tamp is not None and account.get(f"tamp_steps_{side}") and not account.get(flag):
            account.put(flag, 1.0)
            account.add("tamp_steps_seen", 1.0)


def _endpoint(case: Case, after: State, account: Account, side: Side, tamp: Tamp) -> None:
    """Note the first endpoint of a side, and what was pushed in after it."""
    if account.get(f"tamp_steps_{side}") == 0.0 or after.phase == "inject":
        return
    known = f"endpoint_ml_{side}"
    if account.get(known, -1.0) < 0.0:
        met = _met(case, after, account, side, tamp)
        if not met:
            return
        account.put(known, tamp.volume_ml + tamp.spilled_ml)
        account.put(f"endpoint_{side}", float(ENDPOINTS.index(met)))
    past = tamp.volume_ml + tamp.spilled_ml - account.get(known)
    account.most("tamp_past_endpoint_ml", past)


def _met(case: Case, state: State, account: Account, side: Side, tamp: Tamp) -> str:
    """Return the endpoint that is reached now, "" if none."""
    constants = case.physics["tamp"]
    limit = case.tamp.max_pressure_psi / PSI_PER_MPA
    most = case.patient.gain_mm(case.patient.hinge.whole)
    rested, share = decay(account.get, state.tick, tamp)
    signs = (
        most > 0.0 and case.patient.gain_mm(state.body.lift) >= REDUCED * most,
        tamp.touch_mm2 >= constants["touch_stop_mm2"],
        account.get(f"stalled_{side}") >= STALLED_STEPS,
        no_decay(case, rested, share, tamp),
        tamp.volume_ml >= case.tamp.max_volume_ml - _FULL_ML,
        tamp.pressure_mpa >= limit,
        bool(tamp.breached),
        tamp.ruptured or tamp.leak_mm3_s_mpa > 0.0,
    )
    return next((name for name, met in zip(ENDPOINTS, signs, strict=True) if met), "")


def decay(told: Told, tick: int, tamp: Tamp) -> tuple[float, float]:
    """Return the seconds since a tamp was last filled, and the share of that step's peak it keeps.

    The share is 0 before the first step.

    Args:
        told: looks a number of the tally up.
        tick: now.
        tamp: of either side.
    """
    peak = told(f"tamp_step_mpa_{tamp.side}", 0.0)
    rested = seconds(tick - int(told(f"inflated_tick_{tamp.side}", 0.0)))
    return rested, tamp.pressure_mpa / peak if peak > 0.0 else 0.0


def no_decay(case: Case, rested_s: float, share: float, tamp: Tamp) -> bool:
    """Tell whether a high pressure holds through a pause that lets it fall in bone that yields."""
    high = _HIGH_SHARE * case.tamp.max_pressure_psi / PSI_PER_MPA
    return rested_s >= DECAY_S and share > _DECAYED and tamp.pressure_mpa > high


def first_endpoint(state: State, side: Side) -> str:
    """Return the first of `ENDPOINTS` that a side has reached; "" before that."""
    at = state.tally.values.get(f"endpoint_{side}", -1.0)
    return ENDPOINTS[int(at)] if at >= 0.0 else ""


def held_other(case: Case, state: State) -> bool | None:
    """Return whether one tamp held the height while the other side was filled; None for one."""
    if len(case.sides) < 2 or state.cement.started_tick is None:
        return None
    return any(tamp is not None and tamp.volume_ml > _HELD_ML for tamp in state.tamps)
