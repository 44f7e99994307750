"""Where cement comes out, and the hand that drives it there."""

from __future__ import annotations

import math
from dataclasses import dataclass

from simulator.frames import Side
from simulator.physics import column
from simulator.physics.constants import Constants
from simulator.units import MM3_PER_ML, Vec3
from simulator.world.cement import Bore, Cement, Portion
from simulator.world.instruments import Filler


@dataclass(frozen=True, slots=True)
class Outlet:
    """The open end of a cannula in the bone, and which holes stand open there."""

    side: Side
    tip_mm: Vec3
    channel_end_mm: Vec3
    """End of the open channel in front of the tip (the tip itself if there is none)."""
    bore_mm: float
    """Inner diameter of the cannula."""
    length_mm: float
    tracts: tuple[tuple[Vec3, Vec3], ...] = ()
    """Other open channels of this cannula and of the other one."""
    by_filler: bool = False
    """A bone filler reaches the tip itself: nothing stands in the cannula."""


@dataclass(frozen=True, slots=True)
class Pressed:
    """A filler on a cannula, and the thumb on it."""

    outlet: Outlet
    filler: Filler
    thumb_n: float
    """Negative releases the syringe's pressure."""


@dataclass(frozen=True, slots=True)
class Push:
    """The hand at one plunger, and what it pushes."""

    outlet: Outlet
    hand_kpa: float
    resistance: float
    """kPa per uL/s that the hand gives up when it moves."""
    syringe_kpa: float
    age_s: float
    """Of the cement in the filler."""
    row: Bore
    """What stands between plunger and tip."""


def dead_volume_ml(outlet: Outlet) -> float:
    """Return what the cannula's bore holds."""
    return math.pi / 4.0 * outlet.bore_mm**2 * outlet.length_mm / MM3_PER_ML


def room_ul(outlet: Outlet, bore: Bore) -> float:
    """Return how much of a cannula's bore is still empty."""
    return (dead_volume_ml(outlet) - column.volume_ml(bore)) * MM3_PER_ML


def hand_kpa(hand_n: float, filler: Filler, constants: Constants) -> float:
    """Return the pressure that a resting plunger makes of the hand's force."""
    area = math.pi / 4.0 * filler.bore_mm**2
    force = constants["friction"] * max(hand_n, 0.0) * filler.advantage
    return min(force / area * 1e3, filler.limit_kpa)


def push_of(cement: Cement, pressed: Pressed, tick: int, constants: Constants) -> Push:
    """Return hand, syringe and row of cement of one side."""
    outlet, filler = pressed.outlet, pressed.filler
    filling = cement.fillings[outlet.side]
    rate = constants["ageing_cannula"] if outlet.by_filler else 1.0
    age_s = column.filler_age_s(filling, tick, rate)
    own = (Portion(filling.ml, age_s, tick),)
    # a free plunger moves in proportion to the force; what a screw gains in force it loses in speed
    free_ul_s = constants["hand_mm_s_n"] / filler.advantage * math.pi / 4.0 * filler.bore_mm**2
    return Push(
        outlet,
        hand_kpa=hand_kpa(pressed.thumb_n, filler, constants),
        resistance=hand_kpa(1.0, filler, constants) / free_ul_s,
        syringe_kpa=filling.kpa if pressed.thumb_n >= 0.0 else 0.0,
        age_s=age_s,
        row=own if outlet.by_filler else cement.bores[outlet.side],
    )
