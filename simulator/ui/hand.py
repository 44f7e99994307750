"""What the hand is set to and doing: forces, the wheel, the drag that is still to be made."""

from __future__ import annotations

from dataclasses import dataclass, field

from simulator.units import TICKS_PER_S, Vec3

RISE_N_S = 40.0
"""A push builds up; letting go is immediate."""

DRAG_DEG = 0.1
DRAG_DEG_FINE = 0.02
"""Turn of the hub per pixel."""

SWING_DEG_S = 40.0
SLIDE_MM_S = 90.0
"""A hand is no faster than this; what is left of a drag is made in the next ticks."""

KEY_SWING_DEG_S = 8.0
KEY_SLIDE_MM_S = 15.0
FINE = 0.2

_FINE_THUMB_N = 20.0
"""Below this the wheel turns the thumb in small steps."""

_MALLETS = ("Light", "Firm", "Hard")


def _step(value: float, by: float, low: float, high: float) -> float:
    return min(max(round((value + by) / abs(by)) * abs(by), low), high)


@dataclass(slots=True)
class Wheel:
    """What the wheel sets, per tool."""

    ceiling_n: float = 45.0
    thumb_n: float = 10.0
    inflate_ml_s: float = 0.10

    def turn(self, tool: str, notches: int) -> None:
        """Turn the wheel for the tool in use."""
        for _ in range(abs(notches)):
            sign = 1 if notches > 0 else -1
            if tool == "tamp":
                self.inflate_ml_s = _step(self.inflate_ml_s, 0.05 * sign, 0.05, 0.25)
            elif tool == "cement":
                fine = self.thumb_n + sign < _FINE_THUMB_N  # dough in a pocket needs little
                self.thumb_n = _step(self.thumb_n, (2.0 if fine else 10.0) * sign, 2.0, 150.0)
            else:
                self.ceiling_n = _step(self.ceiling_n, 5.0 * sign, 5.0, 250.0)


@dataclass(slots=True)
class Push:
    """The force along the shaft as it builds up."""

    force_n: float = 0.0

    def step(self, *, push: bool, back: bool, ceiling_n: float) -> float:
        """Return the force of this tick."""
        if push == back:
            self.force_n = 0.0
        elif push:
            self.force_n = min(max(self.force_n, 0.0) + RISE_N_S / TICKS_PER_S, ceiling_n)
        else:
            self.force_n = max(min(self.force_n, 0.0) - RISE_N_S / TICKS_PER_S, -ceiling_n)
        return self.force_n


@dataclass(slots=True)
class Drag:
    """Movement of the hub in the picture that the hand has still to make.

    Stored as (towards the patient's left, towards the head): in degrees of hub swing where the
    tip is in the skin, in millimetres where it slides over it.
    """

    left: float = 0.0
    head: float = 0.0

    def pull(self, pixels: tuple[float, float], right: Vec3, up: Vec3, per_pixel: float) -> None:
        """Add a drag of `pixels` (right, down) on a picture with these axes."""
        dx, dy = pixels
        self.left += (dx * right[0] - dy * up[0]) * per_pixel
        self.head += (dx * right[2] - dy * up[2]) * per_pixel

    def take(self, most: float) -> tuple[float, float]:
        """Return the rates of this tick, at most `most` per second, and keep the rest."""
        room = most / TICKS_PER_S
        left = min(max(self.left, -room), room)
        head = min(max(self.head, -room), room)
        self.left -= left
        self.head -= head
        return left * TICKS_PER_S, head * TICKS_PER_S

    def drop(self) -> None:
        """Forget what was not made."""
        self.left = self.head = 0.0


@dataclass(slots=True)
class Hand:
    """Everything the operator's hands are set to."""

    wheel: Wheel = field(default_factory=Wheel)
    push: Push = field(default_factory=Push)
    drag: Drag = field(default_factory=Drag)
    mallet: int = 1
    """1 light, 2 firm, 3 hard."""
    holding: bool = True
