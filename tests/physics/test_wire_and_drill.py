"""K-wire and drill: what they cost to push, what they leave, and how they go too far."""

from __future__ import annotations

from dataclasses import replace

import pytest

from simulator.anatomy.volume import Tissue
from simulator.engine.start import first_state
from simulator.frames import Side, along, minus, norm
from simulator.physics import exchange, insertion, passing
from simulator.physics.contact import contact_of
from simulator.world.action import Action
from simulator.world.case import Case
from simulator.world.state import State
from simulator.world.tools import Cannula, Inside
from tests.physics.way_in import PUSH, holding, past_wall, worked


@pytest.fixture(scope="module")
def needle(case: Case) -> Cannula:
    """An open needle, 12 mm past the posterior wall."""
    return past_wall(case, 12.0)


def state_of(case: Case, tool: Cannula) -> State:
    return exchange.with_cannula(first_state(case), tool, tool.side)


def done(outcome: exchange.Outcome) -> Cannula:
    assert not isinstance(outcome, str), outcome
    tool = outcome[0].cannulas[Side.LEFT]
    assert tool is not None
    return tool


def act(case: Case, tool: Cannula, name: str) -> exchange.Outcome:
    return exchange.ACTS[exchange.Do(name)](case, state_of(case, tool), Side.LEFT)


def seated(case: Case, needle: Cannula) -> Cannula:
    """The working cannula, pushed 2.5 mm past the wall over its channel."""
    tube = done(act(case, needle, "seat_cannula"))
    return worked(case, tube, replace(PUSH, push_n=150.0), lambda t: t.past_wall_mm >= 2.5)


def test_a_wire_goes_down_to_the_end_of_the_channel(case: Case, needle: Cannula) -> None:
    back = replace(needle, depth_mm=needle.depth_mm - 8.0)
    tool = done(act(case, back, "wire_in"))
    assert tool.inside is Inside.WIRE
    assert tool.passed is not None
    assert tool.passed.tip_mm == pytest.approx(needle.tip_mm, abs=1e-9)
    assert done(act(case, tool, "wire_out")).inside is Inside.EMPTY


def test_refusals_are_sentences(case: Case, needle: Cannula) -> None:
    closed = replace(needle, inside=Inside.STYLET)
    wired = done(act(case, needle, "wire_in"))
    loose = replace(needle, dock_mm=None)
    refused = {
        "stylet": act(case, closed, "wire_in"),
        "does not fit": act(case, needle, "drill_in"),
        "wire": act(case, wired, "stylet_in"),
        "The wire is in": act(case, wired, "cannula_out"),
        "no drill": act(case, wired, "drill_out"),
        "does not hold": act(case, loose, "curved_in"),
    }
    for word, reason in refused.items():
        assert isinstance(reason, str), word
        assert word in reason
        assert reason.endswith(".")


def test_seating_over_a_wire_keeps_the_wires_depth(case: Case, needle: Cannula) -> None:
    wired = done(act(case, needle, "wire_in"))
    tube = done(act(case, wired, "seat_cannula"))
    assert tube.working
    assert tube.inside is Inside.WIRE
    assert tube.passed is not None
    assert wired.passed is not None
    assert norm(minus(tube.passed.tip_mm, wired.passed.tip_mm)) < 1e-6
    assert tube.deepest_mm == needle.deepest_mm
    # Without a wire in place one is used in passing, and the channel is kept as well.
    plain = done(act(case, needle, "seat_cannula"))
    assert plain.inside is Inside.EMPTY
    assert plain.tip_mm == pytest.approx(tube.tip_mm)


def test_a_held_wire_stays_while_the_cannula_slides_over_it(case: Case, needle: Cannula) -> None:
    tube = done(act(case, done(act(case, needle, "wire_in")), "seat_cannula"))
    assert tube.passed is not None
    tip = tube.passed.tip_mm
    hard = replace(PUSH, push_n=150.0)
    pushed = worked(case, tube, hard, lambda t: t.depth_mm > tube.depth_mm + 10.0)
    assert pushed.depth_mm > tube.depth_mm + 10.0
    assert pushed.passed is not None
    assert norm(minus(pushed.passed.tip_mm, tip)) < 1e-6
    assert pushed.passed.breach_mm == 0.0


