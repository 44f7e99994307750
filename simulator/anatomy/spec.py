"""What an author may ask of a patient; everything else is drawn from the seed."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class Sex(StrEnum):
    """Sex as far as it changes sizes."""

    FEMALE = "female"
    MALE = "male"


class FractureShape(StrEnum):
    """Genant's shapes."""

    WEDGE = "wedge"
    BICONCAVE = "biconcave"
    CRUSH = "crush"


class DefectSite(StrEnum):
    """Where the wall is open."""

    ANTERIOR = "anterior"
    LEFT = "left"
    RIGHT = "right"
    POSTERIOR = "posterior"
    """Into the canal."""


class Cleft(StrEnum):
    """What fills a gap inside a broken body."""

    NONE = "none"
    GAS = "gas"
    FLUID = "fluid"


@dataclass(frozen=True, slots=True)
class FractureSpec:
    """A compression fracture of the index level."""

    shape: FractureShape = FractureShape.WEDGE
    anterior_height_fraction: float = 0.65
    """Anterior height that is left (wedge, crush) or middle height (biconcave), of intact."""
    depth_mm: float | None = None
    """Height that is lost there; overrides the fraction."""
    age_weeks: float = 3.0
    endplate_defect_mm: float = 0.0
    """Width of a crack through the superior endplate, 0 for none."""
    cortical_defect_mm: float = 0.0
    """Diameter of a hole in the wall, 0 for none."""
    cortical_defect_site: DefectSite = DefectSite.ANTERIOR
    retropulsion_mm: float = 0.0
    """How far a fragment of the posterosuperior corner stands in the canal, 0 for none."""
    cleft: Cleft = Cleft.NONE
    mobility: float = 0.0
    """0: rigid; 1: lying prone gives back all that posture can. The heights above are those of
    the standing film; what lies on the table is what posture has left of the fracture."""


@dataclass(frozen=True, slots=True)
class PatientSpec:
    """One patient; equal specs build bit-identical patients."""

    level: str = "L1"
    sex: Sex = Sex.FEMALE
    age_years: float = 74.0
    bmi: float = 25.0
    """kg/m2"""
    t_score: float = -3.0
    """Of the lumbar spine; sets the trabecular density."""
    height_scale: float = 1.08
    """Body heights against the table: measured by CT they are 5 to 10 % taller."""
    pedicle_scale_left: float = 1.0
    pedicle_scale_right: float = 1.0
    variation: float = 1.0
    """0: the means of this sex; 1: spread as in the population."""
    seed: int = 1
    fracture: FractureSpec | None = None
    basivertebral_mm: float = 3.0
    """Diameter of the basivertebral trunk."""
    curvature: float = 1.0
    """Kyphosis and lordosis against the mean of the table."""
    scoliosis_deg: float = 0.0
    """Cobb angle of one curve with its apex at the index; positive is convex to the left."""
    rotation_deg: float = 0.0
    """Axial turn of the index vertebra, positive turns its front to the patient's left."""
    osteophytes: float = 0.0
    """0: none; 1: bridging spurs at most discs."""
    treated: tuple[str, ...] = ()
    """Levels that were augmented before and hold cement."""
    others: tuple[tuple[str, FractureSpec], ...] = ()
    """Further broken levels, with their fractures."""
    disc_height_factor: float = 1.0
    disc_stiffness_factor: float = 1.0
