"""A walk through a run: any moment of it as it was, and a way to take it up from there."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pygame

from simulator.engine.pace import Pacer
from simulator.engine.session import Session
from simulator.ui import debrief_films, debrief_line, debrief_now
from simulator.ui.chain import Film
from simulator.ui.debrief_ghost import Ghost
from simulator.ui.debrief_line import Axis
from simulator.ui.debrief_reel import SLOTS, Reel
from simulator.ui.debrief_stops import beside, stops
from simulator.ui.kit import Kit
from simulator.ui.scene import clock
from simulator.ui.screens import Change
from simulator.units import TICKS_PER_S
from simulator.world.report import Report

FAST = 8.0
"""A run plays at so many times its own pace."""
_RIGHT = 51.0
"""Width of the column of gauges, in u."""
_TIMELINE, _TALK = 16.9, 4.4

Practise = Callable[[int], Change]


class Replay:
    """The page; the moment is a tick of the run."""

    def __init__(self, session: Session, report: Report, practise: Practise) -> None:
        """Begin at the first moment; `practise` takes the run up at a tick."""
        self.session, self.report = session, report
        self.reel = Reel(session)
        self.stops = stops(session, report, self.reel.bursts)
        self.tick = 0
        self.ghost = Ghost(session)
        self._practise = practise
        self._playing: Pacer | None = None
        self._axis: Axis | None = None
        self._line: tuple[tuple[int, ...], Any, Axis] | None = None
        self._dragging = False
        self._end = debrief_line.shown_ticks(session, report)

    # -- events -------------------------------------------------------------------------------

    def go(self, tick: int) -> None:
        """Stand at a moment."""
        self.tick = min(max(tick, 0), self._end)

    def handle(self, event: Any) -> None:
        """Drag along the timeline."""
        if event.type == pygame.MOUSEBUTTONDOWN and event.button == 1:
            axis = self._axis
            self._dragging = axis is not None and bool(axis.rect.collidepoint(event.pos))
            self._drag(event)
        elif event.type == pygame.MOUSEBUTTONUP:
            self._dragging = False
        elif event.type == pygame.MOUSEMOTION:
            self._drag(event)

    def _drag(self, event: Any) -> None:
        if self._dragging and self._axis is not None:
            self.go(self._axis.tick(event.pos[0]))

    def key(self, event: Any) -> Change:
        """Walk, play, show the plan, take the run up."""
        by = {pygame.K_LEFT: -1, pygame.K_RIGHT: 1}.get(event.key)
        if by is not None and event.mod & pygame.KMOD_SHIFT:
            self.go(self.tick + by * TICKS_PER_S)
        elif by is not None:
            self._step(by)
        elif event.key == pygame.K_HOME:
            self.go(0)
        elif event.key == pygame.K_END:
            self.go(self._end)
        elif event.key == pygame.K_SPACE:
            self.play()
        elif event.key == pygame.K_m:
            self._next_wrong()
        elif event.key == pygame.K_x:
            self.ghost.turn()
        elif event.key == pygame.K_p:
            return self._practise(self.tick)
        return None

    def _step(self, by: int) -> None:
        self._playing = None
        self.go(beside(self.stops, self.tick, by))

    def _next_wrong(self) -> None:
        """Go to what went wrong next; after the last one to the first."""
        wrong = [stop for stop in self.stops if stop.level]
        if wrong:
            self._playing = None
            after = beside(wrong, self.tick, 1)
            self.go(after if after != self.tick else wrong[0].tick)

    def play(self) -> None:
        """Let time pass, or stop it."""
        if self._playing is None and self.tick >= self._end:
            self.tick = 0
        self._playing = Pacer() if self._playing is None else None

    def update(self) -> None:
        """Go on if it plays, and let the expert play where that is asked for."""
        self.ghost.update()
        if self._playing is not None:
            self.go(self.tick + self._playing.due(FAST))
            if self.tick >= self._end:
                self._playing = None

    def leave(self) -> None:
        """Stand still, and develop nothing more."""
        self._playing, self._dragging = None, False
        self.reel.stop()

    # -- drawing ------------------------------------------------------------------------------

    def draw(self, kit: Kit, rect: Any) -> None:
        """Draw monitors, column, words and timeline."""
        c = kit.canvas
        gap = c.px(1.3)
        line = pygame.Rect(rect.x, 0, rect.w, c.px(_TIMELINE))
        line.bottom = rect.bottom
        upper = pygame.Rect(rect.x, rect.y, rect.w, line.y - gap - rect.y)
        side = min(upper.h - c.px(_TALK + 1.0) - c.px(4.0), (rect.w - c.px(_RIGHT) - 2 * gap) // 2)
        pane = pygame.Rect(upper.x, upper.y, side, side + c.px(4.0))
        rows = debrief_now.rows_until(self.session, self.tick)

        def over(image: Any, film: Film) -> None:
            if self.ghost.shown:
                debrief_films.draw_ways(kit, image, film, self.session, rows, self.ghost)

        for slot, held in enumerate(self.reel.look(self.tick)):
            debrief_films.draw(kit, pane, slot, held, self.tick, over)
            pane = pane.move(side + gap, 0)
        left = len(SLOTS) * (side + gap)
        talk = pygame.Rect(upper.x, pane.bottom + c.px(1.0), left - gap, c.px(_TALK))
        self._transport(kit, talk)
        column = pygame.Rect(upper.x + left, upper.y, upper.w - left, upper.h)
        self._column(kit, column, rows)
        self._axis = self._timeline(kit, line)
        self._needle(kit, self._axis)

    def _timeline(self, kit: Kit, rect: Any) -> Axis:
        """Draw the timeline; it stands still, so it is drawn once per size of the window."""
        surface, place = kit.canvas.surface, tuple(rect)
        if self._line is None or self._line[0] != place:
            axis = debrief_line.draw(kit, rect, self.session, self.report)
            self._line = (place, surface.subsurface(rect).copy(), axis)
        _, image, axis = self._line
        surface.blit(image, rect.topleft)
        return axis

    def _column(self, kit: Kit, rect: Any, rows: Any) -> None:
        c = kit.canvas
        kit.pane(rect, "This moment")
        times, expert = (self.tick, self._end), self.ghost.given
        y = debrief_now.draw(kit, rect, self.session, times, rows, expert)
        foot = rect.bottom - c.px(5.2)
        listed = pygame.Rect(rect.x + c.px(0.8), round(y), rect.w - c.px(1.6), round(foot - y))
        debrief_now.happened(kit, listed, self.stops, self.tick, self.go)
        wide = (rect.w - c.px(3.8)) // 5
        box = pygame.Rect(rect.x + c.px(1.4), foot + c.px(0.4), 2 * wide, c.px(4.0))
        kind = "on" if self.ghost.mode else ""
        kit.button("expert", box, self.ghost.label, "X", self.ghost.turn, kind=kind)
        box = pygame.Rect(box.right + c.px(1.0), box.y, 3 * wide, box.h)
        act = self._take_up
        kit.button("practise", box, "Practise from here", "P", act, kind="")

    def _take_up(self) -> Change:
        return self._practise(self.tick)

    def _transport(self, kit: Kit, rect: Any) -> None:
        """Draw the controls of the walk, and what was said last."""
        c, col = kit.canvas, kit.colour
        high = c.px(3.6)
        x, y = rect.x, rect.y + (rect.h - high) // 2
        plays = self._playing is not None
        for name, width, label, key, act, icon in (
            ("earlier", 12.0, "Before", "Left", lambda: self._step(-1), ""),
            ("play", 13.0, "Stop" if plays else "Play", "Space", self.play, ""),
            ("later", 12.0, "Next", "Right", lambda: self._step(1), ""),
            ("wrong", 14.0, "Next fault", "M", self._next_wrong, ""),
        ):
            box = pygame.Rect(x, y, c.px(width), high)
            kind = "on" if name == "play" and plays else ""
            kit.button(f"walk.{name}", box, label, key, act, kind=kind, icon=icon)
            x = box.right + c.px(0.7)
        x += c.px(1.0)
        said = [row for row in self.session.captions if row.tick <= self.tick]
        if said:
            words = f"{said[-1].speaker.capitalize()}: “{said[-1].text}”"
            x += c.text(clock(said[-1].tick), (x, rect.centery), "xs", "sc", col.low) + c.px(1.0)
            room = rect.right - x
            size, face = c.best_fit(words, room)
            ink = col.warn if said[-1].alarm else col.mid
            c.text(c.fitted(words, room, size, face), (x, rect.centery), size, face, ink)

    def _needle(self, kit: Kit, axis: Axis) -> None:
        """Draw where on the timeline this moment is."""
        c, col = kit.canvas, kit.colour
        x = axis.at(self.tick)
        c.fill((round(x) - 1, axis.rect.y, 2, axis.rect.h), col.hi)
        w = c.px(0.7)
        c.poly([(x - w, axis.rect.y), (x + w, axis.rect.y), (x, axis.rect.y + 1.4 * w)], col.hi)
