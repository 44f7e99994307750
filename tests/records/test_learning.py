"""Learning curves: the published tables, the exact chances, and the advice."""

from __future__ import annotations

from collections import defaultdict
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from simulator.records.learning import Scheme, course, cusum, lc_cusum, learn, scheme, smoothed
from simulator.records.practice import advise, relevance
from simulator.records.runs import Run, Status, run_of
from simulator.rng import stream
from simulator.scenario.load import CaseCard
from tests.records.made import recording

RUNS = 50
TABLE = {
    # (p0, p1): evidence of success, of failure, limit, power, median runs, shortest clean series
    (0.05, 0.15): (0.111, -1.099, 2.80, 0.73, 37, 26),
    (0.05, 0.20): (0.172, -1.386, 3.28, 0.92, 28, 20),
    (0.10, 0.25): (0.182, -0.916, 3.11, 0.83, 30, 18),
    (0.10, 0.30): (0.251, -1.099, 3.53, 0.95, 23, 15),
}
"""As tabulated, from 40 000 simulated learners; docs/history.md."""

HALF = 0.0051
"""Half of the last printed digit of a power, and 0.0001 for the simulation's own rounding."""


def chances(test: Scheme, failure_rate: float, runs: int, *, decline: bool = False) -> list[float]:
    """Return the exact chance that the limit is reached by each run.

    A slow twin that shares no code with the product: the value is known by how many successes and
    failures came since it last was zero, so that all ways can be counted.
    """
    up, down = (
        np.log((1 - test.acceptable) / (1 - test.unacceptable)),
        np.log(test.acceptable / test.unacceptable),
    )
    if decline:
        up, down = -up, -down
    ways, reached, out = {(0, 0): 1.0}, 0.0, []
    for _ in range(runs):
        after: dict[tuple[int, int], float] = defaultdict(float)
        for (good, bad), chance in ways.items():
            for g, b, p in ((good + 1, bad, 1 - failure_rate), (good, bad + 1, failure_rate)):
                value = g * up + b * down
                if value >= test.limit:
                    reached += chance * p
                else:
                    after[(g, b) if value > 0.0 else (0, 0)] += chance * p
        ways = after
        out.append(reached)
    return out


@pytest.mark.parametrize(("rates", "row"), TABLE.items(), ids=str)
def test_the_tabulated_schemes(rates: tuple[float, float], row: tuple[float, ...]) -> None:
    success, failure, limit, power, median, clean = row
    test = Scheme(*rates, limit)
    assert test.for_success == pytest.approx(success, abs=0.0005)
    assert test.for_failure == pytest.approx(failure, abs=0.0005)
    assert chances(test, rates[1], RUNS)[-1] <= 0.10
    able = chances(test, rates[0], 200)
    assert able[RUNS - 1] == pytest.approx(power, abs=HALF)
    assert next(n for n, chance in enumerate(able, 1) if chance >= 0.5) == median
    assert next(n for n, v in enumerate(lc_cusum([True] * 60, test), 1) if v >= limit) == clean


def test_the_chosen_scheme_is_one_of_the_table() -> None:
    test = scheme("lc_cusum")
    assert TABLE[test.acceptable, test.unacceptable][2] == test.limit


def test_thirty_straight_successes() -> None:
    values = lc_cusum([True] * 30, scheme("lc_cusum"))
    assert values[-1] == pytest.approx(5.470, abs=0.0005)
    (signal,) = [n for n, s in enumerate(course([True] * 30, *_both()), 1) if s.reached]
    assert signal == 18


def _both() -> tuple[Scheme, Scheme]:
    return scheme("lc_cusum"), scheme("cusum")


def test_the_limit_of_decline_is_the_smallest_that_seldom_errs() -> None:
    test = scheme("cusum")
    assert chances(test, test.acceptable, RUNS, decline=True)[-1] <= 0.10
    lower = Scheme(test.acceptable, test.unacceptable, test.limit - 0.01)
    assert chances(lower, test.acceptable, RUNS, decline=True)[-1] > 0.10
    assert chances(test, test.unacceptable, RUNS, decline=True)[-1] == pytest.approx(
        0.887, abs=HALF
    )


@pytest.mark.slow
@pytest.mark.parametrize("able", [True, False], ids=["acceptable", "unacceptable"])
def test_simulated_learners_agree_with_the_exact_chances(able: bool) -> None:
    proof, watch = _both()
    rate = proof.acceptable if able else proof.unacceptable
    learners = 20_000
    draws = stream(1, f"learners/{rate}").random((learners, RUNS)) >= rate
    shown = declined = 0
    for row in draws.tolist():
        shown += any(step.reached for step in course(row, proof, watch))
        declined += max(cusum(row, watch)) >= watch.limit
    # Three standard errors of a share of so many learners.
    near = 3.0 * 0.5 / learners**0.5
    assert shown / learners == pytest.approx(chances(proof, rate, RUNS)[-1], abs=near)
    exact = chances(watch, rate, RUNS, decline=True)[-1]
    assert declined / learners == pytest.approx(exact, abs=near)
    if not able:
        assert shown / learners <= 0.10


