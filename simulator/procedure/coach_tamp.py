"""What the coach says at the tamp: by manometer, scale, clock, and what the last pictures showed.

A sign to stop stays one until the balloon is out again, so what follows it is told in its turn:
the other side, the cement, the wait, then empty it and take it out.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from simulator.frames import Side
from simulator.procedure.coach_access import Hint
from simulator.procedure.guards import FILLED_ML, tamp_emptied
from simulator.procedure.tamp_account import (
    DECAY_S,
    LIFT_WORTH_MM,
    REDUCED,
    STALLED_STEPS,
    STEP_PAUSE_S,
    decay,
    first_endpoint,
)
from simulator.units import PSI_PER_MPA, seconds
from simulator.world.case import Case
from simulator.world.seen import Looked, Seen
from simulator.world.state import State
from simulator.world.tamp import Tamp

_STEP_ML = 0.25
_SAME_ML = 0.05
"""A scale that reads less than in a picture by more than this: the balloon is not that one now."""
_WALL_MM = 0.5
_MIX_FROM_ML = 2.0
_GONE_SHARE, _GONE_FROM_PSI = 0.3, 60.0
"""A pressure that keeps less than this share of its step's peak was not let go by bone."""
_GAUGES = ("no decay", "volume", "pressure")

_WHY: Mapping[str, str] = MappingProxyType(
    {
        "fracture reduced": "The plate is back at its height.",
        "wall contact": "The balloon lies on a wall.",
        "plate stops rising": "The plate rises no more.",
        "no decay": "The pressure does not fall any more.",
        "volume": "It holds all it may.",
        "pressure": "That is the limit of pressure.",
    }
)


def tamp(case: Case, state: State, looked: Looked) -> Hint:
    """Return the hint for the tamp of the side in work."""
    own = state.tamps[state.side]
    if own is None:
        return "Tamp in", "Both markers must be out of the cannula."
    lost = _lost(state, own)
    if lost is not None:
        return lost
    if looked.lateral is not None and (looked.lateral.wall_moved_mm or 0.0) > _WALL_MM:
        return "Deflate", "The lateral shows the posterior wall moved. Ask for the feet."
    if own.in_cannula_mm > _WALL_MM:
        return "Cannula back", f"{own.in_cannula_mm:.0f} mm of the tamp is still inside it."
    if own.peak_volume_ml >= FILLED_ML and tamp_emptied(case, state, own.side):
        return "Tamp out", "The balloon is empty. Draw it out; the cannula stays."
    if own.volume_ml >= FILLED_ML:
        waiting = _stopped(case, state, own, looked)
        if waiting is not None:
            return waiting
    return _steps(state, own, looked.lateral)


def sign(case: Case, state: State, side: Side, looked: Looked) -> str:
    """Return the first sign to stop that a side is known to have reached; "" before that.

    The names are those of `simulator.procedure.tamp_account.ENDPOINTS`. A sign for the eye is
    there if the last picture of it showed it, one of the gauges as soon as they do.
    """
    seen = _seen_sign(state, side, looked)
    if seen:
        return seen
    own = state.tamps[side]
    if own is None or own.volume_ml < FILLED_ML:
        return ""
    first = first_endpoint(state, side)
    if first in _GAUGES:
        return first
    if own.volume_ml >= case.tamp.max_volume_ml - _SAME_ML:
        return "volume"
    return "pressure" if own.pressure_mpa * PSI_PER_MPA >= case.tamp.max_pressure_psi else ""


def _seen_sign(state: State, side: Side, looked: Looked) -> str:
    own = state.tamps[side]
    newest, lateral = looked.newest, looked.lateral
    if own is None or newest is None:
        return ""
    if lateral is not None and _of_this(own, lateral):
        rise = lateral.plate_rise_mm or 0.0
        most = rise + (lateral.plate_left_mm or 0.0)
        if most > 0.0 and rise >= REDUCED * most:
            return "fracture reduced"
    if _of_this(own, newest) and newest.tamp_at_wall[side]:
        return "wall contact"
    told = state.tally.values.get
    watched = told("tamp_steps_seen", 0.0) >= told("tamp_steps", 0.0)
    if lateral is None or not watched or not _of_this(own, lateral):
        return ""
    stalled = told(f"stalled_{side}", 0.0) >= STALLED_STEPS
    return (
        "plate stops rising" if stalled and (lateral.plate_rise_mm or 0.0) > LIFT_WORTH_MM else ""
    )


