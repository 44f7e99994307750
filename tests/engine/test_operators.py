"""Operators: what drift does, two sides, scripts, and patients that nobody tuned on."""

from __future__ import annotations

from dataclasses import replace
from functools import cache
from pathlib import Path

import pytest

from simulator.anatomy.approach import plan_beside
from simulator.engine.operators import hands, make_operator
from simulator.engine.operators.expert import Manner, access, prepare
from simulator.engine.operators.hands import Move, Routine
from simulator.engine.runner import Outcome, run_case
from simulator.engine.session import Session
from simulator.engine.sight import Observation
from simulator.frames import Side, needle_direction
from simulator.scenario.load import load_case
from simulator.world.case import Case
from simulator.world.events import Event
from simulator.world.steel_events import BlindAdvance, BodyEntered, MedialRuleBroken, WallBreached
from simulator.world.tools import Wall

ROOT = Path(__file__).resolve().parents[2]


def needled(case: Case, drift: float) -> tuple[Session, list[Event]]:
    """Bring the needle in with a drift; return the run and what was told."""
    session = Session(case, "test")
    side = Side(case.sides[0])

    def way(obs: Observation) -> Move:
        obs = yield from prepare(obs, side)
        return (yield from access(obs, side, Manner(drift=drift)))

    routine = Routine(way(session.observe()))
    told: list[Event] = []
    while not session.state.over:
        action = routine.next_action(session.observe())
        if action is None:
            break
        told += session.advance(action)
    return session, told


def breach_mm(case: Case, drift: float) -> float:
    session, _ = needled(case, drift)
    return float(session.report().metrics["medial_breach_mm"])


@pytest.mark.slow
def test_the_breach_grows_with_the_drift(case: Case) -> None:
    breaches = [breach_mm(case, drift) for drift in (0.0, 0.9, 1.4, 1.9)]
    assert breaches[0] == 0.0
    assert breaches == sorted(breaches)
    assert breaches[2] >= 2.0
    assert breaches[3] > breaches[2]


LEVELS = [("T8", "13G", "vertebroplasty"), ("L3", "11G", "kyphoplasty")]


@cache
def at_level(level: str, needle: str, procedure: str) -> Case:
    """The wedge of L1 moved to another level, with the needle that fits there."""
    base = {"kyphoplasty": "l1-wedge", "vertebroplasty": "l1-vertebroplasty"}[procedure]
    return load_case(base, 7, patch={"spine.level": level, "equipment.needle": needle})


@pytest.mark.slow
@pytest.mark.parametrize("where", LEVELS, ids=lambda w: w[0])
def test_clumsy_hands_break_the_medial_wall_on_the_way_through_the_pedicle(where) -> None:
    """At every level for the same reason: behind the posterior wall, medially, before the body."""
    _, told = needled(at_level(*where), 1.4)
    breaches = [e for e in told if isinstance(e, WallBreached)]
    assert {e.wall for e in breaches} == {Wall.MEDIAL}
    assert {e.level for e in breaches} == {where[0]}
    kinds = [type(e) for e in told]
    assert MedialRuleBroken in kinds[: kinds.index(BodyEntered)]
    assert WallBreached in kinds[: kinds.index(BodyEntered)]


@pytest.mark.slow
@pytest.mark.parametrize("where", LEVELS, ids=lambda w: w[0])
def test_the_expert_breaks_nothing_at_other_levels(where) -> None:
    case = at_level(*where)
    session, told = needled(case, 0.0)
    assert not [e for e in told if isinstance(e, WallBreached | MedialRuleBroken | BlindAdvance)]
    assert BodyEntered in [type(e) for e in told]
    tool = session.state.cannulas[case.sides[0]]
    assert tool is not None
    assert hands.distance(tool.tip_mm, case.plans[tool.side].target_mm) < 1.0


@pytest.mark.slow
def test_the_expert_goes_beside_a_thoracic_pedicle_looking_all_the_way() -> None:
    case = at_level(*LEVELS[0])
    target, width = case.patient.target, case.needle.outer_mm
    left, right = (plan_beside(target, s, width / 2.0, case.patient.extras) for s in Side)
    case = replace(case, plans=(left, right), id="beside")
    session, told = needled(case, 0.0)
    assert not [e for e in told if isinstance(e, WallBreached | MedialRuleBroken | BlindAdvance)]
    tool = session.state.cannulas[case.sides[0]]
    assert tool is not None
    assert hands.distance(tool.tip_mm, case.plans[tool.side].target_mm) < 1.0


def test_the_hurried_one_looks_and_crosses_the_pedicle_in_one_stride(case: Case) -> None:
    session = Session(case, "hurried")
    operator = make_operator("hurried", case, session.observe())
    told: list[Event] = []
    while "stylet_out" not in session.state.tally.done:
        action = operator.next_action(session.observe())
        assert action is not None
        told += session.advance(action)
    kinds = [type(e) for e in told]
    # Blind before the needle was in the body, and for nothing else: aim and hands are sound.
    assert kinds.index(BlindAdvance) < kinds.index(BodyEntered)
    assert not {WallBreached, MedialRuleBroken} & {*kinds}
    sentinels = [f.id for f in session.state.tally.findings if f.severity == "sentinel"]
    assert sentinels == ["blind_advance"]
    assert session.state.c_arm.exposures > 6
    assert session.report().metrics["way_points_imaged"] < 4


