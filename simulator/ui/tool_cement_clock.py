"""The upper part of the cement pane: how old the cement is, what it is good for, what is left."""

from __future__ import annotations

import math
from typing import Any

import pygame

from simulator.physics.setting import viscosity_pa_s
from simulator.ui.exchanges import bowl_why_not, exchanges
from simulator.ui.gauges import HARD, WAIT, clock_ring
from simulator.ui.keys import cap
from simulator.ui.kit import Kit
from simulator.ui.scene import Scene, ago, number
from simulator.ui.tool_parts import act_button
from simulator.units import TICKS_PER_S, seconds
from simulator.world.action import Do

_STRAND_HOLDS_S = 60.0
"""A strand test older than this says little of the cement by now."""


def draw(kit: Kit, rect: Any, scene: Scene) -> None:
    """Draw the ring of minutes, and beside it the state of the cement."""
    c, col = kit.canvas, kit.colour
    spec, age = scene.case.cement, age_s(scene)
    centre = (rect.x + c.px(11.5), rect.y + c.px(11.9))
    stops = (spec.wait_s / 60, spec.work_until_s / 60, spec.set_s / 60)
    clock_ring(kit, centre, float(c.px(9.2)), None if age is None else age / 60, stops)
    c.text(ago(age or 0.0), (centre[0], rect.y + c.px(17.3)), "lg", "semi", col.hi, "c")
    c.text("since mixing", (centre[0], rect.y + c.px(19.8)), "xs", "sc", col.low, "c")
    x, right = rect.x + c.px(23.8), rect.right - c.px(1.45)
    level, word, after, span = stage(scene)
    if level:
        kit.state_chip(level, word, (x, rect.y + c.px(3.4)))
        kit.number(ago(span), after, (x, rect.y + c.px(10.0)))
    else:
        kit.chip(word, (x, rect.y + c.px(3.4)))
        act_button(
            kit, scene, pygame.Rect(x, rect.y + c.px(6.2), c.px(14), c.px(3.6)), Do.MIX, cap("next")
        )
    name = spec.name.partition(" type")[0]
    c.text(name, (right, rect.y + c.px(3.4)), "xs", "sc", col.low, "r")
    _batch(kit, x, right, rect.y + c.px(12.6), scene)
    c.text("Viscosity", (x, rect.y + c.px(15.15)), "sm", "medium", col.low)
    c.text(_viscosity(scene), (x + c.px(9.8), rect.y + c.px(15.15)))
    _strand(kit, x, right, rect.y + c.px(17.7), scene)
    _legend(kit, rect, stops)


def age_s(scene: Scene) -> float | None:
    """Return the seconds since powder met liquid."""
    mixed = scene.state.cement.mixed_tick
    return None if mixed is None else (scene.state.tick - mixed) / TICKS_PER_S


def stage(scene: Scene) -> tuple[str, str, str, float]:
    """Return level, word of the state, words after the big time, and that time in seconds."""
    spec, age = scene.case.cement, age_s(scene)
    if age is None:
        return "", "In the packet", "not mixed", 0.0
    if age < spec.wait_s:
        return "warn", "Wait: runny", "of waiting left", spec.wait_s - age
    if age < spec.work_until_s:
        left = spec.work_until_s - age
        # Whether it is dough is for the strand test: a thin product drips well into its window.
        return ("warn" if left < 60 else "ok"), "Working time", "of working time left", left
    if age < spec.set_s:
        return "alarm", "Stiff", "until it is hard", spec.set_s - age
    return "alarm", "Set", "since it is hard", age - spec.set_s


def _batch(kit: Kit, x: float, right: float, y: float, scene: Scene) -> None:
    """Draw what is left in the bowl; where nothing can be drawn from it, offer to mix again."""
    c, col = kit.canvas, kit.colour
    cement = scene.state.cement
    if cement.batches == 0:
        c.text("Batch", (x, y), "sm", "medium", col.low)
        c.text(f"{number(scene.case.cement.batch_ml, 0)} mL when mixed", (x + c.px(9.8), y))
        return
    w = c.text(f"Batch {cement.batches}", (x, y), "sm", "medium", col.low)
    why = bowl_why_not(scene.case, scene.state)
    if why is None:
        left = cement.batch_left_ml
        count = math.ceil(left / scene.case.filler.volume_ml - 1e-6)
        words = f"{number(left, 1)} mL, {count} filler{'s' if count > 1 else ''}"
        c.text(c.fitted(words, right - x - c.px(9.8)), (x + c.px(9.8), y))
        return
    button = pygame.Rect(right - c.px(11.6), round(y - c.px(1.5)), c.px(11.6), c.px(3.0))
    c.text(why, (x + w + c.px(1.0), y), "sm", "medium", col.warn)
    refused = scene.why_not(Do.MIX)
    by_r = exchanges(scene.case, scene.state, "cement", scene.operator.side) == (Do.MIX,)
    kit.button(
        f"do.{Do.MIX.value}", button, "Mix again", cap("next") if by_r else "",
        lambda: scene.operator.ask(Do.MIX), kind="off" if refused else "",
    )  # fmt: skip
    if refused:
        kit.tip(f"do.{Do.MIX.value}", button, refused)


def _strand(kit: Kit, x: float, right: float, y: float, scene: Scene) -> None:
    """Draw what the last strand test said, and its button."""
    c, col = kit.canvas, kit.colour
    button = pygame.Rect(right - c.px(9.4), round(y - c.px(1.5)), c.px(9.4), c.px(3.0))
    c.text("Strand test", (x, y), "sm", "medium", col.low)
    if scene.strand is not None:
        words, tick = scene.strand
        past_s = seconds(scene.state.tick - tick)
        c.text(f"{ago(past_s)} ago", (x + c.px(9.8), y), "sm", "medium", col.low)
        ink = col.hi if past_s < _STRAND_HOLDS_S else col.low  # cement has changed since
        c.text(c.fitted(words, right - x), (x, y + c.px(2.75)), "sm", "medium", ink)
    why = scene.why_not(Do.STRAND_TEST)
    kit.button(
        "do.strand_test",
        button,
        "Test",
        cap("tap"),
        lambda: scene.operator.ask(Do.STRAND_TEST),
        kind="off" if why else "",
    )


def _legend(kit: Kit, rect: Any, stops: tuple[float, float, float]) -> None:
    c, col = kit.canvas, kit.colour
    wait, work, end = stops
    x, y = rect.x + c.px(1.45), rect.y + c.px(22.8)
    parts = (
        ("Wait", 0.0, WAIT),
        ("Work", wait, col.ok),
        ("Stiff", work, col.alarm),
        ("Hard", end, HARD),
    )
    for word, start, colour in parts:
        c.box(
            pygame.Rect(round(x), round(y - c.px(0.55)), c.px(1.1), c.px(1.1)), colour, radius=0.2
        )
        x += c.px(1.7)
        x += c.text(word, (x, y), "xs", "sc", col.mid) + c.px(0.5)
        x += c.text(ago(start * 60), (x, y), "xs", "sc", col.low) + c.px(1.9)


def _viscosity(scene: Scene) -> str:
    age = age_s(scene)
    if age is None:
        return "–"
    value = viscosity_pa_s(scene.case.cement, age)
    return f"{number(value)} Pa·s" if value < 2000 else "too stiff to measure"
