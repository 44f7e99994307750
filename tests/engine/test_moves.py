"""Moves that operators share: when they end, and where they are made."""

from __future__ import annotations

from dataclasses import replace
from functools import partial

import pytest

from simulator.engine.operators import hands, levels
from simulator.engine.operators.hands import Move, Routine
from simulator.engine.session import Session
from simulator.engine.sight import Observation
from simulator.units import TICKS_PER_S, seconds
from simulator.world.action import Do
from simulator.world.case import Case
from simulator.world.level import Level


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


def test_work_is_done_once_at_each_level_and_arrival_is_no_part_of_the_first(
    mild_case: Case,
) -> None:
    here = mild_case.patient
    plans, sides, known = mild_case.plans, mild_case.sides, mild_case.clinical
    at = (here.index, here.index - 1, here.index + 1)
    built = [Level(replace(here, index=n), plans, sides, known) for n in at]
    for count in (1, 2, 3):
        case = replace(mild_case, levels=tuple(built[:count]) if count > 1 else ())
        log: list[tuple[str, int]] = []

        def told(what: str, obs: Observation, log: list[tuple[str, int]] = log) -> Move:
            log.append((what, obs.level))
            return (yield from hands.rest(obs, 0.0))

        def twice(obs: Observation) -> Move:
            obs = yield from levels.each(obs, partial(told, "a"), partial(told, "arrived"))
            return (yield from levels.each(obs, partial(told, "b")))

        session = Session(case, "test")
        session.state = replace(session.state, phase="set_up")
        played(session, twice(session.observe()))
        first = [("a", 0), *((what, n) for n in range(1, count) for what in ("arrived", "a"))]
        # The second round begins where the first one ended, and goes round.
        second = [("b", (count - 1 + n) % count) for n in range(count)]
        assert log == [*first, *second]
