"""Holding a run's report against what was expected of it."""

from __future__ import annotations

from simulator.scenario.expectation import Expectation, shown, value_of
from simulator.world.report import Report


def verdict(report: Report, expectation: Expectation) -> str | None:
    """Return the failure in two lines, or None when the expectation holds."""
    value = value_of(report, expectation.name)
    if expectation.holds(value):
        return None
    why = " (not applicable in this run)" if value is None else ""
    return f"expected {expectation}\n    got {expectation.name} = {shown(value)}{why}"


def verdict_passed(report: Report, *, expected: bool) -> str | None:
    """Return the failure when the run was passed, or failed, against the expectation."""
    if report.passed == expected:
        return None
    wanted, got = ("passed", "failed") if expected else ("failed", "passed")
    points = f"{report.total:.1f} points"
    return f"expected the run to be {wanted}\n    got {got}, {points}: {report.reason}"


def verdict_critical(report: Report, sentinel: str) -> str | None:
    """Return the failure when a sentinel error was expected and not found."""
    found = [finding.id for finding in report.critical]
    if sentinel in found:
        return None
    return f"expected the sentinel error {sentinel}\n    got {', '.join(found) or 'none'}"
