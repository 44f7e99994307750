"""Mistakes that no single event tells: leaks that went on, monitors that nobody answered."""

from __future__ import annotations

from dataclasses import replace
from types import MappingProxyType

import pytest

from simulator.engine.start import first_state
from simulator.procedure import care_account, fold, mistakes
from simulator.procedure.account import Account
from simulator.world.action import Do
from simulator.world.case import Case
from simulator.world.cement import ROUTES, Filling, Route
from simulator.world.events import Collapsed
from simulator.world.state import State
from simulator.world.vitals import Trouble


def pressed(case: Case, route: Route, ml: float, **seen: float) -> set[str]:
    """Press on 1 s after a leak was seen; return the findings."""
    state = first_state(case)
    leaks = tuple(1000.0 * ml if r is route else 0.0 for r in ROUTES)
    cloud = replace(state.cement.cloud, leak_ul=leaks)
    cement = replace(state.cement, cloud=cloud, fillings=(Filling(flow_ul_s=50.0), Filling()))
    values = MappingProxyType({"leak_seen_s": 9.0, "leak_seen_ml": 0.0, **seen})
    state = replace(state, tick=600, cement=cement, tally=replace(state.tally, values=values))
    return {f.id for f in mistakes.found(case, state, state, (), 0.1)}


@pytest.mark.parametrize(
    ("ml", "wanted"),
    [
        (0.29, set()),
        (0.31, {"leak_ignored"}),
        (0.99, {"leak_ignored"}),
        (1.01, {"leak_ignored", "leak_flooded"}),
    ],
)
def test_a_leak_that_goes_on_weighs_more_the_more_runs_out(
    case: Case, ml: float, wanted: set[str]
) -> None:
    assert pressed(case, Route.SEGMENTAL, ml) == wanted


def test_a_flood_hides_no_cement_behind_the_wall(case: Case) -> None:
    found = pressed(case, Route.BASIVERTEBRAL, 1.2, behind_seen_ml=0.05)
    assert found == {"canal_leak_ignored", "leak_flooded"}


def troubled(case: Case, kind: str, *, answered: bool = False) -> State:
    state = first_state(case)
    trouble = Trouble(kind, level=0.9, shown_s=30.0, answered=answered)
    return replace(state, tick=6000, vitals=replace(state.vitals, troubles=(trouble,)))


def test_every_answer_to_a_trouble_answers_the_value_that_it_lowers(case: Case) -> None:
    lowering = [spec for spec in case.troubles if spec.spo2_pct < 0.0 or spec.map_mmhg < 0.0]
    assert {spec.kind for spec in lowering} >= {"desaturation", "embolism", "vasovagal"}
    for spec in lowering:
        for act in spec.answers:
            state = troubled(case, spec.kind)
            account = Account(state.tally)
            care_account.answer(case, state, account, act)
            helped = {name for name in ("spo2", "map") if account.get(f"helped_{name}_s") == 100.0}
            assert ("spo2" in helped) >= (spec.spo2_pct < 0.0), (spec.kind, act)
            assert ("map" in helped) >= (spec.map_mmhg < 0.0), (spec.kind, act)
    # A kind word is no answer to a pressure that nothing known has lowered.
    calm = first_state(case)
    account = Account(calm.tally)
    care_account.answer(case, calm, account, Do.TALK)
    assert account.new == {}


@pytest.mark.parametrize(
    ("answered", "late", "wanted"),
    [
        (False, False, ("instability_ignored", "sentinel")),
        (True, True, ("instability_ignored", "sentinel")),
        (True, False, ("arrest", "major")),
    ],
)
def test_an_arrest_is_neglect_unless_it_was_answered_in_time(
    case: Case, answered: bool, late: bool, wanted: tuple[str, str]
) -> None:
    state = troubled(case, "embolism", answered=answered)
    if late:
        values = MappingProxyType({"late_embolism": 90.0})
        state = replace(state, tally=replace(state.tally, values=values))
    tally = fold.fold(case, state, state, (Collapsed("embolism"),))
    assert wanted in {(f.id, f.severity) for f in tally.findings}
    assert len([f for f in tally.findings if f.severity == "sentinel"]) == (wanted[1] == "sentinel")
