"""How the frame of one level lies in that of another.

Every level of a session has a patient of its own whose frame stands in that level, so that what is
true of an index level is true of each. Both show the same spine; the way between them is measured
on the vertebra that both show.
"""

from __future__ import annotations

import math

import numpy as np

from simulator.anatomy.shape import Pose
from simulator.world.case import Case


def between(case: Case, here: int, there: int) -> Pose:
    """Return the rigid way from the frame of one of the case's levels to that of another.

    Raises:
        ValueError: the one does not show the other.
    """
    goal = case.levels[there].patient.target
    seen = [v for v in case.levels[here].patient.vertebrae if v.level == goal.level]
    if not seen:
        raise ValueError(f"{case.levels[here].name} does not show {goal.level}")
    old, new = seen[0].landmarks, goal.landmarks
    turn = np.asarray(new.axes).T @ np.asarray(old.axes)
    return Pose(turn, np.asarray(new.centre_mm) - turn @ np.asarray(old.centre_mm))


def tilt_deg(way: Pose) -> float:
    """Return by how much the other level leans in the lateral, degrees; + is head end up."""
    return math.degrees(math.atan2(way.turn[1, 2], way.turn[2, 2]))
