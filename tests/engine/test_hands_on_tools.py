"""Whatever a hand may hold moves by one tick of the world, and rests when hands are off."""

from __future__ import annotations

from dataclasses import replace

import pytest

from simulator.engine.start import first_state
from simulator.engine.step import step
from simulator.physics.exchange import with_cannula
from simulator.world.action import IDLE, Action, Do
from simulator.world.case import Case
from simulator.world.state import State
from simulator.world.tools import Cannula
from tests.physics.way_in import past_wall


@pytest.fixture(scope="module")
def opened(case: Case) -> State:
    """An open needle 5 mm past the posterior wall."""
    state = replace(first_state(case), phase="entry")
    tool = past_wall(case, 5.0)
    return with_cannula(state, tool, tool.side)


def tool_of(state: State) -> Cannula:
    tool = state.cannulas[state.side]
    assert tool is not None
    return tool


def after(case: Case, state: State, action: Action, ticks: int) -> State:
    for _ in range(ticks):
        state, _ = step(case, state, action)
    return state


def test_a_wire_goes_in_and_moves_by_the_force_on_it(case: Case, opened: State) -> None:
    wired = after(case, opened, Action(do=Do.WIRE_IN), 1)
    inner = tool_of(wired).passed
    assert inner is not None
    pushed = tool_of(after(case, wired, Action(inner_n=15.0), 60)).passed
    assert pushed is not None
    assert pushed.reach_mm > inner.reach_mm
    assert tool_of(wired).depth_mm == tool_of(opened).depth_mm


def test_hands_off_leaves_no_force_behind(case: Case, opened: State) -> None:
    wired = after(case, opened, Action(do=Do.WIRE_IN), 1)
    busy = after(case, wired, Action(inner_n=15.0), 10)
    calm, _ = step(case, busy, Action(wait_s=1.0))
    inner = tool_of(calm).passed
    assert inner is not None
    assert (inner.force_n, inner.speed_mm_s) == (0.0, 0.0)


def test_a_pried_hub_springs_back(case: Case, opened: State) -> None:
    pried = after(case, opened, Action(medial_deg_s=4.0), 30)
    assert tool_of(pried).pry_n > 0.0
    free = tool_of(after(case, pried, IDLE, 60))
    assert free.pry_n == 0.0
    assert free.lean_deg == (0.0, 0.0)
