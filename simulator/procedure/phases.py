"""The procedure as a table.

Rule: everything about which phase follows which, and what may be asked in which phase, lives in
this file. Only staff refuse here (physics refuses in `simulator.physics.exchange`): an unsafe
act happens and is judged. Triggers are acts carried out ("stylet_out"), or the names of facts
("CementSet"). The diagram in docs/phases.md is made from this table.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from types import MappingProxyType

from simulator.world.action import Action, Do
from simulator.world.case import Case, Procedure
from simulator.world.events import CementSet, Done, Event
from simulator.world.state import State

PHASES: Mapping[str, tuple[str, ...]] = MappingProxyType(
    {
        Procedure.KYPHOPLASTY: (
            "position", "local", "access", "tamp", "mix", "inject", "set", "recover",
        ),
        Procedure.VERTEBROPLASTY: (
            "position", "local", "access", "mix", "inject", "set", "recover",
        ),
    }
)  # fmt: skip
"""Phases in order, per procedure."""

FIRST, LAST = "position", "done"

LABELS: Mapping[str, str] = MappingProxyType(
    {
        "position": "Position",
        "local": "Local",
        "access": "Access",
        "tamp": "Tamp",
        "mix": "Mix",
        "inject": "Inject",
        "set": "Set",
        "recover": "Recover",
        "done": "Done",
    }
)

_COMMON = {
    ("position", "time_out"): "local",
    ("local", "local"): "access",
    ("mix", "load"): "inject",
    ("inject", "stylet_in"): "set",
    ("inject", "CementSet"): "set",
    ("inject", "cannula_out"): "set",
    ("set", "load"): "inject",
    ("set", "dress"): "recover",
    # Giving up is a way out of every phase in which the patient can be closed.
    ("access", "dress"): "recover",
    ("mix", "dress"): "recover",
    ("inject", "dress"): "recover",
    ("recover", "discharge"): "done",
}

TRANSITIONS: Mapping[str, Mapping[tuple[str, str], str]] = MappingProxyType(
    {
        Procedure.KYPHOPLASTY: MappingProxyType(
            {
                **_COMMON,
                ("access", "tamp_in"): "tamp",
                ("tamp", "tamp_out"): "mix",
                ("tamp", "place_needle"): "access",
                ("mix", "tamp_in"): "tamp",
                ("mix", "place_needle"): "access",
            }
        ),
        Procedure.VERTEBROPLASTY: MappingProxyType(
            {
                **_COMMON,
                ("access", "stylet_out"): "mix",
                ("mix", "stylet_in"): "access",
                ("mix", "place_needle"): "access",
            }
        ),
    }
)
"""(phase, trigger) -> phase."""


def _tip_in_body(state: State) -> bool:
    tool = state.cannulas[state.side]
    return tool is not None and tool.past_wall_mm > 0.0


GUARDS: Mapping[tuple[str, str], Callable[[State], bool]] = MappingProxyType(
    {("access", "stylet_out"): _tip_in_body}
)
"""Transitions that also ask where the tool is."""

_ANYWHERE = frozenset({Do.TIME_OUT, Do.SEDATE, Do.ABORT, Do.STRAND_TEST})
_INSTRUMENTS = frozenset(
    {
        Do.LOCAL, Do.PLACE_NEEDLE, Do.STYLET_OUT, Do.STYLET_IN, Do.SEAT_CANNULA, Do.CANNULA_OUT,
        Do.WIRE_IN, Do.WIRE_OUT, Do.DRILL_IN, Do.DRILL_OUT, Do.CURVED_IN, Do.CURVED_OUT,
    }
)  # fmt: skip
_TAMP = frozenset({Do.TAMP_IN, Do.TAMP_OUT})

PERMITTED: Mapping[str, frozenset[Do]] = MappingProxyType(
    {
        "position": _ANYWHERE,
        "local": _ANYWHERE | {Do.LOCAL},
        "access": _ANYWHERE | _INSTRUMENTS | _TAMP | {Do.MIX, Do.DRESS},
        "tamp": _ANYWHERE | _INSTRUMENTS | _TAMP | {Do.MIX},
        "mix": _ANYWHERE | _INSTRUMENTS | _TAMP | {Do.MIX, Do.LOAD, Do.DRESS},
        # One side is filled while the tamp of the other still holds the height.
        "inject": _ANYWHERE | _INSTRUMENTS | {Do.LOAD, Do.MIX, Do.TAMP_OUT, Do.DRESS},
        "set": _ANYWHERE | _INSTRUMENTS | {Do.MIX, Do.LOAD, Do.TAMP_OUT, Do.DRESS, Do.NEURO_CHECK},
        "recover": frozenset({Do.NEURO_CHECK, Do.DISCHARGE, Do.ABORT, Do.SEDATE}),
        "done": frozenset(),
    }
)
"""phase -> acts that the staff will carry out."""

_ACT_REASONS: Mapping[Do, str] = MappingProxyType(
    {
        Do.DRESS: "There is nothing to dress yet.",
        Do.NEURO_CHECK: "The feet are asked for when the cement is in.",
        Do.DISCHARGE: "The patient is still on the table.",
        Do.LOAD: "There is no way open for cement yet.",
        Do.TAMP_IN: "The way for a tamp is not open.",
        Do.TAMP_OUT: "There is no tamp to take out.",
    }
)
"""Why an act is refused outside its phases; acts not named here get their phase's reason."""