def test_the_blind_one_takes_no_picture_and_fails_for_it(case: Case) -> None:
    session = Session(case, "blind")
    operator = make_operator("blind", case, session.observe())
    while "stylet_out" not in session.state.tally.done:
        action = operator.next_action(session.observe())
        assert action is not None
        session.advance(action)
    assert session.state.c_arm.exposures == 0
    assert [f.id for f in session.state.tally.findings] == ["blind_advance"]


def test_the_shipped_stage_script_finds_what_it_expects(case: Case) -> None:
    out = run_case(case, ROOT / "scenarios" / "scripts" / "medial-path.toml")
    assert out.misses == ()
    assert out.report.metrics["medial_breach_mm"] >= 1.0


def test_a_turn_is_measured_as_it_is_made() -> None:
    now = needle_direction(Side.RIGHT, 10.0, 5.0)
    medial, caudal = hands.turn_needed(now, needle_direction(Side.RIGHT, 14.0, 5.0), Side.RIGHT)
    assert medial == pytest.approx(4.0, abs=1e-9)
    assert caudal == pytest.approx(0.0, abs=0.1)


@pytest.mark.parametrize(
    "name",
    [
        pytest.param("l1-wedge", marks=pytest.mark.long),
        pytest.param("l1-vertebroplasty", marks=pytest.mark.slow),
    ],
)
def test_both_sides_can_be_treated(name: str) -> None:
    case = load_case(name, 1, patch={"plan.sides": ["left", "right"]})
    report = run_case(case, "expert").report
    assert report.passed, report.reason
    assert report.metrics["crosses_midline"]


def stranger(number: int) -> Case:
    """An L1 wedge of another size, density, sex and age that no constant was tuned on."""
    return load_case(
        "l1-wedge",
        500 + number,
        patch={
            "patient.seed": 91_000 + number,
            "patient.variation": 1.0,
            "patient.t_score": (-2.3, -2.9, -3.3, -3.8)[number % 4],
            "patient.sex": ("female", "male")[number % 2],
            "fracture.age_weeks": 1.0 + number % 5,
        },
    )


@pytest.mark.parametrize(
    "number",
    [
        pytest.param(20, marks=pytest.mark.slow),
        *(pytest.param(n, marks=pytest.mark.long) for n in range(21, 40)),
    ],
)
def test_the_expert_knows_no_case(number: int) -> None:
    """The second twenty that docs/design.md reports."""
    report = run_case(stranger(number), "expert").report
    assert report.passed, report.reason


@pytest.mark.slow
@pytest.mark.parametrize("name", ["hurried", "blind", "greedy"])
def test_whoever_errs_errs_at_every_level(name: str) -> None:
    session = run_case(load_case("t12-l1-two-levels", 1), name).session
    report = session.report()
    assert not report.passed
    assert report.metrics["cement_given"] is True
    assert "level_left" not in {f.id for f in (*report.critical, *report.errors)}
    assert all(tool is None for tool in session.state.cannulas)
    assert session.state.phase == "done"


@pytest.fixture(scope="module")
def greedy_run(case: Case) -> Outcome:
    return run_case(case, "greedy")


@pytest.mark.slow
def test_the_greedy_operator_fails_for_wanting_too_much(case: Case, greedy_run: Outcome) -> None:
    report = greedy_run.session.report()
    found = {f.id for f in (*report.critical, *report.errors)}
    assert not report.passed
    assert {"tamp_misuse", "large_step", "high_pressure", "runny_cement"} <= found
    # looked and aimed as the expert does: nothing went wrong on the way in
    assert not found & {"blind_advance", "medial_rule_broken", "canal_breach"}
    metrics = report.metrics
    assert metrics["tamp_past_endpoint_ml"] > 2.0
    assert metrics["tamp_ruptures"] + metrics["tamp_breaches"] >= 1
    assert metrics["contrast_spilled_ml"] > 0.0


def test_the_expert_stops_at_an_endpoint(expert_run: Outcome) -> None:
    metrics = expert_run.session.report().metrics
    assert metrics["tamp_endpoint"] not in ("none", "ruptured", "gave way", "pressure")
    assert metrics["tamp_past_endpoint_ml"] < 0.3
    assert metrics["tamp_start_psi"] < 60.0
    assert metrics["tamp_steps_seen_fraction"] == 1.0
    assert metrics["tamp_steps_paused_fraction"] == 1.0
    assert metrics["tamp_purged"] is True
    assert metrics["height_inflated_mm"] - metrics["height_before_mm"] > 2.0
    assert metrics["tamp_ruptures"] == metrics["tamp_breaches"] == 0


@pytest.mark.long  # two minutes of CPU
def test_two_tamps_are_filled_in_turn_and_emptied_one_after_the_other() -> None:
    metrics = run_case(load_case("l3-wedge", 1), "expert").session.report().metrics
    assert metrics["tamp_imbalance_ml"] < 0.6
    assert metrics["tamp_held_while_filling"] is True
    # Nothing told to stop before the tamps were full but for less than a step.
    assert metrics["tamp_endpoint"] == "none"
    assert 7.5 < metrics["tamp_volume_ml"] < 8.0
    assert metrics["tamp_pressure_peak_psi"] < 280.0
