"""The account of an inflation: steps, pauses, pictures, the first endpoint, and the fragment."""

from __future__ import annotations

from dataclasses import replace

import pytest

from simulator.anatomy.hinge import Lift
from simulator.engine.start import first_state
from simulator.frames import Side, along
from simulator.physics import inflation, tamping
from simulator.procedure import metrics
from simulator.procedure.fold import fold
from simulator.units import PSI_PER_MPA, TICKS_PER_S
from simulator.world.action import Action
from simulator.world.case import Case
from simulator.world.filling_events import TampBreached, WallPushed
from simulator.world.state import State

PERIOD_S = tamping.PERIOD_TICKS / TICKS_PER_S


class Hand:
    """Two tamps whose gauges read what the test says, followed by the account."""

    def __init__(self, case: Case):
        self.case = case
        plan, bone = case.plans[Side.LEFT], case.patient.target.bone
        tamp = inflation.insert(case.tamp, case.physics["tamp"], bone, Side.LEFT,
                                along(plan.target_mm, plan.direction, -20.0), plan.direction,
                                plan.target_mm)  # fmt: skip
        state = first_state(case)
        self.state = replace(
            state,
            tamps=(tamp, replace(tamp, side=Side.RIGHT)),
            tally=replace(state.tally, done=frozenset({"tamp_in"})),
        )

    def to(self, seconds=PERIOD_S, events=(), body=None, **changes):
        """Let time pass, then set what the left tamp shows."""
        state = self.state
        left = replace(state.tamps[0], **changes) if changes else state.tamps[0]
        after = replace(
            state,
            tick=state.tick + round(seconds * TICKS_PER_S),
            tamps=(left, state.tamps[1]) if changes else state.tamps,
            body=state.body if body is None else body,
        )
        self.state = replace(after, tally=fold(self.case, state, after, events))
        return self

    def step(self, ml, pause_s, psi=60.0, **changes):
        """Turn in `ml` within a quarter second after a pause."""
        volume = self.state.tamps[0].volume_ml
        return self.to(pause_s, volume_ml=volume + ml, pressure_mpa=psi / PSI_PER_MPA, **changes)

    def value(self, name):
        return metrics.METRICS[name].value(self.case, self.state)

    @property
    def errors(self):
        return {f.id: f.severity for f in self.state.tally.findings}


@pytest.fixture
def hand(case: Case) -> Hand:
    return Hand(case)


def test_steps_and_pauses_are_counted(hand: Hand) -> None:
    for pause_s in (10.0, 5.0, 5.0, 3.0):
        hand.step(0.25, pause_s)
    hand.step(0.25, 0.5)  # no rest: the last step goes on
    assert hand.value("tamp_steps") == 4
    assert hand.value("tamp_steps_paused_fraction") == pytest.approx(0.75)
    assert hand.value("tamp_step_max_ml") == pytest.approx(0.5)
    assert hand.value("tamp_imbalance_ml") == pytest.approx(1.25)
    assert hand.errors["tamps_uneven"] == "minor"


def test_the_start_pressure_is_that_of_the_first_step(hand: Hand) -> None:
    hand.step(0.1, 10.0, psi=48.0).step(0.25, 5.0, psi=120.0)
    assert hand.value("tamp_start_psi") == pytest.approx(48.0)


@pytest.mark.parametrize(
    ("shown", "name"),
    [
        ({"touch_mm2": 35.0}, "wall contact"),
        ({"ml": 3.95}, "volume"),
        ({"psi": 410.0}, "pressure"),
        ({"breached": "anterior wall"}, "gave way"),
        ({"ruptured": True}, "ruptured"),
    ],
)
def test_each_endpoint_has_its_name(hand: Hand, shown: dict, name: str) -> None:
    hand.step(0.25, 10.0)
    assert hand.value("tamp_endpoint") == "none"
    shown = {"ml": 0.25, "psi": 100.0, **shown}
    hand.step(shown.pop("ml"), 5.0, shown.pop("psi"), **shown)
    assert hand.value("tamp_endpoint") == name
    assert hand.value("tamp_past_endpoint_ml") == 0.0
    hand.step(0.4, 5.0)
    assert hand.value("tamp_past_endpoint_ml") == pytest.approx(0.4)


