"""Where source and detector stand, what falls where on the picture, and how the arm moves.

With d the unit vector from the isocentre to the detector, u = d(d)/d(tilt) and r = u x d, the
picture's columns run along r and its rows against u: seen from the detector, head up. The swivel
turns all of it about the vertical.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace

from simulator.frames import along, cross, dot, minus
from simulator.units import Vec3
from simulator.world.arm import Pose, View
from simulator.world.bearings import arm_angles, beam_of, swivelled
from simulator.world.collimator import OPEN, Collimator
from simulator.world.instruments import CArmSpec

_AXIAL_DEG = 20.0
"""Within this of 0 or 90 degrees of orbit a picture counts as an AP or a lateral."""


@dataclass(frozen=True, slots=True)
class Geometry:
    """One exposure's geometry in the patient frame (or any frame it was turned into)."""

    source_mm: Vec3
    centre_mm: Vec3
    """Centre of the detector."""
    right: Vec3
    """Unit vector along the columns of the picture."""
    up: Vec3
    """Unit vector against the rows."""
    sdd_mm: float
    pitch_mm: float
    """Side of a pixel at the detector."""
    n: int
    """Pixels per side."""

    @property
    def direction(self) -> Vec3:
        """Unit vector from source to detector centre."""
        return cross(self.right, self.up)


def geometry(spec: CArmSpec, pose: Pose, n: int) -> Geometry:
    """Return source, detector and pixel grid of `pose` for a picture of n x n pixels."""
    o, t = math.radians(pose.orbit_deg), math.radians(pose.tilt_deg)
    d = beam_of(pose)
    up = swivelled(pose, (-math.sin(o) * math.sin(t), -math.cos(o) * math.sin(t), math.cos(t)))
    return Geometry(
        source_mm=along(pose.isocentre_mm, d, -spec.sad_mm),
        centre_mm=along(pose.isocentre_mm, d, spec.sdd_mm - spec.sad_mm),
        right=cross(up, d),
        up=up,
        sdd_mm=spec.sdd_mm,
        pitch_mm=pose.field_mm / n,
        n=n,
    )


def project(g: Geometry, point_mm: Vec3) -> tuple[float, float, float]:
    """Return (column, row, magnification) of a point; pixel centres lie at whole numbers.

    Magnification is SDD over the point's distance from the source along the central ray. A
    point behind the source has a negative magnification and lies on no picture.
    """
    ray = minus(point_mm, g.source_mm)
    depth = dot(ray, g.direction)
    m = g.sdd_mm / depth if depth else math.inf
    middle = 0.5 * (g.n - 1)
    return (
        middle + dot(ray, g.right) * m / g.pitch_mm,
        middle - dot(ray, g.up) * m / g.pitch_mm,
        m,
    )


def in_field(g: Geometry, point_mm: Vec3, collimator: Collimator = OPEN) -> bool:
    """Return whether a point is seen on the picture and the blades let its ray through."""
    col, row, m = project(g, point_mm)
    if m <= 0.0 or not (-0.5 <= col <= g.n - 0.5 and -0.5 <= row <= g.n - 0.5):
        return False
    middle = 0.5 * (g.n - 1)
    return collimator.passes((col - middle) * g.pitch_mm, (middle - row) * g.pitch_mm)


def _clamp(value: float, low: float, high: float) -> float:
    return min(max(value, low), high)


def move(
    spec: CArmSpec,
    pose: Pose,
    turn_deg_s: Vec3,
    table_mm_s: Vec3,
    dt_s: float,
    plane: int = 0,
) -> Pose:
    """Return the pose after `dt_s` of motion, each speed and place held in the machine's range.

    Args:
        spec: The machine.
        pose: Where the arm stands.
        turn_deg_s: Speeds of orbit, tilt and swivel.
        table_mm_s: Moves the field over the patient (x to the left, y posterior, z to the head).
        dt_s: Seconds.
        plane: Whose arm it is.
    """
    orbit, tilt, swivel = (
        now + dt_s * _clamp(rate, -fastest, fastest)
        for now, rate, fastest in zip(
            (pose.orbit_deg, pose.tilt_deg, pose.swivel_deg),
            turn_deg_s,
            (spec.orbit_deg_s, spec.tilt_deg_s, spec.swivel_deg_s),
            strict=True,
        )
    )
    v = spec.travel_mm_s
    x, y, z = (
        _clamp(p + dt_s * _clamp(rate, -v, v), -reach, reach)
        for p, rate, reach in zip(pose.isocentre_mm, table_mm_s, spec.travel_range_mm, strict=True)
    )
    return replace(
        pose,
        orbit_deg=_clamp(orbit, *spec.orbits_deg(plane)),
        tilt_deg=_clamp(tilt, *spec.tilt_range_deg),
        swivel_deg=_clamp(swivel, *spec.swivel_range_deg),
        isocentre_mm=(x, y, z),
    )


def view_of(pose: Pose) -> View:
    """Return what a picture taken at `pose` counts as."""
    orbit, _ = arm_angles(beam_of(pose))
    if abs(orbit) <= _AXIAL_DEG:
        return View.AP
    if abs(abs(orbit) - 90.0) <= _AXIAL_DEG:
        return View.LATERAL
    return View.OBLIQUE


def dicom_angles(pose: Pose) -> tuple[float, float]:
    """Return the DICOM positioner angles (primary, secondary) in degrees.

    DICOM (0018,1510) counts the primary angle from the detector in front of the patient (0)
    towards the patient's left (+90 = LAO side); 180 is behind. The patient lies prone, so at
    orbit 0 the detector above the back is behind: 180; at orbit +90 it is at the left: +90.
    Hence primary = 180 - orbit. The secondary angle (0018,1511) is positive when the detector
    goes to the head, as tilt is. Both tell where the detector is, so a swivel goes into them; how
    it turns the picture about the beam does not.
    """
    orbit, tilt = arm_angles(beam_of(pose))
    primary = math.fmod(180.0 - orbit, 360.0)
    if primary > 180.0:
        primary -= 360.0
    elif primary <= -180.0:
        primary += 360.0
    return primary, tilt


PRESETS: dict[str, tuple[float, float]] = {
    "ap": (0.0, 0.0),
    "lateral": (90.0, 0.0),
    "en_face_left": (25.0, 0.0),
    "en_face_right": (-25.0, 0.0),
}
"""Machine angles (orbit, tilt) the arm drives to by itself; never true to a vertebra.

25 degrees looks down a lumbar pedicle; the trainee trims the rest.
"""


def preset(pose: Pose, name: str) -> Pose:
    """Return `pose` turned to the machine angles of a preset, the swivel at its middle."""
    orbit, tilt = PRESETS[name]
    return replace(pose, orbit_deg=orbit, tilt_deg=tilt, swivel_deg=0.0)
