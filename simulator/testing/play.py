"""Running a scenario test, and telling what was not as expected."""

from __future__ import annotations

from collections.abc import Iterator

from simulator.engine.runner import Outcome, run_case
from simulator.scenario.expectation import parse, shown
from simulator.scenario.load import load_case
from simulator.scenario.read import shown_path
from simulator.testing.expect import verdict, verdict_critical, verdict_passed
from simulator.testing.trial import Trial

_LAST_ACTIONS = 8


def play(trial: Trial, seed: int) -> str | None:
    """Run one seed headless; return the failure as text, or None when all holds."""
    case = load_case(trial.case, seed, patch=trial.patch)
    outcome = run_case(case, trial.operator)
    failures = list(_failures(trial, outcome))
    if trial.determinism:
        again = run_case(case, trial.operator)
        if again.state_hash != outcome.state_hash:
            text = "the same seed gave another result: state hash"
            failures.append(
                f"{shown_path(trial.file)}:{trial.line}: {text}\n"
                f"    got {again.state_hash[:16]}… after {outcome.state_hash[:16]}…"
            )
    return _told(trial, seed, outcome, failures) if failures else None


def _failures(trial: Trial, outcome: Outcome) -> Iterator[str]:
    name, judged = shown_path(trial.file), outcome.report
    for miss in outcome.misses:
        asked = miss.expectation
        yield (
            f"{name}:{asked.line or miss.line}: step {miss.step}: expected {asked}\n"
            f"    got {asked.name} = {shown(miss.value)} at {miss.t_s:.1f} s"
        )
    for line, text in trial.expect:
        fault = verdict(judged, parse(text))
        if fault:
            yield f"{name}:{line}: {fault}"
    if trial.passed is not None:
        fault = verdict_passed(judged, expected=trial.passed[1])
        if fault:
            yield f"{name}:{trial.passed[0]}: {fault}"
    for line, sentinel in trial.critical:
        fault = verdict_critical(judged, sentinel)
        if fault:
            yield f"{name}:{line}: {fault}"


def _told(trial: Trial, seed: int, outcome: Outcome, failures: list[str]) -> str:
    judged = outcome.report
    critical = ", ".join(finding.id for finding in judged.critical) or "none"
    rows = [
        *failures,
        f"  {judged.operator}, seed {seed}: {judged.total:.1f} points, "
        f"{'passed' if judged.passed else 'failed'}; sentinel errors: {critical}",
        "  last actions:",
        *(f"    {row}" for row in outcome.trail[-_LAST_ACTIONS:]),
        f"  replay: {trial.replay(seed)}",
    ]
    return "\n".join(rows)
