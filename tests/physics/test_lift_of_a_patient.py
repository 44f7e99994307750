"""The tamp in the built L1 wedge against published height gain and loss."""

from __future__ import annotations

from dataclasses import replace

import pytest

from simulator.anatomy import store
from simulator.anatomy.plan import plan_path
from simulator.anatomy.spec import FractureSpec, PatientSpec
from simulator.engine.start import first_state
from simulator.frames import Side, along
from simulator.physics import inflation, reduction, tamping
from simulator.units import PSI_PER_MPA
from simulator.world.action import Action
from simulator.world.case import Case

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
    """Restored ex vivo 2.5-3.5 mm of which about half returns (78stepshealth review); lost on
    deflation 59 % (Rotter 2010, two group means, wide spread): half of it as margin."""
    peak, kept, psi = treated(case, 3.0)
    assert 2.0 <= peak <= 5.0
    assert 0.30 <= 1.0 - kept / peak <= 0.85
    assert psi < 300.0


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
