"""A run of the history is played again and can be walked through; practice is kept, apart."""

from __future__ import annotations

import json
import threading
import time
from pathlib import Path
from typing import Any

import pygame
import pytest

from simulator.engine import recording as recordings
from simulator.engine import resume, runner
from simulator.engine.recording import Practice, Recording
from simulator.engine.session import Session
from simulator.records.runs import Kind, Status
from simulator.scenario.load import list_cases
from simulator.ui import debrief as debrief_page
from simulator.ui import watching
from simulator.ui.canvas import Canvas
from simulator.ui.debrief import Debrief
from simulator.ui.flow import Flow
from simulator.ui.loading import Loading
from simulator.ui.memory import begin_run, book, keep_run, results
from simulator.ui.overlays import Menu
from simulator.ui.progress import Progress
from simulator.ui.screens import Pop, Push, Replace, Stack
from simulator.ui.sound import Sound
from simulator.ui.theatre import Theatre
from simulator.ui.theme import Theme
from simulator.ui.watching import watched
from simulator.ui.work import CancelledError
from simulator.world.action import IDLE, Action, Do
from simulator.world.case import Case
from tests.records.made import ANN, recording
from tests.ui.test_layout import Written, overlaps
from tests.ui.test_replay import press


@pytest.fixture
def small() -> Canvas:
    """The smallest window."""
    return Canvas(pygame.Surface((1280, 720)), Theme((1280, 720)))


@pytest.fixture(autouse=True)
def _quick(case: Case, monkeypatch: pytest.MonkeyPatch) -> None:
    """The case is built already, and nobody looks at the pictures of the moments."""
    monkeypatch.setattr(resume, "load_case", lambda *_, **__: case)
    monkeypatch.setattr(debrief_page, "of_moments", lambda *_: None)


def played(case: Case, *, seconds: int = 3) -> Path:
    """A run of a few seconds that was stopped, in the history."""
    place = begin_run(case.id)
    assert place is not None
    path, entry = place
    session = Session(case, "human", path, entry=entry)
    for tick in range(60 * seconds):
        session.advance(Action(beam=tick < 20))
    session.advance(Action(do=Do.ABORT))
    session.close()
    keep_run(path)
    return path


def after(loading: Loading) -> Any:
    """What follows the wait."""
    change = None
    while change is None:
        time.sleep(0.005)
        change = loading.update()
    return change


def screen(flow: Flow) -> Progress:
    """The lists of runs as the library opens them."""
    progress = flow.library()._progress()
    assert isinstance(progress, Progress)
    progress.handle(press(pygame.K_r))
    return progress


def test_a_run_is_watched_from_the_list_and_left_to_it(case: Case, small: Canvas) -> None:
    path = played(case)
    before = path.read_bytes()
    flow = Flow(Sound())
    stack = Stack(screen(flow))
    stack.draw(small)
    stack.handle(press(pygame.K_DOWN))
    stack.draw(small)
    stack.handle(press(pygame.K_RETURN))
    assert isinstance(stack.top, Loading)
    stack.draw(small)
    stack.apply(after(stack.top))
    page = stack.top
    assert isinstance(page, Debrief)
    told = recordings.read(path).end
    assert told is not None
    assert page.session.state_hash() == told["state_hash"]
    assert page.report.total == told["report"]["total"]
    assert page.session.recording is None
    page.handle(press(pygame.K_2))
    stack.draw(small)
    assert page.replay.reel.bursts
    stack.handle(press(pygame.K_ESCAPE))
    assert isinstance(stack.top, Progress)
    assert path.read_bytes() == before
    assert len(book().runs) == 1


def test_practice_from_a_watched_run_is_kept_as_practice_of_it(case: Case) -> None:
    path = played(case)
    (run,) = book().runs
    flow = Flow(Sound())
    page = after(flow.watching(path)).screen
    assert isinstance(page, Debrief)
    page.handle(press(pygame.K_2))
    page.replay.go(95)
    change = page.handle(press(pygame.K_p))
    assert isinstance(change, Replace)
    theatre = after(change.screen).screen  # type: ignore[arg-type]
    assert isinstance(theatre, Theatre)
    session = theatre.scene.session
    for _ in range(60):
        session.advance(IDLE)
    assert "kept" in flow.save()  # the window is closed: practice is not put aside, it ends
    (first, second) = book().runs
    assert first == run
    assert (second.kind, second.status) == (Kind.PRACTICE, Status.LEFT)
    assert second.practice == Practice(95, run.id)
    assert [r.case for r in results()] == [case.id]
    own = recordings.read(book().folder / second.recording)
    assert own.head["source"]
    end = runner.replay(case, own, verify=True)
    assert end.state_hash == session.state_hash()
    # Watched again it is still practice.
    again = watched(own.path, lambda *_: None)
    assert again.session.practice == second.practice


def test_waiting_for_a_run_can_be_cancelled(
    case: Case, small: Canvas, monkeypatch: pytest.MonkeyPatch
) -> None:
    path, go = played(case, seconds=8), threading.Event()
    found = watching.file_of

    def slow(recorded: Recording) -> Path:
        go.wait(30)
        return found(recorded)

    monkeypatch.setattr(watching, "file_of", slow)
    loading = Flow(Sound()).watching(path)
    loading.draw(small)
    assert loading.handle(press(pygame.K_ESCAPE)) == Pop()
    go.set()
    loading._work._thread.join(30)
    assert isinstance(loading._work.error, CancelledError)