_REASONS: Mapping[str, str] = MappingProxyType(
    {
        "position": "The time-out comes first.",
        "local": "The skin is not numb yet. Give the local anaesthetic first.",
        "access": "The way into the body is not ready for that.",
        "tamp": "The tamp is at work. Take it out first.",
        "mix": "The cement is not ready for that.",
        "inject": "Not while cement is being given.",
        "set": "Not at this stage any more.",
        "recover": "The patient is already turned and dressed.",
        "done": "The procedure is over.",
    }
)


def refusal(case: Case, state: State, act: Do | str) -> str | None:
    """Return why the staff refuse `act` in this phase, or None if they do not.

    Args:
        act: a `Do`, or one of the continuous wishes "push", "inflate", "press".
    """
    if state.over:
        return _REASONS["done"]
    if act in ("push", "inflate", "press"):
        return _REASONS[state.phase] if state.phase in ("recover", "done") else None
    if case.procedure is Procedure.VERTEBROPLASTY and act in (Do.TAMP_IN, Do.TAMP_OUT):
        return "This is a vertebroplasty. No tamp is on the table."
    if Do(act) in PERMITTED[state.phase]:
        return None
    if state.phase in ("position", "local"):
        return _REASONS[state.phase]
    return _ACT_REASONS.get(Do(act), _REASONS[state.phase])


def permit(case: Case, state: State, action: Action) -> str | None:
    """Return why `action` as a whole is refused by the staff, or None."""
    if action.do is Do.NONE:
        return None
    return refusal(case, state, action.do)


def follow(case: Case, state: State, events: Sequence[Event]) -> str:
    """Return the phase after `events`."""
    table = TRANSITIONS[case.procedure]
    phase = state.phase
    for event in events:
        trigger = _trigger(event)
        step = (phase, trigger)
        if step in table and (step not in GUARDS or GUARDS[step](state)):
            phase = table[step]
    return phase


def _trigger(event: Event) -> str:
    if isinstance(event, Done):
        return event.act
    return "CementSet" if isinstance(event, CementSet) else ""


def diagram(procedure: Procedure) -> str:
    """Return the table of one procedure as a Mermaid state diagram."""
    lines = ["stateDiagram-v2", f"    [*] --> {FIRST}"]
    lines += [
        f"    {before} --> {after}: {trigger}"
        for (before, trigger), after in TRANSITIONS[procedure].items()
    ]
    return "\n".join([*lines, f"    {LAST} --> [*]"])
