"""The briefing: what is read there, what is decided there, and what comes of it."""

from __future__ import annotations

import re
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pygame
import pytest

from simulator.anatomy import store
from simulator.engine import recording, resume
from simulator.engine.session import Session
from simulator.procedure.selection import RULES
from simulator.scenario.build import chosen_plan
from simulator.scenario.load import find_case, list_cases, load_case, load_scenario
from simulator.ui.briefing import Briefing
from simulator.ui.briefing_desk import DECLINE, REASONS, TREAT, Desk
from simulator.ui.briefing_patient import findings
from simulator.ui.briefing_plan import advice
from simulator.ui.canvas import Canvas
from simulator.ui.debrief import Debrief
from simulator.ui.flow import Flow, Opened, planned_in
from simulator.ui.loading import Detour
from simulator.ui.memory import results
from simulator.ui.screens import Pop, Replace, Stack
from simulator.ui.sound import Sound
from simulator.ui.theatre import Theatre
from simulator.ui.theme import Theme
from simulator.world.action import DECLINES, IDLE, Action, Do
from simulator.world.case import Case, Procedure
from simulator.world.clinic import Choice
from tests.ui.test_layout import Written, overlaps

SIZE = (1280, 720)
OTHER = Choice("vertebroplasty", "transpedicular", ("left", "right"), "13G", "tamp_15",
               "low_viscosity", "light")  # fmt: skip


@pytest.fixture(scope="module")
def discitis() -> Case:
    return load_case("l3-discitis", 1)


@pytest.fixture(autouse=True)
def _quick_films(monkeypatch: pytest.MonkeyPatch) -> None:
    films = [np.zeros((64, 64), dtype=np.uint8)] * 2
    monkeypatch.setattr("simulator.ui.briefing_films.view_films", lambda *_: films)


class Desktop:
    """A flow whose briefing is used by events as SDL makes them."""

    def __init__(self, case: Case) -> None:
        self.flow = Flow(Sound())
        self.flow._file = find_case(case.id)
        self.stack = Stack(self.flow.briefing(Opened(case, self.flow._file)))
        self.canvas = Canvas(pygame.Surface(SIZE), Theme(SIZE))
        self.stack.draw(self.canvas)

    @property
    def top(self) -> Any:
        return self.stack.top

    def key(self, *keys: int, mod: int = 0) -> None:
        for key in keys:
            self.stack.handle(pygame.event.Event(pygame.KEYDOWN, key=key, mod=mod))
            self.stack.handle(pygame.event.Event(pygame.KEYUP, key=key, mod=mod))
            self.stack.draw(self.canvas)

    def click(self, name: str) -> None:
        (hot,) = [hot for hot in self.top.hots.items if hot.name == name]
        for kind in (pygame.MOUSEBUTTONDOWN, pygame.MOUSEBUTTONUP):
            self.stack.handle(pygame.event.Event(kind, pos=hot.rect.center, button=1))
        self.stack.draw(self.canvas)

    def until(self, kind: type) -> Any:
        for _ in range(2000):
            if isinstance(self.top, kind):
                return self.top
            time.sleep(0.01)
            self.stack.update()
        raise AssertionError(f"{self.top} stands, not {kind}")

    def choose(self, choice: Choice) -> None:
        """Click the answers of a choice."""
        for key, value in (
            ("decision", TREAT),
            ("procedure", choice.procedure),
            ("approach", choice.approach),
            ("sides", choice.sides),
            ("needle", choice.needle),
            ("tamp", choice.tamp),
            ("cement", choice.cement),
            ("sedation", choice.sedation),
        ):
            if key == "tamp" and choice.procedure == "vertebroplasty":
                continue
            (question,) = [q for q in self.top.desk.questions() if q.key == key]
            at = [option.value for option in question.options].index(value)
            self.click(f"pick.{key}.{at}")


Open = Callable[[Case], Desktop]


@pytest.fixture
def sit() -> Iterator[Open]:
    """Opens the briefing of a case; a recording that is still written is closed at the end."""
    opened: list[Desktop] = []

    def at(case: Case) -> Desktop:
        opened.append(Desktop(case))
        return opened[-1]

    yield at
    for desk in opened:
        desk.flow.keep()


# -- what is read --------------------------------------------------------------------------------


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


# -- what is decided -----------------------------------------------------------------------------


def test_the_authors_plan_is_suggested_and_enter_takes_it(case: Case, sit: Open) -> None:
    desk = sit(case)
    assert desk.top.desk.missing() == ()
    desk.key(pygame.K_RETURN)
    assert isinstance(desk.top, Theatre)
    assert desk.top.scene.case is case
    assert desk.top.scene.coach


def test_without_guidance_nothing_is_chosen_and_enter_waits(case: Case, sit: Open) -> None:
    desk = sit(case)
    desk.key(pygame.K_o)
    assert len(desk.top.desk.missing()) == 8
    desk.key(pygame.K_RETURN)
    assert isinstance(desk.top, Briefing)
    desk.choose(planned_in(find_case(case.id)))
    desk.key(pygame.K_RETURN)
    assert isinstance(desk.top, Theatre)
    assert desk.top.scene.case.choice == Choice()  # picked by hand, and the same plan
    assert not desk.top.scene.coach


