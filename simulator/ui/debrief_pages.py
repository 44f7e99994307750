"""The pages behind the summary: what to take home, criteria, time and dose, all metrics."""

from __future__ import annotations

from typing import Any

import pygame

from simulator.engine.session import Session
from simulator.procedure.metrics import METRICS
from simulator.records.measured import Measure, expert, measures, spread
from simulator.records.spoken import named, told
from simulator.records.teaching import Point, points
from simulator.ui import debrief_total, skin_map
from simulator.ui.debrief_scroll import Scroll
from simulator.ui.kit import Kit
from simulator.ui.scene import clock
from simulator.world.report import Report

_GAP = 1.33
_ROW = 2.9
_HEAD = 4.2


def _halves(rect: Any, share: float, gap: int) -> tuple[Any, Any]:
    wide = round((rect.w - gap) * share)
    left = pygame.Rect(rect.x, rect.y, wide, rect.h)
    return left, pygame.Rect(left.right + gap, rect.y, rect.right - left.right - gap, rect.h)


def _inner(kit: Kit, pane: Any) -> Any:
    c = kit.canvas
    top = pane.y + c.px(_HEAD)
    return pygame.Rect(pane.x + c.px(1.4), top, pane.w - c.px(2.4), pane.bottom - c.px(1.2) - top)


