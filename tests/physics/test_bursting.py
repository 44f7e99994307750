"""How tamps fail, and what becomes of their contrast, in the box body."""

from __future__ import annotations

from dataclasses import replace
from functools import cache

import numpy as np
import pytest

from simulator.anatomy.hinge import Fragment, Hinge, Lift, Plate
from simulator.anatomy.volume import Tissue
from simulator.physics import bursting, gauge, inflation, reduction
from simulator.units import frozen
from simulator.world.tamp import Body
from tests.physics import phantoms
from tests.physics.inflator import DT, HINGE, SPEC, TAMP, Bench, bench

UL = phantoms.H**3
STIFF = Hinge(Plate(hinge_y_mm=16.0, bottom_z_mm=-3.0, top_z_mm=3.0))
"""Nothing of this body moves."""


@cache
def filled(ml=2.5):
    return bench(0.08).run(0.1, ml / 0.1)


def contrast_ml(body):
    return float(body.spill_fill.sum(dtype=float)) * UL / 1e3


def test_contrast_is_conserved_when_a_balloon_bursts():
    b = filled()
    burst = bursting.ruptured(TAMP, b.tamp)
    assert burst.volume_ml + burst.spilled_ml == pytest.approx(b.tamp.volume_ml)
    # what the stretched system held sprays out at once: 120 mm3 per MPa
    assert burst.spilled_ml == pytest.approx(0.120 * b.tamp.pressure_mpa)
    body = bursting.spilled(TAMP, b.body, burst, burst.spilled_ml)
    assert contrast_ml(body) == pytest.approx(burst.spilled_ml, rel=1e-4)
    more = Bench(body, burst).run(0.3, 2.0).tamp
    assert more.spilled_ml == pytest.approx(burst.spilled_ml + 0.6)
    body = bursting.spilled(TAMP, body, more, more.spilled_ml - burst.spilled_ml)
    assert contrast_ml(body) == pytest.approx(more.spilled_ml, rel=1e-4)


