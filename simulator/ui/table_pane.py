"""The table-side view: the skin and the hubs as the surgeon's own eyes see them from above."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pygame

from simulator.frames import Side
from simulator.ui.kit import Kit
from simulator.ui.scene import Scene, number
from simulator.units import Vec3
from simulator.world.placement import between
from simulator.world.tools import Cannula

_WINDOW_MM = 200.0
"""Side of the piece of table that is shown."""

_INK = (0x2A, 0x1A, 0x12)
_GAUGES = ((1.5, "17G"), (1.9, "15G"), (2.6, "13G"), (3.15, "11G"), (3.7, "10G"), (9.0, "8G"))


def gauge(outer_mm: float) -> str:
    """Return the trade size nearest to an outer diameter."""
    return next(name for top, name in _GAUGES if outer_mm < top)


def tilt_deg(direction: Vec3, side: Side) -> tuple[float, float]:
    """Return how far the hub stands out to the side and towards the head, degrees."""
    x, y, z = direction
    out = math.degrees(math.atan2(-side.sign * x, -y))
    up = math.degrees(math.atan2(-z, -y))
    return out, up


def draw(kit: Kit, rect: Any, scene: Scene) -> None:
    """Draw the pane."""
    c, col = kit.canvas, kit.colour
    kit.pane(rect, "Table side", "Head up")
    field = pygame.Rect(rect.x + c.px(1.4), rect.y + c.px(3.9), rect.w - c.px(2.8), c.px(19.0))
    _field(kit, field, scene)
    x, right = rect.x + c.px(1.4), rect.right - c.px(1.4)
    y = rect.y + c.px(25.3)
    cannula = scene.state.cannulas[scene.operator.side]
    side = "Left" if scene.operator.side is Side.LEFT else "Right"
    if cannula is None:
        c.text(f"{side} side", (x, y), "sm", "medium", col.low)
        begun = scene.state.cement.started_tick is not None
        c.text("No needle" if begun else "No needle yet", (right, y), "sm", "medium", col.hi, "r")
        return
    noun = "cannula" if cannula.working else "needle"
    depth = f"{number(max(cannula.depth_mm, 0.0))} mm"
    kit.pair(f"{side} {noun}", f"{gauge(cannula.outer_mm)}, {depth}", x, right, y)
    out, up = tilt_deg(cannula.direction, cannula.side)
    words = (
        f"{number(abs(out))}° {'out' if out >= 0 else 'in'}, "
        f"{number(abs(up))}° {'up' if up >= 0 else 'down'}"
    )
    kit.pair("Tilt", words, x, right, y + c.px(2.6))
    held = "You" if scene.operator.hand.holding else "Nobody"
    kit.pair("Held by", held, x, right, y + c.px(5.2))


def _field(kit: Kit, field: Any, scene: Scene) -> None:
    c, col = kit.canvas, kit.colour
    c.fill(field, col.drape)
    old = c.surface.get_clip()
    c.surface.set_clip(field)
    scale = field.h / _WINDOW_MM
    skin = pygame.Rect(0, 0, round(176 * scale), round(168 * scale))
    skin.center = field.center
    c.box(skin, col.skin, (0x9C, 0x7B, 0x62))

    def spot(p: Vec3) -> tuple[float, float]:
        return field.centerx - p[0] * scale, field.centery - p[2] * scale

    c.dashed(
        (field.centerx, skin.y + c.px(0.8)),
        (field.centerx, skin.bottom - c.px(0.8)),
        (0x8A, 0x66, 0x52),
        0.15,
    )
    for vertebra in scene.case.patient.vertebrae:
        z = vertebra.landmarks.spinous_tip_mm[2]
        x, y = spot((0.0, 0.0, z))
        if skin.y < y < skin.bottom:
            c.line([(x - c.px(0.9), y), (x + c.px(0.9), y)], (0x8A, 0x66, 0x52), 0.15)
    _levels(kit, spot, scene)
    for cannula in scene.state.cannulas:
        if cannula is not None:
            _cannula(kit, spot, cannula, active=cannula.side is scene.operator.side)
    c.surface.set_clip(old)


def _levels(kit: Kit, spot: Any, scene: Scene) -> None:
    """Mark the levels of the session on the skin, the one in work filled, and their needles."""
    c, col, case = kit.canvas, kit.colour, scene.case
    for n, level in enumerate(case.levels):
        way = between(case, n, case.level)
        tip = np.asarray(level.patient.target.landmarks.spinous_tip_mm)
        x, y = spot((0.0, 0.0, float(way.out(tip)[2])))
        here = n == case.level
        c.text(level.name, (x + c.px(1.6), y), "sm", "semi" if here else "medium", _INK)
        if here:
            c.disc((x, y), c.px(0.6), col.acc)
        left = scene.state.worked[n] if scene.state.worked else None
        for tool in left.cannulas if left is not None else ():
            if tool is not None:
                ends = (way.out(np.asarray(p)).tolist() for p in (tool.skin_mm, tool.hub_mm))
                a, b = (spot((p[0], p[1], p[2])) for p in ends)
                c.line([a, b], (0x4B, 0x52, 0x5A), 0.4)
                c.disc(b, c.px(0.9), (0x4B, 0x52, 0x5A))


def _cannula(kit: Kit, spot: Any, cannula: Cannula, *, active: bool) -> None:
    """Draw entry, shaft and hub; the hub is what the eyes see first."""
    c, col = kit.canvas, kit.colour
    u = c.theme.u
    skin, hub = spot(cannula.skin_mm), spot(cannula.hub_mm)
    length = math.dist(skin, hub)
    c.disc(skin, 0.4 * u, (0x5C, 0x39, 0x2C))
    if length > 1.0:
        nx, ny = -(hub[1] - skin[1]) / length, (hub[0] - skin[0]) / length
        w0, w1 = 0.22 * u, 0.42 * u
        c.poly(
            [
                (skin[0] + nx * w0, skin[1] + ny * w0),
                (hub[0] + nx * w1, hub[1] + ny * w1),
                (hub[0] - nx * w1, hub[1] - ny * w1),
                (skin[0] - nx * w0, skin[1] - ny * w0),
            ],
            (0x4B, 0x52, 0x5A),
        )
    colour = col.side(cannula.side)
    if active:
        c.disc(hub, 1.55 * u, col.hi)
    c.disc(hub, 1.3 * u, colour)
    c.disc(hub, 0.5 * u, _INK)
    letter = "L" if cannula.side is Side.LEFT else "R"
    c.text(letter, (hub[0], hub[1] - 2.4 * u), "sm", "semi", _INK, "c")
