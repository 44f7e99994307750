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
