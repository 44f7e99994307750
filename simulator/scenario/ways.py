"""Whether the steel on the trolley reaches: ways beside the pedicle are the longer ones."""

from __future__ import annotations

from collections import deque
from collections.abc import Sequence

from simulator.anatomy.approach import plan_beside
from simulator.anatomy.patient import Patient
from simulator.anatomy.plan import Plan
from simulator.frames import Side
from simulator.world.instruments import Needle

_found: deque[tuple[Patient, Side, float, Plan]] = deque(maxlen=8)
"""Pure function values, kept for speed: a search takes a third of a second."""


def beside(patient: Patient, side: Side, radius_mm: float) -> Plan:
    """Return the best path beside one pedicle of the level to be treated.

    Args:
        patient: Whose.
        side: Beside which pedicle.
        radius_mm: Outer radius of the tool.
    """
    for who, where, radius, plan in _found:
        if who is patient and where is side and radius == radius_mm:
            return plan
    plan = plan_beside(patient.target, side, radius_mm, patient.extras)
    _found.append((patient, side, radius_mm, plan))
    return plan


def too_short(needle: Needle, paths: Sequence[Plan]) -> str:
    """Return in words which path is longer than the needle; empty if it reaches every target."""
    longest = max(paths, key=lambda plan: plan.length)
    if longest.length <= needle.length_mm:
        return ""
    return (
        f"{longest.length:.0f} mm from the {longest.side.name.lower()} skin to the target, "
        f"and {needle.name} is {needle.length_mm:.0f} mm long"
    )
