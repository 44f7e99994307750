"""The C-arm pane: a drawing seen from the patient's feet, the angles, the presets."""

from __future__ import annotations

import math
from typing import Any

import pygame

from simulator.imaging.positioner import view_of
from simulator.ui.arm import SLOTS
from simulator.ui.hots import Hot
from simulator.ui.kit import Kit
from simulator.ui.scene import Scene, number

_WORDS = ("AP", "Lat", "En L", "En R")
_BODY = (0x8C, 0x6F, 0x5C)


def draw(kit: Kit, rect: Any, scene: Scene) -> None:
    """Draw the pane."""
    c, col = kit.canvas, kit.colour
    arm = scene.state.c_arm
    kit.pane(rect, "C-arm", "Moving" if arm.moving else "At rest")
    stage = pygame.Rect(rect.x + c.px(1.2), rect.y + c.px(3.3), rect.w - c.px(2.4), c.px(18.4))
    _schematic(kit, stage, scene)
    base = rect.y + c.px(25.2)
    view = view_of(arm.pose)
    name = "Lat" if view.value == "lateral" else "AP" if view.value == "ap" else "Obl"
    left, right = rect.x + c.px(1.4), rect.right - c.px(1.4)
    c.text(
        f"{name.upper() if name != 'Obl' else 'OBL'} {number(arm.pose.orbit_deg)}°",
        (left, base),
        "lg",
        "semi",
        baseline=True,
    )
    tilt = "CRA" if arm.pose.tilt_deg >= 0 else "CAU"
    c.text(
        f"{tilt} {number(abs(arm.pose.tilt_deg), 1)}°",
        (right, base),
        "sm",
        "sc",
        col.mid,
        "r",
        baseline=True,
    )
    _presets(kit, rect, scene)
    y = rect.bottom - c.px(1.5)
    c.text("At your place", (left, y), "xs", "sc", col.low)
    rate = scene.dose_rate_usv_h if arm.beam else 0.0
    c.text(f"{number(rate)} µSv/h", (right, y), "xs", "sc", col.hi, "r")


def _presets(kit: Kit, rect: Any, scene: Scene) -> None:
    c, col = kit.canvas, kit.colour
    drive = scene.operator.drive
    gap = c.px(0.6)
    wide = (rect.w - c.px(2.8) - 3 * gap) / 4
    for i, slot in enumerate(SLOTS):
        box = pygame.Rect(
            round(rect.x + c.px(1.4) + i * (wide + gap)),
            rect.y + c.px(26.7),
            round(wide),
            c.px(4.4),
        )
        pose = scene.state.c_arm.pose
        at = drive.slots[slot]
        there = abs(at[0] - pose.orbit_deg) < 0.05 and abs(at[1] - pose.tilt_deg) < 0.05
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
        scene.operator.drive.to(slot)

    return act


def _schematic(kit: Kit, stage: Any, scene: Scene) -> None:
    """Draw arm, beam, table, patient and operator: patient's left on the left, back up."""
    c, col = kit.canvas, kit.colour
    pose, beam = scene.state.c_arm.pose, scene.state.c_arm.beam
    u = c.theme.u
    centre = (stage.x + stage.w * 0.58, stage.y + stage.h * 0.48)
    reach = min(stage.w * 0.40, stage.h * 0.46)
    a = math.radians(pose.orbit_deg)
    d = (-math.sin(a), -math.cos(a))
    side = (-d[1], d[0])

    def spot(along: float, across: float) -> tuple[float, float]:
        return (
            centre[0] + d[0] * along + side[0] * across,
            centre[1] + d[1] * along + side[1] * across,
        )

    old_clip = c.surface.get_clip()
    c.surface.set_clip(stage)
    _scatter(kit, spot(-reach * 0.25, 0.0), reach, strong=beam)
    c.fill((centre[0] - 0.35 * u, centre[1] + 1.2 * u, 0.9 * u, stage.bottom), (0x26, 0x31, 0x3C))
    turn = -pose.orbit_deg
    sweep = (turn - 8.0, turn + 188.0)
    c.arc(centre, reach * 1.02, sweep, col.steel, 1.0)
    fan = [spot(-reach * 0.86, 0.0), spot(reach * 0.78, 2.5 * u), spot(reach * 0.78, -2.5 * u)]
    c.poly(fan, col.beam if beam else (0x4A, 0x41, 0x1E))
    _patient(kit, centre, lit=beam)
    tube = [
        spot(-reach * w, h * u) for w, h in ((0.8, 1.1), (0.8, -1.1), (1.06, -1.1), (1.06, 1.1))
    ]
    c.poly(tube, col.exp)
    panel = [
        spot(reach * w, h * u) for w, h in ((0.78, 2.7), (0.78, -2.7), (0.97, -2.7), (0.97, 2.7))
    ]
    c.poly(panel, col.corner)
    c.surface.set_clip(old_clip)
    _operator(kit, stage)


def _patient(kit: Kit, centre: tuple[float, float], *, lit: bool) -> None:
    """Draw the trunk in cross section on its table."""
    c, col = kit.canvas, kit.colour
    u = c.theme.u
    body = pygame.Rect(0, 0, round(9.6 * u), round(3.4 * u))
    body.center = (round(centre[0]), round(centre[1] - 0.1 * u))
    oval = [
        (
            body.centerx + body.w / 2 * math.cos(t / 20 * math.tau),
            body.centery + body.h / 2 * math.sin(t / 20 * math.tau),
        )
        for t in range(20)
    ]
    c.poly(oval, _BODY if not lit else (0xB9, 0x95, 0x4E))
    c.disc((centre[0], centre[1] - 0.5 * u), 0.5 * u, col.hi)
    c.fill((centre[0] - 6.2 * u, centre[1] + 1.5 * u, 12.4 * u, 0.55 * u), (0x3A, 0x47, 0x54))


def _scatter(kit: Kit, at: tuple[float, float], reach: float, *, strong: bool) -> None:
    c, col = kit.canvas, kit.colour
    veil = pygame.Surface((round(reach * 2), round(reach * 2)), pygame.SRCALPHA)
    for share, alpha in ((0.95, 14), (0.68, 18), (0.42, 26)):
        pygame.draw.circle(
            veil, (*col.beam, alpha * (3 if strong else 1)), (reach, reach), reach * share
        )
    c.surface.blit(veil, (round(at[0] - reach), round(at[1] - reach)))


def _operator(kit: Kit, stage: Any) -> None:
    c, col = kit.canvas, kit.colour
    u = c.theme.u
    x, foot = stage.x + 1.5 * u, stage.y + stage.h * 0.80
    c.text("You", (x, foot - 11.3 * u), "xs", "sc", col.acc, "c")
    c.disc((x, foot - 9.4 * u), 0.95 * u, col.acc)
    c.box(
        pygame.Rect(round(x - 1.15 * u), round(foot - 8.2 * u), round(2.3 * u), round(4.7 * u)),
        col.acc,
        radius=0.8,
    )
    for dx in (-0.85, 0.1):
        c.fill((x + dx * u, foot - 4.0 * u, 0.75 * u, 4.0 * u), col.acc)
