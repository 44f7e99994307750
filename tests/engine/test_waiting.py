"""Waiting in one action, in many, or tick by tick comes to the same."""

from __future__ import annotations

from dataclasses import replace

import pytest

from simulator.engine.runner import Outcome
from simulator.engine.start import first_state
from simulator.engine.step import step
from simulator.procedure import phases
from simulator.procedure.score import score
from simulator.units import PSI_PER_MPA
from simulator.world.action import Action, Do
from simulator.world.case import Case
from simulator.world.events import Done
from simulator.world.state import State
from simulator.world.tally import Tally


def psi(state: State) -> float:
    assert state.tamps[0] is not None
    return state.tamps[0].pressure_mpa * PSI_PER_MPA


@pytest.fixture(scope="module")
def pressed(expert_run: Outcome) -> State:
    states = [s for s in expert_run.session.snapshots if s.tamps[0] is not None]
    return max(states, key=psi)


@pytest.mark.parametrize("parts", [1, 7, 120], ids=lambda n: f"{n} waits")
def test_pressure_decays_as_fast_as_by_ticks(case: Case, pressed: State, parts: int) -> None:
    by_ticks = pressed
    for _ in range(120):
        by_ticks, _ = step(case, by_ticks, Action())
    waited = pressed
    for _ in range(parts):
        waited, _ = step(case, waited, Action(wait_s=2.0 / parts))
    while waited.tick < by_ticks.tick:
        waited, _ = step(case, waited, Action())
    assert psi(waited) == pytest.approx(psi(by_ticks), rel=1e-9)


def test_the_hour_flat_counts_by_ticks_as_by_waiting(case: Case, expert_run: Outcome) -> None:
    lying = next(s for s in reversed(expert_run.session.snapshots) if s.phase == "recover")
    by_ticks = lying
    for _ in range(600):
        by_ticks, _ = step(case, by_ticks, Action())
    waited, _ = step(case, lying, Action(wait_s=10.0))
    gone = by_ticks.vitals.supine_s - lying.vitals.supine_s
    assert gone == pytest.approx(10.0, abs=0.26)  # the patient is followed four times a second
    assert waited.vitals.supine_s - lying.vitals.supine_s == pytest.approx(10.0, abs=0.26)


def test_waiting_lets_go_of_the_needle(case: Case, expert_run: Outcome) -> None:
    state = next(s for s in expert_run.session.snapshots if s.cannulas[0] is not None)
    state, _ = step(case, state, Action(push_n=40.0))
    state, _ = step(case, state, Action(wait_s=1.0))
    assert state.cannulas[0].force_n == 0.0


@pytest.mark.parametrize("phase", ["entry", "mix", "inject", "set"])
def test_giving_up_is_a_way_out(case: Case, phase: str) -> None:
    state = replace(first_state(case), phase=phase)
    assert phases.refusal(case, state, Do.DRESS) is None
    assert phases.follow(case, state, [Done("dress", state.side)])[0] == "recover"


def test_without_cement_nothing_is_passed(case: Case, expert_run: Outcome) -> None:
    end = expert_run.session.state
    empty = first_state(case).cement
    report = score(case, replace(end, cement=empty))
    assert not report.passed
    assert "cement" in report.reason
    kept = {k: v for k, v in end.tally.values.items() if not k.startswith("endpoint_")}
    bare = kept | {"tamp_volume_ml": 0.0}
    tally = Tally(bare, end.tally.counts, end.tally.findings, end.tally.done)
    assert not score(case, replace(end, tally=tally)).passed
