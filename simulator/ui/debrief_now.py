"""What the gauges said at one moment of a run, and what happened around it."""

from __future__ import annotations

import bisect
from collections.abc import Callable, Sequence
from functools import partial
from typing import Any

import pygame

from simulator.engine.session import Sample, Session
from simulator.frames import dot, minus, norm
from simulator.procedure.phases import LABELS, chapter
from simulator.records.charts import forward
from simulator.ui.debrief_stops import Stop, last_at
from simulator.ui.hots import Hot
from simulator.ui.kit import Kit
from simulator.ui.plots import Axes, curve, grid, pressure_volume
from simulator.ui.scene import clock, number
from simulator.units import TICKS_PER_S

Go = Callable[[int], None]
_ROW = 2.6
_BEFORE = 0.55
"""Share of the list that is the past."""


def rows_until(session: Session, tick: int) -> Sequence[Sample]:
    """Return the samples up to a moment."""
    at = bisect.bisect_right(session.trace, tick, key=lambda row: row.tick)
    return session.trace[:at]


def off_plan_mm(session: Session, row: Sample) -> float | None:
    """Return how far the tip is from the planned line of its side, if a tool is in and planned."""
    if row.tip_mm is None or row.side not in session.case.sides:
        return None
    plan = session.case.plans[row.side]
    ahead = minus(row.tip_mm, plan.skin_mm)
    along = dot(ahead, plan.direction)
    way = plan.direction
    return norm(minus(ahead, (along * way[0], along * way[1], along * way[2])))


def gauges(session: Session, row: Sample) -> list[tuple[str, str]]:
    """Return the gauges that have something to say."""
    out = []
    if row.tip_mm is not None:
        side = "right" if row.side else "left"
        out.append((f"Tool, {side}", f"{number(row.depth_mm, 1)} mm deep, {number(row.force_n)} N"))
        off = off_plan_mm(session, row)
        if off is not None:
            out.append(("Tip off the plan", f"{number(off, 1)} mm"))
    if row.tamp_ml > 0.0 or row.tamp_psi > 0.0:
        words = f"{number(row.tamp_ml, 1)} mL, {number(row.tamp_psi)} psi"
        out.append(("Tamp", words))
    if row.cement_ml > 0.0 or row.thumb_n > 0.0:
        words = f"{number(row.cement_ml, 2)} mL, thumb {number(row.thumb_n)} N"
        out.append(("Cement", words))
    out.append(("Air kerma", f"{number(row.kerma_mgy, 1)} mGy"))
    return out


def draw(
    kit: Kit,
    rect: Any,
    session: Session,
    times: tuple[int, int],
    rows: Sequence[Sample],
    expert: Sequence[tuple[float, float]] = (),
) -> float:
    """Draw clock, vital signs, gauges and the curve of what is in hand.

    Args:
        kit: To draw with.
        rect: The pane.
        session: The run.
        times: The moment, and the end of the run.
        rows: Samples up to the moment.
        expert: Seconds since the first cement and mL of the expert's run, where it is compared.

    Returns:
        The y below.
    """
    tick, end = times
    c, col = kit.canvas, kit.colour
    x, right = rect.x + c.px(1.4), rect.right - c.px(1.4)
    y = rect.y + c.px(5.6)
    w = c.text(clock(tick), (x, y), "num", "semi")
    phase = chapter(rows[-1].phase) if rows else chapter(session.snapshots[0].phase)
    kit.chip(LABELS[phase], (x + w + c.px(1.6), y), col.acc, col.accd)
    c.text(f"of {clock(end)}", (right, y), "sm", "medium", col.low, "r")
    if not rows:
        return float(y + c.px(3.4))
    now = rows[-1]
    y += c.px(5.0)
    each = (right - x) / 4
    vitals = (
        ("HR", number(now.heart_min), "/min", col.ok),
        ("MAP", number(now.map_mmhg), "mmHg", col.press),
        ("SpO₂", number(now.spo2), "%", col.acc),
        ("Pain", number(now.pain_vas), "of 10", col.hi),
    )
    for i, (name, value, unit, ink) in enumerate(vitals):
        left = x + i * each
        c.text(name, (left, y - c.px(1.0)), "xs", "scb", ink)
        kit.number(value, unit, (left, y + c.px(2.6)), "lg", "xs", ink)
    y += c.px(5.2)
    for label, value in gauges(session, now):
        kit.pair(label, value, x, right, y)
        y += c.px(_ROW)
    box = pygame.Rect(x + c.px(3.6), round(y + c.px(0.4)), rect.w - c.px(6.4), c.px(11.0))
    _curve(kit, box, session, rows, expert)
    return float(box.bottom + c.px(4.2))