def test_an_unheld_wire_migrates_through_the_anterior_cortex(case: Case, needle: Cannula) -> None:
    """The classic complication: the tube carries the wire along, and nobody looks."""
    deep = worked(case, needle, PUSH, lambda t: t.ahead_mm < 5.0 and t.past_wall_mm > 20.0)
    tube = done(act(case, done(act(case, deep, "wire_in")), "seat_cannula"))
    ends = {}
    for hold in (True, False):
        push = replace(PUSH, push_n=150.0, hold=hold)
        end = worked(case, tube, push, lambda t: t.depth_mm > tube.depth_mm + 20.0)
        assert end.passed is not None
        ends[hold] = end.passed
    assert ends[True].breach_mm == 0.0
    assert ends[False].breach_mm > 3.0
    assert ends[False].tip_mm[1] < case.patient.target.landmarks.anterior_wall_y_mm - 2.0
    dropped = exchange.dragged(case, state_of(case, tube), Side.LEFT).cannulas[Side.LEFT]
    assert dropped is not None
    assert dropped.passed is not None
    assert tube.passed is not None
    assert dropped.passed.reach_mm > tube.passed.reach_mm + 2.0


def test_a_wire_pushed_on_perforates_with_little_warning(case: Case, needle: Cannula) -> None:
    """A rise at the anterior cortex, then nothing of cutting: only pictures protect."""
    tool = done(act(case, needle, "wire_in"))
    body, felt = first_state(case).body, []
    while tool.passed is not None and tool.passed.breach_mm < 3.0:
        met = contact_of(case, body, tool, tool.passed)
        felt.append((tool.passed.tissue, tool.passed.force_n, met.cut_n))
        tool, _ = insertion.advance(case, body, tool, Action(inner_n=40.0, brace=True))
        assert len(felt) < 6000
    forces = [force for _, force, _ in felt[2:]]
    assert all(force > 0.0 for force in forces)
    cancellous = [cut for tissue, _, cut in felt if tissue is Tissue.CANCELLOUS]
    assert max(cut for *_, cut in felt) > 1.5 * sorted(cancellous)[len(cancellous) // 2]
    assert felt[-1][2] < 5.0


def test_a_drill_needs_less_force_than_a_needle_and_opens_the_way(
    case: Case, needle: Cannula
) -> None:
    tube = seated(case, needle)
    tool = done(act(case, tube, "drill_in"))
    assert tool.passed is not None
    assert tool.passed.tip_mm == pytest.approx(needle.tip_mm, abs=0.5)
    body = first_state(case).body
    solid = replace(tool.passed, reach_mm=tool.passed.reach_mm + 6.0)
    solid = replace(solid, deepest_mm=solid.reach_mm)
    wide = replace(solid, kind=Inside.CURVED)
    drilled, pressed = (contact_of(case, body, tool, p).cut_n for p in (solid, wide))
    assert 0.0 < drilled < 0.4 * pressed
    goal = tool.deepest_mm + 6.0
    tool = worked(case, tool, Action(inner_n=30.0, brace=True), lambda t: t.deepest_mm >= goal)
    open_bore = done(act(case, tool, "drill_out"))
    end = along(tube.skin_mm, tube.direction, goal)
    assert norm(minus(open_bore.channel_end_mm, end)) < 0.1
    # What was drilled is open for the cannula.
    follow = replace(open_bore, depth_mm=goal - 5.0)
    fresh = replace(follow, deepest_mm=follow.depth_mm)
    easy, hard = (insertion.contact(case, body, t).cut_n for t in (follow, fresh))
    assert easy < 0.7 * hard


def test_a_drill_pushed_on_perforates(case: Case, needle: Cannula) -> None:
    tool = done(act(case, seated(case, needle), "drill_in"))
    tool = worked(
        case, tool, Action(inner_n=40.0, brace=True),
        lambda t: t.passed is not None and t.passed.breach_mm > 2.0,
    )  # fmt: skip
    assert tool.passed is not None
    assert tool.passed.breach_mm > 2.0
    assert tool.front_mm[1] < case.patient.target.landmarks.anterior_wall_y_mm


def test_a_weak_hand_stops(case: Case, needle: Cannula) -> None:
    tool = holding(needle, passing.wire(case, needle))
    body = first_state(case).body
    moved, _ = insertion.advance(case, body, tool, Action(inner_n=0.5))
    assert moved.passed is not None
    assert tool.passed is not None
    assert moved.passed.reach_mm == tool.passed.reach_mm
    assert moved.passed.force_n == 0.5
    calm, _ = insertion.advance(case, body, moved, Action())
    assert calm.passed is not None
    assert calm.passed.force_n == 0.0
