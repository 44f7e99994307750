"""Any moment of a run is found again, to the bit, and can be taken up from there."""

from __future__ import annotations

from itertools import pairwise

from simulator.engine import digest
from simulator.engine.recording import Practice
from simulator.engine.runner import Outcome
from simulator.engine.session import SNAPSHOT_TICKS, Session
from simulator.engine.tape import walked
from simulator.world.action import IDLE, Action, Do
from simulator.world.case import Case


def test_a_walk_from_one_kept_state_ends_in_the_next(expert_run: Outcome) -> None:
    session = expert_run.session
    kept = [
        (a, b)
        for a, b in pairwise(session.snapshots)
        if b.tick - a.tick == SNAPSHOT_TICKS and a.c_arm.exposures != b.c_arm.exposures
    ]
    start, end = kept[len(kept) // 3]
    found = walked(session.case, start, session.tape, end.tick)
    assert found is not None
    assert digest.parts(found) == digest.parts(end)
    assert len(session.tape.pulses) == session.state.c_arm.exposures


def test_inside_a_wait_the_state_before_it_is_found(case: Case) -> None:
    session = Session(case, "human")
    session.advance(IDLE)
    session.advance(Action(wait_s=2.0))
    assert session.state.tick == 121
    found = session.walk(60)
    assert found is not None
    assert found.tick == 1
    assert session.walk(121) is not None
    assert session.walk(60, lambda: True) is None


def test_practice_goes_on_from_the_moment_with_its_past(case: Case) -> None:
    session = Session(case, "human")
    acts = [IDLE] * 30 + [Action(do=Do.POSITION)] + [IDLE] * 30
    for action in acts:
        session.advance(action)
    start = session.walk(40)
    assert start is not None
    again = session.forked(start, "human")
    assert (again.state.tick, again.practice, again.recording) == (40, Practice(40), None)
    assert again.captions == [row for row in session.captions if row.tick <= 40]
    assert again.captions
    for action in acts[40:]:
        again.advance(action)
    assert again.state_hash() == session.state_hash()
    # Its own past can be walked too, across the moment at which it was taken up.
    assert digest.parts(again.walk(50) or start) == digest.parts(session.walk(50) or start)
    early, same = again.walk(35), session.walk(35)
    assert early is not None
    assert same is not None
    assert digest.parts(early) == digest.parts(same)
    # What was done instead replaces what came after the moment in the first run.
    other = session.forked(start, "human")
    for action in (Action(do=Do.ANTIBIOTIC), *[IDLE] * 4):
        other.advance(action)
    found = other.walk(45, start=other.snapshots[0])
    assert found is not None
    assert digest.parts(found) == digest.parts(other.state)
