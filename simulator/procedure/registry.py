"""The table of metrics, open to anyone: one registered function is one more metric."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from types import MappingProxyType

from simulator.world.case import Case
from simulator.world.report import Metric
from simulator.world.state import State

Fold = Callable[[Case, State], Metric]


@dataclass(frozen=True, slots=True)
class Definition:
    """One metric: its unit is the suffix of its name."""

    name: str
    meaning: str
    value: Fold
    source: str = "counted in the run"
    """Where the definition comes from, if not from here."""


TABLE: dict[str, Definition] = {}
METRICS: Mapping[str, Definition] = MappingProxyType(TABLE)
"""By name; grows with `register`."""


def register(name: str, meaning: str, source: str) -> Callable[[Fold], Fold]:
    """Return a decorator that adds a metric.

    Args:
        name: With its unit as suffix, e.g. "hub_angle_deg".
        meaning: What it is, in a few words.
        source: Where its definition comes from, or "design".

    Raises:
        ValueError: there is a metric of that name.
    """
    if name in TABLE:
        raise ValueError(f"there is a metric '{name}' already")

    def add(fold: Fold) -> Fold:
        TABLE[name] = Definition(name, meaning, fold, source)
        return fold

    return add


def defined(
    name: str, meaning: str, value: Fold, source: str = "counted in the run"
) -> tuple[str, Definition]:
    """Return a row of the table of metrics."""
    return name, Definition(name, meaning, value, source)
