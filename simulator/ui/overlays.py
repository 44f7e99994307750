"""What lies over a screen: pause, the list of keys, a message."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pygame

from simulator.ui.canvas import Canvas
from simulator.ui.hots import Hots
from simulator.ui.keys import CHORDS, KEYS
from simulator.ui.kit import Kit
from simulator.ui.screens import Change, Pop, as_change, back_on_escape

_CAPS = {pygame.K_ESCAPE: "Esc"}

Line = tuple[str, str, Callable[[], Any]]


class Overlay:
    """A card in the middle of the window over a darkened screen."""

    overlay = True
    frames_per_s = 30

    def __init__(self) -> None:
        """Start without focus."""
        self.hots = Hots()

    def handle(self, event: Any) -> Change:
        """Let the controls have the event; Esc goes back."""
        return back_on_escape(self.hots, event)

    def update(self) -> Change:
        """Nothing moves."""
        return None

    def leave(self) -> None:
        """Nothing is held."""

    def card(self, canvas: Canvas, width: float, height: float) -> tuple[Kit, Any]:
        """Darken the screen below and draw the card; return the kit and its rectangle."""
        self.hots.clear()
        kit = Kit(canvas, self.hots)
        size = canvas.theme.size
        canvas.fill((0, 0, *size), canvas.colour.black, 0.72)
        w, h = canvas.px(width), canvas.px(height)
        rect = pygame.Rect((size[0] - w) // 2, (size[1] - h) // 2, w, h)
        canvas.box(rect, canvas.colour.pane, canvas.colour.line2, 0.7)
        return kit, rect

    def draw(self, canvas: Canvas) -> None:
        """Draw the card."""
        self.card(canvas, 40, 30)


class Menu(Overlay):
    """A title, words, and a column of buttons."""

    def __init__(self, title: str, text: str, lines: list[Line]) -> None:
        """Each line is a label, a key cap and what it does."""
        super().__init__()
        self.title, self.text, self.lines = title, text, lines
        self.hots.focus = "menu.0"
        self.hots.focus_seen = True

    def handle(self, event: Any) -> Change:
        """Also take the keys that stand on the caps."""
        if event.type == pygame.KEYDOWN:
            for _, key, act in self.lines:
                if key and key == _CAPS.get(event.key, pygame.key.name(event.key).upper()):
                    return as_change(act())
            if event.key in (pygame.K_DOWN, pygame.K_UP):
                mod = pygame.KMOD_SHIFT if event.key == pygame.K_UP else 0
                event = pygame.event.Event(pygame.KEYDOWN, key=pygame.K_TAB, mod=mod)
        return super().handle(event)

    def draw(self, canvas: Canvas) -> None:
        """Draw the card."""
        rows = canvas.wrapped(self.text, canvas.px(46), "body") if self.text else []
        leading = canvas.leading("body") / canvas.theme.u
        height = 7.5 + leading * len(rows) + 5.2 * len(self.lines) + 3.0
        kit, rect = self.card(canvas, 52, height)
        x = rect.x + canvas.px(3)
        y = float(rect.y + canvas.px(4))
        canvas.text(self.title, (x, y), "lg", "semi")
        y += canvas.px(4.2)
        for row in rows:
            canvas.text(row, (x, y), "body", "medium", canvas.colour.mid)
            y += canvas.leading("body")
        y += canvas.px(0.6)
        for i, (label, key, act) in enumerate(self.lines):
            box = pygame.Rect(x, round(y), rect.w - canvas.px(6), canvas.px(4.2))
            kit.button(f"menu.{i}", box, label, key, act, kind="pri" if i == 0 else "")
            y += canvas.px(5.2)


class Help(Overlay):
    """All keys in columns."""

    _COLUMNS = (("C-arm", "Tools"), ("Blades", "Image"), ("Hands", "Room"))

    def handle(self, event: Any) -> Change:
        """Any key or click closes it."""
        if event.type in (pygame.KEYDOWN, pygame.MOUSEBUTTONDOWN):
            return Pop()
        return None

    def draw(self, canvas: Canvas) -> None:
        """Draw the list."""
        kit, rect = self.card(canvas, 174, 90)
        c = canvas
        c.text("Keys", (rect.x + c.px(4), rect.y + c.px(4.5)), "lg", "semi")
        c.text(
            "Any key closes this list",
            (rect.right - c.px(4), rect.y + c.px(4.5)),
            "sm",
            "medium",
            c.colour.low,
            "r",
        )
        for i, groups in enumerate(self._COLUMNS):
            x, y = rect.x + c.px(3 + 57 * i), float(rect.y + c.px(9.5))
            for group in groups:
                y = self._group(kit, group, x, y) + c.px(1.8)

    def _group(self, kit: Kit, group: str, x: float, y: float) -> float:
        c = kit.canvas
        kit.section(group, (x, y))
        y += c.px(2.9)
        rows = [(k.cap, k.does) for k in KEYS.values() if k.group == group]
        rows += [(keys, does) for keys, does, where in CHORDS if where == group]
        for caps, does in rows:
            kit.cap(caps, (x, y))
            room = c.px(42.5)
            size, face = c.best_fit(does, room)
            c.text(c.fitted(does, room, size, face), (x + c.px(12.5), y), size, face, c.colour.mid)
            y += c.px(2.64)
        return y
