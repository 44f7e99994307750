"""The patient: ECG, numbers, pain and words."""

from __future__ import annotations

from typing import Any

import pygame

from simulator.ui.kit import Kit
from simulator.ui.plots import ecg
from simulator.ui.scene import Scene, number
from simulator.ui.theme import Rgb
from simulator.units import TICKS_PER_S
from simulator.world.vitals import Vitals

_COLUMN_U = (27.6, 34.0, 41.8, 48.4)
"""Where the numbers stand; MAP needs room for three figures."""


def wakefulness(sedation: float) -> str:
    """Return how awake the patient is, in words."""
    if sedation < 0.12:
        return "Awake, answers"
    if sedation < 0.5:
        return "Drowsy, answers"
    return "Asleep, rouses" if sedation < 0.8 else "Does not answer"


def level(vitals: Vitals) -> str:
    """Return the state of the worst vital sign."""
    if vitals.spo2_pct < 88 or vitals.map_mmhg < 55 or vitals.resp_rate_min < 7:
        return "alarm"
    if vitals.spo2_pct < 92 or vitals.map_mmhg < 65 or vitals.resp_rate_min < 9:
        return "warn"
    return "ok"


def draw(kit: Kit, rect: Any, scene: Scene) -> None:
    """Draw the pane."""
    c, col = kit.canvas, kit.colour
    v = scene.state.vitals
    kit.pane(rect)
    state = level(v)
    if state == "alarm":
        c.box(rect, col.alarmd, col.alarm, 0.55)
    y = rect.y + c.px(2.0)
    x = rect.x + c.px(1.45)
    x += kit.section("Patient", (x, y)) + c.px(1.3)
    kit.chip(wakefulness(v.sedation), (x, y), ground=col.card)
    box = pygame.Rect(rect.x + c.px(1.4), rect.y + c.px(4.0), c.px(24.6), c.px(5.4))
    ecg(kit, box, scene.state.tick / TICKS_PER_S, v.heart_rate_min)
    columns: tuple[tuple[str, str, str, Rgb, bool], ...] = (
        ("HR", number(v.heart_rate_min), "/min", col.ok, v.heart_rate_min > 120),
        ("MAP", number(v.map_mmhg), "mmHg", col.press, v.map_mmhg < 65),
        ("SpO₂", number(v.spo2_pct), "%", col.acc, v.spo2_pct < 92),
        ("RR", number(v.resp_rate_min), "/min", col.mid, v.resp_rate_min < 9),
    )
    for i, (name, value, unit, ink, bad) in enumerate(columns):
        left = rect.x + c.px(_COLUMN_U[i])
        c.text(name, (left, y), "xs", "scb", ink)
        c.text(value, (left, rect.y + c.px(7.1)), "xl", "semi", ink, baseline=True)
        c.text(unit, (left, rect.y + c.px(8.8)), "xs", "sc", col.mid)
        if bad:
            kit.mark("alarm" if state == "alarm" else "warn", (left + c.px(4.4), y), 1.4)
    _says(kit, rect, scene)


def _says(kit: Kit, rect: Any, scene: Scene) -> None:
    c, col = kit.canvas, kit.colour
    pain = scene.state.vitals.pain_vas
    row = pygame.Rect(rect.x + c.px(0.9), rect.y + c.px(10.3), rect.w - c.px(1.8), c.px(3.9))
    c.box(row, col.card)
    face = "face_good" if pain < 2.5 else "face_flat" if pain < 5.5 else "face_bad"
    ink = col.hi if pain < 4.5 else col.warn if pain < 7 else col.alarm
    c.icon(face, (row.x + c.px(2.3), row.centery), 2.7, ink, col.card)
    x = row.x + c.px(4.3)
    x += c.text(f"Pain {number(pain)}/10", (x, row.centery), "sm", "medium", ink) + c.px(1.3)
    c.post(x, row.y + c.px(0.9), row.h - c.px(1.8), col.line2)
    x += c.px(1.3)
    said = [cap for cap in scene.session.captions if cap.speaker == "patient"]
    words = f"“{said[-1].text}”" if said else "Says nothing."
    c.text(
        c.fitted(words, row.right - x - c.px(1)),
        (x, row.centery),
        "sm",
        "medium",
        col.hi if said else col.low,
    )
