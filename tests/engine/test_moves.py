"""Moves that operators share: when they end, and where they are made."""

from __future__ import annotations

from dataclasses import replace

import pytest

from simulator.engine.operators import hands
from simulator.engine.operators.hands import Move, Routine
from simulator.engine.session import Session
from simulator.units import TICKS_PER_S, seconds
from simulator.world.action import Do
from simulator.world.case import Case


def played(session: Session, move: Move) -> Session:
    """Play a move to its end."""
    routine = Routine(move)
    while (action := routine.next_action(session.observe())) is not None:
        session.advance(action)
    return session


@pytest.mark.parametrize("age_s", [20.0, 20.005, 20.012])
def test_cement_is_waited_for_also_where_its_time_falls_between_two_ticks(
    mild_case: Case, age_s: float
) -> None:
    session = Session(mild_case, "test")
    session.state = replace(session.state, phase="mix")
    played(session, hands.do(session.observe(), Do.MIX, session.observe().sides[0]))
    mixed = session.state.cement.mixed_tick
    assert mixed is not None
    played(session, hands.until_aged(session.observe(), age_s))
    # The tick nearest to it: half a tick either way.
    assert seconds(session.state.tick - mixed) == pytest.approx(age_s, abs=0.501 / TICKS_PER_S)
    before = session.state.tick
    played(session, hands.until_aged(session.observe(), age_s - 1.0))
    assert session.state.tick == before


def test_cement_that_was_not_mixed_is_not_waited_for(mild_case: Case) -> None:
    session = Session(mild_case, "test")
    played(session, hands.until_aged(session.observe(), 100.0))
    assert session.state.tick == 0
