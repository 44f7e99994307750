"""No display, no sound, no user's files; set before anything imports pygame."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from simulator.scenario.load import load_case
from simulator.world.case import Case

os.environ["SDL_VIDEODRIVER"] = "dummy"
os.environ["SDL_AUDIODRIVER"] = "dummy"
os.environ["PYGAME_HIDE_SUPPORT_PROMPT"] = "1"


@pytest.fixture(scope="session", autouse=True)
def _pygame() -> Iterator[None]:
    import pygame

    pygame.display.init()
    pygame.font.init()
    pygame.display.set_mode((1600, 900))
    yield
    pygame.quit()


@pytest.fixture(autouse=True)
def _home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("KYPHOSIM_HOME", str(tmp_path))
    monkeypatch.delenv("KYPHOSIM_HISTORY", raising=False)


@pytest.fixture(params=[(1600, 900), (1280, 720), (1920, 1200), (2560, 1080)], ids=str)
def canvas(request: pytest.FixtureRequest) -> Any:
    """A canvas of a common window size."""
    import pygame

    from simulator.ui.canvas import Canvas
    from simulator.ui.theme import Theme

    return Canvas(pygame.Surface(request.param), Theme(request.param))


@pytest.fixture
def room(case: Case) -> Any:
    """A theatre with its events."""
    from tests.ui.room import Room

    return Room(case)


@pytest.fixture
def two(case: Case) -> Any:
    """The same with a biplane machine."""
    from tests.ui.room import Room

    return Room(case, biplane=True)


@pytest.fixture(scope="session")
def discitis() -> Case:
    """A case whose author leaves the choice open."""
    return load_case("l3-discitis", 1)


@pytest.fixture
def quick_films(monkeypatch: pytest.MonkeyPatch) -> None:
    """Grey films in the briefing, at once."""
    films = [np.zeros((64, 64), dtype=np.uint8)] * 2
    monkeypatch.setattr("simulator.ui.briefing_films.view_films", lambda *_: films)


@pytest.fixture
def sit(quick_films: None) -> Iterator[Any]:
    """Opens the briefing of a case; a recording that is still written is closed at the end."""
    from tests.ui.desktop import Desktop

    opened: list[Desktop] = []

    def at(case: Case) -> Desktop:
        opened.append(Desktop(case))
        return opened[-1]

    yield at
    for desk in opened:
        desk.flow.keep()
