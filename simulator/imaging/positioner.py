"""Where source and detector stand, what falls where on the picture, and how the arm moves.

With d the unit vector from the isocentre to the detector, u = d(d)/d(tilt) and r = u x d, the
picture's columns run along r and its rows against u: seen from the detector, head up.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace

from simulator.frames import along, cross, dot, minus
from simulator.units import Vec3
from simulator.world.arm import Pose, View
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


def beam_direction(orbit_deg: float, tilt_deg: float) -> Vec3:
    """Return d, the unit vector from the isocentre to the detector."""
    o, t = math.radians(orbit_deg), math.radians(tilt_deg)
    return (math.sin(o) * math.cos(t), math.cos(o) * math.cos(t), math.sin(t))


def geometry(spec: CArmSpec, pose: Pose, n: int) -> Geometry:
    """Return source, detector and pixel grid of `pose` for a picture of n x n pixels."""
    o, t = math.radians(pose.orbit_deg), math.radians(pose.tilt_deg)
    d = beam_direction(pose.orbit_deg, pose.tilt_deg)
    up = (-math.sin(o) * math.sin(t), -math.cos(o) * math.sin(t), math.cos(t))
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


def in_field(g: Geometry, point_mm: Vec3) -> bool:
    """Return whether a point is seen on the picture."""
    col, row, m = project(g, point_mm)
    return m > 0.0 and -0.5 <= col <= g.n - 0.5 and -0.5 <= row <= g.n - 0.5


def _clamp(value: float, low: float, high: float) -> float:
    return min(max(value, low), high)


def move(
    spec: CArmSpec,
    pose: Pose,
    orbit_deg_s: float,
    tilt_deg_s: float,
    table_mm_s: Vec3,
    dt_s: float,
) -> Pose:
    """Return the pose after `dt_s` of motion, each speed and angle held in the arm's range.

    `table_mm_s` moves the field over the patient (x to the left, y posterior, z to the head).
    """
    orbit = pose.orbit_deg + dt_s * _clamp(orbit_deg_s, -spec.orbit_deg_s, spec.orbit_deg_s)
    tilt = pose.tilt_deg + dt_s * _clamp(tilt_deg_s, -spec.tilt_deg_s, spec.tilt_deg_s)
    v = spec.travel_mm_s
    x, y, z = (
        p + dt_s * _clamp(s, -v, v) for p, s in zip(pose.isocentre_mm, table_mm_s, strict=True)
    )
    return replace(
        pose,
        orbit_deg=_clamp(orbit, *spec.orbit_range_deg),
        tilt_deg=_clamp(tilt, *spec.tilt_range_deg),
        isocentre_mm=(x, y, z),
    )


def view_of(pose: Pose) -> View:
    """Return what a picture taken at `pose` counts as."""
    if abs(pose.orbit_deg) <= _AXIAL_DEG:
        return View.AP
    if abs(abs(pose.orbit_deg) - 90.0) <= _AXIAL_DEG:
        return View.LATERAL
    return View.OBLIQUE


def dicom_angles(pose: Pose) -> tuple[float, float]:
    """Return the DICOM positioner angles (primary, secondary) in degrees.

    DICOM (0018,1510) counts the primary angle from the detector in front of the patient (0)
    towards the patient's left (+90 = LAO side); 180 is behind. The patient lies prone, so at
    orbit 0 the detector above the back is behind: 180; at orbit +90 it is at the left: +90.
    Hence primary = 180 - orbit. The secondary angle (0018,1511) is positive when the detector
    goes to the head, as tilt is.
    """
    primary = math.fmod(180.0 - pose.orbit_deg, 360.0)
    if primary > 180.0:
        primary -= 360.0
    elif primary <= -180.0:
        primary += 360.0
    return primary, pose.tilt_deg


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
    """Return `pose` turned to the machine angles of a preset."""
    orbit, tilt = PRESETS[name]
    return replace(pose, orbit_deg=orbit, tilt_deg=tilt)
