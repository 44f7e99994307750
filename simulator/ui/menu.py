"""The case library."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pygame

from simulator.scenario.load import CaseCard
from simulator.ui import header
from simulator.ui.canvas import Canvas
from simulator.ui.hots import Hot, Hots
from simulator.ui.kit import Kit
from simulator.ui.memory import Result, days_ago, results
from simulator.ui.overlays import Help, Menu
from simulator.ui.screens import Change, Pop, Push, Quit, as_change
from simulator.ui.thumbs import VIEWS, Thumbs

_COLUMNS = 4
_PROCEDURES = ("vertebroplasty", "kyphoplasty")
_SHOW = ("Not yet passed", "Passed")

Open = Callable[[CaseCard], Any]


def in_two(card: CaseCard) -> tuple[str, str]:
    """Return the two lines of a card: what stands before and after the colon of the title."""
    name, _, rest = card.title.partition(": ")
    rest = rest or card.skill
    return name, rest[:1].upper() + rest[1:]


class Library:
    """Cards of all cases, filters on the left, the next one to try on top."""

    overlay = False

    def __init__(self, cards: tuple[CaseCard, ...], open_case: Open, progress: Open | None) -> None:
        """Show `cards`; `open_case` makes the screen of one, `progress` that of the history."""
        self.cards = cards
        self.hots = Hots()
        self.hots.focus = f"card.{cards[0].id}" if cards else None
        self._open = open_case
        self._progress = progress
        self._thumbs: Thumbs | None = None
        self._results: list[Result] = results()
        self._shown = set(_SHOW)
        self._procedures = set(_PROCEDURES)
        self._scroll = 0
        self._find = ""

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
        cards = self.visible()
        if not cards:
            return
        now = self._current()
        at = cards.index(now) if now in cards else 0
        step = {
            pygame.K_LEFT: -1,
            pygame.K_RIGHT: 1,
            pygame.K_UP: -_COLUMNS,
            pygame.K_DOWN: _COLUMNS,
        }[key]
        if now is not None and 0 <= at + step < len(cards):
            at += step
        self.hots.focus = f"card.{cards[at].id}"
        self.hots.focus_seen = True

    def _choose(self, card: CaseCard | None) -> Change:
        if card is None:
            return None
        if card.fault:
            return Push(Menu("This case file has faults", card.fault, [("Back", "Esc", Pop)]))
        return Push(self._open(card))

    def update(self) -> Change:
        """Read the history again when the library comes to the front."""
        if self._thumbs is None:
            self._thumbs = Thumbs(self.cards)
            self._results = results()
        return None

    def leave(self) -> None:
        """Leave the processor to what comes."""
        if self._thumbs is not None:
            self._thumbs.stop()
        self._thumbs = None

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
            if word in self._shown and (card.procedure in self._procedures or card.fault):
                out.append(card)
        return out

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
        names: list[header.Tab] = [("Cases", lambda: None)]
        if self._progress is not None:
            make = self._progress
            names.append(("Progress", lambda: Push(make(self.cards[0]))))
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
            return card.procedure == name
        best = self.best(card)
        return (best is not None and best.passed) == (name == "Passed")

    def _hero(self, kit: Kit) -> None:
        """Draw the case to try next, and how many are passed."""
        c, col = kit.canvas, kit.colour
        left, right = c.px(29.1), c.theme.size[0] - c.px(2)
        mid = left + round((right - left) * 0.585)
        rect = pygame.Rect(left, c.px(9.1), mid - left - c.px(1), c.px(12))
        card = self.next_card()
        c.box(rect, col.accd, col.acc, 0.55)
        x = rect.x + c.px(1.1)
        if card is not None:
            thumb = pygame.Rect(rect.x + c.px(1.1), rect.y + c.px(1.1), c.px(13.4), c.px(9.8))
            self._thumb(kit, thumb, card, "lateral")
            x = thumb.right + c.px(2)
        title = "Start here" if not self._results else "Next for you"
        c.text(
            f"{title}: {card.title}" if card else "Every case is passed",
            (x, rect.y + c.px(3.0)),
            "md",
            "semi",
        )
        words = card.objectives[0] + "." if card and card.objectives else "Try to beat yourself."
        c.text(
            c.fitted(words, rect.right - x - c.px(1.5)),
            (x, rect.y + c.px(6.1)),
            "sm",
            "medium",
            col.mid,
        )
        if card is not None:
            box = pygame.Rect(x, rect.y + c.px(7.9), c.px(14), c.px(3.2))
            kit.button("next", box, "Open", "", lambda: self._choose(card), kind="pri")
        side = pygame.Rect(mid, rect.y, right - mid, rect.h)
        self._curriculum(kit, side)

    def _curriculum(self, kit: Kit, rect: Any) -> None:
        c, col = kit.canvas, kit.colour
        c.box(rect, col.pane, col.line, 0.55)
        passed = sum(1 for card in self.cards if (b := self.best(card)) is not None and b.passed)
        x, right = rect.x + c.px(1.8), rect.right - c.px(1.8)
        c.text("Curriculum", (x, rect.y + c.px(2.6)), "md", "semi")
        c.text(
            f"{passed} of {len(self.cards)} passed",
            (right, rect.y + c.px(2.6)),
            "sm",
            "medium",
            col.mid,
            "r",
        )
        gap = c.px(0.35)
        count = max(len(self.cards), 1)
        each = min((right - x - gap * (count - 1)) / count, c.px(6))
        for i, card in enumerate(self.cards):
            best = self.best(card)
            box = pygame.Rect(
                round(x + i * (each + gap)), rect.y + c.px(4.7), round(each), c.px(1.5)
            )
            ink = col.raised if best is None else col.ok if best.passed else col.warn
            c.box(box, ink, radius=0.22)
            if best is not None and best.passed:
                c.icon("tick", box.center, 1.1, col.ink, ink)
        y = rect.y + c.px(9.1)
        for word, ink in (("Passed", col.ok), ("Tried", col.warn), ("New", col.raised)):
            c.box(
                pygame.Rect(round(x), round(y - c.px(0.5)), c.px(1.0), c.px(1.0)), ink, radius=0.2
            )
            x += c.px(1.7)
            x += c.text(word, (x, y), "xs", "sc", col.mid) + c.px(2.4)

    def _grid(self, kit: Kit) -> None:
        c = kit.canvas
        cards = self.visible()
        left, right = c.px(29.1), c.theme.size[0] - c.px(2)
        word = "case" if len(cards) == 1 else "cases"
        c.text(f"{len(cards)} {word}", (left, c.px(24.0)), "md", "semi")
        gap = c.px(1.5)
        wide = (right - left - gap * (_COLUMNS - 1)) // _COLUMNS
        high = c.px(23.1)
        area = pygame.Rect(
            left - c.px(0.6), c.px(25.6), right - left + c.px(1.2), c.theme.size[1] - c.px(25.6)
        )
        rows = (len(cards) + _COLUMNS - 1) // _COLUMNS
        fit = max(1, int((area.h - c.px(0.6)) // (high + c.px(1.2))))
        self._scroll = min(max(self._scroll, 0), max(rows - fit, 0))
        old = c.surface.get_clip()
        c.surface.set_clip(area)
        for i, card in enumerate(cards):
            row, column = divmod(i, _COLUMNS)
            if not self._scroll <= row <= self._scroll + fit:
                continue
            y = c.px(26.2) + (row - self._scroll) * (high + c.px(1.2))
            self._card(kit, pygame.Rect(left + column * (wide + gap), y, wide, high), card)
        c.surface.set_clip(old)

    def _thumb(self, kit: Kit, rect: Any, card: CaseCard, view: str) -> None:
        c, col = kit.canvas, kit.colour
        image = self._thumbs.get(card, view) if self._thumbs is not None else None
        c.fill(rect, col.black)
        if image is None:
            words = "File has faults" if card.fault else "Taking the film"
            c.text(words, rect.center, "xs", "sc", col.low, "c")
            return
        side = image.get_width()
        high = min(side, round(side * rect.h / max(rect.w, 1)))
        part = image.subsurface((0, (side - high) // 2, side, high))
        c.surface.blit(pygame.transform.smoothscale(part, rect.size), rect.topleft)

    def _card(self, kit: Kit, rect: Any, card: CaseCard) -> None:
        c, col = kit.canvas, kit.colour
        over = kit.hots.hovered(rect)
        c.box(rect, col.raised if over else col.card, col.line, 0.55)
        half = (rect.w - 2) // 2
        for i, view in enumerate(VIEWS):
            thumb = pygame.Rect(rect.x + 1 + i * (half + 1), rect.y + 1, half, c.px(11.4))
            self._thumb(kit, thumb, card, view)
            c.text(
                ("AP", "LAT")[i],
                (thumb.x + c.px(0.9), thumb.y + c.px(1.5)),
                "xs",
                "scb",
                col.corner,
            )
        x, right = rect.x + c.px(1.3), rect.right - c.px(1.3)
        y = rect.y + c.px(13.7)
        name, below = in_two(card)
        size = "md" if c.width(name, "md", "semi") <= right - x - c.px(7) else "sm"
        c.text(c.fitted(name, right - x - c.px(7), size, "semi"), (x, y), size, "semi")
        for i in range(5):
            pip = pygame.Rect(
                right - c.px(1.2 * (5 - i)), round(y - c.px(0.5)), c.px(0.9), c.px(1.0)
            )
            c.fill(pip, col.mid if i < card.difficulty else col.line2)
        y += c.px(2.7)
        c.text(c.fitted(below, right - x), (x, y), "sm", "medium", col.mid)
        c.rule(x, rect.y + c.px(18.5), right - x)
        self._outcome(kit, rect, card, rect.y + c.px(20.8))
        kit.ring(f"card.{card.id}", rect)
        kit.hots.add(Hot(f"card.{card.id}", rect, lambda: self._choose(card)))

    def _outcome(self, kit: Kit, rect: Any, card: CaseCard, y: float) -> None:
        c, col = kit.canvas, kit.colour
        x, right = rect.x + c.px(1.3), rect.right - c.px(1.3)
        best = self.best(card)
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
