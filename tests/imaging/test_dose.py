import math
from dataclasses import replace

import numpy as np
import pytest

from simulator.imaging import beam, dose, skin
from simulator.imaging.machine import machine
from simulator.imaging.positioner import geometry
from simulator.world.arm import CArm, Pose, Stand
from simulator.world.collimator import Collimator
from tests.imaging.phantom import NORMAL, SPEC, set_up, slab


def test_inverse_square_and_area_product():
    near, far = (dose.kerma_mgy(NORMAL, 80.0, 0.2, d) for d in (500.0, 1000.0))
    assert near == pytest.approx(4.0 * far)
    assert far == pytest.approx(0.2 * 35.1 / 1000.0, rel=2e-3)
    shorter = replace(SPEC, sdd_mm=800.0, sad_mm=500.0)
    # The same opening caught nearer: KAP does not change.
    near_by, far_off = (set_up(field_mm=side) for side in (160.0, 200.0))
    assert dose.kap_gycm2(shorter, near_by, 80.0, 0.2) == pytest.approx(
        dose.kap_gycm2(SPEC, far_off, 80.0, 0.2)
    )


def test_the_legal_limit_is_taken_30_cm_before_the_receptor():
    mas = dose.rate_limit_mas(SPEC, NORMAL, 90.0, 15.0)
    minute = 15.0 * 60.0 * dose.kerma_mgy(NORMAL, 90.0, mas, SPEC.sdd_mm - 300.0)
    assert minute == pytest.approx(88.0)
    assert dose.rate_limit_mas(SPEC, NORMAL, 90.0, 0.0) == math.inf


# Monte Carlo, 22 cm slab, 80 kVp: scattered kerma 1 m to the side at heights above the middle
# plane, % of entrance kerma per 400 cm2, tube under the table.
MC = [(-600.0, 0.126), (-300.0, 0.078), (0.0, 0.023), (300.0, 0.021), (600.0, 0.017)]


@pytest.mark.parametrize(("height_mm", "percent"), MC)
def test_operator_scatter_by_place(height_mm, percent):
    kap = 0.400  # Gy cm2: 1 mGy on 400 cm2
    place = (1000.0, height_mm, 0.0)  # +y is up for the prone patient: the detector's side
    got = dose.operator_usv(Pose(), 80.0, kap, place)
    assert got == pytest.approx(1000.0 * percent / 100.0, rel=0.05)


def test_operator_scatter_mirrors_and_falls_with_distance():
    left = dose.operator_usv(Pose(60.0), 90.0, 1.0, (1000.0, 0.0, 0.0))
    right = dose.operator_usv(Pose(-60.0), 90.0, 1.0, (-1000.0, 0.0, 0.0))
    assert left == pytest.approx(right)
    away = dose.operator_usv(Pose(60.0), 90.0, 1.0, (2000.0, 0.0, 0.0))
    assert away == pytest.approx(0.25 * left)
    tube = dose.operator_usv(Pose(90.0), 80.0, 1.0, (-1000.0, 0.0, 0.0))
    detector = dose.operator_usv(Pose(90.0), 80.0, 1.0, (1000.0, 0.0, 0.0))
    assert (tube, detector) == (pytest.approx(2.5), pytest.approx(0.5))  # uGy per Gy cm2


def test_a_hand_pays_full_price_at_the_tube_and_little_behind_the_patient():
    path = np.array([22.0, 0.8, 0.0, 0.0, 0.0])
    signal = float(beam.signals(beam.nodes(80.0, 0.1), path))
    before, behind = (0.0, -150.0, 0.0), (0.0, 150.0, 0.0)
    tube = dose.hand_mgy(SPEC, set_up(), Pose(), 80.0, 0.2, signal, before)
    assert tube == pytest.approx(dose.kerma_mgy(NORMAL, 80.0, 0.2, SPEC.sad_mm - 150.0))
    exit_side = dose.hand_mgy(SPEC, set_up(), Pose(), 80.0, 0.2, signal, behind)
    assert 0.0 < exit_side < 0.02 * tube
    assert dose.hand_mgy(SPEC, set_up(), Pose(), 80.0, 0.2, signal, (200.0, -150.0, 0.0)) == 0.0


def body():
    """A square bar of soft tissue, 200 mm deep and wide."""
    made = slab(200.0)
    field = made.soft.copy()
    nx = field.shape[0]
    outside = np.abs((np.arange(nx) - 0.5 * (nx - 1)) * made.spacing_mm) > 100.0
    field[outside] = 0.0
    return replace(made, soft=field)


