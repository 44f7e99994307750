"""The screen of long work: one line that says what is done, a meter, Cancel."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pygame

from simulator.errors import SimulatorError
from simulator.ui.canvas import Canvas
from simulator.ui.hots import Hots
from simulator.ui.kit import Kit
from simulator.ui.overlays import Menu
from simulator.ui.screens import Change, Pop, Replace, Screen, as_change
from simulator.ui.work import CancelledError, Report, Work

_WORDS = {
    "sizes": "Measuring the patient",
    "soft tissue": "Building soft tissue",
    "ribs": "Building ribs",
    "done": "Almost there",
}


_LONG_S = 4
_PATIENCE = "The first start compiles the program. The next ones are quick."


def in_words(step: str) -> str:
    """Return a step of the builder as a line for people."""
    if step in _WORDS:
        return _WORDS[step]
    if len(step) <= 3 and step[:1] in "TL" and step[1:].isdigit():
        return f"Building {step}"
    return step[:1].upper() + step[1:]


class Loading:
    """Waits for a work and goes on with what it made."""

    overlay = False
    frames_per_s = 15
    """The work needs the processor more."""

    def __init__(
        self,
        title: str,
        task: Callable[[Report], Any],
        then: Callable[[Any], Any],
        fault: str = "This case cannot be opened",
    ) -> None:
        """Start `task`; `then` makes the next screen from its result, `fault` heads a failure."""
        self.title = title
        self._fault = fault
        self.hots = Hots()
        self._work = Work(task)
        self._then = then
        self._words = ""
        self._frames = 0
        """Frames since the words changed."""

    def handle(self, event: Any) -> Change:
        """Cancel by button or Esc."""
        taken = self.hots.handle(event)
        if taken is not None:
            return as_change(taken.result)
        if event.type == pygame.KEYDOWN and event.key == pygame.K_ESCAPE:
            return self._cancel()
        return None

    def _cancel(self) -> Change:
        self._work.cancel()
        return Pop()

    def update(self) -> Change:
        """Go on when the work is done."""
        if not self._work.done:
            return None
        error = self._work.error
        if isinstance(error, CancelledError):
            return Pop()
        if isinstance(error, SimulatorError):
            return Replace(Menu(self._fault, str(error), [("Back", "Esc", Pop)]))
        if error is not None:
            raise error
        return Replace(self._then(self._work.result))

    def leave(self) -> None:
        """Nothing is held."""

    def draw(self, canvas: Canvas) -> None:
        """Draw title, line, meter and button."""
        self.hots.clear()
        kit = Kit(canvas, self.hots)
        col = canvas.colour
        canvas.surface.fill(col.bg)
        w, h = canvas.theme.size
        wide = canvas.px(60)
        x, y = (w - wide) // 2, h // 2 - canvas.px(7)
        canvas.icon("logo", (x + canvas.px(1.6), y), 3.2, col.acc, col.bg)
        canvas.text(self.title, (x + canvas.px(4.6), y), "lg", "semi")
        words = in_words(self._work.words or "starting")
        self._frames = self._frames + 1 if words == self._words else 0
        self._words = words
        words += "." * (1 + self._frames // self.frames_per_s % 3)  # a sign of life
        canvas.text(words, (x, y + canvas.px(5.2)), "body", "medium", col.mid)
        canvas.text(
            f"{self._work.share * 100:.0f} %",
            (x + wide, y + canvas.px(5.2)),
            "body",
            "medium",
            col.low,
            "r",
        )
        bar = pygame.Rect(x, y + canvas.px(7.6), wide, canvas.px(1.0))
        kit.meter(bar, self._work.share, col.acc)
        if self._frames > _LONG_S * self.frames_per_s:
            canvas.text(_PATIENCE, (x, y + canvas.px(10.6)), "sm", "medium", col.low)
        button = pygame.Rect(x, y + canvas.px(13.0), canvas.px(15), canvas.px(4))
        kit.button("cancel", button, "Cancel", "Esc", self._cancel)


class Detour(Loading):
    """A wait on the way from a screen: who does not want to wait is back at it."""

    def __init__(
        self,
        title: str,
        task: Callable[[Report], Any],
        then: Callable[[Any], Any],
        back: Screen,
    ) -> None:
        """Start `task`; `then` makes the next screen from its result, `back` is the one before."""
        super().__init__(title, task, then)
        self._back = back

    def update(self) -> Change:
        """Go on when the work is done."""
        change = super().update()
        return Replace(self._back) if isinstance(change, Pop) else change

    def _cancel(self) -> Change:
        super()._cancel()
        return Replace(self._back)
