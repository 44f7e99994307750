"""The tamp pane: manometer, volume, pressure against volume, when to stop."""

from __future__ import annotations

from typing import Any

import pygame

from simulator.frames import Side
from simulator.procedure.coach_tamp import sign
from simulator.procedure.tamp_account import decay, no_decay
from simulator.ui.gauges import manometer
from simulator.ui.kit import Kit
from simulator.ui.plots import pressure_volume
from simulator.ui.scene import Scene, bar, number, psi
from simulator.ui.tool_parts import Deed, exchange, held, other_side, row
from simulator.world.tamp import Tamp

_SEEN = (
    ("Reduced", "fracture reduced"),
    ("Wall or plate", "wall contact"),
    ("Stops rising", "plate stops rising"),
)
"""Signs that the eye finds, and their names as endpoints."""
_REST_S = 0.5
"""From then on the inflator counts as resting."""


def draw(kit: Kit, rect: Any, scene: Scene) -> None:
    """Draw the pane."""
    c, col = kit.canvas, kit.colour
    kit.pane(rect)
    left, right = rect.x + c.px(1.45), rect.right - c.px(1.45)
    tamp = scene.state.tamps[scene.operator.side]
    spec = scene.case.tamp
    _sides(kit, pygame.Rect(left, rect.y + c.px(1.2), right - left, c.px(4.1)), scene)
    now = psi(tamp.pressure_mpa) if tamp else 0.0
    peak = psi(tamp.peak_mpa) if tamp else 0.0
    centre = (rect.x + c.px(13.95), rect.y + c.px(20.1))
    manometer(kit, centre, float(c.px(12.6)), now, peak, spec.max_pressure_psi)
    _pressure(kit, rect, scene, tamp)
    _volume(kit, rect, scene, tamp)
    c.rule(left, rect.y + c.px(33.9), right - left)
    kit.section("Pressure and volume", (left, rect.y + c.px(35.8)))
    y = rect.y + c.px(35.8)
    x = right - c.width("Right", "xs", "sc")
    c.text("Right", (x, y), "xs", "sc", col.mid)
    c.dashed((x - c.px(3.0), y), (x - c.px(0.7), y), col.right)
    x -= c.px(4.2) + c.width("Left", "xs", "sc")
    c.text("Left", (x, y), "xs", "sc", col.mid)
    c.line([(x - c.px(3.0), y), (x - c.px(0.7), y)], col.acc)
    plot = pygame.Rect(rect.x + c.px(5.2), rect.y + c.px(37.6), c.px(31.7), c.px(19.8))
    spot = (tamp.volume_ml, now) if tamp else None
    limits = (spec.max_volume_ml, spec.max_pressure_psi)
    pressure_volume(kit, plot, scene.felt.tamp, spot, limits)
    _stops(kit, rect, scene, tamp)


def acts(kit: Kit, rect: Any, scene: Scene) -> None:
    """Draw the row of acts."""
    deeds: list[Deed] = [
        held(scene, "press", "Inflate"),
        held(scene, "unload", "Deflate"),
        exchange(scene),
        other_side(scene),
    ]
    row(kit, rect, deeds)


def _sides(kit: Kit, rect: Any, scene: Scene) -> None:
    """Draw the two tamps as tabs."""
    c, col = kit.canvas, kit.colour
    gap = c.px(0.75)
    half = (rect.w - gap) // 2
    for side in Side:
        box = pygame.Rect(rect.x + side * (half + gap), rect.y, half, rect.h)
        tamp = scene.state.tamps[side]
        on = scene.operator.side is side
        name = f"tamp.{side}"

        def act(side: Side = side) -> None:
            scene.operator.side = side

        kit.button(name, box, "", act=act, kind="on" if on else "ghost")
        c.fill((box.x + c.px(0.9), box.y + c.px(1.1), 3, box.h - c.px(2.2)), col.side(side))
        word = "Right tamp" if side else "Left tamp"
        c.text(
            word,
            (box.x + c.px(2.3), box.centery),
            "sm",
            "semi" if on else "medium",
            col.hi if on else col.mid,
        )
        state = _holding(tamp)
        c.text(
            state, (box.right - c.px(1.1), box.centery), "xs", "sc", col.hi if on else col.low, "r"
        )


def _holding(tamp: Tamp | None) -> str:
    if tamp is None:
        return "not in"
    if tamp.ruptured:
        return "burst"
    return f"{number(tamp.volume_ml, 2)} mL"


