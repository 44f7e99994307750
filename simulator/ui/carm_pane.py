"""The C-arm pane with its three faces: the arm, the beam, the image."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pygame

from simulator.ui import carm_arm, carm_beam, carm_image
from simulator.ui.kit import Kit
from simulator.ui.scene import Scene

_FACES = {"arm": carm_arm.draw, "beam": carm_beam.draw, "image": carm_image.draw}

_PAD, _TOP = 1.2, 4.6
"""Margin and height of the tabs, in u."""


def _turn_to(scene: Scene, face: str) -> Callable[[], None]:
    def act() -> None:
        scene.face = face

    return act


def draw(kit: Kit, rect: Any, scene: Scene) -> Any:
    """Draw the pane; return where the arm can be dragged, empty on the other faces."""
    c, col = kit.canvas, kit.colour
    c.box(rect, col.pane, col.line, 0.55)
    gap = c.px(0.5)
    wide = (rect.w - 2 * c.px(_PAD) - gap * (len(_FACES) - 1)) / len(_FACES)
    for i, face in enumerate(_FACES):
        x = rect.x + c.px(_PAD) + i * (wide + gap)
        box = pygame.Rect(round(x), rect.y + c.px(0.7), round(wide), c.px(3.1))
        kind = "on" if face == scene.face else "ghost"
        act = _turn_to(scene, face)
        kit.button(f"face.{face}", box, face.capitalize(), act=act, kind=kind)
    inner = pygame.Rect(
        rect.x + c.px(_PAD),
        rect.y + c.px(_TOP),
        rect.w - 2 * c.px(_PAD),
        rect.h - c.px(_TOP) - c.px(0.9),
    )
    stage = _FACES[scene.face](kit, inner, scene)
    return stage if stage is not None else pygame.Rect(0, 0, 0, 0)
