"""How far a tool went since it was last properly looked at: one clock per plane.

A lateral shows depth, an AP shows how far medial the tip is. A picture counts for its plane if
its view is adequate and the tip is inside the field; constants in assets/physics.toml [looking].
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

from simulator.world.arm import Shot, View
from simulator.world.case import Case
from simulator.world.events import BlindAdvance, Event, Exposed
from simulator.world.tools import Cannula


def limit_mm(constants: Mapping[str, float], cannula: Cannula) -> float:
    """Return how far the tip may go in either plane without a new picture, where it is."""
    if cannula.past_wall_mm < 0.0:
        return constants["pedicle_limit_mm"]
    if cannula.ahead_mm < constants["anterior_zone_mm"]:
        return constants["anterior_limit_mm"]
    return constants["body_limit_mm"]


def adequate(constants: Mapping[str, float], shot: Shot, view: View) -> bool:
    """True if `shot` can be used as the given view."""
    return shot.view is view and shot.error_deg <= constants["adequate_deg"]


def run(
    case: Case, before: Cannula | None, after: Cannula | None, events: Sequence[Event]
) -> tuple[Cannula | None, tuple[Event, ...]]:
    """Wind one tool's clocks by what it advanced in bone, and set them back for pictures."""
    if after is None:
        return None, ()
    constants = case.physics["looking"]
    clocks = [after.blind_medial_mm, after.blind_depth_mm]
    told = list(after.blind_told)
    out: list[Event] = []
    if before is not None and after.bone_mm > 0.0 and after.depth_mm > before.depth_mm:
        # Where the tip came from sets the limit: it was there that a picture was due.
        limit = limit_mm(constants, before)
        for i, plane in enumerate(("medial", "depth")):
            clocks[i] += after.depth_mm - before.depth_mm
            if clocks[i] > limit and not told[i]:
                out.append(BlindAdvance(after.side, plane, clocks[i], limit))
                told[i] = True
    for event in events:
        if isinstance(event, Exposed) and event.shot.tip_in_field[after.side]:
            for i, view in enumerate((View.AP, View.LATERAL)):
                if adequate(constants, event.shot, view):
                    clocks[i], told[i] = 0.0, False
    wound = replace(
        after, blind_medial_mm=clocks[0], blind_depth_mm=clocks[1], blind_told=(told[0], told[1])
    )
    return (after if wound == after else wound), tuple(out)
