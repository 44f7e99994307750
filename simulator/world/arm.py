"""The C-arm and its beam as they stand in one tick."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from enum import StrEnum

from simulator.units import FloatArray, Vec3
from simulator.world.collimator import OPEN, Collimator


class Curve(StrEnum):
    """Programmed curve of the brightness control."""

    LOW_DOSE = "low_dose"
    NORMAL = "normal"
    HIGH_CONTRAST = "high_contrast"


class Stand(StrEnum):
    """Where the operator stands while the beam is on."""

    LEFT = "left"
    """Beside the table, at the patient's left."""
    RIGHT = "right"
    BACK = "back"
    """Stepped back; hands on a tool bring the operator to the table again."""


class View(StrEnum):
    """What a radiograph can be used as, judged from the angle of its beam."""

    AP = "ap"
    LATERAL = "lateral"
    OBLIQUE = "oblique"


@dataclass(frozen=True, slots=True)
class Pose:
    """Where the C-arm stands, in machine angles.

    orbit 0: tube under the table, detector above the prone patient's back; orbit +90: the
    detector is at the patient's left. tilt is cranial positive (detector towards the head).
    The detector lies in direction (sin orbit cos tilt, cos orbit cos tilt, sin tilt) from the
    isocentre; the picture is shown as seen from the detector, head up: patient's left on the
    left in AP, anterior on the left in the lateral.
    """

    orbit_deg: float = 0.0
    tilt_deg: float = 0.0
    isocentre_mm: Vec3 = (0.0, 0.0, 0.0)
    field_mm: float = 300.0
    """Side of the detector square in use: 300, or 200 and 150 when magnified."""
    swivel_deg: float = 0.0
    """The whole arm turned about the vertical through the isocentre (wig-wag): in a lateral,
    positive takes the detector towards the head; in an AP it turns the picture."""


@dataclass(frozen=True, slots=True)
class Shot:
    """What is known of one picture when it was taken, for the judge and for operators."""

    tick: int
    view: View
    pose: Pose
    error_deg: float
    """Angle between the beam and the best AP or lateral of the target vertebra."""
    tip_in_field: tuple[bool, bool]
    """Per `Side`: was the tool's tip inside the field?"""
    plane: int = 0
    """0, or 1 for the second plane of a biplane machine."""
    collimator: Collimator = OPEN


@dataclass(frozen=True, slots=True)
class Plane:
    """What the second plane of a biplane machine has of its own."""

    pose: Pose = Pose(orbit_deg=90.0)
    moving: bool = False
    beam: bool = False
    kvp: float = 75.0
    mas_pulse: float = 0.16
    collimator: Collimator = OPEN


@dataclass(frozen=True, slots=True)
class CArm:
    """Pose, beam and everything counted since the start of the run."""

    pose: Pose = Pose()
    moving: bool = False
    pulses_per_s: float = 7.5
    beam: bool = False
    """The pedal is down."""
    kvp: float = 75.0
    mas_pulse: float = 0.16
    fluoro_ticks: int = 0
    exposures: int = 0
    air_kerma_mgy: float = 0.0
    kap_gycm2: float = 0.0
    operator_dose_usv: float = 0.0
    hand_in_beam_ticks: int = 0
    last_ap: Shot | None = None
    last_lateral: Shot | None = None
    last: Shot | None = None
    collimator: Collimator = OPEN
    grid_in: bool = True
    curve: Curve = Curve.NORMAL
    stand: Stand = Stand.LEFT
    table_side: Stand = Stand.LEFT
    """The side of the table that an operator who stepped back comes back to."""
    skin_mgy: FloatArray | None = field(default=None, compare=False)
    """Skin dose map (angles, heights) of `imaging.skin.surface`; None before the first pulse."""
    skin_peak_mgy: float = 0.0
    hand_mgy: float = 0.0
    """Kerma to the operator's hands while they were in the beam."""
    second: Plane | None = None
    """The lateral plane of a biplane machine; what is counted is the sum of both planes."""

    @property
    def beam_on(self) -> bool:
        """Whether any pedal is down."""
        return self.beam or (self.second is not None and self.second.beam)

    @property
    def planes(self) -> range:
        """Numbers of the planes."""
        return range(1 if self.second is None else 2)

    def through(self, plane: int) -> CArm:
        """Return the arm as one of its planes alone: pose, beam, technique and blades.

        The other plane does not disturb it: both fire in turn and the panel is blanked while
        the other one fires, so that cross-scatter reaches no picture.
        """
        if plane == 0 or self.second is None:
            return self
        b = self.second
        return replace(
            self, pose=b.pose, moving=b.moving, beam=b.beam, kvp=b.kvp, mas_pulse=b.mas_pulse,
            collimator=b.collimator,
        )  # fmt: skip

    def with_plane(self, plane: int, seen: CArm) -> CArm:
        """Return the arm after `seen`, what became of `through(plane)`: its opposite."""
        if plane == 0 or self.second is None:
            return seen
        second = Plane(seen.pose, seen.moving, seen.beam, seen.kvp, seen.mas_pulse, seen.collimator)
        return replace(
            seen, pose=self.pose, moving=self.moving, beam=self.beam, kvp=self.kvp,
            mas_pulse=self.mas_pulse, collimator=self.collimator, second=second,
        )  # fmt: skip