def _other_hash(path: Path) -> None:
    lines = recordings._text(path).replace('"tick":"', '"tick":"0', 1)
    path.write_text(lines, encoding="utf-8")


def _other_case(path: Path) -> None:
    head, *rest = recordings._text(path).splitlines()
    other = json.loads(head) | {"sha256": "0" * 64}
    path.write_text("\n".join([json.dumps(other), *rest]) + "\n", encoding="utf-8")


@pytest.mark.parametrize(
    ("harm", "words"),
    [
        (_other_hash, "this version of the program comes to another state after 1 s"),
        (_other_case, "was changed since this was recorded"),
        (Path.unlink, "no such file"),
        (lambda path: path.write_text("x"), "not a"),
    ],
)
def test_a_run_that_cannot_be_shown_says_why(case: Case, harm: Any, words: str) -> None:
    path = played(case)
    harm(path)
    change = after(Flow(Sound()).watching(path))
    assert isinstance(change, Replace)
    menu = change.screen
    assert isinstance(menu, Menu)
    assert menu.title == "This run cannot be shown again"
    assert words in menu.text


def test_a_run_judged_by_other_rules_says_both(case: Case) -> None:
    path = played(case)
    head, *rest, last = recordings._text(path).splitlines()
    end = json.loads(last)
    end["report"]["total"] += 7.5
    path.write_text("\n".join([head, *rest, json.dumps(end)]) + "\n", encoding="utf-8")
    page = after(Flow(Sound()).watching(path)).screen
    assert f"{end['report']['total']:.1f} by the rules of then" in page._past


# -- the lists ------------------------------------------------------------------------------------


TAKEN = {"tick": 24120, "of": f"{0:032x}", "phase": ""}


@pytest.fixture
def data(tmp_path: Path) -> Path:
    """The data folder of Ann with a long history and some practice."""
    folder = tmp_path / "data"
    folder.mkdir()
    when = "2026-01-01T00:00:00.000+00:00"
    people = [{"id": ANN, "name": "Ann", "named": when}]
    (folder / "trainees.json").write_text(json.dumps({"current": ANN, "trainees": people}))
    for n in range(45):
        critical = ("posterior_wall_pushed",) if n % 9 == 0 else ()
        recording(folder, n, total=40.0 + n, critical=critical, over=n % 5 > 0)
    recording(folder, 50, ended=False)
    recording(folder, 51, practice=TAKEN, ticks=30000)
    recording(folder, 52, practice=TAKEN | {"of": "", "phase": "inject"}, ticks=30000, over=False)
    return folder


def lists() -> Progress:
    progress = Progress(
        list_cases(), lambda card: card, lambda path: path, lambda path: ("go on", path)
    )
    progress.handle(press(pygame.K_r))
    return progress


def test_runs_and_practice_stand_apart(
    data: Path, canvas: Canvas, monkeypatch: pytest.MonkeyPatch
) -> None:
    progress = lists()
    written = Written(canvas, monkeypatch)
    progress.draw(canvas)
    words = [line for line, _ in written.lines]
    assert any(line.startswith("from 06:42, run of") for line in words)
    assert any(line.startswith("of inject from 06:42") for line in words)
    assert any("To be gone on with" in line for line in words)
    assert overlaps([rect for _, rect in written.lines]) == []
    rows = [hot for hot in progress.hots.items if "." in hot.name]
    assert overlaps([hot.rect for hot in progress.hots.items]) == []
    assert sum(hot.name.startswith("practised.") for hot in rows) == 2
    assert len(progress.book.learning.runs) == 37  # 36 finished, and one left after an error


def test_the_keyboard_reaches_every_run(data: Path, small: Canvas) -> None:
    progress = lists()
    progress.draw(small)
    seen = set()
    for _ in range(47):
        progress.handle(press(pygame.K_DOWN))
        progress.draw(small)
        assert progress.hots.focus in {hot.name for hot in progress.hots.items}
        seen.add(progress.hots.focus)
    assert len(seen) == 46
    progress.handle(press(pygame.K_HOME))
    progress.draw(small)
    change = progress.handle(press(pygame.K_RETURN))
    assert change == Push(("go on", data / "recordings" / "run-50.simrec"))  # type: ignore[arg-type]
    progress.handle(press(pygame.K_RIGHT))
    progress.draw(small)
    change = progress.handle(press(pygame.K_RETURN))
    assert change == Push(data / "recordings" / "run-52.simrec")  # type: ignore[arg-type]


def test_a_run_without_its_recording_says_so(data: Path, small: Canvas) -> None:
    progress = lists()
    (data / "recordings" / "run-52.simrec").unlink()
    progress.draw(small)
    (hot,) = [hot for hot in progress.hots.items if hot.name == "practised.0"]
    assert hot.act is not None
    change = hot.act()
    assert isinstance(change, Push)
    assert isinstance(change.screen, Menu)
    assert "not on this machine any more" in change.screen.text


def test_the_list_is_read_again_when_it_comes_back(data: Path) -> None:
    progress = lists()
    stack = Stack(progress)
    stack.apply(Push(Menu("", "", [("Back", "Esc", Pop)])))
    recording(data, 60)
    stack.apply(Pop())
    stack.update()
    assert len(progress.book.runs) == 49
    assert progress.listed