def test_spilled_contrast_lies_in_pores_next_to_the_balloon():
    b = filled()
    body = bursting.spilled(TAMP, b.body, b.tamp, 0.3)
    kinds = b.body.bone.tissue.reshape(-1)[body.spill_voxels]
    assert set(kinds.tolist()) <= {int(Tissue.CANCELLOUS)}
    taken = b.tamp.voxels[b.tamp.crushed > 0.5]
    assert not np.intersect1d(taken, body.spill_voxels).size
    pores = 1.0 - b.body.bone.bv_tv.reshape(-1)[body.spill_voxels]
    assert (body.spill_fill <= pores + 1e-6).all()
    at, ball = (
        np.array(np.unravel_index(v, b.body.bone.shape)).T * phantoms.H
        for v in (body.spill_voxels, taken)
    )
    far = max(np.linalg.norm(ball - p, axis=1).min() for p in at[:: len(at) // 40])
    assert far < 2.0  # 0.3 mL around 2.4 mL is a shell half a millimetre thick


def test_a_pinhole_loses_its_pressure_in_seconds():
    b = filled()
    tight = b.run(0.0, 4.0)
    weeps = replace(b, tamp=bursting.weeping(TAMP, b.tamp)).run(0.0, 4.0)
    assert weeps.tamp.pressure_mpa < 0.5 * tight.tamp.pressure_mpa
    assert weeps.tamp.pressure_mpa > 0.0
    assert weeps.tamp.volume_ml + weeps.tamp.spilled_ml == pytest.approx(b.tamp.volume_ml)
    assert inflation.misuse(SPEC, weeps.tamp, 0.1) == "ruptured"


def test_the_hazard_knows_pressure_volume_and_spicules():
    tamp = replace(filled().tamp, pressure_mpa=2.0)
    rate = bursting.hazard_per_s(SPEC, TAMP, tamp, 0.0)
    assert bursting.hazard_per_s(SPEC, TAMP, replace(tamp, pressure_mpa=2.5), 0.0) == (
        pytest.approx(rate * np.exp(0.5 / 0.25))
    )
    assert bursting.hazard_per_s(SPEC, TAMP, tamp, 1.0) == pytest.approx(5.0 * rate)
    over = replace(tamp, volume_ml=SPEC.max_volume_ml + 0.1)
    assert bursting.hazard_per_s(SPEC, TAMP, over, 0.0) == pytest.approx(3.0 * rate)


def forced(tip, thin_mm, pressure_mpa, hinge=STIFF):
    """A balloon grown against a wall, and what it touches at a given pressure."""
    b = bench(0.08, tip=tip, hinge=hinge).run(0.1, 30.0)
    shell = frozen(np.full(b.body.bone.shape, thin_mm, np.float32))
    bone = replace(b.body.bone, shell_mm=shell)
    tamp = replace(b.tamp, pressure_mpa=pressure_mpa, volume_ml=3.0)
    return replace(b.body, bone=bone), tamp, bursting.touch(SPEC, TAMP, hinge, bone, tamp)


FRONT = (0.0, -16.0, 0.0)


def test_a_wall_breaks_at_the_pressure_of_a_thin_shell():
    """p = 2 t sigma / R: 0.2 mm, 100 MPa and 10 mm make 4 MPa."""
    for pressure, breaks in ((3.9, False), (4.3, True)):
        _, _, found = forced(FRONT, 0.2, pressure)
        assert bool(bursting.broken_wall(TAMP, found)) is breaks
    _, _, found = forced(FRONT, 0.2, 4.3)
    assert bursting.broken_wall(TAMP, found) == "anterior wall"
    assert bursting.at_wall_mm2(TAMP, STIFF, found) == pytest.approx(found.near_mm2[3])
    assert not bursting.broken_wall(TAMP, forced(FRONT, 0.4, 4.3)[2])


def test_behind_a_broken_wall_the_balloon_finds_room():
    body, tamp, found = forced(FRONT, 0.2, 4.3)
    wall = bursting.broken_wall(TAMP, found)
    torn, through = bursting.breached(TAMP, body, tamp, found, wall)
    hole = (torn.bone.tissue == Tissue.DEFECT) & (body.bone.tissue == Tissue.CORTICAL)
    assert 20 < np.count_nonzero(hole) < 200  # a patch of 3 mm in a shell one voxel thick
    before = Bench(body, tamp, hinge=STIFF).run(0.1, 6.0)
    after = Bench(torn, through, hinge=STIFF).run(0.1, 6.0)
    assert after.tamp.pressure_mpa < before.tamp.pressure_mpa
    outside = torn.bone.distance_mm.reshape(-1)[after.tamp.voxels] > 0.0
    assert after.tamp.crushed[outside].sum() > 5.0
    kept = body.bone.distance_mm.reshape(-1)[before.tamp.voxels] > 0.0
    assert not kept.any()
    assert inflation.misuse(SPEC, after.tamp, 0.1) == "through the anterior wall"


def test_a_broken_endplate_holds_a_quarter_of_a_whole_one():
    high = (0.0, -13.0, 8.0)
    whole = forced(high, 0.3, 2.0, STIFF)[2]
    broken = forced(high, 0.3, 2.0, HINGE)[2]
    assert not bursting.broken_wall(TAMP, whole)
    assert bursting.broken_wall(TAMP, broken) == "superior endplate"


def test_air_makes_the_gauge_soft_and_leaves_a_bubble():
    tight = filled(1.5).tamp
    air = replace(bench(0.08), tamp=replace(bench(0.08).tamp, air_ml=0.4)).run(0.1, 15.0).tamp
    assert air.volume_ml == pytest.approx(tight.volume_ml)
    taken = [float(t.crushed.sum()) * UL for t in (tight, air)]
    # Boyle: at 0.8 MPa above the room's 0.1 the air has shrunk to a ninth
    gone = 400.0 * (1.0 - 0.1013 / (0.1013 + air.pressure_mpa))
    assert taken[0] - taken[1] == pytest.approx(gone, rel=0.2)
    bubble = gauge.bubble_mm3(air)
    missing = float((air.crushed - air.fill).sum(dtype=float)) * UL
    assert missing == pytest.approx(bubble, rel=0.15)
    # the patient lies prone: the bubble is at the back
    y = (air.voxels // phantoms.body(0.08, vein=False).shape[2]) % 77
    dry = (air.crushed > 0.9) & (air.fill < 0.1)
    wet = (air.crushed > 0.9) & (air.fill > 0.9)
    assert y[dry].min() >= y[wet].max() - 1


def test_pressure_with_air_solves_boyle():
    crushed = frozen(np.zeros(1, np.float32))
    for air_ml in (0.0, 0.2, 1.0):
        p = gauge.pressure_mpa(TAMP, crushed, 0.75, 1.5, 200.0, air_ml)
        stored = TAMP["system_mm3_mpa"] * p + 1e3 * air_ml * p / (0.1013 + p)
        assert stored == pytest.approx(1300.0, rel=1e-9)


def test_a_vacuum_empties_in_seconds_and_an_overfilled_balloon_is_slow():
    def seconds(b):
        for n in range(2000):
            if b.tamp.volume_ml == 0.0:
                return n * DT
            b = b.run(-8.0, DT)
        return np.inf

    normal = seconds(filled(3.0))
    assert 4.0 < normal < 20.0
    over = seconds(bench(0.08).run(0.15, 4.8 / 0.15))
    assert over > 1.5 * normal


def test_a_balloon_fills_an_old_cavity_before_it_crushes_bone():
    b = filled(2.5).run(-1.0, 20.0)
    body = reduction.bake(TAMP, HINGE, b.body, b.tamp, last=True)
    again = inflation.insert(SPEC, TAMP, body.bone, b.tamp.side, b.tamp.tail_mm, _axis(b.tamp),
                             b.tamp.tip_mm)  # fmt: skip
    second = Bench(body, again).run(0.1, 0.7 * body.cavity_ml / 0.1).tamp
    assert second.peak_mpa < 0.35 * b.tamp.peak_mpa
    kinds = body.bone.tissue.reshape(-1)[second.voxels[second.crushed > 0.5]]
    assert np.mean(kinds == Tissue.CAVITY) > 0.9


def _axis(tamp):
    step = np.array(tamp.tip_mm) - np.array(tamp.tail_mm)
    return tuple((step / np.linalg.norm(step)).tolist())


LOOSE = Hinge(
    Plate(hinge_y_mm=16.0, bottom_z_mm=-3.0, top_z_mm=3.0),
    wall=Fragment(10.0, -4.0, 12.0, phantoms.POSTERIOR_Y, 14.0, 1.0),
)


@cache
def behind():
    """A balloon filled behind the middle, before a loose fragment."""
    return bench(0.10, tip=(0.0, -1.5, 3.0), hinge=LOOSE).run(0.1, 35.0)


def test_a_loose_fragment_is_pushed_by_a_balloon_behind_and_not_by_one_in_front():
    assert behind().body.lift.wall_mm > 1.0
    front = bench(0.10, tip=(0.0, -16.0, 3.0), hinge=LOOSE).run(0.1, 25.0)
    assert front.body.lift.wall_mm == 0.0
    firm = replace(LOOSE, wall=replace(LOOSE.wall, loose=0.0))
    still = reduction.reduce(SPEC, TAMP, firm, 2.0, (behind().tamp,), behind().body, DT)
    assert still.lift.wall_mm == behind().body.lift.wall_mm


def test_a_pushed_fragment_does_not_come_back():
    b = behind()
    assert b.run(-1.0, 20.0).body.lift.wall_mm >= b.body.lift.wall_mm > 0.0


def upside_down(b):
    """The bench seen from below: superior becomes inferior."""
    bone = b.body.bone
    turned = {
        name: frozen(getattr(bone, name)[:, :, ::-1].copy())
        for name in ("distance_mm", "shell_mm", "bv_tv", "tissue", "vein_share", "vein_radius_mm")
    }
    return replace(b, body=Body(bone=replace(bone, **turned)))


def test_an_inferior_plate_moves_as_the_superior_one_upside_down():
    up = Plate(16.0, -3.0, 3.0, 0.3, 3.0, 0.3)
    still = Plate(16.0, -3.0, 3.0)
    superior, inferior = Hinge(up, still), Hinge(still, replace(up))
    tip = (0.0, -13.0, 4.0)
    a = bench(0.10, tip=tip, hinge=superior).run(0.1, 25.0)
    mirrored = upside_down(bench(0.10, tip=(0.0, -13.0, -4.0), hinge=inferior))
    b = mirrored.run(0.1, 25.0)
    lift, other = a.body.lift, b.body.lift
    assert lift.superior_rad > 0.03
    assert lift.superior_mm > 0.2
    # columns are walked the other way, so that sums differ in their last digits
    assert other.inferior_rad == pytest.approx(lift.superior_rad, rel=1e-3)
    assert other.inferior_mm == pytest.approx(lift.superior_mm, rel=1e-3)
    assert Lift(other.inferior_rad, other.inferior_mm) == replace(
        other, superior_rad=other.inferior_rad, superior_mm=other.inferior_mm, inferior_rad=0.0,
        inferior_mm=0.0,
    )  # fmt: skip


def test_two_tamps_lift_more_than_one_and_share_the_bone():
    hinge = Hinge(Plate(16.0, 1.0, 7.0, 0.3))
    spots = [(8.0, -13.0, 3.0), (-8.0, -13.0, 3.0)]
    body = Body(bone=phantoms.body(0.10, vein=False))
    tamps = [bench(0.10, tip=tip).tamp for tip in spots]
    one = Bench(body, tamps[0], hinge=hinge).run(0.1, 25.0)
    for _ in range(round(25.0 / DT)):
        for i in range(2):
            tamps[i] = inflation.inflate(SPEC, TAMP, hinge, body, tamps[i], (tamps[1 - i],), 0.1,
                                         DT)  # fmt: skip
        body = reduction.reduce(SPEC, TAMP, hinge, 2.0, tuple(tamps), body, DT)
    both = hinge.gain_mm(body.lift, 0.0, -17.5)
    assert both > 1.3 * one.gain_mm
    shared = np.intersect1d(*(t.voxels[t.crushed > 0.5] for t in tamps))
    assert shared.size == 0
    left, right = (t.pressure_mpa for t in tamps)
    assert left == pytest.approx(right, rel=0.15)  # each its own bone, one plate


def test_a_mirrored_bone_takes_the_mirrored_balloon():
    tip = (6.0, -13.0, 4.0)
    right = (-6.0, -13.0, 4.0)
    a = bench(0.10, tip=tip).run(0.1, 20.0)
    b = bench(0.10, tip=right)
    bone = b.body.bone
    turned = {
        name: frozen(getattr(bone, name)[::-1].copy())
        for name in ("distance_mm", "shell_mm", "bv_tv", "tissue", "vein_share", "vein_radius_mm")
    }
    b = replace(b, body=Body(bone=replace(bone, **turned))).run(0.1, 20.0)
    assert b.tamp.pressure_mpa == pytest.approx(a.tamp.pressure_mpa, rel=1e-4)
    assert b.body.lift.superior_rad == pytest.approx(a.body.lift.superior_rad, rel=1e-4)
    cavity = np.zeros((2, *bone.shape))
    for grid, one in zip(cavity, (a, b), strict=True):
        grid.reshape(-1)[one.tamp.voxels] = one.tamp.crushed
    assert np.abs(cavity[0] - cavity[1][::-1]).max() < 1e-3
