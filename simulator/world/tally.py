"""What has been counted so far: a pure fold over events and states."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType


def _empty() -> Mapping[str, float]:
    return MappingProxyType({})


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing done wrong (or well), as the debrief will tell it."""

    id: str
    severity: str
    """"sentinel", "major", "minor" or "good"."""
    tick: int
    text: str
    """What happened."""
    seen: str = ""
    """What the picture showed, or hid."""
    instead: str = ""
    """What to do instead."""
    harm: float = 0.0
    """Rank among the worst moments."""

    @property
    def t_s(self) -> float:
        """Seconds since the start of the run."""
        return self.tick / 60.0


@dataclass(frozen=True, slots=True)
class Tally:
    """Accumulators of the metrics. Mappings are replaced, never changed."""

    values: Mapping[str, float] = field(default_factory=_empty)
    """Running maxima, sums and last values by name; a missing name has not happened."""
    counts: Mapping[str, float] = field(default_factory=_empty)
    """Number of events by class name."""
    findings: tuple[Finding, ...] = ()
    done: frozenset[str] = frozenset()
    """Acts carried out and guards passed."""
