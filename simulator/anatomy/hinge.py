"""What of a broken body can move, and how far it has: endplates and posterior wall."""

from __future__ import annotations

import math
from dataclasses import dataclass

_STEP_RAD, _STEP_MM = 0.002, 0.06
"""Steps of a picture: 0.06 mm at the anterior rim, a third of a pixel at the isocentre."""


@dataclass(frozen=True, slots=True)
class Lift:
    """How far endplates and posterior wall have moved out of the fractured shape.

    Endplates move away from the body's middle: the superior one up, the inferior one down.
    """

    superior_rad: float = 0.0
    """Wedge about the posterior hinge."""
    superior_mm: float = 0.0
    """Rise beyond the wedge, where the plate's own shape of rising has its peak."""
    inferior_rad: float = 0.0
    inferior_mm: float = 0.0
    wall_mm: float = 0.0
    """The posterior wall's fragment, backwards into the canal."""

    def __bool__(self) -> bool:
        """True if anything has moved."""
        return self != _STILL

    def minus(self, other: Lift) -> Lift:
        """Return what was moved since `other`."""
        return Lift(
            self.superior_rad - other.superior_rad,
            self.superior_mm - other.superior_mm,
            self.inferior_rad - other.inferior_rad,
            self.inferior_mm - other.inferior_mm,
            self.wall_mm - other.wall_mm,
        )

    def stepped(self) -> Lift:
        """Return the lift to the nearest step of a picture, so that pictures can be kept."""
        return Lift(
            _STEP_RAD * round(self.superior_rad / _STEP_RAD),
            _STEP_MM * round(self.superior_mm / _STEP_MM),
            _STEP_RAD * round(self.inferior_rad / _STEP_RAD),
            _STEP_MM * round(self.inferior_mm / _STEP_MM),
            _STEP_MM * round(self.wall_mm / _STEP_MM),
        )


_STILL = Lift()
NO_LIFT = _STILL


@dataclass(frozen=True, slots=True)
class Plate:
    """How one endplate of the fractured body can go back to where it was.

    The superior plate moves wholly above `top_z_mm` and not at all below `bottom_z_mm`, linearly
    in between; the inferior plate wholly below `bottom_z_mm` and not above `top_z_mm`.
    """

    hinge_y_mm: float = 0.0
    bottom_z_mm: float = 0.0
    top_z_mm: float = 1.0
    max_rad: float = 0.0
    """The wedge that the fracture took away; lifting further meets a stop."""
    max_mm: float = 0.0
    """What it took beyond the wedge."""
    even: float = 1.0
    """Share of that which the whole plate had lost; the rest was a dish in its middle."""
    dish_mm: tuple[float, float, float] = (0.0, 20.0, 13.0)
    """Middle of the dish (y), and its radii across and along."""
    depth_mm: float = 27.0
    """From the hinge to the anterior rim."""
    width_mm: float = 39.0

    def rise_mm(self, rad: float, mm: float, x: float, y: float) -> float:
        """Return how far the plate has moved at (x, y)."""
        middle, across, along = self.dish_mm
        r2 = (x / across) ** 2 + ((y - middle) / along) ** 2
        dish = math.exp(-1.6 * r2 * r2)
        return rad * max(self.hinge_y_mm - y, 0.0) + mm * (self.even + (1.0 - self.even) * dish)


FIXED = Plate()
"""A plate that the fracture left alone."""


@dataclass(frozen=True, slots=True)
class Fragment:
    """The part of the posterior wall between the pedicles that a tamp can push backwards."""

    half_width_mm: float = 10.0
    bottom_z_mm: float = 0.0
    top_z_mm: float = 10.0
    wall_y_mm: float = 15.0
    canal_mm: float = 15.0
    """Depth of the canal behind it: what lies there gives way, the lamina does not."""
    loose: float = 0.0
    """0: the wall is whole and stays; 1: a fragment that was set back before."""


WHOLE_WALL = Fragment()


@dataclass(frozen=True, slots=True)
class Follow:
    """How the level behind a plate's disc goes along with the plate; the disc takes the rest."""

    turn_share: float = 1.0
    """Turn of the level per wedge: the disc gave way to part of it."""
    mm_per_rad: float = 0.0
    """Its travel per wedge, as the disc opens again."""
    dish_share: float = 0.0
    """Its travel per rise of a dish: the nucleus that is pushed back opens the disc."""

    def travel_mm(self, plate: Plate, rad: float, mm: float) -> float:
        """Return how far the level moves away from the fractured body, at the plate's hinge."""
        share = plate.even + (1.0 - plate.even) * self.dish_share
        return self.mm_per_rad * rad + share * mm


@dataclass(frozen=True, slots=True)
class Hinge:
    """How the fractured body can be lifted; the levels above and below go along.

    What stays is the rear of the body with its pedicles, in which the cannulas are.
    """

    superior: Plate
    inferior: Plate = FIXED
    wall: Fragment = WHOLE_WALL
    disc_stiffness_factor: float = 1.0
    above: Follow = Follow()
    below: Follow = Follow()

    @property
    def whole(self) -> Lift:
        """The lift that gives back all that the fracture took."""
        up, down = self.superior, self.inferior
        return Lift(up.max_rad, up.max_mm, down.max_rad, down.max_mm)

    def gain_mm(self, lift: Lift, x: float, y: float) -> float:
        """Return how much higher the body is at (x, y)."""
        up, down = self.superior, self.inferior
        return up.rise_mm(lift.superior_rad, lift.superior_mm, x, y) + down.rise_mm(
            lift.inferior_rad, lift.inferior_mm, x, y
        )
