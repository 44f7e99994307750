"""The bar on top of every screen but the theatre."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import pygame

from simulator.ui.hots import Hot
from simulator.ui.kit import Kit

Tab = tuple[str, Callable[[], Any]]


def bar(kit: Kit) -> Any:
    """Draw the empty bar and return its rectangle."""
    c = kit.canvas
    rect = pygame.Rect(0, 0, c.theme.size[0], c.px(7))
    c.fill(rect, kit.colour.pane)
    c.rule(0, rect.bottom - 1, rect.w)
    return rect


def tabs(kit: Kit, rect: Any, names: Sequence[Tab], chosen: int, x: float) -> None:
    """Draw large tabs with a bar under the chosen one."""
    c, col = kit.canvas, kit.colour
    for i, (name, act) in enumerate(names):
        w = c.width(name, "md", "semi" if i == chosen else "medium")
        box = pygame.Rect(round(x - c.px(0.8)), rect.y + c.px(1), w + c.px(1.6), rect.h - c.px(2))
        over = kit.hots.hovered(box)
        c.text(
            name,
            (x, rect.centery),
            "md",
            "semi" if i == chosen else "medium",
            col.hi if i == chosen or over else col.mid,
        )
        if i == chosen:
            c.fill((x, rect.bottom - c.px(0.35), w, c.px(0.35)), col.acc)
        kit.ring(f"tab.{i}", box)
        kit.hots.add(Hot(f"tab.{i}", box, act))
        x += w + c.px(4.2)


def steps(kit: Kit, rect: Any, now: int) -> None:
    """Draw the three steps of a run."""
    c, col = kit.canvas, kit.colour
    names = ("Briefing", "Theatre", "Debrief")
    total = sum(c.width(n, "md", "medium") for n in names) + c.px(3.2 * 3 + 2 * 7)
    x = rect.centerx - total / 2
    for i, name in enumerate(names):
        y = rect.centery
        centre = (x + c.px(1.2), y)
        if i == now:
            c.disc(centre, c.px(1.25), col.acc)
        else:
            c.ring(centre, c.px(1.25), col.line2, 0.15)
        c.text(str(i + 1), centre, "xs", "scb", col.ink if i == now else col.mid, "c")
        x += c.px(3.4)
        x += c.text(
            name, (x, y), "md", "semi" if i == now else "medium", col.hi if i == now else col.mid
        )
        if i < 2:
            c.rule(x + c.px(1.2), y, c.px(4.6), col.line2)
            x += c.px(7)
