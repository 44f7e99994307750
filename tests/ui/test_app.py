"""The window as a whole: first start, resizing, faults."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pygame
import pytest

from simulator.engine import recording
from simulator.engine.recording import Practice
from simulator.engine.session import Session
from simulator.ui import app
from simulator.ui.app import Window
from simulator.ui.debrief import Debrief
from simulator.ui.flow import Flow
from simulator.ui.memory import book, load_settings, results
from simulator.ui.menu import Library
from simulator.ui.screens import Change, Home, Push, Stack
from simulator.ui.sound import Sound
from simulator.ui.theatre import Theatre
from simulator.world.action import Action, Do
from simulator.world.case import Case


def press(key: int) -> None:
    pygame.event.post(pygame.event.Event(pygame.KEYDOWN, key=key, mod=0))


@pytest.fixture(autouse=True)
def _fresh_window(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pygame, "quit", lambda: None)  # the display is shared by all tests
    monkeypatch.setattr("simulator.ui.menu.Thumbs", lambda cards: None)
    pygame.display.set_mode((1600, 900))
    pygame.event.clear()


class Broken:
    """A screen with a fault of ours."""

    overlay = False
    frames_per_s = 60

    def handle(self, event: Any) -> Change:
        return None

    def update(self) -> Change:
        raise ZeroDivisionError("nothing to divide by")

    def draw(self, canvas: Any) -> None: ...

    def leave(self) -> None: ...


def test_the_notice_is_shown_once(monkeypatch: pytest.MonkeyPatch) -> None:
    frames: list[int] = []

    def stop_soon(self: Window) -> int:
        self.frame()
        frames.append(len(self.stack.screens))
        press(pygame.K_RETURN)
        self.frame()
        frames.append(len(self.stack.screens))
        return 0

    monkeypatch.setattr(Window, "run", stop_soon)
    assert app.run_window() == 0
    assert frames[0] == 2
    assert load_settings()["notice_read"] is True
    pygame.event.clear()
    app.run_window()
    assert frames[2] == 1


def test_a_fault_becomes_one_message_and_exit_code_3() -> None:
    stack = Stack(Broken())
    seen: list[str] = []
    run: Callable[[Window], int] = Window.run

    def watched(self: Window) -> int:
        if not isinstance(self.stack.top, Broken):
            seen.append(self.stack.top.text)
            press(pygame.K_ESCAPE)
        return run(self)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Window, "run", watched)
        assert app._guarded(stack, Flow(Sound())) == 3
    assert "nothing to divide by" in seen[0]
    assert "Traceback" not in seen[0]


def test_closing_the_window_keeps_the_recording(case: Case, tmp_path: Path) -> None:
    flow = Flow(Sound())
    theatre = flow.theatre(case)
    path = theatre.scene.session.recording
    assert path is not None
    pygame.event.post(pygame.event.Event(pygame.QUIT))
    assert app._guarded(Stack(theatre), flow) == 0
    assert recording.broken_off(path).size == path.stat().st_size  # it can be gone on with


def test_a_resized_window_is_laid_out_again(case: Case) -> None:
    theatre = Theatre(Session(case, "human"), lambda ended: None, Sound())
    window = Window(Stack(theatre))
    window.frame()
    pygame.display.set_mode((1280, 720))
    window.frame()
    assert theatre.scene.pictures.n == 512


def test_stopping_the_case_leads_to_its_debrief_and_home(case: Case) -> None:
    flow = Flow(Sound())
    library = flow.library()
    assert isinstance(library, Library)
    stack = Stack(library)
    theatre = flow.theatre(case)
    stack.apply(Push(theatre))
    theatre.scene.session.advance(Action(do=Do.ABORT))
    stack.update()
    assert isinstance(stack.top, Debrief)
    assert [r.case for r in results()] == [case.id]
    stack.handle(pygame.event.Event(pygame.KEYDOWN, key=pygame.K_ESCAPE, mod=0))
    assert stack.screens == [library]


def test_a_retry_begins_at_the_kept_moment(case: Case) -> None:
    session = Session(case, "human")
    session.advance(Action(do=Do.TIME_OUT))
    flow = Flow(Sound())
    again = flow._again(session, session.state)
    assert isinstance(again, Theatre)
    assert again.scene.state == session.state
    assert again.scene.session.recording is not None
    assert again.scene.session.practice == Practice(session.state.tick)
    flow.keep()


def test_a_damaged_history_is_set_aside_and_read_again(case: Case, tmp_path: Path) -> None:
    flow = Flow(Sound())
    flow.theatre(case).scene.session.advance(Action(do=Do.ABORT))
    flow.keep()
    before = results()
    assert [r.case for r in before] == [case.id]
    (tmp_path / "data" / "history.sqlite").write_bytes(b"not a database" * 99)
    now = book()
    assert len(now.notices) == 1
    assert "damaged, set aside as" in now.notices[0]
    assert results() == before
    assert "set aside: history-damaged-" in book().notices[0]


def test_a_history_that_cannot_be_written_stops_nobody(case: Case, tmp_path: Path) -> None:
    (tmp_path / "data").write_text("a file where the folder should be")
    assert book().notices
    assert results() == []
    theatre = Flow(Sound()).theatre(case)
    assert theatre.scene.session.recording is None


def test_home_replaces_everything() -> None:
    stack = Stack(Broken())
    other = Broken()
    stack.apply(Home(other))
    assert stack.screens == [other]
