"""The case library."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pygame

from simulator.scenario.load import CaseCard
from simulator.ui import cards, header, hero
from simulator.ui.canvas import Canvas
from simulator.ui.hots import Hot, Hots
from simulator.ui.kit import Kit
from simulator.ui.memory import Result, Saved, results, saved_run
from simulator.ui.overlays import Help, Menu
from simulator.ui.screens import Change, Pop, Push, Quit, as_change
from simulator.ui.thumbs import Thumbs

_MOST_COLUMNS = 4
_FEW = 6
"""Up to this many cases the cards are larger."""

_PROCEDURES = ("vertebroplasty", "kyphoplasty")
_SHOW = ("Not yet passed", "Passed")

Open = Callable[[CaseCard], Any]


class Library:
    """Cards of all cases, filters on the left, the next one to try on top."""

    overlay = False
    frames_per_s = 30

    def __init__(
        self,
        library: tuple[CaseCard, ...],
        open_case: Open,
        progress: Callable[[], Any],
        resume: Callable[[Path], Any] | None = None,
    ) -> None:
        """Show `library`; the others make the screens of a case, the history and a saved run."""
        self.cards = library
        self.hots = Hots()
        self.hots.focus = f"card.{library[0].id}" if library else None
        self._open = open_case
        self._progress = progress
        self._thumbs: Thumbs | None = None
        self._covered = True
        """True until the library is, or is again, the screen in front."""
        self._results: list[Result] = results()
        self._resume = resume
        self._saved: Saved | None = saved_run() if resume else None
        self._shown = set(_SHOW)
        self._procedures = set(_PROCEDURES)
        self._scroll = 0

    # -- events -------------------------------------------------------------------------------

    def handle(self, event: Any) -> Change:
        """Move among the cards, open one, leave."""
        if event.type == pygame.KEYDOWN and event.key in (
            pygame.K_LEFT,
            pygame.K_RIGHT,
            pygame.K_UP,
            pygame.K_DOWN,
        ):
            self._move(event.key)
            return None
        taken = self.hots.handle(event)
        if taken is not None:
            return as_change(taken.result)
        if event.type == pygame.MOUSEWHEEL:
            self._scroll -= event.y
        if event.type != pygame.KEYDOWN:
            return None
        if event.key == pygame.K_ESCAPE:
            return Push(
                Menu("Leave Kyphosim?", "", [("Leave", "", lambda: Quit(0)), ("Stay", "Esc", Pop)])
            )
        if event.key in (pygame.K_F1, pygame.K_SLASH):
            return Push(Help())
        if event.key in (pygame.K_RETURN, pygame.K_KP_ENTER):
            return self._choose(self._current())
        return None

    def _current(self) -> CaseCard | None:
        for card in self.visible():
            if self.hots.focus == f"card.{card.id}":
                return card
        return None

    def _move(self, key: int) -> None:
        shown = self.visible()
        if not shown:
            return
        now = self._current()
        at = shown.index(now) if now in shown else 0
        step = {
            pygame.K_LEFT: -1,
            pygame.K_RIGHT: 1,
            pygame.K_UP: -self._columns,
            pygame.K_DOWN: self._columns,
        }[key]
        if now is not None and 0 <= at + step < len(shown):
            at += step
        self.hots.focus = f"card.{shown[at].id}"
        self.hots.focus_seen = True

    def _choose(self, card: CaseCard | None) -> Change:
        if card is None:
            return None
        if card.fault:
            return Push(Menu("This case file has faults", card.fault, [("Back", "Esc", Pop)]))
        return Push(self._open(card))

    def _chooser(self, card: CaseCard) -> Callable[[], Change]:
        return lambda: self._choose(card)

    def update(self) -> Change:
        """Read the history again when the library comes to the front."""
        if self._covered:
            self._covered = False
            self._thumbs = Thumbs(self.cards)
            self._results = results()
            self._saved = saved_run() if self._resume else None
        return None

    def leave(self) -> None:
        """Leave the processor to what comes; the films that there are stay under an overlay."""
        if self._thumbs is not None:
            self._thumbs.stop()
        self._covered = True

    @property
    def _columns(self) -> int:
        return _MOST_COLUMNS - 1 if len(self.cards) <= _FEW else _MOST_COLUMNS

    # -- which cards --------------------------------------------------------------------------

    def best(self, card: CaseCard) -> Result | None:
        """Return the best run of a case."""
        own = [r for r in self._results if r.case == card.id]
        return max(own, key=lambda r: (r.passed, r.total), default=None)

    def visible(self) -> list[CaseCard]:
        """Return the cards that the filters let through."""
        out = []
        for card in self.cards:
            best = self.best(card)
            word = "Passed" if best is not None and best.passed else "Not yet passed"
            if word in self._shown and (self._of_kind(card) or card.fault):
                out.append(card)
        return out

    def _of_kind(self, card: CaseCard) -> bool:
        """Tell whether a shown kind of procedure is, or may be chosen, in a case."""
        choose = card.procedure == "choose" and bool(self._procedures)
        return choose or card.procedure in self._procedures

    def next_card(self) -> CaseCard | None:
        """Return the easiest case that is not passed yet."""
        for card in self.cards:
            best = self.best(card)
            if not card.fault and (best is None or not best.passed):
                return card
        return None

    # -- drawing ------------------------------------------------------------------------------

    def draw(self, canvas: Canvas) -> None:
        """Draw bar, filters, the case to try next, cards."""
        self.hots.clear()
        kit = Kit(canvas, self.hots)
        c = canvas
        c.surface.fill(c.colour.bg)
        top = header.bar(kit)
        c.icon("logo", (c.px(4), top.centery), 3.4, c.colour.acc)
        c.text("Kyphosim", (c.px(7), top.centery), "lg", "semi")
        names: list[header.Tab] = [
            ("Cases", lambda: None),
            ("Progress", lambda: Push(self._progress())),
        ]
        header.tabs(kit, top, names, 0, c.px(29.1))
        box = pygame.Rect(top.right - c.px(6), top.y + c.px(1.5), c.px(4), c.px(4))
        kit.button("help", box, "?", "", lambda: Push(Help()))
        self._filters(kit)
        self._hero(kit)
        self._grid(kit)
        kit.finish()

    def _filters(self, kit: Kit) -> None:
        c = kit.canvas
        c.post(c.px(27.3), c.px(7), c.theme.size[1])
        y = float(c.px(10.4))
        kit.section("Show", (c.px(2), y))
        y = self._checks(kit, y + c.px(3.0), _SHOW, self._shown)
        c.rule(c.px(2), y, c.px(23.8))
        y += c.px(2.6)
        kit.section("Procedure", (c.px(2), y))
        y = self._checks(kit, y + c.px(3.0), _PROCEDURES, self._procedures)
        c.rule(c.px(2), y, c.px(23.8))
        low = c.theme.size[1] - c.px(3.4)
        lines = c.wrapped(
            "For education only. Not a medical device, not for planning real treatment.",
            c.px(23.5),
            "xs",
            "sc",
        )
        for i, line in enumerate(reversed(lines)):
            c.text(line, (c.px(2), low - i * c.leading("xs")), "xs", "sc", kit.colour.low)

    def _checks(self, kit: Kit, y: float, names: tuple[str, ...], on: set[str]) -> float:
        c, col = kit.canvas, kit.colour
        for name in names:
            box = pygame.Rect(c.px(2), round(y - c.px(0.9)), c.px(1.8), c.px(1.8))
            row = pygame.Rect(c.px(1.4), round(y - c.px(1.5)), c.px(24.6), c.px(3.0))
            chosen = name in on
            c.box(box, col.acc if chosen else col.raised, col.acc if chosen else col.line2, 0.3)
            if chosen:
                c.icon("tick", box.center, 1.3, col.ink, col.acc)
            c.text(
                name.capitalize() if name.islower() else name,
                (c.px(5), y),
                "sm",
                "semi" if chosen else "medium",
                col.hi if chosen else col.mid,
            )
            count = sum(1 for card in self.cards if self._counts(card, name))
            c.text(str(count), (c.px(25.8), y), "xs", "sc", col.low, "r")

            def flip(name: str = name) -> None:
                on.symmetric_difference_update({name})

            kit.ring(f"filter.{name}", row)
            kit.hots.add(Hot(f"filter.{name}", row, flip))
            y += c.px(3.2)
        return y

    def _counts(self, card: CaseCard, name: str) -> bool:
        if name in _PROCEDURES:
            return card.procedure in (name, "choose")
        best = self.best(card)
        return (best is not None and best.passed) == (name == "Passed")

    def _hero(self, kit: Kit) -> None:
        """Draw the run to go on with or the case to try next, and how many are passed."""
        saved = next((c for c in self.cards if self._saved and c.id == self._saved.case), None)
        card = saved or self.next_card()
        if saved is not None and self._saved is not None:
            title, words = hero.going_on(saved, self._saved)
            acts: hero.Acts = (("Go on", self._go_on), ("Not now", self._not_now))
        else:
            title, words = hero.to_try(card, first=not self._results)
            acts = (("Open", lambda: self._choose(card)),)
        right = hero.draw(kit, self._thumbs, card, (title, words), acts)
        cards.curriculum(kit, right, [self.best(card) for card in self.cards])

    def _go_on(self) -> Change:
        assert self._resume is not None
        assert self._saved is not None
        return Push(self._resume(self._saved.recording))

    def _not_now(self) -> None:
        """Leave the saved run where it is until the library opens again."""
        self._saved = None

    def _grid(self, kit: Kit) -> None:
        c = kit.canvas
        shown = self.visible()
        left, right = c.px(29.1), c.theme.size[0] - c.px(2)
        word = "case" if len(shown) == 1 else "cases"
        c.text(f"{len(shown)} {word}", (left, c.px(24.0)), "md", "semi")
        gap = c.px(1.5)
        wide = (right - left - gap * (self._columns - 1)) // self._columns
        high = cards.height(wide, c)
        area = pygame.Rect(
            left - c.px(0.6), c.px(25.6), right - left + c.px(1.2), c.theme.size[1] - c.px(25.6)
        )
        rows = (len(shown) + self._columns - 1) // self._columns
        fit = max(1, int((area.h - c.px(0.6)) // (high + c.px(1.2))))
        self._scroll = min(max(self._scroll, 0), max(rows - fit, 0))
        old = c.surface.get_clip()
        c.surface.set_clip(area)
        for i, card in enumerate(shown):
            row, column = divmod(i, self._columns)
            if not self._scroll <= row <= self._scroll + fit:
                continue
            y = c.px(26.2) + (row - self._scroll) * (high + c.px(1.2))
            cards.draw(
                kit,
                pygame.Rect(left + column * (wide + gap), y, wide, high),
                self._thumbs,
                card,
                self.best(card),
                self._chooser(card),
            )
        c.surface.set_clip(old)
