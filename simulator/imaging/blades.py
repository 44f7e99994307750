"""The collimator's opening: how the blades move, and what they leave of field, beam and scatter."""

from __future__ import annotations

import math
from functools import lru_cache
from itertools import pairwise

import numpy as np

from simulator.imaging.machine import machine
from simulator.units import AnyArray, Float32Array, FloatArray, frozen
from simulator.world.collimator import WIDE_MM, Collimator

_WHOLE = 0.999
_TOUCHING = 1.0 + 1e-9
"""Of the radius: an end this far out lies on the circle."""
_RAYS = 1440
"""Directions in which an opening is summed over a Gaussian."""

Point = tuple[float, float]


def iris_edge_mm(field_mm: float) -> float:
    """Return the iris diameter from which on the corners of a field are free."""
    return field_mm * math.sqrt(2.0)


def shutter_edge_mm(field_mm: float, turn_deg: float) -> float:
    """Return the opening from which on turned shutters leave the field free."""
    a = math.radians(turn_deg)
    return field_mm * (abs(math.cos(a)) + abs(math.sin(a)))


def covered(field_mm: float, c: Collimator) -> bool:
    """Return whether the blades cover any of the field."""
    shutter = shutter_edge_mm(field_mm, c.turn_deg)
    return min(c.width_mm, c.height_mm) < shutter or c.iris_mm < iris_edge_mm(field_mm)


def half_turn_deg(turn_deg: float) -> float:
    """Return the turn from -90 to 90 degrees: shutters look the same after half a turn."""
    return (turn_deg + 90.0) % 180.0 - 90.0


def parked(c: Collimator, field_mm: float) -> Collimator:
    """Return the blades with those wide open that leave the whole field free."""
    shutter = shutter_edge_mm(field_mm, c.turn_deg)
    return Collimator(
        WIDE_MM if c.iris_mm >= iris_edge_mm(field_mm) else c.iris_mm,
        WIDE_MM if c.width_mm >= shutter else c.width_mm,
        WIDE_MM if c.height_mm >= shutter else c.height_mm,
        half_turn_deg(c.turn_deg),
    )


def moved(
    c: Collimator, field_mm: float, rates: tuple[float, float, float, float], dt_s: float
) -> Collimator:
    """Return the blades after `dt_s` of motion, speeds and openings held in the machine's range.

    What leaves the whole field free is parked wide open; a parked blade closes from the edge of
    the field.

    Args:
        c: As they stand.
        field_mm: Side of the field in use.
        rates: Of iris, width and height in mm/s, positive opens, and of the turn in deg/s.
        dt_s: Seconds.
    """
    m = machine().collimator
    iris, width, height, turn = rates
    turn_deg = c.turn_deg + dt_s * min(max(turn, -m.turn_deg_s), m.turn_deg_s)
    turn_deg = half_turn_deg(turn_deg) if turn else c.turn_deg
    edge = shutter_edge_mm(field_mm, turn_deg)
    return Collimator(
        _opened(c.iris_mm, iris, m.iris_mm_s * dt_s, m.iris_least_mm, iris_edge_mm(field_mm), dt_s),
        _opened(c.width_mm, width, m.shutter_mm_s * dt_s, m.shutter_least_mm, edge, dt_s),
        _opened(c.height_mm, height, m.shutter_mm_s * dt_s, m.shutter_least_mm, edge, dt_s),
        turn_deg,
    )


def _opened(now: float, rate: float, most: float, least: float, edge: float, dt_s: float) -> float:
    if not rate:
        return now
    opening = min(now, edge) + min(max(rate * dt_s, -most), most)
    return WIDE_MM if opening >= edge else max(opening, least)


def outline_mm(field_mm: float, c: Collimator) -> tuple[Point, ...]:
    """Return the corners of field and shutters together, counterclockwise, right and up in mm.

    The iris is left out: it is a circle about the middle.
    """
    h = 0.5 * field_mm
    corners: list[Point] = [(-h, -h), (h, -h), (h, h), (-h, h)]
    a = math.radians(c.turn_deg)
    axes = ((math.cos(a), math.sin(a), c.width_mm), (-math.sin(a), math.cos(a), c.height_mm))
    for x, y, opening in axes:
        for side in (1.0, -1.0):
            corners = _cut(corners, (side * x, side * y), 0.5 * opening)
    return tuple(corners)


def _cut(corners: list[Point], normal: Point, reach: float) -> list[Point]:
    """Return what of a convex polygon lies within `reach` along a unit normal."""
    out: list[Point] = []
    for p, q in zip(corners, corners[1:] + corners[:1], strict=True):
        over_p = p[0] * normal[0] + p[1] * normal[1] - reach
        over_q = q[0] * normal[0] + q[1] * normal[1] - reach
        if over_p <= 0.0:
            out.append(p)
        if (over_p < 0.0) != (over_q < 0.0) and over_p and over_q:
            t = over_p / (over_p - over_q)
            out.append((p[0] + t * (q[0] - p[0]), p[1] + t * (q[1] - p[1])))
    return out


