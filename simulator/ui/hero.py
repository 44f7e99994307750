"""What stands on top of the library: the run to go on with, or the case to try next."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pygame

from simulator.procedure.phases import LABELS, chapter
from simulator.scenario.load import CaseCard
from simulator.ui import cards
from simulator.ui.kit import Kit
from simulator.ui.memory import Saved, days_ago
from simulator.ui.scene import clock
from simulator.ui.thumbs import Thumbs

Acts = tuple[tuple[str, Callable[[], Any]], ...]
"""Words of the buttons and what they do; the first is the main one."""


def going_on(card: CaseCard, saved: Saved) -> tuple[str, str]:
    """Return title and line of a run that can be gone on with."""
    when = days_ago(saved.when).lower()
    at = f"{clock(saved.ticks)} into it, phase {LABELS[chapter(saved.phase)]}, saved {when}."
    return f"Go on with: {card.title}", at


def to_try(card: CaseCard | None, *, first: bool) -> tuple[str, str]:
    """Return title and line of the case to try next."""
    if card is None:
        return "Every case is passed", "Try to beat yourself."
    words = f"{card.objectives[0]}." if card.objectives else "Try to beat yourself."
    return f"{'Start here' if first else 'Next for you'}: {card.title}", words


def draw(
    kit: Kit, thumbs: Thumbs | None, card: CaseCard | None, words: tuple[str, str], acts: Acts
) -> Any:
    """Draw the box on the left; return the rectangle that stays free on its right."""
    c, col = kit.canvas, kit.colour
    left, right = c.px(29.1), c.theme.size[0] - c.px(2)
    mid = left + round((right - left) * 0.585)
    rect = pygame.Rect(left, c.px(9.1), mid - left - c.px(1), c.px(12))
    c.box(rect, col.accd, col.acc, 0.55)
    x = rect.x + c.px(1.1)
    if card is not None:
        thumb = pygame.Rect(rect.x + c.px(1.1), rect.y + c.px(1.1), c.px(13.4), c.px(9.8))
        cards.thumb(kit, thumb, thumbs, card, "lateral")
        x = thumb.right + c.px(2)
    room = rect.right - x - c.px(1.5)
    c.text(c.fitted(words[0], room, "md", "semi"), (x, rect.y + c.px(3.0)), "md", "semi")
    c.text(c.fitted(words[1], room), (x, rect.y + c.px(6.1)), "sm", "medium", col.mid)
    if card is not None:
        box = pygame.Rect(x, rect.y + c.px(7.9), c.px(14), c.px(3.2))
        for i, (label, act) in enumerate(acts):
            name = f"hero.{label.lower()}"
            kit.button(name, box, label, "", act, kind="pri" if i == 0 else "")
            box = box.move(c.px(15.2), 0)
    return pygame.Rect(mid, rect.y, right - mid, rect.h)
