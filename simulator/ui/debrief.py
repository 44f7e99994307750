"""The debrief: the summary of a run, what to take home, and every figure."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pygame

from simulator.engine.session import Session
from simulator.records.moments import Pictures, of_moments, touched
from simulator.records.spoken import practice_words
from simulator.records.teaching import points
from simulator.ui import debrief_curves, debrief_line, debrief_total, header
from simulator.ui.canvas import Canvas
from simulator.ui.debrief_moments import Moments
from simulator.ui.debrief_pages import Figures, TakeHome, take_home
from simulator.ui.debrief_replay import Replay
from simulator.ui.debrief_scroll import STEPS, WHEEL, Scroll
from simulator.ui.debrief_truth import Truth
from simulator.ui.export import export_html
from simulator.ui.hots import Hots
from simulator.ui.kit import Kit
from simulator.ui.loading import Detour
from simulator.ui.overlays import Menu
from simulator.ui.scene import clock, clock_s
from simulator.ui.screens import Change, Pop, Push, Replace, as_change
from simulator.ui.work import Report as Tell
from simulator.ui.work import Work
from simulator.world.report import Report
from simulator.world.state import State

SUMMARY, REPLAY, HOME, METRICS = "Summary", "Replay", "To take home", "All metrics"
_TURN = {
    pygame.K_LEFT: (-20, 0),
    pygame.K_RIGHT: (20, 0),
    pygame.K_UP: (0, 20),
    pygame.K_DOWN: (0, -20),
}

Again = Callable[[Session, State | None], Any]


class Debrief:
    """One finished run."""

    overlay = False
    frames_per_s = 30

    def __init__(
        self,
        session: Session,
        report: Report,
        again: Again,
        home: Callable[[], Change],
        past: str = "",
    ) -> None:
        """Show `report`; `again` makes a new theatre from the start or from a kept moment.

        `home` leads on, or back where `past` says when a run of the history was.
        """
        self.session, self.report = session, report
        self._past = past
        self.hots = Hots()
        self.tab = SUMMARY
        self._again, self._home = again, home
        self._truth = Truth(session)
        self._moments = Moments(session, report, self._retry, self._show)
        self._begun = touched(session) or session.state.c_arm.exposures > 0
        self.replay = Replay(session, report, self._practise)
        self._pages: dict[str, TakeHome | Figures] = {
            HOME: TakeHome(report),
            METRICS: Figures(session, report),
        }
        self.tabs = tuple(
            name for name in (SUMMARY, REPLAY, HOME, METRICS) if self._begun or name != REPLAY
        )
        """A run that was declined has nothing to walk through."""
        self._axis: debrief_line.Axis | None = None
        self._short = Scroll()
        self._work = Work(lambda _: of_moments(session, report.moments))
        self._turning = False

    # -- events -------------------------------------------------------------------------------

    def handle(self, event: Any) -> Change:
        """Enter tries again, E exports, Esc goes to the cases; digits turn the page."""
        taken = self.hots.handle(event)
        if taken is not None:
            return as_change(taken.result)
        if self.tab == REPLAY:
            self.replay.handle(event)
        if event.type == pygame.MOUSEBUTTONDOWN and event.button == 1:
            summary = self.tab == SUMMARY
            self._turning = summary and bool(self._truth.stage.collidepoint(event.pos))
            if summary and self._axis is not None and self._axis.rect.collidepoint(event.pos):
                self._show(self._axis.tick(event.pos[0]))
        elif event.type == pygame.MOUSEBUTTONUP:
            self._turning = False
        elif event.type == pygame.MOUSEMOTION and self._turning:
            self._truth.reveal.drag(*event.rel)
        elif event.type == pygame.MOUSEWHEEL:
            for scroll in self._scrolls():
                if scroll.rect.collidepoint(self.hots.pointer):
                    scroll.move(-WHEEL * event.y)
        elif event.type == pygame.KEYDOWN:
            return self._key(event)
        return None

    def _key(self, event: Any) -> Change:
        key = event.key
        if key in (pygame.K_RETURN, pygame.K_KP_ENTER):
            return self._retry(None)
        if key == pygame.K_ESCAPE:
            return self._home()
        if key == pygame.K_e:
            return self._export()
        if pygame.K_1 <= key < pygame.K_1 + len(self.tabs):
            self._turn_to(self.tabs[key - pygame.K_1])
        elif self.tab == REPLAY:
            return self.replay.key(event)
        elif self.tab == SUMMARY and self._begun and key in _TURN:
            self._truth.reveal.drag(*_TURN[key])
        elif key in STEPS:
            self._by_key(STEPS[key])
        return None

    def _by_key(self, share: float) -> None:
        """Move the pane under the pointer, else the longest."""
        long = [scroll for scroll in self._scrolls() if scroll.most > 0.0]
        under = [s for s in long if s.rect.collidepoint(self.hots.pointer)]
        for scroll in (under or sorted(long, key=lambda s: -s.most))[:1]:
            scroll.move(share)

    def _scrolls(self) -> tuple[Scroll, ...]:
        if self.tab == SUMMARY:
            return (self._short,)
        return self._pages[self.tab].scrolls if self.tab in self._pages else ()

    def _turn_to(self, tab: str) -> None:
        self._put_down()
        self.tab = tab

    def _show(self, tick: int) -> None:
        """Walk to a moment."""
        if self._begun:
            self._turn_to(REPLAY)
            self.replay.go(tick)

    def _retry(self, start: State | None) -> Change:
        return Replace(self._again(self.session, start))

    def _practise(self, tick: int) -> Change:
        """Take the run up at a moment; the way there is gone once more, behind a screen."""
        self.replay.leave()
        kept, walk = self.session.state_at(tick), self.session.walk

        def task(report: Tell) -> State:
            report("going back to that moment", 0.5)
            return walk(tick) or kept

        def then(start: State) -> Any:
            return self._again(self.session, start)

        return Replace(Detour(f"Practice from {clock(tick)}", task, then, self))

    def _export(self) -> Change:
        told = export_html(self.session, self.report)
        return Push(Menu("Debrief as HTML", told, [("Back", "Esc", Pop)]))

    def update(self) -> Change:
        """Let a replay play, and take the pictures of the moments when they are developed."""
        self.replay.update()
        if self.ready:  # without a picture a moment still has its words
            self._moments.show(self._work.result or Pictures({}, {}))
        return None

    @property
    def ready(self) -> bool:
        """Tell whether the pictures of the moments are developed."""
        return self._work.done

    def leave(self) -> None:
        """Let go of the bone, stop the replay, and let no expert play on."""
        self._put_down()
        self.replay.ghost.stop()

    def _put_down(self) -> None:
        self._turning = False
        self.replay.leave()

    # -- drawing ------------------------------------------------------------------------------

    def draw(self, canvas: Canvas) -> None:
        """Draw the bar and the page."""
        self.hots.clear()
        kit = Kit(canvas, self.hots)
        canvas.surface.fill(canvas.colour.bg)
        self._bar(kit)
        c = canvas
        width, high = c.theme.size
        room = pygame.Rect(c.px(2), c.px(8.7), width - c.px(4), high - c.px(1.5) - c.px(8.7))
        if self.tab == SUMMARY:
            self._summary(kit, room)
        elif self.tab == REPLAY:
            self.replay.draw(kit, room)
        else:
            self._pages[self.tab].draw(kit, room)

    def _summary(self, kit: Kit, room: Any) -> None:
        """Draw three panes, the timeline, four curves."""
        c = kit.canvas
        high, gap = c.px(43.6), c.px(1.3)
        first = pygame.Rect(room.x, room.y, c.px(48.4), high)
        third = pygame.Rect(room.right - c.px(49.3), room.y, c.px(49.3), high)
        x = first.right + gap
        second = pygame.Rect(x, room.y, third.x - gap - x, high)
        debrief_total.draw(kit, first, self.report)
        self._moments.draw(kit, second)
        self._truth.draw(kit, third)
        top = c.px(53.6)
        if not self._begun:  # no curve, no phase: there is room for what it teaches
            low = pygame.Rect(room.x, top, room.w, room.bottom - top)
            take_home(kit, low, points(self.report), self._short)
            return
        line = pygame.Rect(room.x, top, room.w, c.px(16.9))
        self._axis = debrief_line.draw(kit, line, self.session, self.report)
        top = c.px(71.8)
        plots = pygame.Rect(room.x, top, room.w, room.bottom - top)
        end = debrief_line.shown_ticks(self.session, self.report)
        debrief_curves.draw(kit, plots, self.session, end, self.report)

    def _bar(self, kit: Kit) -> None:
        c, col = kit.canvas, kit.colour
        top = header.bar(kit)
        r = self.report
        w = c.text("Debrief", (c.px(2), top.centery), "lg", "semi")
        right = c.theme.size[0] - c.px(2)
        box = pygame.Rect(right - c.px(20), top.y + c.px(1.4), c.px(20), c.px(4.1))
        kit.button("again", box, "Try again", "Enter", lambda: self._retry(None), kind="pri")
        box = pygame.Rect(box.x - c.px(16.6), box.y, c.px(15.4), box.h)
        where = "Back" if self._past else "All cases"
        kit.button("cases", box, where, "Esc", self._home, kind="ghost")
        box = pygame.Rect(box.x - c.px(17.6), box.y, c.px(16.4), box.h)
        kit.button("export", box, "Export HTML", "E", self._export, kind="ghost")
        wide = sum(c.width(name, "md", "semi") for name in self.tabs) + c.px(4.2) * len(self.tabs)
        x = box.x - c.px(1.0) - wide
        self._tabs(kit, top, x)
        words = f"{r.title}, {r.procedure}, {clock_s(r.duration_s)}, seed {r.seed}"
        if self._past:
            words = f"{self._past}. {words}"
        if self.session.practice is not None:
            words = f"{practice_words(self.session.practice)}, not counted. {words}"
        start = c.px(3.6) + w
        room = x - start - c.px(2)
        if room > c.px(10):
            c.text(c.fitted(words, room), (start, top.centery), "sm", "medium", col.low)

    def _tabs(self, kit: Kit, top: Any, x: float) -> None:
        c = kit.canvas
        acts = [(name, lambda name=name: self._turn_to(name)) for name in self.tabs]
        header.tabs(kit, top, acts, self.tabs.index(self.tab), x)
        for i, name in enumerate(self.tabs):
            x += c.width(name, "md", "semi" if name == self.tab else "medium")
            kit.cap(str(i + 1), (x + c.px(0.6), top.centery))
            x += c.px(4.2)
