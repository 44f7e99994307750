"""What stands on a picture: geometry, technique, dose, settings, and the letters of sides."""

from __future__ import annotations

from typing import Any

import pygame

from simulator.imaging import display
from simulator.imaging.positioner import geometry
from simulator.ui.chain import Film
from simulator.ui.kit import Kit
from simulator.ui.scene import Scene, clock, number
from simulator.units import Vec3
from simulator.world.arm import Curve, Pose

_LETTERS = (("L", "R"), ("P", "A"), ("H", "F"))
"""Where an axis of the patient points to, forwards and backwards."""

_CURVES = {Curve.LOW_DOSE: "LOW DOSE", Curve.NORMAL: "", Curve.HIGH_CONTRAST: "HIGH CONTR"}
_MODES = {
    display.Mode.LIVE: "",
    display.Mode.SUBTRACT: "SUBTRACT",
    display.Mode.ROADMAP: "ROADMAP",
}
_PLATE = 0.55


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
    said = {
        _MODES[settings.mode]: settings.mode is not display.Mode.LIVE,
        "INV": settings.invert,
        f"ROT {number(settings.rotate_deg)}°": bool(settings.rotate_deg),
        "FLIP": settings.flip_x != settings.flip_y,
        "FLIP 180°": settings.flip_x and settings.flip_y,
        f"W {settings.contrast:.2f}": abs(settings.contrast - 1.0) > 0.005,
        f"L {number(settings.brightness, 2)}": abs(settings.brightness) > 0.005,
        f"EDGE {settings.edge:g}": settings.edge != 1.0,
    }
    return [word for word, there in said.items() if there]


def letters(scene: Scene, film: Film) -> tuple[str, str]:
    """Return what of the patient lies on the left and on the right of a picture."""
    g = geometry(scene.case.c_arm, film.shot.pose, 1)
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
    tl = [*angles(pose), f"MAG {300.0 / pose.field_mm:.1f}x"]
    tr = [f"{film.pulses_per_s:g} p/s", f"{film.kvp:.0f} kV", f"{film.ma:.1f} mA"]
    if _CURVES[arm.curve]:
        tr.append(_CURVES[arm.curve])
    if not arm.grid_in:
        tr.append("GRID OUT")
    bl = [f"KAP {arm.kap_gycm2:.2f} Gycm²", f"AK {arm.air_kerma_mgy:5.1f} mGy"]
    if not held:
        bl.append(f"{scene.kerma_mgy_min:.1f} mGy/min")
    bl.append(f"BEAM {clock(arm.fluoro_ticks)}")
    br = [*turns(film.settings), f"SID {scene.case.c_arm.sdd_mm / 10:.0f} cm"]
    if film.notice:
        br.insert(0, film.notice.upper())
    if not full:
        tl, tr, bl, br = tl[:2], [clock(film.shot.tick)], tr[1:3], br[:-1][:3]
    if held:
        br = [*br, "LIH"]
    return tl, tr, bl, br


def draw(kit: Kit, image: Any, film: Film, scene: Scene, *, held: bool, full: bool) -> None:
    """Write the corners and the letters of sides on a picture."""
    c = kit.canvas
    rows = 3 if c.theme.size[1] < 800 else 6
    tl, tr, bl, br = _corners(scene, film, held=held, full=full)
    _block(kit, image, tl[:rows], right=False, top=True)
    _block(kit, image, tr[:rows], right=True, top=True)
    _block(kit, image, bl[-rows:], right=False, top=False)
    _block(kit, image, br[-rows - 1 :], right=True, top=False)
    size = "md" if full else "sm"
    for letter, right in zip(letters(scene, film), (False, True), strict=True):
        w = c.width(letter, size, "semi") + c.px(1.2)
        x = image.right - w if right else image.x
        plate = pygame.Rect(x, image.centery - c.px(1.4), w, c.px(2.8))
        c.fill(plate, kit.colour.black, _PLATE)
        c.text(letter, plate.center, size, "semi", kit.colour.corner, "c")


def _block(kit: Kit, image: Any, lines: list[str], *, right: bool, top: bool) -> None:
    """Write the lines of one corner on a plate that keeps them legible over bone and air."""
    if not lines:
        return
    c, col = kit.canvas, kit.colour
    pad, pitch = c.px(0.7), max(c.px(2.0), c.theme.type_px("xs") + 2)
    w = max(c.width(line, "xs", "mono") for line in lines) + 2 * pad
    h = pitch * len(lines) + c.px(0.6)
    x = image.right - w if right else image.x
    y = image.y if top else image.bottom - h
    c.fill((x, y, w, h), col.black, _PLATE)
    for i, line in enumerate(lines):
        at = (x + (w - pad if right else pad), y + c.px(0.3) + pitch * (i + 0.5))
        ink = col.beam if line == "LIH" else col.corner
        c.text(line, at, "xs", "mono", ink, "r" if right else "l")
