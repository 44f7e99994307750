"""Mistakes with what stands in cannulas: run up an open one, or drawn out with one."""

from __future__ import annotations

from simulator.world.events import Event
from simulator.world.filling_events import CementRanUp, TailDrawn
from simulator.world.tally import Finding

_TOLD_ML = 0.05
"""Less than this is a smear."""


def of_event(tick: int, event: Event) -> Finding | None:
    """Return the finding of one event."""
    match event:
        case CementRanUp(side=side, volume_ml=ml) if ml >= _TOLD_ML:
            return Finding(
                "open_cannula", "minor", tick,
                f"Cement ran up the open cannula on the {side.name.lower()}.",
                "The picture showed it in the bore, and it was missing in the bone.",
                "Keep the stylet in the cannula that is not in use.", 1.5,
            )  # fmt: skip
        case TailDrawn(volume_ml=ml, length_mm=mm, turned=False) if ml >= _TOLD_ML:
            return Finding(
                "tail_drawn", "minor", tick, f"A tail of cement, {mm:.0f} mm, along the tract.",
                "The last picture shows it behind the body.",
                "Wait until the sample is hard, and turn the cannula a full turn before it goes.",
                2.0,
            )  # fmt: skip
    return None
