"""What was true: the vertebra to be turned, with a legend of tools, plan, cement and leaks."""

from __future__ import annotations

from typing import Any

import pygame

from simulator.engine.session import Session
from simulator.frames import Side
from simulator.ui import debrief_leaks
from simulator.ui.kit import Kit
from simulator.ui.reveal import Reveal


class Truth:
    """The pane; dragging or the arrow keys turn the bone."""

    def __init__(self, session: Session) -> None:
        """Show the end of a run."""
        self.reveal = Reveal(
            session.case,
            session.state,
            # A cloud lies in the bone of its own level.
            [s for s in session.snapshots if s.level == session.state.level],
        )
        self.stage = pygame.Rect(0, 0, 1, 1)
        self._level = session.case.patient.target.level if session.case.levels else ""
        self._in_body_ml = session.state.cement.cloud.inside_ul / 1000.0

    def draw(self, kit: Kit, rect: Any) -> None:
        """Draw picture and legend."""
        c = kit.canvas
        level = f"{self._level}, " if self._level else ""
        kit.pane(rect, "True anatomy", f"{level}drag to turn")
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
            words = f"in the body {self._in_body_ml:.2f} mL"
            c.text(words, (x + c.px(2.0), y), "xs", "sc", col.mid)
