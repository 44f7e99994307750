"""Curves: the trace of a force, pressure against volume, and the plots of the debrief."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

import pygame

from simulator.ui.canvas import Canvas
from simulator.ui.kit import Kit
from simulator.ui.theme import Rgb

Spot = tuple[float, float]


@dataclass(frozen=True, slots=True)
class Axes:
    """Maps values to the pixels of a plot."""

    rect: Any
    x: tuple[float, float]
    y: tuple[float, float]

    def at(self, x: float, y: float) -> Spot:
        """Return the pixel of a value, kept inside the plot."""
        fx = (x - self.x[0]) / ((self.x[1] - self.x[0]) or 1.0)
        fy = (y - self.y[0]) / ((self.y[1] - self.y[0]) or 1.0)
        fx, fy = min(max(fx, 0.0), 1.0), min(max(fy, 0.0), 1.0)
        return self.rect.x + fx * (self.rect.w - 1), self.rect.bottom - 1 - fy * (self.rect.h - 1)


def steps(span: float, count: int) -> float:
    """Return a round step that divides `span` into about `count` parts."""
    raw = max(span, 1e-9) / count
    size = 10.0 ** len(str(int(raw))) / 10 if raw >= 1 else 1.0
    while size > raw and size > 1e-6:
        size /= 10
    for factor in (1, 2, 2.5, 5, 10):
        if size * factor >= raw:
            return size * factor
    return size * 10


def _label(value: float) -> str:
    text = f"{value:.2f}".rstrip("0").rstrip(".")
    return text.replace("-", "–")


def grid(
    kit: Kit, axes: Axes, unit_x: str, unit_y: str = "", parts: tuple[int, int] = (5, 4)
) -> None:
    """Draw ground, grid lines and the numbers outside."""
    c, col = kit.canvas, kit.colour
    rect = axes.rect
    c.fill(rect, col.black)
    step = steps(axes.x[1] - axes.x[0], parts[0])
    value = (axes.x[0] // step) * step
    while value <= axes.x[1] + 1e-9:
        if value >= axes.x[0] - 1e-9:
            x, _ = axes.at(value, axes.y[0])
            c.post(x, rect.y, rect.h)
            c.text(_label(value), (x, rect.bottom + c.px(1.2)), "xs", "sc", col.low, "c")
        value += step
    step = steps(axes.y[1] - axes.y[0], parts[1])
    value = axes.y[0] + step
    while value <= axes.y[1] + 1e-9:
        _, y = axes.at(axes.x[0], value)
        c.rule(rect.x, y, rect.w)
        c.text(_label(value), (rect.x - c.px(0.7), y), "xs", "sc", col.low, "r")
        value += step
    c.text(unit_x, (rect.right, rect.bottom + c.px(3.0)), "xs", "sc", col.low, "r")
    if unit_y:
        c.text(unit_y, (rect.x - c.px(0.7), rect.bottom - c.px(0.6)), "xs", "sc", col.low, "r")


def curve(
    c: Canvas, axes: Axes, spots: Sequence[Spot], colour: Rgb, *, dashed: bool = False
) -> None:
    """Draw a curve; thinned to what the pixels can show."""
    if len(spots) < 2:
        return
    every = max(1, len(spots) // (2 * axes.rect.w + 1))
    points = [axes.at(*spot) for spot in spots[::every]]
    points.append(axes.at(*spots[-1]))
    if not dashed:
        c.line(points, colour, 0.2)
        return
    run: list[Spot] = []
    length = 0.0
    for a, b in pairwise(points):
        length += abs(b[0] - a[0]) + abs(b[1] - a[1])
        if length % (1.3 * c.theme.u) < 0.85 * c.theme.u:
            run = run or [a]
            run.append(b)
        elif run:
            c.line(run, colour, 0.2)
            run = []
    c.line(run, colour, 0.2)


def trace(
    kit: Kit,
    rect: Any,
    values: Sequence[float],
    count: int,
    top: float,
    limit: tuple[float, str, Rgb] | None,
    marks: Iterable[float],
) -> None:
    """Draw the last `count` samples of a gauge; the newest stands near the right edge."""
    c, col = kit.canvas, kit.colour
    c.fill(rect, col.black)
    inner = rect.inflate(-c.px(1.2), -c.px(1.0))
    axes = Axes(inner, (0.0, float(count)), (0.0, top))
    taken = -1e9
    if limit is not None:
        value, words, ink = limit
        _, y = axes.at(0, value)
        c.dashed((rect.x, y), (rect.right - 1, y), ink)
        taken = y + c.px(1.35) if y - rect.y < c.px(2.0) else y - c.px(1.0)
        c.text(words, (rect.x + c.px(0.6), taken), "xs", "sc", ink)
    for mark in marks:
        _, y = axes.at(0, mark)
        if abs(y - taken) > c.px(0.9):  # not through the words of the limit
            c.rule(rect.x, y, rect.w)
        if abs(y - c.px(0.9) - taken) > c.px(1.7):
            c.text(f"{mark:.0f}", (rect.x + c.px(0.6), y - c.px(0.9)), "xs", "sc", col.low)
    if len(values) > 1:
        late = list(values[-count:])
        start = count - len(late)
        points = [axes.at(start + i, v) for i, v in enumerate(late)]
        c.line(points, col.hi, 0.2)
        c.disc(points[-1], c.theme.u * 0.35, col.hi)


def pressure_volume(
    kit: Kit,
    rect: Any,
    curves: Sequence[Sequence[Spot]],
    now: Spot | None,
    limits: tuple[float, float],
) -> None:
    """Draw both tamps' saw-teeth: left solid, right dashed, beyond the limits reddish."""
    c, col = kit.canvas, kit.colour
    max_ml, max_psi = limits
    axes = Axes(rect, (0.0, max_ml * 1.125), (0.0, max_psi * 1.125))
    c.fill(rect, col.black)
    _, y_limit = axes.at(0, max_psi)
    x_limit, _ = axes.at(max_ml, 0)
    c.fill((rect.x, rect.y, rect.w, y_limit - rect.y), col.alarm, 0.18)
    c.fill((x_limit, y_limit, rect.right - x_limit, rect.bottom - y_limit), col.alarm, 0.18)
    for ml in range(1, int(max_ml) + 1):
        x, _ = axes.at(ml, 0)
        c.post(x, rect.y, rect.h, col.alarm if ml == max_ml else None)
        c.text(str(ml), (x, rect.bottom + c.px(1.2)), "xs", "sc", col.low, "c")
    if max_ml != int(max_ml):
        c.post(x_limit, rect.y, rect.h, col.alarm)
    c.text("mL", (rect.right, rect.bottom + c.px(1.2)), "xs", "sc", col.low, "r")
    for psi in range(100, int(max_psi) + 1, 100):
        _, y = axes.at(0, psi)
        c.rule(rect.x, y, rect.w, col.alarm if psi == max_psi else None)
        c.text(str(psi), (rect.x - c.px(0.7), y), "xs", "sc", col.low, "r")
    c.text("psi", (rect.x - c.px(0.7), rect.bottom - c.px(0.7)), "xs", "sc", col.low, "r")
    for index, spots in enumerate(curves):
        curve(c, axes, spots, col.side(index), dashed=index == 1)
    if now is not None:
        at = axes.at(*now)
        c.disc(at, c.theme.u * 0.5, col.hi)
        c.disc(at, c.theme.u * 0.22, col.black)


