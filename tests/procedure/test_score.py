"""The judge: points, sentinels, findings."""

from __future__ import annotations

import math
from dataclasses import replace
from types import MappingProxyType

import pytest
from hypothesis import given
from hypothesis import strategies as st

from simulator.anatomy.plan import Route
from simulator.engine.runner import Outcome
from simulator.engine.start import first_state
from simulator.frames import Side
from simulator.procedure import score
from simulator.procedure.metrics import METRICS, register
from simulator.procedure.mistakes import found
from simulator.procedure.registry import TABLE
from simulator.scenario.assets import rubric
from simulator.scenario.expectation import parse
from simulator.world.case import Case, Procedure
from simulator.world.filling_events import CementRanUp, TailDrawn
from simulator.world.report import Metric
from simulator.world.state import State
from simulator.world.steel_events import (
    CanalEntered,
    DiscEntered,
    ForamenEntered,
    MedialRuleBroken,
    PedicleCracked,
    PleuraEntered,
    VesselEntered,
    WallBreached,
    WrongLevel,
)
from simulator.world.tally import Finding
from simulator.world.tools import Wall


@pytest.mark.parametrize("procedure", list(Procedure))
def test_points_sum_to_a_hundred(procedure: Procedure) -> None:
    rows = score.applicable(rubric(), procedure.value)
    assert math.isclose(sum(c.points for c in rows), 100.0)


def test_domains_weigh_as_the_product_says() -> None:
    wanted = {
        "planning": 10, "imaging": 12, "access": 28, "target": 12, "augmentation": 14,
        "radiation": 10, "care": 8, "outcome": 6,
    }  # fmt: skip
    for procedure in Procedure:
        rows = score.applicable(rubric(), procedure.value)
        for domain, points in wanted.items():
            assert sum(c.points for c in rows if c.domain == domain) == points


def test_every_criterion_reads_a_metric_that_exists() -> None:
    for criterion in rubric().criteria:
        assert criterion.metric in METRICS
        assert not criterion.gate or criterion.gate in METRICS
        assert criterion.source


@given(
    value=st.floats(-1e3, 1e3), low=st.floats(-10, 0), high=st.floats(0, 10),
    margin=st.floats(0.01, 10),
)  # fmt: skip
def test_the_curve_is_one_inside_and_falls_outside(value, low, high, margin) -> None:
    got = score.tolerance(value, low, high, margin)
    assert 0.0 <= got <= 1.0
    if low <= value <= high:
        assert got == 1.0
    if value < low - margin or value > high + margin:
        assert got == pytest.approx(0.0, abs=1e-9)


def test_a_sentinel_fails_whatever_the_total(case: Case, expert_run: Outcome) -> None:
    state = expert_run.session.state
    bad = Finding("canal_breach", "sentinel", 5, "in the canal")
    report = score.score(case, replace(state, tally=replace(state.tally, findings=(bad,))))
    assert report.total >= 75.0
    assert not report.passed
    assert report.critical == (bad,)


def test_a_sentinel_off_the_cases_list_counts_as_major(case: Case, expert_run: Outcome) -> None:
    state = expert_run.session.state
    bad = Finding("blind_advance", "sentinel", 5, "blind")
    lenient = replace(case, rubric=replace(case.rubric, sentinels=("canal_breach",)))
    report = score.score(lenient, replace(state, tally=replace(state.tally, findings=(bad,))))
    assert report.critical == ()
    assert report.errors[0].severity == "major"
    assert report.total == pytest.approx(
        score.score(case, state).total - case.rubric.major_points
        + sum(case.rubric.minor_points for f in state.tally.findings), abs=5.0,
    )  # fmt: skip


def test_idling_earns_next_to_nothing(case: Case) -> None:
    assert score.score(case, first_state(case)).total < 10.0


