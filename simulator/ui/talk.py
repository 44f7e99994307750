"""What is said in the room, the coach, and the strip of phases."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pygame

from simulator.engine.session import Caption
from simulator.procedure.coach import next_hint
from simulator.procedure.phases import LABELS, PHASES, chapter
from simulator.ui.canvas import Canvas
from simulator.ui.kit import Kit
from simulator.ui.scene import Scene, clock
from simulator.ui.theme import Rgb

_NURSE = (0xB5, 0xA3, 0xE0)
_LINES, _LEADING = 3, 3.25
_AHEAD = {
    "local": "local anaesthetic",
    "access": "the needle",
    "tamp": "the tamp",
    "mix": "mixing the cement",
    "inject": "giving the cement",
    "set": "letting it set",
    "recover": "dressing, an hour flat",
}
"""What a part of the procedure begins with, told in the part before it."""


def _ink(kit: Kit, speaker: str) -> Rgb:
    col = kit.colour
    return {"patient": col.ok, "nurse": _NURSE, "you": col.acc}.get(speaker.lower(), col.beam)


def captions(kit: Kit, rect: Any, scene: Scene) -> None:
    """Draw what was said last, the newest brightest, on as many of three lines as it needs."""
    c, col = kit.canvas, kit.colour
    kit.pane(rect)
    said = scene.session.captions[-_LINES:]
    if not said:
        at = rect.x + c.px(1.4), rect.y + c.px(1.95)
        c.text("Nobody has spoken yet.", at, "sm", "medium", col.low)
        return
    left = [rect.x + c.px(7.0) + c.width(line.speaker.capitalize(), "xs", "scb") for line in said]
    x = max(rect.x + c.px(13.4), max(left) + c.px(0.8))
    room = rect.right - x - c.px(1.2)
    y = rect.y + c.px(1.95)
    shown = _shared(c, said, room)
    for i, (line, rows) in enumerate(shown):
        newest = i == len(shown) - 1
        tone = col.hi if newest or line.alarm else col.mid if i == len(shown) - 2 else col.low
        _spoken(kit, rect, y, line, len(rows))
        for words in rows:
            size, face = c.best_fit(words, room)
            c.text(c.fitted(words, room, size, face), (x, y), size, face, tone)
            y += c.px(_LEADING)


def _shared(c: Canvas, said: Sequence[Caption], room: float) -> list[tuple[Caption, list[str]]]:
    """Return what is shown of the last captions, each with its rows of words.

    The newest is read to its end first, then the one before; an alarm always keeps a row.
    """
    shown: list[tuple[Caption, list[str]]] = []
    left = _LINES
    for i in range(len(said) - 1, -1, -1):
        most = left - sum(line.alarm for line in said[:i])
        if most > 0:
            rows = _rows(c, said[i].text, room, most)
            shown.insert(0, (said[i], rows))
            left -= len(rows)
    return shown


def _rows(c: Canvas, text: str, room: float, most: int) -> list[str]:
    """Return a line, or up to `most` where it has no room even in small letters."""
    size, face = c.best_fit(text, room)
    if most == 1 or c.width(text, size, face) <= room:
        return [text]
    rows = c.wrapped(text, room)
    return rows if len(rows) <= most else [*rows[: most - 1], " ".join(rows[most - 1 :])]


def _spoken(kit: Kit, rect: Any, y: float, line: Caption, rows: int) -> None:
    """Draw when something was said and by whom."""
    c, col = kit.canvas, kit.colour
    if line.alarm:
        high = c.px(3.0 + _LEADING * (rows - 1))
        box = pygame.Rect(rect.x + c.px(0.5), round(y - c.px(1.5)), rect.w - c.px(1.0), high)
        c.box(box, col.alarmd)
    c.text(clock(line.tick), (rect.x + c.px(1.3), y), "xs", "sc", col.low)
    ink = col.alarm if line.alarm else _ink(kit, line.speaker)
    c.fill((rect.x + c.px(5.8), y - c.px(1.0), 3, c.px(2.0)), ink)
    c.text(line.speaker.capitalize(), (rect.x + c.px(7.0), y), "xs", "scb", ink)


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
        head, body = next_hint(scene.case, scene.state, scene.session.looked)
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
    if now + 1 >= len(phases):
        return
    x += c.px(0.4)
    c.post(x, rect.y + c.px(1.5), rect.h - c.px(3.0), col.line2)
    x += c.px(1.5)
    x += c.text("Next", (x, y), "sm", "medium", col.low) + c.px(0.7)
    c.text(c.fitted(_AHEAD[phases[now + 1]], rect.right - x - c.px(2)), (x, y))
