"""What the built-in expert reaches in a case: the band against which a run is shown."""

from __future__ import annotations

import tomllib
from collections.abc import Iterable, Mapping
from functools import lru_cache

from simulator.paths import asset
from simulator.world.report import Report

Band = tuple[float, float]
NAME = "expert_bands.toml"
MEASURED = ("duration_s", "fluoro_s", "air_kerma_mgy", "operator_dose_usv", "exposures")
"""Metrics whose band is kept besides total and domains."""


@lru_cache(maxsize=1)
def _book() -> Mapping[str, Mapping[str, list[float]]]:
    with asset(NAME).open("rb") as file:
        return tomllib.load(file)


def bands(case: str) -> Mapping[str, Band]:
    """Return lowest and highest of total, domains and some metrics; nothing for an own case."""
    return {k: (v[0], v[1]) for k, v in _book().get(case, {}).items()}


def row(report: Report) -> dict[str, float]:
    """Return what the bands are made of, for one run."""
    scores = {"total": report.total, **{n: d.score for n, d in report.domains.items()}}
    return scores | {n: float(report.metrics[n] or 0.0) for n in MEASURED}


def of_rows(rows: Iterable[Mapping[str, float]]) -> dict[str, Band]:
    """Return the bands of several runs of one case."""
    all_rows = list(rows)
    names = list(all_rows[0]) if all_rows else []
    return {n: (min(r[n] for r in all_rows), max(r[n] for r in all_rows)) for n in names}
