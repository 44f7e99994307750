"""The judge: metrics through the rubric's curves, findings, and three worst moments."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from simulator.procedure import by_level
from simulator.procedure.decisions import justified
from simulator.procedure.metrics import METRICS
from simulator.units import seconds
from simulator.world.case import Case, Procedure
from simulator.world.report import DomainScore, Metric, Report
from simulator.world.rubric import Criterion, Rubric
from simulator.world.state import State
from simulator.world.tally import Finding

_WORST = 3
_WHOLE = 100.0
_GOOD_SHARE = 0.99
_GOOD_LINES = 4


def tolerance(value: float, low: float, high: float, margin: float) -> float:
    """Return 1 inside [low, high], falling linearly to 0 at `margin` outside.

    >>> tolerance(2.0, 0.0, 2.0, 4.0), tolerance(4.0, 0.0, 2.0, 4.0), tolerance(9.0, 0.0, 2.0, 4.0)
    (1.0, 0.5, 0.0)
    """
    outside = max(low - value, value - high, 0.0)
    if outside == 0.0:
        return 1.0
    return max(0.0, 1.0 - outside / margin) if margin > 0.0 else 0.0


def share(criterion: Criterion, metrics: Mapping[str, Metric]) -> float:
    """Return the part 0..1 of a criterion's points that the metrics earn."""
    if criterion.gate and not metrics[criterion.gate]:
        return 0.0
    value = metrics[criterion.metric]
    if value is None or isinstance(value, str):
        return 0.0
    return tolerance(float(value), criterion.low, criterion.high, criterion.margin)


def applicable(rubric: Rubric, procedure: str) -> tuple[Criterion, ...]:
    """Return the criteria that a procedure is judged by; their points sum to 100."""
    return tuple(c for c in rubric.criteria if c.procedure in ("both", procedure))


def score(case: Case, state: State, operator: str = "") -> Report:
    """Judge a run as it stands; final once `state.over`."""
    case = case.facing(state.level)
    metrics = by_level.measured(case, state, share)
    rubric, decision = case.rubric, justified(case, state)
    rows = applicable(rubric, case.procedure.value)
    if decision:
        rows = tuple(c for c in rows if not c.reached or metrics[c.reached])
    lines = tuple(
        (c.domain, _told(c, metrics), share(c, metrics) * c.points, c.points) for c in rows
    )
    # What a right decision made pointless drops out; the rest is worth a hundred again.
    worth = sum(c.points for c in rows) if decision else _WHOLE
    findings = state.tally.findings
    critical = tuple(f for f in findings if f.severity == "sentinel" and f.id in rubric.sentinels)
    # A sentinel that this case leaves off its list still counts as a major error.
    errors = tuple(
        f if f.severity != "sentinel" else replace(f, severity="major")
        for f in findings
        if f not in critical
    )
    domains = _domains(rubric, lines)
    lost = sum(
        rubric.major_points if f.severity == "major" else rubric.minor_points for f in errors
    )
    got = sum(d.score for d in domains.values())
    total = max(0.0, got * _WHOLE / worth - lost) if worth else 0.0
    passed, reason = _verdict(case, state, metrics, total, domains, critical, decision)
    return Report(
        scenario=case.id,
        title=case.notes.title,
        seed=case.seed,
        operator=operator,
        procedure=case.procedure.value,
        passed=passed,
        total=total,
        reason=reason,
        domains=domains,
        lines=lines,
        critical=critical,
        errors=errors,
        moments=tuple(sorted(findings, key=lambda f: (-f.harm, f.tick))[:_WORST]),
        went_well=_went_well(lines),
        metrics=metrics,
        events={k: int(v) for k, v in sorted(state.tally.counts.items())},
        duration_s=float(metrics["duration_s"] or seconds(state.tick)),
    )


def _told(criterion: Criterion, metrics: Mapping[str, Metric]) -> str:
    """Return a criterion's text, and what it would have needed where its gate kept the points."""
    if share(criterion, metrics) >= share(replace(criterion, gate=""), metrics):
        return criterion.text
    return f"{criterion.text} (needs: {METRICS[criterion.gate].meaning})"


def _domains(
    rubric: Rubric, lines: tuple[tuple[str, str, float, float], ...]
) -> dict[str, DomainScore]:
    return {
        name: DomainScore(
            sum(score for domain, _, score, _ in lines if domain == name),
            sum(points for domain, _, _, points in lines if domain == name),
        )
        for name in rubric.domains
    }


def _verdict(
    case: Case,
    state: State,
    metrics: Mapping[str, Metric],
    total: float,
    domains: Mapping[str, DomainScore],
    critical: tuple[Finding, ...],
    decision: str,
) -> tuple[bool, str]:
    if critical:
        return False, critical[0].text
    short = _short_of(case.rubric, metrics, total, domains, decided=bool(decision))
    if decision:
        right = f"Right not to go on: {decision}"
        return (False, f"{right.rstrip('.')}. {short}") if short else (True, right)
    missed = _unfinished(state) or _left_undone(case, state, metrics) or short
    mark = case.rubric.pass_mark
    return not missed, missed or f"Pass mark {mark:.0f} reached, no sentinel error."


def _short_of(
    rubric: Rubric,
    metrics: Mapping[str, Metric],
    total: float,
    domains: Mapping[str, DomainScore],
    *,
    decided: bool,
) -> str:
    """Return which mark was not reached; after a decision the way is judged once it was gone."""
    access = domains["access"].score
    went = metrics["body_entered"] if decided else metrics["bone_entered"]
    if went and access < rubric.access_mark:
        return f"Access {access:.0f}, needed {rubric.access_mark:.0f}."
    if total < rubric.pass_mark:
        return f"Total {total:.0f}, pass mark {rubric.pass_mark:.0f}."
    return ""


def _unfinished(state: State) -> str:
    """Return how a run ended that did not end with the discharge."""
    if state.phase == "declined":
        return "Declined, and nothing in the notes says so."
    if state.phase == "aborted" and "dress" in state.tally.done:
        return "Stopped in the recovery; the patient was not discharged."
    if state.phase == "aborted":
        return "Stopped without need."
    return "" if state.phase == "done" else "The procedure was not finished."


def _left_undone(case: Case, state: State, metrics: Mapping[str, Metric]) -> str:
    """Return what a finished procedure lacks: cement, enough of it, or a tamp that worked."""
    if state.cement.started_tick is None and not case.levels:
        return "No cement was given."
    missed = by_level.untreated(case, state)
    if missed:
        return f"No cement was given in {' and '.join(missed)}."
    weak = by_level.unsupported(case, state)
    if weak:
        return f"Too little cement to hold in {' and '.join(weak)}; nothing told to stop."
    if case.procedure is not Procedure.KYPHOPLASTY or metrics["tamp_worked"]:
        return ""
    begun = metrics["tamp_inflated"]
    return f"The tamp was {'given up before any sign to stop' if begun else 'never inflated'}."


def _went_well(lines: tuple[tuple[str, str, float, float], ...]) -> tuple[str, ...]:
    full = [(points, text) for _, text, got, points in lines if got >= _GOOD_SHARE * points]
    return tuple(text for _, text in sorted(full, key=lambda row: -row[0])[:_GOOD_LINES])
