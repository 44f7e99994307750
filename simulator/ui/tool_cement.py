"""The cement pane: the clock, the filler, the thumb, what was given."""

from __future__ import annotations

import math
from typing import Any

import pygame

from simulator.frames import Side
from simulator.physics import column
from simulator.physics.setting import is_set, viscosity_pa_s
from simulator.ui.exchanges import bowl_why_not, exchanges
from simulator.ui.gauges import HARD, WAIT, clock_ring
from simulator.ui.keys import cap
from simulator.ui.kit import Kit
from simulator.ui.plots import trace
from simulator.ui.scene import Scene, ago, number
from simulator.ui.tool_parts import Deed, act_button, exchange, held, other_side, row
from simulator.units import TICKS_PER_S, seconds
from simulator.world.action import Do
from simulator.world.case import Procedure

_SAMPLES = 15 * 30
_STRAND_HOLDS_S = 60.0
"""A strand test older than this says little of the cement by now."""
_STEPS_ML = (0.25, 0.5, 1.0, 2.5, 5.0, 10.0)
_MOST_STEPS = 6
_GIVEN_ML = 4
"""Full scale of what was given, until more is given."""


def draw(kit: Kit, rect: Any, scene: Scene) -> None:
    """Draw the pane."""
    c = kit.canvas
    kit.pane(rect)
    left, wide = rect.x + c.px(1.45), rect.w - 2 * c.px(1.45)
    _clock(kit, rect, scene)
    c.rule(left, rect.y + c.px(24.8), wide)
    _filler(kit, rect, scene)
    c.rule(left, rect.y + c.px(35.9), wide)
    _thumb(kit, rect, scene)
    c.rule(left, rect.y + c.px(50.3), wide)
    _given(kit, rect, scene)


def acts(kit: Kit, rect: Any, scene: Scene) -> None:
    """Draw the row of acts."""
    first = exchange(scene)
    deeds: list[Deed] = [
        held(scene, "press", "Press"),
        held(scene, "unload", "Unload"),
        first,
        other_side(scene),
    ]
    row(kit, rect, deeds)


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


def _clock(kit: Kit, rect: Any, scene: Scene) -> None:
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


def _filler(kit: Kit, rect: Any, scene: Scene) -> None:
    c, col = kit.canvas, kit.colour
    cement, spec = scene.state.cement, scene.case.filler
    x, right = rect.x + c.px(1.45), rect.right - c.px(1.45)
    y = rect.y + c.px(27.0)
    side = "Right" if scene.operator.side else "Left"
    w = kit.section(f"{side} filler", (x, y))
    filling = cement.fillings[scene.operator.side]
    x += w + c.px(1.2)
    level, holds = _holds(scene)
    holds = c.fitted(holds, right - x, "sm", "sc")
    c.text(holds, (right, y), "sm", "sc", kit.level(level)[0] if level else col.hi, "r")
    count = f"number {cement.fillers_used}" if cement.fillers_used else ""
    if c.width(count) + c.width(holds, "sm", "sc") + c.px(1.5) < right - x:
        c.text(count, (x, y), "sm", "medium", col.mid)
    barrel = pygame.Rect(rect.x + c.px(11.0), rect.y + c.px(29.2), c.px(32.6), c.px(3.4))
    mid = barrel.centery
    share = min(max(filling.ml / spec.volume_ml, 0.0), 1.0)
    piston = barrel.right - round(barrel.w * share)
    c.fill((piston - c.px(8.5), mid - c.px(0.5), c.px(8.5), c.px(1.0)), col.line2)
    c.box(
        pygame.Rect(piston - c.px(9.3), mid - c.px(1.6), c.px(1.0), c.px(3.2)),
        col.line2,
        radius=0.2,
    )
    c.box(barrel, col.black, col.line2, 0.3)
    if share > 0:
        c.fill((piston, barrel.y + 2, barrel.right - piston - 1, barrel.h - 4), col.corner)
    c.fill((piston - c.px(1.2), barrel.y + 2, c.px(1.2), barrel.h - 4), col.low)
    c.fill((barrel.right, mid - c.px(0.9), c.px(1.3), c.px(1.8)), col.line2)
    c.fill((barrel.right + c.px(1.3), mid - 2, right - barrel.right - c.px(1.3), 3), col.corner)
    for ml in graduations(spec.volume_ml):
        at = barrel.right - barrel.w * ml / spec.volume_ml
        c.post(min(at, barrel.right - 1), barrel.bottom - c.px(0.8), c.px(0.8), col.low)
        c.text(f"{ml:g}", (at, rect.y + c.px(34.2)), "xs", "sc", col.low, "c")


def graduations(volume_ml: float) -> tuple[float, ...]:
    """Return the marks of a filler in mL, in steps as they are printed on syringes."""
    step = next(s for s in _STEPS_ML if volume_ml / s <= _MOST_STEPS)
    return tuple(step * i for i in range(math.floor(volume_ml / step + 1e-6) + 1))


