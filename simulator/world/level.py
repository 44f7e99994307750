"""What one of several levels of a session has of its own."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any

from simulator.anatomy.patient import Patient
from simulator.anatomy.plan import Plan
from simulator.world.clinic import Clinical

QUIET: Mapping[str, Any] = MappingProxyType({"quiet": True})
"""Marks a field that stands in no digest while it has its default, so that cases and recordings
with one level keep theirs."""


@dataclass(frozen=True, slots=True)
class Level:
    """One level to be treated: the same patient in the frame of that vertebra, and the plan."""

    patient: Patient
    """Its `target` is the level; the origin is the centre of its intact body."""
    plans: tuple[Plan, Plan]
    """Per `Side`."""
    sides: tuple[int, ...]
    """Sides that the plan uses, in order."""
    clinical: Clinical

    @property
    def name(self) -> str:
        """Which vertebra it is."""
        return self.patient.target.level