def _pressure(kit: Kit, rect: Any, scene: Scene, tamp: Tamp | None) -> None:
    c, col = kit.canvas, kit.colour
    x, right = rect.x + c.px(29.2), rect.right - c.px(1.45)
    limit = scene.case.tamp.max_pressure_psi
    now = psi(tamp.pressure_mpa) if tamp else 0.0
    ink = col.alarm if now > limit else col.warn if now > 0.75 * limit else col.hi
    kit.section("Pressure", (x, rect.y + c.px(9.0)))
    base = rect.y + c.px(14.2)
    kit.number(number(now), "psi", (x, base), "num", "md", ink)
    c.text(
        f"{number(bar(tamp.pressure_mpa) if tamp else 0.0, 1)} bar",
        (right, base),
        "xs",
        "sc",
        col.mid,
        "r",
        baseline=True,
    )
    words, level = _trend(scene, tamp)
    c.text(
        words, (x, rect.y + c.px(16.9)), "sm", "medium", kit.level(level)[0] if level else col.acc
    )
    if level:
        kit.mark(level, (right - c.px(0.8), rect.y + c.px(16.9)))
    c.rule(x, rect.y + c.px(19.0), right - x)


def _trend(scene: Scene, tamp: Tamp | None) -> tuple[str, str]:
    if tamp is None:
        return "No tamp on this side", ""
    if tamp.ruptured:
        return "Burst. Deflate, take it out", "alarm"
    if tamp.misused.startswith("through"):
        return "Through a wall. Deflate", "alarm"
    if tamp.in_cannula_mm > 0.5:
        return f"{tamp.in_cannula_mm:.0f} mm still in the cannula", "warn"
    limit = scene.case.tamp.max_pressure_psi
    now, peak = psi(tamp.pressure_mpa), psi(tamp.peak_mpa)
    if now > limit:
        return "Past the limit. Deflate", "alarm"
    rested, share = decay(scene.state.tally.values.get, scene.state.tick, tamp)
    if now > 1.0 and share > 0.0 and rested > _REST_S:
        return f"{100.0 * share:.0f} % of {number(now / share)} psi after {rested:.0f} s", ""
    return f"Peak {number(peak)} psi", "warn" if now > 0.75 * limit else ""


def _volume(kit: Kit, rect: Any, scene: Scene, tamp: Tamp | None) -> None:
    c, col = kit.canvas, kit.colour
    x, right = rect.x + c.px(29.2), rect.right - c.px(1.45)
    full = scene.case.tamp.max_volume_ml
    ml = tamp.volume_ml if tamp else 0.0
    kit.section("Volume", (x, rect.y + c.px(21.0)))
    base = rect.y + c.px(26.4)
    kit.number(number(ml, 2), "mL", (x, base), "num", "md", col.alarm if ml > full else col.hi)
    left = f"{number(max(full - ml, 0.0), 2)} left of {full:.1f}"
    c.text(left, (right, rect.y + c.px(21.0)), "xs", "sc", col.mid, "r")
    box = pygame.Rect(x, rect.y + c.px(27.8), right - x, c.px(1.3))
    top = full * 1.125
    kit.meter(box, ml / top, col.side(scene.operator.side), limit_at=full / top)
    for i in range(1, 9):
        c.fill((box.x + box.w * i * 0.5 / top, box.y, 1, box.h), col.pane)
    speed = scene.operator.hand.wheel.inflate_ml_s
    c.text(f"{speed:.2f} mL/s", (x, rect.y + c.px(31.3)), "sm", "medium", col.acc)
    c.text("wheel", (right, rect.y + c.px(31.3)), "xs", "sc", col.low, "r")


def _stops(kit: Kit, rect: Any, scene: Scene, tamp: Tamp | None) -> None:
    """List when to stop: what the gauges know is marked, what the eyes find only by the coach."""
    c, col = kit.canvas, kit.colour
    x = rect.x + c.px(38.7)
    y = float(rect.y + c.px(38.4))
    c.text("Stop when", (x, y), "sm", "semi")
    for word, met in stops(scene, tamp):
        y += c.px(2.55)
        if met:
            kit.mark("alarm", (x + c.px(0.8), y), 1.3)
        else:
            c.icon("ring", (x + c.px(0.8), y), 1.1, col.low)
        c.text(word, (x + c.px(2.2), y), "sm", "sc", col.alarm if met else col.mid)


def stops(scene: Scene, tamp: Tamp | None) -> list[tuple[str, bool]]:
    """Return each sign to stop and whether it is told to be there."""
    spec, state = scene.case.tamp, scene.state
    ml = tamp.volume_ml if tamp else 0.0
    now = psi(tamp.pressure_mpa) if tamp else 0.0
    first = (
        sign(scene.case, state, scene.operator.side, scene.session.looked) if scene.coach else ""
    )
    rows = [(word, first == name) for word, name in _SEEN]
    held = tamp is not None and no_decay(
        scene.case, *decay(state.tally.values.get, state.tick, tamp), tamp
    )
    rows.append(("No decay", held))
    rows.append((f"{spec.max_volume_ml:.1f} mL", ml >= spec.max_volume_ml - 1e-6))
    rows.append((f"{spec.max_pressure_psi:.0f} psi", now >= spec.max_pressure_psi))
    return rows
