import csv

import pytest

from simulator.imaging import beam, dose
from simulator.imaging.beam import PathLengths
from simulator.imaging.exposure import expose, lengths_for, pulse_due, shot_of
from simulator.imaging.machine import machine
from simulator.paths import asset
from simulator.scenario.assets import chosen
from simulator.world.arm import CArm, Pose, View
from tests.imaging import phantom
from tests.imaging.phantom import SPEC


def rows(name):
    with asset(name).open() as file:
        return list(csv.DictReader(line for line in file if not line.startswith("#")))


def curve(name):
    key = {"norm": "c_arm", "low ": "c_arm_low_dose", "high": "c_arm_high_contrast"}[name[:4]]
    return chosen("c_arm", key)


INSIDE = [r for r in rows("beam/abc_curves.csv") if 60.5 < float(r["kVp"]) < 119.0]
"""Rows between the limits of the tables."""


@pytest.mark.parametrize("row", INSIDE, ids=lambda r: r["curve"] + r["T_cm"])
def test_brightness_control_follows_the_design_curves(row):
    t, kvp = float(row["T_cm"]), float(row["kVp"])
    spec = curve(row["curve"])
    lengths = PathLengths(Pose(), (t,) * 25, (0.8 * t / 22.0,) * 25)
    got, mas = beam.settled(spec, lengths, 300.0)
    assert got == pytest.approx(kvp, rel=0.05)
    assert mas == pytest.approx(float(row["mAs_pulse"]), rel=0.05)
    minute = 15.0 * 60.0
    at_the_row = kvp, float(row["mAs_pulse"])
    assert dose.kap_gycm2(spec, *at_the_row, 200.0) * minute == pytest.approx(
        float(row["KAP_Gycm2_min_20cm_field"]), rel=0.05
    )
    assert dose.reference_kerma_mgy(spec, *at_the_row) * minute == pytest.approx(
        float(row["Kref_mGy_min_15pps"]), rel=0.05
    )


def test_brightness_control_stops_at_its_limits():
    m = machine().limits
    for t, kvp in ((2.0, m.kvp_min), (45.0, m.kvp_max)):
        lengths = PathLengths(Pose(), (t,) * 25, (0.0,) * 25)
        got, mas = beam.settled(SPEC, lengths, 300.0)
        assert got == kvp
        assert mas <= m.boost * beam.mas_of(SPEC, kvp)
    thin = beam.settled(SPEC, PathLengths(Pose(), (2.0,) * 25, (0.0,) * 25), 300.0)
    assert thin[1] < 0.3 * beam.mas_of(SPEC, m.kvp_min)


def test_brightness_control_keeps_the_legal_rate():
    """A very large patient on the high-contrast curve would get more 30 cm from the receptor."""
    spec = curve("high")
    lengths = PathLengths(Pose(), (38.0,) * 25, (0.8 * 38.0 / 22.0,) * 25)
    free = beam.settled(spec, lengths, 300.0)
    kept = beam.settled(spec, lengths, 300.0, 15.0)

    def minute(kvp, mas):
        return 15.0 * 60.0 * dose.kerma_mgy(spec, kvp, mas, spec.sdd_mm - 300.0)

    assert minute(*free) > 88.0
    assert minute(*kept) == pytest.approx(88.0, rel=0.003)  # kVp is rounded to a hundredth
    assert minute(*kept) <= 88.0
    assert kept[1] == pytest.approx(beam.mas_of(spec, kept[0]), rel=1e-3)
    slower = beam.settled(spec, lengths, 300.0, 7.5)
    assert slower == free


def test_path_lengths_of_a_slab_and_a_ball():
    ball = phantom.ball((0.0, 0.0, 0.0), 30.0, soft=0.0, cortical=1.0)
    patient = phantom.patient([ball], torso=phantom.slab(200.0))
    lengths = beam.path_lengths(SPEC, patient, Pose())
    assert len(lengths.soft_cm) == 25
    assert lengths.soft_cm[12] == pytest.approx(20.0, rel=0.01)
    assert lengths.cortical_cm[12] == pytest.approx(6.0, rel=0.03)
    known = lengths_for(phantom.case(patient), Pose(), lengths)
    assert known is lengths
    assert lengths_for(phantom.case(patient), Pose(30.0), lengths).pose == Pose(30.0)


def test_pulse_pattern():
    for rate, every in ((30.0, 2), (15.0, 4), (7.5, 8), (3.75, 16)):
        assert [t for t in range(64) if pulse_due(t, rate)] == list(range(0, 64, every))


def test_a_pulse_counts_everything_and_brightness_settles():
    case = phantom.case()
    lengths = lengths_for(case, Pose())
    arm = CArm(kvp=70.0, mas_pulse=0.1)
    arm, shot = expose(case, arm, ((0.0, 0.0, 0.0), None), 8, lengths)
    assert arm.exposures == 1
    assert arm.air_kerma_mgy == pytest.approx(dose.kerma_mgy(SPEC, 70.0, 0.1, 470.0))
    assert arm.kap_gycm2 == pytest.approx(dose.kap_gycm2(SPEC, 70.0, 0.1, 300.0))
    assert arm.last is arm.last_ap is shot
    assert arm.last_lateral is None
    assert shot.view is View.AP
    assert shot.tip_in_field == (True, False)
    goal = beam.settled(SPEC, lengths, 300.0)
    # One pulse at 7.5 / s goes 1 - exp(-0.133 / 0.3) of the way, at most 5 kV.
    assert arm.kvp == pytest.approx(70.0 + min(5.0, 0.359 * (goal[0] - 70.0)), abs=0.05)
    for tick in range(40):
        arm, _ = expose(case, arm, (None, None), tick, lengths)
    assert (arm.kvp, arm.mas_pulse) == pytest.approx(goal, rel=1e-3)


def test_pulses_keep_the_legal_rate():
    """A very large patient, high-contrast curve, 30 pulses per second."""
    spec = curve("high")
    lengths = PathLengths(Pose(), (36.0,) * 25, (1.3,) * 25)
    case = phantom.case()
    case.c_arm = spec
    arm = CArm(kvp=80.0, mas_pulse=0.3, pulses_per_s=30.0)
    for tick in range(200):
        arm, _ = expose(case, arm, (None, None), tick, lengths)
    minute = 30.0 * 60.0 * dose.kerma_mgy(spec, arm.kvp, arm.mas_pulse, spec.sdd_mm - 300.0)
    assert minute == pytest.approx(88.0, rel=0.003)
    assert minute < 88.01


def test_shots_know_their_view_and_error():
    case = phantom.case()
    far = ((0.0, 0.0, 300.0), None)
    lateral = shot_of(case, Pose(85.0), far, 1)
    assert (lateral.view, lateral.tip_in_field) == (View.LATERAL, (False, False))
    assert lateral.error_deg == pytest.approx(5.0)
    assert shot_of(case, Pose(60.0), far, 1).error_deg == pytest.approx(30.0)
