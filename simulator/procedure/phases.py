"""Walking the table of phases, and what the staff refuse."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from types import MappingProxyType

from simulator.frames import Side
from simulator.procedure.guards import CONDITIONS, GUARDS
from simulator.procedure.phase_table import (
    FIRST,
    LAST,
    MOVES,
    ROWS,
    TABLE,
    TERMINAL,
    WAYS,
    Move,
)
from simulator.world.action import DECLINES, Action, Do
from simulator.world.case import Case, Procedure
from simulator.world.events import Done, Event
from simulator.world.filling_events import CementSet
from simulator.world.state import State

__all__ = ["FIRST", "LAST", "TABLE", "TERMINAL"]

PHASES: Mapping[str, tuple[str, ...]] = MappingProxyType(
    {
        procedure: tuple(
            dict.fromkeys(
                row.chapter
                for row in ROWS
                if row.chapter != "done" and row.name in {m.before for m in MOVES[procedure]}
            )
        )
        for procedure in Procedure
    }
)
"""Chapters in order, per procedure."""

LABELS: Mapping[str, str] = MappingProxyType(
    {row.chapter: row.chapter.capitalize() for row in ROWS}
)

_BY_START: Mapping[Procedure, Mapping[tuple[str, str], tuple[Move, ...]]] = MappingProxyType(
    {
        procedure: MappingProxyType(
            {
                key: tuple(m for m in moves if (m.before, m.trigger) == key)
                for key in dict.fromkeys((m.before, m.trigger) for m in moves)
            }
        )
        for procedure, moves in MOVES.items()
    }
)
_CEMENT = ("inject", "set")
"""Shared phases from which one side may still be taken up where it was left."""

_ACT_REASONS: Mapping[Do, str] = MappingProxyType(
    {
        Do.POSITION: "The patient is draped. Nobody can be moved now.",
        Do.DRESS: "There is nothing to dress yet.",
        Do.NEURO_CHECK: "The feet are asked for once the needle is in.",
        Do.ORDERS: "Orders are written when the patient is dressed.",
        Do.DISCHARGE: "The patient is still on the table.",
        Do.LOAD: "There is no way open for cement yet.",
        Do.TAMP_IN: "The way for a tamp is not open.",
        Do.TAMP_OUT: "There is no tamp to take out.",
        **dict.fromkeys(DECLINES, "The case has begun. Stop it, take the needles out and close."),
    }
)
"""Why an act is refused outside its phases; acts not named here get their phase's reason."""

_NOT_YET = ("brief", "checklist", "set_up", "local")


def chapter(phase: str) -> str:
    """Return the chapter that a phase belongs to, as a trainee is shown it."""
    return TABLE[phase].chapter


def refusal(case: Case, state: State, act: Do | str) -> str | None:
    """Return why the staff refuse `act` in this phase, or None if they do not.

    Args:
        act: a `Do`, or one of the continuous wishes "push", "inflate", "press".
    """
    row = TABLE[state.phase]
    if state.over:
        return row.refusal if row.name in TERMINAL else TABLE[LAST].refusal
    if act in ("push", "inflate", "press"):
        return row.refusal if row.chapter in ("recover", "done") else None
    act = Do(act)
    if case.procedure is Procedure.VERTEBROPLASTY and act in (Do.PURGE, Do.TAMP_IN, Do.TAMP_OUT):
        return "This is a vertebroplasty. No tamp is on the table."
    permits = row.permits
    if state.phase in WAYS:
        # One side may be worked on while the other is further on.
        permits = permits | TABLE[state.ways[state.side]].permits
    if act in permits:
        condition = CONDITIONS.get(act)
        return condition(case, state) if condition is not None else None
    if state.phase in _NOT_YET:
        return row.refusal
    return _ACT_REASONS.get(act, row.refusal)


def permit(case: Case, state: State, action: Action) -> str | None:
    """Return why `action` as a whole is refused by the staff, or None."""
    if action.do is Do.NONE:
        return None
    return refusal(case, state, action.do)


Walked = tuple[str, tuple[str, str]]
"""The phase, and the phase of each side's way."""


def follow(case: Case, state: State, events: Sequence[Event]) -> Walked:
    """Return where `events` lead from the phases that `state` stands in."""
    walked = (state.phase, state.ways)
    for event in events:
        trigger = _trigger(event)
        if trigger:
            walked = _after(case, state, walked, trigger, getattr(event, "side", None))
    if _BY_START[case.procedure].get((walked[0], "")):
        walked = _as_it_stands(case, state, walked)
    return walked


def _trigger(event: Event) -> str:
    if isinstance(event, Done):
        return "decline" if event.act in DECLINES else event.act
    return "CementSet" if isinstance(event, CementSet) else type(event).__name__


def _first(case: Case, state: State, before: str, trigger: str, side: Side) -> str | None:
    """Return where the first permitted move leads, or None without one."""
    for move in _BY_START[case.procedure].get((before, trigger), ()):
        if not move.guard or GUARDS[move.guard](case, state, side):
            return move.after
    return None


def _after(case: Case, state: State, walked: Walked, trigger: str, of: Side | None) -> Walked:
    """Follow one trigger; an event of a side takes that side up where it was left."""
    phase, ways = walked
    side = state.side if of is None else Side(of)
    here = ways[side] if phase in WAYS and of is not None else phase
    after = _first(case, state, here, trigger, side)
    if after is None and phase in _CEMENT and of is not None:
        after = _first(case, state, ways[side], trigger, side)
    way = after if after in WAYS else "entry" if trigger == "cannula_out" else ways[side]
    ways = (way, ways[1]) if side is Side.LEFT else (ways[0], way)
    return (phase if after is None else after), ways


def _as_it_stands(case: Case, state: State, walked: Walked) -> Walked:
    """Make the moves that need no trigger, on the side in work."""
    phase, ways = walked
    side = state.side
    if phase in WAYS and ways[side] != phase:
        return walked
    after = _first(case, state, phase, "", side)
    if after is None:
        return walked
    if after in WAYS:
        ways = (after, ways[1]) if side is Side.LEFT else (ways[0], after)
    return after, ways


def moves_by_itself(case: Case, phase: str) -> bool:
    """True for a phase that may be left without any event."""
    return (phase, "") in _BY_START[case.procedure]


def diagram(procedure: Procedure) -> str:
    """Return the table of one procedure as a Mermaid state diagram, without the stops."""
    lines = ["stateDiagram-v2", f"    [*] --> {FIRST}"]
    shown = [m for m in MOVES[procedure] if m.trigger != "abort" and m.before != m.after]
    for before, after in dict.fromkeys((m.before, m.after) for m in shown):
        labels = (_label(m) for m in shown if (m.before, m.after) == (before, after))
        lines.append(f"    {before} --> {after}: {', '.join(labels)}")
    ends = (name for name in TERMINAL if any(m.after == name for m in shown))
    return "\n".join([*lines, *(f"    {end} --> [*]" for end in ends)])


def _label(move: Move) -> str:
    if not move.guard:
        return move.trigger
    return f"{move.trigger} [{move.guard}]".strip()
