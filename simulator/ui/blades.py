"""The edges of the collimator on a held picture: drawn, found under the pointer, dragged."""

from __future__ import annotations

import math
from functools import lru_cache
from typing import Any

import pygame

from simulator.imaging import display
from simulator.imaging.blades import covered
from simulator.ui.chain import Film
from simulator.ui.console import least_mm
from simulator.ui.kit import Kit
from simulator.world.collimator import OPEN, Collimator

Spot = tuple[float, float]
Outline = tuple[tuple[float, float, bool], ...]
"""Right and up in mm at the detector, and if a blade is there."""

_STEP_DEG = 2.0
_TINY_MM = 1e-6
_DIM = 150
"""Opacity of the veil over what the next picture will not show, of 255."""

GRIP_PX = 7.0
"""An edge is caught this near to the pointer."""


def reach_mm(turn_deg: float, half_across_mm: float, half_along_mm: float, at_deg: float) -> float:
    """Return how far a turned rectangle reaches from its middle in a direction, mm."""
    a = math.radians(at_deg - turn_deg)
    across = abs(math.cos(a)) / half_across_mm
    along = abs(math.sin(a)) / half_along_mm
    return 1.0 / max(across, along)


def _limits(c: Collimator, field_mm: float, at_deg: float) -> tuple[float, float]:
    """Return how far the blades and the field reach in a direction, mm."""
    shutters = reach_mm(c.turn_deg, 0.5 * c.width_mm, 0.5 * c.height_mm, at_deg)
    return min(shutters, 0.5 * c.iris_mm), reach_mm(0.0, 0.5 * field_mm, 0.5 * field_mm, at_deg)


@lru_cache(maxsize=8)
def outline(c: Collimator, field_mm: float) -> Outline:
    """Return the opening as a polygon, counterclockwise.

    Args:
        c: The blades.
        field_mm: Side of the square that is read out.
    """
    corner = math.degrees(math.atan2(c.height_mm, c.width_mm))
    exact = [c.turn_deg + s + t for s in (corner, -corner) for t in (0.0, 180.0)]
    steps = [_STEP_DEG * i for i in range(int(360 / _STEP_DEG))] + [45.0, 135.0, 225.0, 315.0]
    out = []
    for at in sorted(a % 360.0 for a in (*exact, *steps)):
        blade, edge = _limits(c, field_mm, at)
        r = min(blade, edge)
        a = math.radians(at)
        out.append((r * math.cos(a), r * math.sin(a), blade < edge - _TINY_MM))
    return tuple(out)


def _spot(image: Any, film: Film, right_mm: float, up_mm: float) -> Spot:
    pitch = film.shot.pose.field_mm / image.w
    middle = 0.5 * (image.w - 1)
    col, row = display.oriented_point(
        middle + right_mm / pitch, middle - up_mm / pitch, image.w, film.settings
    )
    return image.x + col, image.y + row


def under(image: Any, film: Film, at: Spot) -> Spot:
    """Return (right, up) in mm at the detector under a place of the window."""
    pitch = film.shot.pose.field_mm / image.w
    middle = 0.5 * (image.w - 1)
    col, row = display.plain_point(at[0] - image.x, at[1] - image.y, image.w, film.settings)
    return (col - middle) * pitch, (middle - row) * pitch


def edge_at(c: Collimator, at_mm: Spot, grip_mm: float) -> str | None:
    """Return which blade's edge is within `grip_mm` of a place, if one is; ends of it count."""
    across, along = (abs(v) for v in c.turned(*at_mm))
    r = math.hypot(*at_mm)
    half_w, half_h, half_i = 0.5 * c.width_mm, 0.5 * c.height_mm, 0.5 * c.iris_mm
    gaps = {"width_mm": across - half_w, "height_mm": along - half_h, "iris_mm": r - half_i}
    if max(gaps.values()) > grip_mm:
        return None  # outside the opening: the edge of another blade lies in front
    name = min(gaps, key=lambda key: abs(gaps[key]))
    return name if abs(gaps[name]) <= grip_mm else None


def nearest(c: Collimator, at_mm: Spot) -> str:
    """Return which pair of shutters a drag from a place draws."""
    across, along = c.turned(*at_mm)
    return "width_mm" if abs(across) >= abs(along) else "height_mm"


def opening_at(c: Collimator, name: str, at_mm: Spot) -> float:
    """Return the opening that brings the edge of a blade to a place, mm."""
    across, along = c.turned(*at_mm)
    half = {"width_mm": abs(across), "height_mm": abs(along), "iris_mm": math.hypot(*at_mm)}[name]
    return min(max(2.0 * half, least_mm(name)), float(getattr(OPEN, name)))


@lru_cache(maxsize=4)
def _veil(size: int, spots: tuple[Spot, ...]) -> Any:
    veil = pygame.Surface((size, size), pygame.SRCALPHA)
    veil.fill((0, 0, 0, _DIM))
    pygame.draw.polygon(veil, (0, 0, 0, 0), spots)
    return veil


def _edges(spots: list[Spot], shape: Outline) -> list[list[Spot]]:
    """Return the parts of an outline at which a blade is."""
    runs: list[list[Spot]] = [[]]
    for i in range(len(spots) + 1):
        if shape[i % len(spots)][2]:
            runs[-1].append(spots[i % len(spots)])
        elif runs[-1]:
            runs.append([])
    return runs


def draw(kit: Kit, image: Any, film: Film, c: Collimator) -> None:
    """Dim what the blades take away of a picture, and draw their edges.

    A picture that was taken with the same blades shows them itself; the edge under the pointer
    is drawn all the same, since it can be dragged.
    """
    if not covered(film.shot.pose.field_mm, c):
        return
    shape = outline(c, film.shot.pose.field_mm)
    pointer = kit.hots.pointer
    grip = GRIP_PX * film.shot.pose.field_mm / image.w
    near = image.collidepoint(pointer) and edge_at(c, under(image, film, pointer), grip)
    if c == film.shot.collimator and not near:
        return
    canvas = kit.canvas
    spots = [_spot(image, film, right, up) for right, up, _ in shape]
    local = tuple((round(x - image.x, 1), round(y - image.y, 1)) for x, y in spots)
    canvas.surface.blit(_veil(image.w, local), image.topleft)
    colour = kit.colour.acc if near else kit.colour.beam
    for run in _edges(spots, shape):
        canvas.line(run, colour, 0.25 if near else 0.15)