def test_a_case_that_leaves_the_choice_suggests_nothing(discitis: Case, sit: Open) -> None:
    desk = sit(discitis)
    assert desk.top.desk.guided
    assert len(desk.top.desk.missing()) == 8
    desk.key(pygame.K_RETURN)
    assert isinstance(desk.top, Briefing)
    (start,) = [hot for hot in desk.top.hots.items if hot.name == "start"]
    assert not start.enabled


def test_the_keyboard_alone_decides_everything(discitis: Case, sit: Open) -> None:
    desk = sit(discitis)
    desk.key(pygame.K_RIGHT, pygame.K_RETURN)  # the first answer: treat; focus goes on by itself
    desk.key(pygame.K_RIGHT, pygame.K_RETURN)  # kyphoplasty
    desk.key(pygame.K_RETURN)  # transpedicular
    desk.key(pygame.K_RIGHT, pygame.K_RETURN)  # both
    desk.key(pygame.K_RIGHT, pygame.K_RETURN)  # 11G
    desk.key(pygame.K_RIGHT, pygame.K_RIGHT, pygame.K_RETURN)  # the longest tamp
    desk.key(pygame.K_RETURN)  # the first cement
    desk.key(pygame.K_RIGHT, pygame.K_RETURN)  # light sedation
    picks = desk.top.desk.picks
    assert (picks.decision, picks.procedure, picks.approach) == (
        TREAT, "kyphoplasty", "transpedicular",
    )  # fmt: skip
    assert (picks.sides, picks.needle) == (("left", "right"), "11G")
    assert (picks.tamp, picks.cement, picks.sedation) == ("tamp_20", "hv_r", "light")
    assert desk.top.hots.focus == "start"
    desk.key(pygame.K_UP, pygame.K_LEFT)
    assert desk.top.hots.focus.startswith("pick.sedation.")
    names = set()
    for _ in range(len(desk.top.hots.items)):
        desk.key(pygame.K_TAB)
        names.add(desk.top.hots.focus)
    assert names == {hot.name for hot in desk.top.hots.items if hot.enabled}


def test_a_needle_as_thick_as_the_cannula_is_no_access_of_a_kyphoplasty(case: Case) -> None:
    desk = Desk(case, Choice(), guided=True)
    desk.pick("needle", "8G")
    assert desk.picks.needle == "8G"
    desk.pick("procedure", "kyphoplasty")
    assert desk.picks.needle is None
    desk.pick("procedure", "vertebroplasty")
    assert desk.picks.needle == "8G"


def test_a_tamp_that_does_not_pass_leaves_the_needle(case: Case) -> None:
    thick = replace(case, tamp=replace(case.tamp, diameter_mm=case.working_cannula.inner_mm))
    (_, procedures, *_) = Desk(thick, Choice(), guided=True).questions()
    barred = {option.value for option in procedures.options if option.why_not}
    assert barred == {"kyphoplasty"}


def test_a_way_longer_than_the_needle_is_greyed_out(case: Case) -> None:
    desk = Desk(case, Choice(), guided=True)
    desk.pick("approach", "extrapedicular")
    (_, _, approach, *_) = desk.questions()
    (through, beside) = approach.options
    assert through.why_not == ""
    told = re.match(r"(\d+) mm from .*, and 11G is 125 mm long$", beside.why_not)
    assert told
    assert int(told[1]) > 125
    assert desk.picks.approach is None
    assert approach in desk.missing()
    # A needle that reached would open it.
    long = replace(case, needle=replace(case.needle, length_mm=float(told[1]) + 1.0))
    desk = Desk(long, Choice(), guided=True)
    desk.pick("approach", "extrapedicular")
    assert desk.picks.approach == "extrapedicular"


def test_the_advice_names_the_room_in_the_narrower_pedicle(discitis: Case) -> None:
    desk = Desk(
        discitis, Choice("kyphoplasty", "transpedicular", ("left", "right"), "11G"), guided=True
    )
    narrow = min(p.width_mm for p in discitis.patient.target.landmarks.pedicles)
    spare = (narrow - discitis.working_cannula.outer_mm) / 2.0
    level, head, words = advice(discitis, desk)
    assert head.startswith(f"{spare:.1f} mm")
    assert f"{narrow:.1f} mm" in words
    assert level == ""
    wide = replace(
        discitis, working_cannula=replace(discitis.working_cannula, outer_mm=narrow + 0.2)
    )
    assert advice(wide, Desk(wide, desk.planned, guided=True))[0] == "warn"


def test_every_reason_of_the_rules_can_be_given() -> None:
    assert set(REASONS) == DECLINES == {rule.decline for rule in RULES}


# -- what comes of it ----------------------------------------------------------------------------


