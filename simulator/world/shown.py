"""What one picture shows to a reader: outlines that fall on each other or not, tips, leaks."""

from __future__ import annotations

from dataclasses import dataclass

from simulator.world.cement import Route


@dataclass(frozen=True, slots=True)
class Contours:
    """Departures from a true AP or lateral, mm at the patient; None where the view has none."""

    spinous_mm: float | None = None
    """AP: spinous process from the midpoint between the pedicles, positive to patient's left."""
    endplate_mm: float | None = None
    """Double contour of the sounder endplate."""
    wall_mm: float | None = None
    """Lateral: double contour of the posterior wall."""
    pedicles_mm: float | None = None
    """Lateral: one pedicle from the other."""


UNREAD = Contours()
"""Of a view that is neither."""


@dataclass(frozen=True, slots=True)
class Shown:
    """What stands out in a picture, with its pose, dose and blades."""

    contours: Contours = UNREAD
    tips: tuple[bool, bool] = (False, False)
    """Per `Side`: the foremost point of the tool is in the picture and not hidden."""
    leaks: tuple[Route, ...] = ()
    """Routes of cement outside the body, in the order of `ROUTES`."""


NOTHING = Shown()
"""Of a picture nobody looked at."""
