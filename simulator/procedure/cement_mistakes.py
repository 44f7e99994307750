"""Mistakes with what stands in cannulas: run up an open one, or drawn out with one."""

from __future__ import annotations

from simulator.units import seconds
from simulator.world.cement import Cement
from simulator.world.events import Event
from simulator.world.filling_events import CementRanUp, TailDrawn
from simulator.world.state import State
from simulator.world.tally import Finding

_TOLD_ML = 0.05
"""Less than this is a smear."""
_UNSEEN_ML = 1.0
"""Phase model of the reference: a lateral at every 0.5 to 1 mL."""


def youngest_given_s(cement: Cement, tick: int) -> float | None:
    """Return the age by the clock of what came last from a filler that was pressed; None without.

    A batch that was mixed later and not used tells nothing of what is in the patient.
    """
    ages = [f.age_s + seconds(tick - f.tick) for f in cement.fillings if f.given_ml > 0.0]
    return min(ages, default=None)


def unseen(state: State) -> list[Finding]:
    """Cement pressed on and on without a lateral."""
    if state.tally.values.get("unseen_ml", 0.0) <= _UNSEEN_ML:
        return []
    return [Finding(
        "cement_unseen", "major", state.tick,
        f"More than {_UNSEEN_ML:.0f} mL of cement without a lateral.",
        "No picture tells where it went meanwhile.",
        "Keep the lateral live, or look at every half millilitre.", 4.0,
    )]  # fmt: skip


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
