"""The C-arm and its beam as they stand in one tick."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from simulator.units import Vec3


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
