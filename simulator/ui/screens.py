"""The stack of screens: a screen uses an event and says what should happen next."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Protocol

import pygame

from simulator.ui.canvas import Canvas
from simulator.ui.hots import Hots


class Screen(Protocol):
    """One full window, or an overlay on the screen below it."""

    overlay: bool
    """The screen below is drawn first."""
    frames_per_s: int
    """How often it is worth drawing."""

    def handle(self, event: Any) -> Change:
        """Use an event."""
        ...

    def update(self) -> Change:
        """Let time pass, once per frame."""
        ...

    def draw(self, canvas: Canvas) -> None:
        """Draw everything."""
        ...

    def leave(self) -> None:
        """Put down what is held: the screen is covered or gone."""
        ...


@dataclass(frozen=True, slots=True)
class Push:
    """Cover this screen by another one."""

    screen: Screen


@dataclass(frozen=True, slots=True)
class Replace:
    """Go on to another screen; this one is gone."""

    screen: Screen


@dataclass(frozen=True, slots=True)
class Pop:
    """Go back to the screen below."""

    count: int = 1


@dataclass(frozen=True, slots=True)
class Home:
    """Go back to the first screen, or put another one in its place."""

    screen: Screen | None = None


@dataclass(frozen=True, slots=True)
class Quit:
    """Close the window."""

    code: int = 0


Change = Push | Replace | Pop | Home | Quit | None


def as_change(value: object) -> Change:
    """Return what a control's act returned if it is a change of screens, else None."""
    return value if isinstance(value, Push | Replace | Pop | Home | Quit) else None


class Stack:
    """The screens from the first to the one in front."""

    def __init__(self, first: Screen) -> None:
        """Begin with one screen."""
        self.screens: list[Screen] = [first]
        self.code: int | None = None
        """Set when the window is to close."""

    @property
    def top(self) -> Screen:
        """The screen that has the keyboard."""
        return self.screens[-1]

    def apply(self, change: Change) -> None:
        """Carry out what a screen asked for."""
        if change is None:
            return
        self.top.leave()
        if isinstance(change, Push):
            self.screens.append(change.screen)
        elif isinstance(change, Replace):
            self.screens[-1] = change.screen
        elif isinstance(change, Pop):
            del self.screens[max(len(self.screens) - change.count, 0) :]
        elif isinstance(change, Home):
            self.screens = [change.screen] if change.screen is not None else self.screens[:1]
        else:
            self.code = change.code
        if not self.screens:
            self.code = self.code or 0

    def handle(self, event: Any) -> None:
        """Give an event to the screen in front."""
        self.apply(self.top.handle(event))

    def update(self) -> None:
        """Let time pass in the screen in front; what it covers stands still."""
        self.apply(self.top.update())

    def draw(self, canvas: Canvas) -> None:
        """Draw from the topmost full screen upwards."""
        first = len(self.screens) - 1
        while first > 0 and self.screens[first].overlay:
            first -= 1
        for screen in self.screens[first:]:
            screen.draw(canvas)


def back_on_escape(hots: Hots, event: Any) -> Change:
    """Let the controls have an event first; an Esc that they leave goes back one screen."""
    taken = hots.handle(event)
    if taken is not None:
        return as_change(taken.result)
    if event.type == pygame.KEYDOWN and event.key == pygame.K_ESCAPE:
        return Pop()
    return None