def test_a_right_decline_reaches_the_debrief_and_is_kept(discitis: Case, sit: Open) -> None:
    desk = sit(discitis)
    desk.click("pick.decision.1")
    desk.key(pygame.K_RETURN)
    assert isinstance(desk.top, Briefing)  # not without a reason
    reasons = [rule.decline for rule in RULES]
    desk.click(f"pick.reason.{reasons.index(Do.DECLINE_INFECTION)}")
    desk.key(pygame.K_RETURN)
    assert isinstance(desk.top, Debrief)
    assert desk.top.report.passed
    assert desk.top.report.reason.startswith("Right not to go on: ")
    assert [(r.case, r.passed) for r in results()] == [("l3-discitis", True)]
    kept = recording.read(desk.top.session.recording)
    assert kept.end is not None
    assert kept.end["over"]
    assert [action.do for _, action in kept.each()] == [Do.DECLINE_INFECTION]
    desk.key(pygame.K_RETURN)  # try again: the decision is made anew
    assert isinstance(desk.top, Briefing)
    assert len(desk.top.desk.missing()) == 8


def test_a_wrong_reason_fails_the_case(discitis: Case, sit: Open) -> None:
    desk = sit(discitis)
    desk.key(pygame.K_DOWN, pygame.K_RIGHT, pygame.K_RETURN)  # do not treat
    assert desk.top.desk.picks.decision == DECLINE
    desk.key(pygame.K_DOWN, pygame.K_RETURN, pygame.K_RETURN)  # the second reason: clotting
    assert isinstance(desk.top, Debrief)
    assert desk.top.session.state.tally.done >= {Do.DECLINE_BLEEDING}
    assert not desk.top.report.passed
    desk.click("retry.0")  # the wrong decision was the first thing that happened
    assert isinstance(desk.top, Briefing)


def test_the_choice_stands_in_the_recording_and_comes_back(
    case: Case, sit: Open, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(store, "patient", lambda *_: case.patient)  # is built already
    desk = sit(case)
    desk.choose(OTHER)
    desk.key(pygame.K_RETURN)
    assert isinstance(desk.top, Detour)
    theatre = desk.until(Theatre)
    built = theatre.scene.case
    assert built.choice == OTHER
    assert (built.procedure, built.sides) == (Procedure.VERTEBROPLASTY, (0, 1))
    assert (built.needle.name, built.sha256) == ("13G", case.sha256)
    assert built.cement.name.startswith("Low viscosity")
    for _ in range(70):
        theatre.scene.session.advance(IDLE)
    path = theatre.scene.session.recording
    desk.flow.save()
    assert recording.chosen_in(recording.broken_off(path).recording) == OTHER
    again = resume.brought_back(path, lambda: "2026-01-01T00:00:00+00:00")
    assert again.case.choice == OTHER
    assert again.state_hash() == theatre.scene.session.state_hash()
    again.close()


def test_who_does_not_wait_for_the_rebuilt_case_is_back_in_the_briefing(
    case: Case, sit: Open
) -> None:
    desk = sit(case)
    first = desk.top
    desk.choose(OTHER)
    desk.key(pygame.K_RETURN, pygame.K_ESCAPE)
    assert desk.top is first
    assert first.desk.choice() == OTHER


def test_a_resumed_run_that_is_tried_again_keeps_the_text_of_its_case(
    case: Case, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(resume, "load_case", lambda *_, **__: case)  # is built already
    flow = Flow(Sound())
    flow._file = find_case("l1-wedge")
    path = flow.theatre(case).scene.session.recording
    assert path is not None
    flow.save()
    flow._file = find_case("l3-discitis")  # another case was looked at since
    desk = Stack(flow.resuming(path))
    for _ in range(500):
        desk.update()
        if isinstance(desk.top, Theatre):
            break
        time.sleep(0.01)
    again = flow._again(desk.top.scene.session, None)
    flow.keep()
    head = recording.read(again.scene.session.recording).head
    assert 'id = "l1-wedge"' in head["source"]


def test_a_cement_that_only_an_injector_moves_comes_with_it(case: Case) -> None:
    authored = load_scenario(find_case(case.id)).case
    assert (
        chosen_plan(authored, Choice(cement="very_high_viscosity")).equipment.filler == "screw_10"
    )
    assert chosen_plan(authored, Choice(cement="low_viscosity")).equipment.filler is None
    same = chosen_plan(authored, Choice(cement=authored.equipment.cement)).equipment
    assert same == authored.equipment
    assert chosen_plan(authored, Choice(tamp="tamp_20")).equipment.tamp == "tamp_20"


def test_sedation_is_given_as_it_was_ordered(case: Case) -> None:
    given = {}
    for order in ("none", "light", "moderate"):
        session = Session(replace(case, choice=Choice(sedation=order)), "human")
        for _ in range(3):
            session.advance(Action(do=Do.SEDATE))
        given[order] = round(session.state.vitals.drug_steps)
    assert given == {"none": 0, "light": 1, "moderate": 3}


# -- how it looks --------------------------------------------------------------------------------


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
