"""A pane whose content may be longer than its room: by wheel over it, by keys for the chosen."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pygame

from simulator.ui.kit import Kit

Paint = Callable[[Kit, Any, int], int]
"""Draws into (kit, rectangle of the content, y of its top); returns the y below it."""

STEPS = {
    pygame.K_UP: -0.12,
    pygame.K_DOWN: 0.12,
    pygame.K_PAGEUP: -0.9,
    pygame.K_PAGEDOWN: 0.9,
    pygame.K_HOME: -1e6,
    pygame.K_END: 1e6,
}
"""Keys, and by what share of the room they move."""
WHEEL = 0.1


class Scroll:
    """Where the content of one pane stands."""

    def __init__(self) -> None:
        """Begin at the top."""
        self.offset = 0.0
        self.rect: Any = pygame.Rect(0, 0, 0, 0)
        self._length = 0.0

    @property
    def most(self) -> float:
        """How far the content can move, in pixels; known once it was drawn."""
        return max(self._length - float(self.rect.h), 0.0)

    def move(self, share: float) -> None:
        """Move by a share of the room; the ends hold."""
        self.offset = min(max(self.offset + share * self.rect.h, 0.0), self.most)

    def draw(self, kit: Kit, rect: Any, paint: Paint) -> None:
        """Draw what is in sight of the content, and where in it that is."""
        c, col = kit.canvas, kit.colour
        self.rect = rect
        room = pygame.Rect(rect.x, rect.y, rect.w - c.px(1.6), rect.h)
        kept = c.surface.get_clip()
        c.surface.set_clip(rect)
        top = rect.y - round(self.offset)
        self._length = float(paint(kit, room, top) - top)
        c.surface.set_clip(kept)
        self.offset = min(self.offset, self.most)
        if self.most <= 0.0:
            return
        bar = pygame.Rect(rect.right - c.px(0.7), rect.y, c.px(0.7), rect.h)
        c.box(bar, col.raised, radius=0.22)
        high = max(round(rect.h * rect.h / self._length), c.px(3))
        y = bar.y + round((rect.h - high) * self.offset / self.most)
        c.box(pygame.Rect(bar.x, y, bar.w, high), col.low, radius=0.22)
