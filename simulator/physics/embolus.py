"""What becomes of cement beyond the ends of veins: most stays there as a cast, some goes on.

In 2 to 10 % of vertebroplasties CT finds cement in the lungs, nearly always without symptoms.
"""

from __future__ import annotations

from dataclasses import replace

from simulator.rng import stream
from simulator.units import MM3_PER_ML
from simulator.world.case import Case
from simulator.world.cement import Cement
from simulator.world.events import Event
from simulator.world.filling_events import Embolised


def carried(
    case: Case, before: Cement, after: Cement, tick: int
) -> tuple[Cement, tuple[Event, ...]]:
    """Let pieces of what went beyond the veins in this step lodge in the lungs, by chance.

    The draw belongs to the piece, not to the moment: looking at a run never changes it.
    """
    constants = case.physics["cement"]
    piece = constants["embolus_piece_ul"]
    purpose = f"embolus {case.level}" if case.level else "embolus"
    old, new = (int(c.cloud.embolised_ul / piece) for c in (before, after))
    lodged = sum(
        stream(case.seed, purpose, number).random() < constants["embolus_chance"]
        for number in range(old, new)
    )
    if not lodged:
        return after, ()
    ml = lodged * piece / MM3_PER_ML
    after = replace(after, lung_ml=after.lung_ml + ml, lung_tick=tick)
    return after, (Embolised(ml),)
