"""How true a view of one vertebra is, from where its landmarks fall on the picture.

Everything is read as with a ruler on the film: points are projected with the picture's own
perspective, and distances are told at the scale of the centre of the body. What an outline does
follows from the ray through the vertebra, not from the middle of the beam: off the centre of the
picture a vertebra looks turned.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, replace
from enum import StrEnum
from types import MappingProxyType

import numpy as np

from simulator.anatomy.hinge import Lift
from simulator.anatomy.landmarks import Landmarks
from simulator.anatomy.measure import moved
from simulator.anatomy.patient import Patient
from simulator.anatomy.views import en_face, true_ap, true_lateral
from simulator.frames import Side, along, dot, minus, norm, unit
from simulator.imaging.film import (
    Film,
    Plate,
    barrel,
    pedicle_asymmetry,
    pedicle_height,
    pedicles_apart,
    plate_double,
    sounder,
    spinous_offset,
    wall_double,
)
from simulator.imaging.looking import TrueView, true_view
from simulator.imaging.positioner import Geometry, geometry
from simulator.units import Vec3
from simulator.world.arm import Pose
from simulator.world.bearings import arm_angles
from simulator.world.instruments import CArmSpec
from simulator.world.shown import Contours

_ZERO: Vec3 = (0.0, 0.0, 0.0)


class ViewKind(StrEnum):
    """The true view that a picture comes nearest to."""

    AP = "ap"
    LATERAL = "lateral"
    EN_FACE_LEFT = "en_face_left"
    EN_FACE_RIGHT = "en_face_right"
    OBLIQUE = "oblique"


class Fault(StrEnum):
    """What keeps a view from being true."""

    OFF_CENTRE = "off_centre"
    SPINOUS_OFF_MIDLINE = "spinous_off_midline"
    PEDICLES_UNEVEN = "pedicles_uneven"
    ENDPLATE_DOUBLE = "endplate_double"
    WALL_DOUBLE = "wall_double"
    PEDICLES_APART = "pedicles_apart"
    NOT_DOWN_THE_BARREL = "not_down_the_barrel"


class Axis(StrEnum):
    """What has to be moved."""

    ORBIT = "orbit"
    TILT = "tilt"
    TABLE = "table"


@dataclass(frozen=True, slots=True)
class ViewQuality:
    """One vertebra in one picture; lengths in mm at the patient, None where a view has none.

    Of a double contour the side nearer to the detector counts positive: above, or posterior.
    """

    kind: ViewKind
    true: bool
    """Every outline falls within its tolerance."""
    angles_deg: Mapping[ViewKind, float]
    """Between the middle of the beam and each true view; from the other side it is as true."""
    ray_deg: float
    """Between the ray through the body and the true view of `kind`."""
    turn_orbit_deg: float
    """Turns of the arm that make that ray true, the isocentre staying where it is."""
    turn_tilt_deg: float
    off_centre_mm: Vec3
    """From the middle of the picture to the body, across the beam, patient frame."""
    plate: Plate
    """The endplate that lies squarer to the vertebra's axis: the one to be made a single line."""
    superior_double_mm: float
    """From the rim at the tube's side to the rim at the detector's."""
    inferior_double_mm: float
    spinous_offset_mm: float | None = None
    """AP: spinous tip from the midpoint between the pedicles, positive to patient's left."""
    pedicle_asymmetry_mm: float | None = None
    """AP: pedicle to lateral border, left less right."""
    pedicle_height: tuple[float, float] | None = None
    """AP: centre of each pedicle between inferior (0) and superior endplate (1), by `Side`."""
    wall_double_mm: float | None = None
    """Lateral: edges of the posterior wall."""
    pedicle_apart_mm: float | None = None
    """Lateral: one pedicle from the other."""
    barrel_mm: float | None = None
    """En face: entry of the pedicle from where its axis passes the posterior wall."""

    @property
    def endplate_double_mm(self) -> float:
        """Double contour of `plate`."""
        upper = self.plate is Plate.SUPERIOR
        return self.superior_double_mm if upper else self.inferior_double_mm

    @property
    def angle_deg(self) -> float:
        """Angle to the true view of `kind`; of an oblique to the nearest."""
        return self.angles_deg.get(self.kind, min(self.angles_deg.values()))

    @property
    def contours(self) -> Contours:
        """What the judge keeps of an AP or lateral."""
        plated = self.kind in (ViewKind.AP, ViewKind.LATERAL)
        return Contours(
            self.spinous_offset_mm,
            self.endplate_double_mm if plated else None,
            self.wall_double_mm,
            self.pedicle_apart_mm,
        )


