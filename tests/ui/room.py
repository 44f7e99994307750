"""A theatre that is driven by events as SDL makes them, without an open window."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pygame

from simulator.engine.session import Session
from simulator.imaging.machine import machine
from simulator.ui.canvas import Canvas
from simulator.ui.sound import Sound
from simulator.ui.theatre import Theatre
from simulator.ui.theme import Theme
from simulator.world.action import Action
from simulator.world.arm import Plane
from simulator.world.case import Case

SIZE = (1280, 720)


class Room:
    """A theatre, the canvas it is drawn on, and events as SDL makes them."""

    def __init__(self, case: Case, *, biplane: bool = False) -> None:
        self.session = Session(case, "human")
        if biplane:
            case = replace(case, c_arm=machine().biplane)
            self.session = Session(case, "human")
            arm = replace(self.session.state.c_arm, second=Plane())
            self.session.state = replace(self.session.state, c_arm=arm)
        self.theatre = Theatre(self.session, lambda ended: None, Sound())
        self.canvas = Canvas(pygame.Surface(SIZE), Theme(SIZE))
        self.draw()
        self.theatre.scene.pictures.resize(128)

    @property
    def arm(self) -> Any:
        """The C-arm as it stands."""
        return self.session.state.c_arm

    def draw(self) -> None:
        """Draw a frame without rendering larger pictures for it."""
        n = self.theatre.scene.pictures.n
        self.theatre.draw(self.canvas)
        self.theatre.scene.pictures.resize(n)

    def run(self, ticks: int) -> list[Action]:
        """Let the operator act for some ticks; return what was asked."""
        asked = []
        for _ in range(ticks):
            action = self.theatre.operator.next_action(self.session.state)
            events = self.session.advance(action)
            self.theatre.scene.pictures.see(self.session.state, events)
            asked.append(action)
        return asked

    def key(self, key: int, mod: int = 0) -> None:
        self.down(key, mod)
        self.theatre.handle(pygame.event.Event(pygame.KEYUP, key=key, mod=0))

    def down(self, key: int, mod: int = 0) -> None:
        self.theatre.handle(pygame.event.Event(pygame.KEYDOWN, key=key, mod=mod))

    def mouse(self, kind: int, pos: tuple[float, float], **more: Any) -> None:
        at = (round(pos[0]), round(pos[1]))
        self.theatre.handle(pygame.event.Event(kind, pos=at, **more))

    def drag(self, start: tuple[float, float], end: tuple[float, float], button: int = 1) -> None:
        rel = (round(end[0]) - round(start[0]), round(end[1]) - round(start[1]))
        self.mouse(pygame.MOUSEBUTTONDOWN, start, button=button)
        self.mouse(pygame.MOUSEMOTION, end, rel=rel, buttons=(1, 0, 0))
        self.mouse(pygame.MOUSEBUTTONUP, end, button=button)

    def click(self, name: str) -> None:
        self.draw()
        (hot,) = [h for h in self.theatre.hots.items if h.name == name]
        self.mouse(pygame.MOUSEBUTTONDOWN, hot.rect.center, button=1)
        self.mouse(pygame.MOUSEBUTTONUP, hot.rect.center, button=1)

    def face(self, name: str) -> None:
        self.click(f"face.{name}")
        self.draw()

    def image(self) -> Any:
        """Where the large picture is."""
        self.draw()
        return self.theatre.grabs.monitors[0].image

    def expose(self) -> None:
        """Take one picture."""
        self.key(pygame.K_SPACE)
        self.run(20)
