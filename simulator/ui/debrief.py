"""The debrief: the score, the worst moments, the truth, the timeline, the curves."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pygame

from simulator.engine.session import Session
from simulator.ui import debrief_curves, debrief_line, header
from simulator.ui.canvas import Canvas
from simulator.ui.chain import grey_surface
from simulator.ui.export import export_html
from simulator.ui.films import moment_films
from simulator.ui.hots import Hots
from simulator.ui.kit import Kit
from simulator.ui.overlays import Menu
from simulator.ui.reveal import Reveal
from simulator.ui.scene import clock, clock_s, number
from simulator.ui.screens import Change, Pop, Push, Replace, as_change
from simulator.ui.work import Work
from simulator.units import TICKS_PER_S
from simulator.world.report import Report
from simulator.world.state import State
from simulator.world.tally import Finding

_COUNTED = ("No harmful moment", "The worst moment", "Two worst moments", "Three worst moments")

_BEFORE_S = 12
"""A retry begins this long before the moment."""

Again = Callable[[Session, State | None], Any]


def domain_level(score: float, most: float) -> str:
    """Return how a domain's share of points is shown."""
    share = score / most if most else 1.0
    return "ok" if share >= 0.8 else "warn" if share >= 0.55 else "alarm"


class Debrief:
    """One finished run."""

    overlay = False
    frames_per_s = 30

    def __init__(
        self, session: Session, report: Report, again: Again, home: Callable[[], Change]
    ) -> None:
        """Show `report`; `again` makes a new theatre from the start or from a kept moment."""
        self.session, self.report = session, report
        self.hots = Hots()
        self._again, self._home = again, home
        self._reveal = Reveal(session.case, session.state, session.snapshots)
        self._work = Work(lambda _: moment_films(session, report))
        self._stage = pygame.Rect(0, 0, 1, 1)
        self._turning = False

    # -- events -------------------------------------------------------------------------------

    def handle(self, event: Any) -> Change:
        """Enter tries again, E exports, Esc goes to the cases; dragging turns the bone."""
        taken = self.hots.handle(event)
        if taken is not None:
            return as_change(taken.result)
        if event.type == pygame.MOUSEBUTTONDOWN and event.button == 1:
            self._turning = bool(self._stage.collidepoint(event.pos))
        elif event.type == pygame.MOUSEBUTTONUP:
            self._turning = False
        elif event.type == pygame.MOUSEMOTION and self._turning:
            self._reveal.drag(*event.rel)
        elif event.type == pygame.KEYDOWN:
            return self._key(event.key)
        return None

    def _key(self, key: int) -> Change:
        if key in (pygame.K_RETURN, pygame.K_KP_ENTER):
            return self._retry(None)
        if key == pygame.K_ESCAPE:
            return self._home()
        if key == pygame.K_e:
            return self._export()
        if key in (pygame.K_LEFT, pygame.K_RIGHT):
            self._reveal.drag(20 if key == pygame.K_RIGHT else -20, 0)
        elif key in (pygame.K_UP, pygame.K_DOWN):
            self._reveal.drag(0, 20 if key == pygame.K_UP else -20)
        return None

    def _retry(self, start: State | None) -> Change:
        return Replace(self._again(self.session, start))

    def _export(self) -> Change:
        told = export_html(self.session, self.report)
        return Push(Menu("Debrief as HTML", told, [("Back", "Esc", Pop)]))

    def update(self) -> Change:
        """Nothing moves."""
        return None

    def leave(self) -> None:
        """Nothing is held."""
        self._turning = False

    # -- drawing ------------------------------------------------------------------------------

    def draw(self, canvas: Canvas) -> None:
        """Draw bar, three panes, timeline, four curves."""
        self.hots.clear()
        kit = Kit(canvas, self.hots)
        c = canvas
        c.surface.fill(c.colour.bg)
        self._bar(kit)
        width = c.theme.size[0]
        top, high = c.px(8.7), c.px(43.6)
        first = pygame.Rect(c.px(2), top, c.px(48.4), high)
        third = pygame.Rect(width - c.px(51.3), top, c.px(49.3), high)
        second = pygame.Rect(c.px(51.8), top, third.x - c.px(1.3) - c.px(51.8), high)
        self._total(kit, first)
        self._moments(kit, second)
        self._truth(kit, third)
        line = pygame.Rect(c.px(2), c.px(53.6), width - c.px(4), c.px(16.9))
        debrief_line.draw(kit, line, self.session, self.report)
        low = c.theme.size[1] - c.px(1.5) - c.px(71.8)
        plots = pygame.Rect(c.px(2), c.px(71.8), width - c.px(4), low)
        end = debrief_line.shown_ticks(self.session, self.report)
        debrief_curves.draw(kit, plots, self.session, end)

    def _bar(self, kit: Kit) -> None:
        c, col = kit.canvas, kit.colour
        top = header.bar(kit)
        r = self.report
        w = c.text("Debrief", (c.px(2), top.centery), "lg", "semi")
        words = f"{r.title}, {r.procedure}, {clock_s(r.duration_s)}, seed {r.seed}"
        x = c.px(3.6) + w
        right = c.theme.size[0] - c.px(2)
        box = pygame.Rect(right - c.px(20), top.y + c.px(1.4), c.px(20), c.px(4.1))
        kit.button("again", box, "Try again", "Enter", lambda: self._retry(None), kind="pri")
        box = pygame.Rect(box.x - c.px(16.6), box.y, c.px(15.4), box.h)
        kit.button("cases", box, "All cases", "Esc", self._home, kind="ghost")
        box = pygame.Rect(box.x - c.px(17.6), box.y, c.px(16.4), box.h)
        kit.button("export", box, "Export HTML", "E", self._export, kind="ghost")
        c.text(c.fitted(words, box.x - x - c.px(2)), (x, top.centery), "sm", "medium", col.low)

    def _total(self, kit: Kit, rect: Any) -> None:
        c, col = kit.canvas, kit.colour
        r = self.report
        kit.pane(rect)
        centre = (rect.x + c.px(8.9), rect.y + c.px(9.0))
        radius = float(c.px(6.6))
        ink = col.ok if r.passed else col.warn if r.total >= 50 else col.alarm
        c.arc(centre, radius, (-135, 135), col.raised, 1.3)
        if r.total > 1:
            c.arc(centre, radius, (-135, -135 + 270 * min(r.total, 100) / 100), ink, 1.3)
        c.text(number(r.total), (centre[0], centre[1] - c.px(0.3)), "hero", "semi", col.hi, "c")
        c.text("of 100", (centre[0], centre[1] + c.px(4.4)), "xs", "sc", col.low, "c")
        x, right = rect.x + c.px(18.0), rect.right - c.px(1.4)
        level = "ok" if r.passed else "alarm"
        kit.mark(level, (x + c.px(0.9), rect.y + c.px(4.2)), 2.2)
        c.text(
            "Passed" if r.passed else "Not passed",
            (x + c.px(2.8), rect.y + c.px(4.2)),
            "lg",
            "semi",
            kit.level(level)[0],
        )
        c.paragraph(r.reason, (x, rect.y + c.px(7.8)), right - x, colour=col.hi, lines=3)
        c.rule(rect.x + c.px(1.4), rect.y + c.px(16.8), rect.w - c.px(2.8))
        self._domains(kit, rect)

    def _domains(self, kit: Kit, rect: Any) -> None:
        c, col = kit.canvas, kit.colour
        count = max(len(self.report.domains), 1)
        pitch = min(c.px(2.95), (rect.h - c.px(18.6)) // count)
        y = rect.y + c.px(19.0)
        for name, domain in self.report.domains.items():
            level = domain_level(domain.score, domain.max)
            c.text(name.capitalize(), (rect.x + c.px(1.4), y))
            bar = pygame.Rect(rect.x + c.px(15.0), round(y - c.px(0.6)), c.px(20.5), c.px(1.2))
            kit.meter(bar, domain.score / (domain.max or 1.0), kit.level(level)[0])
            kit.mark(level, (rect.x + c.px(37.4), y))
            c.text(
                f"{_short(domain.score)} / {_short(domain.max)}",
                (rect.right - c.px(1.4), y),
                "sm",
                "medium",
                col.hi,
                "r",
            )
            y += pitch

    def _moments(self, kit: Kit, rect: Any) -> None:
        """Draw the worst moments, and in the room that is left where points were lost."""
        c = kit.canvas
        moments = self.report.moments[:3]
        kit.pane(rect, _COUNTED[len(moments)], "harm, worst first" if moments else "")
        for i, moment in enumerate(moments):
            part = pygame.Rect(
                rect.x + c.px(1.4), rect.y + c.px(4.2 + 13.0 * i), rect.w - c.px(2.8), c.px(12.4)
            )
            self._moment(kit, part, i, moment)
        y = rect.y + c.px(1.9 + 13.0 * len(moments)) + (c.px(4.2) if moments else 0)
        if len(moments) < len(_COUNTED) - 1:
            debrief_line.lost(kit, rect, y, self.report)

    def _moment(self, kit: Kit, rect: Any, index: int, moment: Finding) -> None:
        c, col = kit.canvas, kit.colour
        level = "alarm" if moment.severity == "sentinel" else "warn"
        ink = kit.level(level)[0]
        y = float(rect.y + c.px(1.5))
        if index:
            c.rule(rect.x, rect.y - c.px(0.8), rect.w)
        self._still(kit, pygame.Rect(rect.x, rect.y, c.px(11.4), c.px(11.4)), index, ink)
        rect = pygame.Rect(rect.x + c.px(12.6), rect.y, rect.w - c.px(12.6), rect.h)
        kit.mark(level, (rect.x + c.px(1.0), y), 1.7)
        x = rect.x + c.px(2.8)
        w = c.text(clock(moment.tick), (x, y), "sm", "semi", ink)
        c.text(
            c.fitted(moment.text, rect.w - w - c.px(4.2), "sm", "semi"),
            (x + w + c.px(1.2), y),
            "sm",
            "semi",
        )
        for label, words in (("Seen", moment.seen), ("Instead", moment.instead)):
            if not words:
                continue
            y += c.px(2.65)
            c.text(label, (x, y), "sm", "medium", col.low)
            room = rect.right - x - c.px(7.2)
            size, face = c.best_fit(words, room)
            tone = col.hi if label == "Instead" else col.mid
            at = (x + c.px(7.0), y)
            c.text(c.fitted(words, room, size, face), at, size, face, tone)
        start = self.session.state_at(max(moment.tick - _BEFORE_S * TICKS_PER_S, 0))
        box = pygame.Rect(x, rect.y + c.px(8.2), c.px(24), c.px(3.0))
        kit.button(
            f"retry.{index}", box, f"Retry from {clock(start.tick)}", act=lambda: self._retry(start)
        )
        if moment.severity == "sentinel":
            c.text("Fails the run", (rect.right, box.centery), "sm", "semi", ink, "r")

    def _still(self, kit: Kit, rect: Any, index: int, ink: Any) -> None:
        """Draw what the machine would have shown at a moment."""
        c, col = kit.canvas, kit.colour
        c.fill(rect, col.black)
        if self._work.done and self._work.result is not None:
            image = grey_surface(self._work.result[index]).convert(c.surface)
            c.surface.blit(pygame.transform.smoothscale(image, rect.size), rect.topleft)
        c.fill((rect.x, rect.y, 3, rect.h), ink)

    def _truth(self, kit: Kit, rect: Any) -> None:
        c, col = kit.canvas, kit.colour
        kit.pane(rect, "True anatomy", "drag to turn")
        self._stage = pygame.Rect(rect.x + 1, rect.y + c.px(4.0), rect.w - 2, rect.h - c.px(10.6))
        c.surface.blit(self._reveal.picture(self._stage.size), self._stage.topleft)
        y = rect.bottom - c.px(4.8)
        x = rect.x + c.px(1.4)
        for word, ink, dashed in (
            ("Left", col.acc, False),
            ("Right", col.right, False),
            ("Plan", col.hi, True),
        ):
            if dashed:
                c.dashed((x, y), (x + c.px(2.3), y), ink)
            else:
                c.line([(x, y), (x + c.px(2.3), y)], ink)
            x += c.px(3.1)
            x += c.text(word, (x, y), "xs", "sc", col.mid) + c.px(1.9)
        c.box(
            pygame.Rect(round(x), round(y - c.px(0.6)), c.px(1.2), c.px(1.2)), col.beam, radius=0.2
        )
        c.text("Cement", (x + c.px(2.0), y), "xs", "sc", col.mid)
        leak = self.report.metrics.get("leak_ml")
        words = f"Leak {leak:.2f} mL" if isinstance(leak, float) and leak > 0.005 else "No leak"
        c.text(words, (rect.x + c.px(1.4), rect.bottom - c.px(2.0)), "xs", "sc", col.hi)


def _short(value: float) -> str:
    return f"{value:.1f}".rstrip("0").rstrip(".")
