"""Each sentinel is reached by a recording and fails it; fixed recordings give fixed scores."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import pytest

from simulator.engine import recording, runner
from simulator.engine.resume import case_of
from simulator.engine.runner import Replayed
from simulator.scenario.words import SENTINELS
from simulator.world.case import Case
from tests.engine import wrong_ways as ways
from tests.engine.wrong_ways import DATA, FIXED, Way

TOLERANCE_POINTS = 0.5
"""Curves are linear outside their bands: a quarter of a millimetre at the entry, or half a degree
of direction, is so much, and physics may move by that. A rule changes by whole points."""


@dataclass(frozen=True)
class Wrong:
    """A run that reaches one sentinel."""

    sentinel: str
    scenario: str
    way: Way
    leads_to: frozenset[str] = frozenset()
    """Sentinels that the same mistake may reach as well."""
    quick: bool = False


WRONG = (
    Wrong("wrong_level", "l1-wedge", ways.one_level_up),
    Wrong("medial_rule_broken", "l1-wedge", ways.over_the_medial_border),
    # Through the medial wall nobody comes into the canal without crossing the medial border.
    Wrong("canal_breach", "l1-wedge", ways.into_the_canal, frozenset({"medial_rule_broken"})),
    Wrong("anterior_perforation", "l1-wedge", ways.through_the_front),
    Wrong("blind_advance", "l1-wedge", ways.ten_mm_unwatched),
    Wrong("tamp_misuse", "l1-wedge", ways.tamp_in_the_cannula),
    # A balloon that has pushed the fragment so far soon breaks through beside it.
    Wrong(
        "posterior_wall_pushed",
        "t12-fragment",
        ways.tamp_behind_the_fragment,
        frozenset({"tamp_misuse"}),
    ),
    Wrong("canal_leak_ignored", "l1-vertebroplasty", ways.runny_through_a_leak),
    Wrong("instability_ignored", "l1-wedge", ways.too_much_sedation, quick=True),
    Wrong("contraindication_ignored", "l3-discitis", ways.needle_all_the_same, quick=True),
)


def judged_again(path: Path, *, verify: bool) -> Replayed:
    """Play a recording's actions through today's code, in the case that it was made of."""
    read = recording.read(path)
    return runner.replay(case_of(read), read, verify=verify)


def critical(end: Replayed) -> set[str]:
    return {finding.id for finding in end.report.critical}


def test_every_sentinel_has_its_run(case: Case) -> None:
    reached = [wrong.sentinel for wrong in WRONG]
    assert sorted(reached) == sorted(SENTINELS) == sorted(case.rubric.sentinels)


@pytest.mark.parametrize(
    "wrong",
    [pytest.param(w, id=w.sentinel, marks=() if w.quick else pytest.mark.slow) for w in WRONG],
)
def test_a_recording_reaches_the_sentinel_and_fails_for_it(wrong: Wrong, tmp_path: Path) -> None:
    path = tmp_path / f"{wrong.sentinel}.simrec"
    played = ways.recorded(wrong.scenario, wrong.way, path)
    end = judged_again(path, verify=True)
    assert end.checked > 0
    assert not end.torn
    assert wrong.sentinel in critical(end)
    assert critical(end) <= {wrong.sentinel} | wrong.leads_to
    assert not end.report.passed
    # Not for being unfinished: the verdict names a sentinel.
    assert end.report.reason == end.report.critical[0].text
    assert end.report.critical == played.report().critical


@dataclass(frozen=True)
class Score:
    """What a fixed recording is worth."""

    total: float
    passed: bool
    critical: frozenset[str] = frozenset()
    errors: frozenset[str] = frozenset()


SCORES = {
    "discitis-declined": Score(100.0, passed=True),
    # Five points are taken from somebody who has earned none.
    "wedge-declined": Score(0.0, passed=False, errors=frozenset({"declined_wrongly"})),
    "ten-mm-unwatched": Score(29.0, passed=False, critical=frozenset({"blind_advance"})),
}


def test_every_fixed_recording_has_its_score() -> None:
    assert {path.stem for path in DATA.glob("*.simrec")} == set(SCORES) == set(FIXED)


@pytest.mark.parametrize("name", SCORES)
def test_a_fixed_recording_gives_its_fixed_score(name: str) -> None:
    wanted = SCORES[name]
    # Not verified: physics may change to the bit, what was done is not to be judged otherwise.
    end = judged_again(DATA / f"{name}.simrec", verify=False)
    assert end.report.total == pytest.approx(wanted.total, abs=TOLERANCE_POINTS)
    assert end.report.passed is wanted.passed
    assert critical(end) == wanted.critical
    assert {finding.id for finding in end.report.errors} == wanted.errors