def test_a_pressure_that_does_not_decay_is_an_endpoint(hand: Hand) -> None:
    hand.step(0.25, 10.0, psi=300.0).to(4.5, pressure_mpa=200.0 / PSI_PER_MPA)
    assert hand.value("tamp_endpoint") == "none"  # it fell to two thirds
    hand.step(0.25, 2.0, psi=300.0).to(4.5, pressure_mpa=290.0 / PSI_PER_MPA)
    assert hand.value("tamp_endpoint") == "no decay"


def test_a_plate_that_is_back_or_stops_rising_is_an_endpoint(case: Case) -> None:
    plate = case.patient.hinge.superior
    hand = Hand(case).step(0.25, 10.0)
    hand.to(body=replace(hand.state.body, lift=Lift(0.97 * plate.max_rad))).to()
    assert hand.value("tamp_endpoint") == "fracture reduced"
    hand = Hand(case).step(0.25, 10.0)
    hand.to(body=replace(hand.state.body, lift=Lift(0.3 * plate.max_rad)))
    for _ in range(3):
        assert hand.value("tamp_endpoint") == "none"
        hand.step(0.25, 5.0)
    hand.step(0.25, 5.0)
    assert hand.value("tamp_endpoint") == "plate stops rising"


def test_a_fragment_that_moves_while_the_inflator_turns_is_a_sentinel(hand: Hand) -> None:
    hand.to(events=(WallPushed(2.1, inflating=False), WallPushed(1.5, inflating=True)))
    assert "posterior_wall_pushed" not in hand.errors
    hand.to(events=(WallPushed(2.1, inflating=True),))
    assert hand.errors["posterior_wall_pushed"] == "sentinel"


def test_a_broken_wall_and_air_are_told(hand: Hand) -> None:
    hand.to(events=(TampBreached(Side.LEFT, "superior endplate", 300.0),))
    assert hand.errors["tamp_breach"] == "major"
    hand.step(0.25, 10.0, air_ml=0.4)
    assert hand.errors["tamp_air"] == "minor"
    assert hand.value("tamp_purged") is False


def test_a_balloon_behind_a_loose_fragment_pushes_it_into_the_canal(case: Case) -> None:
    """The whole chain: hands, bone, event, judge."""
    hinge = case.patient.hinge
    loose = replace(hinge, wall=replace(hinge.wall, loose=1.0))
    case = replace(case, patient=replace(case.patient, hinge=loose))
    y = hinge.wall.wall_y_mm - 5.0
    tail, tip = (0.0, y, 5.0), (0.0, y - 15.0, 5.0)
    tamp = inflation.insert(case.tamp, case.physics["tamp"], case.patient.target.bone, Side.LEFT,
                            tail, (0.0, -1.0, 0.0), tip)  # fmt: skip
    state: State = replace(first_state(case), tamps=(tamp, None))
    told = []
    for _ in range(round(40.0 / PERIOD_S)):
        before = state
        state = replace(state, tick=state.tick + tamping.PERIOD_TICKS)
        state, events = tamping.work(case, state, Action(side=Side.LEFT, inflate_ml_s=0.1))
        state = replace(state, tally=fold(case, before, state, events))
        told += [e.moved_mm for e in events if isinstance(e, WallPushed)]
        if state.body.lift.wall_mm > 2.2:
            break
    assert told == sorted(told)
    assert [round(2.0 * mm) / 2.0 for mm in told[:4]] == [0.5, 1.0, 1.5, 2.0]
    assert "posterior_wall_pushed" in {f.id for f in state.tally.findings}
