"""What was true: the vertebra to be turned, with a legend of tools, plan, cement and leaks."""

from __future__ import annotations

from functools import partial
from typing import Any

import pygame

from simulator.engine.session import Session
from simulator.frames import Side
from simulator.procedure.by_level import seen_from_each
from simulator.ui import debrief_leaks
from simulator.ui.kit import Kit
from simulator.ui.reveal import Reveal
from simulator.units import MM3_PER_ML


class Truth:
    """The pane; dragging or the arrow keys turn the bone."""

    def __init__(self, session: Session) -> None:
        """Show the end of a run."""
        self._snapshots = session.snapshots
        self._views = seen_from_each(session.case, session.state)
        self._level = session.state.level
        self._reveals: dict[int, Reveal] = {}
        self.stage = pygame.Rect(0, 0, 1, 1)

    @property
    def reveal(self) -> Reveal:
        """The level that is shown; of several one is chosen by its button."""
        if self._level not in self._reveals:
            case, state = self._views[self._level]
            # A cloud, and a tool's place, are told in the frame of their own level.
            before = [s for s in self._snapshots if s.level == state.level]
            self._reveals[self._level] = Reveal(case, state, before)
        return self._reveals[self._level]

    def _choose(self, level: int) -> None:
        self._level = level

    def _levels(self, kit: Kit, rect: Any) -> None:
        """Draw a button for every level of the session, from the right."""
        c = kit.canvas
        names = self._views[0][0].level_names
        for n in reversed(range(len(names))):
            back = c.px(1.0) + (len(names) - n) * c.px(6.2)
            x, y = round(rect.right - back), rect.y + round(c.px(0.7))
            box = pygame.Rect(x, y, c.px(5.6), c.px(2.8))
            kind = "on" if n == self._level else "ghost"
            kit.button(f"truth.{n}", box, names[n], act=partial(self._choose, n), kind=kind)

    def draw(self, kit: Kit, rect: Any) -> None:
        """Draw picture and legend."""
        c = kit.canvas
        several = len(self._views) > 1
        kit.pane(rect, "True anatomy", "" if several else "drag to turn")
        if several:
            self._levels(kit, rect)
        leaks = self.reveal.leaks
        legend = c.px(5.4) + c.px(debrief_leaks.ROW) * max(debrief_leaks.rows(leaks) - 1, 0)
        top = rect.y + c.px(4.0)
        self.stage = pygame.Rect(rect.x + 1, top, rect.w - 2, rect.bottom - legend - top)
        c.surface.blit(self.reveal.picture(self.stage.size), self.stage.topleft)
        x, y = rect.x + c.px(1.4), self.stage.bottom + c.px(1.6)
        self._tools(kit, x, y)
        below = pygame.Rect(x, round(y + c.px(1.3)), rect.w - c.px(2.8), c.px(6))
        if leaks:
            debrief_leaks.legend(kit, below, leaks)
        elif self.reveal.cement:
            at = (x, below.y + c.px(debrief_leaks.ROW / 2))
            c.text("No leak", at, "xs", "sc", kit.colour.hi)

    def _tools(self, kit: Kit, x: float, y: float) -> None:
        c, col = kit.canvas, kit.colour
        for side in self.reveal.sides:
            c.line([(x, y), (x + c.px(2.3), y)], col.side(side))
            word = "Left" if side is Side.LEFT else "Right"
            x += c.px(3.1) + c.text(word, (x + c.px(3.1), y), "xs", "sc", col.mid) + c.px(1.7)
        c.dashed((x, y), (x + c.px(2.3), y), col.hi)
        x += c.px(3.1) + c.text("Planned", (x + c.px(3.1), y), "xs", "sc", col.mid) + c.px(1.7)
        if self.reveal.cement:
            box = pygame.Rect(round(x), round(y - c.px(0.6)), c.px(1.2), c.px(1.2))
            c.box(box, col.beam, radius=0.2)
            inside_ml = self._views[self._level][1].cement.cloud.inside_ul / MM3_PER_ML
            words = f"in the body {inside_ml:.2f} mL"
            c.text(words, (x + c.px(2.0), y), "xs", "sc", col.mid)
