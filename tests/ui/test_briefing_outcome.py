"""What comes of a briefing: the case that is played, the debrief, the recording."""

from __future__ import annotations

import time
from dataclasses import replace

import pygame
import pytest

from simulator.anatomy import store
from simulator.engine import recording, resume
from simulator.engine.session import Session
from simulator.procedure.selection import RULES
from simulator.scenario.build import chosen_plan
from simulator.scenario.load import find_case, load_scenario
from simulator.ui.briefing import Briefing
from simulator.ui.briefing_desk import DECLINE
from simulator.ui.debrief import Debrief
from simulator.ui.flow import Flow
from simulator.ui.loading import Detour
from simulator.ui.memory import results
from simulator.ui.screens import Stack
from simulator.ui.sound import Sound
from simulator.ui.theatre import Theatre
from simulator.world.action import IDLE, Action, Do
from simulator.world.case import Case, Procedure
from simulator.world.clinic import Choice
from tests.ui.desktop import Open

pytestmark = pytest.mark.usefixtures("quick_films")
OTHER = Choice("vertebroplasty", "transpedicular", ("left", "right"), "13G", "tamp_15",
               "low_viscosity", "light")  # fmt: skip


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
