"""The window with several levels: which is in work, and the turn to the next."""

from __future__ import annotations

from dataclasses import replace

import pygame

from simulator.ui.debrief_truth import Truth
from simulator.ui.exchanges import exchanges, next_level_due
from simulator.ui.hots import Hots
from simulator.ui.keys import KEYS
from simulator.ui.kit import Kit
from simulator.ui.tool_care import _sites
from simulator.ui.top_bar import _level
from simulator.world.action import Do
from simulator.world.case import Case
from simulator.world.level import Level
from tests.ui.room import Room


def both(case: Case) -> Case:
    """L1 and T12 of one patient, both in the frame of L1."""
    other = replace(case.patient, index=case.patient.index - 1)
    own = Level(case.patient, case.plans, case.sides, case.clinical)
    return replace(case, levels=(own, replace(own, patient=other)))


def test_the_window_follows_a_turn(case: Case) -> None:
    room = Room(both(case))
    room.session.state = replace(room.session.state, phase="set_up")
    scene, operator = room.theatre.scene, room.theatre.operator
    assert (_level(scene), _sites(scene.case)) == ("L1, 1 of 2", "L1, then T12")
    room.key(KEYS["beam"].code)
    room.run(20)
    assert scene.pictures.live is not None
    room.key(KEYS["level"].code)
    action = operator.next_action(scene.state)
    assert action.do is Do.NEXT_LEVEL
    room.theatre._note(room.session.advance(action))
    assert (_level(scene), _sites(scene.case)) == ("T12, 2 of 2", "T12, then L1")
    assert operator.case is scene.case
    forked = room.session.forked(room.session.state, "human")
    assert (forked.case.level, forked.state.level) == (1, 1)
    assert scene.pictures.live is None
    operator.tool = "drugs"
    room.draw()
    assert "do.next_level" in {hot.name for hot in room.theatre.hots.items}
    room.key(KEYS["beam"].code)
    room.run(20)
    assert scene.pictures.live is not None
    room.draw()


def test_the_next_level_is_proposed_when_this_one_is_done(case: Case) -> None:
    session = Room(both(case)).session
    state = session.state
    assert not next_level_due(session.case, state)
    given = replace(state, cement=replace(state.cement, started_tick=1))
    assert exchanges(session.case, given, "drugs", state.side) == (Do.NEXT_LEVEL,)
    assert not next_level_due(case, given)
    assert KEYS["level"].code == pygame.K_INSERT


def test_the_debrief_shows_the_truth_of_every_level(case: Case) -> None:
    room = Room(both(case))
    truth = Truth(room.session)
    hots = Hots()
    kit = Kit(room.canvas, hots)
    truth.draw(kit, pygame.Rect(0, 0, 600, 400))
    first = truth.reveal
    buttons = {hot.name: hot for hot in hots.items}
    assert {"truth.0", "truth.1"} <= set(buttons)
    buttons["truth.1"].act()
    assert truth.reveal is not first
    truth.draw(kit, pygame.Rect(0, 0, 600, 400))
    buttons["truth.0"].act()
    assert truth.reveal is first