def _holds(scene: Scene) -> tuple[str, str]:
    """Return level and words of what filler and cannula hold, and how stiff it is by now."""
    cement, spec, tick = scene.state.cement, scene.case.cement, scene.state.tick
    bore = cement.bores[scene.operator.side]
    if column.is_plugged(spec, bore, tick, scene.case.physics["cement"]["ageing_cannula"]):
        return "alarm", f"hard in the cannula, {number(column.volume_ml(bore), 1)} mL"
    parts = []
    level = ""
    filling = cement.fillings[scene.operator.side]
    if tick < filling.ready_tick:
        return "", f"the nurse fills it, {(filling.ready_tick - tick) / TICKS_PER_S:.0f} s"
    if filling.ml > 0.0:
        age = column.filler_age_s(filling, tick)
        hard = is_set(spec, age)
        level = "alarm" if hard else ""
        eta = "set" if hard else f"{number(viscosity_pa_s(spec, age))} Pa·s"
        parts.append(f"{number(filling.ml, 1)} mL, {eta}")
    elif cement.fillers_used:
        parts.append("empty")
    else:
        parts.append("none loaded")
    if bore:
        parts.append(f"{number(column.volume_ml(bore), 1)} in the cannula")
    return level, "; ".join(parts)


def _thumb(kit: Kit, rect: Any, scene: Scene) -> None:
    c, col = kit.canvas, kit.colour
    x, right = rect.x + c.px(1.45), rect.right - c.px(1.45)
    kit.section("Thumb force", (x, rect.y + c.px(38.0)))
    filling, at = scene.state.cement.fillings[scene.operator.side], right
    for word, kpa in (("in bone", filling.tip_kpa), ("Syringe", filling.kpa)):
        at -= c.text(f"{number(kpa)} kPa", (at, rect.y + c.px(38.0)), "sm", "sc", col.hi, "r")
        at -= c.px(0.6)
        at -= c.text(word, (at, rect.y + c.px(38.0)), "sm", "sc", col.mid, "r") + c.px(1.4)
    kit.number(number(filling.thumb_n), "N", (x, rect.y + c.px(43.8)), "num", "md")
    limit = scene.case.filler.hand_limit_n
    top = max(limit, scene.operator.hand.wheel.thumb_n) * 1.18
    plot = pygame.Rect(rect.x + c.px(13.2), rect.y + c.px(39.4), 0, c.px(6.6))
    plot.w = right - plot.x
    trace(
        kit,
        plot,
        scene.felt.thumb_n,
        _SAMPLES,
        top,
        (limit, f"{limit:.0f} N: the hand gives up", col.alarm),
        (50,),
    )
    wheel = scene.operator.hand.wheel.thumb_n
    y = rect.y + c.px(48.1)
    c.text(f"Wheel {wheel:.0f} N", (x, y), "sm", "medium", col.acc)
    meter = pygame.Rect(plot.x, round(y - c.px(0.65)), plot.w, c.px(1.3))
    kit.meter(
        meter,
        scene.state.cement.fillings[scene.operator.side].thumb_n / top,
        set_at=wheel / top,
        limit_at=limit / top,
    )


def _given(kit: Kit, rect: Any, scene: Scene) -> None:
    c, col = kit.canvas, kit.colour
    cement = scene.state.cement
    x, right = rect.x + c.px(1.45), rect.right - c.px(1.45)
    kit.section("Given", (x, rect.y + c.px(52.4)))
    kit.number(number(cement.injected_ml, 1), "mL", (x, rect.y + c.px(57.9)), "num", "sm")
    full = max(_GIVEN_ML, math.ceil(max(filling.given_ml for filling in cement.fillings)))
    for side in Side:
        y = rect.y + c.px(53.4 + 2.8 * side)
        c.text("R" if side else "L", (rect.x + c.px(14.8), y), "sm", "semi", col.side(side))
        meter = pygame.Rect(rect.x + c.px(16.8), round(y - c.px(0.65)), c.px(23.6), c.px(1.3))
        kit.meter(meter, cement.fillings[side].given_ml / full, col.side(side))
        c.text(
            f"{number(cement.fillings[side].given_ml, 1)} mL",
            (rect.x + c.px(46.8), y),
            "sm",
            "medium",
            col.hi,
            "r",
        )
    y = rect.y + c.px(59.6)
    flow = max(cement.flow_smooth_ul_s, 0.0) * 60.0 / 1000.0
    c.text(f"Flow {number(flow, 1)} mL/min", (rect.x + c.px(14.8), y), "sm", "medium", col.mid)
    pocket = scene.state.body.cavity_ml
    if scene.case.procedure is Procedure.KYPHOPLASTY and pocket > 0.05:
        c.text(f"pocket {number(pocket, 1)} mL", (right, y), "sm", "sc", col.low, "r")