@lru_cache(maxsize=256)
def open_area_mm2(field_mm: float, c: Collimator) -> float:
    """Return the area of the opening at the detector: exact, polygon and circle together.

    Rounded, so that the last bit of a machine's arc tangent does not get into the run.
    """
    corners = outline_mm(field_mm, c)
    pairs = zip(corners, corners[1:] + corners[:1], strict=True)
    return round(sum(_wedge_mm2(p, q, 0.5 * c.iris_mm) for p, q in pairs), 6)


def _wedge_mm2(p: Point, q: Point, radius: float) -> float:
    """Return the area between the middle and one edge of a polygon, within a circle."""
    dx, dy = q[0] - p[0], q[1] - p[1]
    a, b = dx * dx + dy * dy, p[0] * dx + p[1] * dy
    root = b * b - a * (p[0] * p[0] + p[1] * p[1] - radius * radius)
    crossings: list[float] = []
    if a > 0.0 and root > 0.0:
        half = math.sqrt(root)
        crossings = [t for t in ((-b - half) / a, (-b + half) / a) if 0.0 < t < 1.0]
    stops = [0.0, *crossings, 1.0]
    area = 0.0
    for s, t in pairwise(stops):
        u, v = (p[0] + s * dx, p[1] + s * dy), (p[0] + t * dx, p[1] + t * dy)
        cross, dot = u[0] * v[1] - u[1] * v[0], u[0] * v[0] + u[1] * v[1]
        # By its ends: the middle of an edge that touches the circle lies on it.
        inside = max(math.hypot(*u), math.hypot(*v)) <= radius * _TOUCHING
        area += 0.5 * (cross if inside else radius * radius * math.atan2(cross, dot))
    return area


@lru_cache(maxsize=256)
def share(sigma_mm: float, field_mm: float, c: Collimator) -> float:
    """Return the share of a centred Gaussian that lies in the opening.

    That is the share of an endless slab's scatter that reaches the middle of the picture: what
    the blades keep out of the patient makes none. The opening is star-shaped about the middle,
    so the sum over the radius is closed and the one over the angle runs in small steps.
    """
    angle = (np.arange(_RAYS) + 0.5) * (2.0 * math.pi / _RAYS)
    turned = angle - math.radians(c.turn_deg)

    reach: FloatArray = np.full(_RAYS, 0.5 * c.iris_mm)
    for opening, across in (
        (field_mm, np.cos(angle)),
        (field_mm, np.sin(angle)),
        (c.width_mm, np.cos(turned)),
        (c.height_mm, np.sin(turned)),
    ):
        reach = np.minimum(reach, 0.5 * opening / np.maximum(np.abs(across), 1e-12))
    return 1.0 - float(np.exp(-0.5 * (reach / sigma_mm) ** 2).mean())


def penumbra_mm() -> float:
    """Return the width at the detector over which the focal spot draws the edge of a blade."""
    m = machine()
    behind = m.c_arm.sdd_mm - m.collimator.from_focus_mm
    return m.detector.focal_spot_mm * behind / m.collimator.from_focus_mm


@lru_cache(maxsize=8)
def mask(n: int, field_mm: float, c: Collimator) -> Float32Array:
    """Return (n, n) how much of the open beam each pixel gets, 0 to 1.

    Edges rise straight over the penumbra, or over one pixel where that is wider.
    """
    pitch = field_mm / n
    soft = np.float32(max(penumbra_mm(), pitch))
    at = ((np.arange(n) - 0.5 * (n - 1)) * pitch).astype(np.float32)
    right, up = at[None, :], -at[:, None]
    across, along = (np.abs(v) for v in c.turned(right, up))
    out = np.clip((np.float32(0.5 * c.width_mm) - across) / soft + np.float32(0.5), 0.0, 1.0)
    out *= np.clip((np.float32(0.5 * c.height_mm) - along) / soft + np.float32(0.5), 0.0, 1.0)
    if c.iris_mm < iris_edge_mm(field_mm):
        radius = np.sqrt(right * right + up * up)
        iris = np.float32(0.5 * c.iris_mm)
        out *= np.clip((iris - radius) / soft + np.float32(0.5), 0.0, 1.0)
    return frozen(out)


@lru_cache(maxsize=8)
def shaded(n: int, field_mm: float, c: Collimator) -> AnyArray | None:
    """Return (n, n) bool, True where the blades take any of the beam away; None if nowhere."""
    if not covered(field_mm, c):
        return None
    return frozen(mask(n, field_mm, c) < _WHOLE)
