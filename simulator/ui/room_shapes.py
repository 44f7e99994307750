"""What stands in the C-arm room as flat pieces: arm, beam, table and patient, in metres."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import pairwise

from simulator.frames import cross
from simulator.ui.theme import Rgb, mixed
from simulator.units import Vec3
from simulator.world.arm import CArm, Pose
from simulator.world.bearings import beam_of, swivelled

Point = tuple[float, float]
"""On the drawing: right and down, metres."""

_YAW, _LIFT = math.radians(-16.0), math.radians(24.0)
_RING_M, _TUBE_M, _PANEL_M = 0.60, 0.56, 0.40
_SKIN: Rgb = (0x8C, 0x6F, 0x5C)
_LIT: Rgb = (0xB9, 0x95, 0x4E)
_TABLE: Rgb = (0x3A, 0x47, 0x54)
_BODY = (
    (-0.92, 0.10, 0.06), (-0.60, 0.13, 0.07), (-0.35, 0.16, 0.09), (-0.15, 0.18, 0.11),
    (0.05, 0.16, 0.11), (0.22, 0.19, 0.12), (0.34, 0.20, 0.11), (0.40, 0.12, 0.08),
    (0.44, 0.06, 0.06), (0.52, 0.08, 0.09), (0.60, 0.07, 0.08), (0.64, 0.03, 0.04),
)  # fmt: skip
"""Height along the table, half width and half thickness of the patient, metres."""


def spot(p: Vec3) -> Point:
    """Return where a point of the room (metres) is drawn: right and down, metres."""
    x, y, z = p
    right = -(x * math.cos(_YAW) + z * math.sin(_YAW))
    away = -x * math.sin(_YAW) + z * math.cos(_YAW)
    return right, -(y * math.cos(_LIFT) + away * math.sin(_LIFT))


def _away(p: Vec3) -> float:
    x, y, z = p
    back = -x * math.sin(_YAW) + z * math.cos(_YAW)
    return back * math.cos(_LIFT) - y * math.sin(_LIFT)


def _at(*parts: tuple[float, Vec3]) -> Vec3:
    return (
        sum(k * v[0] for k, v in parts),
        sum(k * v[1] for k, v in parts),
        sum(k * v[2] for k, v in parts),
    )


@dataclass(frozen=True, slots=True)
class Frame:
    """The axes of one arm."""

    beam: Vec3
    back: Vec3
    """Towards the middle of the C, from the isocentre."""
    along: Vec3

    @staticmethod
    def of(pose: Pose) -> Frame:
        """Return the axes at a pose; the C lies on the patient's right in an AP."""
        d = beam_of(pose)
        o = math.radians(pose.orbit_deg)
        back = swivelled(pose, (-math.cos(o), math.sin(o), 0.0))
        return Frame(d, back, cross(d, back))


@dataclass(frozen=True, slots=True)
class Piece:
    """A flat shape of one colour."""

    away: float
    """From the eye: what is farther is drawn first."""
    shape: tuple[Point, ...]
    colour: Rgb
    alpha: int = 255


def _piece(points: Sequence[Vec3], colour: Rgb, alpha: int = 255) -> Piece:
    away = sum(_away(p) for p in points) / len(points)
    return Piece(away, tuple(spot(p) for p in points), colour, alpha)


def _box(middle: Vec3, axes: tuple[Vec3, Vec3, Vec3], half: Vec3, colour: Rgb) -> list[Piece]:
    """Return the six faces of a box, each in its own light."""
    out = []
    for i, axis in enumerate(axes):
        u, v = axes[(i + 1) % 3], axes[(i + 2) % 3]
        hu, hv = half[(i + 1) % 3], half[(i + 2) % 3]
        for sign in (1.0, -1.0):
            normal = _at((sign, axis))
            if _away(normal) >= 0.0:
                continue  # its back is turned to us
            face = [
                _at((1.0, middle), (sign * half[i], axis), (a * hu, u), (b * hv, v))
                for a, b in ((1, 1), (1, -1), (-1, -1), (-1, 1))
            ]
            light = 0.16 * normal[1] - 0.06 * normal[2]
            shade = (255, 255, 255) if light > 0 else (0, 0, 0)
            out.append(_piece(face, mixed(colour, shade, abs(light))))
    return out


