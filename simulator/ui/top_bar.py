"""The bar on top: case, clock, dose, beam lamp."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pygame

from simulator.ui.hots import Hot
from simulator.ui.kit import Kit
from simulator.ui.scene import Scene, clock, number


def draw(
    kit: Kit, rect: Any, scene: Scene, help_: Callable[[], Any], pause: Callable[[], Any]
) -> None:
    """Draw the bar and its buttons."""
    c, col = kit.canvas, kit.colour
    c.fill(rect, col.pane)
    c.rule(rect.x, rect.bottom - 1, rect.w)
    y = rect.centery
    x = c.px(1.6)
    end = rect.centerx - c.px(21.0)
    taken = c.px(12) + (c.width(_level(scene)) + c.px(3) if scene.case.levels else 0)
    title = c.fitted(scene.case.notes.title, end - x - taken, "md", "semi")
    x += c.text(title, (x, y), "md", "semi") + c.px(1.5)
    if scene.coach:
        x += kit.chip("Guided", (x, y), col.acc, col.accd, "bulb") + c.px(1.3)
    if scene.case.levels:
        x += kit.chip(_level(scene), (x, y), col.exp, col.raised) + c.px(1.3)
    if scene.session.practice is not None:
        x += kit.chip("Practice", (x, y), col.warn, col.warnd) + c.px(1.3)
    if x + c.width(_procedure(scene)) < end:
        c.text(_procedure(scene), (x, y), "sm", "medium", col.low)
    _numbers(kit, rect, scene)
    boxes = []
    right = rect.right - c.px(1.6)
    for width in (6.2, 6.2, 3.9, 15.2):
        boxes.append(pygame.Rect(right - c.px(width), round(y - c.px(1.6)), c.px(width), c.px(3.2)))
        right = boxes[-1].x - c.px(0.9)
    _lamp(kit, boxes[3], scene)  # from left to right: the order of Tab
    kit.button("help", boxes[2], "?", "", help_)
    sign = "speaker" if scene.sound else "muted"
    kit.button("sound", boxes[1], "", "M", _mute(scene), icon=sign)
    kit.button("pause", boxes[0], "", "Esc", pause, icon="pause")


def _procedure(scene: Scene) -> str:
    case = scene.case
    ways = "two cannulas" if len(case.sides) > 1 else "one cannula"
    return f"{case.procedure.value.capitalize()}, {ways}"


def _level(scene: Scene) -> str:
    """Name the level in work and its place among the others."""
    case = scene.case
    return f"{case.patient.target.level}, {case.level + 1} of {len(case.levels)}"


def _mute(scene: Scene) -> Callable[[], None]:
    def act() -> None:
        scene.sound = not scene.sound

    return act


def _numbers(kit: Kit, rect: Any, scene: Scene) -> None:
    c = kit.canvas
    arm = scene.state.c_arm
    parts = (
        ("Time", clock(scene.state.tick), ""),
        ("Beam", clock(arm.fluoro_ticks), ""),
        ("Kerma", number(arm.air_kerma_mgy, 1), "mGy"),
        ("Skin", number(arm.skin_peak_mgy, 0 if arm.skin_peak_mgy >= 10 else 1), "mGy"),
        ("You", number(arm.operator_dose_usv, 0 if arm.operator_dose_usv >= 10 else 1), "µSv"),
    )
    x = rect.centerx - c.px(19.0)
    y = rect.centery
    base = y + c.theme.type_px("md") * 0.357
    for label, value, unit in parts:
        x += kit.section(label, (x, y)) + c.px(0.8)
        x += c.text(value, (x, base), "md", "semi", baseline=True) + c.px(0.6)
        if unit:
            x += c.text(unit, (x, base), "xs", "sc", kit.colour.low, baseline=True)
        if label == "Time" and (scene.operator.fast or scene.operator.waiting):
            c.icon("faster", (x + c.px(0.6), y), 1.5, kit.colour.warn)
            x += c.px(1.7)
            x += c.text(
                "wait" if scene.operator.waiting else "8×", (x, y), "sm", "semi", kit.colour.warn
            )
        x += c.px(1.9)


def _lamp(kit: Kit, rect: Any, scene: Scene) -> None:
    """Draw the beam lamp; held down with the mouse it is the pedal."""
    c, col = kit.canvas, kit.colour
    y = rect.centery
    if scene.state.c_arm.beam_on:
        c.box(rect, col.beam)
        c.icon("trefoil", (rect.x + c.px(1.9), y), 2.1, col.ink, col.beam)
        c.text("X-RAY ON", (rect.x + c.px(3.8), y), "sm", "semi", col.ink)
    else:
        c.box(rect, col.pane, col.line2)
        c.icon("trefoil", (rect.x + c.px(1.9), y), 2.0, col.low)
        c.text("Off", (rect.x + c.px(3.8), y), "sm", "medium", col.low)
        w = c.width("Space", "xs", "sc") + c.px(0.9)
        kit.cap("Space", (rect.right - w - c.px(0.8), y))
        if scene.operator.fast:
            c.line([(rect.x + c.px(0.9), y + c.px(1)), (rect.x + c.px(2.9), y - c.px(1))], col.warn)
    kit.ring("beam", rect)
    kit.hots.add(Hot("beam", rect, hold=lambda down: scene.operator.hold("beam", down=down)))
