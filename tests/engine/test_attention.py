"""A careful operator hears patient and monitor; one who only works does not."""

from __future__ import annotations

from dataclasses import replace

import pytest

from simulator.engine.operators import hands
from simulator.engine.operators.attention import attended
from simulator.engine.operators.hands import Move, Routine
from simulator.engine.session import Session
from simulator.engine.sight import Observation
from simulator.frames import Side
from simulator.physics import care, insertion
from simulator.world.action import Do
from simulator.world.arm import View
from simulator.world.case import Case
from simulator.world.events import Collapsed, Moved, TroubleBegan
from simulator.world.seen import Seen
from simulator.world.vitals import Trouble


def waited(case: Case, session: Session, *, listens: bool) -> list[object]:
    """Wait a quarter of an hour, with or without listening; return what happened."""

    def way(obs: Observation) -> Move:
        return (yield from hands.wait(obs, 900.0))

    first = session.observe()
    routine = Routine(attended(first, way(first)) if listens else way(first))
    told: list[object] = []
    while not session.state.over:
        action = routine.next_action(session.observe())
        if action is None:
            break
        told += session.advance(action)
    return told


def in_trouble(case: Case, act: Do, times: int) -> Session:
    session = Session(case, "test")
    state = replace(session.state, phase="entry")
    for _ in range(times):
        outcome = care.ACTS[act](case, state, state.side)
        assert not isinstance(outcome, str)
        state = outcome[0]
    session.state = state
    return session


@pytest.mark.parametrize(
    ("act", "times", "kind", "answers"),
    [
        (Do.SEDATE, 6, "desaturation", {"oxygen", "talk"}),
        (Do.LOCAL, 6, "toxicity", {"lipid", "oxygen"}),
    ],
    ids=lambda v: v if isinstance(v, str) else "",
)
def test_who_listens_saves_and_who_does_not_loses(
    case: Case, act: Do, times: int, kind: str, answers: set[str]
) -> None:
    deaf = in_trouble(case, act, times)
    told = waited(case, deaf, listens=False)
    assert Collapsed(kind) in told
    assert deaf.report().critical[0].id == "instability_ignored"
    good = in_trouble(case, act, times)
    told = waited(case, good, listens=True)
    assert TroubleBegan(kind) in told
    assert not [e for e in told if isinstance(e, Collapsed)]
    assert answers <= good.state.tally.done
    assert not good.state.over
    assert good.report().metrics["alarms_answered"]


def test_drugs_are_given_one_after_another(case: Case) -> None:
    """Not all at once: each has its time to work, and none is given to a patient who is well."""
    session = in_trouble(case, Do.POSITION, 1)
    waited(case, session, listens=True)
    assert session.state.tally.done <= {"position"}


def test_a_movement_takes_the_pictures_away_and_stops_the_hand(case: Case) -> None:
    jumpy = replace(case, person=replace(case.person, move_vas=0.0))
    session, plan = Session(jumpy, "test"), jumpy.plans[Side.LEFT]
    tool = insertion.place(jumpy, Side.LEFT, plan.skin_mm, plan.direction)
    wild = replace(session.state.vitals, troubles=(Trouble("movement", level=1.0),))
    session.state = replace(session.state, vitals=wild, cannulas=(tool, None))
    session.ap, session.lateral = Seen(0, View.AP, 0.0), Seen(0, View.LATERAL, 0.0)
    routine = Routine(hands.push_to(session.observe(), Side.LEFT, 500.0, 5.0))
    told: list[object] = []
    while (action := routine.next_action(session.observe())) is not None:
        told += session.advance(action)
    assert Moved in {type(event) for event in told}
    assert (session.ap, session.lateral) == (None, None)
    # A push goes on for half a minute where nothing stops it.
    assert session.state.tick < 60
