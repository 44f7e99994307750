"""The walk through a run in the debrief."""

from __future__ import annotations

import math
import threading
from collections import OrderedDict
from dataclasses import replace
from itertools import pairwise
from typing import Any

import pygame
import pytest

from simulator.engine.runner import Outcome
from simulator.engine.session import Sample
from simulator.engine.sight import Observation
from simulator.procedure.phases import chapter
from simulator.ui import debrief_films, debrief_ghost, debrief_now, debrief_reel
from simulator.ui.canvas import Canvas
from simulator.ui.debrief import REPLAY, SUMMARY, Debrief
from simulator.ui.debrief_ghost import EXPERT, PLANNED, Ghost
from simulator.ui.debrief_reel import bursts
from simulator.ui.debrief_stops import beside, last_at
from simulator.ui.loading import Detour
from simulator.ui.screens import Pop, Replace
from simulator.ui.theme import Theme
from simulator.ui.work import CancelledError
from simulator.world.action import IDLE, Action
from simulator.world.case import Case
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


class _Idle:
    """An expert who looks on for a while."""

    def __init__(self, steps: int) -> None:
        self.left = steps

    def next_action(self, _: Observation) -> Action | None:
        self.left -= 1
        return IDLE if self.left >= 0 else None


def test_the_expert_plays_beside_the_window_until_somebody_says_stop(
    case: Case, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(debrief_ghost, "make_operator", lambda *_: _Idle(1000))
    told: list[float] = []
    rows = debrief_ghost.played(case, lambda _, share: told.append(share), 1200)
    assert rows[-1].tick == 1000
    assert told == [0.25, 0.5, 0.75]

    def stop(_: str, share: float) -> None:
        raise CancelledError

    with pytest.raises(CancelledError):
        debrief_ghost.played(case, stop, 1200)


def test_the_plan_is_shown_and_named_until_the_expert_is_done(
    clumsy_run: Outcome, expert_run: Outcome, monkeypatch: pytest.MonkeyPatch
) -> None:
    go = threading.Event()

    def play(*_: Any) -> tuple[Sample, ...]:
        go.wait(30)
        return tuple(expert_run.session.trace)

    monkeypatch.setattr(debrief_ghost, "played", play)
    monkeypatch.setattr(debrief_ghost, "_known", OrderedDict())
    ghost = Ghost(clumsy_run.session)
    now = clumsy_run.session.trace[-1]
    ghost.turn()
    assert (ghost.shown, ghost.label, ghost.ways(now)) == (PLANNED, "Plan", ())
    ghost.turn()
    ghost.update()
    assert (ghost.shown, ghost.label, ghost.given) == (PLANNED, "Expert 0 %", ())
    go.set()
    assert ghost._work is not None
    ghost._work._thread.join(30)
    ghost.update()
    assert (ghost.shown, ghost.label) == (EXPERT, "Expert")
    own = debrief_ghost.trail(expert_run.session.trace, 0)
    assert ghost.ways(now)[0] == own
    assert ghost.given[-1][1] == expert_run.session.state.given_ml
    assert ghost.given[0][0] == 0.0
    ghost.turn()
    assert (ghost.shown, ghost.rows, ghost.given) == ("", (), ())
    # The next debrief of the same case has it at once; another choice does not.
    again = Ghost(clumsy_run.session)
    again.mode = EXPERT
    assert again.shown == EXPERT
    again._case = replace(again._case, seed=2)
    assert again.shown == PLANNED


def test_the_expert_is_shown_up_to_the_chapter_of_the_moment(expert_run: Outcome) -> None:
    rows = expert_run.session.trace
    access = debrief_ghost.beside(rows, "access")
    assert chapter(access[-1].phase) == "access"
    assert not any(chapter(row.phase) == "access" for row in rows[len(access) :])
    assert len(debrief_ghost.beside(rows, "tamp")) > len(access)
    assert debrief_ghost.beside(access, "inject") == access


def test_dashes_lie_on_their_line_and_fill_their_share_of_it() -> None:
    way = [(0.0, 0.0), (30.0, 40.0), (30.0, 90.0), (33.0, 94.0)]
    found = debrief_films.dashes(way, 6.0, 4.0)
    long = [sum(math.dist(a, b) for a, b in pairwise(dash)) for dash in found]
    assert long == pytest.approx([6.0] * 10 + [5.0])  # 105 in all: ten periods and a half
    assert found[5][0] == pytest.approx((30.0, 40.0))
    assert (30.0, 90.0) not in found[9]  # a gap lies there
    assert debrief_films.dashes([(1.0, 1.0)], 6.0, 4.0) == []


@pytest.mark.parametrize("part", ["access", "inject"])
def test_whose_way_is_shown_stands_beside_it(
    debrief: Debrief, expert_run: Outcome, part: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    ghost = debrief.replay.ghost
    rows = tuple(expert_run.session.trace)
    monkeypatch.setattr(debrief_ghost, "_known", OrderedDict({ghost._key: rows}))
    canvas = Canvas(pygame.Surface((1280, 720)), Theme((1280, 720)))
    ends = [r.tick for r in debrief.session.trace if chapter(r.phase) == part and r.tip_mm]
    debrief.replay.go(ends[-1])
    developed(debrief, canvas)
    for _ in range(2):
        debrief.handle(press(pygame.K_x))
    written = Written(canvas, monkeypatch)
    debrief.draw(canvas)
    words = [line for line, _ in written.lines]
    assert words.count("Built-in expert") == 2
    assert "Planned" not in words
    assert any(line.startswith("expert ") and "mL in" in line for line in words) == (
        part == "inject"
    )
    assert overlaps([rect for _, rect in written.lines]) == []


def test_the_way_of_a_tip_and_its_distance_from_the_plan(clumsy_run: Outcome) -> None:
    session = clumsy_run.session
    rows = debrief_now.rows_until(session, clumsy_run.report.moments[0].tick)
    way = debrief_ghost.trail(rows, 0)
    assert len(way) > 10
    assert debrief_ghost.trail(rows, 1) == []
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
