"""What tamps and cement did."""

from __future__ import annotations

from dataclasses import dataclass

from simulator.frames import Side
from simulator.world.cement import Route


@dataclass(frozen=True, slots=True)
class TampPressed:
    """Reported when the manometer reaches a new 50 psi mark, or a limit."""

    side: Side
    pressure_psi: float
    volume_ml: float
    over_limit: bool


@dataclass(frozen=True, slots=True)
class TampMisused:
    """Inflated inside the cannula or pedicle, beyond a limit, or after it burst."""

    side: Side
    reason: str


@dataclass(frozen=True, slots=True)
class TampRuptured:
    """The balloon burst: contrast in the body, pressure gone."""

    side: Side
    volume_ml: float
    pinhole: bool = False
    """It weeps: the pressure goes in seconds, not at once."""


@dataclass(frozen=True, slots=True)
class TampBreached:
    """The balloon broke through a wall or an endplate; cement will find the hole."""

    side: Side
    wall: str
    pressure_psi: float


@dataclass(frozen=True, slots=True)
class WallPushed:
    """A fragment of the posterior wall moved into the canal; told at every further half mm."""

    moved_mm: float
    inflating: bool


@dataclass(frozen=True, slots=True)
class CementLeaked:
    """A route carries cement out of the bone; reported at the first and every further 0.05 mL."""

    route: Route
    volume_ml: float
    visible: bool
    """Would stand out in the lateral, in which cement is watched."""
    visible_ap: bool = False
    """Would stand out in an AP."""


@dataclass(frozen=True, slots=True)
class CementRanUp:
    """Pressed on one side, cement climbs the open cannula of the other; told as leaks are.

    It is in plain sight: in the picture, and at the hub.
    """

    side: Side
    """Of the open cannula."""
    volume_ml: float
    dripped_ml: float
    """Of all that, what came out of a hub."""


@dataclass(frozen=True, slots=True)
class TailDrawn:
    """A cannula was pulled, and cement came after it along the tract."""

    side: Side
    volume_ml: float
    length_mm: float
    turned: bool
    """It had been turned round before."""


@dataclass(frozen=True, slots=True)
class CementSet:
    """The cement has hardened."""


@dataclass(frozen=True, slots=True)
class Embolised:
    """Cement left with the venous blood."""

    volume_ml: float


OfFilling = (
    TampPressed
    | TampMisused
    | TampRuptured
    | TampBreached
    | WallPushed
    | CementLeaked
    | CementRanUp
    | TailDrawn
    | CementSet
    | Embolised
)
