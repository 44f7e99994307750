"""The tamp in the built L1 wedge against published height gain and loss."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from simulator.anatomy import store
from simulator.anatomy.plan import plan_path
from simulator.anatomy.spec import FractureSpec, PatientSpec
from simulator.engine.start import first_state
from simulator.frames import Side, along
from simulator.physics import inflation, reduction, tamping
from simulator.scenario.load import load_case
from simulator.units import PSI_PER_MPA, frozen
from simulator.world.action import Action
from simulator.world.case import Case
from simulator.world.cement import Cement, Cloud
from simulator.world.state import State

_DT_S = 4 / 60
_STEP_ML, _RATE_ML_S, _PAUSE_S = 0.25, 0.08, 5.0


def treated(case: Case, age_weeks: float) -> tuple[float, float, float]:
    """Fill to 3.9 mL in paused steps and deflate; return peak gain, kept gain (mm), peak psi."""
    constants, hinge, plan = case.physics["tamp"], case.patient.hinge, case.plans[Side.LEFT]
    body = first_state(case).body
    tip = along(plan.target_mm, plan.direction, -20.0)
    tamp = inflation.insert(
        case.tamp, constants, body.bone, Side.LEFT, tip, plan.direction, plan.target_mm
    )
    goal = 0.0
    rates = []
    while goal < 3.9:
        goal += _STEP_ML
        turning = round(_STEP_ML / _RATE_ML_S / _DT_S)
        rates += [_RATE_ML_S] * turning + [0.0] * round(_PAUSE_S / _DT_S)
    peak = 0.0
    for rate in rates + [-0.5] * 900:
        tamp = inflation.inflate(
            case.tamp, constants, hinge, body, tamp, (), rate if tamp.volume_ml < 3.9 or rate < 0
            else 0.0, _DT_S,
        )  # fmt: skip
        body = reduction.reduce(case.tamp, constants, hinge, age_weeks, (tamp,), body, _DT_S)
        peak = max(peak, case.patient.anterior_gain_mm(body.lift))
    return peak, case.patient.anterior_gain_mm(body.lift), tamp.peak_mpa * PSI_PER_MPA


def test_a_fresh_fracture_gains_and_loses_as_published(case: Case) -> None:
    """At its highest 3-6 mm; lost on deflation 40-65 % (Rotter 2010: 59 %)."""
    peak, kept, psi = treated(case, 3.0)
    assert 3.0 <= peak <= 6.0
    assert 0.40 <= 1.0 - kept / peak <= 0.65
    assert psi < 300.0


def filled(case: Case, ml: float) -> State:
    """Both tamps in place, filled in turn by half a millilitre."""
    state, constants = first_state(case), case.physics["tamp"]
    left, right = (
        inflation.insert(
            case.tamp, constants, state.body.bone, side,
            along(plan.target_mm, plan.direction, -20.0), plan.direction, plan.target_mm,
        )
        for side, plan in ((side, case.plans[side]) for side in Side)
    )  # fmt: skip
    state = replace(state, tamps=(left, right))
    for _ in range(round(ml / 0.5)):
        for side in Side:
            state = turned(case, state, side, 0.1, 5.0)
            state = turned(case, state, side, 0.0, 4.0)
    return state


def turned(case: Case, state: State, side: Side, rate_ml_s: float, seconds: float) -> State:
    """Turn one inflator for a while."""
    for _ in range(round(seconds / _DT_S)):
        state = replace(state, tick=state.tick + tamping.PERIOD_TICKS)
        state, _ = tamping.work(case, state, Action(side=side, inflate_ml_s=rate_ml_s))
    return state


@pytest.mark.slow
@pytest.mark.parametrize("name", ["l1-wedge", "l3-wedge"])
def test_two_tamps_lift_more_than_one_and_lose_the_same_share(name: str) -> None:
    """A small body and a large one: 3-6 mm at the highest, 40-65 % of it lost."""
    case = load_case(name, 1)
    high = filled(case, 4.0)
    low = high
    for side in Side:
        low = turned(case, low, side, -1.0, 12.0)
    peak, kept = (
        case.patient.anterior_gain_mm(body.lift) for body in (high.body, tamping.at_rest(case, low))
    )
    assert treated(case, 3.0)[0] + 1.0 < peak <= 6.2
    assert 0.40 <= 1.0 - kept / peak <= 0.65


@pytest.mark.slow
def test_the_filled_side_holds_what_the_other_tamp_lets_go_once_its_cement_is_hard(
    case: Case,
) -> None:
    """One side at a time: the cavity of the left one is full while the right one is emptied."""
    high = filled(case, 3.0)
    tamp = high.tamps[Side.LEFT]
    assert tamp is not None
    voxels = tamp.voxels[tamp.crushed > 0.5]
    whole = frozen(np.ones(voxels.size))
    gains = []
    for share in (0.6, 0.99):
        cloud = Cloud(
            voxel=voxels,
            fill=whole,
            volume_ul=frozen(whole * high.body.bone.spacing_mm**3),
            age_s=frozen(whole * share * case.cement.set_s),
            pressure_kpa=frozen(np.zeros(voxels.size)),
            mobility=frozen(np.zeros(voxels.size)),
            route=frozen(np.full(voxels.size, -1, np.int32)),
            age_tick=high.tick,
        )
        now = replace(high, tamps=(None, high.tamps[1]), cement=Cement(cloud=cloud))
        now = turned(case, now, Side.RIGHT, -1.0, 12.0)
        gains.append(case.patient.anterior_gain_mm(now.body.lift))
    peak = case.patient.anterior_gain_mm(high.body.lift)
    assert gains[0] < 0.6 * peak  # dough lets it sink
    assert gains[1] > 0.95 * peak


def test_an_old_fracture_falls_back(case: Case) -> None:
    peak, kept, _ = treated(case, 60.0)
    assert kept == pytest.approx(0.0, abs=0.1)
    assert peak < treated(case, 3.0)[0] + 0.3


@pytest.mark.slow
def test_a_fragment_is_in_danger_from_a_tamp_that_lies_too_far_back(case: Case) -> None:
    """A built fracture with its fragment 3 mm set back; one tamp to 4 mL in three places."""
    fracture = FractureSpec(anterior_height_fraction=0.65, retropulsion_mm=3.0)
    patient = store.patient(PatientSpec(level="L1", seed=5, t_score=-3.0, fracture=fracture))
    broken = replace(case, patient=patient)
    plan = plan_path(patient.target, Side.LEFT, 1.6)
    moved = []
    for back_mm in (0.0, 8.0, 14.0):
        end = along(plan.target_mm, plan.direction, -back_mm)
        state = first_state(broken)
        tamp = inflation.insert(
            case.tamp, case.physics["tamp"], state.body.bone, Side.LEFT,
            along(end, plan.direction, -20.0), plan.direction, end,
        )  # fmt: skip
        state = replace(state, tamps=(tamp, None))
        for _ in range(600):
            state = replace(state, tick=state.tick + tamping.PERIOD_TICKS)
            state, _ = tamping.work(broken, state, Action(inflate_ml_s=0.1))
        moved.append(state.body.lift.wall_mm)
    assert moved == sorted(moved)
    assert moved[0] < 1.0 < moved[1]
    assert moved[2] > 2.0  # what the judge calls pushed
