"""A careful operator hears patient and monitor; one who only works does not."""

from __future__ import annotations

from dataclasses import replace

import pytest

from simulator.engine.operators import hands
from simulator.engine.operators.attention import attended
from simulator.engine.operators.hands import Move, Routine
from simulator.engine.session import Session
from simulator.engine.sight import Observation
from simulator.physics import care
from simulator.world.action import Do
from simulator.world.case import Case
from simulator.world.events import Collapsed, TroubleBegan


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
