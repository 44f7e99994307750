"""The debrief in the window: what the page holds, at hand by keys, wheel and pointer."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pygame
import pytest

from simulator.engine.runner import Outcome
from simulator.engine.session import Session
from simulator.records import bands
from simulator.records.measured import FRAME, SCALED
from simulator.records.moments import rule_words
from simulator.records.teaching import points
from simulator.ui import debrief_leaks, debrief_line, debrief_total
from simulator.ui.canvas import Canvas
from simulator.ui.debrief import HOME, METRICS, SUMMARY, Debrief
from simulator.ui.debrief_scroll import Scroll
from simulator.ui.hots import Hots
from simulator.ui.kit import Kit
from simulator.ui.reveal import Reveal
from simulator.ui.screens import Pop
from simulator.ui.theme import Theme
from simulator.units import frozen
from simulator.world.action import Action, Do
from simulator.world.case import Case
from simulator.world.cement import ROUTES, Cloud
from simulator.world.report import DomainScore

MADE = {"l1-wedge": {"total": [90.0, 98.0], "access": [20.0, 27.0], "duration_s": [900.0, 960.0]}}


def press(key: int) -> Any:
    return pygame.event.Event(pygame.KEYDOWN, key=key, mod=0)


def small() -> Canvas:
    return Canvas(pygame.Surface((1280, 720)), Theme((1280, 720)))


@pytest.fixture
def said(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Every line that is written on the canvas."""
    lines: list[str] = []
    plain = Canvas.text

    def heard(self: Canvas, text: str, *rest: Any, **more: Any) -> int:
        lines.append(text)
        return plain(self, text, *rest, **more)

    monkeypatch.setattr(Canvas, "text", heard)
    return lines


def screen(run: Outcome) -> Debrief:
    return Debrief(run.session, run.report, lambda session, start: start, Pop)


def shown(debrief: Debrief, canvas: Canvas, said: list[str]) -> str:
    said.clear()
    debrief.draw(canvas)
    return " ".join(said)


