"""Icons as polygons, drawn four times too large and scaled down so that their edges are smooth."""

from __future__ import annotations

import math
from collections.abc import Callable
from itertools import pairwise
from typing import Any

import pygame

from simulator.ui.theme import Rgb

Point = tuple[float, float]
Pen = Callable[[Any, float, Rgb, Rgb], None]

_OVER = 4


def _put(points: list[Point], size: float) -> list[Point]:
    """Return unit-square points (-1..1) on a canvas of `size` pixels."""
    half = size / 2
    return [(half + x * half, half + y * half) for x, y in points]


def _stroke(surface: Any, size: float, colour: Rgb, points: list[Point], width: float) -> None:
    spots = _put(points, size)
    w = max(1, round(width * size / 2))
    for a, b in pairwise(spots):
        dx, dy = b[0] - a[0], b[1] - a[1]
        length = math.hypot(dx, dy) or 1.0
        nx, ny = -dy / length * w / 2, dx / length * w / 2
        quad = [
            (a[0] + nx, a[1] + ny),
            (b[0] + nx, b[1] + ny),
            (b[0] - nx, b[1] - ny),
            (a[0] - nx, a[1] - ny),
        ]
        pygame.draw.polygon(surface, colour, quad)
    for spot in spots:
        pygame.draw.circle(surface, colour, spot, w / 2)


def _disc(
    surface: Any, size: float, colour: Rgb, at: Point, radius: float, ring: float = 0
) -> None:
    (centre,) = _put([at], size)
    width = max(1, round(ring * size / 2)) if ring else 0
    pygame.draw.circle(surface, colour, centre, radius * size / 2, width)


def _tick(s: Any, n: float, ink: Rgb, ground: Rgb) -> None:
    _stroke(s, n, ink, [(-0.75, 0.05), (-0.25, 0.55), (0.75, -0.55)], 0.3)


def _cross(s: Any, n: float, ink: Rgb, ground: Rgb) -> None:
    _stroke(s, n, ink, [(-0.6, -0.6), (0.6, 0.6)], 0.28)
    _stroke(s, n, ink, [(-0.6, 0.6), (0.6, -0.6)], 0.28)


def _bang(s: Any, n: float, ground: Rgb, drop: float) -> None:
    _stroke(s, n, ground, [(0, -0.4 + drop), (0, 0.12 + drop)], 0.24)
    _disc(s, n, ground, (0, 0.46 + drop), 0.15)


def _triangle(s: Any, n: float, ink: Rgb, ground: Rgb) -> None:
    corners = [(0.0, -0.78), (0.86, 0.74), (-0.86, 0.74)]
    pygame.draw.polygon(s, ink, _put(corners, n))
    _stroke(s, n, ink, [*corners, corners[0]], 0.2)
    _bang(s, n, ground, 0.12)


def _octagon(s: Any, n: float, ink: Rgb, ground: Rgb) -> None:
    turn = [math.radians(22.5 + 45 * i) for i in range(8)]
    pygame.draw.polygon(s, ink, _put([(math.cos(a), math.sin(a)) for a in turn], n))
    _bang(s, n, ground, -0.04)


def _trefoil(s: Any, n: float, ink: Rgb, ground: Rgb) -> None:
    for start in (-150, -30, 90):
        turn = [math.radians(start - 30 + 6 * i) for i in range(11)]
        outer = [(math.cos(a), math.sin(a)) for a in turn]
        inner = [(0.34 * x, 0.34 * y) for x, y in reversed(outer)]
        pygame.draw.polygon(s, ink, _put(outer + inner, n))
    _disc(s, n, ink, (0, 0), 0.2)


def _play(s: Any, n: float, ink: Rgb, ground: Rgb) -> None:
    pygame.draw.polygon(s, ink, _put([(-0.55, -0.75), (0.8, 0.0), (-0.55, 0.75)], n))


def _up(s: Any, n: float, ink: Rgb, ground: Rgb) -> None:
    pygame.draw.polygon(s, ink, _put([(0, -0.7), (0.8, 0.65), (-0.8, 0.65)], n))


def _down(s: Any, n: float, ink: Rgb, ground: Rgb) -> None:
    pygame.draw.polygon(s, ink, _put([(0, 0.7), (0.8, -0.65), (-0.8, -0.65)], n))


def _ring(s: Any, n: float, ink: Rgb, ground: Rgb) -> None:
    _disc(s, n, ink, (0, 0), 0.72, 0.22)


def _dot(s: Any, n: float, ink: Rgb, ground: Rgb) -> None:
    _disc(s, n, ink, (0, 0), 0.9)


