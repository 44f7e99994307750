"""The balloon in the box body."""

from dataclasses import replace
from functools import cache

import numpy as np
import pytest

from simulator.anatomy.hinge import Hinge
from simulator.anatomy.volume import Tissue
from simulator.frames import Side
from simulator.physics import bursting, inflation
from simulator.scenario import assets
from simulator.units import PSI_PER_MPA, frozen
from simulator.world.tamp import Body
from tests.physics import phantoms
from tests.physics.inflator import ANTERIOR, HINGE, SPEC, TAMP, Bench, bench


@cache
def stepwise(bv=0.08):
    """Four millilitres in steps of a quarter with pauses of 6 s; also the trace of pressures."""
    b = bench(bv)
    marks = {}
    for n in range(1, 17):
        b = b.run(0.06, 0.25 / 0.06)
        peak = b.tamp.pressure_mpa
        b = b.run(0.0, 6.0)
        marks[n / 4] = (peak, b.tamp.pressure_mpa)
    return b, marks


def test_pressure_has_a_plateau_in_osteoporotic_bone():
    _, marks = stepwise()
    for ml in (1.0, 2.0, 3.0, 4.0):
        peak, held = marks[ml]
        assert 0.4 < held < peak < 1.5


def test_pressure_decays_while_the_inflator_rests():
    """Reference 4.4: relaxation to 70-85 % of the peak; less bone relaxes more."""
    _, marks = stepwise(CRUSHED_YOUNG_BV)
    for ml in (2.0, 3.0, 4.0):
        peak, held = marks[ml]
        assert 0.70 < held / peak < 0.86


CRUSHED_YOUNG_BV = 0.10 * (0.34 * 32.6 * 0.20**1.60) ** 0.5
"""Bone of 0.20 g/cm3 at 0.34 of its yield stress (reference 4.4): as strong as this in the law."""


def test_young_bone_that_was_crushed_before_takes_the_published_pressure():
    """2.95 mL at 122.7 +- 27.9 psi, read when the inflation was over (reference 4.3)."""
    _, marks = stepwise(CRUSHED_YOUNG_BV)
    _, held = marks[3.0]
    assert held * PSI_PER_MPA == pytest.approx(122.7, abs=27.9)


def test_a_fast_stroke_spikes():
    slow, fast = (bench(0.08).run(rate, 1.0 / rate).tamp.peak_mpa for rate in (0.05, 0.4))
    assert fast > 1.5 * slow


def test_denser_bone_holds_against_a_higher_pressure():
    levels = []
    for bv in (0.06, 0.10, 0.14):
        b = bench(bv).run(0.06, 1.5 / 0.06)
        levels.append(b.tamp.pressure_mpa)
    assert levels[0] < levels[1] < levels[2]


def test_contrast_is_where_the_cavity_is():
    b, _ = stepwise()
    h3 = phantoms.H**3 / 1e3
    contrast = float(b.tamp.fill.sum(dtype=np.float64)) * h3
    assert (b.tamp.fill <= b.tamp.crushed).all()
    # what is missing stretches the line, or lies in the room that the lift has opened
    room = inflation.opened_mm3(HINGE, TAMP, b.body, b.tamp) / 1e3
    stretched = b.tamp.pressure_mpa * TAMP["system_mm3_mpa"] / 1e3
    assert contrast + room + stretched == pytest.approx(b.tamp.volume_ml, abs=0.02)


def test_the_cavity_is_near_round_and_sits_on_the_balloon():
    b, _ = stepwise()
    taken = b.tamp.voxels[b.tamp.crushed > 0.5]
    at = np.array(np.unravel_index(taken, b.body.bone.shape)).T * phantoms.H
    size = np.ptp(at, axis=0)
    assert size.max() / size.min() < 1.4
    centre = at.mean(axis=0) + np.array(b.body.bone.origin_mm)
    middle = 0.5 * (np.array(b.tamp.tail_mm) + np.array(b.tamp.tip_mm))
    assert np.abs(centre - middle).max() < 1.5


def test_the_membrane_keeps_the_front_smooth():
    """Surface in units of a sphere's (as voxels count it): 1 is a ball, fingers pass 2."""
    b, _ = stepwise()
    cavity = np.zeros(b.body.bone.shape, bool)
    cavity.reshape(-1)[b.tamp.voxels[b.tamp.crushed > 0.5]] = True
    faces = sum(np.count_nonzero(np.diff(cavity, axis=axis)) for axis in range(3))
    radius = (3.0 * np.count_nonzero(cavity) / (4.0 * np.pi)) ** (1 / 3)
    assert faces / (1.5 * 4.0 * np.pi * radius**2) < 1.4


def test_the_balloon_never_grows_through_cortex():
    b = bench(0.08, tip=(0.0, -16.0, 0.0)).run(0.1, 40.0)
    kinds = set(b.body.bone.tissue.ravel()[b.tamp.voxels].tolist())
    assert kinds <= {int(Tissue.CANCELLOUS)}
    assert b.tamp.pressure_mpa > 0.0


def test_pressure_is_never_negative_and_deflation_empties():
    b = bench(0.10).run(0.1, 20.0)
    seen = []
    for _ in range(80):
        b = b.run(-0.5, 4 / 60)
        seen.append(b.tamp.pressure_mpa)
    assert min(seen) == 0.0
    assert b.tamp.volume_ml == 0.0
    assert b.tamp.fill.sum() == 0.0
    assert b.tamp.crushed.sum() > 0.0


def test_deflating_twice_changes_nothing():
    b = bench(0.10).run(0.1, 20.0).run(-1.0, 5.0)
    again = b.run(-1.0, 1.0)
    assert again.tamp is b.tamp


