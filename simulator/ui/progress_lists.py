"""The lists of the history: what to practise next, and each case."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import pygame

from simulator.records.practice import Advice
from simulator.records.runs import Run
from simulator.scenario.load import CaseCard
from simulator.ui.hots import Hot
from simulator.ui.kit import Kit

_BARS = 6


def practise(kit: Kit, rect: Any, advice: Sequence[Advice], go: Callable[[str], Any]) -> None:
    """Draw up to three cases to practise, each with its reason."""
    c, col = kit.canvas, kit.colour
    kit.pane(rect, "What to practise next")
    gap = c.px(0.9)
    top = rect.y + c.px(3.8)
    high = (rect.bottom - c.px(1.4) - top - 2 * gap) // 3
    for i, one in enumerate(advice):
        box = pygame.Rect(rect.x + c.px(1.4), top + i * (high + gap), rect.w - c.px(2.8), high)
        c.box(box, col.accd if i == 0 else col.card, col.acc if i == 0 else col.line, 0.45)
        button = pygame.Rect(box.right - c.px(13.2), box.y + c.px(1.1), c.px(12), c.px(3.2))

        def start(case: str = one.case) -> Any:
            return go(case)

        kind = "pri" if i == 0 else ""
        kit.button(f"practise.{i}", button, "Practise", "", start, kind=kind)
        x = box.x + c.px(1.5)
        name, _, rest = one.title.partition(": ")
        room = button.x - x - c.px(1)
        c.text(c.fitted(name, room, "md", "semi"), (x, box.y + c.px(2.5)), "md", "semi")
        ink = col.warn if one.about else col.mid
        wide = box.right - x - c.px(1.2)
        reason = one.reason[:1].upper() + one.reason[1:]
        c.text(c.fitted(reason, wide), (x, box.y + c.px(5.6)), "sm", "medium", ink)
        if rest and high > c.px(9.2):
            below = rest[:1].upper() + rest[1:]
            c.text(c.fitted(below, wide), (x, box.y + c.px(8.2)), "sm", "medium", col.mid)


def cases(
    kit: Kit,
    rect: Any,
    rows: Sequence[tuple[CaseCard, Sequence[Run]]],
    chosen: str | None,
    choose: Callable[[str | None], Any],
) -> None:
    """Draw a row per case, those played last first; a row shows its case alone in the curves."""
    c = kit.canvas
    kit.pane(rect, "Per case", "runs, best")
    y = rect.y + c.px(5.4)
    each = c.px(3.9)
    played = sorted(rows, key=lambda row: row[1][-1].started if row[1] else "", reverse=True)
    fit = int((rect.bottom - c.px(1.6) - y) // each) + 1
    for card, own in played[:fit]:
        box = pygame.Rect(rect.x + c.px(0.7), round(y - each / 2), rect.w - c.px(1.4), each)

        def pick(case: str = card.id) -> None:
            choose(None if case == chosen else case)

        if card.id == chosen:
            c.box(box, kit.colour.accd, kit.colour.acc, 0.3)
        _case(kit, card, own, box, y)
        if own:
            kit.ring(f"case.{card.id}", box)
            kit.hots.add(Hot(f"case.{card.id}", box, pick))
        y += each


def _case(kit: Kit, card: CaseCard, own: Sequence[Run], box: Any, y: float) -> None:
    c, col = kit.canvas, kit.colour
    x, right = box.x + c.px(0.7), box.right - c.px(0.7)
    best = max(own, key=lambda run: (run.passed, run.total or 0.0), default=None)
    if best is not None:
        kit.mark("ok" if best.passed else "warn", (x + c.px(0.9), y))
    bars = right - c.px(22.5)
    c.text(c.fitted(card.title.partition(": ")[0], bars - x - c.px(4)), (x + c.px(2.7), y))
    for i, run in enumerate(own[-_BARS:]):
        h = max(round(c.px(2.4) * (run.total or 0.0) / 100), 2)
        bar = (bars + i * c.px(2.1), y + c.px(1.2) - h, c.px(1.7), h)
        c.fill(bar, col.ok if run.passed else col.warn)
    count = f"{len(own)} run" if len(own) == 1 else f"{len(own)} runs"
    c.text(count if own else "new", (right - c.px(4), y), "xs", "sc", col.low, "r")
    told = f"{best.total or 0.0:.0f}" if best else "–"
    c.text(told, (right, y), "body", "semi", col.hi, "r")
