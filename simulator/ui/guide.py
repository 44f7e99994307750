"""What guided mode marks on the live picture: a border it shows, and how true its view is."""

from __future__ import annotations

from typing import Any

import pygame

from simulator.imaging.display import oriented_point
from simulator.imaging.positioner import geometry, project
from simulator.imaging.viewing import ViewKind
from simulator.procedure.mistakes import LEFT_BY
from simulator.procedure.phases import chapter
from simulator.ui import view_words
from simulator.ui.chain import Film
from simulator.ui.kit import Kit
from simulator.ui.scene import Scene
from simulator.units import Vec3
from simulator.world.arm import View

_TRUE_DEG = 12.0
"""A picture further from its plane does not show the border as a line."""

_STEPS, _LEAST = 24, 6
"""Points along a border, and how many of them must be seen for it to be drawn."""

Ends = tuple[tuple[float, float], tuple[float, float]]
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


def draw(kit: Kit, image: Any, scene: Scene, film: Film, strip: Any) -> None:
    """Draw the border with its words, and what is read of the view.

    Args:
        kit: To draw with.
        image: Where the picture is.
        scene: What is shown.
        film: The picture.
        strip: What lies between the words in the lower corners.
    """
    _border(kit, image, scene, film)
    if scene.read is None or scene.read[0] is not film:
        wanted = ViewKind(scene.operator.console.drives[film.shot.plane].slot)
        scene.read = (film, *view_words.words(scene.case, scene.state, film, wanted))
    _, said, true = scene.read
    if film.leaks:
        outside = " and ".join(LEFT_BY[route] for route in film.leaks)
        _line(kit, image, strip, f"Cement in {outside}. Stop and look.", "alarm")
    elif said:
        _line(kit, image, strip, said, "ok" if true else "")


def _line(kit: Kit, image: Any, strip: Any, said: str, level: str) -> None:
    """Write a quiet line at the lower edge between the corners, or above them where it is long."""
    c, col = kit.canvas, kit.colour
    size, mark_w, pitch = "sm", c.px(3.8), c.px(2.4)
    lines, foot = [said], image.bottom - c.px(0.8)
    if c.width(said, size, "sc") + mark_w > strip.w - c.px(1.0):
        lines, foot = c.wrapped(said, image.w - c.px(8.0), size, "sc"), strip.y - c.px(0.6)
    w = max(c.width(line, size, "sc") for line in lines) + mark_w
    h = pitch * len(lines) + c.px(0.4)
    box = pygame.Rect(image.centerx - w // 2, foot - h, w, h)
    c.fill(box, col.black, 0.7)
    first = box.y + c.px(0.2) + pitch / 2
    if level == "alarm":
        kit.mark(level, (box.x + c.px(1.4), first))
    else:
        icon, ink = ("tick", col.ok) if level else ("bulb", col.acc)
        c.icon(icon, (box.x + c.px(1.4), first), 1.4, ink, col.black)
    for i, line in enumerate(lines):
        c.text(line, (box.x + c.px(2.8), first + i * pitch), size, "sc", col.hi)


def seen_part(scene: Scene, film: Film, image: Any, a: Vec3, b: Vec3) -> Ends | None:
    """Return the ends of the part of a border that a picture shows, in window pixels.

    What lies outside the field or behind the blades is not shown, nor what a turn of the picture
    has pushed over its edge.
    """
    g = geometry(scene.case.c_arm, film.shot.pose, image.w)
    middle = 0.5 * (image.w - 1)
    shown: list[tuple[float, float]] = []
    for i in range(_STEPS + 1):
        t = i / _STEPS
        point = (a[0] + t * (b[0] - a[0]), a[1] + t * (b[1] - a[1]), a[2] + t * (b[2] - a[2]))
        column, row, m = project(g, point)
        right, up = (column - middle) * g.pitch_mm, (middle - row) * g.pitch_mm
        if m <= 0 or not film.shot.collimator.passes(right, up):
            continue
        if not (0 < column < image.w and 0 < row < image.h):
            continue
        column, row = oriented_point(column, row, image.w, film.settings)
        if 0 < column < image.w and 0 < row < image.h:
            shown.append((image.x + column, image.y + row))
    return (shown[0], shown[-1]) if len(shown) >= _LEAST else None


def _border(kit: Kit, image: Any, scene: Scene, film: Film) -> None:
    """Draw line, leader and box over the picture."""
    found = mark(scene, film)
    if found is None:
        return
    c, col = kit.canvas, kit.colour
    a, b, head, words = found
    ends = seen_part(scene, film, image, a, b)
    if ends is None:
        return
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
