"""Deliberate acts: asked of the staff, checked against physics, carried out or refused."""

from __future__ import annotations

from dataclasses import replace

from simulator.engine import turning
from simulator.physics import care, exchange, troubles
from simulator.procedure import phases
from simulator.world.action import Action, Do
from simulator.world.case import Case
from simulator.world.events import Done, Event, Refused
from simulator.world.state import State

_ACTS = {**exchange.ACTS, **care.ACTS, Do.NEXT_LEVEL: turning.next_level}


def carry_out(case: Case, state: State, action: Action) -> tuple[State, tuple[Event, ...]]:
    """Carry out `action.do`, or report why not and change nothing."""
    reason = phases.permit(case, state, action)
    if reason is not None:
        return state, (Refused(action.do.value, reason),)
    outcome = _ACTS[action.do](case, state, action.side)
    if isinstance(outcome, str):
        return state, (Refused(action.do.value, outcome),)
    state, events = outcome
    if action.do in exchange.EXCHANGES and not action.hold:
        state = exchange.dragged(case, state, action.side)
    vitals = troubles.answered(case, state.vitals, action.do.value)
    if vitals is not state.vitals:
        state = replace(state, vitals=vitals)
    return state, (Done(action.do.value, action.side), *events)
