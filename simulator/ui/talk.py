"""What is said in the room, the coach, and the strip of phases."""

from __future__ import annotations

from typing import Any

import pygame

from simulator.procedure.coach import next_hint
from simulator.procedure.phases import LABELS, PHASES, chapter
from simulator.ui.kit import Kit
from simulator.ui.scene import Scene, clock
from simulator.ui.theme import Rgb

_NURSE = (0xB5, 0xA3, 0xE0)


def _ink(kit: Kit, speaker: str) -> Rgb:
    col = kit.colour
    return {"patient": col.ok, "nurse": _NURSE, "you": col.acc}.get(speaker.lower(), col.beam)


def captions(kit: Kit, rect: Any, scene: Scene) -> None:
    """Draw the last three lines; the newest brightest."""
    c, col = kit.canvas, kit.colour
    kit.pane(rect)
    lines = scene.session.captions[-3:]
    for i, line in enumerate(lines):
        y = rect.y + c.px(1.95 + 3.25 * i)
        newest = i == len(lines) - 1
        if line.alarm:
            box = pygame.Rect(rect.x + c.px(0.5), round(y - c.px(1.5)), rect.w - c.px(1.0), c.px(3))
            c.box(box, col.alarmd)
        c.text(clock(line.tick), (rect.x + c.px(1.3), y), "xs", "sc", col.low)
        ink = col.alarm if line.alarm else _ink(kit, line.speaker)
        c.fill((rect.x + c.px(5.8), y - c.px(1.0), 3, c.px(2.0)), ink)
        c.text(line.speaker.capitalize(), (rect.x + c.px(7.0), y), "xs", "scb", ink)
        x = rect.x + c.px(13.4)
        room = rect.right - x - c.px(1.2)
        tone = col.hi if newest or line.alarm else col.mid if i == len(lines) - 2 else col.low
        size, face = c.best_fit(line.text, room)
        c.text(c.fitted(line.text, room, size, face), (x, y), size, face, tone)
    if not lines:
        c.text(
            "Nobody has spoken yet.",
            (rect.x + c.px(1.4), rect.y + c.px(1.95)),
            "sm",
            "medium",
            col.low,
        )


def coach(kit: Kit, rect: Any, scene: Scene) -> None:
    """Draw the hint, or the last refusal while it is fresh."""
    c, col = kit.canvas, kit.colour
    fresh = scene.refused is not None and scene.state.tick - scene.refused[1] < 300
    if not fresh and not scene.coach:
        kit.pane(rect, "Coach", "O turns it on")
        return
    if fresh and scene.refused is not None:
        head, body, ink, ground, mark = "Not now", scene.refused[0], col.warn, col.warnd, "triangle"
    else:
        head, body = next_hint(scene.case, scene.state)
        ink, ground, mark = col.acc, col.accd, "bulb"
    c.box(rect, ground, ink, 0.45)
    c.fill((rect.x, rect.y + 2, max(3, c.px(0.45)), rect.h - 4), ink)
    x, y = rect.x + c.px(1.7), rect.y + c.px(2.2)
    c.icon(mark, (x + c.px(0.5), y), 1.7, ink, ground)
    room = rect.right - x - c.px(3.2)
    face = "semi" if c.width(head, "sm", "semi") <= room else "scb"
    c.text(c.fitted(head, room, "sm", face), (x + c.px(2.1), y), "sm", face)
    c.paragraph(body, (x, y + c.px(2.8)), rect.right - x - c.px(1.2), colour=col.hi, lines=3)


def strip(kit: Kit, rect: Any, scene: Scene) -> None:
    """Draw the phases of this procedure and what comes next."""
    c, col = kit.canvas, kit.colour
    c.fill(rect, col.pane)
    c.rule(rect.x, rect.y, rect.w)
    phases = PHASES[scene.case.procedure]
    part = chapter(scene.state.phase)
    now = phases.index(part) if part in phases else len(phases)
    x = rect.x + c.px(1.6)
    y = rect.centery
    for i, phase in enumerate(phases):
        label = LABELS[phase]
        face = "semi" if i == now else "medium"
        w = c.width(label, "sm", face) + c.px(4.9)
        box = pygame.Rect(round(x), round(y - c.px(1.8)), w, c.px(3.6))
        if i == now:
            c.box(box, col.accd, col.acc)
            c.icon("play", (box.x + c.px(2.0), y), 1.3, col.acc, col.accd)
            ink = col.hi
        elif i < now:
            c.box(box, col.card)
            c.icon("tick", (box.x + c.px(1.8), y), 1.5, col.ok, col.card)
            ink = col.mid
        else:
            c.icon("ring", (box.x + c.px(1.9), y), 1.2, col.low)
            ink = col.low
        c.text(label, (box.x + c.px(3.3), y), "sm", face, ink)
        x += w + c.px(0.9)
    x += c.px(0.4)
    c.post(x, rect.y + c.px(1.5), rect.h - c.px(3.0), col.line2)
    x += c.px(1.5)
    x += c.text("Next", (x, y), "sm", "medium", col.low) + c.px(0.7)
    head, _ = next_hint(scene.case, scene.state)
    word = head if head.isupper() or head[:2].isupper() else head[:1].lower() + head[1:]
    c.text(c.fitted(word, rect.right - x - c.px(2)), (x, y))