def _of_this(own: Tamp, picture: Seen) -> bool:
    """Tell whether a picture shows this balloon filled, and no fuller than it is now."""
    then = picture.tamp_ml[own.side]
    return then is not None and FILLED_ML <= then <= own.volume_ml + own.spilled_ml + _SAME_ML


def _lost(state: State, own: Tamp) -> Hint | None:
    """Return the hint for a balloon that has lost its pressure."""
    if own.ruptured or own.breached:  # the nurse has said so
        if own.volume_ml <= _SAME_ML:
            return "Tamp out", "It is not tight any more. Look in both planes first."
        return "Deflate, take it out", "The pressure fell at once. Look in both planes first."
    kept_ml = own.volume_ml + own.spilled_ml
    rested, share = decay(state.tally.values.get, state.tick, own)
    before_psi = own.pressure_mpa * PSI_PER_MPA / share if share > 0.0 else 0.0
    held = rested > 0.0 and kept_ml >= own.peak_volume_ml - _SAME_ML
    if held and 0.0 < share < _GONE_SHARE and before_psi > _GONE_FROM_PSI:
        return (
            "Is it tight?",
            f"{100.0 * share:.0f} % of the pressure is left. Look in both planes.",
        )
    return None


def _stopped(case: Case, state: State, own: Tamp, looked: Looked) -> Hint | None:
    """Return what comes after the sign to stop, or when the cement is ready without one."""
    why = _WHY.get(sign(case, state, own.side, looked), "")
    mixed = state.cement.mixed_tick
    left = None if mixed is None else case.cement.wait_s - seconds(state.tick - mixed)
    if left is not None and left <= 0.0:
        other = state.tamps[1 - own.side]
        rest = "The other one holds." if other is not None and other.volume_ml > FILLED_ML else ""
        return (
            "Deflate",
            f"The cement has had its wait. Empty this one, then tamp out. {rest}".rstrip(),
        )
    if not why:
        return None
    if _other_side_due(case, state, looked):
        return "Stop here, other side next", f"{why} Bring the other tamp as far; this one holds."
    if left is None:
        return "Stop here, mix the cement", f"{why} It holds while the cement waits."
    minutes = max(1, round(left / 60))
    return "Hold it for the cement", f"{why} About {minutes} min more."


def _other_side_due(case: Case, state: State, looked: Looked) -> bool:
    """Tell whether the other side of the plan has still to be brought to its sign to stop."""
    other = Side(1 - state.side)
    if state.tamps[other] is not None:
        return not sign(case, state, other, looked)
    return other in case.sides and state.ways[other] not in ("mix", "deflate")


def _steps(state: State, own: Tamp, lateral: Seen | None) -> Hint:
    if own.volume_ml < FILLED_ML:
        return "Inflate in small steps", "The first only sets it in its bed. A lateral after each."
    told = state.tally.values.get
    last = told(f"inflated_tick_{own.side}", 0.0)
    rested = seconds(int(state.tick - last))
    at_rest = rested > STEP_PAUSE_S or told(f"tamp_step_ml_{own.side}", 0.0) >= _STEP_ML
    if at_rest and (lateral is None or lateral.tick < last):
        return "Look at this step", "Take a lateral: plate, walls, both markers."
    if at_rest and rested < DECAY_S:
        return "Let the bone give", "Wait for the pressure to fall before the next 0.25 mL."
    if state.cement.mixed_tick is None and own.volume_ml > _MIX_FROM_ML:
        return "Small steps, then a pause", "Watch plate and walls. Mix the cement while it holds."
    return "Small steps, then a pause", "0.25 mL, a lateral, and an AP every few steps."
