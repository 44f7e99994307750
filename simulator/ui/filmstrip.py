"""The strip of stored films beside the reference monitor."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pygame

from simulator.ui.hots import Hot
from simulator.ui.kit import Kit
from simulator.ui.pictures import KEPT, Pictures
from simulator.ui.scene import Scene
from simulator.world.arm import View

_SHORT = {View.AP: "AP", View.LATERAL: "Lat", View.OBLIQUE: "Obl"}


def _recall(pictures: Pictures, index: int) -> Callable[[], None]:
    return lambda: pictures.show(index)


def draw(kit: Kit, rect: Any, scene: Scene) -> None:
    """Draw the stored films from top to bottom; a click recalls one or lets it go."""
    c, col = kit.canvas, kit.colour
    pictures = scene.pictures
    c.box(rect, col.pane, col.line)
    c.text("Films", (rect.centerx, rect.y + c.px(2.0)), "xs", "sc", col.low, "c")
    top, gap = rect.y + c.px(4.0), c.px(0.4)
    each = (rect.bottom - top - gap) / KEPT
    side = round(min(each - gap, rect.w - 2 * gap))
    for i in range(KEPT):
        box = pygame.Rect(0, round(top + i * each), side, side)
        box.centerx = rect.centerx
        if i >= len(pictures.stored):
            c.box(box, col.card)
            c.text(str(i + 1), box.center, "xs", "sc", col.off, "c")
            continue
        film = pictures.stored[i]
        c.surface.blit(film.sized(box.w), box.topleft)
        plate = pygame.Rect(box.x, box.bottom - c.px(1.8), box.w, c.px(1.8))
        c.fill(plate, col.black, 0.55)
        c.text(_SHORT[film.shot.view], plate.center, "xs", "sc", col.corner, "c")
        name = f"film.{i}"
        if pictures.shown == i:
            c.frame(box.inflate(2, 2), col.acc, 2)
        elif kit.hots.hovered(box):
            c.frame(box.inflate(2, 2), col.line2, 2)
        kit.ring(name, box)
        kit.hots.add(Hot(name, box, _recall(pictures, i)))
