"""How a run is judged, as data: points, bands and what ends a pass."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Criterion:
    """One line of the rubric: a metric, and the curve that turns it into points.

    The score is 1 inside [low, high] and falls linearly to 0 over `margin` outside.
    """

    id: str
    domain: str
    metric: str
    points: float
    low: float
    high: float
    margin: float
    procedure: str
    """"kyphoplasty", "vertebroplasty" or "both"."""
    text: str
    source: str
    reached: str = ""
    """After a justified decision not to go on, counted only if this metric is true."""
    gate: str = ""
    """A metric that must be true for these points: time and dose count only for safe work."""


@dataclass(frozen=True, slots=True)
class Rubric:
    """The judge's book."""

    criteria: tuple[Criterion, ...]
    domains: tuple[str, ...]
    pass_mark: float
    access_mark: float
    sentinels: tuple[str, ...]
    major_points: float
    minor_points: float
    supporting_ml: float
    """Cement in a body from which on it bears load."""
    working_tamp_ml: float
    """Contrast in the tamps from which on they have worked, whatever sign came."""
    supporting_share: float
    """Of the room that the tamps made, how much must be filled for it to stay."""
