"""The face of the C-arm pane on which the image is turned, flipped, windowed and subtracted."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

import pygame

from simulator.imaging import display
from simulator.ui import pictures
from simulator.ui.keys import cap
from simulator.ui.kit import Kit
from simulator.ui.scene import Scene, number

_STEP, _FACTOR = 0.1, 1.1
"""One click of brightness (half window widths) and of contrast."""

_MODES = {
    display.Mode.LIVE: "Live",
    display.Mode.SUBTRACT: "Subtr.",
    display.Mode.ROADMAP: "Road",
}

Press = Callable[[], None]


def draw(kit: Kit, rect: Any, scene: Scene) -> None:
    """Draw the face."""
    c = kit.canvas
    plane = scene.operator.console.plane
    now = scene.pictures.chain(plane).settings

    def to(how: pictures.Change) -> Press:
        return partial(scene.pictures.change, how, plane)

    row = pygame.Rect(rect.x, rect.y, rect.w, c.px(3.0))
    step = min(c.px(3.9), (rect.h - c.px(5.6)) // 7)
    _turn(kit, row, now, to)
    row.y += step
    _flips(kit, row, now, to)
    row.y += step
    darker, lighter = pictures.windowed(-_STEP, 1.0), pictures.windowed(_STEP, 1.0)
    _dial(kit, row, "bright", "Bright", number(now.brightness, 1), "", to(darker), to(lighter))
    row.y += step
    flatter, steeper = pictures.windowed(0.0, 1 / _FACTOR), pictures.windowed(0.0, _FACTOR)
    _dial(kit, row, "contrast", "Contrast", f"{now.contrast:.1f}", "", to(flatter), to(steeper))
    row.y += step
    less = partial(pictures.sharper, by=-1)
    _dial(kit, row, "edge", "Edge", f"{now.edge:g}", cap("edge"), to(less), to(pictures.sharper))
    row.y += step
    _pair(kit, row, ("invert", "Invert", cap("invert"), to(pictures.inverted), now.invert),
          ("plain", "Reset", "", to(pictures.plain), False))  # fmt: skip
    row.y += step
    kit.heading("Show", cap("mode"), (row.x, row.y + c.px(0.9)))
    row.y += c.px(2.5)
    _modes(kit, row, now, to)
    row.y += step
    chain = scene.pictures.chain(plane)
    word = "New mask" if chain.masked else "Take mask"
    kind = "" if chain.live is not None else "off"
    kit.button("mask", row, word, cap("mask"), partial(scene.pictures.take_mask, plane), kind=kind)
    if kind:
        kit.tip("mask", row, "A mask is the mean of the last frames: take some first.")


def _pair(
    kit: Kit,
    row: Any,
    first: tuple[str, str, str, Press, bool],
    second: tuple[str, str, str, Press, bool],
) -> None:
    """Draw two buttons side by side: name, word, key, act, and if it is in use."""
    half = (row.w - kit.px(0.5)) // 2
    for x, (name, word, key, act, on) in ((row.x, first), (row.right - half, second)):
        box = pygame.Rect(x, row.y, half, row.h)
        kit.button(f"image.{name}", box, word, key, act, kind="on" if on else "")


def _turn(kit: Kit, row: Any, now: display.Settings, to: Callable[..., Press]) -> None:
    back, forth = pictures.rotated(-pictures.TURN_DEG), pictures.rotated(pictures.TURN_DEG)
    angle = display.signed_deg(now.rotate_deg)
    _dial(kit, row, "rotate", "Turn", f"{number(angle)}°", cap("rotate"), to(back), to(forth))


def _flips(kit: Kit, row: Any, now: display.Settings, to: Callable[..., Press]) -> None:
    first = ("flip_x", "Flip L–R", cap("flip"), to(display.mirrored_x), now.flip_x)
    _pair(kit, row, first, ("flip_y", "Flip U–D", "", to(display.mirrored_y), now.flip_y))


def _dial(
    kit: Kit, row: Any, name: str, word: str, value: str, key: str, less: Press, more: Press
) -> None:
    """Draw a value between its minus and plus."""
    c, col = kit.canvas, kit.colour
    side = c.px(3.0)
    for end, x, act in (("less", row.x, less), ("more", row.right - side, more)):
        box = pygame.Rect(x, row.y, side, row.h)
        kit.button(f"image.{name}.{end}", box, "–" if end == "less" else "+", act=act)
    x = row.x + side + c.px(0.8)
    x += c.text(word, (x, row.centery), "sm", "sc", col.mid) + c.px(0.7)
    if key:
        kit.cap(key, (x, row.centery))
    c.text(value, (row.right - side - c.px(0.8), row.centery), "sm", "sc", col.hi, "r")


def _modes(kit: Kit, row: Any, now: display.Settings, to: Callable[..., Press]) -> None:
    gap = kit.px(0.4)
    wide = (row.w - 2 * gap) / 3
    for i, (mode, word) in enumerate(_MODES.items()):
        box = pygame.Rect(round(row.x + i * (wide + gap)), row.y, round(wide), row.h)
        on = "on" if mode is now.mode else ""
        kit.button(f"mode.{mode.value}", box, word, act=to(pictures.in_mode(mode)), kind=on)
