"""How the patient answers."""

from __future__ import annotations

from dataclasses import replace

import pytest

from simulator.anatomy.volume import Tissue
from simulator.engine.start import first_state
from simulator.frames import Side
from simulator.physics import insertion
from simulator.physics.physiology import follow
from simulator.units import ticks
from simulator.world.case import Case
from simulator.world.cement import ROUTES, Cloud, Route
from simulator.world.events import Said
from simulator.world.state import State


def later(case: Case, state: State, seconds: float) -> tuple[State, list[Said]]:
    """Follow for a while; return the state and what was said."""
    said: list[Said] = []
    for _ in range(round(seconds * 4)):
        vitals, events = follow(case, state, 0.25)
        said += [e for e in events if isinstance(e, Said)]
        state = replace(state, vitals=vitals, tick=state.tick + 15)
    return state, said


def working_needle(case: Case, state: State) -> State:
    plan = case.plans[Side.LEFT]
    tool = insertion.place(case, Side.LEFT, plan.skin_mm, plan.direction)
    tool = replace(tool, tissue=Tissue.CORTICAL, bone_mm=1.0, depth_mm=50.0, force_n=60.0)
    return replace(state, cannulas=(tool, None))


def test_local_anaesthetic_takes_two_minutes_and_then_helps(case: Case) -> None:
    state = working_needle(case, first_state(case))
    bare, _ = later(case, state, 30.0)
    numbed = replace(state, tick=ticks(200.0), vitals=replace(state.vitals, local_tick=0))
    numb, _ = later(case, numbed, 30.0)
    early = replace(state, tick=ticks(60.0), vitals=replace(state.vitals, local_tick=0))
    soon, _ = later(case, early, 30.0)
    assert bare.vitals.pain_vas - numb.vitals.pain_vas == pytest.approx(3.0, abs=0.1)
    assert soon.vitals.pain_vas == pytest.approx(bare.vitals.pain_vas, abs=0.01)


def test_sedation_relieves_and_costs_pressure_and_oxygen(case: Case) -> None:
    state = first_state(case)
    calm, _ = later(case, state, 600.0)
    drugged = replace(state, vitals=replace(state.vitals, midazolam_mg=2.0))
    asleep, _ = later(case, drugged, 600.0)
    assert asleep.vitals.pain_vas < calm.vitals.pain_vas
    assert asleep.vitals.map_mmhg < calm.vitals.map_mmhg
    assert asleep.vitals.spo2_pct < calm.vitals.spo2_pct


def test_cement_lowers_the_pressure_within_the_published_band(case: Case) -> None:
    """MAP -9 +- 10.5 mmHg after cement in acute fractures (Albers 2020): within one SD."""
    state, _ = later(case, first_state(case), 300.0)
    filled = replace(state, cement=replace(state.cement, injected_ml=5.0))
    after, _ = later(case, filled, 300.0)
    assert -19.5 <= after.vitals.map_mmhg - state.vitals.map_mmhg <= 1.5


def test_an_embolus_alarms_and_the_pressure_recovers(case: Case) -> None:
    """Sheep: deepest after 36 s, back after 209 s."""
    state, _ = later(case, first_state(case), 60.0)
    hit = replace(state, cement=replace(state.cement, lung_ml=1.0, lung_tick=state.tick))
    deep, said = later(case, hit, 36.0)
    assert deep.vitals.map_mmhg < state.vitals.map_mmhg - 20.0
    assert any(s.alarm for s in said)
    back, _ = later(case, deep, 209.0)
    assert back.vitals.map_mmhg > state.vitals.map_mmhg - 8.0
    assert back.vitals.spo2_pct < state.vitals.spo2_pct - 5.0


def test_cement_in_the_canal_is_felt_in_the_leg_once(case: Case) -> None:
    state = first_state(case)
    leak = [0.0] * len(ROUTES)
    leak[ROUTES.index(Route.CANAL)] = 300.0
    hurt = replace(state, cement=replace(state.cement, cloud=Cloud(leak_ul=tuple(leak))))
    after, said = later(case, hurt, 60.0)
    assert after.vitals.nerve_pain
    assert [s.text for s in said].count("Sharp pain down my leg!") == 1


def test_longer_steps_give_the_same_course(case: Case) -> None:
    state = replace(first_state(case), vitals=replace(first_state(case).vitals, midazolam_mg=2.0))
    fine, _ = later(case, state, 60.0)
    coarse = state
    for _ in range(60):
        vitals, _ = follow(case, coarse, 1.0)
        coarse = replace(coarse, vitals=vitals)
    # Each follower is exact for a constant target; the targets of one follow the other.
    assert coarse.vitals.sedation == pytest.approx(fine.vitals.sedation, rel=1e-9)
    assert coarse.vitals.map_mmhg == pytest.approx(fine.vitals.map_mmhg, abs=0.5)
