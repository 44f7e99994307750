"""The four curves under a debrief: push, tamp, cement, dose, else blood pressure."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

import pygame

from simulator.engine.session import Session
from simulator.records.bands import Band
from simulator.records.charts import forward
from simulator.records.measured import measures
from simulator.ui.kit import Kit
from simulator.ui.plots import Axes, Spot, curve, grid, pressure_volume
from simulator.ui.scene import number
from simulator.units import TICKS_PER_S
from simulator.world.report import Report

Paint = Callable[[Kit, Any, Any, Session], None]
_MOST = 4


def draw(kit: Kit, rect: Any, session: Session, end_tick: int, report: Report) -> None:
    """Draw the first four that have something to show, side by side."""
    c = kit.canvas
    gap = c.px(1.33)
    paints = shown(session, end_tick, report)
    wide = (rect.w - (len(paints) - 1) * gap) // max(len(paints), 1)
    for i, paint in enumerate(paints):
        box = pygame.Rect(rect.x + i * (wide + gap), rect.y, wide, rect.h)
        inner = pygame.Rect(
            box.x + c.px(5.0), box.y + c.px(4.4), box.w - c.px(6.6), box.h - c.px(9.0)
        )
        paint(kit, box, inner, session)


def shown(session: Session, end_tick: int, report: Report) -> list[Paint]:
    """Return the plots that have something to show, at most four; what was not done has none."""
    dose: Paint = partial(_dose, end_tick=end_tick, report=report)
    vitals: Paint = partial(_pressure, end_tick=end_tick)
    rows = session.trace
    plots: list[tuple[Paint, bool]] = [
        (_push, any(r.force_n > 0.0 for r in rows)),
        (_tamp, any(r.tamp_ml > 0.0 for r in rows)),
        (_cement, session.state.given_ml > 0.0),
        (dose, session.state.c_arm.exposures > 0),
        (vitals, len(rows) > 1),
    ]
    return [paint for paint, there in plots if there][:_MOST]


def _title(kit: Kit, box: Any, title: str, value: str) -> None:
    c = kit.canvas
    kit.pane(box, title)
    c.text(value, (box.right - c.px(1.4), box.y + c.px(1.9)), "sm", "medium", kit.colour.hi, "r")


def _push(kit: Kit, box: Any, inner: Any, session: Session) -> None:
    sides = [
        [(r.depth_mm, r.force_n) for r in session.trace if r.side == s and r.force_n > 0.5]
        for s in (0, 1)
    ]
    spots = sides[0] + sides[1]
    peak = max((f for _, f in spots), default=0.0)
    _title(kit, box, "Push", f"peak {number(peak)} N")
    deep = max((d for d, _ in spots), default=60.0)
    axes = Axes(inner, (0.0, max(deep * 1.05, 20.0)), (0.0, max(peak * 1.15, 40.0)))
    grid(kit, axes, "depth, mm", "N")
    for side, line in enumerate(sides):
        for run in forward(line):
            curve(kit.canvas, axes, run, kit.colour.side(side), dashed=side == 1)


def _tamp(kit: Kit, box: Any, inner: Any, session: Session) -> None:
    rows: list[list[Spot]] = [
        [(r.tamp_ml, r.tamp_psi) for r in session.trace if r.side == s and r.tamp_psi > 0.0]
        for s in (0, 1)
    ]
    peak = max((p for line in rows for _, p in line), default=0.0)
    _title(kit, box, "Tamp", f"peak {number(peak)} psi")
    spec = session.case.tamp
    limits = (spec.max_volume_ml, spec.max_pressure_psi)
    pressure_volume(kit, inner, rows, None, limits)


def _cement(kit: Kit, box: Any, inner: Any, session: Session) -> None:
    c, col = kit.canvas, kit.colour
    cement, spec = session.state.cement, session.case.cement
    _title(kit, box, "Cement given", f"{number(session.state.given_ml, 1)} mL")
    mixed = cement.mixed_tick or 0
    spots = [
        ((r.tick - mixed) / TICKS_PER_S / 60.0, r.cement_ml)
        for r in session.trace
        if cement.mixed_tick is not None and r.tick >= mixed
    ]
    stops = [spec.wait_s / 60.0, spec.work_until_s / 60.0, spec.set_s / 60.0]
    axes = Axes(inner, (0.0, stops[2] * 1.1), (0.0, max(session.state.given_ml * 1.2, 3.0)))
    grid(kit, axes, "min since mixing", "mL")
    for a, b, ink, words in (
        (stops[0], stops[1], col.ok, "working"),
        (stops[1], stops[2] * 1.1, col.alarm, "stiff"),
    ):
        xa, xb = axes.at(a, 0)[0], axes.at(b, 0)[0]
        c.fill((xa, inner.y, xb - xa, inner.h), ink, 0.13)
        c.text(words, (xa + c.px(0.7), inner.y + c.px(1.3)), "xs", "sc", ink)
    inside = [s for s in spots if s[0] <= axes.x[1]]
    curve(c, axes, inside, col.hi)


def _dose(kit: Kit, box: Any, inner: Any, session: Session, end_tick: int, report: Report) -> None:
    kerma = session.state.c_arm.air_kerma_mgy
    mine = next((m for m in measures(report) if m.name == "air_kerma_mgy"), None)
    band = mine.band if mine else None
    _title(kit, box, "Air kerma", f"{number(kerma, 1)} mGy")
    spots = [(r.tick / TICKS_PER_S / 60.0, r.kerma_mgy) for r in session.trace]
    end = end_tick / TICKS_PER_S / 60.0
    spots = [spot for spot in spots if spot[0] <= end]
    axes = Axes(
        inner, (0.0, max(end, 1.0)), (0.0, max(1.15 * max(kerma, band[1] if band else 0.0), 1.0))
    )
    grid(kit, axes, "min", "mGy")
    if mine and band:
        _bracket(kit, axes, band, f"expert {mine.band_words}")
    curve(kit.canvas, axes, spots, kit.colour.beam)


def _bracket(kit: Kit, axes: Axes, band: Band, words: str) -> None:
    """Draw at the right edge where the expert's curves end, and say so."""
    c, ink, rect = kit.canvas, kit.colour.exp, axes.rect
    low, high = (axes.at(axes.x[1], v)[1] for v in band)
    wide, tall = c.px(1.2), max(low - high, c.px(0.5))
    c.fill((rect.right - wide, high, wide, tall), ink, 0.22)
    for y in (high, high + tall):
        c.fill((rect.right - wide, y, wide, 2), ink)
    c.fill((rect.right - wide, high, 2, tall), ink)
    c.text(words, (rect.x + c.px(0.7), rect.y + c.px(1.3)), "xs", "sc", ink)


def _pressure(kit: Kit, box: Any, inner: Any, session: Session, end_tick: int) -> None:
    spots = [(r.tick / TICKS_PER_S / 60.0, r.map_mmhg) for r in session.trace if r.tick <= end_tick]
    lowest = min((v for _, v in spots), default=0.0)
    _title(kit, box, "Mean arterial pressure", f"lowest {number(lowest)} mmHg")
    end = end_tick / TICKS_PER_S / 60.0
    axes = Axes(inner, (0.0, max(end, 1.0)), (0.0, max(140.0, *(v for _, v in spots))))
    grid(kit, axes, "min", "mmHg")
    curve(kit.canvas, axes, spots, kit.colour.press)
