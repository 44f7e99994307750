"""Instruments in and out: what stays open, what slips, what sinks back, what is refused."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from simulator.anatomy.hinge import Lift
from simulator.engine.runner import Outcome
from simulator.engine.start import first_state
from simulator.engine.step import step
from simulator.frames import Side
from simulator.physics import cement_acts, exchange, inflation, insertion
from simulator.units import frozen
from simulator.world.action import IDLE, Action, Do
from simulator.world.case import Case
from simulator.world.events import Done, Refused
from simulator.world.state import State
from simulator.world.tools import Inside


def after(case: Case, state: State, *actions: tuple[Action, int]) -> State:
    for action, times in actions:
        for _ in range(times):
            state, _ = step(case, state, action)
    return state


@pytest.fixture(scope="module")
def inflated(expert_run: Outcome) -> State:
    """The expert's tamp at its fullest."""
    states = [s for s in expert_run.session.snapshots if s.tamps[0] is not None]
    return max(states, key=lambda s: s.tamps[0].volume_ml)


def test_a_small_swing_keeps_the_channel_and_a_large_one_loses_it(
    case: Case, inflated: State
) -> None:
    state = replace(inflated, tamps=(None, None))
    tool = replace(state.cannulas[0], inside=Inside.EMPTY)
    ahead = tool.deepest_mm - tool.depth_mm
    assert ahead > 10.0
    nudged, _ = insertion.advance(case, state.body, tool, Action(medial_deg_s=0.6))
    assert nudged.deepest_mm == tool.deepest_mm
    for _ in range(60):
        tool, _ = insertion.advance(case, state.body, tool, Action(medial_deg_s=60.0))
    assert tool.deepest_mm == pytest.approx(tool.depth_mm)


def test_a_new_place_on_the_skin_has_no_channel(case: Case) -> None:
    plan = case.plans[Side.LEFT]
    tool = insertion.place(case, Side.LEFT, plan.skin_mm, plan.direction)
    tool = replace(tool, depth_mm=-1.0, deepest_mm=80.0)
    moved, _ = insertion.advance(case, first_state(case).body, tool, Action(skin_x_mm_s=20.0))
    assert moved.deepest_mm == moved.depth_mm


def test_a_filled_tamp_stays_and_holds_its_cannula(case: Case, inflated: State) -> None:
    _, events = step(case, inflated, Action(do=Do.TAMP_OUT))
    assert isinstance(events[0], Refused)
    pulled = after(case, inflated, (Action(push_n=-80.0), 900))
    assert pulled.cannulas[0].dock_mm is not None
    swung = after(case, inflated, (Action(medial_deg_s=30.0), 60))
    assert swung.cannulas[0].direction == inflated.cannulas[0].direction


def test_sliding_the_cannula_there_and_back_covers_nothing(case: Case, inflated: State) -> None:
    start = inflated.cannulas[0].depth_mm
    state = inflated
    while state.cannulas[0].depth_mm > start - 3.0:
        state, _ = step(case, state, Action(push_n=-60.0, brace=True))
    while state.cannulas[0].depth_mm < start - 0.05:
        state, _ = step(case, state, Action(push_n=100.0, brace=True))
    assert state.tamps[0].in_cannula_mm == 0.0


def test_the_plate_sinks_back_however_fast_the_tamp_leaves(case: Case, inflated: State) -> None:
    empty = (Action(inflate_ml_s=-8.0), 900)  # the vacuum takes ten seconds
    hasty = after(case, inflated, empty, (Action(do=Do.TAMP_OUT), 1))
    calm = after(case, inflated, empty, (Action(wait_s=60.0), 1), (Action(do=Do.TAMP_OUT), 1))
    assert hasty.tamps == calm.tamps == (None, None)
    # The haste leaves less time to creep, nothing else.
    assert hasty.body.lift.superior_rad == pytest.approx(calm.body.lift.superior_rad, rel=0.05)
    assert hasty.body.lift.superior_rad < 0.8 * inflated.body.lift.superior_rad


def test_an_unheld_cannula_follows_the_stylet(case: Case, expert_run: Outcome) -> None:
    state = next(
        s for s in expert_run.session.snapshots
        if s.cannulas[0] is not None and s.cannulas[0].past_wall_mm > 5.0
        and s.cannulas[0].inside is Inside.STYLET
    )  # fmt: skip
    held, _ = step(case, state, Action(do=Do.STYLET_OUT, hold=True))
    loose, events = step(case, state, Action(do=Do.STYLET_OUT, hold=False))
    assert isinstance(events[0], Done)
    assert held.cannulas[0].depth_mm - loose.cannulas[0].depth_mm == pytest.approx(2.0)


