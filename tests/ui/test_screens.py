"""The stack, the controls of a screen, the order of Tab."""

from __future__ import annotations

from typing import Any

import pygame
import pytest

from simulator.scenario.load import list_cases
from simulator.ui.canvas import Canvas, plain
from simulator.ui.hots import Hot, Hots
from simulator.ui.menu import Library
from simulator.ui.overlays import Help, Menu
from simulator.ui.screens import Change, Home, Pop, Push, Quit, Replace, Stack
from tests.ui.test_layout import Written


class Page:
    """A screen that answers every event with one change."""

    frames_per_s = 30

    def __init__(self, answer: Change = None, *, overlay: bool = False) -> None:
        self.answer, self.overlay = answer, overlay
        self.left = self.drawn = 0

    def handle(self, event: Any) -> Change:
        return self.answer

    def update(self) -> Change:
        return None

    def draw(self, canvas: Canvas) -> None:
        self.drawn += 1

    def leave(self) -> None:
        self.left += 1


def press(key: int, mod: int = 0) -> Any:
    return pygame.event.Event(pygame.KEYDOWN, key=key, mod=mod)


def test_push_covers_and_pop_uncovers() -> None:
    second = Page(Pop())
    first = Page(Push(second))
    stack = Stack(first)
    stack.handle(press(pygame.K_a))
    assert stack.top is second
    assert first.left == 1
    stack.handle(press(pygame.K_a))
    assert stack.top is first


def test_replace_and_home() -> None:
    first, third = Page(), Page()
    stack = Stack(first)
    stack.apply(Push(Page()))
    stack.apply(Replace(third))
    assert stack.screens == [first, third]
    stack.apply(Home())
    assert stack.screens == [first]


def test_quit_sets_the_code_and_popping_the_last_screen_closes() -> None:
    stack = Stack(Page(Quit(3)))
    stack.handle(press(pygame.K_a))
    assert stack.code == 3
    last = Stack(Page(Pop()))
    last.handle(press(pygame.K_a))
    assert last.code == 0


def test_an_overlay_is_drawn_over_what_it_covers(canvas: Canvas) -> None:
    hidden, shown, overlay = Page(), Page(), Page(overlay=True)
    stack = Stack(hidden)
    stack.apply(Push(shown))
    stack.apply(Push(overlay))
    stack.draw(canvas)
    assert (hidden.drawn, shown.drawn, overlay.drawn) == (0, 1, 1)


def _row(*names: str, space_acts: bool = True) -> tuple[Hots, list[str]]:
    hots, used = Hots(space_acts=space_acts), []
    for i, name in enumerate(names):
        rect = pygame.Rect(i * 10, 0, 8, 8)
        hots.add(Hot(name, rect, lambda name=name: used.append(name)))
    return hots, used


def test_tab_goes_round_in_the_order_of_drawing() -> None:
    hots, _ = _row("a", "b", "c")
    seen = []
    for mod in (0, 0, 0, 0, pygame.KMOD_SHIFT):
        hots.handle(press(pygame.K_TAB, mod))
        seen.append(hots.focus)
    assert seen == ["a", "b", "c", "a", "c"]
    assert hots.focused("c")


def test_enter_and_space_use_the_focused_control() -> None:
    hots, used = _row("a", "b")
    hots.handle(press(pygame.K_TAB))
    hots.handle(press(pygame.K_RETURN))
    hots.handle(press(pygame.K_TAB))
    hots.handle(press(pygame.K_SPACE))
    assert used == ["a", "b"]


def test_space_is_left_to_the_pedal_where_there_is_one() -> None:
    hots, used = _row("a", space_acts=False)
    hots.handle(press(pygame.K_TAB))
    assert hots.handle(press(pygame.K_SPACE)) is None
    assert used == []


def test_a_hold_button_is_told_down_and_up() -> None:
    hots, told = Hots(), []
    hots.add(Hot("w", pygame.Rect(0, 0, 10, 10), hold=told.append))
    hots.handle(pygame.event.Event(pygame.MOUSEBUTTONDOWN, button=1, pos=(5, 5)))
    hots.handle(pygame.event.Event(pygame.MOUSEBUTTONUP, button=1, pos=(50, 50)))
    assert told == [True, False]


def test_a_control_that_is_off_does_nothing() -> None:
    hots, used = Hots(), []
    hots.add(Hot("x", pygame.Rect(0, 0, 10, 10), lambda: used.append(1), enabled=False))
    hots.handle(pygame.event.Event(pygame.MOUSEBUTTONDOWN, button=1, pos=(5, 5)))
    assert used == []


def test_a_menu_runs_the_line_in_focus_and_esc_goes_back(canvas: Canvas) -> None:
    menu = Menu("Paused", "", [("Go on", "Esc", Pop), ("Leave", "", lambda: Quit(0))])
    menu.draw(canvas)
    menu.handle(press(pygame.K_DOWN))
    assert menu.handle(press(pygame.K_RETURN)) == Quit(0)
    assert menu.handle(press(pygame.K_ESCAPE)) == Pop()


def test_any_key_closes_the_list_of_keys(canvas: Canvas) -> None:
    overlay = Help()
    overlay.draw(canvas)
    assert overlay.handle(press(pygame.K_a)) == Pop()


class _Films:
    """Stands for the films of the cards."""

    def __init__(self, cards: Any) -> None:
        self.stopped = False

    def stop(self) -> None:
        self.stopped = True

    def get(self, card: Any, view: str) -> Any:
        return pygame.Surface((320, 320))


def test_the_films_of_the_library_stay_under_an_overlay(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("simulator.ui.menu.Thumbs", _Films)
    library = Library(list_cases(), lambda card: card, Page)
    library.update()
    films: Any = library._thumbs
    library.leave()
    assert films.stopped
    assert library._thumbs is films
    library.update()
    assert library._thumbs is not films


def test_every_card_has_room_for_its_words(canvas: Canvas, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("simulator.ui.menu.Thumbs", _Films)
    library = Library(list_cases(), lambda card: card, Page)
    library.update()
    written = Written(canvas, monkeypatch)
    library.draw(canvas)
    assert [words for words, _ in written.lines if "…" in words] == []


def test_a_minus_is_the_dash_of_the_typeface() -> None:
    assert plain("T-score of the spine -3.1, −2 to -1") == "T-score of the spine –3.1, –2 to –1"
    assert plain("10-12 mm, L1-2, M708348-154") == "10-12 mm, L1-2, M708348-154"
