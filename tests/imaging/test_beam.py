import pytest

from simulator.imaging import beam, dose
from simulator.imaging.exposure import expose, lengths_for, pulse_due, shot_of
from simulator.imaging.machine import machine
from simulator.world.arm import CArm, Plane, Pose, View
from simulator.world.collimator import Collimator
from tests.imaging import phantom
from tests.imaging.phantom import NORMAL, SPEC, set_up


def test_path_lengths_of_a_slab_and_a_ball():
    ball = phantom.ball((0.0, 0.0, 0.0), 30.0, soft=0.0, cortical=1.0)
    patient = phantom.patient([ball], torso=phantom.slab(200.0))
    lengths = beam.path_lengths(SPEC, patient, Pose())
    assert len(lengths.soft_cm) == 25
    assert lengths.soft_cm[12] == pytest.approx(20.0, rel=0.01)
    assert lengths.cortical_cm[12] == pytest.approx(6.0, rel=0.03)
    assert lengths.pose == Pose()


def test_pulse_pattern():
    for rate, every in ((30.0, 2), (15.0, 4), (7.5, 8), (3.75, 16)):
        assert [t for t in range(64) if pulse_due(t, rate)] == list(range(0, 64, every))
        second = [t for t in range(64) if pulse_due(t, rate, 1)]
        assert second == list(range(every // 2, 64, every))


def test_a_pulse_counts_everything_and_brightness_settles():
    case = phantom.case()
    lengths = lengths_for(case, Pose())
    arm = CArm(kvp=70.0, mas_pulse=0.1)
    arm, shot = expose(case, arm, ((0.0, 0.0, 0.0), None), 8, lengths)
    assert arm.exposures == 1
    assert arm.air_kerma_mgy == pytest.approx(dose.kerma_mgy(NORMAL, 70.0, 0.1, 470.0))
    assert arm.kap_gycm2 == pytest.approx(dose.kap_gycm2(SPEC, set_up(), 70.0, 0.1))
    assert arm.last is arm.last_ap is shot
    assert arm.last_lateral is None
    assert shot.view is View.AP
    assert shot.tip_in_field == (True, False)
    goal = beam.settled(SPEC, set_up(), lengths)
    # One pulse at 7.5 / s goes 1 - exp(-0.133 / 0.3) of the way, at most 5 kV.
    assert arm.kvp == pytest.approx(70.0 + min(5.0, 0.359 * (goal[0] - 70.0)), abs=0.05)
    for tick in range(40):
        arm, _ = expose(case, arm, (None, None), tick, lengths)
    assert (arm.kvp, arm.mas_pulse) == pytest.approx(goal, rel=1e-3)


def test_shots_know_their_view_and_error():
    case = phantom.case()
    far = ((0.0, 0.0, 300.0), None)
    lateral = shot_of(case, CArm(Pose(85.0)), far, 1)
    assert (lateral.view, lateral.tip_in_field) == (View.LATERAL, (False, False))
    assert lateral.error_deg == pytest.approx(5.0)
    assert shot_of(case, CArm(Pose(60.0)), far, 1).error_deg == pytest.approx(30.0)


def test_a_tip_behind_the_blades_is_not_in_the_picture():
    case = phantom.case()
    tips = ((0.0, 0.0, 40.0), (0.0, 0.0, 20.0))
    narrow = Collimator(height_mm=80.0)
    shot = shot_of(case, CArm(Pose(), collimator=narrow), tips, 1, plane=1)
    assert shot.tip_in_field == (False, True)
    assert (shot.plane, shot.collimator) == (1, narrow)


def test_skin_and_hand_are_counted():
    case = phantom.case()
    lengths = lengths_for(case, Pose())
    arm = CArm(kvp=80.0, mas_pulse=0.2)
    hub = (0.0, 150.0, 0.0)
    once, _ = expose(case, arm, (None, None), 8, lengths, hub)
    assert once.hand_mgy > 0.0
    assert once.skin_peak_mgy == once.skin_mgy.max() > 0.0
    assert arm.skin_mgy is None
    twice, _ = expose(case, arm.with_plane(0, once), (None, None), 16, lengths)
    assert twice.hand_mgy == once.hand_mgy
    assert twice.skin_peak_mgy > 1.5 * once.skin_peak_mgy
    shut = CArm(kvp=80.0, mas_pulse=0.2, collimator=Collimator(width_mm=30.0))
    beside, _ = expose(case, shut, (None, None), 8, lengths, (40.0, 150.0, 0.0))
    assert beside.hand_mgy == 0.0


def test_each_plane_has_its_own_technique_and_the_counters_are_one():
    case = phantom.case()
    case.c_arm = machine().biplane
    arm = CArm(kvp=70.0, mas_pulse=0.1, second=Plane(kvp=80.0, mas_pulse=0.2))
    first, _ = expose(case, arm, (None, None), 8, lengths_for(case, Pose()))
    both, shot = expose(case, first, (None, None), 12, lengths_for(case, Pose(90.0)), plane=1)
    assert (both.kvp, both.mas_pulse, both.pose) == (first.kvp, first.mas_pulse, first.pose)
    assert both.second.kvp != arm.second.kvp
    assert first.second == arm.second
    assert (shot.plane, both.last_lateral, both.last_ap) == (1, shot, first.last_ap)
    assert both.exposures == 2
    lateral = dose.kerma_mgy(NORMAL, 80.0, 0.2, 470.0)
    assert both.air_kerma_mgy == pytest.approx(first.air_kerma_mgy + lateral)