def test_summary_tells_rule_and_expert(
    clumsy_run: Outcome, said: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(bands, "_book", lambda: MADE)
    debrief = screen(clumsy_run)
    canvas = Canvas(pygame.Surface((1600, 900)), Theme((1600, 900)))
    text = shown(debrief, canvas, said)
    assert "Built-in expert: 90.0 – 98.0" in text
    assert FRAME in text
    assert "expert 15:00 – 16:00 min" in text
    for moment in clumsy_run.report.moments:
        assert rule_words(moment)[:30] in text


def test_without_a_band_no_frame_is_promised(
    clumsy_run: Outcome, said: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(bands, "_book", dict)
    text = "".join(shown(screen(clumsy_run), small(), said))
    assert FRAME not in text
    assert "expert" not in text


def test_keys_turn_the_pages_and_each_says_what_the_page_says(
    clumsy_run: Outcome, said: list[str]
) -> None:
    debrief = screen(clumsy_run)
    debrief.handle(press(pygame.K_3))
    text = shown(debrief, small(), said)
    assert debrief.tab == HOME
    for point in points(clumsy_run.report):
        assert point.evidence[:25] in text
    debrief.handle(press(pygame.K_4))
    text = shown(debrief, small(), said)
    for words in ("Air kerma", "Skin peak", "Operator dose", "Blind advance"):
        assert words in text
    debrief.handle(press(pygame.K_1))
    assert debrief.tab == SUMMARY


def test_criteria_are_read_to_the_end_by_key_and_wheel(clumsy_run: Outcome) -> None:
    debrief = screen(clumsy_run)
    canvas = small()
    debrief.handle(press(pygame.K_4))
    debrief.draw(canvas)
    (scroll,) = debrief._scrolls()
    assert scroll.most > 0.0
    debrief.handle(press(pygame.K_PAGEDOWN))
    assert scroll.offset == pytest.approx(0.9 * scroll.rect.h)
    debrief.handle(press(pygame.K_END))
    assert scroll.offset == scroll.most
    debrief.draw(canvas)
    assert scroll.offset == scroll.most
    wheel = pygame.event.Event(pygame.MOUSEWHEEL, y=1, x=0)
    debrief.handle(pygame.event.Event(pygame.MOUSEMOTION, pos=(5, 5), rel=(0, 0), buttons=()))
    debrief.handle(wheel)
    assert scroll.offset == scroll.most  # the pointer is elsewhere
    over = scroll.rect.center
    debrief.handle(pygame.event.Event(pygame.MOUSEMOTION, pos=over, rel=(0, 0), buttons=()))
    debrief.handle(wheel)
    assert scroll.offset == pytest.approx(scroll.most - 0.1 * scroll.rect.h)


def test_what_fits_does_not_move() -> None:
    scroll = Scroll()
    kit = Kit(small(), Hots())
    scroll.draw(kit, pygame.Rect(0, 0, 100, 100), lambda kit, rect, y: y + 60)
    scroll.move(1.0)
    assert (scroll.most, scroll.offset) == (0.0, 0.0)


def test_moments_get_their_pictures(clumsy_run: Outcome, said: list[str]) -> None:
    debrief = screen(clumsy_run)
    debrief._work._thread.join(60)
    assert debrief._work.error is None
    debrief.update()
    text = shown(debrief, small(), said)
    assert "True " in text
    assert "Developing" not in text
    (again, *_) = [h for h in debrief.hots.items if h.name == "retry.0"]
    assert again.act is not None
    change = again.act()
    assert change.screen.tick <= clumsy_run.report.moments[0].tick


def test_a_run_that_was_declined_shows_no_empty_axes(case: Case, said: list[str]) -> None:
    session = Session(case, "human")
    session.advance(Action(do=Do.DECLINE_INFECTION))
    domains = {"planning": DomainScore(3.0, 3.0), "imaging": DomainScore(0.0, 0.0)}
    report = replace(session.report(), domains=domains)
    debrief = Debrief(session, report, lambda session, start: None, Pop)
    text = shown(debrief, small(), said)
    assert "psi" not in text
    assert "are reasons not to" in text
    assert "3 / 3" in text
    assert "0 / 0" not in text
    assert debrief.tabs == (SUMMARY, HOME, METRICS)  # nothing to walk through
    for tab in debrief.tabs:
        debrief.tab = tab
        debrief.draw(small())


def test_a_scaled_total_is_explained_and_has_no_expert_beside_it(
    clumsy_run: Outcome, said: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """What the expert reaches is of a whole run."""
    monkeypatch.setattr(bands, "_book", lambda: MADE)
    whole = clumsy_run.report
    assert SCALED not in shown(screen(clumsy_run), small(), said)
    part = replace(whole, lines=whole.lines[:3])
    debrief = Debrief(clumsy_run.session, part, lambda session, start: start, Pop)
    for size in ((1280, 720), (1600, 900), (1920, 1080)):
        text = shown(debrief, Canvas(pygame.Surface(size), Theme(size)), said)
        assert SCALED in text
        assert FRAME not in text
        assert "expert" not in text
    debrief.tab = METRICS
    text = shown(debrief, small(), said)
    assert FRAME not in text
    assert "value, expert" not in text


@pytest.mark.parametrize("size", [(1280, 720), (1600, 900), (1920, 1080)])
def test_the_labels_of_a_moment_stand_clear_of_its_words(
    clumsy_run: Outcome, size: tuple[int, int], monkeypatch: pytest.MonkeyPatch
) -> None:
    drawn: list[tuple[str, float, float, int]] = []
    plain = Canvas.text

    def heard(self: Canvas, text: str, at: tuple[float, float], *rest: Any, **more: Any) -> int:
        wide = plain(self, text, at, *rest, **more)
        drawn.append((text, *at, wide))
        return wide

    monkeypatch.setattr(Canvas, "text", heard)
    screen(clumsy_run).draw(Canvas(pygame.Surface(size), Theme(size)))
    labels = [row for row in drawn if row[0] == "To be seen"]
    assert len(labels) == len(clumsy_run.report.moments)
    assert "Seen" not in {row[0] for row in drawn}
    for _, x, y, wide in labels:
        words = min(at for _, at, level, _ in drawn if level == y and at > x)
        assert x + wide + 4 <= words


def test_a_frame_spans_the_band_and_never_vanishes() -> None:
    bar = pygame.Rect(100, 10, 200, 10)
    box = debrief_total.frame(bar, 0.25, 0.75, 4)
    assert (box.x, box.w) == (150, 100)
    thin = debrief_total.frame(bar, 1.0, 1.0, 4)
    assert (thin.right, thin.w) == (300, 4)


def test_labels_of_moments_do_not_cover_each_other() -> None:
    taken: list[list[tuple[float, float]]] = [[(100.0, 110.0), (130.0, 140.0)], []]
    places = [debrief_line.label_place(x, 50, 8, (0, 400), taken) for x in (105.0, 135.0, 137.0)]
    # Right of the first stands the second's mark, so its name goes to the left.
    assert places == [(0, 47.0), (0, 143.0), (1, 145.0)]
    assert debrief_line.label_place(137.0, 500, 8, (0, 400), taken) is None


def test_leaks_are_told_by_shape_and_colour(case: Case, clumsy_run: Outcome) -> None:
    assert len(set(debrief_leaks.INKS)) == len(ROUTES)
    shapes = {
        tuple(np.round(debrief_leaks.outline(r, (0, 0), 1.0), 2).ravel())
        for r in range(len(ROUTES))
    }
    assert len(shapes) == len(ROUTES)
    state = clumsy_run.session.state
    bone = state.body.bone
    _, y, z = bone.shape
    cells = np.stack(
        np.meshgrid(range(4), range(y // 2, y // 2 + 4), range(z // 2, z // 2 + 4)), -1
    )
    voxel = np.ravel_multi_index(tuple(cells.reshape(-1, 3).T), bone.shape).astype(np.int32)
    n, disc = len(voxel), 3
    cloud = Cloud(
        voxel=frozen(voxel),
        fill=frozen(np.ones(n)),
        volume_ul=frozen(np.ones(n)),
        route=frozen(np.full(n, disc, np.int32)),
        leak_ul=(0.0, 0.0, 2.0, 410.0, 0.0, 0.0, 0.0),
    )
    leaking = replace(state, cement=replace(state.cement, cloud=cloud))
    (leak,) = debrief_leaks.leaks_of(leaking)  # 2 microlitres are told as nothing
    assert leak.words == "disc 0.41 mL"
    assert len(leak.points) == n
    ink = np.array(debrief_leaks.INKS[disc])

    def seen(state: Any) -> int:
        picture = pygame.surfarray.array3d(Reveal(case, state).picture((300, 300)))
        return int((np.abs(picture.astype(int) - ink).max(-1) < 12).sum())

    none = replace(state, cement=replace(state.cement, cloud=Cloud()))
    assert seen(none) == 0
    assert seen(leaking) > 20
