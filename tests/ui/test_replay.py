"""The walk through a run in the debrief."""

from __future__ import annotations

from typing import Any

import pygame
import pytest

from simulator.engine.runner import Outcome
from simulator.ui import debrief_films, debrief_now, debrief_reel
from simulator.ui.canvas import Canvas
from simulator.ui.debrief import REPLAY, SUMMARY, Debrief
from simulator.ui.debrief_reel import bursts
from simulator.ui.debrief_stops import beside, last_at
from simulator.ui.loading import Detour
from simulator.ui.screens import Pop, Replace
from simulator.ui.theme import Theme
from simulator.world.state import State
from tests.ui.test_layout import Written, overlaps


def press(key: int, mod: int = 0) -> Any:
    return pygame.event.Event(pygame.KEYDOWN, key=key, mod=mod)


@pytest.fixture
def debrief(clumsy_run: Outcome, monkeypatch: pytest.MonkeyPatch) -> Any:
    """The replay of a clumsy run; its pictures are small, and nothing is left running."""
    monkeypatch.setattr(debrief_reel, "FILM_PX", 128)
    monkeypatch.setattr("simulator.ui.debrief.of_moments", lambda *_: None)
    page = Debrief(clumsy_run.session, clumsy_run.report, lambda session, start: start, Pop)
    page.handle(press(pygame.K_2))
    yield page
    page.leave()


def developed(debrief: Debrief, canvas: Canvas) -> None:
    debrief.draw(canvas)
    thread = debrief.replay.reel._thread
    if thread is not None:
        thread.join(60)
    debrief.draw(canvas)


def test_bursts_hold_every_pulse_once(clumsy_run: Outcome) -> None:
    pulses = clumsy_run.session.tape.pulses
    found = bursts(pulses)
    assert sorted(p.shot.tick for b in found for p in b.pulses) == [p.shot.tick for p in pulses]
    assert {b.slot for b in found} == {0, 1}


def test_keys_walk_from_stop_to_stop_and_to_what_went_wrong(debrief: Debrief) -> None:
    replay = debrief.replay
    ticks = sorted({stop.tick for stop in replay.stops})
    debrief.handle(press(pygame.K_RIGHT))
    debrief.handle(press(pygame.K_RIGHT))
    assert replay.tick == ticks[1]
    debrief.handle(press(pygame.K_LEFT))
    assert replay.tick == ticks[0]
    debrief.handle(press(pygame.K_RIGHT, pygame.KMOD_LSHIFT))
    assert replay.tick == ticks[0] + 60
    debrief.handle(press(pygame.K_m))
    wrong = [stop.tick for stop in replay.stops if stop.level]
    assert replay.tick == wrong[0]
    debrief.handle(press(pygame.K_END))
    assert replay.tick == replay._end
    assert beside(replay.stops, ticks[-1], 1) == ticks[-1]
    assert last_at(replay.stops, ticks[0] - 1) == -1


def test_a_picture_is_that_of_its_time(debrief: Debrief, clumsy_run: Outcome) -> None:
    reel = debrief.replay.reel
    burst = next(b for b in reel.bursts if b.slot == 1)
    assert reel.look(burst.first - 1)[1] is None
    held = reel.look(burst.last)[1]
    assert held is not None
    assert not held.fresh
    assert held.on
    assert reel._thread is not None
    reel._thread.join(60)
    held = reel.look(burst.last + 600)[1]
    assert held is not None
    assert held.film is not None
    assert held.film.shot == burst.pulses[-1].shot
    assert not held.on
    state = reel.state(burst.last)
    assert state is not None
    assert state.c_arm.last == burst.pulses[-1].shot


def test_a_moment_is_shown_from_the_summary_and_by_the_timeline(
    debrief: Debrief, clumsy_run: Outcome
) -> None:
    canvas = Canvas(pygame.Surface((1280, 720)), Theme((1280, 720)))
    debrief.handle(press(pygame.K_1))
    debrief.draw(canvas)
    (show,) = [hot for hot in debrief.hots.items if hot.name == "show.0"]
    assert show.act is not None
    show.act()
    assert debrief.tab == REPLAY
    assert debrief.replay.tick == clumsy_run.report.moments[0].tick
    debrief.handle(press(pygame.K_1))
    assert debrief.tab == SUMMARY
    axis = debrief._axis
    assert axis is not None
    at = (axis.rect.centerx, axis.rect.centery)
    debrief.handle(pygame.event.Event(pygame.MOUSEBUTTONDOWN, pos=at, button=1))
    assert debrief.tab == REPLAY
    assert debrief.replay.tick == pytest.approx(axis.end / 2, abs=axis.end / axis.rect.w)


def test_practice_begins_at_the_moment_itself(debrief: Debrief, clumsy_run: Outcome) -> None:
    tick = clumsy_run.report.moments[0].tick - 7
    debrief.replay.go(tick)
    change = debrief.handle(press(pygame.K_p))
    assert isinstance(change, Replace)
    wait = change.screen
    assert isinstance(wait, Detour)
    wait._work._thread.join(60)
    there = wait.update()
    assert isinstance(there, Replace)
    assert isinstance(there.screen, State)  # what the debrief was given makes the theatre of it
    assert there.screen.tick == tick


def test_the_expert_is_drawn_on_both_pictures(debrief: Debrief, clumsy_run: Outcome) -> None:
    canvas = Canvas(pygame.Surface((1280, 720)), Theme((1280, 720)))
    debrief.replay.go(clumsy_run.report.moments[0].tick)
    developed(debrief, canvas)
    before = pygame.surfarray.array3d(canvas.surface).copy()
    debrief.handle(press(pygame.K_x))
    debrief.draw(canvas)
    after = pygame.surfarray.array3d(canvas.surface)
    halves = (slice(0, 440), slice(455, 890))
    assert all((before[half, 90:520] != after[half, 90:520]).any() for half in halves)


def test_the_way_of_a_tip_and_its_distance_from_the_plan(clumsy_run: Outcome) -> None:
    session = clumsy_run.session
    rows = debrief_now.rows_until(session, clumsy_run.report.moments[0].tick)
    way = debrief_films.trail(rows, 0)
    assert len(way) > 10
    assert debrief_films.trail(rows, 1) == []
    plan = session.case.plans[0]
    on_it = [row for row in rows if row.tip_mm is not None][-1]
    off = debrief_now.off_plan_mm(session, on_it)
    assert off is not None
    assert off > 2.0  # a clumsy hand
    assert debrief_now.off_plan_mm(
        session, type(on_it)(**{**_fields(on_it), "tip_mm": plan.target_mm})
    ) == pytest.approx(0.0, abs=1e-6)


def _fields(row: Any) -> dict[str, Any]:
    return {name: getattr(row, name) for name in row.__dataclass_fields__}


def test_nothing_lies_on_anything_else(
    debrief: Debrief, canvas: Canvas, clumsy_run: Outcome, monkeypatch: pytest.MonkeyPatch
) -> None:
    window = pygame.Rect(0, 0, *canvas.theme.size)
    for tick in (0, clumsy_run.report.moments[0].tick, clumsy_run.session.state.tick):
        debrief.replay.go(tick)
        developed(debrief, canvas)
        debrief.replay._line = None
        written = Written(canvas, monkeypatch)
        debrief.draw(canvas)
        assert overlaps([rect for _, rect in written.lines]) == []
        hots = [hot.rect for hot in debrief.hots.items]
        assert overlaps(hots) == []
        assert all(window.contains(rect) for rect in hots)
        monkeypatch.undo()
        monkeypatch.setattr(debrief_reel, "FILM_PX", 128)
