"""What lies around the bone that a tool must not enter: canal, roots, lung, vessels, discs."""

from __future__ import annotations

import numpy as np

from simulator.anatomy.patient import Vertebra
from simulator.anatomy.volume import Tissue
from simulator.frames import Side
from simulator.physics.surface import Rings
from simulator.units import FloatArray
from simulator.world.bearings import nearer_pedicle
from simulator.world.events import Event
from simulator.world.steel_events import (
    CanalEntered,
    DiscEntered,
    ForamenEntered,
    PleuraEntered,
    VesselEntered,
)

Hazard = tuple[Tissue, str, Side]
"""What, beside which vertebra, on which side of the patient."""

_OUT_MM = 0.5
"""A point is called out of the bone from here on; less is within the grid's own error."""
_NAMED = (Tissue.CANAL, Tissue.FORAMEN, Tissue.LUNG, Tissue.VESSEL, Tissue.DISC)
_IS_NAMED = np.isin(np.arange(len(Tissue)), [int(tissue) for tissue in _NAMED])


def entered(
    vertebrae: list[Vertebra], rings: Rings, looked_up: list[FloatArray]
) -> frozenset[Hazard]:
    """Return the hazards that the axis of a tool passes through, outside all bone.

    Args:
        looked_up: per vertebra (n, 2) distance to its bone and label, for each ring.
    """
    if not vertebrae:
        return frozenset()
    distance = np.array([each[:, 0] for each in looked_up])
    outside = (distance >= _OUT_MM).all(axis=0)
    nearest = np.argmin(distance, axis=0)
    found: set[Hazard] = set()
    for each in looked_up:
        label = each[:, 1].astype(np.intp)
        for ring in np.nonzero(outside & _IS_NAMED[label])[0]:
            vertebra = vertebrae[nearest[ring]]
            x, y, z = (float(v) for v in rings.points[ring])
            of = nearer_pedicle(vertebra.landmarks, (x, y, z))
            found.add((Tissue(int(label[ring])), vertebra.level, of))
    return frozenset(found)


def told(side: Side, before: frozenset[Hazard], after: frozenset[Hazard]) -> list[Event]:
    """Return an event for everything that was entered in between, the gravest first."""
    events: list[Event] = []
    been = {hazard[0] for hazard in before}
    for tissue, level, of in sorted(after - before, key=lambda h: (_NAMED.index(h[0]), h[1:])):
        match tissue:
            case Tissue.CANAL if tissue not in been:
                events.append(CanalEntered(side))
            case Tissue.FORAMEN:
                events.append(ForamenEntered(side, of, level))
            case Tissue.LUNG if not any(h[0] is tissue and h[2] is of for h in before):
                events.append(PleuraEntered(side, of))
            case Tissue.VESSEL if tissue not in been:
                events.append(VesselEntered(side, level))
            case Tissue.DISC:
                events.append(DiscEntered(side, level))
            case _:
                continue
        been.add(tissue)
    return events
