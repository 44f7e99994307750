"""The worst moments in the window: picture, rule, what is to be seen, what to do instead."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

import pygame

from simulator.engine.session import Session
from simulator.records.moments import Pictures, rule_words
from simulator.ui import debrief_line
from simulator.ui.chain import grey_surface
from simulator.ui.kit import Kit
from simulator.ui.scene import clock
from simulator.units import TICKS_PER_S
from simulator.world.report import Report
from simulator.world.state import State
from simulator.world.tally import Finding

_COUNTED = ("No harmful moment", "The worst moment", "Two worst moments", "Three worst moments")
_BEFORE_S = 12
"""A retry begins this long before the moment."""
_PITCH, _LINE = 13.1, 2.1
"""Of the moments and of their lines, in u."""
_LABEL = 8.5
"""Column of the labels, in u: the longest is "To be seen". Narrow, for the sake of the words."""

Retry = Callable[[State | None], Any]


class Moments:
    """Draws the pane; keeps the pictures as surfaces."""

    def __init__(
        self, session: Session, report: Report, retry: Retry, show: Callable[[int], None]
    ) -> None:
        """Show the worst moments of a run.

        Args:
            session: The run.
            report: Its judgement.
            retry: Begins again from a kept state.
            show: Walks to a tick.
        """
        self.session, self.report = session, report
        self._retry, self._show = retry, show
        self._pictures: Pictures | None = None
        self._scaled: dict[tuple[str, int], Any] = {}

    def show(self, pictures: Pictures) -> None:
        """Take the pictures when they are there."""
        self._pictures = pictures

    def draw(self, kit: Kit, rect: Any) -> None:
        """Draw the moments, and in the room that is left where points were lost."""
        c = kit.canvas
        moments = self.report.moments[:3]
        kit.pane(rect, _COUNTED[len(moments)], "harm, worst first" if moments else "")
        for i, moment in enumerate(moments):
            y = rect.y + c.px(4.0 + _PITCH * i)
            part = pygame.Rect(rect.x + c.px(1.4), y, rect.w - c.px(2.8), c.px(12.4))
            if i:
                c.rule(part.x, part.y - c.px(0.4), part.w)
            self._moment(kit, part, i, moment)
        y = rect.y + c.px(1.9 + _PITCH * len(moments)) + (c.px(4.2) if moments else 0)
        if len(moments) < len(_COUNTED) - 1:
            debrief_line.lost(kit, rect, y, self.report)

    def _moment(self, kit: Kit, rect: Any, index: int, moment: Finding) -> None:
        c, col = kit.canvas, kit.colour
        level = "alarm" if moment in self.report.critical else "warn"
        ink = kit.level(level)[0]
        still = pygame.Rect(rect.x, rect.y + c.px(0.3), c.px(11.7), c.px(11.7))
        below = self._still(kit, still, moment, ink)
        text = pygame.Rect(rect.x + c.px(12.6), rect.y, rect.w - c.px(12.6), rect.h)
        y = text.y + c.px(1.2)
        kit.mark(level, (text.x + c.px(0.9), y), 1.7)
        x = text.x + c.px(2.6)
        w = c.text(clock(moment.tick), (x, y), "sm", "semi", ink) + c.px(1.2)
        room = text.right - x - w
        narrow = c.width(moment.text, "sm", "semi") > room
        size, face = ("xs", "scb") if narrow else ("sm", "semi")
        c.text(c.fitted(moment.text, room, size, face), (x + w, y), size, face)
        self._lines(kit, text, y + c.px(_LINE), moment)
        start = self.session.state_at(max(moment.tick - _BEFORE_S * TICKS_PER_S, 0))
        box = pygame.Rect(text.right - c.px(16.4), text.bottom - c.px(3.0), c.px(16.4), c.px(3.0))
        words = f"Retry from {clock(start.tick)}"
        again, box = box, pygame.Rect(box.x - c.px(8.7), box.y, c.px(8.0), box.h)
        show = partial(self._show, moment.tick)
        kit.button(f"show.{index}", box, "Show", act=show, icon="play")
        kit.button(f"retry.{index}", again, words, act=lambda: self._retry(start))
        y, x = text.bottom - c.px(0.9), text.x + c.px(0.2)
        if moment in self.report.critical:
            x += c.text("Fails the run", (x, y), "xs", "scb", ink) + c.px(1.4)
        c.text(c.fitted(below, box.x - x - c.px(1), "xs", "sc"), (x, y), "xs", "sc", col.low)

    def _lines(self, kit: Kit, rect: Any, y: float, moment: Finding) -> None:
        """Rule and To be seen take a line each, Instead takes two where it needs them."""
        c, col = kit.canvas, kit.colour
        x = rect.x + c.px(0.2)
        at = x + c.px(_LABEL)
        room = rect.right - at
        rows = (
            ("Rule", rule_words(moment), col.mid),
            ("To be seen", moment.seen, col.mid),
            ("Instead", moment.instead, col.hi),
        )
        for label, words, ink in rows:
            if not words:
                continue
            c.text(label, (x, y), "xs", "sc", col.low)
            size, face = c.best_fit(words, room)
            shown = c.wrapped(words, room, size, face)
            if len(shown) > 1 and label != "Instead":
                shown = [c.fitted(words, room, size, face)]
            elif len(shown) > 1:
                rest = c.fitted(" ".join(shown[1:]), room - c.px(25.8), size, face)
                shown = [shown[0], rest]
            for row in shown:
                c.text(row, (at, y), size, face, ink)
                y += c.px(_LINE)

    def _still(self, kit: Kit, rect: Any, moment: Finding, ink: Any) -> str:
        """Draw the picture, or the mark of a moment that no picture shows; return its words."""
        c, col = kit.canvas, kit.colour
        c.fill(rect, col.black)
        c.fill((rect.x, rect.y, 3, rect.h), ink)
        if self._pictures is None:
            return "Developing …"
        still = self._pictures.moments.get(moment.id)
        if still is None:
            level = "alarm" if moment in self.report.critical else "warn"
            kit.mark(level, rect.center, 4.0)
            return ""
        key = (moment.id, rect.w)
        if key not in self._scaled:
            image = grey_surface(still.image).convert(c.surface)
            self._scaled[key] = pygame.transform.smoothscale(image, rect.size)
        c.surface.blit(self._scaled[key], rect.topleft)
        c.fill((rect.x, rect.y, 3, rect.h), ink)
        return still.words
