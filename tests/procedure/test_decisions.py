"""Whether to treat, how, and when to stop: decisions and what they are worth."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from types import MappingProxyType
from typing import Any

import pytest

from simulator.engine.operators import make_operator
from simulator.engine.recording import chosen_in, read
from simulator.engine.runner import Outcome, run_case
from simulator.engine.session import Session
from simulator.engine.start import first_state
from simulator.engine.step import step
from simulator.errors import ScenarioError
from simulator.frames import Side
from simulator.procedure import selection
from simulator.procedure.mistakes import found
from simulator.procedure.score import score
from simulator.scenario import assets
from simulator.scenario.build import build_case, chosen_plan
from simulator.scenario.clinic import clinical
from simulator.scenario.load import find_case, list_cases, load_case, load_scenario
from simulator.world.action import DECLINES, Action, Do
from simulator.world.case import Case, Procedure
from simulator.world.clinic import Choice, Clinical
from simulator.world.filling_events import TampRuptured
from simulator.world.state import State
from simulator.world.steel_events import BoneContact
from simulator.world.tally import Finding

REASONS: list[tuple[dict[str, Any], Do]] = [
    ({"infection": True}, Do.DECLINE_INFECTION),
    ({"inr": 1.6}, Do.DECLINE_BLEEDING),
    ({"platelets_g_l": 49.0}, Do.DECLINE_BLEEDING),
    ({"allergies": ("cement",)}, Do.DECLINE_ALLERGY),
    ({"neurology": "cord"}, Do.DECLINE_NEUROLOGY),
    ({"neurology": "root"}, Do.DECLINE_NEUROLOGY),
    ({"unstable": True}, Do.DECLINE_UNSTABLE),
    ({"oedema": False}, Do.DECLINE_NO_INDICATION),
    ({"tender": False}, Do.DECLINE_NO_INDICATION),
]


def knowing(case: Case, **facts: Any) -> Case:
    return replace(case, clinical=replace(case.clinical, **facts))


def after(case: Case, act: Do, state: State | None = None) -> State:
    return step(case, state or first_state(case), Action(do=act))[0]


@pytest.mark.parametrize(("facts", "act"), REASONS, ids=lambda v: str(v))
def test_each_contraindication_has_its_own_right_word(
    case: Case, facts: dict[str, Any], act: Do
) -> None:
    ill = knowing(case, **facts)
    assert [rule.decline for rule in selection.contraindications(ill)] == [act]
    right = score(ill, after(ill, act))
    assert right.passed, right.reason
    assert right.total == pytest.approx(100.0)
    wrong = min(DECLINES - {act})
    report = score(ill, after(ill, wrong))
    assert not report.passed
    assert "declined_wrongly" in {f.id for f in report.errors}


@pytest.mark.parametrize(("facts", "act"), REASONS, ids=lambda v: str(v))
def test_the_needle_in_spite_of_it_is_a_sentinel(
    case: Case, facts: dict[str, Any], act: Do
) -> None:
    ill, state = knowing(case, **facts), first_state(case)
    contact = BoneContact(Side.LEFT, "L1", 1.0)
    critical = [f for f in found(ill, state, state, [contact], 1 / 60) if f.severity == "sentinel"]
    assert [f.id for f in critical] == ["contraindication_ignored"]
    assert not [f for f in found(case, state, state, [contact], 1 / 60) if f.severity == "sentinel"]


def test_limits_of_clotting_are_themselves_allowed(case: Case) -> None:
    edge = knowing(case, inr=1.5, platelets_g_l=50.0)
    assert selection.contraindications(edge) == ()


def test_declining_without_a_reason_is_not_passed(case: Case) -> None:
    report = score(case, after(case, Do.DECLINE_BLEEDING))
    assert not report.passed
    assert "nothing in the notes" in report.reason
    assert report.total < 20.0


def test_doing_nothing_is_no_decision(case: Case) -> None:
    ill = knowing(case, infection=True)
    report = score(ill, first_state(ill))
    assert not report.passed
    assert report.total < 20.0


def test_the_operator_who_reads_declines_and_the_one_who_does_not_goes_on(case: Case) -> None:
    ill = knowing(case, unstable=True)
    report = run_case(ill, "expert").report
    assert report.passed
    assert report.metrics["declined"]
    for name in ("hurried", "blind"):
        session = Session(ill, name)
        operator = make_operator(name, ill, session.observe())
        while "place_needle" not in session.state.tally.done and not session.state.over:
            action = operator.next_action(session.observe())
            assert action is not None
            session.advance(action)
        assert not session.state.over


# -- stopping ---------------------------------------------------------------------------------


def entered(case: Case) -> State:
    """In the pedicle, well prepared: what can be counted has full points."""
    state = first_state(case)
    for act in (Do.POSITION, Do.ANTIBIOTIC, Do.TIME_OUT, Do.LOCAL):
        state = after(case, act, state)
    values = MappingProxyType(
        {
            "ap_before": 1.0, "lateral_before": 1.0, "bone_entered": 1.0, "entry_error_0": 1.0,
            "local_before_bone": 1.0, "needle_force_peak_n": 80.0, "view_ap_deg_sum": 1.0,
            "view_ap_n": 1.0, "view_lateral_deg_sum": 1.0, "view_lateral_n": 1.0,
        }
    )  # fmt: skip
    tally = replace(state.tally, values=values, done=state.tally.done | {"place_needle"})
    return replace(state, tally=tally, phase="pedicle", ways=("pedicle", "entry"))


def test_stopping_for_a_reason_is_judged_by_what_was_reached(case: Case) -> None:
    burst = {**entered(case).tally.counts, TampRuptured.__name__: 1.0}
    state = entered(case)
    state = replace(state, tally=replace(state.tally, counts=MappingProxyType(burst)))
    report = score(case, after(case, Do.ABORT, state))
    assert report.reason.startswith("Right not to go on: the balloon had burst")
    reached = {domain for domain, *_ in report.lines}
    assert "outcome" not in reached
    assert "augmentation" not in reached
    assert {"planning", "access", "care"} <= reached
    # Rescaled: the same share of what was reached.
    got, worth = (sum(line[i] for line in report.lines) for i in (2, 3))
    assert worth < 100.0
    assert report.total == pytest.approx(100.0 * got / worth)


def test_stopping_without_a_reason_is_not(case: Case) -> None:
    report = score(case, after(case, Do.ABORT, entered(case)))
    assert (report.passed, report.reason) == (False, "Stopped without need.")
    assert sum(line[3] for line in report.lines) == pytest.approx(100.0)


@pytest.mark.parametrize("name", ["medial_breach", "pleura_entered", "vessel_entered"])
def test_harm_is_a_reason_to_stop(case: Case, name: str) -> None:
    state = entered(case)
    harm = Finding(name, "major", 1, "x")
    state = replace(state, tally=replace(state.tally, findings=(harm,)))
    assert score(case, after(case, Do.ABORT, state)).reason.startswith("Right not to go on")


def test_an_author_may_want_a_case_stopped(case: Case) -> None:
    wanted = replace(case, advice=replace(case.advice, decision="abort", reason="Enough."))
    report = score(wanted, after(wanted, Do.ABORT, entered(wanted)))
    assert report.reason.endswith("Enough.")
    assert report.passed


def test_a_sentinel_is_not_undone_by_stopping(case: Case) -> None:
    ill = knowing(case, infection=True)
    state = entered(ill)
    contact = BoneContact(Side.LEFT, "L1", 1.0)
    sinned = found(ill, state, state, [contact], 1 / 60)
    state = replace(state, tally=replace(state.tally, findings=sinned))
    report = score(ill, after(ill, Do.ABORT, state))
    assert not report.passed
    assert report.critical[0].id == "contraindication_ignored"


# -- choosing ---------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "name",
    [
        card.id if card.id.startswith("l1") else pytest.param(card.id, marks=pytest.mark.slow)
        for card in list_cases()
    ],
)
def test_history_and_imaging_lead_to_what_the_author_wants(name: str) -> None:
    """The rule has no case ids; it agrees with every shipped case."""
    case = load_case(name, 1)
    refused = case.advice.decision in ("refuse", "refer")
    assert bool(selection.contraindications(case)) == refused
    if not refused:
        assert selection.advised(case).value in case.advice.procedures


def test_what_does_not_lift_gets_no_balloon(case: Case) -> None:
    assert selection.advised(case) is Procedure.KYPHOPLASTY
    for facts in ({"lost": 0.2}, {"age_weeks": 30.0}, {"allergies": ("contrast",)}):
        assert selection.advised(knowing(case, **facts)) is Procedure.VERTEBROPLASTY
    thick = replace(case, working_cannula=replace(case.working_cannula, outer_mm=7.0))
    assert selection.advised(thick) is Procedure.VERTEBROPLASTY


def test_what_is_chosen_is_built_judged_and_recorded(tmp_path: Path) -> None:
    choice = Choice(procedure="vertebroplasty", sides=("right", "left"), needle="13G")
    case = load_case("l1-wedge", 1, choice=choice)
    assert case.procedure is Procedure.VERTEBROPLASTY
    assert case.sides == (Side.RIGHT, Side.LEFT)
    assert case.needle.name == "13G"
    assert case.filler == assets.chosen("filler", "syringe_1")
    assert case.sha256 == load_case("l1-wedge", 1).sha256
    state = first_state(case)
    assert not selection.selection_fits(case)
    begun = replace(state, tally=replace(state.tally, done=frozenset({"place_needle"})))
    assert score(case, state).metrics["selection_fits"] is None
    assert score(case, begun).metrics["selection_fits"] is False
    assert score(case, state).procedure == "vertebroplasty"
    session = Session(case, "test", tmp_path / "chosen.simrec")
    session.advance(Action())
    session.close()
    again = load_case("l1-wedge", 1, choice=chosen_in(read(tmp_path / "chosen.simrec")))
    assert again.choice == choice
    planned = load_case("l1-wedge", 1)
    assert score(planned, begun).metrics["selection_fits"] is True


def test_a_thicker_needle_has_less_room(mild_case: Case) -> None:
    scenario = load_scenario(find_case("l1-vertebroplasty"))
    thin, thick = (
        selection.clearance_mm(build_case(scenario, 1, choice=Choice(needle=gauge)))
        for gauge in ("13G", "8G")
    )
    # Half the difference of the gauges: 4.19 - 2.41 mm.
    assert thin - thick == pytest.approx((4.19 - 2.41) / 2.0, abs=0.02)
    assert selection.clearance_mm(mild_case) < thin


def test_another_way_drops_the_authors_target() -> None:
    authored = load_scenario(find_case("l1-wedge"), {"plan.target_mm": [1.0, -8.0, 0.0]}).case
    assert chosen_plan(authored, Choice()).plan.target_mm == (1.0, -8.0, 0.0)
    assert chosen_plan(authored, Choice(approach="extrapedicular")).plan.target_mm is None
    assert chosen_plan(authored, Choice(procedure="vertebroplasty")).plan.target_mm is None


def test_a_way_that_the_needle_does_not_reach_is_refused() -> None:
    scenario = load_scenario(find_case("l1-wedge"))
    with pytest.raises(ScenarioError, match=r"plan.approach: 1\d\d mm .*, and 11G is 125 mm long"):
        build_case(scenario, 1, choice=Choice(approach="extrapedicular"))


def test_what_is_known_comes_from_the_file() -> None:
    known = clinical(load_scenario(find_case("l3-discitis")))
    told = replace(Clinical(), platelets_g_l=240.0, infection=True, age_weeks=4.0)
    assert known == replace(told, lost=known.lost)
    assert 0.25 <= known.lost <= 0.40


# -- time and dose ----------------------------------------------------------------------------


def test_time_and_dose_are_measured_against_the_case(case: Case, expert_run: Outcome) -> None:
    state = expert_run.session.state
    metrics = score(case, state).metrics
    assert metrics["fluoro_ratio"] == pytest.approx(metrics["fluoro_s"] / case.par["fluoro_s"])
    points = {}
    for times in (1.0, 1.5, 2.75, 4.0):
        par = {**case.par, "fluoro_s": metrics["fluoro_s"] / times}
        lines = score(replace(case, par=par), state).lines
        points[times] = next(got for _, text, got, _ in lines if text == "Beam time")
    assert points[1.0] == points[1.5] == 3.0
    assert points[2.75] == pytest.approx(1.5)
    assert points[4.0] == pytest.approx(0.0, abs=1e-9)


def test_few_pictures_alone_are_worth_nothing(case: Case) -> None:
    """Dose and beam time earn nothing before a tool has entered the body, well looked at."""
    state = first_state(case)
    values = MappingProxyType({"body_entered": 1.0, "bone_entered": 1.0, "blind_mm": 12.0})
    blind = replace(state, tally=replace(state.tally, values=values))
    for unseen in (state, blind):
        assert score(case, unseen).domains["radiation"].score == 0.0


def test_a_case_may_leave_the_choice_to_the_operator(tmp_path: Path) -> None:
    """Nobody chose: history and imaging decide. Somebody did: that is built."""
    patch: dict[str, object] = {
        "procedure": "choose", "expected.procedures": ["vertebroplasty"], "equipment.filler": None,
    }  # fmt: skip
    by_rule = load_case("l1-vertebroplasty", 1, patch=patch)
    assert by_rule.procedure is Procedure.VERTEBROPLASTY
    assert selection.selection_fits(by_rule)
    lifted = load_case("l1-vertebroplasty", 1, patch=patch, choice=Choice(procedure="kyphoplasty"))
    assert lifted.procedure is Procedure.KYPHOPLASTY
    assert not selection.selection_fits(lifted)
    with pytest.raises(ScenarioError, match="says here what suits it"):
        load_scenario(find_case("l1-vertebroplasty"), {"procedure": "choose"})
