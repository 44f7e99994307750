"""What the coach reads on the last picture: how true the view is, and which way to turn."""

from __future__ import annotations

import math

from simulator.imaging.looking import true_view
from simulator.imaging.viewing import Advice, Axis, Fault, ViewKind, advice, lifted, quality
from simulator.ui.chain import Film
from simulator.ui.scene import number
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


def _towards(advised: Advice) -> str:
    """Return the motion that mends a fault."""
    if advised.axis is Axis.TABLE:
        x, y, z = advised.move_mm
        ways = []
        if abs(x) >= 1.0:
            ways.append(f"{number(abs(x))} mm to the {'left' if x > 0.0 else 'right'}")
        if abs(z) >= 1.0:
            ways.append(f"{number(abs(z))} mm to the {'head' if z > 0.0 else 'feet'}")
        if abs(y) >= 1.0:
            ways.append(f"{number(abs(y))} mm to the {'back' if y > 0.0 else 'belly'}")
        return "Move the field " + " and ".join(ways)
    ends = ("left", "right") if advised.axis is Axis.ORBIT else ("head", "feet")
    degrees = math.floor(abs(advised.degrees) + 0.5)
    words = f"{degrees}°" if degrees else "half a degree"
    return f"Turn {words} to the {ends[advised.degrees < 0.0]}"


def sentence(advised: Advice) -> str:
    """Return what is read and what to do about it."""
    side = "left" if advised.value_mm > 0.0 else "right"
    read = _SEEN[advised.fault].format(mm=number(abs(advised.value_mm)), side=side)
    return f"{read}. {_towards(advised)}."


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
        return sentence(advised[0]), False
    return (_TRUE[found.kind] + ".", True) if found.true else ("", False)
