"""Where on the patient's skin the dose went: the trunk unrolled, small."""

from __future__ import annotations

from functools import lru_cache
from typing import Any

import numpy as np
import pygame

from simulator.imaging.skin import ERYTHEMA_MGY, unrolled
from simulator.ui.kit import Kit
from simulator.ui.scene import number
from simulator.ui.theme import Rgb, mixed
from simulator.units import ByteArray, FloatArray
from simulator.world.arm import CArm


def _greys(skin_mgy: FloatArray) -> ByteArray:
    shown = unrolled(skin_mgy)
    top = float(shown.max())
    return np.asarray(np.rint(255.0 * shown / top) if top > 0.0 else 0.0 * shown).astype(np.uint8)


@lru_cache(maxsize=4)
def _surface(
    levels: bytes, shape: tuple[int, int], size: tuple[int, int], ends: tuple[Rgb, Rgb]
) -> Any:
    small = pygame.image.frombuffer(levels, (shape[1], shape[0]), "P")
    small.set_palette([mixed(*ends, (i / 255.0) ** 0.6) for i in range(256)])
    return pygame.transform.smoothscale(small.convert(24), size)


def draw(kit: Kit, rect: Any, arm: CArm) -> None:
    """Draw map and peak; without dose the empty trunk."""
    c, col = kit.canvas, kit.colour
    y = rect.bottom - c.px(1.3)
    c.text("Skin peak", (rect.x, y), "xs", "sc", col.low)
    peak = arm.skin_peak_mgy
    ink = col.warn if peak >= ERYTHEMA_MGY else col.hi
    c.text(f"{number(peak, 1 if peak < 100 else 0)} mGy", (rect.right, y), "xs", "sc", ink, "r")
    stage = pygame.Rect(rect.x, rect.y, rect.w, y - c.px(1.5) - rect.y)
    if stage.h < c.px(2.5):
        return
    c.fill(stage, col.black)
    if arm.skin_mgy is not None:
        levels = _greys(arm.skin_mgy)
        ends = (col.black, col.beam)
        shape = (levels.shape[0], levels.shape[1])
        c.surface.blit(_surface(levels.tobytes(), shape, stage.size, ends), stage.topleft)
    for share in (0.25, 0.5, 0.75):
        c.post(stage.x + share * stage.w, stage.y, stage.h, col.line)
    for share, word in ((0.25, "L"), (0.5, "Back"), (0.75, "R")):
        at = (stage.x + share * stage.w, stage.bottom - c.px(1.1))
        if stage.h > c.px(4.0):
            c.text(word, at, "xs", "sc", col.low, "c")
