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
    films: Any
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


_FILMS = 5.0
"""Width of the strip of stored films."""

_MONO, _BIPLANE = (71.1, 47.8), (65.5, 53.4)
"""Live monitor, and reference with its strip: with a second plane they are more alike."""


def theatre(theme: Theme, *, biplane: bool = False) -> Places:
    """Lay out the theatre; width beyond 16:9 goes to the reference monitor, then to margins."""
    width = theme.size[0] / theme.u
    extra = max(width - WIDE_U, 0.0)
    large, small = _BIPLANE if biplane else _MONO
    ref = min(small + extra, large + _FILMS + 0.4)
    margin = max(extra - (ref - small), 0.0) / 2
    low = theme.size[1] / theme.u
    drop = max(low - 100.0, 0.0)
    y0 = drop / 2  # taller than 16:9: the panes stand in the middle between bar and strip
    x1 = margin + 1.0
    x2 = x1 + large + 1.0
    x3 = x2 + ref + 1.0
    part = (ref - 1.0) / 2
    picture = ref - _FILMS - 0.4
    side = min(picture, 48.0)
    lower = 5.9 + 4.0 + side + 1.0
    height = 93.1 - lower
    said = 5.9 + 4.0 + large + 1.0
    talk = 93.1 - said
    return Places(
        top=_rect(theme, 0, 0, width, 4.9),
        live=_rect(theme, x1, y0 + 5.9, large, 4.0 + large),
        reference=_rect(theme, x2, y0 + 5.9, picture, 4.0 + side),
        films=_rect(theme, x2 + picture + 0.4, y0 + 5.9, _FILMS, 4.0 + side),
        captions=_rect(theme, x1, y0 + said, 0.58 * large, talk),
        coach=_rect(theme, x1 + 0.58 * large + 0.9, y0 + said, 0.42 * large - 0.9, talk),
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
