"""Needles and working cannulas as they stand in one tick."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from simulator.anatomy.volume import Tissue
from simulator.frames import Side, along
from simulator.units import Vec3


class Inside(StrEnum):
    """What the bore of a cannula holds."""

    STYLET = "stylet"
    EMPTY = "empty"
    TAMP = "tamp"
    FILLER = "filler"


class Wall(StrEnum):
    """A bony wall that a tool can break, named as a surgeon names it."""

    MEDIAL = "medial"
    LATERAL = "lateral"
    SUPERIOR = "superior"
    INFERIOR = "inferior"
    ANTERIOR = "anterior"
    POSTERIOR = "posterior"
    ENDPLATE = "endplate"


@dataclass(frozen=True, slots=True)
class Cannula:
    """A needle or working cannula held on one side: a straight steel tube.

    The shaft passes `skin_mm` and points along `direction` (unit, towards the patient);
    `depth_mm` is how far the tip is beyond the skin (negative: hovering in front of it).
    """

    side: Side
    skin_mm: Vec3
    direction: Vec3
    depth_mm: float
    outer_mm: float
    inner_mm: float
    length_mm: float
    inside: Inside = Inside.STYLET
    working: bool = False
    """The needle was exchanged for the working cannula."""
    dock_mm: Vec3 | None = None
    """Where the tip entered bone; the shaft turns about this point from then on."""
    tissue: Tissue = Tissue.SOFT
    """What the tip is in."""
    bone_mm: float = 0.0
    """Length of shaft inside bone."""
    deepest_mm: float = 0.0
    """Greatest depth of a tip on this path: beyond the tip an open channel leads there."""
    bored: Vec3 | None = None
    """Direction in which that channel was made; another direction makes a new one."""
    past_wall_mm: float = 0.0
    """How far the tip is anterior of the posterior wall; negative behind it."""
    force_n: float = 0.0
    """Axial force felt by the hand, positive when pushing."""
    pry_n: float = 0.0
    speed_mm_s: float = 0.0
    bevel_deg: float = 0.0
    ahead_mm: float = 0.0
    """Bone straight ahead of the tip, to the first surface."""
    was_in_bone: bool = False
    """This path has been at least 5 mm inside bone."""
    breach_mm: float = 0.0
    """How far the tip is outside bone, on a path that had been inside."""
    canal_breach_mm: float = 0.0
    """How far the shaft's medial surface stands out of the bone into the canal."""
    blind_medial_mm: float = 0.0
    """Advance since the last adequate AP with the tip in the field."""
    blind_depth_mm: float = 0.0
    """Advance since the last adequate lateral with the tip in the field."""
    blind_told: tuple[bool, bool] = (False, False)
    """Medial and depth clock: passed its limit since it was last set back."""

    @property
    def tip_mm(self) -> Vec3:
        """The point of the tool."""
        return along(self.skin_mm, self.direction, self.depth_mm)

    @property
    def hub_mm(self) -> Vec3:
        """The end in the surgeon's hand."""
        return along(self.skin_mm, self.direction, self.depth_mm - self.length_mm)

    @property
    def channel_end_mm(self) -> Vec3:
        """The end of the open channel in front of the tip."""
        return along(self.skin_mm, self.direction, max(self.depth_mm, self.deepest_mm))
