import math
from dataclasses import replace

import numpy as np
import pytest

from simulator.imaging import beam, dose, skin
from simulator.imaging.machine import machine
from simulator.imaging.positioner import geometry
from simulator.world.arm import Pose
from tests.imaging.phantom import SPEC, slab


def test_inverse_square_and_area_product():
    near, far = (dose.kerma_mgy(SPEC, 80.0, 0.2, d) for d in (500.0, 1000.0))
    assert near == pytest.approx(4.0 * far)
    assert far == pytest.approx(0.2 * 35.1 / 1000.0, rel=2e-3)
    shorter = replace(SPEC, sdd_mm=800.0, sad_mm=500.0)
    # The same opening caught nearer: KAP does not change.
    assert dose.kap_gycm2(shorter, 80.0, 0.2, 160.0) == pytest.approx(
        dose.kap_gycm2(SPEC, 80.0, 0.2, 200.0)
    )


def test_the_legal_limit_is_taken_30_cm_before_the_receptor():
    mas = dose.rate_limit_mas(SPEC, 90.0, 15.0)
    minute = 15.0 * 60.0 * dose.kerma_mgy(SPEC, 90.0, mas, SPEC.sdd_mm - 300.0)
    assert minute == pytest.approx(88.0)
    assert dose.rate_limit_mas(SPEC, 90.0, 0.0) == math.inf


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
    tube = dose.hand_mgy(SPEC, Pose(), 80.0, 0.2, signal, before)
    assert tube == pytest.approx(dose.kerma_mgy(SPEC, 80.0, 0.2, SPEC.sad_mm - 150.0))
    exit_side = dose.hand_mgy(SPEC, Pose(), 80.0, 0.2, signal, behind)
    assert 0.0 < exit_side < 0.02 * tube
    assert dose.hand_mgy(SPEC, Pose(), 80.0, 0.2, signal, (200.0, -150.0, 0.0)) == 0.0


def body():
    """A square bar of soft tissue, 200 mm deep and wide."""
    made = slab(200.0)
    field = made.soft.copy()
    nx = field.shape[0]
    outside = np.abs((np.arange(nx) - 0.5 * (nx - 1)) * made.spacing_mm) > 100.0
    field[outside] = 0.0
    return replace(made, soft=field)


def test_skin_dose_lies_where_the_beam_enters():
    surface = skin.surface(body())
    empty = np.zeros(surface.points_mm.shape[:2])
    got = skin.exposed(surface, empty, SPEC, Pose(field_mm=150.0), 80.0, 0.2)
    assert empty.max() == 0.0
    at = np.unravel_index(np.argmax(got), got.shape)
    x, y, z = surface.points_mm[at]
    assert (abs(x), y) == (pytest.approx(0.0, abs=25.0), pytest.approx(-100.0, abs=6.0))
    distance = np.linalg.norm(surface.points_mm[at] - np.array(geometry(SPEC, Pose(), 2).source_mm))
    want = dose.kerma_mgy(SPEC, 80.0, 0.2, distance) * machine().dose.backscatter
    assert got.max() == pytest.approx(want)
    # The exit side and what lies outside the field get none.
    assert got[surface.points_mm[..., 1] > 0.0].max() == 0.0
    half_mm = 75.0 * (SPEC.sad_mm - 100.0) / SPEC.sdd_mm
    assert got[np.abs(surface.points_mm[..., 2]) > half_mm + 1.0].max() == 0.0
    assert abs(z) < half_mm


def test_two_views_spread_the_skin_dose_and_their_order_does_not_matter():
    surface = skin.surface(body())
    empty = np.zeros(surface.points_mm.shape[:2])
    shots = [(Pose(0.0, field_mm=150.0), 0.2), (Pose(60.0, field_mm=150.0), 0.1)]

    def total(order):
        out = empty
        for pose, mas in order:
            out = skin.exposed(surface, out, SPEC, pose, 80.0, mas)
        return out

    assert np.allclose(total(shots), total(shots[::-1]))
    single = skin.exposed(surface, empty, SPEC, shots[0][0], 80.0, 0.3)
    assert total(shots).max() < single.max()
