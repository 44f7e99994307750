"""How the runs went: tiles, totals, the proof of competence, what to practise next, each case."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from statistics import median
from typing import Any

import pygame

from simulator.records.learning import Learning, learn
from simulator.records.practice import Advice, advise
from simulator.records.runs import Kind, Run, Status
from simulator.records.trainees import Trainee
from simulator.scenario.load import CaseCard
from simulator.ui import header, progress_curves, progress_lists
from simulator.ui.canvas import Canvas
from simulator.ui.hots import Hots
from simulator.ui.kit import Kit
from simulator.ui.memory import Book, book, days_ago, export_csv, practise_as
from simulator.ui.overlays import Line, Menu
from simulator.ui.progress_runs import RunLists
from simulator.ui.screens import Change, Pop, Push, Replace, back_on_escape

_LATE = 10
"""Runs that a tile calls the last ones."""

Open = Callable[[CaseCard], Any]
Play = Callable[[Path], Any]


class Progress:
    """The history of who practises now."""

    overlay = False
    frames_per_s = 30

    def __init__(
        self, cards: tuple[CaseCard, ...], open_case: Open, watch: Play, resume: Play
    ) -> None:
        """Read the history.

        Args:
            cards: The library.
            open_case: Makes the screen of a case to practise.
            watch: Makes the screen on which a recording is played again.
            resume: Makes the screen on which an unfinished one is gone on with.
        """
        self.cards = cards
        self.hots = Hots()
        self.case: str | None = None
        """Only this case is shown in the curves; None for all."""
        self.listed = False
        """The lists of runs are shown instead of the curves."""
        self._open, self._watch, self._resume = open_case, watch, resume
        self._old = False
        self._read()

    def _read(self, case: str | None = None) -> None:
        self.book: Book = book()
        self.advice: tuple[Advice, ...] = advise(self.book.learning, self.cards)
        titles = {card.id: card.title.partition(": ")[0] for card in self.cards}
        self._lists = RunLists(self.book.runs, titles, self._play)
        self._choose(case)

    def _choose(self, case: str | None) -> None:
        self.case = case
        runs = self.book.learning.runs
        self.shown: Learning = learn(runs, case) if case is not None else self.book.learning

    # -- events -------------------------------------------------------------------------------

    def handle(self, event: Any) -> Change:
        """Esc goes back to the cases, E writes the table, R turns to the runs and back."""
        if event.type == pygame.KEYDOWN:
            if event.key == pygame.K_e and self.book.runs:
                return self._export()
            if event.key == pygame.K_r and self.book.runs:
                self._turn()
                return None
            row = self._lists.key(event.key, self.hots.focus) if self.listed else None
            if row is not None:
                self.hots.focus, self.hots.focus_seen = row, True
                return None
        elif event.type == pygame.MOUSEWHEEL and self.listed:
            self._lists.wheel(event.y, self.hots.pointer)
        return back_on_escape(self.hots, event)

    def update(self) -> Change:
        """Read the history again when this comes back to the front."""
        if self._old:
            self._old = False
            self._read(self.case)
        return None

    def leave(self) -> None:
        """What comes may add a run."""
        self._old = True

    def _turn(self) -> None:
        self.listed = not self.listed

    def _play(self, run: Run) -> Change:
        """Play a run again, or go on with one that has no end yet."""
        place = self.book.folder / run.recording
        if not run.recording or not place.is_file():
            words = "Its recording is not on this machine any more. Its figures stay in the curves."
            return Push(Menu("This run cannot be shown again", words, [("Back", "Esc", Pop)]))
        going_on = run.status is Status.UNFINISHED and run.kind is Kind.RUN
        return Push(self._resume(place) if going_on else self._watch(place))

    def _export(self) -> Change:
        return Push(Menu("The runs as a table", export_csv(), [("Close", "Esc", Pop)]))

    def _people(self) -> Change:
        lines: list[Line] = [("Stay", "Esc", Pop)]
        for person in self.book.people:
            if self.book.trainee is None or person.id != self.book.trainee.id:
                lines.append((person.shown, "", self._changer(person)))
        lines.append(("Somebody new, anonymous", "", self._changer(None)))
        words = "A name is typed with: run_sim.py trainee --name NAME"
        return Push(Menu("Who practises?", words, lines))

    def _changer(self, person: Trainee | None) -> Callable[[], Change]:
        def change() -> Change:
            practise_as(person)
            self._read()
            return Pop()

        return change

    def practise(self, case: str) -> Change:
        """Go on to a case."""
        card = next(card for card in self.cards if card.id == case)
        return Replace(self._open(card))

    # -- drawing ------------------------------------------------------------------------------

    def draw(self, canvas: Canvas) -> None:
        """Draw the bar and the panes."""
        self.hots.clear()
        kit = Kit(canvas, self.hots)
        c = canvas
        c.surface.fill(c.colour.bg)
        self._bar(kit)
        if self.listed:
            width, high = c.theme.size
            top = c.px(8.9)
            rect = pygame.Rect(c.px(2), top, width - c.px(4), high - c.px(2) - top)
            self._lists.draw(kit, rect)
            return
        if not self.book.learning.runs:
            self._empty(kit)
            return
        self._tiles(kit)
        width, high = c.theme.size
        split, gap = round((width - c.px(4)) * 0.645), c.px(1.4)
        top = c.px(20.9)
        half = (high - top - c.px(2) - gap) // 2
        left = pygame.Rect(c.px(2), top, split, half)
        low = left.move(0, half + gap)
        x = left.right + gap
        right = pygame.Rect(x, top, width - c.px(2) - x, half)
        progress_curves.totals(kit, left, self.shown, self._title())
        progress_curves.proof(kit, low, self.shown)
        progress_lists.practise(kit, right, self.advice, self.practise)
        rows = [
            (card, tuple(r for r in self.book.learning.runs if r.case == card.id))
            for card in self.cards
        ]
        progress_lists.cases(kit, right.move(0, half + gap), rows, self.case, self._choose)

    def _title(self) -> str:
        names = {card.id: card.title.partition(": ")[0] for card in self.cards}
        return names.get(self.case or "", "All cases")

    def _bar(self, kit: Kit) -> None:
        c = kit.canvas
        top = header.bar(kit)
        c.icon("logo", (c.px(4), top.centery), 3.4, c.colour.acc)
        c.text("Kyphosim", (c.px(7), top.centery), "lg", "semi")
        header.tabs(kit, top, [("Cases", Pop), ("Progress", lambda: None)], 1, c.px(29.1))
        box = pygame.Rect(top.right - c.px(18), top.y + c.px(1.5), c.px(16), c.px(4))
        kind = "ghost" if self.book.runs else "off"
        kit.button("export", box, "Export CSV", "E", self._export, kind=kind)
        box = pygame.Rect(box.x - c.px(15.4), box.y, c.px(14), box.h)
        if self.book.runs:
            kind = "on" if self.listed else "ghost"
        kit.button("runs", box, "All runs", "R", self._turn, kind=kind)
        if self.book.trainee is not None:
            box = pygame.Rect(box.x - c.px(27.4), box.y, c.px(26), box.h)
            kit.button("people", box, self.book.trainee.shown, "", self._people, kind="ghost")
        if self.book.notices:
            x, room = c.px(56), box.x - c.px(60)
            kit.mark("warn", (x, top.centery))
            words = c.fitted(self.book.notices[0], room, "xs", "sc")
            c.text(words, (x + c.px(1.6), top.centery), "xs", "sc", kit.colour.warn)

    def _empty(self, kit: Kit) -> None:
        c, col = kit.canvas, kit.colour
        x, y = c.theme.size[0] // 2, c.theme.size[1] // 2
        c.text("No runs yet.", (x, y - c.px(3)), "lg", "semi", col.hi, "c")
        words = "Finish a case and its result stands here."
        c.text(words, (x, y + c.px(1)), "body", "medium", col.mid, "c")
        box = pygame.Rect(x - c.px(9), y + c.px(4.5), c.px(18), c.px(4))
        kit.button("back", box, "To the cases", "Esc", Pop, kind="pri")

    def _tiles(self, kit: Kit) -> None:
        c, col = kit.canvas, kit.colour
        tiles = _tiles(self.book.learning.runs)
        gap = c.px(1.33)
        wide = (c.theme.size[0] - c.px(4) - gap * (len(tiles) - 1)) // len(tiles)
        for i, (label, value, below) in enumerate(tiles):
            box = pygame.Rect(c.px(2) + i * (wide + gap), c.px(8.9), wide, c.px(10.7))
            c.box(box, col.pane, col.line, 0.55)
            x = box.x + c.px(1.5)
            c.text(label, (x, box.y + c.px(2.5)), "sm", "medium", col.low)
            c.text(value, (x, box.y + c.px(7.2)), "num", "semi", baseline=True)
            below = c.fitted(below, box.w - c.px(2), "xs", "sc")
            c.text(below, (x, box.y + c.px(9.0)), "xs", "sc", col.mid)


def _tiles(runs: Sequence[Run]) -> tuple[tuple[str, str, str], ...]:
    """Return label, figure and what stands below it."""
    late = runs[-_LATE:]
    passed = sum(run.passed for run in runs)
    unsafe = [n for n, run in enumerate(runs, 1) if run.critical]
    totals = [run.total or 0.0 for run in runs]
    blind, beam = _late(late, "blind_advance_max_mm"), _late(late, "fluoro_s")
    ten = f"last {len(late)}" if len(late) > 1 else "one run"
    return (
        ("Runs", str(len(runs)), f"last {days_ago(runs[-1].ended).lower()}"),
        (
            "Passed",
            f"{passed / len(runs) * 100:.0f} %",
            f"{ten}: {sum(run.passed for run in late)} of {len(late)}",
        ),
        ("Median total", f"{median(totals):.0f}", f"best {max(totals):.0f}"),
        ("Safety errors", str(len(unsafe)), f"last in run {unsafe[-1]}" if unsafe else "none"),
        ("Blind advance", f"{max(blind):.1f} mm" if blind else "–", f"longest, {ten}"),
        (
            "Beam",
            f"{int(median(beam)) // 60}:{int(median(beam)) % 60:02d}" if beam else "–",
            f"median, {ten}",
        ),
    )


def _late(runs: Sequence[Run], name: str) -> list[float]:
    values = [dict(run.metrics).get(name) for run in runs]
    return [float(v) for v in values if isinstance(v, int | float)]
