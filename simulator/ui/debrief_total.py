"""The score of a debrief: total, verdict, and every domain against the expert's band."""

from __future__ import annotations

from typing import Any

import pygame

from simulator.records.bands import Band
from simulator.records.measured import FRAME, SCALED, expert, reached, whole
from simulator.ui.kit import Kit
from simulator.ui.scene import number
from simulator.world.report import Report

_NARROW = 0.5
"""A frame is never thinner than this, in u."""


def domain_level(score: float, most: float) -> str:
    """Return how a domain's share of points is shown."""
    share = score / most if most else 1.0
    return "ok" if share >= 0.8 else "warn" if share >= 0.55 else "alarm"


def frame(bar: Any, low: float, high: float, least: int) -> Any:
    """Return the expert's frame around a bar, for shares of 0..1; at least `least` pixels wide."""
    low, high = (min(max(v, 0.0), 1.0) for v in (low, high))
    wide = max(round(bar.w * (high - low)), least)
    left = min(round(bar.w * low), bar.w - wide)
    return pygame.Rect(bar.x + left, bar.y, wide, bar.h).inflate(0, round(0.6 * bar.h))


def draw_frame(kit: Kit, bar: Any, band: Band, top: float) -> None:
    """Draw the expert's lowest and highest as an outline over a bar that ends at `top`."""
    c = kit.canvas
    box = frame(bar, band[0] / top, band[1] / top, max(c.px(_NARROW), 4))
    width = 2 * c.theme.hair
    for part in (
        (box.x, box.y, box.w, width),
        (box.x, box.bottom - width, box.w, width),
        (box.x, box.y, width, box.h),
        (box.right - width, box.y, width, box.h),
    ):
        c.fill(part, kit.colour.exp)


def key(kit: Kit, at: tuple[float, float], room: float) -> None:
    """Say what the frames are."""
    c = kit.canvas
    bar = pygame.Rect(round(at[0]), round(at[1] - c.px(0.5)), c.px(2.6), c.px(1.0))
    draw_frame(kit, bar, (0.0, 1.0), 1.0)
    words = c.fitted(FRAME, room - c.px(3.6), "xs", "sc")
    c.text(words, (at[0] + c.px(3.6), at[1]), "xs", "sc", kit.colour.low)


def draw(kit: Kit, rect: Any, report: Report) -> None:
    """Draw the pane."""
    c, col = kit.canvas, kit.colour
    kit.pane(rect)
    centre = (rect.x + c.px(8.9), rect.y + c.px(9.0))
    radius = float(c.px(6.6))
    ink = col.ok if report.passed else col.warn if report.total >= 50 else col.alarm
    c.arc(centre, radius, (-135, 135), col.raised, 1.3)
    if report.total > 1:
        c.arc(centre, radius, (-135, -135 + 270 * min(report.total, 100) / 100), ink, 1.3)
    c.text(number(report.total), (centre[0], centre[1] - c.px(0.3)), "hero", "semi", col.hi, "c")
    c.text("of 100", (centre[0], centre[1] + c.px(4.4)), "xs", "sc", col.low, "c")
    x, right = rect.x + c.px(18.0), rect.right - c.px(1.4)
    level = "ok" if report.passed else "alarm"
    kit.mark(level, (x + c.px(0.9), rect.y + c.px(4.2)), 2.2)
    words = "Passed" if report.passed else "Not passed"
    c.text(words, (x + c.px(2.8), rect.y + c.px(4.2)), "lg", "semi", kit.level(level)[0])
    c.paragraph(report.reason, (x, rect.y + c.px(7.8)), right - x, colour=col.hi, lines=3)
    band = reached(report, "total")
    if band:
        c.text(f"Built-in expert: {band}", (x, rect.y + c.px(15.0)), "sm", "medium", col.low)
    c.rule(rect.x + c.px(1.4), rect.y + c.px(16.8), rect.w - c.px(2.8))
    _domains(kit, rect, report)


def _domains(kit: Kit, rect: Any, report: Report) -> None:
    c, col = kit.canvas, kit.colour
    frames = expert(report)
    judged = [(name, d) for name, d in report.domains.items() if d.max > 0.0]
    part = not whole(report)
    room = rect.h - c.px(21.0 if frames or part else 18.6)
    pitch = min(c.px(2.95), room // max(len(judged), 1))
    x, y, wide = rect.x + c.px(1.4), rect.y + c.px(19.0), rect.w - c.px(2.8)
    if part:
        size, face = c.best_fit(SCALED, wide)
        c.text(SCALED, (x, y), size, face, col.mid)
        y += c.px(2.6)
    for name, domain in judged:
        level = domain_level(domain.score, domain.max)
        c.text(name.capitalize(), (x, y))
        bar = pygame.Rect(rect.x + c.px(15.0), round(y - c.px(0.6)), c.px(20.5), c.px(1.2))
        kit.meter(bar, domain.score / domain.max, kit.level(level)[0])
        if name in frames:
            draw_frame(kit, bar, frames[name], domain.max)
        kit.mark(level, (rect.x + c.px(37.4), y))
        points = f"{short(domain.score)} / {short(domain.max)}"
        c.text(points, (rect.right - c.px(1.4), y), "sm", "medium", col.hi, "r")
        y += pitch
    if frames:
        key(kit, (x, rect.bottom - c.px(1.8)), wide)


def short(value: float) -> str:
    """Return points with a decimal only where there is one."""
    return f"{value:.1f}".rstrip("0").rstrip(".")
