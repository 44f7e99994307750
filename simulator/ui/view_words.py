"""What the coach reads on the last picture: how true the view is, and which way to turn."""

from __future__ import annotations

import math

from simulator.frames import norm
from simulator.imaging.looking import true_view
from simulator.imaging.viewing import Advice, Axis, Fault, ViewKind, advice, lifted, quality
from simulator.ui.chain import Film
from simulator.ui.scene import number
from simulator.units import Vec3
from simulator.world.case import Case
from simulator.world.state import State

_TRUE = {
    ViewKind.AP: "True AP",
    ViewKind.LATERAL: "True lateral",
    ViewKind.EN_FACE_LEFT: "Down the left pedicle",
    ViewKind.EN_FACE_RIGHT: "Down the right pedicle",
}

_SEEN = {
    Fault.SPINOUS_OFF_MIDLINE: "Spinous process {mm} mm {side} of the midline",
    Fault.PEDICLES_UNEVEN: "Pedicles uneven by {mm} mm",
    Fault.ENDPLATE_DOUBLE: "Endplate double by {mm} mm",
    Fault.WALL_DOUBLE: "Posterior wall double by {mm} mm",
    Fault.PEDICLES_APART: "Pedicles {mm} mm apart",
    Fault.NOT_DOWN_THE_BARREL: "Pedicle {mm} mm off its axis",
    Fault.OFF_CENTRE: "Vertebra {mm} mm off the middle",
}

_ENDS = (("left", "right"), ("back", "belly"), ("head", "feet"))
"""Where an axis of the patient points to, forwards and backwards."""

_LEAST_WAY = 0.1
"""A part of a way that is smaller than this share of it is not told."""


def _moved(move_mm: Vec3) -> str:
    """Return the way of the field, without what is too little of it to matter."""
    least = max(_LEAST_WAY * norm(move_mm), 1.0)
    ways = [
        f"{number(abs(move_mm[axis]))} mm to the {_ENDS[axis][move_mm[axis] < 0.0]}"
        for axis in (0, 2, 1)
        if abs(move_mm[axis]) >= least
    ]
    return "Move the field " + " and ".join(ways)


def _turned(advised: Advice, orbit_deg: float) -> str:
    """Return the turn of the arm by where the detector goes: beside the patient up or down."""
    if advised.axis is Axis.ORBIT:
        orbit = math.radians(orbit_deg)
        way = (math.cos(orbit), -math.sin(orbit))
        axis = int(abs(way[1]) > abs(way[0]))
        back = way[axis] * advised.degrees < 0.0
    else:
        axis, back = 2, advised.degrees < 0.0
    degrees = math.floor(abs(advised.degrees) + 0.5)
    words = f"{degrees}°" if degrees else "half a degree"
    return f"Turn {words} to the {_ENDS[axis][back]}"


def sentence(advised: Advice, orbit_deg: float = 0.0) -> str:
    """Return what is read on a picture taken at `orbit_deg`, and what to do about it."""
    side = "left" if advised.value_mm > 0.0 else "right"
    read = _SEEN[advised.fault].format(mm=number(abs(advised.value_mm)), side=side)
    table = advised.axis is Axis.TABLE
    return f"{read}. {_moved(advised.move_mm) if table else _turned(advised, orbit_deg)}."


def words(case: Case, state: State, film: Film, wanted: ViewKind) -> tuple[str, bool]:
    """Return what to say of a picture, and if its view is true; nothing of an oblique.

    Args:
        case: For machine and patient.
        state: For how far the endplate was lifted.
        film: The picture.
        wanted: The view the arm was last sent to: a few degrees off an AP may look down a
            pedicle, but it is meant as an AP. A picture far from it is taken for what it is.
    """
    marks = lifted(case.patient, state.body.lift)
    found = quality(case.c_arm, film.shot.pose, marks)
    if found.angles_deg[wanted] <= true_view().kind_deg:
        found = quality(case.c_arm, film.shot.pose, marks, wanted)
    if found.kind is ViewKind.OBLIQUE:
        return "", False
    advised = advice(found)
    if advised:
        return sentence(advised[0], film.shot.pose.orbit_deg), False
    return (_TRUE[found.kind] + ".", True) if found.true else ("", False)
