"""The true views of one vertebra: from where its outlines fall on each other.

A direction leads from the isocentre to the detector, as `world.bearings.beam_of` has
it; the arm's angles of a direction (x, y, z) are orbit = atan2(x, y) and tilt = asin(z).
"""

from __future__ import annotations

from simulator.anatomy.landmarks import Landmarks
from simulator.frames import Side
from simulator.units import Vec3


def true_ap(marks: Landmarks) -> Vec3:
    """Return the direction of the true AP: along the vertebra's own posterior axis."""
    return marks.axes[1]


def true_lateral(marks: Landmarks) -> Vec3:
    """Return the direction of the true lateral, detector at the patient's left."""
    return marks.axes[0]


def en_face(marks: Landmarks, side: Side) -> Vec3:
    """Return the direction that looks down the barrel of one pedicle."""
    x, y, z = marks.pedicles[side].axis
    return (-x, -y, -z)
