"""Operators: what drift does, two sides, scripts, and patients that nobody tuned on."""

from __future__ import annotations

from pathlib import Path

import pytest

from simulator.engine.operators import hands
from simulator.engine.operators.expert import Manner, access, prepare
from simulator.engine.operators.hands import Move, Routine
from simulator.engine.runner import run_case
from simulator.engine.session import Session
from simulator.engine.sight import Observation
from simulator.frames import Side, needle_direction
from simulator.scenario.load import load_case
from simulator.world.case import Case

ROOT = Path(__file__).resolve().parents[2]


def breach_mm(case: Case, drift_deg: float) -> float:
    """Bring the needle in with a drift; return the medial breach."""
    session = Session(case, "test")

    def way(obs: Observation) -> Move:
        obs = yield from prepare(obs, Side.LEFT)
        return (yield from access(obs, Side.LEFT, Manner(drift_deg=drift_deg)))

    routine = Routine(way(session.observe()))
    while not session.state.over:
        action = routine.next_action(session.observe())
        if action is None:
            break
        session.advance(action)
    return float(session.report().metrics["medial_breach_mm"])


def test_the_breach_grows_with_the_drift(case: Case) -> None:
    breaches = [breach_mm(case, drift) for drift in (0.0, 5.0, 9.0, 13.0)]
    assert breaches[0] == 0.0
    assert breaches == sorted(breaches)
    assert breaches[2] >= 2.0
    assert breaches[3] > breaches[2]


def test_the_shipped_stage_script_finds_what_it_expects(case: Case) -> None:
    out = run_case(case, ROOT / "scenarios" / "scripts" / "medial-path.toml")
    assert out.misses == ()
    assert out.report.metrics["medial_breach_mm"] >= 1.0


def test_a_turn_is_measured_as_it_is_made() -> None:
    now = needle_direction(Side.RIGHT, 10.0, 5.0)
    medial, caudal = hands.turn_needed(now, needle_direction(Side.RIGHT, 14.0, 5.0), Side.RIGHT)
    assert medial == pytest.approx(4.0, abs=1e-9)
    assert caudal == pytest.approx(0.0, abs=0.1)


@pytest.mark.slow
@pytest.mark.parametrize("name", ["l1-wedge", "l1-vertebroplasty"])
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


@pytest.mark.slow
@pytest.mark.parametrize("number", range(20, 23))
def test_the_expert_knows_no_case(number: int) -> None:
    """Three of the second twenty that docs/design.md reports, so that the suite stays short."""
    report = run_case(stranger(number), "expert").report
    assert report.passed, report.reason
