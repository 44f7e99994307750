"""Holding a report against expectations: what holds is silent, what does not names both sides."""

import pytest

from simulator.scenario.expectation import parse
from simulator.testing.expect import verdict, verdict_critical, verdict_passed
from simulator.world.report import DomainScore, Report
from simulator.world.tally import Finding

REPORT = Report(
    scenario="l1-wedge",
    title="",
    seed=1,
    operator="expert",
    procedure="kyphoplasty",
    passed=False,
    total=61.25,
    reason="the canal was entered",
    domains={"access": DomainScore(12.0, 28.0)},
    lines=(),
    critical=(Finding("canal_breach", "sentinel", 60, "the tip entered the canal"),),
    errors=(),
    moments=(),
    went_well=(),
    metrics={"leak_ml": 0.3, "leak_disc_ml": None, "crosses_midline": True},
    events={"CementLeaked": 2},
    duration_s=900.0,
)


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("leak_ml < 0.5", None),
        ("leak_ml < 0.1", "expected leak_ml < 0.1\n    got leak_ml = 0.3"),
        ("total >= 75", "expected total >= 75\n    got total = 61.25"),
        ("passed == true", "expected passed == true\n    got passed = false"),
        ("domains.access >= 20", "expected domains.access >= 20\n    got domains.access = 12"),
        ("events.CementLeaked == 2", None),
        ("events.TampRuptured == 0", None),
        (
            "crosses_midline == false",
            "expected crosses_midline == false\n    got crosses_midline = true",
        ),
        (
            "leak_disc_ml == 0",
            "expected leak_disc_ml == 0\n    got leak_disc_ml = null (not applicable in "
            "this run)",
        ),
        ("leak_disc_ml == null", None),
    ],
)  # fmt: skip
def test_one_comparison(text, told):
    assert verdict(REPORT, parse(text)) == told


def test_passing_and_sentinels():
    assert verdict_passed(REPORT, expected=False) is None
    assert verdict_passed(REPORT, expected=True) == (
        "expected the run to be passed\n    got failed, 61.2 points: the canal was entered"
    )
    assert verdict_critical(REPORT, "canal_breach") is None
    assert verdict_critical(REPORT, "tamp_misuse") == (
        "expected the sentinel error tamp_misuse\n    got canal_breach"
    )