def test_a_cavity_refills_without_pressure():
    b = bench(0.10).run(0.1, 20.0).run(0.0, 20.0).run(-1.0, 5.0)
    crushed_ml = float(b.tamp.crushed.sum()) * phantoms.H**3 / 1e3
    b = b.run(0.1, 0.9 * crushed_ml / 0.1)
    assert b.tamp.pressure_mpa == 0.0
    assert float(b.tamp.fill.sum()) * phantoms.H**3 / 1e3 == pytest.approx(
        b.tamp.volume_ml, rel=1e-3
    )


def test_beyond_its_volume_the_membrane_tightens():
    b = bench(0.08).run(0.1, 40.0).run(0.0, 10.0)
    more = b.run(0.1, 8.0).run(0.0, 10.0)
    assert more.tamp.pressure_mpa > b.tamp.pressure_mpa + 0.5
    assert inflation.misuse(SPEC, more.tamp, 0.1) == "over volume"
    assert inflation.misuse(SPEC, more.tamp, 0.0) == ""


def test_inflating_inside_the_cannula_is_misuse_and_spikes():
    free = bench(0.10).run(0.06, 10.0)
    bound = bench(0.10, in_cannula_mm=8.0)
    assert inflation.misuse(SPEC, bound.tamp, 0.06) == "inside the cannula"
    bound = bound.run(0.06, 10.0)
    assert bound.tamp.pressure_mpa > 1.5 * free.tamp.pressure_mpa


def test_insertion_leaves_in_the_cannula_what_does_not_fit():
    bone = phantoms.body(vein=False)
    tip = (0.0, 4.0, 0.0)
    short = inflation.insert(SPEC, TAMP, bone, Side.RIGHT, tip, ANTERIOR, (0.0, -5.0, 0.0))
    assert short.in_cannula_mm == pytest.approx(6.0)
    assert short.tip_mm == pytest.approx((0.0, -5.0, 0.0))
    bare = inflation.uncovered(short, TAMP, bone, 0.0)
    assert bare.in_cannula_mm == 0.0
    assert (bare.crushed == 1.0).sum() > (short.crushed == 1.0).sum()


def test_two_balloons_do_not_share_voxels():
    bone = phantoms.body(0.08, vein=False)
    left = bench(0.08, tip=(5.0, -13.0, 0.0)).tamp
    right = replace(bench(0.08, tip=(-5.0, -13.0, 0.0)).tamp, side=Side.RIGHT)
    body = Body(bone=bone)
    for _ in range(600):
        left = inflation.inflate(SPEC, TAMP, HINGE, body, left, (right,), 0.08, 4 / 60)
        right = inflation.inflate(SPEC, TAMP, HINGE, body, right, (left,), 0.08, 4 / 60)
    shared = np.intersect1d(left.voxels[left.crushed > 0.5], right.voxels[right.crushed > 0.5])
    assert left.volume_ml > 3.0
    assert shared.size == 0


def test_rupture_is_rare_within_limits_and_likely_beyond():
    b, _ = stepwise()
    within = bursting.hazard_per_s(SPEC, TAMP, b.tamp, 0.2)
    over = replace(b.tamp, pressure_mpa=3.6, volume_ml=4.5)
    beyond = bursting.hazard_per_s(SPEC, TAMP, over, 0.2)
    assert 0.0 < 60.0 * within < 0.03
    assert beyond > 0.05
    burst = bursting.ruptured(TAMP, b.tamp)
    assert burst.pressure_mpa == 0.0
    assert bursting.hazard_per_s(SPEC, TAMP, burst, 0.2) == 0.0
    more = Bench(b.body, burst).run(0.1, 1.0).tamp
    assert more.volume_ml == burst.volume_ml
    assert more.spilled_ml == pytest.approx(burst.spilled_ml + 0.1)


def test_two_runs_give_equal_bits():
    a, b = (bench(0.10).run(0.1, 15.0) for _ in range(2))
    assert a.tamp.crushed.tobytes() == b.tamp.crushed.tobytes()
    assert a.tamp.voxels.tobytes() == b.tamp.voxels.tobytes()
    assert a.body.lift.superior_rad == b.body.lift.superior_rad


def test_shipped_tamps_have_the_usual_limits():
    volumes = {n: t.max_volume_ml for n, t in assets.catalogue("tamp").items()}
    assert volumes == {"tamp_10": 3.0, "tamp_15": 4.0, "tamp_20": 6.0}
    assert isinstance(HINGE, Hinge)


def test_denser_bone_lifts_more_at_a_higher_pressure():
    loose, dense = (stepwise(bv)[0] for bv in (0.08, CRUSHED_YOUNG_BV))
    assert dense.gain_mm > loose.gain_mm + 0.5
    assert dense.tamp.peak_mpa > loose.tamp.peak_mpa


def test_a_weak_pocket_draws_the_balloon():
    b = bench(0.10)
    bone = b.body.bone
    bv = bone.bv_tv.copy()
    front = int((-9.0 - bone.origin_mm[1]) / phantoms.H)
    bv[:, :front] *= 0.4
    weak = replace(b, body=Body(bone=replace(bone, bv_tv=frozen(bv))))

    def middle_y(bench_now):
        taken = bench_now.run(0.1, 25.0).tamp
        y = (taken.voxels // bone.shape[2]) % bone.shape[1]
        return float((y * taken.crushed).sum() / taken.crushed.sum()) * phantoms.H

    assert middle_y(weak) < middle_y(b) - 0.8  # the trial behind the law found 1.2 mm
