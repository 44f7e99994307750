"""What a run teaches: points chosen by what went wrong, with their evidence."""

from __future__ import annotations

import tomllib
from dataclasses import dataclass
from functools import lru_cache

from simulator.errors import AssetError
from simulator.paths import asset
from simulator.world.report import Report

DECLINED = "declined"
_LOST_SHARE = 0.85
"""A domain below this share of its points lost something worth telling."""


@dataclass(frozen=True, slots=True)
class Point:
    """One thing to learn."""

    when: tuple[str, ...]
    text: str
    evidence: str
    source: str


@lru_cache(maxsize=1)
def _book() -> tuple[int, tuple[Point, ...]]:
    with asset("teaching.toml").open("rb") as file:
        raw = tomllib.load(file)
    try:
        points = tuple(Point(**{**p, "when": tuple(p["when"])}) for p in raw["point"])
        return int(raw["most"]), points
    except (KeyError, TypeError) as error:
        raise AssetError(f"assets/teaching.toml: {error}") from error


def points(report: Report) -> tuple[Point, ...]:
    """Return what to tell after a run: the evidence about the procedure comes always, and last."""
    most, book = _book()
    found = {f.id for f in (*report.critical, *report.errors)}
    found |= {DECLINED} if report.metrics.get(DECLINED) else set()
    lost = {n for n, d in report.domains.items() if d.max and d.score < _LOST_SHARE * d.max}
    always = [p for p in book if report.procedure in p.when]
    wrong = [p for p in book if found & set(p.when)]
    weak = [p for p in book if lost & set(p.when) and p not in wrong]
    return (*(wrong + weak)[: most - len(always)], *always)
