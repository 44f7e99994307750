"""A briefing that is used by events as SDL makes them, without an open window."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import asdict
from typing import Any

import pygame

from simulator.scenario.load import find_case
from simulator.ui.briefing_desk import TREAT
from simulator.ui.canvas import Canvas
from simulator.ui.flow import Flow, Opened
from simulator.ui.screens import Stack
from simulator.ui.sound import Sound
from simulator.ui.theme import Theme
from simulator.world.case import Case
from simulator.world.clinic import Choice

SIZE = (1280, 720)


class Desktop:
    """A flow that begins with the briefing of a case."""

    def __init__(self, case: Case) -> None:
        self.flow = Flow(Sound())
        self.flow._file = find_case(case.id)
        self.stack = Stack(self.flow.briefing(Opened(case, self.flow._file)))
        self.canvas = Canvas(pygame.Surface(SIZE), Theme(SIZE))
        self.stack.draw(self.canvas)

    @property
    def top(self) -> Any:
        return self.stack.top

    def key(self, *keys: int, mod: int = 0) -> None:
        for key in keys:
            self.stack.handle(pygame.event.Event(pygame.KEYDOWN, key=key, mod=mod))
            self.stack.handle(pygame.event.Event(pygame.KEYUP, key=key, mod=mod))
            self.stack.draw(self.canvas)

    def click(self, name: str) -> None:
        (hot,) = [hot for hot in self.top.hots.items if hot.name == name]
        for kind in (pygame.MOUSEBUTTONDOWN, pygame.MOUSEBUTTONUP):
            self.stack.handle(pygame.event.Event(kind, pos=hot.rect.center, button=1))
        self.stack.draw(self.canvas)

    def until(self, kind: type) -> Any:
        for _ in range(2000):
            if isinstance(self.top, kind):
                return self.top
            time.sleep(0.01)
            self.stack.update()
        raise AssertionError(f"{self.top} stands, not {kind}")

    def choose(self, choice: Choice) -> None:
        """Click the answers of a choice."""
        for key, value in {"decision": TREAT, **asdict(choice)}.items():
            if key == "tamp" and choice.procedure == "vertebroplasty":
                continue
            (question,) = [q for q in self.top.desk.questions() if q.key == key]
            at = [option.value for option in question.options].index(value)
            self.click(f"pick.{key}.{at}")


Open = Callable[[Case], Desktop]
