"""The progress screen: what the history holds is what it shows."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pygame
import pytest

from simulator.scenario.load import list_cases
from simulator.ui.canvas import Canvas
from simulator.ui.memory import begin_run, book, results
from simulator.ui.menu import Library
from simulator.ui.overlays import Menu
from simulator.ui.progress import Progress
from simulator.ui.screens import Pop, Push, Replace
from tests.records.made import ANN, BOB, recording


@pytest.fixture
def data(tmp_path: Path) -> Path:
    """The data folder, where Ann practises and Bob did."""
    folder = tmp_path / "data"
    folder.mkdir()
    when = "2026-01-01T00:00:00.000+00:00"
    people = [{"id": i, "name": n, "named": when} for i, n in ((ANN, "Ann"), (BOB, "Bob"))]
    (folder / "trainees.json").write_text(json.dumps({"current": ANN, "trainees": people}))
    return folder


def screen() -> Progress:
    return Progress(
        list_cases(),
        lambda card: card.id,
        lambda path: ("watch", path.name),
        lambda path: ("resume", path.name),
    )


def act(progress: Progress, canvas: Canvas, name: str) -> Any:
    """Draw, and do what the control `name` does."""
    progress.draw(canvas)
    (hot,) = [hot for hot in progress.hots.items if hot.name == name]
    assert hot.act is not None
    return hot.act()


def test_the_window_reads_the_runs_of_who_practises(data: Path) -> None:
    recording(data, 1, total=60.0)
    recording(data, 2, total=80.0)
    recording(data, 3, trainee=BOB)
    recording(data, 4, ended=False)
    recording(data, 5, operator="expert", trainee="")
    assert [(r.case, r.total, r.passed) for r in results()] == [
        ("l1-wedge", 60.0, False), ("l1-wedge", 80.0, True)
    ]  # fmt: skip
    assert (
        Library(list_cases(), lambda c: c, lambda: None).best(
            next(c for c in list_cases() if c.id == "l1-wedge")
        )
        == results()[1]
    )


def test_a_long_history_is_drawn(data: Path, canvas: Canvas) -> None:
    for n in range(45):
        case = "l1-wedge" if n % 2 else "l1-vertebroplasty"
        critical = ("canal_breach",) if n % 9 == 0 else ()
        recording(data, n, total=40.0 + n, critical=critical, case=case)
    progress = screen()
    progress.draw(canvas)
    assert len(progress.shown.runs) == 45


def test_a_notice_stands_above(data: Path, canvas: Canvas) -> None:
    recording(data, 1)
    canvas_of = canvas.text
    told: list[str] = []

    def text(words: str, *rest: Any, **named: Any) -> int:
        told.append(words)
        return canvas_of(words, *rest, **named)

    canvas.text = text  # type: ignore[method-assign]
    (data / "recordings" / "x.simrec").write_text("nothing")
    progress = screen()
    progress.draw(canvas)
    (notice,) = progress.book.notices
    assert any(len(w) > 20 and notice.startswith(w.rstrip("…")) for w in told)


@pytest.mark.parametrize("count", [0, 1, 2])
def test_a_short_history_is_drawn(data: Path, canvas: Canvas, count: int) -> None:
    for n in range(count):
        recording(data, n)
    progress = screen()
    progress.draw(canvas)
    assert len(progress.shown.runs) == count


def test_what_to_practise_next_opens_its_case(data: Path, canvas: Canvas) -> None:
    recording(data, 1, critical=("medial_rule_broken",), case="l1-vertebroplasty")
    assert act(screen(), canvas, "practise.0") == Replace("l1-wedge")  # type: ignore[arg-type]


def test_a_row_shows_its_case_alone(data: Path, canvas: Canvas) -> None:
    recording(data, 1)
    recording(data, 2, case="l1-vertebroplasty")
    progress = screen()
    act(progress, canvas, "case.l1-wedge")
    assert [run.case for run in progress.shown.runs] == ["l1-wedge"]
    act(progress, canvas, "case.l1-wedge")
    assert len(progress.shown.runs) == 2


def test_another_person_is_chosen(data: Path, canvas: Canvas) -> None:
    recording(data, 1)
    recording(data, 2, trainee=BOB, case="l1-vertebroplasty")
    progress = screen()
    change = act(progress, canvas, "people")
    assert isinstance(change, Push)
    assert isinstance(change.screen, Menu)
    change.screen.draw(canvas)
    lines = {label: choose for label, _, choose in change.screen.lines}
    assert lines["Bob"]() == Pop()
    assert [run.case for run in progress.book.learning.runs] == ["l1-vertebroplasty"]
    place = begin_run("l1-wedge")
    assert place is not None
    assert place[1].trainee == BOB
    assert lines["Somebody new, anonymous"]() == Pop()
    progress.draw(canvas)
    now = book()
    assert now.trainee is not None
    assert (now.trainee.name, now.learning.runs) == ("", ())
    assert len(now.people) == 3


def test_the_table_is_written(data: Path, canvas: Canvas) -> None:
    recording(data, 1)
    recording(data, 2, trainee=BOB)
    key = pygame.event.Event(pygame.KEYDOWN, key=pygame.K_e, mod=0)
    change = screen().handle(key)
    assert isinstance(change, Push)
    text = (data / "exports" / "runs.csv").read_text(encoding="utf-8")
    assert len(text.splitlines()) == 2
    assert isinstance(change.screen, Menu)
    assert "exports" in change.screen.text


def test_switched_off_nothing_is_kept(data: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("KYPHOSIM_HISTORY", "off")
    assert begin_run("l1-wedge") is None
