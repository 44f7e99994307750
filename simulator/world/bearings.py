"""Where a point lies in a vertebra, told in the vertebra's own axes.

A scoliotic or turned vertebra has other axes than the patient; a wall is named, and a view is
judged, in the axes of the vertebra that the tool is in.
"""

from __future__ import annotations

import math

from simulator.anatomy.landmarks import Landmarks
from simulator.anatomy.patient import Patient
from simulator.frames import Side, along, dot, minus, unit
from simulator.units import Vec3
from simulator.world.arm import Pose


def wall_point(marks: Landmarks) -> Vec3:
    """Return the point of the posterior wall line straight behind the centre of the body."""
    behind = (marks.posterior_wall_y_mm - marks.centre_mm[1]) / marks.axes[1][1]
    return along(marks.centre_mm, marks.axes[1], behind)


def past_wall_mm(marks: Landmarks, point: Vec3) -> float:
    """Return how far a point is anterior of the posterior wall line; negative behind it."""
    return -dot(minus(point, wall_point(marks)), marks.axes[1])


def medial_margin_mm(marks: Landmarks, side: Side, point: Vec3) -> float:
    """Return how far a point is lateral of the medial border of a pedicle; negative past it."""
    return side.sign * dot(minus(point, marks.pedicles[side].medial_mm), marks.axes[0])


def vertebra_at(patient: Patient, point: Vec3) -> Landmarks:
    """Return the vertebra whose body a point is level with, measured along its own axis."""
    marks = [vertebra.landmarks for vertebra in patient.vertebrae]
    return min(marks, key=lambda m: abs(dot(minus(point, m.centre_mm), m.axes[2])))


def nearer_pedicle(marks: Landmarks, point: Vec3) -> Side:
    """Return the side of the vertebra that a point lies on."""
    offset = dot(minus(point, marks.centre_mm), marks.axes[0])
    return Side.LEFT if offset >= 0.0 else Side.RIGHT


def pedicle_axes(marks: Landmarks, side: Side) -> tuple[Vec3, Vec3]:
    """Return the unit directions (medial, superior) across a pedicle, square to its axis."""
    axis, (left, _, up) = marks.pedicles[side].axis, marks.axes
    superior = unit(along(up, axis, -dot(up, axis)))
    inward = along((0.0, 0.0, 0.0), left, -float(side.sign))
    inward = along(inward, axis, -dot(inward, axis))
    return unit(along(inward, superior, -dot(inward, superior))), superior


def swivelled(pose: Pose, direction: Vec3) -> Vec3:
    """Return a direction of the unswivelled arm as the swivel turns it about the vertical."""
    if not pose.swivel_deg:
        return direction
    s = math.radians(pose.swivel_deg)
    x, y, z = direction
    return (x * math.cos(s) - z * math.sin(s), y, x * math.sin(s) + z * math.cos(s))


def beam_of(pose: Pose) -> Vec3:
    """Return the unit direction from tube to detector."""
    orbit, tilt = math.radians(pose.orbit_deg), math.radians(pose.tilt_deg)
    plain = (math.sin(orbit) * math.cos(tilt), math.cos(orbit) * math.cos(tilt), math.sin(tilt))
    return swivelled(pose, plain)


def off_deg(pose: Pose, true: Vec3) -> float:
    """Return the angle between a beam and a true view; from the other side it is as true."""
    return math.degrees(math.acos(min(abs(dot(beam_of(pose), true)), 1.0)))


def arm_angles(true: Vec3) -> tuple[float, float]:
    """Return (orbit, tilt) in degrees at which the arm has a view, not swivelled."""
    x, y, z = true
    return math.degrees(math.atan2(x, y)), math.degrees(math.asin(max(-1.0, min(1.0, z))))