class TakeHome:
    """Points to take home with their evidence; every criterion with its points."""

    def __init__(self, report: Report) -> None:
        """Show a report."""
        self.report = report
        self.points = points(report)
        self.scrolls = (Scroll(), Scroll())

    def draw(self, kit: Kit, rect: Any) -> None:
        """Draw both panes."""
        left, right = _halves(rect, 0.56, kit.px(_GAP))
        take_home(kit, left, self.points, self.scrolls[0])
        kit.pane(right, "Criteria", "points")
        self.scrolls[1].draw(kit, _inner(kit, right), self._criteria)

    def _criteria(self, kit: Kit, rect: Any, y: int) -> int:
        c, col = kit.canvas, kit.colour
        pitch = c.px(_ROW)
        for domain, text, score, most in self.report.lines:
            y += pitch
            ink = col.hi if score >= 0.99 * most else col.warn
            _line(kit, rect, y - pitch // 2, domain.capitalize(), text)
            words = f"{score:.1f} of {most:.0f}"
            c.text(words, (rect.right, y - pitch // 2), "sm", "medium", ink, "r")
        for finding in self.report.errors:
            y += pitch
            words = f"{clock(finding.tick)} {finding.text}"
            _line(kit, rect, y - pitch // 2, f"{finding.severity.capitalize()} error", words)
            c.text("deducted", (rect.right, y - pitch // 2), "sm", "medium", col.warn, "r")
        return y


def _line(kit: Kit, rect: Any, y: int, label: str, text: str) -> None:
    c, col = kit.canvas, kit.colour
    x = rect.x + c.px(13.5)
    c.text(c.fitted(label, c.px(13.0)), (rect.x, y), "sm", "medium", col.low)
    room = rect.right - c.px(10.5) - x
    size, face = c.best_fit(text, room)
    c.text(c.fitted(text, room, size, face), (x, y), size, face, col.hi)


def take_home(kit: Kit, pane: Any, shown: tuple[Point, ...], scroll: Scroll) -> None:
    """Draw the points in a pane of their own."""
    kit.pane(pane, "To take home")

    def paint(kit: Kit, rect: Any, y: int) -> int:
        c, col = kit.canvas, kit.colour
        x, room = rect.x + c.px(3.4), rect.w - c.px(3.4)
        for number, point in enumerate(shown, 1):
            y += c.px(1.4)
            c.text(f"{number}.", (rect.x, y), "body", "semi", col.acc)
            y = c.paragraph(point.text, (x, y), room, "body", "medium", col.hi)
            y = c.paragraph(point.evidence, (x, y + c.px(0.4)), room, "sm", "medium", col.mid)
            y = c.paragraph(f"{point.source}.", (x, y + c.px(0.2)), room, "xs", "sc", col.low)
            y += c.px(1.6)
        return y

    scroll.draw(kit, _inner(kit, pane), paint)


class Figures:
    """Time and dose beside the expert's, where the dose went, every metric."""

    def __init__(self, session: Session, report: Report) -> None:
        """Show a run."""
        self.session, self.report = session, report
        self.measures = measures(report)
        self.scrolls = (Scroll(),)
        frames = expert(report)
        self._rows = [
            (
                named(n),
                METRICS[n].meaning,
                told(n, v),
                spread(*(told(n, b) for b in frames[n])) if n in frames else "",
            )
            for n, v in report.metrics.items()
            if n in METRICS and v is not None
        ]
        self._banded = bool(frames)

    def draw(self, kit: Kit, rect: Any) -> None:
        """Draw three panes."""
        c = kit.canvas
        left, right = _halves(rect, 0.36, kit.px(_GAP))
        high = c.px(_HEAD + (3.6 if self._banded else 1.0) + 3.4 * len(self.measures))
        self._dose(kit, pygame.Rect(left.x, left.y, left.w, high))
        top = left.y + high + c.px(_GAP)
        self._skin(kit, pygame.Rect(left.x, top, left.w, left.bottom - top))
        kit.pane(right, "All metrics", "value, expert" if self._banded else "value")
        self.scrolls[0].draw(kit, _inner(kit, right), self._metrics)

    def _dose(self, kit: Kit, pane: Any) -> None:
        c = kit.canvas
        kit.pane(pane, "Time and dose", "value, expert" if self._banded else "value")
        y = pane.y + c.px(_HEAD + 1.4)
        for measure in self.measures:
            self._measure(kit, pane, y, measure)
            y += c.px(3.4)
        if self._banded:
            debrief_total.key(kit, (pane.x + c.px(1.4), y), pane.w - c.px(2.8))

    def _measure(self, kit: Kit, pane: Any, y: float, measure: Measure) -> None:
        c, col = kit.canvas, kit.colour
        right = pane.right - c.px(1.4)
        c.text(measure.label, (pane.x + c.px(1.4), y))
        beside = c.px(17.5) if self._banded else 0
        c.text(measure.words, (right - beside, y), "sm", "semi", col.hi, "r")
        if not measure.band:
            return
        c.text(measure.band_words, (right, y), "sm", "medium", col.low, "r")
        x = pane.x + c.px(14.5)
        wide = right - beside - c.px(11) - x
        bar = pygame.Rect(x, round(y - c.px(0.6)), wide, c.px(1.2))
        over = measure.value > measure.band[1]
        kit.meter(bar, measure.value / measure.top, col.warn if over else col.ok)
        debrief_total.draw_frame(kit, bar, measure.band, measure.top)

    def _skin(self, kit: Kit, pane: Any) -> None:
        c = kit.canvas
        kit.pane(pane, "Skin dose", "the trunk unrolled, head up")
        x, y = pane.x + c.px(1.4), pane.y + c.px(_HEAD)
        box = pygame.Rect(x, y, pane.w - c.px(2.8), pane.bottom - c.px(1.0) - y)
        skin_map.draw(kit, box, self.session.state.c_arm)

    def _metrics(self, kit: Kit, rect: Any, y: int) -> int:
        c, col = kit.canvas, kit.colour
        pitch, beside = c.px(_ROW), c.px(16.5) if self._banded else 0
        split = c.px(25.0)
        for name, meaning, value, band in self._rows:
            y += pitch
            at = y - pitch // 2
            size, face = c.best_fit(name, split - c.px(1))
            words = c.fitted(name, split - c.px(1), size, face)
            c.text(words, (rect.x, at), size, face)
            room = rect.w - split - beside - c.px(11.0)
            size, face = c.best_fit(meaning, room)
            words = c.fitted(meaning, room, size, face)
            c.text(words, (rect.x + split, at), size, face, col.mid)
            c.text(value, (rect.right - beside, at), "sm", "medium", col.hi, "r")
            c.text(band, (rect.right, at), "sm", "medium", col.low, "r")
        return y
