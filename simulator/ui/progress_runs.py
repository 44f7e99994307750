"""Every run of who practises, each to be played again; practice stands apart."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import pygame

from simulator.procedure.phases import LABELS, TABLE
from simulator.records.runs import Kind, Run, Status
from simulator.records.spoken import practice_words
from simulator.ui.hots import Hot
from simulator.ui.kit import Kit
from simulator.ui.memory import moment
from simulator.ui.scene import clock

Open = Callable[[Run], Any]
_ROW = 3.6
_HEAD = 5.4
_SHARE = 0.52
"""Of the width, for the runs."""
_WHEEL = 3
"""Rows per step of the wheel."""
_MOVES = {
    pygame.K_UP: -1,
    pygame.K_DOWN: 1,
    pygame.K_PAGEUP: -10,
    pygame.K_PAGEDOWN: 10,
    pygame.K_HOME: -(10**6),
    pygame.K_END: 10**6,
}


class _List:
    """One pane of rows, newest first."""

    def __init__(self, name: str, runs: Sequence[Run]) -> None:
        self.name, self.runs = name, tuple(reversed(runs))
        self.first = 0
        """The row on top."""
        self.fit = 1
        self.rect: Any = pygame.Rect(0, 0, 0, 0)

    def named(self, at: int) -> str:
        return f"{self.name}.{at}"

    def scroll(self, by: int) -> None:
        self.first = min(max(self.first + by, 0), max(len(self.runs) - self.fit, 0))

    def bring(self, at: int) -> None:
        """Bring a row in sight."""
        self.scroll(min(at - self.first, 0) + max(at - self.first - self.fit + 1, 0))


class RunLists:
    """The page: runs on the left, practice on the right."""

    def __init__(self, runs: Sequence[Run], titles: Mapping[str, str], go: Open) -> None:
        """Show `runs`, oldest first; `titles` names cases, `go` opens a run."""
        self._titles, self._go = titles, go
        self._runs = _List("run", [r for r in runs if r.kind is Kind.RUN])
        self._practice = _List("practised", [r for r in runs if r.kind is Kind.PRACTICE])
        self._of = {run.id: run for run in runs}

    def key(self, key: int, focus: str | None) -> str | None:
        """Return the row that the keyboard goes to; None if the key means nothing here."""
        lists = [each for each in (self._runs, self._practice) if each.runs]
        name, _, number = (focus or "").partition(".")
        now = next((each for each in lists if each.name == name), None)
        if not lists or (key not in _MOVES and key not in (pygame.K_LEFT, pygame.K_RIGHT)):
            return None
        if now is None:
            return lists[0].named(lists[0].first)
        if key in _MOVES:
            at = min(max(int(number) + _MOVES[key], 0), len(now.runs) - 1)
            now.bring(at)
            return now.named(at)
        other = lists[0] if key == pygame.K_LEFT else lists[-1]
        return focus if other is now else other.named(other.first)

    def wheel(self, by: int, pointer: tuple[int, int]) -> None:
        """Move the list under the pointer."""
        for each in (self._runs, self._practice):
            if each.rect.collidepoint(pointer):
                each.scroll(-by * _WHEEL)

    def draw(self, kit: Kit, rect: Any) -> None:
        """Draw both lists."""
        c = kit.canvas
        gap = c.px(1.4)
        wide = round((rect.w - gap) * _SHARE)
        left = pygame.Rect(rect.x, rect.y, wide, rect.h)
        right = pygame.Rect(left.right + gap, rect.y, rect.right - left.right - gap, rect.h)
        kit.pane(left, "Runs", "Enter plays one again")
        self._list(kit, left, self._runs, "No run from its beginning yet.")
        kit.pane(right, "Practice", "not counted; points with what led there")
        self._list(kit, right, self._practice, "Practise from any moment of a replay.")

    def _list(self, kit: Kit, rect: Any, shown: _List, none: str) -> None:
        c = kit.canvas
        each = c.px(_ROW)
        shown.rect = rect
        shown.fit = max(int((rect.h - c.px(_HEAD - _ROW / 2 + 1.0)) // each), 1)
        shown.scroll(0)
        y = rect.y + c.px(_HEAD)
        if not shown.runs:
            c.text(none, (rect.x + c.px(1.4), y), "body", "medium", kit.colour.mid)
        for at, run in enumerate(shown.runs[shown.first : shown.first + shown.fit], shown.first):
            box = pygame.Rect(rect.x + c.px(0.7), round(y - each / 2), rect.w - c.px(3.0), each)
            self._row(kit, box, run, shown.named(at))
            y += each
        self._bar(kit, rect, shown)

    def _bar(self, kit: Kit, rect: Any, shown: _List) -> None:
        """Draw where in a long list its part in sight is."""
        c, col = kit.canvas, kit.colour
        if len(shown.runs) <= shown.fit:
            return
        high = shown.fit * c.px(_ROW)
        bar = pygame.Rect(rect.right - c.px(1.6), rect.y + c.px(_HEAD - _ROW / 2), c.px(0.7), high)
        c.box(bar, col.raised, radius=0.22)
        part = max(round(high * shown.fit / len(shown.runs)), c.px(3))
        y = bar.y + round((high - part) * shown.first / (len(shown.runs) - shown.fit))
        c.box(pygame.Rect(bar.x, y, bar.w, part), col.low, radius=0.22)

    def _row(self, kit: Kit, box: Any, run: Run, name: str) -> None:
        c, col = kit.canvas, kit.colour
        if kit.hots.hovered(box) or kit.hots.focused(name):
            c.box(box, col.raised, radius=0.3)
        x, y, right = box.x + c.px(0.7), box.centery, box.right - c.px(0.7)
        if run.counts or (run.practice is not None and run.total is not None):
            kit.mark("ok" if run.passed else "warn", (x + c.px(0.9), y))
        x += c.px(2.7)
        c.text(moment(run.started), (x, y), "sm", "medium", col.mid)
        x += c.px(17.0)
        c.icon("play" if run.recording else "cross", (right - c.px(0.8), y), 1.4, col.low)
        right -= c.px(2.6)
        total = f"{run.total:.0f}" if run.total is not None else "–"
        c.text(total, (right, y), "body", "semi", col.hi, "r")
        right -= c.px(4.2)
        if run.practice is None:
            c.text(clock(run.ticks), (right, y), "xs", "sc", col.low, "r")
            right -= c.px(6.0)
        title = self._titles.get(run.case, run.case)
        room = (right - x) * (0.46 if run.practice is None else 0.3)
        c.text(c.fitted(title, room), (x, y))
        x += room + c.px(1.0)
        words = result_words(run) if run.practice is None else self._practised(run)
        ink = col.warn if run.critical and run.practice is None else col.mid
        size, face = c.best_fit(words, right - x)
        c.text(c.fitted(words, right - x, size, face), (x, y), size, face, ink)
        kit.ring(name, box)
        kit.hots.add(Hot(name, box, lambda: self._go(run)))

    def _practised(self, run: Run) -> str:
        """Return what was practised, and of which run where that one is known."""
        assert run.practice is not None
        words = practice_words(run.practice).removeprefix("Practice ")
        first = self._of.get(run.practice.of)
        return f"{words}, run of {moment(first.started)}" if first is not None else words


def result_words(run: Run) -> str:
    """Return how a run ended."""
    if run.critical:
        return run.critical[0].id.replace("_", " ").capitalize()
    if run.status is Status.FINISHED:
        return "Passed" if run.passed else "Not passed"
    how = "Left" if run.status is Status.LEFT else "To be gone on with"
    known = TABLE.get(run.phase)  # another version's recording may name another
    return f"{how}, phase {LABELS[known.chapter].lower() if known else run.phase}"
