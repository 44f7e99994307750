"""A picture as a person reads it: what operators, the window and the coach may know of it."""

from __future__ import annotations

from dataclasses import dataclass

from simulator.world.arm import View
from simulator.world.shown import UNREAD, Contours


@dataclass(frozen=True, slots=True)
class Seen:
    """One picture as read: distances in mm at the patient, None where nothing is to be read."""

    tick: int
    view: View
    error_deg: float
    tip_medial_mm: tuple[float | None, float | None] = (None, None)
    """AP: tip to the medial border of its pedicle, positive while lateral of it."""
    tip_past_wall_mm: tuple[float | None, float | None] = (None, None)
    """Lateral: tip anterior of the posterior wall."""
    tip_to_front_mm: tuple[float | None, float | None] = (None, None)
    """Lateral: tip to the anterior wall."""
    plate_rise_mm: float | None = None
    """Lateral: how far the superior endplate's front edge has risen since the first picture."""
    plate_left_mm: float | None = None
    """Lateral: how far that edge still is below where its neighbours say it was."""
    wall_moved_mm: float | None = None
    """Lateral: how far the posterior wall has moved since the first picture."""
    tamp_at_wall: tuple[bool, bool] = (False, False)
    """The contrast of a balloon lies on a cortex, or on an endplate that is not depressed."""
    cement_to_wall_mm: float | None = None
    """Lateral: hindmost cement in the body to the posterior wall."""
    leak: bool = False
    """Cement is seen outside the body."""
    contours: Contours = UNREAD
    """How true the view is, by the outlines in it."""
    reach_mm: tuple[float | None, float | None] = (None, None)
    """What the marks of each side's tool said then: from the skin to its foremost point."""
    tamp_ml: tuple[float | None, float | None] = (None, None)
    """What the scale of each side's inflator said then."""


@dataclass(frozen=True, slots=True)
class Looked:
    """The last pictures of either plane, as read; None where there is none of this place."""

    ap: Seen | None = None
    lateral: Seen | None = None

    @property
    def newest(self) -> Seen | None:
        """The later of both."""
        return max((s for s in (self.ap, self.lateral) if s), key=lambda s: s.tick, default=None)
