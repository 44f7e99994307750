"""How the runs went, one after the other."""

from __future__ import annotations

from statistics import median
from typing import Any

import pygame

from simulator.scenario.load import CaseCard
from simulator.ui import header
from simulator.ui.canvas import Canvas
from simulator.ui.hots import Hots
from simulator.ui.kit import Kit
from simulator.ui.memory import Result, days_ago, results
from simulator.ui.plots import Axes
from simulator.ui.screens import Change, Pop, back_on_escape

_PASS = 75.0
_SHOWN = 30


class Progress:
    """Tiles, the total of every run, and each case."""

    overlay = False
    frames_per_s = 30

    def __init__(self, cards: tuple[CaseCard, ...]) -> None:
        """Read the history once."""
        self.cards = cards
        self.hots = Hots()
        self.runs = results()

    def handle(self, event: Any) -> Change:
        """Esc goes back to the cases."""
        return back_on_escape(self.hots, event)

    def update(self) -> Change:
        """Nothing moves."""
        return None

    def leave(self) -> None:
        """Nothing is held."""

    def draw(self, canvas: Canvas) -> None:
        """Draw the bar and the panes."""
        self.hots.clear()
        kit = Kit(canvas, self.hots)
        c = canvas
        c.surface.fill(c.colour.bg)
        top = header.bar(kit)
        c.icon("logo", (c.px(4), top.centery), 3.4, c.colour.acc)
        c.text("Kyphosim", (c.px(7), top.centery), "lg", "semi")
        header.tabs(kit, top, [("Cases", Pop), ("Progress", lambda: None)], 1, c.px(29.1))
        if not self.runs:
            self._empty(kit)
            return
        self._tiles(kit)
        width, high = c.theme.size
        split = round((width - c.px(4)) * 0.645)
        left = pygame.Rect(c.px(2), c.px(20.9), split, high - c.px(22.9))
        right = pygame.Rect(left.right + c.px(1.4), left.y, 0, left.h)
        right.w = width - c.px(2) - right.x
        self._totals(kit, left)
        self._cases(kit, right)

    def _empty(self, kit: Kit) -> None:
        c, col = kit.canvas, kit.colour
        x, y = c.theme.size[0] // 2, c.theme.size[1] // 2
        c.text("No runs yet.", (x, y - c.px(3)), "lg", "semi", col.hi, "c")
        c.text(
            "Finish a case and its result stands here.",
            (x, y + c.px(1)),
            "body",
            "medium",
            col.mid,
            "c",
        )
        box = pygame.Rect(x - c.px(9), y + c.px(4.5), c.px(18), c.px(4))
        kit.button("back", box, "To the cases", "Esc", Pop, kind="pri")

    def _tiles(self, kit: Kit) -> None:
        c, col = kit.canvas, kit.colour
        runs = self.runs
        late = runs[-10:]
        passed = sum(r.passed for r in runs)
        done = {r.case for r in runs if r.passed}
        tiles = (
            ("Runs", str(len(runs)), f"last {days_ago(runs[-1].when).lower()}"),
            (
                "Passed",
                f"{passed / len(runs) * 100:.0f} %",
                f"last {len(late)}: {sum(r.passed for r in late)} of {len(late)}",
            ),
            ("Median total", f"{median(r.total for r in runs):.0f}", f"pass mark {_PASS:.0f}"),
            ("Best total", f"{max(r.total for r in runs):.0f}", "of 100"),
            ("Cases passed", f"{len(done)}", f"of {len(self.cards)}"),
        )
        gap = c.px(1.33)
        wide = (c.theme.size[0] - c.px(4) - gap * (len(tiles) - 1)) // len(tiles)
        for i, (label, value, below) in enumerate(tiles):
            box = pygame.Rect(c.px(2) + i * (wide + gap), c.px(8.9), wide, c.px(10.7))
            c.box(box, col.pane, col.line, 0.55)
            x = box.x + c.px(1.5)
            c.text(label, (x, box.y + c.px(2.5)), "sm", "medium", col.low)
            c.text(value, (x, box.y + c.px(7.2)), "num", "semi", baseline=True)
            c.text(below, (x, box.y + c.px(9.0)), "xs", "sc", col.mid)

    def _totals(self, kit: Kit, rect: Any) -> None:
        c, col = kit.canvas, kit.colour
        kit.pane(rect, "Total per run")
        shown = self.runs[-_SHOWN:]
        first = len(self.runs) - len(shown) + 1
        inner = pygame.Rect(
            rect.x + c.px(5.5), rect.y + c.px(4.8), rect.w - c.px(7.5), rect.h - c.px(11)
        )
        axes = Axes(inner, (first - 0.7, first + max(len(shown), 8) - 0.3), (0.0, 100.0))
        c.fill(inner, col.black)
        for mark in (25, 50, 75, 100):
            _, y = axes.at(first, mark)
            c.rule(inner.x, y, inner.w)
            c.text(str(mark), (inner.x - c.px(0.7), y), "xs", "sc", col.low, "r")
        _, y = axes.at(first, _PASS)
        c.dashed((inner.x, y), (inner.right, y), col.hi)
        c.text("pass 75", (inner.right - c.px(0.8), y + c.px(1.3)), "xs", "sc", col.hi, "r")
        smooth: list[tuple[float, float]] = []
        level = shown[0].total
        for i, run in enumerate(shown):
            level += 0.35 * (run.total - level)
            smooth.append(axes.at(first + i, level))
        c.line(smooth, col.acc, 0.2)
        for i, run in enumerate(shown):
            at = axes.at(first + i, run.total)
            if run.passed:
                c.disc(at, c.theme.u * 0.55, col.ok)
            else:
                kit.mark("warn" if run.total < _PASS else "alarm", at, 1.5)
            if i % 5 == 0:
                c.text(str(first + i), (at[0], inner.bottom + c.px(1.3)), "xs", "sc", col.low, "c")
        y = rect.bottom - c.px(2.4)
        x = inner.x
        for sign, word, ink in (
            ("dot", "Passed", col.ok),
            ("triangle", "Below 75", col.warn),
            ("octagon", "Safety error", col.alarm),
        ):
            c.icon(sign, (x + c.px(0.7), y), 1.3, ink)
            x += c.px(2.0)
            x += c.text(word, (x, y), "xs", "sc", col.mid) + c.px(2.4)
        c.line([(x, y), (x + c.px(2.2), y)], col.acc)
        c.text("Smoothed", (x + c.px(3.0), y), "xs", "sc", col.mid)

    def _cases(self, kit: Kit, rect: Any) -> None:
        c = kit.canvas
        kit.pane(rect, "Per case", "best")
        y = rect.y + c.px(5.6)
        x, right = rect.x + c.px(1.4), rect.right - c.px(1.4)
        for card in self.cards:
            if y > rect.bottom - c.px(3):
                break
            own = [r for r in self.runs if r.case == card.id]
            self._case(kit, card, own, x, right, y)
            y += c.px(4.1)
            c.rule(x, y - c.px(2.0), right - x)

    def _case(
        self, kit: Kit, card: CaseCard, own: list[Result], x: float, right: float, y: float
    ) -> None:
        c, col = kit.canvas, kit.colour
        best = max(own, key=lambda r: (r.passed, r.total), default=None)
        if best is not None:
            kit.mark("ok" if best.passed else "warn", (x + c.px(0.9), y))
        bars = right - c.px(20)
        c.text(c.fitted(card.title.partition(": ")[0], bars - x - c.px(4)), (x + c.px(2.7), y))
        for i, run in enumerate(own[-6:]):
            h = max(round(c.px(2.4) * run.total / 100), 2)
            box = (bars + i * c.px(2.1), y + c.px(1.2) - h, c.px(1.7), h)
            c.fill(box, col.ok if run.passed else col.warn)
        count = f"{len(own)} run" if len(own) == 1 else f"{len(own)} runs"
        c.text(count if own else "new", (right - c.px(4), y), "xs", "sc", col.low, "r")
        c.text(f"{best.total:.0f}" if best else "–", (right, y), "body", "semi", col.hi, "r")
