"""What needles, cannulas and what goes through them met on their way."""

from __future__ import annotations

from dataclasses import dataclass

from simulator.anatomy.volume import Tissue
from simulator.frames import Side
from simulator.world.tools import Wall

_GRADES = ((2.0, "B"), (4.0, "C"), (6.0, "D"))


@dataclass(frozen=True, slots=True)
class BoneContact:
    """The tip met bone from outside."""

    side: Side
    level: str
    entry_error_mm: float
    """Distance from the planned entry point."""


@dataclass(frozen=True, slots=True)
class TissueEntered:
    """The tip passed from one tissue into another."""

    side: Side
    tissue: Tissue
    depth_mm: float
    force_n: float


@dataclass(frozen=True, slots=True)
class BodyEntered:
    """The tip passed the posterior wall level, inside bone."""

    side: Side


@dataclass(frozen=True, slots=True)
class MedialRuleBroken:
    """Behind the posterior wall, the tip passed the medial border of the pedicle."""

    side: Side
    medial_mm: float
    behind_wall_mm: float
    rotated_view_deg: float
    """How untrue the last AP was: a rotated AP shows false safety."""


@dataclass(frozen=True, slots=True)
class WallBreached:
    """A tool stands out of the bone it had entered; reported at every further half millimetre."""

    side: Side
    wall: Wall
    depth_mm: float
    """How far its outer surface stands out, at the tip or along the shaft."""
    level: str = ""
    tool: str = "needle"
    """"needle", "cannula", or what stands out of it: "wire", "drill", "curved needle"."""

    @property
    def grade(self) -> str:
        """Gertzbein and Robbins: B below 2 mm, C below 4, D below 6, E from there on."""
        for limit_mm, grade in _GRADES:
            if self.depth_mm < limit_mm:
                return grade
        return "E"


@dataclass(frozen=True, slots=True)
class CanalEntered:
    """A tool is in the spinal canal."""

    side: Side


@dataclass(frozen=True, slots=True)
class ForamenEntered:
    """A tool is in a foramen, where a root leaves."""

    side: Side
    of: Side
    """The side of the patient that the foramen is on."""
    level: str


@dataclass(frozen=True, slots=True)
class PleuraEntered:
    """A tool went through the pleura into the lung."""

    side: Side
    of: Side


@dataclass(frozen=True, slots=True)
class VesselEntered:
    """A tool is in the aorta, the vena cava or one of their branches."""

    side: Side
    level: str


@dataclass(frozen=True, slots=True)
class DiscEntered:
    """A tool is in an intervertebral disc."""

    side: Side
    level: str
    """The vertebra that it came through, or stands nearest to."""


@dataclass(frozen=True, slots=True)
class WrongLevel:
    """A tool has gone into the pedicle or body of a vertebra that is not to be treated."""

    side: Side
    level: str
    planned: str


@dataclass(frozen=True, slots=True)
class BodyLeft:
    """A tip that was in the vertebral body was drawn back behind the posterior wall."""

    side: Side


@dataclass(frozen=True, slots=True)
class BlindAdvance:
    """The tip went further than a clock allows since the last useful picture."""

    side: Side
    plane: str
    """"medial" or "depth"."""
    advance_mm: float
    limit_mm: float
    moved: bool = False
    """The patient moved since that picture; both lengths count from the movement."""


@dataclass(frozen=True, slots=True)
class Redirected:
    """A docked path was given up for another one."""

    side: Side


@dataclass(frozen=True, slots=True)
class Tapped:
    """A mallet blow and what it achieved."""

    side: Side
    advance_mm: float


@dataclass(frozen=True, slots=True)
class PedicleCracked:
    """Bone about a docked shaft gave way to prying at its hub."""

    side: Side
    force_n: float
    """Sideways force at the hub."""


OfSteel = (
    BoneContact
    | TissueEntered
    | BodyEntered
    | MedialRuleBroken
    | WallBreached
    | CanalEntered
    | ForamenEntered
    | PleuraEntered
    | VesselEntered
    | DiscEntered
    | WrongLevel
    | BodyLeft
    | BlindAdvance
    | Redirected
    | Tapped
    | PedicleCracked
)
