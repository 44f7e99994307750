"""What is decided in the briefing, by hand or by the author."""

from __future__ import annotations

import re
from dataclasses import fields, replace

import pygame

from simulator.procedure.selection import RULES
from simulator.scenario.load import find_case
from simulator.ui.briefing import Briefing
from simulator.ui.briefing_desk import DECLINE, REASONS, TREAT, Desk, Picks
from simulator.ui.briefing_plan import advice
from simulator.ui.flow import planned_in
from simulator.ui.theatre import Theatre
from simulator.world.action import DECLINES
from simulator.world.case import Case
from simulator.world.clinic import Choice
from tests.ui.desktop import Open


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


def test_every_pick_is_asked_for(case: Case) -> None:
    desk = Desk(case, Choice(), guided=True)
    asked = {question.key for question in desk.questions()}
    desk.pick("decision", DECLINE)
    assert asked | {question.key for question in desk.questions()} == {
        f.name for f in fields(Picks)
    }


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
