"""Which exchange comes next with the tool in hand."""

from __future__ import annotations

from simulator.frames import Side
from simulator.physics.column import bowl_age_s, filler_age_s
from simulator.physics.exchange import EMPTY_TAMP_ML
from simulator.physics.setting import is_set
from simulator.procedure.by_level import waiting
from simulator.world.action import Do
from simulator.world.case import Case, Procedure
from simulator.world.state import State
from simulator.world.tools import Inside

_EMPTY_ML = 0.05
"""A filler that holds less is as good as empty."""
_OUT = {
    Inside.WIRE: Do.WIRE_OUT,
    Inside.DRILL: Do.DRILL_OUT,
    Inside.CURVED: Do.CURVED_OUT,
}


_BEFORE = (Do.POSITION, Do.ANTIBIOTIC, Do.TIME_OUT, Do.LOCAL)
_AFTER = (Do.DRESS, Do.NEURO_CHECK, Do.ORDERS, Do.DISCHARGE)


def _may_close(state: State) -> bool:
    """True where cement was given in this level and no needle stands in it any more."""
    return state.cannulas == (None, None) and state.cement.started_tick is not None


def next_level_due(case: Case, state: State) -> bool:
    """True where this level is done and another one is not, or holds a needle."""
    return _may_close(state) and bool(waiting(case, state))


def exchanges(case: Case, state: State, tool: str, side: Side) -> tuple[Do, ...]:
    """Return the acts that R tries, the most sensible first."""
    cannula = state.cannulas[side]
    if tool == "tamp":
        if state.tamps[side] is not None:
            return (Do.TAMP_OUT,)
        return (Do.TAMP_IN,) if state.purged else (Do.PURGE, Do.TAMP_IN)
    if tool == "cement":
        return (Do.MIX,) if _wants_mixing(case, state, side) else (Do.LOAD,)
    if tool == "drugs":
        if next_level_due(case, state):
            return (Do.NEXT_LEVEL,)
        done = set(state.tally.done)
        # A dressing ends the case: it is never the next sensible act before there was cement, nor
        # over a needle. Who closes without cement says so with its button.
        dressed = Do.DRESS.value in done
        order = _BEFORE + (_AFTER if dressed or _may_close(state) else ())
        if not state.vitals.neuro_checked:
            done.discard(Do.NEURO_CHECK.value)  # asked in between, it is asked again at the end
        return tuple(act for act in order if act.value not in done)
    if tool != "needle":
        return ()
    if cannula is None:
        return (Do.PLACE_NEEDLE,)
    if cannula.inside is Inside.STYLET:
        # An open needle in front of the bone is never the next sensible act.
        return (Do.STYLET_OUT,) if cannula.dock_mm is not None else ()
    if case.procedure is Procedure.KYPHOPLASTY and not cannula.working:
        return (Do.SEAT_CANNULA,)
    if cannula.inside in _OUT:
        return (_OUT[cannula.inside],)
    return (Do.STYLET_IN,)


def hindrance(state: State, tool: str, side: Side) -> str:
    """Return what stands in the way of the next exchange, "" if nothing does.

    Physics would refuse the act; who is told before need not try.
    """
    cannula, tamp = state.cannulas[side], state.tamps[side]
    if tool == "needle":
        held = cannula is not None and cannula.inside is Inside.TAMP
        return "The tamp is in the cannula. Take it out first (X)." if held else ""
    if tool != "tamp":
        return ""
    if tamp is not None:
        filled = tamp.volume_ml > EMPTY_TAMP_ML and not tamp.ruptured
        return "The tamp is still filled. Deflate it first (G)." if filled else ""
    if not state.purged:
        return ""
    if cannula is None or not cannula.working:
        return "A tamp needs the working cannula. Seat it first (Z)."
    if cannula.inside is not Inside.EMPTY:
        return f"The {cannula.inside} is in the cannula. Take it out first (Z)."
    return ""


def _wants_mixing(case: Case, state: State, side: Side) -> bool:
    """True where nothing can be drawn up any more, and the filler gives nothing either."""
    cement = state.cement
    if cement.mixed_tick is None:
        return True
    if bowl_why_not(case, state) is None:
        return False
    filling = cement.fillings[side]
    return filling.ml <= _EMPTY_ML or is_set(case.cement, filler_age_s(filling, state.tick))


def bowl_why_not(case: Case, state: State) -> str | None:
    """Return why no cement can be drawn from the bowl now, which is why more may be mixed."""
    cement = state.cement
    if cement.batch_left_ml <= 0.0:
        return "empty"
    return "set" if is_set(case.cement, bowl_age_s(cement, state.tick)) else None
