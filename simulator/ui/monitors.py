"""The two X-ray monitors."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pygame

from simulator.ui import guide, layout
from simulator.ui.hots import Hot
from simulator.ui.kit import Kit
from simulator.ui.pictures import Film
from simulator.ui.scene import Scene, ago, clock, number
from simulator.units import TICKS_PER_S
from simulator.world.arm import Pose, View

NAMES = {View.AP: "AP", View.LATERAL: "Lateral", View.OBLIQUE: "Oblique"}


def angles(pose: Pose) -> tuple[str, str]:
    """Return orbit and tilt in the words of a C-arm."""
    orbit = pose.orbit_deg
    if abs(orbit) < 20.0:
        first = f"AP {number(orbit, 1):>5}"
    elif abs(abs(orbit) - 90.0) < 20.0:
        first = f"LAT {number(orbit, 1):>4}"
    else:
        first = f"{'LEFT' if orbit > 0 else 'RIGHT'} {number(abs(orbit), 1)}"
    second = f"{'CRA' if pose.tilt_deg >= 0 else 'CAU'} {number(abs(pose.tilt_deg), 1):>4}"
    return first, second


def draw_live(kit: Kit, rect: Any, scene: Scene) -> None:
    """Draw the live monitor; it changes only when a pulse was taken."""
    swapped = scene.pictures.swapped
    film = scene.pictures.reference if swapped else scene.pictures.live
    tools: tuple[tuple[str, str, Callable[[], None]], ...] = (
        ("Rate", "P", lambda: scene.operator.next_rate(scene.state)),
        ("Mag", "K", lambda: scene.operator.next_field(scene.state)),
        ("Store", "N", scene.pictures.store),
    )
    beam = scene.state.c_arm.beam
    on = beam and not swapped
    image = _frame(kit, rect, "Live", _chip(scene, film, on=on), tools, on=on)
    if film is None:
        _empty(kit, image, "No image yet.", "Space takes one while you hold it.")
        return
    _picture(kit, image, film)
    if scene.coach and not swapped:
        guide.draw(kit, image, scene, film)
    _corners(kit, image, film, scene, held=not on, full=True)
    if beam:
        c = kit.canvas
        c.frame(rect.inflate(4, 4), kit.colour.beam, 2 + c.theme.hair)
        c.rule(rect.x, image.y - 2, rect.w, kit.colour.beam)


def draw_reference(kit: Kit, rect: Any, scene: Scene) -> None:
    """Draw the reference monitor."""
    pictures = scene.pictures
    film = pictures.live if pictures.swapped else pictures.reference

    def swap() -> None:
        pictures.swapped = not pictures.swapped

    on = scene.state.c_arm.beam and pictures.swapped
    image = _frame(kit, rect, "Reference", _chip(scene, film, on=on), (("Swap", "U", swap),), on=on)
    if film is None:
        _empty(kit, image, "The last image of the other", "plane is kept here.")
        return
    _picture(kit, image, film)
    _corners(kit, image, film, scene, held=not on, full=False)


def _chip(scene: Scene, film: Film | None, *, on: bool) -> str:
    if film is None:
        return ""
    name = NAMES[film.shot.view]
    if on:
        return name
    return f"{name}, held {ago((scene.state.tick - film.shot.tick) / TICKS_PER_S)}"


def _frame(
    kit: Kit,
    rect: Any,
    title: str,
    chip: str,
    tools: tuple[tuple[str, str, Callable[[], None]], ...],
    *,
    on: bool,
) -> Any:
    """Draw pane and header; return the square of the picture."""
    c, col = kit.canvas, kit.colour
    image = layout.image(c.theme, rect)
    c.box(rect, col.black, col.line)
    head = pygame.Rect(rect.x, rect.y, rect.w, image.y - rect.y)
    c.box(head, col.pane, col.line)
    c.fill((rect.x, head.bottom - 4, rect.w, 4), col.pane)
    y = rect.y + c.px(2.0)
    x = rect.x + c.px(1.5)
    x += c.text(title, (x, y), "md", "semi") + c.px(1.3)
    if chip:
        kit.chip(chip, (x, y), col.beam if on else col.mid, col.beamd if on else col.card)
    right = rect.right - c.px(0.9)
    hots: list[Hot] = []
    for label, key, act in reversed(tools):
        cap_w = max(c.px(1.7), c.width(key, "xs", "sc") + c.px(0.9))
        w = c.width(label, "xs", "sc") + c.px(0.6) + cap_w
        box = pygame.Rect(right - w - c.px(0.4), rect.y + c.px(0.5), w + c.px(0.8), c.px(3.0))
        if kit.hots.hovered(box):
            c.box(box, col.raised)
        c.text(label, (right - w, y), "xs", "sc", col.mid)
        kit.cap(key, (right - cap_w, y))
        name = f"monitor.{label}"
        kit.ring(name, box)
        hots.append(Hot(name, box, act))
        right -= w + c.px(1.5)
    for hot in reversed(hots):  # from left to right: the order of Tab
        kit.hots.add(hot)
    return image


def _empty(kit: Kit, image: Any, first: str, second: str) -> None:
    c = kit.canvas
    c.text(first, (image.centerx, image.centery - c.px(1.4)), "body", "medium", kit.colour.mid, "c")
    c.text(second, (image.centerx, image.centery + c.px(1.6)), "sm", "medium", kit.colour.low, "c")


def _picture(kit: Kit, image: Any, film: Film) -> None:
    kit.canvas.surface.blit(film.sized(image.w), image.topleft)


def _corners(kit: Kit, image: Any, film: Film, scene: Scene, *, held: bool, full: bool) -> None:
    """Write what a C-arm writes: geometry, technique, dose, and LIH when the image is held."""
    c, col = kit.canvas, kit.colour
    arm = scene.state.c_arm
    pose = film.shot.pose
    small = c.theme.size[1] < 800
    tl = [*angles(pose), f"MAG {300.0 / pose.field_mm:.1f}x"]
    tr = [f"{film.pulses_per_s:g} p/s", f"{film.kvp:.0f} kV", f"{film.ma:.1f} mA"]
    bl = [
        f"KAP {arm.kap_gycm2:.2f} Gycm²",
        f"AK {arm.air_kerma_mgy:5.1f} mGy",
        f"BEAM {clock(arm.fluoro_ticks)}",
    ]
    br = [f"SID {scene.case.c_arm.sdd_mm / 10:.0f} cm"]
    if not full:
        tl, tr, bl, br = tl[:2], [clock(film.shot.tick)], tr[1:], []
        br = ["STORE"] if scene.pictures.pinned is film else []
    if small:
        tl, tr, bl = tl[:2], tr[:2], bl[-2:]
    if held:
        br = [*br, "LIH"]
    pad, pitch, first = c.px(1.0), max(c.px(2.0), c.theme.type_px("xs") + 2), c.px(1.7)
    for lines, align, top in ((tl, "l", True), (tr, "r", True), (bl, "l", False), (br, "r", False)):
        for i, line in enumerate(lines):
            x = image.x + pad if align == "l" else image.right - pad
            row = i if top else len(lines) - 1 - i
            y = image.y + first + row * pitch if top else image.bottom - first - row * pitch
            ink = col.beam if line == "LIH" else col.corner
            c.text(line, (x, y), "xs", "mono", ink, align)
    _markers(kit, image, film)


def _markers(kit: Kit, image: Any, film: Film) -> None:
    c = kit.canvas
    orbit = film.shot.pose.orbit_deg
    if film.shot.view is View.LATERAL:
        pair = ("A", "P") if orbit > 0 else ("P", "A")
    else:
        pair = ("L", "R")
    size = "md" if image.w > c.px(60) else "sm"
    c.text(pair[0], (image.x + c.px(1.3), image.centery), size, "semi", kit.colour.corner)
    c.text(pair[1], (image.right - c.px(1.3), image.centery), size, "semi", kit.colour.corner, "r")
