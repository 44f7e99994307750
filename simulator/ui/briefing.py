"""The briefing: who the patient is, what the films show, what the resident decides."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pygame

from simulator.ui import briefing_patient, briefing_plan, header
from simulator.ui.briefing_desk import DECLINE, Desk
from simulator.ui.briefing_films import Films
from simulator.ui.canvas import Canvas
from simulator.ui.hots import Hots
from simulator.ui.keys import KEYS
from simulator.ui.kit import Kit
from simulator.ui.overlays import Help
from simulator.ui.screens import Change, Pop, Push, Replace, as_change
from simulator.world.action import Do
from simulator.world.case import Case
from simulator.world.clinic import Choice

_ARROWS = {
    pygame.K_LEFT: (-1, 0),
    pygame.K_RIGHT: (1, 0),
    pygame.K_UP: (0, -1),
    pygame.K_DOWN: (0, 1),
}
_NAMED = 3
"""Open rows that are named in the footer; of more, the rest is counted."""
_ENTER = (pygame.K_RETURN, pygame.K_KP_ENTER)

Treat = Callable[["Briefing", Choice], Any]
Decline = Callable[["Briefing", Do], Any]


class Briefing:
    """Three columns and a decision."""

    overlay = False
    frames_per_s = 30

    def __init__(
        self, case: Case, planned: Choice, treat: Treat, decline: Decline, *, guided: bool
    ) -> None:
        """Show `case`.

        Args:
            case: The patient, built as the author planned or as was chosen before.
            planned: The author's plan, empty where it is left to the resident.
            treat: Makes the next screen of a case that is treated.
            decline: Makes the next screen of a case that is not.
            guided: The author's plan is suggested.
        """
        self.case = case
        self.desk = Desk(case, planned, guided=guided)
        self.films = Films(case)
        self.hots = Hots()
        self._treat, self._decline = treat, decline

    # -- events -------------------------------------------------------------------------------

    def handle(self, event: Any) -> Change:
        """Arrows go among the answers, Enter picks or goes on, Esc goes back."""
        if event.type == pygame.KEYDOWN and event.key in _ARROWS:
            self._step(*_ARROWS[event.key])
            return None
        taken = self.hots.handle(event)
        if taken is not None:
            return as_change(taken.result)
        if event.type != pygame.KEYDOWN:
            return None
        if event.key in _ENTER:
            return self._go_on()
        if event.key == KEYS["coach"].code:
            self._guide()
        if event.key == pygame.K_ESCAPE:
            return Pop()
        return Push(Help()) if event.key in (pygame.K_F1, pygame.K_SLASH) else None

    def _go_on(self) -> Change:
        """Leave with what was decided, if all of it was."""
        if self.desk.missing():
            return None
        picks = self.desk.picks
        if picks.decision == DECLINE and picks.reason is not None:
            return Replace(self._decline(self, picks.reason))
        return Replace(self._treat(self, self.desk.choice()))

    def _guide(self) -> None:
        self.desk.guided = not self.desk.guided

    def _pick(self, key: str, value: Any) -> None:
        """Take an answer; who works by keys is led on to what is still open."""
        self.desk.pick(key, value)
        if not self.hots.focus_seen:
            return
        still = self.desk.missing()
        self.hots.focus = "start"
        if still:
            first = next(i for i, o in enumerate(still[0].options) if not o.why_not)
            self.hots.focus = f"pick.{still[0].key}.{first}"

    def _step(self, across: int, down: int) -> None:
        """Move the focus to the neighbour that can be used."""
        rows: dict[int, list[Any]] = {}
        for hot in self.hots.items:
            if hot.enabled and hot.name.startswith(("pick.", "cases", "start")):
                rows.setdefault(hot.rect.y, []).append(hot)
        grid = [rows[y] for y in sorted(rows)]
        at = next(
            ((r, i) for r, row in enumerate(grid) for i, hot in enumerate(row)
             if hot.name == self.hots.focus),
            None,
        )  # fmt: skip
        self.hots.focus_seen = True
        if at is None:
            self.hots.focus = grid[0][0].name
            return
        r, i = at
        if across:
            row = grid[r]
            self.hots.focus = row[min(max(i + across, 0), len(row) - 1)].name
            return
        x = grid[r][i].rect.centerx
        near = grid[min(max(r + down, 0), len(grid) - 1)]
        self.hots.focus = min(near, key=lambda hot: abs(hot.rect.centerx - x)).name

    def update(self) -> Change:
        """Take the films when they are there."""
        self.films.update()
        return None

    def leave(self) -> None:
        """Nothing is held."""

    # -- drawing ------------------------------------------------------------------------------

    def draw(self, canvas: Canvas) -> None:
        """Draw bar, columns, footer."""
        self.hots.clear()
        kit = Kit(canvas, self.hots)
        c = canvas
        c.surface.fill(c.colour.bg)
        self._bar(kit)
        width = c.theme.size[0]
        bottom = c.theme.size[1] - c.px(7.3)
        high = bottom - c.px(2) - c.px(9)
        first = pygame.Rect(c.px(2), c.px(9), c.px(44), high)
        third = pygame.Rect(width - c.px(57.6), c.px(9), c.px(55.6), high)
        second = pygame.Rect(first.right + c.px(1.6), c.px(9), 0, high)
        second.w = third.x - c.px(1.6) - second.x
        briefing_patient.draw(kit, first, self.case, guided=self.desk.guided)
        self.films.draw(kit, second)
        briefing_plan.draw(kit, third, self.desk, self._pick)
        self._footer(kit, bottom)
        kit.finish()

    def _bar(self, kit: Kit) -> None:
        c = kit.canvas
        top = header.bar(kit)
        box = pygame.Rect(c.px(1.6), top.y + c.px(1.6), c.px(3.8), c.px(3.8))
        kit.button("back", box, "", "", Pop, kind="ghost", icon="back")
        x = c.px(7.2)
        title = c.fitted(self.case.notes.title, c.px(57) - x, "md", "semi")
        c.text(title, (x, top.centery), "md", "semi")
        header.steps(kit, top, 0)
        box = pygame.Rect(top.right - c.px(6), top.y + c.px(1.5), c.px(4), c.px(4))
        kit.button("help", box, "?", "", lambda: Push(Help()))
        box = pygame.Rect(box.x - c.px(14.7), box.y, c.px(14), c.px(4))
        kind = "on" if self.desk.guided else "ghost"
        cap = KEYS["coach"].cap
        kit.button("guide", box, "Guided", cap, self._guide, kind=kind, icon="bulb")

    def _footer(self, kit: Kit, y: int) -> None:
        c, col = kit.canvas, kit.colour
        width = c.theme.size[0]
        c.fill((0, y, width, c.theme.size[1] - y), col.pane)
        c.rule(0, y, width)
        mid = y + c.px(3.65)
        right = width - c.px(2)
        start = pygame.Rect(right - c.px(29.4), mid - c.px(2.1), c.px(29.4), c.px(4.2))
        back = pygame.Rect(start.x - c.px(22.5), start.y, c.px(21), start.h)
        kit.button("cases", back, "Back to cases", "Esc", Pop, kind="ghost")
        declines = self.desk.picks.decision == DECLINE
        label = "Decline the case" if declines else "Enter theatre"
        still = self.desk.missing()
        kind = "off" if still else "pri"
        kit.button("start", start, label, "Enter", self._go_on, kind=kind)
        x = float(back.x - c.px(2))
        if still:
            *most, last = (question.title.lower() for question in still)
            if len(still) > _NAMED:
                most, last = most[: _NAMED - 1], f"{len(still) - _NAMED + 1} more"
            words = "Choose " + (f"{', '.join(most)} and {last}" if most else last)
            x -= c.text(words, (x, mid), "sm", "medium", col.warn, "r") + c.px(1.5)
            kit.mark("warn", (x, mid))
            x -= c.px(2)
        words = "For education only. Not a medical device, not for planning real treatment."
        size, face = c.best_fit(words, x - c.px(2))
        words = c.fitted(words, x - c.px(2), size, face)
        c.text(words, (c.px(2), mid), size, face, col.low)
