"""The figures of assets/viewing.toml, read once."""

from __future__ import annotations

import tomllib
from dataclasses import dataclass, fields
from functools import lru_cache
from typing import TypeVar

from simulator.errors import AssetError
from simulator.paths import asset


@dataclass(frozen=True, slots=True)
class TrueView:
    """Largest departures that still pass for a true view, mm at the patient."""

    kind_deg: float
    """Beyond this angle from every true view a picture is an oblique."""
    spinous_mm: float
    pedicles_even_mm: float
    endplate_mm: float
    wall_mm: float
    pedicles_apart_mm: float
    barrel_mm: float
    centre_mm: float
    """A body farther from the middle of the picture is brought there first."""
    step_deg: float
    """No smaller turn is advised."""


@dataclass(frozen=True, slots=True)
class Seen:
    """When a spot stands out in a picture."""

    rose: float
    """Signal over quantum noise of the whole spot."""
    texture: float
    """Contrast of the anatomy on the scale of such spots."""
    shadow_share: float
    """Share of the contrast of cement and contrast medium that hides what lies there too."""
    steel_share: float
    """The same of steel: its shadow is even and its form is known."""
    tip_mm: float
    """Length of a tool by which its tip is found."""


@dataclass(frozen=True, slots=True)
class Mottle:
    """How far off its lattice ragged cement is drawn, and how smooth a balloon."""

    rms_mm: float
    """Along each axis, where it is ragged."""
    smooth_mm: float
    """Standard deviation of the smoothing of neighbours' ways."""
    ragged_from: float
    """Mean number of empty faces of filled voxels about: less is a solid lump."""
    ragged_to: float
    """More is ragged."""
    membrane_voxels: float
    """Standard deviation over which a balloon's steps are bridged."""
    membrane_steep: float
    """Rise of its edge per share of the smoothed balloon."""


T = TypeVar("T", TrueView, Seen, Mottle)
_FILE = "viewing.toml"


def _table(cls: type[T], name: str) -> T:
    with asset(_FILE).open("rb") as file:
        table = tomllib.load(file).get(name, {})
    names = {f.name for f in fields(cls)}
    if names != set(table):
        odd = ", ".join(sorted(names ^ set(table)))
        raise AssetError(f"assets/{_FILE} [{name}]: missing or unknown: {odd}")
    return cls(**{key: float(entry["value"]) for key, entry in table.items()})


@lru_cache(maxsize=1)
def true_view() -> TrueView:
    """Return [true_view]."""
    return _table(TrueView, "true_view")


@lru_cache(maxsize=1)
def seen() -> Seen:
    """Return [seen]."""
    return _table(Seen, "seen")


@lru_cache(maxsize=1)
def mottle() -> Mottle:
    """Return [mottle]."""
    return _table(Mottle, "mottle")
