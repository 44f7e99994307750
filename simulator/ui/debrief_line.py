"""The timeline of a run, and the list of where points were lost."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

import pygame

from simulator.engine.session import Sample, Session
from simulator.procedure.phases import LABELS, chapter
from simulator.records.charts import lateral
from simulator.records.measured import measures
from simulator.ui.kit import Kit
from simulator.ui.scene import clock_s
from simulator.units import TICKS_PER_S
from simulator.world.report import Report

_WORTH = 0.05
"""The least loss of points that is worth a line."""


def spans(rows: Iterable[Sample]) -> list[tuple[str, int, int]]:
    """Return (chapter, first tick, last tick) of every stretch of one chapter."""
    out: list[tuple[str, int, int]] = []
    for row in rows:
        part = chapter(row.phase)
        if out and out[-1][0] == part:
            out[-1] = (part, out[-1][1], row.tick)
        else:
            out.append((part, out[-1][2] if out else 0, row.tick))
    return out


def shown_ticks(session: Session, report: Report) -> int:
    """Return the end of the time axis: the dressing, not the hour flat that follows it."""
    return max(min(round(report.duration_s * TICKS_PER_S), session.state.tick), 1)


@dataclass(frozen=True, slots=True)
class Axis:
    """The time axis of a timeline, in pixels."""

    rect: Any
    """Where time can be pointed at."""
    end: int
    """Tick at its right end."""

    def at(self, tick: float) -> float:
        """Return the x of a tick, kept inside."""
        return float(self.rect.x + self.rect.w * min(max(tick / self.end, 0.0), 1.0))

    def tick(self, x: float) -> int:
        """Return the tick at an x, kept inside."""
        share: float = (x - self.rect.x) / max(self.rect.w, 1)
        return round(self.end * min(max(share, 0.0), 1.0))


def draw(kit: Kit, rect: Any, session: Session, report: Report) -> Axis:
    """Draw the pane; return its axis."""
    c, col = kit.canvas, kit.colour
    kit.pane(rect, "Timeline")
    x, right = rect.x + c.px(12.0), rect.right - c.px(1.8)
    y = rect.y + c.px(1.9)
    took = next((m for m in measures(report) if m.name == "duration_s"), None)
    expert = f", expert {took.band_words}" if took and took.band else ""
    w = c.text(clock_s(report.duration_s) + expert, (right, y), "xs", "sc", col.low, "r")
    legend = right - w - c.px(18)
    if report.went_well and report.moments:
        kit.mark("ok", (x + c.px(0.9), y))
        words = "Went well: " + ", ".join(w.rstrip(".") for w in report.went_well)
        c.text(c.fitted(words, legend - x - c.px(4)), (x + c.px(2.4), y), "sm", "medium", col.mid)
    for word, ink, along in (("AP", col.beam, 0.0), ("Lateral", col.acc, 5.6)):
        lx = legend + c.px(along)
        c.box(pygame.Rect(round(lx), round(y - c.px(0.5)), c.px(1.0), c.px(1.0)), ink, radius=0.15)
        c.text(word, (lx + c.px(1.7), y), "xs", "sc", col.mid)
    room = pygame.Rect(
        x, rect.y + c.px(3.8), right - x, rect.bottom - c.px(0.4) - rect.y - c.px(3.8)
    )
    axis = Axis(room, shown_ticks(session, report))
    for i, label in enumerate(("Phase", "Beam", "Moments")):
        c.text(label, (rect.x + c.px(1.4), rect.y + c.px(5.4 + 3.9 * i)), "sm", "medium", col.low)
    _phases(kit, rect.y + c.px(5.4), session, axis.at)
    _beam(kit, rect.y + c.px(9.3), session, axis.at, (x, right))
    _moments(kit, rect.y + c.px(12.9), report, axis.at, (x, right))
    return axis


def _phases(kit: Kit, y: float, session: Session, at: Any) -> None:
    c, col = kit.canvas, kit.colour
    for phase, start, end in spans(session.trace):
        if at(end) - at(start) < 1:
            continue
        a, b = at(start), at(end)
        box = pygame.Rect(round(a), round(y - c.px(1.3)), max(round(b - a) - 2, 1), c.px(2.6))
        c.box(box, col.raised, radius=0.25)
        label = LABELS[phase]
        if c.width(label, "xs", "sc") < box.w - 6:
            c.text(label, box.center, "xs", "sc", col.mid, "c")


def _beam(kit: Kit, y: float, session: Session, at: Any, ends: tuple[float, float]) -> None:
    """AP in the upper half, lateral in the lower half."""
    c, col = kit.canvas, kit.colour
    half = c.px(0.95)
    c.fill((ends[0], y - half, ends[1] - ends[0], 2 * half), col.black)
    for row in session.trace:
        if not row.beam:
            continue
        side = lateral(row.orbit_deg)
        c.fill((at(row.tick), y if side else y - half, 2, half), col.acc if side else col.beam)


def _moments(kit: Kit, y: float, report: Report, at: Any, ends: tuple[float, float]) -> None:
    """Draw a mark for every moment, then their names where there is room, the worst first."""
    c = kit.canvas
    told = {f.id: f for f in (*report.moments, *report.errors, *report.critical)}
    found = sorted(told.values(), key=lambda f: (-f.harm, f.tick))
    xs = [at(finding.tick) for finding in found]
    for finding, x in reversed(list(zip(found, xs, strict=True))):  # the worst on top
        kit.mark("alarm" if finding in report.critical else "warn", (x, y), 1.6)
    half = c.px(0.9)
    taken: list[list[Span]] = [[(x - half, x + half) for x in xs], []]
    for finding, x in zip(found, xs, strict=True):
        words = finding.id.replace("_", " ")
        place = label_place(x, c.width(words, "xs", "sc"), c.px(1.5), ends, taken)
        if place is None:
            continue
        lane, left = place
        ink = kit.level("alarm" if finding in report.critical else "warn")[0]
        c.text(words, (left, y + lane * c.px(2.1)), "xs", "sc", ink)


Span = tuple[float, float]


def label_place(
    x: float, width: float, gap: float, ends: Span, taken: list[list[Span]]
) -> tuple[int, float] | None:
    """Return lane and left edge of a label beside a mark at `x`, and take that room.

    The first lane is the one with the marks; beside the mark on the right, then on the left.
    """
    for lane, spans_taken in enumerate(taken):
        for left in (x + gap, x - gap - width):
            right = left + width
            inside = ends[0] <= left and right <= ends[1]
            if inside and all(right < a or b < left for a, b in spans_taken):
                spans_taken.append((left - gap / 2, right + gap / 2))
                return lane, left
    return None


def lost(kit: Kit, rect: Any, y: float, report: Report) -> None:
    """List in the lower part of a pane where points were lost, most first."""
    c, col = kit.canvas, kit.colour
    x, right = rect.x + c.px(1.4), rect.right - c.px(1.4)
    if report.moments:
        c.rule(x, y - c.px(2.2), right - x)
    else:
        y += c.px(3.4)
    kit.section("Where points were lost", (x, y))
    y += c.px(3.2)
    rows = [row for row in report.lines if row[3] - row[2] > _WORTH]
    for domain, text, score, points in sorted(rows, key=lambda row: row[2] - row[3]):
        if y > rect.bottom - c.px(1.6):
            return
        c.text(f"–{points - score:.1f}", (x + c.px(3.6), y), "sm", "semi", col.warn, "r")
        c.text(domain.capitalize(), (x + c.px(5.2), y), "sm", "medium", col.low)
        c.text(c.fitted(text, right - x - c.px(18.0)), (x + c.px(18.0), y), "sm", "medium", col.hi)
        y += c.px(2.9)
    if not rows:
        c.text("Nowhere. Try a harder case.", (x, y), "body", "medium", col.hi)
        y += c.px(2.9)
    _well(kit, rect, y + c.px(1.6), report)


def _well(kit: Kit, rect: Any, y: float, report: Report) -> None:
    """List what went well, if all of it has room."""
    c = kit.canvas
    x = rect.x + c.px(1.4)
    if not report.went_well or y + c.px(3.2 + 2.9 * len(report.went_well)) > rect.bottom:
        return
    kit.section("What went well", (x, y))
    for words in report.went_well:
        y += c.px(2.9)
        kit.mark("ok", (x + c.px(2.6), y))
        c.text(c.fitted(words, rect.right - x - c.px(7)), (x + c.px(5.2), y))
