"""The one mark of guided mode on the live picture: a border that the picture itself shows."""

from __future__ import annotations

from typing import Any

import pygame

from simulator.imaging.positioner import geometry, project
from simulator.procedure.phases import chapter
from simulator.ui.kit import Kit
from simulator.ui.pictures import Film
from simulator.ui.scene import Scene
from simulator.units import Vec3
from simulator.world.arm import View

_TRUE_DEG = 12.0
"""A picture further from its plane does not show the border as a line."""

Mark = tuple[Vec3, Vec3, str, str]


def mark(scene: Scene, film: Film) -> Mark | None:
    """Return the ends of a border in the patient and what to say about it."""
    phase = chapter(scene.state.phase)
    target = scene.case.patient.target.landmarks
    if film.shot.error_deg > _TRUE_DEG or phase not in ("access", "tamp", "inject"):
        return None
    if film.shot.view is View.LATERAL:
        y = target.posterior_wall_y_mm
        words = {
            "access": "The pedicle ends here",
            "tamp": "Both tamp markers in front of it",
            "inject": "Stop before cement reaches the back quarter",
        }[phase]
        top, low = target.superior_z_mm[2], target.inferior_z_mm[2]
        return (0.0, y, top), (0.0, y, low), "Posterior wall", words
    if film.shot.view is View.AP and phase == "access":
        pedicle = target.pedicles[scene.operator.side]
        x, y, z = pedicle.medial_border_x_mm, pedicle.centre_mm[1], pedicle.centre_mm[2]
        half = 0.75 * pedicle.height_mm
        return (
            (x, y, z + half),
            (x, y, z - half),
            "Medial border",
            "Stay outside until past the wall",
        )
    return None


def draw(kit: Kit, image: Any, scene: Scene, film: Film) -> None:
    """Draw line, leader and box over the picture."""
    found = mark(scene, film)
    if found is None:
        return
    c, col = kit.canvas, kit.colour
    a, b, head, words = found
    g = geometry(scene.case.c_arm, film.shot.pose, image.w)
    ends = []
    for point in (a, b):
        column, row, m = project(g, point)
        if m <= 0 or not (0 < column < image.w and 0 < row < image.h):
            return
        ends.append((image.x + column, image.y + row))
    c.dashed(ends[0], ends[1], col.acc, 0.22)
    w = max(c.width(head, "sm", "semi"), c.width(words, "xs", "sc")) + c.px(2.2)
    h = c.px(5.0)
    x = min(ends[1][0] + c.px(4.5), image.right - w - c.px(5))
    y = min(ends[1][1] + c.px(5.5), image.bottom - h - c.px(9))
    c.line([ends[1], (x + c.px(1.0), y + 1)], col.acc, 0.12)
    c.disc(ends[1], c.theme.u * 0.3, col.acc)
    box = pygame.Rect(round(x), round(y), w, h)
    c.fill(box, col.black, 0.86)
    c.text(head, (box.x + c.px(1.1), box.y + c.px(1.6)), "sm", "semi", col.acc)
    c.text(words, (box.x + c.px(1.1), box.y + c.px(3.6)), "xs", "sc", col.hi)
