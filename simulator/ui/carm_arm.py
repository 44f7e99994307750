"""The face of the C-arm pane for driving: drawing, angles, presets, swivel, place to stand."""

from __future__ import annotations

from functools import partial
from typing import Any

import pygame

from simulator.imaging.dose import kap_gycm2
from simulator.imaging.machine import setting
from simulator.imaging.positioner import view_of
from simulator.ui import schematic
from simulator.ui.arm import SLOTS, TRIM_DEG, aim_of
from simulator.ui.corners import angles
from simulator.ui.hots import Hot
from simulator.ui.keys import cap
from simulator.ui.kit import Kit
from simulator.ui.scene import Scene, number
from simulator.world.arm import CArm, Stand, View

_WORDS = ("AP", "Lat", "En L", "En R")
_PLACES = {Stand.LEFT: "Left", Stand.RIGHT: "Right", Stand.BACK: "Back"}
_VIEWS = {View.AP: "AP", View.LATERAL: "LAT", View.OBLIQUE: "OBL"}
_NEAR_DEG = 0.05


def draw(kit: Kit, rect: Any, scene: Scene) -> Any:
    """Draw the face; return the drawing, on which the arm can be dragged."""
    c = kit.canvas
    stage = pygame.Rect(rect.x, rect.y, rect.w, rect.h - c.px(15.8))
    _stage(kit, stage, scene)
    _angles(kit, rect, stage.bottom + c.px(2.3), scene)
    _swivel(kit, pygame.Rect(rect.x, stage.bottom + c.px(3.9), rect.w, c.px(3.0)), scene)
    _presets(kit, pygame.Rect(rect.x, stage.bottom + c.px(7.5), rect.w, c.px(4.4)), scene)
    _place(kit, pygame.Rect(rect.x, stage.bottom + c.px(12.5), rect.w, c.px(3.0)), scene)
    return stage


def _stage(kit: Kit, stage: Any, scene: Scene) -> None:
    """Draw the room, and a control on each place to stand."""
    c, col = kit.canvas, kit.colour
    arm = scene.state.c_arm
    colours = (col.steel, col.exp, col.corner, col.beam, col.acc, col.line2)
    c.surface.blit(schematic.picture(schematic.look_of(arm, stage.size, colours)), stage.topleft)
    for stand, place in schematic.places(stage).items():
        name = f"stand.{stand.value}"
        if stand is arm.stand:
            c.text("You", (place.centerx, place.y - c.px(1.1)), "xs", "sc", col.acc, "c")
        elif kit.hots.hovered(place):
            words = _PLACES[stand]
            c.text(words, (place.centerx, place.y - c.px(1.1)), "xs", "sc", col.hi, "c")
        kit.ring(name, place)
        kit.hots.add(Hot(name, place, _go_to(scene, stand)))


def _go_to(scene: Scene, stand: Stand) -> Any:
    return lambda: scene.operator.console.stand_at(stand)


def _angles(kit: Kit, rect: Any, base: float, scene: Scene) -> None:
    c, col = kit.canvas, kit.colour
    console = scene.operator.console
    own = scene.state.c_arm.through(console.plane)
    plane = "" if scene.state.c_arm.second is None else "AB"[console.plane] + " "
    words = f"{plane}{_VIEWS[view_of(own.pose)]} {number(own.pose.orbit_deg)}°"
    c.text(words, (rect.x, base), "lg", "semi", baseline=True)
    tilt = " ".join(angles(own.pose)[1].split()) + "°"
    said, ink = ("Moving", col.warn) if own.moving else (tilt, col.mid)
    c.text(said, (rect.right, base), "sm", "sc", ink, "r", baseline=True)


def _swivel(kit: Kit, row: Any, scene: Scene) -> None:
    """Draw the swivel between its two keys."""
    c, col = kit.canvas, kit.colour
    console, arm = scene.operator.console, scene.state.c_arm
    pose = console.pose(arm)
    side = c.px(4.4)
    for name, x, by in (("swivel_less", row.x, -1.0), ("swivel_more", row.right - side, 1.0)):
        box = pygame.Rect(x, row.y, side, row.h)
        kit.button(name, box, "–" if by < 0 else "+", cap(name), _swivel_by(scene, by))
    words = f"Swivel {number(pose.swivel_deg, 1)}°"
    c.text(words, row.center, "sm", "sc", col.hi if pose.swivel_deg else col.mid, "c")


def _swivel_by(scene: Scene, by: float) -> Any:
    def act() -> None:
        scene.operator.hurry()
        scene.operator.console.trim(scene.state.c_arm, (0.0, 0.0, by * TRIM_DEG))

    return act


def _presets(kit: Kit, row: Any, scene: Scene) -> None:
    c, col = kit.canvas, kit.colour
    console = scene.operator.console
    drive, now = console.drive, aim_of(console.pose(scene.state.c_arm))
    gap = c.px(0.6)
    wide = (row.w - 3 * gap) / 4
    for i, slot in enumerate(SLOTS):
        box = pygame.Rect(round(row.x + i * (wide + gap)), row.y, round(wide), row.h)
        there = all(abs(a - b) < _NEAR_DEG for a, b in zip(drive.slots[slot], now, strict=True))
        going = drive.target is not None and drive.slot == slot
        ground = col.accd if there else col.hover if kit.hots.hovered(box) else col.raised
        c.box(box, ground, col.acc if there or going else col.line2)
        c.text(_WORDS[i], (box.centerx, box.y + box.h * 0.33), "xs", "sc", col.hi, "c")
        c.text(str(i + 1), (box.centerx, box.y + box.h * 0.72), "xs", "sc", col.mid, "c")
        name = f"view.{slot}"
        kit.ring(name, box)
        kit.hots.add(Hot(name, box, _go(scene, slot)))


def _go(scene: Scene, slot: str) -> Any:
    def act() -> None:
        scene.operator.hurry()
        scene.operator.console.go(scene.state.c_arm, slot)

    return act


def _place(kit: Kit, row: Any, scene: Scene) -> None:
    """Draw where the operator stands and what is received there."""
    c, col = kit.canvas, kit.colour
    arm = scene.state.c_arm
    box = pygame.Rect(row.x, row.y, c.px(8.6), row.h)
    act = partial(scene.operator.console.next_stand, arm)
    kit.button("stand", box, _PLACES[arm.stand], cap("stand"), act)
    value = scene.dose_rate_usv_h if arm.beam_on else expected_usv_h(scene, arm)
    ink = col.hi if arm.beam_on else col.low
    c.text(f"{number(value)} µSv/h", (row.right, row.centery), "sm", "sc", ink, "r")


def expected_usv_h(scene: Scene, arm: CArm) -> float:
    """Return what the operator's place would get from the plane in hand as it is set now."""
    own = arm.through(scene.operator.console.plane)
    spec = scene.case.c_arm
    return schematic.rate_usv_h(own, kap_gycm2(spec, setting(spec, own), own.kvp, own.mas_pulse))
