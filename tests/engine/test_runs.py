"""Whole runs: who passes, who fails and why, and that nothing depends on who looks."""

from __future__ import annotations

import json

import pytest

from simulator.engine import digest
from simulator.engine.runner import Outcome, run_case
from simulator.engine.start import first_state
from simulator.engine.step import step
from simulator.records.frames import Writer
from simulator.scenario.expectation import names
from simulator.scenario.load import load_case
from simulator.world.action import Action, Do
from simulator.world.case import Case
from simulator.world.events import Refused

CONTRACT = """duration_s fluoro_s exposures air_kerma_mgy kap_gycm2 operator_dose_usv hand_in_beam_s
skin_dose_peak_mgy hand_dose_mgy
view_error_ap_deg view_error_lateral_deg entry_error_mm trajectory_error_deg tip_error_mm
medial_breach_mm breach_grade anterior_clearance_mm blind_advance_mm blind_advance_max_mm
redirections needle_force_peak_n tamp_volume_ml tamp_pressure_peak_psi tamp_ruptures
height_before_mm height_inflated_mm height_after_mm height_gain_mm kyphotic_angle_change_deg
cement_age_at_start_s cement_injected_ml cement_filled_ml fill_fraction crosses_midline
endplate_contact syringe_pressure_peak_mpa bone_pressure_peak_kpa injection_rate_mean_ml_min
leak_ml leak_basivertebral_ml leak_segmental_ml leak_cortical_ml leak_disc_ml leak_canal_ml
leak_foramen_ml leak_tract_ml leak_visible_ml leak_reaction_s embolus_ml map_min_mmhg spo2_min_pct
pain_peak_vas lidocaine_mg"""


def test_the_expert_passes_within_the_published_bounds(expert_run: Outcome) -> None:
    m = expert_run.report.metrics
    assert expert_run.report.passed, expert_run.report.reason
    assert not expert_run.report.critical
    assert m["medial_breach_mm"] == 0
    assert 1.0 <= m["height_gain_mm"] <= 5.0
    assert 2.0 <= m["cement_filled_ml"] <= 6.0
    assert m["leak_ml"] < 0.3
    assert 60.0 <= m["fluoro_s"] <= 600.0


def test_cement_is_neither_made_nor_lost(expert_run: Outcome) -> None:
    state = expert_run.session.state
    cloud = state.cement.cloud
    held = float((cloud.fill * cloud.volume_ul).sum()) + cloud.embolised_ul
    assert held == pytest.approx(state.cement.injected_ml * 1000.0, rel=1e-9)
    split = cloud.inside_ul + sum(cloud.leak_ul)
    assert split == pytest.approx(held, rel=1e-9)


def test_every_metric_of_the_contract_is_there(expert_run: Outcome) -> None:
    assert set(CONTRACT.split()) <= set(expert_run.report.metrics)
    assert set(CONTRACT.split()) <= set(names())
    json.dumps(expert_run.to_json())


def test_clumsy_fails_with_a_sentinel_that_names_the_breach(clumsy_run: Outcome) -> None:
    assert not clumsy_run.report.passed
    assert {f.id for f in clumsy_run.report.critical} & {"medial_rule_broken", "canal_breach"}


def test_hands_off_ends_at_the_time_limit_and_does_not_pass(case: Case) -> None:
    out = run_case(case, "hands-off")
    assert not out.report.passed
    assert out.report.duration_s == pytest.approx(case.time_limit_s, abs=0.1)
    assert out.report.total < 20.0


@pytest.mark.long
def test_the_same_run_twice_is_the_same_to_the_bit(case: Case, expert_run: Outcome) -> None:
    assert run_case(case, "expert").state_hash == expert_run.state_hash


def test_another_seed_is_another_run(case: Case) -> None:
    other = load_case("l1-wedge", 2)
    mine = digest.state_hash(case, first_state(case))
    assert digest.state_hash(other, first_state(other)) != mine


@pytest.mark.long
def test_looking_changes_nothing(case: Case, expert_run: Outcome, tmp_path_factory) -> None:
    films = Writer(case, tmp_path_factory.mktemp("frames"))
    seen = [0]

    def look(session, events) -> None:
        seen[0] += 1
        if seen[0] % 40 == 0:
            films.look(session, events)

    assert run_case(case, "expert", hook=look).state_hash == expert_run.state_hash


def test_a_refused_wish_changes_nothing_but_the_tick(case: Case) -> None:
    state = first_state(case)
    after, events = step(case, state, Action(do=Do.TAMP_IN))
    assert [type(e) for e in events] == [Refused]
    assert after.cannulas == state.cannulas
    assert after.tamps == state.tamps
    assert after.body is state.body
    assert after.phase == state.phase


def test_hands_off_and_beam_off_changes_only_the_tick(case: Case) -> None:
    state = first_state(case)
    after, events = step(case, state, Action())
    assert events == ()
    changed = [k for k, v in digest.parts(after).items() if digest.parts(state)[k] != v]
    assert changed == ["tick"]


def test_a_step_is_a_pure_function(case: Case, expert_run: Outcome) -> None:
    for state in expert_run.session.snapshots[::40]:
        before = digest.digest(state)
        action = Action(beam=True, push_n=30.0, press_n=10.0, inflate_ml_s=0.05)
        first, second = step(case, state, action), step(case, state, action)
        assert digest.digest(first[0]) == digest.digest(second[0])
        assert digest.digest(state) == before


def test_dose_and_beam_time_never_fall(expert_run: Outcome) -> None:
    arms = [s.c_arm for s in expert_run.session.snapshots]
    for name in (
        "air_kerma_mgy",
        "kap_gycm2",
        "fluoro_ticks",
        "exposures",
        "operator_dose_usv",
        "hand_mgy",
        "skin_peak_mgy",
    ):
        values = [getattr(arm, name) for arm in arms]
        assert values == sorted(values)