def arm_pieces(frame: Frame, colours: tuple[Rgb, Rgb, Rgb]) -> list[Piece]:
    """Return C, tube and panel."""
    steel, tube, panel = colours
    out: list[Piece] = []
    steps = range(-15, 196, 10)
    turn = [math.radians(s) for s in steps]
    rings = [
        [_at((r * math.cos(t), frame.beam), (r * math.sin(t), frame.back)) for t in turn]
        for r in (_RING_M, _RING_M + 0.075)
    ]
    for i in range(len(turn) - 1):
        inner, outer = rings
        flat = [inner[i], inner[i + 1], outer[i + 1], outer[i]]
        for shift in (-0.035, 0.035):
            side = [_at((1.0, p), (shift, frame.along)) for p in flat]
            out.append(_piece(side, mixed(steel, (0, 0, 0), 0.25 if shift < 0 else 0.0)))
    axes = (frame.back, frame.along, frame.beam)
    out += _box(_at((-_TUBE_M, frame.beam)), axes, (0.09, 0.10, 0.10), tube)
    out += _box(_at((_PANEL_M, frame.beam)), axes, (0.16, 0.16, 0.035), panel)
    return out


def fan(frame: Frame, arm: CArm, colour: Rgb, alpha: int) -> list[Piece]:
    """Return the beam as wide as field and shutters let it."""
    side = arm.pose.field_mm
    c = arm.collimator
    wide = 0.5e-3 * min(side, c.width_mm, c.iris_mm)
    high = 0.5e-3 * min(side, c.height_mm, c.iris_mm)
    focus = _at((-_TUBE_M + 0.09, frame.beam))
    ends = [
        _at((_PANEL_M - 0.03, frame.beam), (a * wide, frame.back), (b * high, frame.along))
        for a, b in ((1, 1), (1, -1), (-1, -1), (-1, 1))
    ]
    return [_piece([focus, p, q], colour, alpha) for p, q in pairwise([*ends, ends[0]])]


def _patient(*, lit: bool) -> list[Piece]:
    """Return the patient, prone, in slices from head to feet."""
    out = []
    for z, wide, thick in _BODY:
        ring = [
            (wide * math.cos(t), -0.02 + thick * math.sin(t), z)
            for t in (i / 18 * math.tau for i in range(18))
        ]
        near = lit and abs(z - 0.05) < 0.15
        colour = mixed(_LIT if near else _SKIN, (0, 0, 0), 0.10 * (z + 0.9) / 1.5)
        out.append(_piece(ring, colour))
    # Neighbouring slices are joined, or the body would be a pile of discs.
    for (z0, w0, t0), (z1, w1, t1) in pairwise(_BODY):
        for i in range(18):
            a, b = i / 18 * math.tau, (i + 1) / 18 * math.tau
            if math.sin(a) + math.sin(b) < -0.4:
                continue  # under the patient
            four = ((a, w0, t0, z0), (b, w0, t0, z0), (b, w1, t1, z1), (a, w1, t1, z1))
            face = [(w * math.cos(t), -0.02 + h * math.sin(t), z) for t, w, h, z in four]
            near = lit and abs(0.5 * (z0 + z1) - 0.05) < 0.15
            light = 0.25 * (1.0 - math.sin(0.5 * (a + b)))
            out.append(_piece(face, mixed(_LIT if near else _SKIN, (0, 0, 0), light)))
    return out


def _table() -> list[Piece]:
    axes: tuple[Vec3, Vec3, Vec3] = ((1, 0, 0), (0, 1, 0), (0, 0, 1))
    top = _box((0.0, -0.17, -0.12), axes, (0.26, 0.025, 0.95), _TABLE)
    return [*_box((0.0, -0.56, -0.80), axes, (0.09, 0.38, 0.16), (0x26, 0x31, 0x3C)), *top]


@lru_cache(maxsize=2)
def still(*, lit: bool) -> tuple[Piece, ...]:
    """Return what does not move: table and patient; `lit` where the beam meets the skin."""
    return (*_table(), *_patient(lit=lit))