@pytest.mark.parametrize(
    ("event", "wanted"),
    [
        (MedialRuleBroken(0, 1.0, 4.0, 7.0), "medial_rule_broken"),
        (CanalEntered(0), "canal_breach"),
        (WallBreached(0, Wall.MEDIAL, 2.5), "canal_breach"),
        (WallBreached(0, Wall.MEDIAL, 1.0), "medial_breach"),
        (WallBreached(0, Wall.ANTERIOR, 1.2), "anterior_perforation"),
        (WallBreached(0, Wall.LATERAL_BODY, 1.2), "anterior_perforation"),
        (WallBreached(0, Wall.ANTERIOR, 0.6), "breach_anterior"),
        (WallBreached(0, Wall.LATERAL, 0.6), "breach_lateral"),
        (WallBreached(0, Wall.LATERAL, 2.2), "breach_lateral_far"),
        (WallBreached(0, Wall.INFERIOR, 0.6), "breach_inferior"),
        (WallBreached(0, Wall.SUPERIOR_ENDPLATE, 0.6), "endplate_perforated"),
        (ForamenEntered(0, Side.LEFT, "L1"), "foramen_entered"),
        (PleuraEntered(0, Side.RIGHT), "pleura_entered"),
        (VesselEntered(0, "L1"), "vessel_entered"),
        (DiscEntered(0, "L1"), "disc_entered"),
        (WrongLevel(0, "L2", "L1"), "wrong_level_entered"),
        (PedicleCracked(0, 90.0), "pedicle_cracked"),
        (CementRanUp(Side.RIGHT, 0.06, 0.0), "open_cannula"),
        (TailDrawn(Side.LEFT, 0.06, 11.0, turned=False), "tail_drawn"),
    ],
    ids=lambda v: v if isinstance(v, str) else "",
)
def test_events_become_findings(case: Case, event, wanted: str) -> None:
    state = first_state(case)
    findings = found(case, state, state, [event], 1 / 60)
    assert [f.id for f in findings] == [wanted]
    assert findings[0].instead


@pytest.mark.parametrize(
    ("event", "severity"),
    [
        (WallBreached(0, Wall.LATERAL, 1.0), "minor"),
        (WallBreached(0, Wall.LATERAL, 2.0), "major"),
        (WallBreached(0, Wall.INFERIOR, 0.5), "major"),
        (WallBreached(0, Wall.LATERAL_BODY, 1.0), "sentinel"),
        (WallBreached(0, Wall.ANTERIOR, 0.9), "major"),
        (PleuraEntered(0, Side.LEFT), "major"),
        (DiscEntered(0, "L1"), "minor"),
    ],
    ids=str,
)
def test_a_finding_weighs_as_much_as_its_harm(case: Case, event, severity: str) -> None:
    state = first_state(case)
    (finding,) = found(case, state, state, [event], 1 / 60)
    assert finding.severity == severity
    assert finding.id in case.rubric.sentinels or severity != "sentinel"


def test_the_same_mistake_is_told_once(case: Case) -> None:
    state = first_state(case)
    twice = found(case, state, state, [CanalEntered(0), CanalEntered(0)], 1 / 60)
    assert len(twice) == 1


def test_anyone_may_add_a_metric(case: Case) -> None:
    @register("phases_walked_test", "a metric of a test", "design")
    def walked(case: Case, state: State) -> Metric:
        return state.tick + 7

    try:
        assert score.score(case, first_state(case)).metrics["phases_walked_test"] == 7
        assert parse("phases_walked_test >= 7").holds(7)
        with pytest.raises(ValueError, match="already"):
            register("phases_walked_test", "again", "design")
    finally:
        del TABLE["phases_walked_test"]


def test_every_metric_says_what_it_is_and_where_that_comes_from() -> None:
    for name, metric in METRICS.items():
        assert metric.name == name
        assert metric.meaning
        assert metric.source


def test_beside_a_pedicle_there_are_three_way_points(mild_case: Case) -> None:
    beside = tuple(replace(p, route=Route.EXTRAPEDICULAR) for p in mild_case.plans)
    other = replace(mild_case, plans=beside)
    seen = {f"seen_{p}_{v}_0": 1.0 for p in ("entry", "wall", "target") for v in ("ap", "lateral")}
    seen["entry_error_0"] = 1.0
    state = first_state(mild_case)
    state = replace(state, tally=replace(state.tally, values=MappingProxyType(seen)))
    assert score.score(other, state).metrics["way_points_imaged"] == 4.0
    assert score.score(mild_case, state).metrics["way_points_imaged"] == 3.0


@pytest.mark.parametrize(
    "event",
    [
        CementRanUp(Side.RIGHT, 0.04, 0.0),
        TailDrawn(Side.LEFT, 0.04, 8.0, turned=False),
        TailDrawn(Side.LEFT, 0.06, 11.0, turned=True),
    ],
)
def test_a_smear_or_the_tail_of_a_turned_cannula_is_no_mistake(case: Case, event) -> None:
    state = first_state(case)
    assert found(case, state, state, [event], 1 / 60) == ()