def test_skin_dose_lies_where_the_beam_enters():
    torso = body()
    surface = skin.surface_of(torso)
    empty = np.zeros(surface.points_mm.shape[:2])
    arm = CArm(pose=Pose(field_mm=150.0), kvp=80.0, mas_pulse=0.2)
    got = skin.exposed(torso, empty, arm, SPEC)
    assert empty.max() == 0.0
    assert np.array_equal(got, skin.exposed(torso, None, arm, SPEC))
    at = np.unravel_index(np.argmax(got), got.shape)
    x, y, z = surface.points_mm[at]
    assert (abs(x), y) == (pytest.approx(0.0, abs=25.0), pytest.approx(-100.0, abs=6.0))
    distance = np.linalg.norm(surface.points_mm[at] - np.array(geometry(SPEC, Pose(), 2).source_mm))
    want = dose.kerma_mgy(NORMAL, 80.0, 0.2, distance) * machine().dose.backscatter
    assert got.max() == pytest.approx(want)
    # The exit side and what lies outside the field get none.
    assert got[surface.points_mm[..., 1] > 0.0].max() == 0.0
    half_mm = 75.0 * (SPEC.sad_mm - 100.0) / SPEC.sdd_mm
    assert got[np.abs(surface.points_mm[..., 2]) > half_mm + 1.0].max() == 0.0
    assert abs(z) < half_mm


def test_two_views_spread_the_skin_dose_and_their_order_does_not_matter():
    torso = body()
    surface = skin.surface_of(torso)
    empty = np.zeros(surface.points_mm.shape[:2])
    shots = [(Pose(0.0, field_mm=150.0), 0.2), (Pose(60.0, field_mm=150.0), 0.1)]

    def total(order):
        out = empty
        for pose, mas in order:
            out = skin.exposed(torso, out, CArm(pose=pose, kvp=80.0, mas_pulse=mas), SPEC)
        return out

    assert np.allclose(total(shots), total(shots[::-1]))
    single = skin.exposed(torso, empty, CArm(pose=shots[0][0], kvp=80.0, mas_pulse=0.3), SPEC)
    assert total(shots).max() < single.max()


def test_closed_blades_keep_the_dose_off_the_skin():
    """Exactly what the mirrored opening lets out is what the opening kept: nothing is lost."""
    torso = body()
    surface = skin.surface_of(torso)
    whole = skin.footprint(surface, SPEC, Pose(field_mm=300.0), Collimator())
    blades = Collimator(width_mm=120.0, height_mm=80.0, turn_deg=30.0)
    kept = skin.footprint(surface, SPEC, Pose(field_mm=300.0), blades)
    assert 0.0 < kept.sum() < whole.sum()
    g = geometry(SPEC, Pose(), 2)
    for at in np.argwhere(whole > 0.0):
        x, y, z = surface.points_mm[tuple(at)]
        scale = SPEC.sdd_mm / (y - g.source_mm[1])
        through = blades.passes(-x * scale, z * scale)  # the patient's left is on the left
        assert kept[tuple(at)] == (whole[tuple(at)] if through else 0.0)


def test_the_operator_stands_where_he_says():
    arm = CArm(pose=Pose(isocentre_mm=(10.0, 20.0, 30.0)))
    assert dose.place_mm(arm) == (1010.0, 20.0, 30.0)
    assert dose.place_mm(replace(arm, stand=Stand.RIGHT)) == (-990.0, 20.0, 30.0)
    back = replace(arm, stand=Stand.BACK, table_side=Stand.RIGHT)
    assert dose.place_mm(back) == (-2990.0, 20.0, 30.0)
    # Two metres further back: a ninth by the inverse square.
    near, far = (
        dose.operator_usv(arm.pose, 80.0, 1.0, dose.place_mm(a))
        for a in (replace(arm, stand=Stand.RIGHT), back)
    )
    assert far == pytest.approx(near / 9.0)
    # In a lateral the tube stands at the patient's right, and pays several times more.
    lateral = replace(arm, pose=replace(arm.pose, orbit_deg=90.0))
    left, right = (
        dose.operator_usv(lateral.pose, 80.0, 1.0, dose.place_mm(replace(lateral, stand=s)))
        for s in (Stand.LEFT, Stand.RIGHT)
    )
    assert right > 4.0 * left