@dataclass(frozen=True, slots=True)
class Advice:
    """One fault of a view and the motion that mends it."""

    fault: Fault
    value_mm: float
    """What is read on the picture, signed as in `ViewQuality`."""
    axis: Axis
    degrees: float = 0.0
    """Turn of orbit or tilt."""
    move_mm: Vec3 = _ZERO
    """Shift of the isocentre, patient frame."""


def true_views(marks: Landmarks) -> dict[ViewKind, Vec3]:
    """Return the direction of every true view of a vertebra."""
    return {
        ViewKind.AP: true_ap(marks),
        ViewKind.LATERAL: true_lateral(marks),
        ViewKind.EN_FACE_LEFT: en_face(marks, Side.LEFT),
        ViewKind.EN_FACE_RIGHT: en_face(marks, Side.RIGHT),
    }


def lifted(patient: Patient, lift: Lift) -> Landmarks:
    """Return the treated vertebra's landmarks with its endplates where a lift has brought them."""
    marks = patient.target.landmarks
    if not lift:
        return marks
    up, down = (
        moved(patient, patient.index, np.array(points), lift).tolist()
        for points in (marks.superior_mm, marks.inferior_mm)
    )
    (x, y, z), (u, v, w) = marks.superior_normal, marks.inferior_normal
    return replace(
        marks,
        superior_mm=(tuple(up[0]), tuple(up[1]), tuple(up[2])),
        inferior_mm=(tuple(down[0]), tuple(down[1]), tuple(down[2])),
        superior_normal=unit((x, y + lift.superior_rad * z, z)),
        inferior_normal=unit((u, v - lift.inferior_rad * w, w)),
    )


def quality(
    spec: CArmSpec, pose: Pose, marks: Landmarks, kind: ViewKind | None = None
) -> ViewQuality:
    """Return how true a view of a vertebra is.

    Args:
        spec: The machine.
        pose: Where it stands.
        marks: The vertebra, as it is now; see `lifted`.
        kind: What the picture is meant to be; by default what it comes nearest to.
    """
    limits = true_view()
    g = geometry(spec, pose, 1)
    film = Film(g, marks.centre_mm)
    trues = true_views(marks)
    angles = {name: _angle_deg(g.direction, true) for name, true in trues.items()}
    nearest = min(angles, key=angles.__getitem__)
    if kind is None:
        kind = nearest if angles[nearest] <= limits.kind_deg else ViewKind.OBLIQUE
    true = trues.get(kind, trues[nearest])
    ray = unit(minus(marks.centre_mm, g.source_mm))
    orbit, tilt = _turn_deg(g, spec, pose, marks.centre_mm, true)
    offset = minus(marks.centre_mm, pose.isocentre_mm)
    found = ViewQuality(
        kind=kind,
        true=False,
        angles_deg=MappingProxyType(angles),
        ray_deg=_angle_deg(ray, true),
        turn_orbit_deg=orbit,
        turn_tilt_deg=tilt,
        off_centre_mm=along(offset, g.direction, -dot(offset, g.direction)),
        plate=sounder(marks),
        superior_double_mm=plate_double(film, marks, marks.superior_mm, marks.superior_normal),
        inferior_double_mm=plate_double(film, marks, marks.inferior_mm, marks.inferior_normal),
    )
    found = _outlined(found, film, marks)
    readings = _readings(found, limits)
    return replace(found, true=bool(readings) and all(abs(v) <= most for _, v, most, _ in readings))