def _bulb(s: Any, n: float, ink: Rgb, ground: Rgb) -> None:
    _disc(s, n, ink, (0, -0.3), 0.6, 0.17)
    _stroke(s, n, ink, [(-0.25, 0.42), (0.25, 0.42)], 0.17)
    _stroke(s, n, ink, [(-0.2, 0.72), (0.2, 0.72)], 0.17)
    _stroke(s, n, ink, [(0, -0.2), (0, 0.3)], 0.14)


def _back(s: Any, n: float, ink: Rgb, ground: Rgb) -> None:
    _stroke(s, n, ink, [(0.35, -0.7), (-0.35, 0), (0.35, 0.7)], 0.24)


def _pause(s: Any, n: float, ink: Rgb, ground: Rgb) -> None:
    _stroke(s, n, ink, [(-0.35, -0.6), (-0.35, 0.6)], 0.3)
    _stroke(s, n, ink, [(0.35, -0.6), (0.35, 0.6)], 0.3)


def _faster(s: Any, n: float, ink: Rgb, ground: Rgb) -> None:
    for dx in (-0.4, 0.4):
        points = [(-0.4 + dx, -0.6), (0.35 + dx, 0.0), (-0.4 + dx, 0.6)]
        pygame.draw.polygon(s, ink, _put(points, n))


def _person(s: Any, n: float, ink: Rgb, ground: Rgb) -> None:
    _disc(s, n, ink, (0, -0.3), 0.36)
    pygame.draw.ellipse(s, ink, (n * 0.15, n * 0.62, n * 0.7, n * 0.6))


def _logo(s: Any, n: float, ink: Rgb, ground: Rgb) -> None:
    _disc(s, n, ink, (0, 0), 0.96, 0.17)
    _stroke(s, n, ink, [(0, -0.62), (0, 0.62)], 0.34)
    _stroke(s, n, ink, [(-0.62, 0), (0.62, 0)], 0.34)


def _speaker(s: Any, n: float, ink: Rgb, ground: Rgb) -> None:
    points = [(-0.85, -0.3), (-0.5, -0.3), (0.0, -0.75), (0.0, 0.75), (-0.5, 0.3), (-0.85, 0.3)]
    pygame.draw.polygon(s, ink, _put(points, n))
    for radius in (0.38, 0.72):
        turn = [math.radians(a) for a in range(-48, 49, 8)]
        curve = [(0.15 + radius * math.cos(a), radius * math.sin(a)) for a in turn]
        _stroke(s, n, ink, curve, 0.13)


def _muted(s: Any, n: float, ink: Rgb, ground: Rgb) -> None:
    points = [(-0.85, -0.3), (-0.5, -0.3), (0.0, -0.75), (0.0, 0.75), (-0.5, 0.3), (-0.85, 0.3)]
    pygame.draw.polygon(s, ink, _put(points, n))
    _stroke(s, n, ink, [(0.3, -0.3), (0.9, 0.3)], 0.15)
    _stroke(s, n, ink, [(0.3, 0.3), (0.9, -0.3)], 0.15)


def _face(mouth: float) -> Pen:
    def pen(s: Any, n: float, ink: Rgb, ground: Rgb) -> None:
        _disc(s, n, ink, (0, 0), 0.96, 0.13)
        for x in (-0.34, 0.34):
            _disc(s, n, ink, (x, -0.22), 0.12)
        curve = [(x / 10.0, 0.42 - mouth * 0.34 * ((x / 4.5) ** 2 - 0.5)) for x in range(-5, 6)]
        _stroke(s, n, ink, curve, 0.13)

    return pen


_PENS: dict[str, Pen] = {
    "tick": _tick,
    "cross": _cross,
    "triangle": _triangle,
    "octagon": _octagon,
    "trefoil": _trefoil,
    "play": _play,
    "up": _up,
    "down": _down,
    "ring": _ring,
    "dot": _dot,
    "bulb": _bulb,
    "back": _back,
    "pause": _pause,
    "faster": _faster,
    "person": _person,
    "logo": _logo,
    "speaker": _speaker,
    "muted": _muted,
    "face_good": _face(0.8),
    "face_flat": _face(0.05),
    "face_bad": _face(-0.8),
}

NAMES = tuple(_PENS)


def icon(name: str, size: int, ink: Rgb, ground: Rgb) -> Any:
    """Return a transparent surface of `size` pixels; `ground` colours what is cut out."""
    big = pygame.Surface((size * _OVER, size * _OVER), pygame.SRCALPHA)
    big.fill((*ink, 0))  # the clear pixels carry the ink, so that scaling leaves no dark rim
    _PENS[name](big, size * _OVER, ink, ground)
    return pygame.transform.smoothscale(big, (size, size))
