"""What stands on a picture: geometry, technique, dose, settings, and the letters of sides."""

from __future__ import annotations

from typing import Any

import pygame

from simulator.imaging import display
from simulator.imaging.machine import machine
from simulator.imaging.positioner import geometry
from simulator.ui.chain import Film
from simulator.ui.kit import Kit
from simulator.ui.scene import Scene, clock, number
from simulator.units import Vec3
from simulator.world.arm import Curve, Pose
from simulator.world.case import Case

_LETTERS = (("L", "R"), ("P", "A"), ("H", "F"))
"""Where an axis of the patient points to, forwards and backwards."""

_CURVES = {Curve.LOW_DOSE: "LOW DOSE", Curve.NORMAL: "", Curve.HIGH_CONTRAST: "HIGH CONTR"}
_MODES = {
    display.Mode.LIVE: "",
    display.Mode.SUBTRACT: "SUBTRACT",
    display.Mode.ROADMAP: "ROADMAP",
}
_PLATE = 0.55
_LINE = 20
"""Characters of a line of packed words."""


def angles(pose: Pose) -> tuple[str, ...]:
    """Return orbit and tilt in the words of a C-arm, and the swivel if there is one."""
    orbit = pose.orbit_deg
    if abs(orbit) < 20.0:
        first = f"AP {number(orbit, 1):>5}"
    elif abs(abs(orbit) - 90.0) < 20.0:
        first = f"LAT {number(orbit, 1):>4}"
    else:
        first = f"{'LEFT' if orbit > 0 else 'RIGHT'} {number(abs(orbit), 1)}"
    second = f"{'CRA' if pose.tilt_deg >= 0 else 'CAU'} {number(abs(pose.tilt_deg), 1):>4}"
    swivel = f"SWV {number(pose.swivel_deg, 1):>4}"
    return (first, second, swivel) if abs(pose.swivel_deg) >= 0.05 else (first, second)


def turns(settings: display.Settings) -> list[str]:
    """Return what the viewer has changed, a word each."""
    turn = display.signed_deg(settings.rotate_deg)
    said = {
        _MODES[settings.mode]: settings.mode is not display.Mode.LIVE,
        "INV": settings.invert,
        f"ROT {number(turn)}°": bool(settings.rotate_deg),
        "FLIP": settings.flip_x != settings.flip_y,
        "FLIP 180°": settings.flip_x and settings.flip_y,
        f"CONTR {settings.contrast:.2f}": abs(settings.contrast - 1.0) > 0.005,
        f"BRIGHT {number(settings.brightness, 2)}": abs(settings.brightness) > 0.005,
        f"EDGE {settings.edge:g}": settings.edge != 1.0,
    }
    return [word for word, there in said.items() if there]


def letters(case: Case, film: Film) -> tuple[str, str]:
    """Return what of the patient lies on the left and on the right of a picture."""
    g = geometry(case.c_arm, film.shot.pose, 1)
    col, row = display.plain_point(1.0, 0.0, 1, film.settings)
    way: Vec3 = (
        col * g.right[0] - row * g.up[0],
        col * g.right[1] - row * g.up[1],
        col * g.right[2] - row * g.up[2],
    )
    axis = max(range(3), key=lambda i: abs(way[i]))
    forth, back = _LETTERS[axis]
    return (back, forth) if way[axis] > 0.0 else (forth, back)


def _corners(scene: Scene, film: Film, *, held: bool, full: bool) -> tuple[list[str], ...]:
    """Return the lines of the four corners: top left and right, bottom left and right."""
    arm, pose = scene.state.c_arm, film.shot.pose
    tl = [*angles(pose), f"MAG {max(machine().fields.sizes_mm) / pose.field_mm:.1f}x"]
    tr = [f"{film.pulses_per_s:g} p/s", f"{film.kvp:.0f} kV", f"{film.ma:.1f} mA"]
    if _CURVES[film.curve]:
        tr.append(_CURVES[film.curve])
    if not film.grid_in:
        tr.append("GRID OUT")
    bl = [f"KAP {arm.kap_gycm2:.2f} Gycm²", f"AK {arm.air_kerma_mgy:5.1f} mGy"]
    if not held:
        bl.append(f"{scene.kerma_mgy_min:.1f} mGy/min")
    bl.append(f"BEAM {clock(arm.fluoro_ticks)}")
    br = packed(turns(film.settings))
    if full:
        br.append(f"SID {scene.case.c_arm.sdd_mm / 10:.0f} cm")
    else:
        tl, tr, bl, br = tl[:2], [clock(film.shot.tick)], tr[1:3], br[:2]
    br += [film.notice.upper()] if film.notice else []
    br += ["LIH"] if held else []
    return tl, tr, bl, br


def packed(words: list[str]) -> list[str]:
    """Return short words side by side, so that a corner stays low."""
    lines: list[str] = []
    for word in words:
        if lines and len(lines[-1]) + len(word) + 2 <= _LINE:
            lines[-1] += f"  {word}"
        else:
            lines.append(word)
    return lines


def draw(kit: Kit, image: Any, film: Film, scene: Scene, *, held: bool, full: bool) -> Any:
    """Write corners and letters of sides on a picture; return the strip between the lower ones."""
    tl, tr, bl, br = _corners(scene, film, held=held, full=full)
    block(kit, image, tl, right=False, top=True)
    block(kit, image, tr, right=True, top=True)
    left = block(kit, image, bl, right=False, top=False)
    right = block(kit, image, br, right=True, top=False)
    sides(kit, image, letters(scene.case, film), "md" if full else "sm")
    top, aside = min(left.y, right.y), max(left.w, right.w)
    return pygame.Rect(image.x + aside, top, image.w - 2 * aside, image.bottom - top)


def sides(kit: Kit, image: Any, ends: tuple[str, str], size: str) -> None:
    """Write the letters of the sides at mid-height."""
    c = kit.canvas
    for letter, after in zip(ends, (False, True), strict=True):
        w = c.width(letter, size, "semi") + c.px(1.2)
        x = image.right - w if after else image.x
        plate = pygame.Rect(x, image.centery - c.px(1.4), w, c.px(2.8))
        c.fill(plate, kit.colour.black, _PLATE)
        c.text(letter, plate.center, size, "semi", kit.colour.corner, "c")


def block(kit: Kit, image: Any, lines: list[str], *, right: bool, top: bool) -> Any:
    """Write a corner on a plate, legible over bone and air; return the plate."""
    if not lines:
        return pygame.Rect(image.x, image.y if top else image.bottom, 0, 0)
    c, col = kit.canvas, kit.colour
    pad, pitch = c.px(0.7), max(c.px(2.0), c.theme.type_px("xs") + 2)
    w = max(c.width(line, "xs", "mono") for line in lines) + 2 * pad
    h = pitch * len(lines) + c.px(0.6)
    x = image.right - w if right else image.x
    y = image.y if top else image.bottom - h
    plate = pygame.Rect(x, y, w, h)
    c.fill(plate, col.black, _PLATE)
    for i, line in enumerate(lines):
        at = (x + (w - pad if right else pad), y + c.px(0.3) + pitch * (i + 0.5))
        ink = col.beam if line == "LIH" else col.corner
        c.text(line, at, "xs", "mono", ink, "r" if right else "l")
    return plate
