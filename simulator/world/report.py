"""The judge's report of one run."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from simulator.world.tally import Finding

Metric = float | int | bool | str | None


@dataclass(frozen=True, slots=True)
class DomainScore:
    """Points of one domain."""

    score: float
    max: float


@dataclass(frozen=True, slots=True)
class Report:
    """Everything a debrief shows; `metrics` holds the names of the product's contract."""

    scenario: str
    title: str
    seed: int
    operator: str
    procedure: str
    passed: bool
    total: float
    reason: str
    """Why it was or was not passed, in one sentence."""
    domains: Mapping[str, DomainScore]
    lines: tuple[tuple[str, str, float, float], ...]
    """Every criterion: domain, text, score, points."""
    critical: tuple[Finding, ...]
    errors: tuple[Finding, ...]
    moments: tuple[Finding, ...]
    """The (at most) three worst moments, worst first."""
    went_well: tuple[str, ...]
    metrics: Mapping[str, Metric]
    events: Mapping[str, int]
    duration_s: float
