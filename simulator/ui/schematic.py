"""The drawing of the C-arm room: arm, beam, table, patient, places to stand, scatter.

Seen from the patient's feet and from above: the patient's left is on the left, the back up. One
picture is drawn twice too large, scaled down and kept until something in it changes.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import Any

import pygame

from simulator.imaging.dose import operator_usv, place_mm
from simulator.ui.room_shapes import Frame, Piece, arm_pieces, fan, spot, still
from simulator.ui.theme import Rgb
from simulator.units import Vec3
from simulator.world.arm import CArm, Pose, Stand

Spot = tuple[float, float]

_OVER = 2
_WIDE_M, _HIGH_M = 2.25, 2.05
"""Size of the room that is shown."""
_SHIFT = 0.11
"""The places to stand reach further to the left than to the right; share of the width."""

_FLOOR_M = -0.95

_PLACES: dict[Stand, Vec3] = {
    Stand.LEFT: (0.64, _FLOOR_M, -0.34),
    Stand.RIGHT: (-0.64, _FLOOR_M, -0.34),
    Stand.BACK: (1.10, _FLOOR_M, -0.10),
}
"""Where each place is drawn: nearer than it is, so that the arm stays large."""


_CELLS = 30
_CARPET_M = 1.05
_COARSE_DEG = 3.0
"""The scatter is worked out anew when the arm has turned this far."""
_KVP = 75.0
_BANDS = 5
"""Scatter is shaded in steps of a factor of two."""


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
    pieces = [*still(lit=lit)]
    surface = pygame.Surface(big, pygame.SRCALPHA)
    for arm in look.arms:
        _shade(surface, arm, beam, put)
        frame = Frame.of(arm.pose)
        pieces += arm_pieces(frame, (steel, tube, panel))
        pieces += fan(frame, arm, beam, 80 if arm.beam else 26)
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


def _lay(surface: Any, pieces: Sequence[Piece], put: Project) -> None:
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
