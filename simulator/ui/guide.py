"""What guided mode marks on the live picture: a border it shows, and how true its view is."""

from __future__ import annotations

from typing import Any

import pygame

from simulator.imaging.display import oriented_point
from simulator.imaging.positioner import geometry, project
from simulator.imaging.viewing import ViewKind
from simulator.ui import view_words
from simulator.ui.chain import Film
from simulator.ui.kit import Kit
from simulator.ui.scene import Scene
from simulator.units import Vec3
from simulator.world.arm import View

_TRUE_DEG = 12.0
"""A picture further from its plane does not show the border as a line."""

Mark = tuple[Vec3, Vec3, str, str]


def mark(scene: Scene, film: Film) -> Mark | None:
    """Return the ends of a border in the patient and what to say about it."""
    phase = scene.state.phase
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
    """Draw the border with its words, and what is read of the view."""
    _border(kit, image, scene, film)
    if scene.read is None or scene.read[0] is not film:
        wanted = ViewKind(scene.operator.console.drives[film.shot.plane].slot)
        scene.read = (film, *view_words.words(scene.case, scene.state, film, wanted))
    _, said, true = scene.read
    if said:
        _line(kit, image, said, true=true)


def _line(kit: Kit, image: Any, said: str, *, true: bool) -> None:
    """Write a quiet line at the lower edge, between the corners."""
    c, col = kit.canvas, kit.colour
    room = image.w - c.px(30.0)
    face = "sc"
    size = "sm" if c.width(said, "sm", face) + c.px(4.0) <= room else "xs"
    w = c.width(said, size, face) + c.px(3.8)
    box = pygame.Rect(image.centerx - w // 2, image.bottom - c.px(3.4), w, c.px(2.6))
    c.fill(box, col.black, 0.7)
    ink = col.ok if true else col.acc
    c.icon("tick" if true else "bulb", (box.x + c.px(1.4), box.centery), 1.4, ink, col.black)
    c.text(said, (box.x + c.px(2.8), box.centery), size, face, col.hi)


def _border(kit: Kit, image: Any, scene: Scene, film: Film) -> None:
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
        column, row = oriented_point(column, row, image.w, film.settings)
        if not (0 < column < image.w and 0 < row < image.h):
            return  # a turned picture loses its corners
        ends.append((image.x + column, image.y + row))
    c.dashed(ends[0], ends[1], col.acc, 0.22)
    w = max(c.width(head, "sm", "semi"), c.width(words, "xs", "sc")) + c.px(2.2)
    h = c.px(5.0)
    x = min(max(ends[1][0] + c.px(4.5), image.x + c.px(5)), image.right - w - c.px(5))
    y = min(max(ends[1][1] + c.px(5.5), image.y + c.px(9)), image.bottom - h - c.px(9))
    c.line([ends[1], (x + c.px(1.0), y + 1)], col.acc, 0.12)
    c.disc(ends[1], c.theme.u * 0.3, col.acc)
    box = pygame.Rect(round(x), round(y), w, h)
    c.fill(box, col.black, 0.86)
    c.text(head, (box.x + c.px(1.1), box.y + c.px(1.6)), "sm", "semi", col.acc)
    c.text(words, (box.x + c.px(1.1), box.y + c.px(3.6)), "xs", "sc", col.hi)