def _outlined(found: ViewQuality, film: Film, marks: Landmarks) -> ViewQuality:
    """Return a view with the outlines read that its kind has."""
    if found.kind is ViewKind.AP:
        return replace(
            found,
            spinous_offset_mm=spinous_offset(film, marks),
            pedicle_asymmetry_mm=pedicle_asymmetry(film, marks),
            pedicle_height=pedicle_height(film, marks),
        )
    if found.kind is ViewKind.LATERAL:
        return replace(
            found,
            wall_double_mm=wall_double(film, marks),
            pedicle_apart_mm=pedicles_apart(film, marks),
        )
    if found.kind is ViewKind.OBLIQUE:
        return found
    side = Side.LEFT if found.kind is ViewKind.EN_FACE_LEFT else Side.RIGHT
    return replace(found, barrel_mm=barrel(film, marks, side))


def _angle_deg(a: Vec3, b: Vec3) -> float:
    return math.degrees(math.acos(min(abs(dot(a, b)), 1.0)))


def _turn_deg(
    g: Geometry, spec: CArmSpec, pose: Pose, centre: Vec3, true: Vec3
) -> tuple[float, float]:
    """Return the turns of (orbit, tilt) after which the ray through `centre` runs along `true`.

    The source turns about the isocentre: with e from the isocentre to the body the ray is
    e + SAD d, so that d = (k true - e) / SAD for the k at which d has length one.
    """
    e = minus(centre, pose.isocentre_mm)
    if dot(g.direction, true) < 0.0:
        true = (-true[0], -true[1], -true[2])
    ahead = dot(e, true)
    # An isocentre farther away than the source has no such turn; the beam itself is turned then.
    k = ahead + math.sqrt(max(ahead * ahead - dot(e, e) + spec.sad_mm**2, 0.0))
    wanted = minus(along(_ZERO, true, k), e)
    goal = unit(wanted) if norm(wanted) > 0.0 else true
    (orbit, tilt), (to_orbit, to_tilt) = arm_angles(g.direction), arm_angles(goal)
    return math.remainder(to_orbit - orbit, 360.0), to_tilt - tilt


def _readings(q: ViewQuality, limits: TrueView) -> list[tuple[Fault, float, float, Axis]]:
    """Return what makes this kind of view true: fault, reading, tolerance, what mends it."""
    greater = Axis.ORBIT if abs(q.turn_orbit_deg) >= abs(q.turn_tilt_deg) else Axis.TILT
    plate = (Fault.ENDPLATE_DOUBLE, q.endplate_double_mm, limits.endplate_mm, Axis.TILT)
    if q.spinous_offset_mm is not None and q.pedicle_asymmetry_mm is not None:
        return [
            (Fault.SPINOUS_OFF_MIDLINE, q.spinous_offset_mm, limits.spinous_mm, Axis.ORBIT),
            (Fault.PEDICLES_UNEVEN, q.pedicle_asymmetry_mm, limits.pedicles_even_mm, Axis.ORBIT),
            plate,
        ]
    if q.wall_double_mm is not None and q.pedicle_apart_mm is not None:
        return [
            (Fault.WALL_DOUBLE, q.wall_double_mm, limits.wall_mm, Axis.ORBIT),
            (Fault.PEDICLES_APART, q.pedicle_apart_mm, limits.pedicles_apart_mm, greater),
            plate,
        ]
    if q.barrel_mm is not None:
        return [(Fault.NOT_DOWN_THE_BARREL, q.barrel_mm, limits.barrel_mm, greater)]
    return []


def advice(found: ViewQuality) -> tuple[Advice, ...]:
    """Return what to mend in a view; empty for a true view.

    A vertebra far off the middle of the picture is seen askew whatever the arm's angle, so it is
    brought to the middle first, and nothing else is told. A fault that no turn of the arm mends,
    such as a crooked spinous process, is not told.
    """
    limits = true_view()
    off = norm(found.off_centre_mm)
    if off > limits.centre_mm:
        return (Advice(Fault.OFF_CENTRE, off, Axis.TABLE, move_mm=found.off_centre_mm),)
    turns = {Axis.ORBIT: found.turn_orbit_deg, Axis.TILT: found.turn_tilt_deg}
    out = []
    for fault, value, most, axis in _readings(found, limits):
        if abs(value) > most and abs(turns[axis]) >= limits.step_deg:
            out.append(Advice(fault, value, axis, degrees=turns[axis]))
    return tuple(out)
