"""The screen of the briefing: what is read there, and how it looks."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pygame
import pytest

from simulator.scenario.load import find_case, list_cases, load_scenario
from simulator.ui.briefing import Briefing
from simulator.ui.briefing_desk import DECLINE
from simulator.ui.briefing_patient import findings
from simulator.ui.canvas import Canvas
from simulator.ui.flow import planned_in
from simulator.ui.screens import Pop, Replace
from simulator.world.case import Case
from simulator.world.clinic import Choice
from tests.ui.test_layout import Written, overlaps

pytestmark = pytest.mark.usefixtures("quick_films")


def test_laboratory_and_examination_are_those_of_the_patient(case: Case) -> None:
    ill = replace(
        case.clinical,
        inr=2.3,
        platelets_g_l=41.0,
        allergies=("cement", "contrast"),
        neurology="root",
        tender=False,
    )
    told = {label: (value, mark) for label, value, mark in findings(replace(case, clinical=ill))}
    assert told["INR"] == ("2.3", "warn")
    assert told["Platelets"] == ("41 ×10⁹/L", "warn")
    assert told["Allergies"] == ("Bone cement, contrast medium", "warn")
    assert told["Neurology"] == ("Radicular deficit", "warn")
    assert told["Tenderness"] == ("Not at L1", "warn")
    well = {label: mark for label, _, mark in findings(case)}
    assert {well[label] for label in ("INR", "Platelets", "Allergies", "Neurology")} == {"ok"}


@pytest.mark.parametrize("card", list_cases(), ids=lambda card: card.id)
def test_laboratory_and_history_of_a_shipped_case_agree(card: Any) -> None:
    who = load_scenario(card.path).case.patient
    words = who.history.replace("\n", " ")
    if "INR " in words:
        assert f"INR {who.inr:.1f}" in words
    if "platelets " in words:
        assert f"platelets {who.platelets_g_l:.0f}" in words


def _nowhere(*_: Any) -> None:
    return None


def _shown(case: Case, planned: Choice, guided: bool) -> Briefing:
    briefing = Briefing(case, planned, _nowhere, _nowhere, guided=guided)
    briefing.films._films = (pygame.Surface((64, 64)),) * 2
    return briefing


def _decline(briefing: Briefing) -> None:
    briefing.desk.pick("decision", DECLINE)


def _bare(briefing: Briefing) -> None:
    return None


def _tight(briefing: Briefing) -> None:
    """The longest words: a warning, and suggestions that were not followed."""
    narrow = replace(
        briefing.case,
        working_cannula=replace(briefing.case.working_cannula, name="11G bevel", outer_mm=7.0),
    )
    briefing.desk.case = narrow
    briefing.desk.pick("sides", ("left", "right"))
    briefing.desk.pick("needle", "11G-bevel")


@pytest.fixture
def notes(case: Case) -> Callable[[Path], Case]:
    """The case with the words of another one."""

    def told(path: Path) -> Case:
        other = load_scenario(path).case
        words = replace(
            case.notes,
            title=other.title,
            objectives=other.objectives,
            history=other.patient.history.strip(),
            imaging=other.patient.imaging.strip(),
        )
        ill = replace(
            case.clinical, allergies=("cement", "contrast"), neurology="root", tender=False
        )
        return replace(case, notes=words, clinical=ill)

    return told


@pytest.mark.parametrize(
    ("set_up", "guided"), [(_bare, True), (_bare, False), (_decline, True), (_tight, True)]
)
def test_nothing_lies_on_anything_else(
    canvas: Canvas,
    notes: Callable[[Path], Case],
    guided: bool,
    set_up: Callable[[Briefing], None],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    written = Written(canvas, monkeypatch)
    window = pygame.Rect(0, 0, *canvas.theme.size)
    for card in list_cases():
        written.lines.clear()
        briefing = _shown(notes(card.path), planned_in(card.path), guided)
        set_up(briefing)
        briefing.draw(canvas)
        assert [words for words, _ in written.lines if "…" in words] == []
        assert overlaps([rect for _, rect in written.lines]) == []
        assert all(window.contains(rect) for _, rect in written.lines)
        hots = [hot.rect for hot in briefing.hots.items]
        assert overlaps(hots) == []
        for words, rect in written.lines:  # a label lies in its control, other words beside it
            touched = [hot for hot in hots if hot.colliderect(rect.inflate(-2, -2))]
            assert all(hot.contains(rect) for hot in touched), words
        assert all(window.contains(rect) for rect in hots)
        assert min(rect.h for rect in hots) >= 2.9 * canvas.theme.u
        said = " ".join(words for words, _ in written.lines)
        aims = briefing.case.notes.objectives
        assert [aim for aim in aims if aim not in said] == []
        assert "INR" in said


def test_what_cannot_be_chosen_says_why_where_it_is_pointed_at(
    canvas: Canvas, case: Case, monkeypatch: pytest.MonkeyPatch
) -> None:
    briefing = _shown(case, planned_in(find_case(case.id)), guided=True)
    briefing.draw(canvas)
    barred = {hot.name: hot.rect.center for hot in briefing.hots.items if not hot.enabled}
    assert {name.rpartition(".")[0] for name in barred} == {"pick.approach", "pick.needle"}
    written = Written(canvas, monkeypatch)
    for at in barred.values():
        briefing.handle(pygame.event.Event(pygame.MOUSEMOTION, pos=at, rel=(0, 0)))
        briefing.draw(canvas)
    told = {words for words, _ in written.lines}
    assert "Not thinner than the working cannula, 8G" in told
    assert any("mm from the" in words for words in told)


def test_escape_goes_back_to_the_cases(case: Case) -> None:
    briefing = _shown(case, Choice(), guided=True)
    assert briefing.handle(
        pygame.event.Event(pygame.KEYDOWN, key=pygame.K_ESCAPE, mod=0)
    ) == Pop()  # fmt: skip
    assert not isinstance(briefing._go_on(), Replace)
