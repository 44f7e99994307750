"""A case as a card: two films, its name, how hard it is, how it went."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pygame

from simulator.scenario.load import CaseCard
from simulator.ui.canvas import Canvas
from simulator.ui.hots import Act, Hot
from simulator.ui.kit import Kit
from simulator.ui.memory import Result, days_ago
from simulator.ui.thumbs import VIEWS, Thumbs

_NAME = (("md", "semi"), ("sm", "semi"), ("sm", "scb"))
"""Sizes and faces that the name of a case may take, the first that fits."""
_PLATE = 0.55


def in_two(card: CaseCard) -> tuple[str, str]:
    """Return the two lines of a card: what stands before and after the colon of the title."""
    name, _, rest = card.title.partition(": ")
    rest = rest or card.skill
    return name, rest[:1].upper() + rest[1:]


def thumb(kit: Kit, rect: Any, thumbs: Thumbs | None, card: CaseCard, view: str) -> None:
    """Draw one film, cut to the shape of `rect`."""
    c, col = kit.canvas, kit.colour
    image = thumbs.get(card, view) if thumbs is not None else None
    c.fill(rect, col.black)
    if image is None:
        words = "File has faults" if card.fault else "Taking the film"
        c.text(words, rect.center, "xs", "sc", col.low, "c")
        return
    side = image.get_width()
    high = min(side, round(side * rect.h / max(rect.w, 1)))
    part = image.subsurface((0, (side - high) // 2, side, high))
    c.surface.blit(pygame.transform.smoothscale(part, rect.size), rect.topleft)


def _plane(c: Canvas, film: Any, word: str) -> None:
    """Name the plane of a film on a plate: lung and soft tissue are as light as the letters."""
    at = (film.x + c.px(0.9), film.y + c.px(1.5))
    plate = pygame.Rect(0, 0, c.width(word, "xs", "scb") + c.px(1.0), c.px(2.2))
    plate.midleft = (round(at[0] - c.px(0.5)), round(at[1]))
    c.fill(plate, c.colour.black, _PLATE)
    c.text(word, at, "xs", "scb", c.colour.corner)


def _film_height(wide: float) -> int:
    return round(wide * 0.31)


def height(wide: float, canvas: Canvas) -> int:
    """Return how high a card of `wide` pixels is."""
    return _film_height(wide) + canvas.px(11.7)


def draw(
    kit: Kit,
    rect: Any,
    thumbs: Thumbs | None,
    card: CaseCard,
    best: Result | None,
    choose: Act,
) -> None:
    """Draw the card of a case."""
    c, col = kit.canvas, kit.colour
    over = kit.hots.hovered(rect)
    c.box(rect, col.raised if over else col.card, col.line, 0.55)
    half = (rect.w - 2) // 2
    for i, view in enumerate(VIEWS):
        film = pygame.Rect(rect.x + 1 + i * (half + 1), rect.y + 1, half, _film_height(rect.w))
        thumb(kit, film, thumbs, card, view)
        _plane(c, film, ("AP", "LAT")[i])
    x, right = rect.x + c.px(1.3), rect.right - c.px(1.3)
    low = rect.y + _film_height(rect.w)
    y = low + c.px(2.3)
    name, below = in_two(card)
    room = right - x - c.px(7)
    size, face = next((fit for fit in _NAME if c.width(name, *fit) <= room), _NAME[-1])
    c.text(c.fitted(name, room, size, face), (x, y), size, face)
    for i in range(5):
        pip = pygame.Rect(right - c.px(1.2 * (5 - i)), round(y - c.px(0.5)), c.px(0.9), c.px(1.0))
        c.fill(pip, col.mid if i < card.difficulty else col.line2)
    y += c.px(2.7)
    size, face = c.best_fit(below, right - x)
    c.text(c.fitted(below, right - x, size, face), (x, y), size, face, col.mid)
    c.rule(x, low + c.px(7.1), right - x)
    _outcome(kit, rect, card, best, low + c.px(9.4))
    kit.ring(f"card.{card.id}", rect)
    kit.hots.add(Hot(f"card.{card.id}", rect, choose))


def _outcome(kit: Kit, rect: Any, card: CaseCard, best: Result | None, y: float) -> None:
    c, col = kit.canvas, kit.colour
    x, right = rect.x + c.px(1.3), rect.right - c.px(1.3)
    if best is None:
        c.text("Not tried", (x, y), "sm", "medium", col.low)
        c.text(card.procedure.capitalize(), (right, y), "xs", "sc", col.low, "r")
        return
    level = "ok" if best.passed else "warn"
    kit.mark(level, (x + c.px(0.9), y), 1.6)
    w = c.text(f"{best.total:.0f}", (x + c.px(2.5), y), "md", "semi")
    c.text(
        "Passed" if best.passed else "Not passed",
        (x + c.px(3.3) + w, y),
        "sm",
        "medium",
        kit.level(level)[0],
    )
    c.text(days_ago(best.when), (right, y), "xs", "sc", col.low, "r")


def curriculum(kit: Kit, rect: Any, best: Sequence[Result | None]) -> None:
    """Draw how many of the cases are passed, tried and new."""
    c, col = kit.canvas, kit.colour
    c.box(rect, col.pane, col.line, 0.55)
    passed = sum(run is not None and run.passed for run in best)
    x, right = rect.x + c.px(1.8), rect.right - c.px(1.8)
    c.text("Curriculum", (x, rect.y + c.px(2.6)), "md", "semi")
    c.text(
        f"{passed} of {len(best)} passed",
        (right, rect.y + c.px(2.6)),
        "sm",
        "medium",
        col.mid,
        "r",
    )
    gap = c.px(0.35)
    count = max(len(best), 1)
    each = min((right - x - gap * (count - 1)) / count, c.px(6))
    for i, run in enumerate(best):
        box = pygame.Rect(round(x + i * (each + gap)), rect.y + c.px(4.7), round(each), c.px(1.5))
        ink = col.raised if run is None else col.ok if run.passed else col.warn
        c.box(box, ink, radius=0.22)
        if run is not None and run.passed:
            c.icon("tick", box.center, 1.1, col.ink, ink)
    y = rect.y + c.px(9.1)
    for word, ink in (("Passed", col.ok), ("Tried", col.warn), ("New", col.raised)):
        c.box(pygame.Rect(round(x), round(y - c.px(0.5)), c.px(1.0), c.px(1.0)), ink, radius=0.2)
        x += c.px(1.7)
        x += c.text(word, (x, y), "xs", "sc", col.mid) + c.px(2.4)
