"""The two X-ray monitors."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import pygame

from simulator.ui import blades, corners, guide, layout
from simulator.ui.chain import Film
from simulator.ui.grabs import Monitor
from simulator.ui.hots import Hot
from simulator.ui.keys import cap
from simulator.ui.kit import Kit
from simulator.ui.scene import Scene, ago
from simulator.units import TICKS_PER_S
from simulator.world.arm import View

NAMES = {View.AP: "AP", View.LATERAL: "Lateral", View.OBLIQUE: "Oblique"}

Tool = tuple[str, str, Callable[[], None]]
"""Word, key and what it does."""


@dataclass(frozen=True, slots=True)
class Shown:
    """What one of the monitors shows."""

    title: str
    film: Film | None
    plane: int
    on: bool
    """The beam of this plane is on and this monitor shows it."""
    live: bool
    """It is what the plane showed last, or it waits for that."""


def shown(scene: Scene, *, large: bool) -> Shown:
    """Return what the large or the small monitor shows."""
    pictures, arm = scene.pictures, scene.state.c_arm
    two = arm.second is not None
    film = pictures.main() if large else pictures.beside()
    second = large == pictures.swapped  # the slot of the reference, or of the second plane
    plane = film.shot.plane if film is not None else int(second and two)
    recalled = second and pictures.shown is not None
    # Before the second plane was used its monitor keeps what the first one saw.
    live = (plane == int(second) if two else not second) and not recalled
    if recalled and pictures.shown is not None:
        title = f"Film {pictures.shown + 1}"
    elif two and live:
        title = "Plane B" if plane else "Plane A"
    else:
        title = "Reference" if second else "Live"
    return Shown(title, film, plane, live and arm.through(plane).beam, live)


def _tools(scene: Scene, *, large: bool) -> tuple[Tool, ...]:
    console, pictures = scene.operator.console, scene.pictures

    def swap() -> None:
        pictures.swapped = not pictures.swapped

    if not large:
        return (("Swap", cap("swap"), swap),)
    tools: tuple[Tool, ...] = (
        ("Rate", cap("rate"), lambda: console.next_rate(scene.state.c_arm)),
        ("Mag", cap("field"), lambda: console.next_field(scene.state.c_arm)),
        ("Store", cap("store"), lambda: pictures.store(console.plane)),
    )
    if scene.state.c_arm.second is None:
        return tools
    word = "B" if console.plane else "A"
    other = (f"Hand on {word}", cap("plane"), lambda: console.other_plane(scene.state.c_arm))
    return (other, *tools)


def draw(kit: Kit, rect: Any, scene: Scene, *, large: bool) -> Monitor | None:
    """Draw a monitor; return it if the mouse may drag on it."""
    what = shown(scene, large=large)
    film = what.film
    image = _frame(kit, rect, what, _chip(scene, what), _tools(scene, large=large))
    if film is None:
        words = ("No image yet.", "Space takes one while you hold it.")
        if not what.live:
            words = ("The last image of the other", "plane is kept here.")
        _empty(kit, image, *words)
    else:
        kit.canvas.surface.blit(film.sized(image.w), image.topleft)
        if what.live and not what.on:
            blades.draw(kit, image, film, scene.state.c_arm.through(what.plane).collimator)
        strip = corners.draw(kit, image, film, scene, held=not what.on, full=large)
        if scene.coach and what.live:
            guide.draw(kit, image, scene, film, strip)
    if scene.hand_seen and what.on:
        _warning(kit, image, "Hand in the beam")
    if what.on:
        c = kit.canvas
        c.frame(rect.inflate(4, 4), kit.colour.beam, 2 + c.theme.hair)
        c.rule(rect.x, image.y - 2, rect.w, kit.colour.beam)
    return Monitor(image, film, what.plane) if what.live else None


def _chip(scene: Scene, what: Shown) -> str:
    if what.film is None:
        return ""
    name = NAMES[what.film.shot.view]
    if what.on:
        return name
    return f"{name}, held {ago((scene.state.tick - what.film.shot.tick) / TICKS_PER_S)}"


def _frame(kit: Kit, rect: Any, what: Shown, chip: str, tools: tuple[Tool, ...]) -> Any:
    """Draw pane and header; return the square of the picture."""
    c, col = kit.canvas, kit.colour
    image = layout.image(c.theme, rect)
    c.box(rect, col.black, col.line)
    head = pygame.Rect(rect.x, rect.y, rect.w, image.y - rect.y)
    c.box(head, col.pane, col.line)
    c.fill((rect.x, head.bottom - 4, rect.w, 4), col.pane)
    y = rect.y + c.px(2.0)
    x = rect.x + c.px(1.5)
    x += c.text(what.title, (x, y), "md", "semi") + c.px(1.3)
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
    if chip:
        words = c.fitted(chip, right - x - c.px(1.7), "xs", "sc")
        ink, ground = (col.beam, col.beamd) if what.on else (col.mid, col.card)
        kit.chip(words, (x, y), ink, ground)
    return image


def _empty(kit: Kit, image: Any, first: str, second: str) -> None:
    c = kit.canvas
    c.text(first, (image.centerx, image.centery - c.px(1.4)), "body", "medium", kit.colour.mid, "c")
    c.text(second, (image.centerx, image.centery + c.px(1.6)), "sm", "medium", kit.colour.low, "c")


def _warning(kit: Kit, image: Any, words: str) -> None:
    """Write an alarm over the top of a picture."""
    c, col = kit.canvas, kit.colour
    w = c.width(words, "sm", "semi") + c.px(5.0)
    box = pygame.Rect(image.centerx - w // 2, image.y + c.px(1.0), w, c.px(3.4))
    c.box(box, col.alarmd, col.alarm)
    kit.mark("alarm", (box.x + c.px(1.9), box.centery), 1.7)
    c.text(words, (box.x + c.px(3.6), box.centery), "sm", "semi", col.hi)