Beat = Callable[[float], float]


def heartbeat(phase: float) -> float:
    """Return the ECG of one beat, lead II, at `phase` 0..1: P, QRS and T as bumps."""
    waves = (
        (0.18, 0.025, 0.13),
        (0.265, 0.008, -0.12),
        (0.285, 0.011, 1.0),
        (0.31, 0.01, -0.22),
        (0.52, 0.045, 0.27),
    )
    return sum(h * math.exp(-(((phase - at) / w) ** 2) / 2) for at, w, h in waves)


def ecg(kit: Kit, rect: Any, time_s: float, rate_min: float, sweep_s: float = 4.0) -> None:
    """Draw a sweeping monitor: the newest part bright, a gap, then the rest of the last sweep."""
    c, col = kit.canvas, kit.colour
    c.box(rect, col.black, radius=0.3)
    inner = rect.inflate(-c.px(1.0), -c.px(1.2))
    head = (time_s % sweep_s) / sweep_s
    gap = 0.07
    dim = (0x1B, 0x6B, 0x52)
    count = max(40, inner.w // 2)
    new: list[Spot] = []
    old: list[Spot] = []
    for i in range(count + 1):
        share = i / count
        when = time_s - (head - share) * sweep_s - (sweep_s if share > head else 0.0)
        y = heartbeat((when * rate_min / 60.0) % 1.0)
        spot = (inner.x + share * inner.w, inner.y + inner.h * (0.78 - 0.68 * y))
        if share <= head:
            new.append(spot)
        elif share > head + gap:
            old.append(spot)
    c.line(old, dim, 0.15)
    c.line(new, col.ok, 0.2)
    if new:
        pygame.draw.circle(c.surface, col.hi, new[-1], max(1, c.px(0.2)))
    c.text("II", (rect.x + c.px(0.7), rect.y + c.px(1.1)), "xs", "sc", col.ok)
