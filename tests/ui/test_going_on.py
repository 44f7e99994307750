"""A run can be saved in the pause, and the library offers to go on with it."""

from __future__ import annotations

import time
from pathlib import Path
from typing import Any

import pytest

from simulator.engine import recording, resume
from simulator.engine.session import Session
from simulator.scenario.load import find_case, list_cases
from simulator.ui.canvas import Canvas
from simulator.ui.flow import Flow
from simulator.ui.memory import begin_run, saved_run
from simulator.ui.menu import Library
from simulator.ui.screens import Pop, Push
from simulator.ui.sound import Sound
from simulator.ui.theatre import Theatre
from simulator.world.action import IDLE
from simulator.world.case import Case


def controls(library: Library, canvas: Canvas) -> dict[str, Any]:
    library.draw(canvas)
    return {hot.name: hot.act for hot in library.hots.items}


@pytest.fixture
def saved(case: Case) -> Path:
    """A run of three seconds that was put aside."""
    place = begin_run(case.id)
    assert place is not None
    path, entry = place
    session = Session(case, "human", path, scenario=find_case(case.id).name, entry=entry)
    for _ in range(180):
        session.advance(IDLE)
    session.suspend()
    return path


def test_without_a_saved_run_the_library_offers_a_case(canvas: Canvas) -> None:
    library = Library(list_cases(), lambda c: c, lambda: None, lambda path: path)
    names = controls(library, canvas)
    assert "hero.open" in names
    assert "hero.go on" not in names


def test_the_library_goes_on_with_a_saved_run(canvas: Canvas, saved: Path) -> None:
    library = Library(list_cases(), lambda c: c, lambda: None, lambda path: path)
    change = controls(library, canvas)["hero.go on"]()
    assert isinstance(change, Push)
    assert change.screen == saved
    controls(library, canvas)["hero.not now"]()
    assert "hero.open" in controls(library, canvas)
    found = saved_run()
    assert found is not None
    assert (found.case, found.ticks, found.phase) == ("l1-wedge", 180, "brief")


def test_a_run_is_saved_in_the_pause_and_opened_again(
    case: Case, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(resume, "load_case", lambda *_, **__: case)  # is built already
    flow = Flow(Sound())
    theatre = flow.theatre(case)
    for _ in range(70):
        theatre.scene.session.advance(IDLE)
    menu = theatre._pause()
    assert isinstance(menu, Push)
    (act,) = [act for label, _, act in menu.screen.lines if label.startswith("Save")]
    assert isinstance(act(), Pop)
    found = saved_run()
    assert found is not None
    assert recording.read(found.recording).end is None

    loading = flow.resuming(found.recording)
    again: Any = None
    while not isinstance(again, Theatre):
        time.sleep(0.01)
        again = getattr(loading.update(), "screen", None)
    assert again.scene.state.tick == 70
    flow.keep()
    assert saved_run() is None


def test_closing_the_window_in_a_run_saves_it(case: Case) -> None:
    flow = Flow(Sound())
    flow.theatre(case).scene.session.advance(IDLE)
    assert "saved" in flow.save()
    assert saved_run() is not None
    assert "no run" in flow.save()


def test_a_fork_is_not_offered_to_be_saved(case: Case) -> None:
    flow = Flow(Sound())
    session = Session(case, "human")
    theatre = flow.theatre(case, session.forked(session.state, "human"))
    menu = theatre._pause()
    assert isinstance(menu, Push)
    assert not [label for label, _, _ in menu.screen.lines if label.startswith("Save")]
    flow.keep()
