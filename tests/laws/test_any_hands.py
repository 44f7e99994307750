"""Whatever hands do, from wherever an expert has been: nothing breaks and nothing is lost."""

from __future__ import annotations

import json
import math
from dataclasses import replace

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from simulator.engine.recording import plain
from simulator.engine.runner import Outcome
from simulator.engine.step import step
from simulator.frames import Side
from simulator.procedure.score import score
from simulator.world.action import Action, Do
from simulator.world.arm import Curve, Plane, Stand
from simulator.world.case import Case
from simulator.world.steel_events import WallBreached

ACTIONS = st.builds(
    Action,
    beam=st.booleans(),
    orbit_deg_s=st.sampled_from([0.0, 15.0, -500.0]),
    tilt_deg_s=st.sampled_from([0.0, 10.0, -10.0]),
    side=st.sampled_from(list(Side)),
    skin_x_mm_s=st.sampled_from([0.0, 20.0, -20.0]),
    medial_deg_s=st.sampled_from([0.0, 30.0, -30.0]),
    caudal_deg_s=st.sampled_from([0.0, 20.0, -20.0]),
    push_n=st.sampled_from([0.0, 30.0, 120.0, 400.0, -60.0, -300.0]),
    brace=st.booleans(),
    tap=st.integers(0, 3),
    inflate_ml_s=st.sampled_from([0.0, 0.1, 1.0, -1.0]),
    press_n=st.sampled_from([0.0, 5.0, 50.0, 200.0, -1.0]),
    press_other_n=st.sampled_from([0.0, 20.0, 100.0, -1.0]),
    do=st.sampled_from([Do.NONE, *Do]),
    wait_s=st.sampled_from([0.0, 0.0, 0.0, 0.01, 30.0]),
    field_mm=st.sampled_from([0.0, 150.0, 77.0]),
    beam_second=st.booleans(),
    plane=st.integers(0, 1),
    swivel_deg_s=st.sampled_from([0.0, 5.0, -500.0]),
    iris_mm_s=st.sampled_from([0.0, 60.0, -500.0]),
    width_mm_s=st.sampled_from([0.0, 60.0, -500.0]),
    blades_deg_s=st.sampled_from([0.0, 30.0, -500.0]),
    grid_in=st.sampled_from([None, True, False]),
    curve=st.sampled_from([None, *Curve]),
    stand=st.sampled_from([None, *Stand]),
    pulses_per_s=st.sampled_from([0.0, 30.0, 3.75, 11.0]),
)


@settings(max_examples=25, suppress_health_check=[HealthCheck.too_slow])
@given(
    start=st.floats(0.0, 1.0),
    second=st.booleans(),
    asked=st.lists(st.tuples(ACTIONS, st.sampled_from([1, 4, 30])), max_size=12),
)
def test_nothing_breaks_and_no_cement_is_lost(
    case: Case, expert_run: Outcome, start: float, second: bool, asked: list[tuple[Action, int]]
) -> None:
    snapshots = expert_run.session.snapshots
    state = snapshots[int(start * (len(snapshots) - 1))]
    if second:
        state = replace(state, c_arm=replace(state.c_arm, second=Plane()))
    for action, times in asked:
        for _ in range(1 if action.do or action.wait_s else times):
            before = state
            state, events = step(case, state, action)
            assert state.over or state.tick > before.tick
            json.dumps([plain(event) for event in events])
            for event in events:
                if isinstance(event, WallBreached):
                    assert event.depth_mm >= 0.5
                    assert event.grade in "BCDE"
                    assert event.level in {v.level for v in case.patient.vertebrae}
    report = score(case, state)
    assert 0.0 <= report.total <= 100.0
    for name, value in report.metrics.items():
        assert not isinstance(value, float) or math.isfinite(value), name
    cloud = state.cement.cloud
    stays_ml = state.cement.injected_ml - state.cement.run_up_ml
    held = float((cloud.fill * cloud.volume_ul).sum()) + cloud.embolised_ul
    assert held == pytest.approx(stays_ml * 1000.0, rel=1e-9, abs=1e-9)
    for tool in state.cannulas:
        assert tool is None or abs(tool.depth_mm) <= tool.length_mm