def _curve(
    kit: Kit,
    box: Any,
    session: Session,
    rows: Sequence[Sample],
    expert: Sequence[tuple[float, float]],
) -> None:
    """Draw what is in hand: pressure over volume, cement over time, else push over depth."""
    now, part = rows[-1], chapter(rows[-1].phase)
    if part == "tamp" and any(row.tamp_psi > 0.0 for row in rows):
        spec = session.case.tamp
        both = [
            [(r.tamp_ml, r.tamp_psi) for r in rows if r.side == s and r.tamp_psi > 0.0]
            for s in (0, 1)
        ]
        spot = (now.tamp_ml, now.tamp_psi)
        pressure_volume(kit, box, both, spot, (spec.max_volume_ml, spec.max_pressure_psi))
        return
    col = kit.colour
    if now.cement_ml > 0.0:
        since = next(row.tick for row in rows if row.cement_ml > 0.0)
        given = [((r.tick - since) / TICKS_PER_S, r.cement_ml) for r in rows if r.tick >= since]
        longest, most = max([*expert[-1:], given[-1]]), max(m for _, m in [*expert, *given])
        axes = Axes(box, (0.0, max(longest[0], 30.0)), (0.0, max(1.2 * most, 2.0)))
        grid(kit, axes, "s since the first cement", "mL", (5, 3))
        curve(kit.canvas, axes, given, col.hi)
        if expert:
            curve(kit.canvas, axes, expert, col.exp, dashed=True)
            words = f"expert {number(expert[-1][1], 2)} mL in {number(expert[-1][0])} s"
            spot = (box.right - kit.px(0.6), box.bottom - kit.px(1.4))
            kit.canvas.text(words, spot, "xs", "sc", col.exp, "r")
        return
    pushed = [(r.depth_mm, r.force_n) for r in rows if r.side == now.side and r.force_n > 0.5]
    deep = max((d for d, _ in pushed), default=0.0)
    peak = max((f for _, f in pushed), default=0.0)
    axes = Axes(box, (0.0, max(1.05 * deep, 60.0)), (0.0, max(1.15 * peak, 60.0)))
    grid(kit, axes, "depth, mm", "N", (5, 3))
    for run in forward(pushed):
        curve(kit.canvas, axes, run, col.side(now.side), dashed=now.side == 1)


def happened(kit: Kit, rect: Any, rows: Sequence[Stop], tick: int, go: Go) -> None:
    """List what happened around a moment; a click goes there."""
    c, col = kit.canvas, kit.colour
    count = int(rect.h / c.px(_ROW))
    if count < 1 or not rows:
        return
    now = last_at(rows, tick)
    first = min(max(now - round(_BEFORE * count) + 1, 0), max(len(rows) - count, 0))
    y = float(rect.y)
    for i, stop in enumerate(rows[first : first + count], first):
        box = pygame.Rect(rect.x, round(y), rect.w, c.px(_ROW))
        name = f"stop.{i}"
        if i == now:
            c.box(box, col.accd, radius=0.3)
        elif kit.hots.hovered(box):
            c.box(box, col.raised, radius=0.3)
        ink = kit.level(stop.level)[0] if stop.level else col.hi if i == now else col.mid
        x = box.x + c.px(0.8)
        c.text(clock(stop.tick), (x, box.centery), "xs", "sc", col.low)
        x += c.px(5.4)
        if stop.level:
            kit.mark(stop.level, (x + c.px(0.7), box.centery), 1.3)
        elif stop.picture:
            c.icon("trefoil", (x + c.px(0.7), box.centery), 1.4, col.beam)
        elif stop.phase:
            c.icon("play", (x + c.px(0.7), box.centery), 1.3, col.acc)
        x += c.px(2.2)
        face = "scb" if stop.phase or i == now else "sc"
        words = c.fitted(stop.words, box.right - x - c.px(0.6), "sm", face)
        c.text(words, (x, box.centery), "sm", face, ink)
        kit.hots.add(Hot(name, box, partial(go, stop.tick)))
        y += c.px(_ROW)
