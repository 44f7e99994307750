"""One whole kyphoplasty in the window, by events in SDL's queue alone."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pygame
import pytest

from simulator.engine.pace import Pacer
from simulator.ui.app import make_window
from tests.ui.player import Player

ROOT = Path(__file__).parents[2]

_CODES = {
    "return": pygame.K_RETURN,
    "right": pygame.K_RIGHT,
    "shift": pygame.K_LSHIFT,
    "space": pygame.K_SPACE,
    "escape": pygame.K_ESCAPE,
    "tab": pygame.K_TAB,
    "period": pygame.K_PERIOD,
}


class Steady(Pacer):
    """Gives the same number of ticks to every frame, so that a run repeats itself exactly."""

    def due(self, speed: float = 1.0) -> int:
        return round(4 * speed)


class QueueHands:
    """Posts events as SDL would."""

    def __init__(self, window: Any) -> None:
        self.window = window
        self.mod = 0
        self.pointer = (0, 0)

    def _post(self, kind: int, **values: Any) -> None:
        pygame.event.post(pygame.event.Event(kind, values))

    def _key(self, kind: int, key: str) -> None:
        code = _CODES.get(key) or pygame.key.key_code(key)
        if key == "shift":
            self.mod = pygame.KMOD_LSHIFT if kind == pygame.KEYDOWN else 0
        self._post(kind, key=code, mod=self.mod, unicode="", scancode=0)

    def key_down(self, key: str) -> None:
        self._key(pygame.KEYDOWN, key)

    def key_up(self, key: str) -> None:
        self._key(pygame.KEYUP, key)

    def tap(self, key: str) -> None:
        self.key_down(key)
        self.key_up(key)

    def wheel(self, notches: int) -> None:
        button = 4 if notches > 0 else 5
        self._post(pygame.MOUSEBUTTONDOWN, button=button, pos=self.pointer, touch=False)
        self._post(pygame.MOUSEBUTTONUP, button=button, pos=self.pointer, touch=False)
        self._post(pygame.MOUSEWHEEL, x=0, y=notches, flipped=False)

    def _move(self, place: tuple[int, int], *, held: bool = False) -> None:
        rel = (place[0] - self.pointer[0], place[1] - self.pointer[1])
        self.pointer = place
        buttons = (int(held), 0, 0)
        self._post(pygame.MOUSEMOTION, pos=place, rel=rel, buttons=buttons, touch=False)

    def drag(self, start: tuple[int, int], dx: int, dy: int) -> None:
        self._move(start)
        self._post(pygame.MOUSEBUTTONDOWN, button=1, pos=start, touch=False)
        self._move((start[0] + dx // 2, start[1] + dy // 2), held=True)
        self._move((start[0] + dx, start[1] + dy), held=True)
        self._post(pygame.MOUSEBUTTONUP, button=1, pos=self.pointer, touch=False)

    def click(self, place: tuple[int, int]) -> None:
        self._move(place)
        self._post(pygame.MOUSEBUTTONDOWN, button=1, pos=place, touch=False)
        self._post(pygame.MOUSEBUTTONUP, button=1, pos=place, touch=False)

    def frame(self) -> None:
        self.window.frame()
        if type(self.window.stack.top).__name__ == "Loading":
            pygame.time.wait(20)  # the work in its thread needs the processor


@pytest.fixture
def window(monkeypatch: pytest.MonkeyPatch) -> Iterator[Any]:
    monkeypatch.setattr("simulator.ui.app._fitting", lambda: (1280, 720))
    pygame.event.clear()
    yield make_window(Steady)
    pygame.display.set_mode((1600, 900))  # what the other tests of this folder stand on


@pytest.mark.slow
def test_a_resident_does_the_whole_case(window: Any, tmp_path: Path) -> None:
    moments: list[str] = []
    Player(window, QueueHands(window), moments.append).play("l1-wedge")

    debrief = window.stack.top
    assert type(debrief).__name__ == "Debrief"
    assert {"menu", "briefing", "needle", "tamp", "cement", "debrief"} <= set(moments)
    assert debrief.report.passed, debrief.report.reason
    assert not [f for f in debrief.report.moments if f.severity == "sentinel"]
    assert debrief.session.state.phase == "done"
    recording = debrief.session.recording
    assert recording.is_file()
    assert recording.parent == tmp_path / "data" / "recordings"
    told = subprocess.run(
        [sys.executable, "run_sim.py", "replay", str(recording), "--verify"],
        cwd=ROOT,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )
    assert told.returncode == 0, told.stdout + told.stderr


class Mouse:
    """A resident who uses the mouse alone, in the theatre of the first case."""

    def __init__(self, window: Any) -> None:
        self.hands = QueueHands(window)
        self.player = player = Player(window, self.hands, lambda moment: None)
        player.frames(2)
        player.button("menu.0")
        player.frames(3)
        player.button("card.l1-wedge")
        player.until(lambda: player.screen == "Briefing", "the briefing")
        player.frames(2)
        player.button("start")
        player.frames(2)

    def down(self, name: str) -> None:
        (hot,) = [hot for hot in self.player.top.hots.items if hot.name == name]
        self.hands._move(hot.rect.center)
        self.hands._post(pygame.MOUSEBUTTONDOWN, button=1, pos=self.hands.pointer, touch=False)

    def up(self) -> None:
        self.hands._post(pygame.MOUSEBUTTONUP, button=1, pos=self.hands.pointer, touch=False)
        self.player.frames(2)

    def stop(self) -> None:
        """Stop the case, so that its recording is closed."""
        self.hands.tap("escape")
        self.player.frames(2)
        self.player.button("menu.2")
        self.player.until(lambda: self.player.screen == "Debrief", "the debrief", 60)


@pytest.fixture
def mouse(window: Any) -> Iterator[Mouse]:
    user = Mouse(window)
    yield user
    user.stop()


def test_buttons_are_pedal_and_hands_and_a_pause_lets_go(mouse: Mouse) -> None:
    player = mouse.player
    mouse.down("beam")
    player.until(lambda: player.state.c_arm.exposures == 2, "two pulses", 60)
    mouse.up()
    assert not player.state.c_arm.beam

    for name in ("do.time_out", "do.local", "tab.needle", "do.place_needle"):
        player.button(name)
    assert player.tool is not None
    mouse.down("push")
    player.frames(8)
    assert player.top.operator.hand.push.force_n > 10.0

    theatre, hands = player.top, mouse.hands
    hands.tap("escape")
    player.frames(2)
    tick = theatre.scene.state.tick
    player.frames(10)
    assert theatre.scene.state.tick == tick
    hands.tap("escape")  # the mouse is still down, but nothing is held any more
    player.frames(3)
    assert player.top is theatre
    assert player.tool.force_n == 0.0
    mouse.up()


def test_a_click_ends_a_wait_and_tab_reaches_everything_after_a_resize(mouse: Mouse) -> None:
    player, hands = mouse.player, mouse.hands
    player.button("do.time_out")
    player.button("wait.2")
    assert player.top.operator.waiting
    player.button("do.sedate")
    assert not player.top.operator.waiting

    pygame.display.set_mode((1600, 900), pygame.RESIZABLE)
    player.frames(2)
    assert player.image().w == 640
    seen = set()
    for _ in range(80):
        hands.tap("tab")
        player.frames(2)
        seen.add(player.top.hots.focus)
    assert {hot.name for hot in player.top.hots.items if hot.enabled} <= seen
    shots = player.state.c_arm.exposures
    hands.tap("space")
    player.until(lambda: player.state.c_arm.exposures > shots, "Space is the pedal still", 60)
