"""Where the panes of the theatre lie, for any window from 1280 x 720 up."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import pygame

from simulator.ui.theme import WIDE_U, Theme


@dataclass(frozen=True, slots=True)
class Places:
    """The rectangles of the theatre in pixels."""

    top: Any
    live: Any
    reference: Any
    captions: Any
    coach: Any
    arm: Any
    table: Any
    tabs: Any
    tool: Any
    acts: Any
    patient: Any
    strip: Any

    def panes(self) -> tuple[Any, ...]:
        """Return every pane, for the test that none lies on another."""
        return tuple(getattr(self, name) for name in self.__slots__)


def _rect(theme: Theme, x: float, y: float, w: float, h: float) -> Any:
    """Round edges, not sizes, so that neighbours meet."""
    left, top = theme.px(x), theme.px(y)
    return pygame.Rect(left, top, theme.px(x + w) - left, theme.px(y + h) - top)


def theatre(theme: Theme) -> Places:
    """Lay out the theatre; width beyond 16:9 goes to the reference monitor, then to margins."""
    width = theme.size[0] / theme.u
    extra = max(width - WIDE_U, 0.0)
    ref = min(47.8 + extra, 71.1)
    margin = max(extra - (ref - 47.8), 0.0) / 2
    low = theme.size[1] / theme.u
    drop = max(low - 100.0, 0.0)
    y0 = drop / 2  # taller than 16:9: the panes stand in the middle between bar and strip
    x1 = margin + 1.0
    x2 = x1 + 72.1
    x3 = x2 + ref + 1.0
    part = (ref - 1.0) / 2
    lower = 5.9 + 4.0 + min(ref, 47.8) + 1.0
    height = 93.1 - lower
    live = _rect(theme, x1, y0 + 5.9, 71.1, 75.1)
    return Places(
        top=_rect(theme, 0, 0, width, 4.9),
        live=live,
        reference=_rect(theme, x2, y0 + 5.9, ref, 4.0 + min(ref, 47.8)),
        captions=_rect(theme, x1, y0 + 82.0, 41.3, 11.1),
        coach=_rect(theme, x1 + 42.2, y0 + 82.0, 28.9, 11.1),
        arm=_rect(theme, x2, y0 + lower, part, height),
        table=_rect(theme, x2 + part + 1.0, y0 + lower, part, height),
        tabs=_rect(theme, x3, y0 + 5.9, 54.9, 3.8),
        tool=_rect(theme, x3, y0 + 10.6, 54.9, 61.7),
        acts=_rect(theme, x3, y0 + 73.1, 54.9, 4.0),
        patient=_rect(theme, x3, y0 + 78.0, 54.9, 15.1),
        strip=_rect(theme, 0, 94.0 + drop, width, 6.0),
    )


def image(theme: Theme, pane: Any) -> Any:
    """Return the square picture inside a monitor pane, under its header."""
    top = theme.px(4.0)
    side = min(pane.w, pane.h - top)
    return pygame.Rect(pane.centerx - side // 2, pane.y + top, side, side)
