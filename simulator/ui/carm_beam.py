"""The face of the C-arm pane for the beam: curve, grid, blades, and what the skin got."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

import pygame

from simulator.imaging.blades import covered
from simulator.ui import skin_map
from simulator.ui.console import PAIRS
from simulator.ui.keys import cap
from simulator.ui.kit import Kit
from simulator.ui.scene import Scene, number
from simulator.ui.tool_parts import holder
from simulator.world.arm import CArm, Curve
from simulator.world.collimator import WIDE_MM

_CURVES = {Curve.LOW_DOSE: "Low", Curve.NORMAL: "Normal", Curve.HIGH_CONTRAST: "High"}
_SHARES = (0.3, 0.4, 0.3)
"""Of the row: the middle word is the longest."""
_BLADES = {"iris_mm": "Iris", "width_mm": "Width", "height_mm": "Height", "turn_deg": "Turn"}


def draw(kit: Kit, rect: Any, scene: Scene) -> None:
    """Draw the face."""
    c = kit.canvas
    row = pygame.Rect(rect.x, rect.y, rect.w, c.px(3.0))
    kit.heading("Curve", cap("curve"), (row.x, row.y + c.px(0.9)))
    row.y += c.px(2.5)
    _curves(kit, row, scene)
    row.y += c.px(3.6)
    _grid(kit, row, scene)
    row.y += c.px(3.6)
    for name, word in _BLADES.items():
        _blade(kit, row, scene, name, word)
        row.y += c.px(3.4)
    below = pygame.Rect(rect.x, row.y + c.px(0.3), rect.w, rect.bottom - row.y - c.px(0.3))
    skin_map.draw(kit, below, scene.state.c_arm)


def _curves(kit: Kit, row: Any, scene: Scene) -> None:
    console = scene.operator.console
    kinds = list(_CURVES)
    picks: list[Callable[[], Any]] = [partial(console.set_curve, kind) for kind in kinds]
    chosen = kinds.index(scene.state.c_arm.curve)
    c = kit.canvas
    gap = c.px(0.5)
    x = float(row.x)
    for i, kind in enumerate(kinds):
        wide = (row.w - 2 * gap) * _SHARES[i]
        box = pygame.Rect(round(x), row.y, round(x + wide) - round(x), row.h)
        x += wide + gap
        on = "on" if i == chosen else ""
        kit.button(f"curve.{kind.value}", box, _CURVES[kind], act=picks[i], kind=on)


def _grid(kit: Kit, row: Any, scene: Scene) -> None:
    """Draw grid and the button that opens all blades."""
    c = kit.canvas
    console, arm = scene.operator.console, scene.state.c_arm
    half = (row.w - c.px(0.5)) // 2
    box = pygame.Rect(row.x, row.y, half, row.h)
    word = "Grid in" if arm.grid_in else "Grid out"
    kind = "on" if arm.grid_in else ""
    kit.button("grid", box, word, cap("grid"), partial(console.switch_grid, arm), kind=kind)
    own = arm.through(console.plane)
    box = pygame.Rect(row.right - half, row.y, half, row.h)
    free = not covered(own.pose.field_mm, own.collimator) and not own.collimator.turn_deg
    act = console.blades[console.plane].open
    kit.button("open", box, "Open", cap("open"), act, kind="off" if free else "")
    if free:
        kit.tip("open", box, "All blades are open.")


def _blade(kit: Kit, row: Any, scene: Scene, name: str, word: str) -> None:
    """Draw one movement of the blades between the two buttons that are held for it."""
    c, col = kit.canvas, kit.colour
    own = scene.state.c_arm.through(scene.operator.console.plane)
    value = float(getattr(own.collimator, name))
    side = c.px(5.0)
    for key, x, sign in zip(PAIRS[name], (row.x, row.right - side), ("–", "+"), strict=True):
        box = pygame.Rect(x, row.y, side, row.h)
        kind = "on" if scene.operator.holding(key) else ""
        kit.button(key, box, sign, cap(key), hold=holder(scene, key), kind=kind)
    left, right = row.x + side + c.px(0.6), row.right - side - c.px(0.6)
    c.text(word, (left, row.centery), "sm", "sc", col.mid)
    open_ = name != "turn_deg" and value >= WIDE_MM
    c.text(_told(name, own, value), (right, row.centery), "sm", "sc",
           col.low if open_ else col.hi, "r")  # fmt: skip


def _told(name: str, own: CArm, value: float) -> str:
    """Return an opening in mm at the detector, or a turn in degrees."""
    if name == "turn_deg":
        return f"{number(value)}°"
    return "open" if value >= WIDE_MM else f"{number(value)}"
