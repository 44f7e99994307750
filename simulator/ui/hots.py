"""What can be acted on in the last drawn frame: hit testing, focus, Tab order.

Panels draw a control and register it in the same breath, so what is seen is what can be hit, and
the order of drawing is the order of Tab.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import pygame

Act = Callable[[], Any]
Hold = Callable[[bool], None]


@dataclass(frozen=True, slots=True)
class Hot:
    """One control: a click calls `act`; `hold` is told when it goes down and up."""

    name: str
    rect: Any
    act: Act | None = None
    hold: Hold | None = None
    enabled: bool = True


@dataclass(frozen=True, slots=True)
class Taken:
    """The event was used; `result` is what the act returned."""

    result: Any = None


class Hots:
    """The controls of a screen."""

    def __init__(self, *, space_acts: bool = True) -> None:
        """Start without controls; `space_acts` is off where Space is the beam pedal."""
        self.items: list[Hot] = []
        self.focus: str | None = None
        self.focus_seen = False
        """Keys were used last, so the ring is shown."""
        self.pointer = (-1, -1)
        self._down: Hot | None = None
        self._keys = (
            (pygame.K_RETURN, pygame.K_KP_ENTER, pygame.K_SPACE)
            if space_acts
            else (pygame.K_RETURN, pygame.K_KP_ENTER)
        )

    def clear(self) -> None:
        """Forget the controls before a frame is drawn."""
        self.items = []

    def add(self, hot: Hot) -> None:
        """Register a control that was just drawn."""
        self.items.append(hot)

    def hovered(self, rect: Any) -> bool:
        """Tell whether the pointer is over `rect`."""
        return bool(rect.collidepoint(self.pointer))

    def focused(self, name: str) -> bool:
        """Tell whether the ring is to be drawn around `name`."""
        return self.focus_seen and self.focus == name

    def pressed(self, name: str) -> bool:
        """Tell whether the mouse or a key holds `name` down."""
        return self._down is not None and self._down.name == name

    def at(self, place: tuple[int, int]) -> Hot | None:
        """Return the topmost control at a place."""
        for hot in reversed(self.items):
            if hot.rect.collidepoint(place):
                return hot
        return None

    def handle(self, event: Any) -> Taken | None:
        """Use the event if it belongs to a control."""
        if event.type == pygame.MOUSEMOTION:
            self.pointer = event.pos
            return None
        if event.type == pygame.MOUSEBUTTONDOWN and event.button == 1:
            self.pointer = event.pos
            self.focus_seen = False
            return self._press(self.at(event.pos))
        if event.type == pygame.MOUSEBUTTONUP and event.button == 1:
            return self._release()
        if event.type == pygame.KEYDOWN:
            return self._key(event)
        if event.type == pygame.KEYUP and event.key in self._keys:
            return self._release()
        return None

    def _press(self, hot: Hot | None) -> Taken | None:
        if hot is None:
            return None
        self.focus = hot.name
        if not hot.enabled:
            return Taken()
        self._down = hot
        if hot.hold is not None:
            hot.hold(True)  # noqa: FBT003
        return Taken(hot.act() if hot.act is not None else None)

    def _release(self) -> Taken | None:
        hot, self._down = self._down, None
        if hot is None:
            return None
        if hot.hold is not None:
            hot.hold(False)  # noqa: FBT003
        return Taken()

    def _key(self, event: Any) -> Taken | None:
        if event.key == pygame.K_TAB and not event.mod & (pygame.KMOD_ALT | pygame.KMOD_META):
            self._step(-1 if event.mod & pygame.KMOD_SHIFT else 1)
            return Taken()
        if event.key in self._keys and self.focus_seen:
            for hot in self.items:
                if hot.name == self.focus:
                    return self._press(hot)
        return None

    def _step(self, by: int) -> None:
        names = [hot.name for hot in self.items if hot.enabled]
        if not names:
            return
        self.focus_seen = True
        if self.focus in names:
            self.focus = names[(names.index(self.focus) + by) % len(names)]
        else:
            self.focus = names[0 if by > 0 else -1]

    def drop(self) -> None:
        """Give up the focus, so that Space and Enter mean the screen's own keys again."""
        self.focus_seen = False
        self._release()