def test_each_side_has_its_own_filler_with_its_own_clock(case: Case, expert_run: Outcome) -> None:
    state = next(
        s for s in expert_run.session.snapshots
        if s.cannulas[0] is not None and s.cannulas[0].inside is Inside.FILLER
        and 0.2 < s.cement.fillings[0].ml < 1.3
    )  # fmt: skip
    other = replace(state.cannulas[0], side=Side.RIGHT, inside=Inside.EMPTY)
    both = replace(state, cannulas=(state.cannulas[0], other), tick=state.tick + 60)
    outcome = cement_acts.load(case, both, Side.RIGHT)
    assert not isinstance(outcome, str)
    now = outcome[0]
    assert [tool.inside for tool in now.cannulas] == [Inside.FILLER, Inside.FILLER]
    assert now.cement.fillings[0] == both.cement.fillings[0]
    fresh = now.cement.fillings[1]
    assert fresh.tick == both.tick
    assert fresh.ml + now.cement.batch_left_ml == pytest.approx(both.cement.batch_left_ml)
    # until the nurse has filled it nothing comes of pressing it
    assert fresh.ready_tick - both.tick == round(60 * case.filler.fill_s)
    for _ in range(8):
        now, _ = step(case, now, Action(side=Side.RIGHT, press_n=30.0))
    assert now.cement.fillings[1].ml == fresh.ml
    now, _ = step(case, replace(now, tick=fresh.ready_tick - 1), IDLE)
    for _ in range(60):
        now, _ = step(case, now, Action(side=Side.RIGHT, press_n=5.0))
    assert now.cement.fillings[1].ml < fresh.ml


def test_cement_of_the_other_side_rides_on_the_lift_that_is_baked(case: Case) -> None:
    state, plan = first_state(case), case.plans[Side.LEFT]
    tool = insertion.place(case, Side.LEFT, plan.skin_mm, plan.direction)
    tool = replace(tool, inside=Inside.TAMP, working=True)
    bone, plate = state.body.bone, case.patient.hinge.superior
    k = round((plate.top_z_mm + 1.5 - bone.origin_mm[2]) / bone.spacing_mm)
    j = round((plate.hinge_y_mm - 20.0 - bone.origin_mm[1]) / bone.spacing_mm)
    i = round(-bone.origin_mm[0] / bone.spacing_mm)
    spot = np.ravel_multi_index(([i, i], [j, j], [k, k + 1]), bone.shape).astype(np.int32)
    block = np.ix_(range(i + 3, i + 9), range(j - 3, j + 3), range(k - 9, k - 2))
    held = np.arange(bone.tissue.size, dtype=np.int32).reshape(bone.shape)[block].ravel()
    voxels = frozen(np.concatenate([spot, held]))
    whole = frozen(np.ones(voxels.size))
    cloud = replace(
        state.cement.cloud, voxel=voxels, fill=whole, volume_ul=frozen(0.3 * whole),
        age_s=frozen(case.cement.set_s * whole), age_tick=state.tick,
        route=frozen(np.full(voxels.size, -1, np.int32)),
    )  # fmt: skip
    tamp = inflation.insert(case.tamp, case.physics["tamp"], bone, Side.LEFT, plan.target_mm,
                            plan.direction, plan.target_mm)  # fmt: skip
    # hard cement holds the plate: nothing sinks back before the lift is written into the bone
    cement = replace(state.cement, cloud=cloud)
    body = replace(state.body, lift=Lift(0.15), plastic=Lift(0.15))
    state = replace(state, cannulas=(tool, None), tamps=(tamp, None), cement=cement, body=body)
    outcome = exchange.tamp_out(case, state, Side.LEFT)
    assert not isinstance(outcome, str)
    after = outcome[0]
    assert after.body.baked == after.body.lift == Lift(0.15)
    risen = (after.cement.cloud.voxel[:2] - spot) * bone.spacing_mm
    assert risen == pytest.approx([3.0, 3.0], abs=0.5 * bone.spacing_mm)  # 0.15 rad at 20 mm
