"""Which exchange comes next with the tool in hand."""

from __future__ import annotations

from simulator.frames import Side
from simulator.procedure.by_level import waiting
from simulator.world.action import Do
from simulator.world.case import Case, Procedure
from simulator.world.state import State
from simulator.world.tools import Inside

_OUT = {
    Inside.WIRE: Do.WIRE_OUT,
    Inside.DRILL: Do.DRILL_OUT,
    Inside.CURVED: Do.CURVED_OUT,
}


def next_level_due(case: Case, state: State) -> bool:
    """True where this level is done and another one is not, or holds a needle."""
    if state.cannulas != (None, None) or state.cement.started_tick is None:
        return False
    return bool(waiting(case, state))


def exchanges(case: Case, state: State, tool: str, side: Side) -> tuple[Do, ...]:
    """Return the acts that R tries, the most sensible first."""
    cannula = state.cannulas[side]
    if tool == "tamp":
        if state.tamps[side] is not None:
            return (Do.TAMP_OUT,)
        return (Do.TAMP_IN,) if state.purged else (Do.PURGE, Do.TAMP_IN)
    if tool == "cement":
        return (Do.MIX,) if state.cement.mixed_tick is None else (Do.LOAD,)
    if tool == "drugs":
        order = (
            Do.POSITION, Do.ANTIBIOTIC, Do.TIME_OUT, Do.LOCAL, Do.DRESS, Do.NEURO_CHECK,
            Do.ORDERS, Do.DISCHARGE,
        )  # fmt: skip
        if next_level_due(case, state):
            return (Do.NEXT_LEVEL,)
        done = set(state.tally.done)
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
