"""Drawing shapes in the theme: rounded boxes, smooth polygons, lines, icons."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import pygame

from simulator.ui.icons import icon
from simulator.ui.theme import Rgb, Theme

_KEEP_SHAPES = 600
_OVER = 4
"""How much larger a smooth shape is drawn."""

Points = Sequence[tuple[float, float]]


class Shapes:
    """A surface and the theme to draw on it with."""

    def __init__(self, surface: Any, theme: Theme) -> None:
        """Draw on `surface`."""
        self.surface = surface
        self.theme = theme
        self.colour = theme.colour
        self.px = theme.px
        self._corners: dict[tuple[int, Rgb, Rgb], Any] = {}
        self._shapes: dict[tuple[tuple[tuple[float, float], ...], Rgb], Any] = {}
        self._icons: dict[tuple[str, int, Rgb, Rgb], Any] = {}

    def _corner(self, radius: int, fill: Rgb, edge: Rgb) -> Any:
        key = (radius, fill, edge)
        if key not in self._corners:
            over = 4
            side = 2 * radius
            big = pygame.Surface((side * over, side * over), pygame.SRCALPHA)
            big.fill((*edge, 0))
            middle = (side * over / 2, side * over / 2)
            pygame.draw.circle(big, edge, middle, radius * over)
            inner = max(radius - self.theme.hair, 0) * over
            pygame.draw.circle(big, fill, middle, inner)
            self._corners[key] = pygame.transform.smoothscale(big, (side, side))
        return self._corners[key]

    def box(self, rect: Any, fill: Rgb, edge: Rgb | None = None, radius: float = 0.45) -> None:
        """Draw a rounded box; `radius` in u."""
        r = min(self.px(radius), rect.w // 2, rect.h // 2)
        line = edge or fill
        surface = self.surface
        if r < 2:
            pygame.draw.rect(surface, fill, rect)
            if edge:
                pygame.draw.rect(surface, edge, rect, self.theme.hair)
            return
        surface.fill(fill, rect.inflate(-2 * r, 0))
        surface.fill(fill, rect.inflate(0, -2 * r))
        if edge:
            h = self.theme.hair
            for bar in (
                (rect.x + r, rect.y, rect.w - 2 * r, h),
                (rect.x + r, rect.bottom - h, rect.w - 2 * r, h),
                (rect.x, rect.y + r, h, rect.h - 2 * r),
                (rect.right - h, rect.y + r, h, rect.h - 2 * r),
            ):
                surface.fill(edge, bar)
        corner = self._corner(r, fill, line)
        surface.blit(corner, rect.topleft, (0, 0, r, r))
        surface.blit(corner, (rect.right - r, rect.y), (r, 0, r, r))
        surface.blit(corner, (rect.x, rect.bottom - r), (0, r, r, r))
        surface.blit(corner, (rect.right - r, rect.bottom - r), (r, r, r, r))

    def frame(self, rect: Any, colour: Rgb, width: int, radius: float = 0.6) -> None:
        """Draw a rounded outline of `width` pixels just inside `rect`; the middle stays."""
        r = max(self.px(radius), width + 1)
        surface = self.surface
        for bar in (
            (rect.x + r, rect.y, rect.w - 2 * r, width),
            (rect.x + r, rect.bottom - width, rect.w - 2 * r, width),
            (rect.x, rect.y + r, width, rect.h - 2 * r),
            (rect.right - width, rect.y + r, width, rect.h - 2 * r),
        ):
            surface.fill(colour, bar)
        for x, y, start in (
            (rect.x + r, rect.y + r, 270),
            (rect.right - r, rect.y + r, 0),
            (rect.right - r, rect.bottom - r, 90),
            (rect.x + r, rect.bottom - r, 180),
        ):
            self.arc((x, y), float(r), (start, start + 90), colour, width / self.theme.u)

    def rule(self, x: float, y: float, width: float, colour: Rgb | None = None) -> None:
        """Draw a horizontal hairline."""
        self.surface.fill(
            colour or self.colour.line, (round(x), round(y), round(width), self.theme.hair)
        )

    def post(self, x: float, y: float, height: float, colour: Rgb | None = None) -> None:
        """Draw a vertical hairline."""
        self.surface.fill(
            colour or self.colour.line, (round(x), round(y), self.theme.hair, round(height))
        )

    def fill(self, rect: Any, colour: Rgb, alpha: float = 1.0) -> None:
        """Fill a rectangle, possibly letting the ground through."""
        if alpha >= 1.0:
            self.surface.fill(colour, rect)
            return
        veil = pygame.Surface((max(1, round(rect[2])), max(1, round(rect[3]))))
        veil.fill(colour)
        veil.set_alpha(round(alpha * 255))
        self.surface.blit(veil, (round(rect[0]), round(rect[1])))

    def poly(self, points: Points, colour: Rgb) -> None:
        """Fill a polygon with smooth edges.

        Drawn larger and scaled down, then kept: most shapes stand still from frame to frame.
        """
        x0 = math.floor(min(x for x, _ in points)) - 1
        y0 = math.floor(min(y for _, y in points)) - 1
        local = tuple((round((x - x0) * 8) / 8, round((y - y0) * 8) / 8) for x, y in points)
        key = (local, colour)
        if key not in self._shapes:
            if len(self._shapes) > _KEEP_SHAPES:
                self._shapes.clear()
            self._shapes[key] = _smooth(local, colour)
        self.surface.blit(self._shapes[key], (x0, y0))

    def line(self, points: Points, colour: Rgb, width: float = 0.2) -> None:
        """Draw a smooth line of `width` u through the points."""
        if len(points) < 2:
            return
        thick = max(1, round(width * self.theme.u))
        for i in range(thick):
            shift = i - (thick - 1) / 2
            moved = [(x, y + shift) for x, y in points]
            pygame.draw.aalines(self.surface, colour, False, moved)  # noqa: FBT003
            if thick > 1:  # steep parts need width across, flat parts need it down
                moved = [(x + shift, y) for x, y in points]
                pygame.draw.aalines(self.surface, colour, False, moved)  # noqa: FBT003

    def dashed(
        self, a: tuple[float, float], b: tuple[float, float], colour: Rgb, width: float = 0.2
    ) -> None:
        """Draw a dashed line from a to b."""
        length = math.dist(a, b)
        step, dash = 1.0 * self.theme.u, 0.6 * self.theme.u
        for i in range(int(length / step) + 1):
            s, e = i * step / (length or 1), min((i * step + dash) / (length or 1), 1.0)
            if s >= 1.0:
                break
            p = (a[0] + (b[0] - a[0]) * s, a[1] + (b[1] - a[1]) * s)
            q = (a[0] + (b[0] - a[0]) * e, a[1] + (b[1] - a[1]) * e)
            self.line([p, q], colour, width)

    def disc(self, centre: tuple[float, float], radius: float, colour: Rgb) -> None:
        """Fill a smooth circle; `radius` in pixels."""
        count = max(24, int(radius * 1.2))
        self.poly(_circle(centre, radius, count), colour)

    def ring(self, centre: tuple[float, float], radius: float, colour: Rgb, width: float) -> None:
        """Draw a circle line; `radius` in pixels, `width` in u."""
        self.arc(centre, radius, (0.0, 360.0), colour, width)

    def arc(
        self,
        centre: tuple[float, float],
        radius: float,
        span_deg: tuple[float, float],
        colour: Rgb,
        width: float,
    ) -> None:
        """Draw an arc whose outer edge has `radius` pixels; degrees clockwise from 12 o'clock."""
        a, b = span_deg
        inner = radius - max(width * self.theme.u, 1.0)
        count = max(4, int(abs(b - a) / 3))
        turn = [math.radians(a + (b - a) * i / count - 90) for i in range(count + 1)]
        out = [(centre[0] + radius * math.cos(t), centre[1] + radius * math.sin(t)) for t in turn]
        ins = [(centre[0] + inner * math.cos(t), centre[1] + inner * math.sin(t)) for t in turn]
        self.poly(out + ins[::-1], colour)

    def icon(
        self,
        name: str,
        centre: tuple[float, float],
        size: float,
        colour: Rgb,
        ground: Rgb | None = None,
    ) -> None:
        """Draw an icon of `size` u centred at a point."""
        px = max(6, self.px(size))
        key = (name, px, colour, ground or self.colour.pane)
        if key not in self._icons:
            self._icons[key] = icon(*key)
        self.surface.blit(self._icons[key], (round(centre[0] - px / 2), round(centre[1] - px / 2)))


def _smooth(points: Points, colour: Rgb) -> Any:
    """Return a transparent surface with a filled polygon whose edges are smooth."""
    wide = math.ceil(max(x for x, _ in points)) + 2
    high = math.ceil(max(y for _, y in points)) + 2
    big = pygame.Surface((wide * _OVER, high * _OVER), pygame.SRCALPHA)
    big.fill((*colour, 0))  # clear pixels carry the colour, so that scaling leaves no dark rim
    pygame.draw.polygon(big, colour, [(x * _OVER, y * _OVER) for x, y in points])
    return pygame.transform.smoothscale(big, (wide, high))


def _circle(centre: tuple[float, float], radius: float, count: int) -> list[tuple[float, float]]:
    turn = [2 * math.pi * i / count for i in range(count)]
    return [(centre[0] + radius * math.cos(t), centre[1] + radius * math.sin(t)) for t in turn]


def on_clock(centre: tuple[float, float], radius: float, deg: float) -> tuple[float, float]:
    """Return the point at `deg` clockwise from 12 o'clock."""
    t = math.radians(deg - 90)
    return centre[0] + radius * math.cos(t), centre[1] + radius * math.sin(t)