@given(st.lists(st.booleans(), max_size=80))
def test_the_two_tests_take_turns(outcomes: list[bool]) -> None:
    proof, watch = _both()
    steps = course(outcomes, proof, watch)
    assert [s.success for s in steps] == outcomes
    first = next((n for n, s in enumerate(steps) if s.reached), len(steps) - 1) + 1
    # Up to the first signal it is the plain LC-CUSUM, and after it a CUSUM that begins anew.
    assert [s.value for s in steps[:first]] == pytest.approx(lc_cusum(outcomes, proof)[:first])
    rest = steps[first:]
    if rest:
        end = next((n for n, s in enumerate(rest) if s.reached), len(rest) - 1) + 1
        assert [s.value for s in rest[:end]] == pytest.approx(cusum(outcomes[first:], watch)[:end])
    assert all(s.value >= 0.0 for s in steps)
    watching = False
    for step in steps:
        assert step.watching == watching
        watching ^= step.reached


@given(st.lists(st.booleans(), max_size=60))
def test_the_straight_passes_to_go_are_exactly_enough(outcomes: list[bool]) -> None:
    runs = [_run(passed) for passed in outcomes]
    now = learn(runs)
    left = now.clean_runs_left
    assert (left == 0) == now.shown
    if left:
        assert learn([*runs, *[_run(True)] * left]).shown
        assert not learn([*runs, *[_run(True)] * (left - 1)]).shown


def _run(passed: bool) -> Run:
    return Run(
        id="0" * 32, case="l1-wedge", case_sha256="", title="", procedure="", seed=1, trainee="",
        operator="human", started="", ended="", status=Status.FINISHED, phase="done", ticks=1,
        total=80.0 if passed else 60.0, passed=passed, domains=(), critical=(), metrics=(),
        recording_sha256="",
    )  # fmt: skip


def test_decline_is_told_and_the_proof_is_asked_for_again() -> None:
    runs = [_run(True)] * 18 + [_run(False)] * 4
    now = learn(runs)
    # 4 failures: 4 * 0.916 = 3.67 >= 3.12, three of them do not suffice.
    assert (now.shown, now.shown_at, now.declined_at, now.clean_runs_left) == (False, 18, 22, 18)
    assert learn(runs[:-1]).shown


def test_smoothing_begins_at_the_first_and_follows() -> None:
    assert smoothed([]) == ()
    assert smoothed([40.0, 80.0, 80.0]) == pytest.approx((40.0, 54.0, 63.1))


# -- what to practise -----------------------------------------------------------------------------


def card(name: str, skill: str, difficulty: int = 2, fault: str = "", *aims: str) -> CaseCard:
    path = Path(f"{name}.toml")
    return CaseCard(name, name.title(), "kyphoplasty", "L1", difficulty, skill, aims, path, fault)


CARDS = (
    card("easy", "first steps", 1),
    card("medial", "the medial rule", 2, "", "Stay lateral to the medial pedicle border"),
    card("dose", "low dose", 3, "", "Few pulses, collimated beam"),
    card("broken", "the medial rule, medial", 1, "line 3: unknown"),
)


def runs_of(folder: Path, *asked: dict[str, Any]) -> tuple[Run, ...]:
    return tuple(run_of(recording(folder, n, **words)) for n, words in enumerate(asked))


def told(folder: Path, *asked: dict[str, Any]) -> list[tuple[str, str]]:
    return [(a.case, a.about) for a in advise(learn(runs_of(folder, *asked)), CARDS)]


def test_who_never_played_begins_with_the_easiest(tmp_path: Path) -> None:
    assert told(tmp_path) == [("easy", ""), ("medial", ""), ("dose", "")]


def test_the_most_frequent_sentinel_error_comes_first(tmp_path: Path) -> None:
    often = {"critical": ("medial_rule_broken",), "total": 90.0, "case": "easy"}
    assert told(tmp_path, often, often)[0] == ("medial", "medial_rule_broken")
    (first, *_) = advise(learn(runs_of(tmp_path, often, often)), CARDS)
    assert "medial rule broken: 2 of your last 2 runs" in first.reason


def test_without_errors_the_weakest_domain_counts(tmp_path: Path) -> None:
    weak = {"total": 95.0, "case": "easy", "shares": {"radiation": 0.3, "access": 0.8}}
    assert told(tmp_path, weak)[:2] == [("dose", "radiation"), ("medial", "access")]


def test_old_errors_are_forgotten(tmp_path: Path) -> None:
    old = {"critical": ("medial_rule_broken",), "total": 95.0, "case": "medial"}
    good = {"total": 95.0, "case": "easy"}
    assert told(tmp_path, old, *[good] * 9)[0] == ("medial", "medial_rule_broken")
    assert told(tmp_path, old, *[good] * 10)[0] == ("medial", "")


def test_what_no_case_trains_is_practised_where_it_happened(tmp_path: Path) -> None:
    good, poor = {"care": 0.9}, {"care": 0.2}
    weak = {"total": 95.0, "case": "dose", "shares": poor}
    assert told(tmp_path, {"total": 95.0, "case": "easy", "shares": good}, weak)[0] == (
        "dose",
        "care",
    )
    (tmp_path / "x").mkdir()
    wrong = {"critical": ("wrong_level",), "total": 95.0, "case": "dose"}
    assert told(tmp_path / "x", wrong)[0] == ("dose", "wrong_level")


def test_a_case_with_a_fault_is_never_advised(tmp_path: Path) -> None:
    assert relevance(CARDS[3], "medial_rule_broken") > 0
    bad = {"critical": ("medial_rule_broken",), "case": "easy"}
    assert all(case != "broken" for case, _ in told(tmp_path, *[bad] * 3))


def test_who_passed_everything_is_kept_going(tmp_path: Path) -> None:
    names = ("dose", "easy", "medial")
    advice = told(tmp_path, *({"total": 95.0, "case": name} for name in names))
    assert advice == [("dose", ""), ("easy", ""), ("medial", "")]
