"""The table of phases: every move, every guard, every refusal."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from types import MappingProxyType, SimpleNamespace
from typing import cast

import pytest

from simulator.engine import digest
from simulator.engine.recording import read
from simulator.engine.runner import Outcome
from simulator.engine.start import first_state
from simulator.engine.step import step
from simulator.frames import Side
from simulator.physics import insertion
from simulator.procedure import phases
from simulator.procedure.guards import GUARDS
from simulator.procedure.phase_table import MOVES, ROWS, TABLE, TERMINAL, WAYS, Move
from simulator.world.action import DECLINES, Action, Do
from simulator.world.case import Case, Procedure
from simulator.world.events import Done, Event, PhaseChanged, Refused
from simulator.world.filling_events import CementSet
from simulator.world.state import State
from simulator.world.steel_events import BodyEntered, BodyLeft, BoneContact, Redirected
from simulator.world.tamp import Tamp

LEFT, RIGHT = Side.LEFT, Side.RIGHT
ALL = [(procedure, move) for procedure in Procedure for move in MOVES[procedure]]
FACTS = {
    "CementSet": CementSet(),
    "BoneContact": BoneContact(LEFT, "L1", 1.0),
    "BodyEntered": BodyEntered(LEFT),
    "BodyLeft": BodyLeft(LEFT),
    "Redirected": Redirected(LEFT),
}


def of(case: Case, procedure: Procedure) -> Case:
    return replace(case, procedure=procedure)


def standing(case: Case, phase: str, guard: str = "", *, holds: bool = True) -> State:
    """A state in `phase` in which the guard holds, or just does not."""
    state = replace(first_state(case), phase=phase, side=LEFT)
    state = replace(state, ways=(phase if phase in WAYS else "entry", "entry"))
    plan = case.plans[LEFT]
    tool = insertion.place(case, LEFT, plan.skin_mm, plan.direction)
    if guard == "both_views":
        values = {"ap_before": 1.0, "lateral_before": 1.0}
        if not holds:
            del values["lateral_before"]
        return tallied(state, values)
    if guard == "tip_in_body":
        return replace(state, cannulas=(replace(tool, past_wall_mm=1.0 if holds else -1.0), None))
    if guard == "wall_imaged":
        state = replace(state, cannulas=(replace(tool, past_wall_mm=2.5), None))
        values = {"seen_wall_ap_0": 1.0, **({"seen_wall_lateral_0": 1.0} if holds else {})}
        return tallied(state, values)
    if guard in ("tamp_filled", "tamp_emptied"):
        return replace(state, tamps=(tamp(1.0 if holds == (guard == "tamp_filled") else 0.0), None))
    assert not guard
    return state


def tallied(state: State, values: Mapping[str, float]) -> State:
    return replace(state, tally=replace(state.tally, values=MappingProxyType(dict(values))))


def tamp(volume_ml: float) -> Tamp:
    # Only the volume is looked at.
    return cast(Tamp, SimpleNamespace(volume_ml=volume_ml, ruptured=False))


def event_of(move: Move) -> list[Event]:
    if not move.trigger:
        return []
    if move.trigger in FACTS:
        return [FACTS[move.trigger]]
    act = "decline_infection" if move.trigger == "decline" else move.trigger
    return [Done(act, LEFT)]


@pytest.mark.parametrize(
    ("procedure", "move"), ALL, ids=lambda v: v.value if isinstance(v, Procedure) else
    f"{v.before}-{v.trigger or v.guard}-{v.after}",
)  # fmt: skip
def test_every_move_is_made(case: Case, procedure: Procedure, move: Move) -> None:
    case = of(case, procedure)
    state = standing(case, move.before, move.guard)
    phase, ways = phases.follow(case, state, event_of(move))
    # What holds by itself may lead on at once: from the C-arm to the local, for example.
    onward = phases.follow(case, replace(state, phase=move.after, ways=ways), [])[0]
    assert phase in (move.after, onward)
    if move.after in WAYS:
        assert ways[LEFT] in (move.after, onward)
    assert ways[RIGHT] == "entry"


@pytest.mark.parametrize("guard", GUARDS)
def test_every_guard_holds_a_move_back(case: Case, guard: str) -> None:
    guarded = [(p, m) for p, m in ALL if m.guard == guard]
    assert guarded
    for procedure, move in guarded:
        kind = of(case, procedure)
        state = standing(kind, move.before, guard, holds=False)
        assert phases.follow(kind, state, event_of(move))[0] != move.after


@pytest.mark.parametrize("procedure", list(Procedure))
def test_every_phase_is_reached_from_the_first(procedure: Procedure) -> None:
    reached, edge = {phases.FIRST}, [phases.FIRST]
    while edge:
        here = edge.pop()
        for move in MOVES[procedure]:
            if move.before == here and move.after not in reached:
                reached.add(move.after)
                edge.append(move.after)
    only_with_a_tamp = {"exchange", "drill", "tamp", "inflate", "deflate"}
    missing = set(TABLE) - reached
    assert missing == (set() if procedure is Procedure.KYPHOPLASTY else only_with_a_tamp)


@pytest.mark.parametrize("procedure", list(Procedure))
def test_nobody_is_caught_in_a_phase(procedure: Procedure) -> None:
    """From everywhere a way leads to the end, by treating or by stopping."""
    starts = {m.before for m in MOVES[procedure]}
    good, grown = {"done"}, True
    while grown:
        more = {m.before for m in MOVES[procedure] if m.after in good} - good
        grown = bool(more)
        good |= more
    assert starts <= good


def test_moves_by_an_act_start_where_the_act_is_permitted() -> None:
    acts = {act.value for act in Do if act is not Do.NONE}
    for _, move in ALL:
        if move.trigger in acts:
            assert Do(move.trigger) in TABLE[move.before].permits, move
        assert (move.trigger in acts) or move.trigger in {*FACTS, "decline", ""}


def illegal() -> list[tuple[str, Do]]:
    acts = [act for act in Do if act is not Do.NONE]
    return [(row.name, act) for row in ROWS for act in acts if act not in row.permits]


def test_an_illegal_act_is_refused_with_a_reason_and_changes_nothing(case: Case) -> None:
    checked = 0
    for phase, act in illegal():
        state = standing(case, phase)
        if act in TABLE["entry"].permits and phase in WAYS:
            continue  # the other side stands at its entry
        before = digest.parts(state)
        after, events = step(case, state, Action(do=act, side=LEFT))
        refused = [e for e in events if isinstance(e, Refused)]
        assert len(refused) == 1, (phase, act)
        assert refused[0].reason.endswith("."), (phase, act)
        assert not [e for e in events if isinstance(e, Done | PhaseChanged)]
        changed = {k for k, v in digest.parts(after).items() if before[k] != v}
        assert changed <= {"tick", "tally"}, (phase, act, changed)
        assert dict(after.tally.values) == dict(state.tally.values)
        checked += 1
    assert checked > 250


def test_discharge_is_refused_while_the_patient_is_not_fit(case: Case) -> None:
    state = standing(case, "recover")
    fit = replace(state.vitals, spo2_pct=96.0, map_mmhg=85.0, sedation=0.0)
    assert phases.refusal(case, replace(state, vitals=fit), Do.DISCHARGE) is None
    for change in ({"spo2_pct": 91.0}, {"map_mmhg": 62.0}, {"sedation": 0.5}):
        ill = replace(state, vitals=replace(fit, **change))
        reason = phases.refusal(case, ill, Do.DISCHARGE)
        assert reason is not None, change
        after, events = step(case, ill, Action(do=Do.DISCHARGE))
        assert not after.over
        assert Refused("discharge", reason) in events


def test_no_tamp_is_on_the_table_of_a_vertebroplasty(mild_case: Case) -> None:
    for phase in ("body", "mix"):
        state = standing(mild_case, phase)
        assert "No tamp" in (phases.refusal(mild_case, state, Do.TAMP_IN) or "")


@pytest.mark.parametrize("act", sorted(DECLINES))
def test_a_case_can_be_declined_until_the_needle(case: Case, act: Do) -> None:
    after, _ = step(case, first_state(case), Action(do=act))
    assert after.over
    assert after.phase == "declined"
    assert phases.refusal(case, standing(case, "entry"), act) is not None


def test_the_expert_walks_the_phases_in_order(expert_run: Outcome, expert_recording: Path) -> None:
    changes = [e for e in read(expert_recording).events if e["e"] == "PhaseChanged"]
    walked = [changes[0]["before"], *(e["after"] for e in changes)]
    assert walked == [
        "brief", "checklist", "set_up", "local", "entry", "pedicle", "wall", "body", "exchange",
        "tamp", "inflate", "deflate", "mix", "inject", "set", "recover", "done",
    ]  # fmt: skip
    chapters = list(dict.fromkeys(map(phases.chapter, walked)))
    assert chapters == [*phases.PHASES[Procedure.KYPHOPLASTY], "done"]


def walk(case: Case, state: State, events: list[Event]) -> list[str]:
    seen = []
    for event in events:
        side = getattr(event, "side", state.side)
        phase, ways = phases.follow(case, replace(state, side=side), [event])
        state = replace(state, phase=phase, ways=ways, side=side)
        seen.append(phase)
    return seen


def test_each_side_goes_its_own_way(mild_case: Case) -> None:
    state = standing(mild_case, "body", "tip_in_body")
    tool = state.cannulas[LEFT]
    state = replace(state, cannulas=(tool, tool))
    events: list[Event] = [
        Done("stylet_out", LEFT), Done("place_needle", RIGHT), BoneContact(RIGHT, "L1", 1.0),
        Done("load", LEFT), Done("stylet_in", LEFT), BodyEntered(RIGHT), Done("stylet_out", RIGHT),
        Done("load", RIGHT), Done("cannula_out", RIGHT), Done("cannula_out", LEFT),
        Done("dress", LEFT), Done("discharge", LEFT),
    ]  # fmt: skip
    assert walk(mild_case, state, events) == [
        "mix", "entry", "pedicle", "inject", "set", "wall", "mix", "inject", "set", "set",
        "recover", "done",
    ]  # fmt: skip


def test_one_side_is_filled_while_the_other_tamp_holds(case: Case) -> None:
    state = replace(
        standing(case, "inflate"), ways=("inflate", "inflate"), tamps=(tamp(2), tamp(2))
    )
    events: list[Event] = [
        Done("tamp_out", LEFT), Done("load", LEFT), Done("tamp_out", RIGHT), Done("load", RIGHT),
    ]  # fmt: skip
    assert walk(case, state, events) == ["mix", "inject", "mix", "inject"]


def test_a_second_attempt_begins_at_the_entry(case: Case) -> None:
    events: list[Event] = [
        BodyEntered(LEFT), BodyLeft(LEFT), Redirected(LEFT), BoneContact(LEFT, "L1", 1.0),
        Done("cannula_out", LEFT), Done("place_needle", LEFT), Done("cannula_out", LEFT),
        Done("dress", LEFT),
    ]  # fmt: skip
    assert walk(case, standing(case, "pedicle"), events) == [
        "wall", "pedicle", "entry", "pedicle", "entry", "entry", "entry", "recover",
    ]  # fmt: skip


def test_nothing_is_permitted_at_the_end(case: Case) -> None:
    for name in TERMINAL:
        assert not TABLE[name].permits


def test_the_diagram_names_every_move() -> None:
    for procedure in Procedure:
        text = phases.diagram(procedure)
        for move in MOVES[procedure]:
            if move.trigger != "abort" and move.before != move.after:
                lines = [x for x in text.splitlines() if f" {move.before} --> {move.after}:" in x]
                assert len(lines) == 1
                assert move.trigger in lines[0]
                assert move.guard in lines[0]
