"""The drawing of the C-arm room: arm, beam, table, patient, places to stand, scatter.

Seen from the patient's feet and from above: the patient's left is on the left, the back up. One
picture is drawn twice too large, scaled down and kept until something in it changes.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache
from itertools import pairwise
from typing import Any

import pygame

from simulator.frames import cross
from simulator.imaging.dose import operator_usv, place_mm
from simulator.ui.theme import Rgb, mixed
from simulator.units import Vec3
from simulator.world.arm import CArm, Pose, Stand
from simulator.world.bearings import beam_of, swivelled

Spot = tuple[float, float]
Point = tuple[float, float]

_OVER = 2
_YAW, _LIFT = math.radians(-16.0), math.radians(24.0)
_WIDE_M, _HIGH_M = 2.25, 2.05
"""Size of the room that is shown."""
_SHIFT = 0.11
"""The places to stand reach further to the left than to the right; share of the width."""

_RING_M, _TUBE_M, _PANEL_M = 0.60, 0.56, 0.40
_SKIN: Rgb = (0x8C, 0x6F, 0x5C)
_LIT: Rgb = (0xB9, 0x95, 0x4E)
_TABLE: Rgb = (0x3A, 0x47, 0x54)
_FLOOR_M = -0.95

_PLACES: dict[Stand, Vec3] = {
    Stand.LEFT: (0.64, _FLOOR_M, -0.34),
    Stand.RIGHT: (-0.64, _FLOOR_M, -0.34),
    Stand.BACK: (1.10, _FLOOR_M, -0.10),
}
"""Where each place is drawn: nearer than it is, so that the arm stays large."""

_BODY = (
    (-0.92, 0.10, 0.06), (-0.60, 0.13, 0.07), (-0.35, 0.16, 0.09), (-0.15, 0.18, 0.11),
    (0.05, 0.16, 0.11), (0.22, 0.19, 0.12), (0.34, 0.20, 0.11), (0.40, 0.12, 0.08),
    (0.44, 0.06, 0.06), (0.52, 0.08, 0.09), (0.60, 0.07, 0.08), (0.64, 0.03, 0.04),
)  # fmt: skip
"""Height along the table, half width and half thickness of the patient, metres."""

_CELLS = 30
_CARPET_M = 1.05
_COARSE_DEG = 3.0
"""The scatter is worked out anew when the arm has turned this far."""
_KVP = 75.0
_BANDS = 5
"""Scatter is shaded in steps of a factor of two."""


def spot(p: Vec3) -> Spot:
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
class _Piece:
    away: float
    shape: tuple[Point, ...]
    colour: Rgb
    alpha: int = 255


def _piece(points: Sequence[Vec3], colour: Rgb, alpha: int = 255, nearer: float = 0.0) -> _Piece:
    away = sum(_away(p) for p in points) / len(points) - nearer
    return _Piece(away, tuple(spot(p) for p in points), colour, alpha)


def _box(middle: Vec3, axes: tuple[Vec3, Vec3, Vec3], half: Vec3, colour: Rgb) -> list[_Piece]:
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


def _arm(frame: Frame, colours: tuple[Rgb, Rgb, Rgb]) -> list[_Piece]:
    """Return C, tube and panel."""
    steel, tube, panel = colours
    out: list[_Piece] = []
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


def _fan(frame: Frame, arm: CArm, colour: Rgb, alpha: int) -> list[_Piece]:
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


def _patient(*, lit: bool) -> list[_Piece]:
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


def _table() -> list[_Piece]:
    axes: tuple[Vec3, Vec3, Vec3] = ((1, 0, 0), (0, 1, 0), (0, 0, 1))
    top = _box((0.0, -0.17, -0.12), axes, (0.26, 0.025, 0.95), _TABLE)
    return [*_box((0.0, -0.56, -0.80), axes, (0.09, 0.38, 0.16), (0x26, 0x31, 0x3C)), *top]


@lru_cache(maxsize=2)
def _still(*, lit: bool) -> tuple[_Piece, ...]:
    return (*_table(), *_patient(lit=lit))


def bands(pose: Pose, kvp: float) -> list[tuple[float, float, int]]:
    """Return the scatter around the isocentre: (x, z) in metres and its band, 0 is none.

    A band is a factor of two of the operator's dose per kerma-area product at that place; the
    lowest begins at a quarter of what one metre to the side of an AP gets.
    """
    flat = replace(pose, isocentre_mm=(0.0, 0.0, 0.0))
    ap = replace(flat, orbit_deg=0.0, tilt_deg=0.0, swivel_deg=0.0)
    least = 0.25 * operator_usv(ap, kvp, 1.0, (1000.0, 0.0, 0.0))
    step = 2.0 * _CARPET_M / _CELLS
    out = []
    for i in range(_CELLS):
        for k in range(_CELLS):
            x, z = -_CARPET_M + (i + 0.5) * step, -_CARPET_M + (k + 0.5) * step
            dose = operator_usv(flat, kvp, 1.0, (1000.0 * x, 0.0, 1000.0 * z))
            band = math.floor(math.log2(dose / least)) + 1
            out.append((x, z, min(max(band, 0), _BANDS)))
    return out


@lru_cache(maxsize=16)
def _carpet(pose: Pose, kvp: float) -> tuple[tuple[tuple[Spot, ...], int], ...]:
    half = _CARPET_M / _CELLS
    out = []
    for x, z, band in bands(pose, kvp):
        corners = [
            spot((x + a * half, 0.0, z + b * half)) for a, b in ((1, 1), (1, -1), (-1, -1), (-1, 1))
        ]
        if band and math.hypot(x, z) < _CARPET_M:
            out.append((tuple(corners), band))
    return tuple(out)


Project = Callable[[Spot], Spot]


def _scale(size: tuple[int, int]) -> float:
    """Return pixels per metre of a drawing."""
    return min(size[0] / _WIDE_M, size[1] / _HIGH_M)


def _project(size: tuple[int, int]) -> Project:
    scale = _scale(size)
    x0, y0 = 0.5 * size[0] + _SHIFT * _WIDE_M * scale, size[1] * 0.47
    return lambda s: (x0 + s[0] * scale, y0 + s[1] * scale)


def places(stage: Any) -> dict[Stand, Any]:
    """Return the rectangle of each place to stand on the drawing."""
    put = _project(stage.size)
    out = {}
    for stand, foot in _PLACES.items():
        x, y = put(spot(foot))
        top = put(spot((foot[0], foot[1] + 1.75, foot[2])))[1]
        high, wide = y - top, 0.36 * _scale(stage.size)
        out[stand] = pygame.Rect(
            round(stage.x + x - wide / 2), round(stage.y + top), round(wide), round(high)
        )
    return out


def _figure(surface: Any, rect: Any, colour: Rgb) -> None:
    """Draw a person into a rectangle."""
    x, w, h = rect.centerx, rect.w, rect.h
    pygame.draw.circle(surface, colour, (x, rect.y + 0.09 * h), 0.075 * h)
    trunk = pygame.Rect(0, 0, round(0.62 * w), round(0.38 * h))
    trunk.midtop = (x, round(rect.y + 0.19 * h))
    pygame.draw.rect(surface, colour, trunk, border_radius=round(0.2 * w))
    for side in (-1, 1):
        leg = pygame.Rect(0, 0, round(0.22 * w), round(0.46 * h))
        leg.midtop = (round(x + side * 0.16 * w), round(rect.y + 0.53 * h))
        pygame.draw.rect(surface, colour, leg, border_radius=round(0.08 * w))


@dataclass(frozen=True, slots=True)
class Look:
    """What the drawing depends on."""

    size: tuple[int, int]
    arms: tuple[CArm, ...]
    stand: Stand
    colours: tuple[Rgb, ...]
    """Steel, tube, panel, beam, you, a place to go to."""


def look_of(arm: CArm, size: tuple[int, int], colours: tuple[Rgb, ...]) -> Look:
    """Return what of an arm is drawn, to a degree: a small drawing shows no less."""
    arms = []
    for plane in arm.planes:
        own = arm.through(plane)
        pose = replace(
            own.pose,
            orbit_deg=round(own.pose.orbit_deg),
            tilt_deg=round(own.pose.tilt_deg),
            swivel_deg=round(own.pose.swivel_deg),
            isocentre_mm=(0.0, 0.0, 0.0),
        )
        arms.append(CArm(pose, beam=own.beam, collimator=own.collimator))
    return Look(size, tuple(arms), arm.stand, colours)


@lru_cache(maxsize=4)
def picture(look: Look) -> Any:
    """Return the drawing on a transparent surface."""
    big = (look.size[0] * _OVER, look.size[1] * _OVER)
    steel, tube, panel, beam, you, place = look.colours
    put = _project(big)
    lit = any(arm.beam for arm in look.arms)
    pieces = [*_still(lit=lit)]
    surface = pygame.Surface(big, pygame.SRCALPHA)
    for arm in look.arms:
        _shade(surface, arm, beam, put)
        frame = Frame.of(arm.pose)
        pieces += _arm(frame, (steel, tube, panel))
        pieces += _fan(frame, arm, beam, 80 if arm.beam else 26)
    rects = places(pygame.Rect((0, 0), big))
    for stand, rect in rects.items():
        if stand is not look.stand:
            _figure(surface, rect, place)
    _lay(surface, sorted(pieces, key=lambda p: -p.away), put)
    _figure(surface, rects[look.stand], you)
    return pygame.transform.smoothscale(surface, look.size)


def _shade(surface: Any, arm: CArm, colour: Rgb, put: Project) -> None:
    """Lay the scatter of one arm on the floor of the drawing, at the height of the beam."""
    p = arm.pose
    orbit, tilt, swivel = (
        _COARSE_DEG * round(v / _COARSE_DEG) for v in (p.orbit_deg, p.tilt_deg, p.swivel_deg)
    )
    veil = pygame.Surface(surface.get_size(), pygame.SRCALPHA)
    step = 17 if arm.beam else 8
    for corners, band in _carpet(Pose(orbit, tilt, swivel_deg=swivel), _KVP):
        pygame.draw.polygon(veil, (*colour, step * band), [put(c) for c in corners])
    surface.blit(veil, (0, 0))


def _lay(surface: Any, pieces: Sequence[_Piece], put: Project) -> None:
    for piece in pieces:
        shape = [put(s) for s in piece.shape]
        if piece.alpha == 255:
            pygame.draw.polygon(surface, piece.colour, shape)
            continue
        x0, y0 = (math.floor(min(p[i] for p in shape)) for i in (0, 1))
        x1, y1 = (math.ceil(max(p[i] for p in shape)) + 1 for i in (0, 1))
        veil = pygame.Surface((max(x1 - x0, 1), max(y1 - y0, 1)), pygame.SRCALPHA)
        local = [(x - x0, y - y0) for x, y in shape]
        pygame.draw.polygon(veil, (*piece.colour, piece.alpha), local)
        surface.blit(veil, (x0, y0))


def rate_usv_h(arm: CArm, kap_gycm2: float) -> float:
    """Return the dose rate at the operator's place of a first plane that exposes now."""
    per_pulse = operator_usv(arm.pose, arm.kvp, kap_gycm2, place_mm(arm))
    return per_pulse * arm.pulses_per_s * 3600.0
