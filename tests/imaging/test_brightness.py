"""Brightness control: the design curves, both grids, the blades, and what the law allows."""

import csv
import math
from dataclasses import replace

import numpy as np
import pytest

from simulator.imaging import beam, dose, spectra
from simulator.imaging.beam import PathLengths
from simulator.imaging.exposure import expose
from simulator.imaging.machine import machine
from simulator.paths import asset
from simulator.world.arm import CArm, Curve, Pose
from simulator.world.collimator import Collimator
from tests.imaging import phantom
from tests.imaging.phantom import SPEC, set_up


def rows(name):
    with asset(name).open() as file:
        return list(csv.DictReader(line for line in file if not line.startswith("#")))


CURVES = {"norm": Curve.NORMAL, "low ": Curve.LOW_DOSE, "high": Curve.HIGH_CONTRAST}
INSIDE = [r for r in rows("beam/abc_curves.csv") if 60.5 < float(r["kVp"]) < 119.0]
"""Rows between the limits of the tables."""


def slab(t_cm, bone_cm=0.0):
    return PathLengths(Pose(), (t_cm,) * 25, (bone_cm,) * 25)


@pytest.mark.parametrize("row", INSIDE, ids=lambda r: r["curve"] + r["T_cm"])
def test_brightness_control_follows_the_design_curves(row):
    t, kvp, mas = (float(row[k]) for k in ("T_cm", "kVp", "mAs_pulse"))
    curve = CURVES[row["curve"][:4]]
    setting = set_up(curve=curve)
    got = beam.settled(SPEC, setting, slab(t, 0.8 * t / 22.0))
    assert got == pytest.approx((kvp, mas), rel=0.05)
    minute = 15.0 * 60.0
    twenty = replace(setting, field_mm=200.0)
    assert dose.kap_gycm2(SPEC, twenty, kvp, mas) * minute == pytest.approx(
        float(row["KAP_Gycm2_min_20cm_field"]), rel=0.05
    )
    assert dose.reference_kerma_mgy(SPEC, setting.curve, kvp, mas) * minute == pytest.approx(
        float(row["Kref_mGy_min_15pps"]), rel=0.05
    )


@pytest.mark.parametrize("t_cm", [15.0, 20.0, 25.0])
@pytest.mark.parametrize("grid_in", [True, False])
def test_the_receptor_gets_its_dose_behind_either_grid(t_cm, grid_in):
    """Target met with scatter from the Monte Carlo's table instead of the fit."""
    setting = set_up(grid_in=grid_in)
    kvp, mas = beam.settled(SPEC, setting, slab(t_cm))
    mc = next(
        r
        for r in rows("beam/scatter_broadbeam.csv")
        if (float(r["T_mm"]), r["gap_mm"], r["field_mm"]) == (10.0 * t_cm, "100", "300")
    )
    spr = float(mc["SPR_grid" if grid_in else "SPR"]) * kvp_factor(setting.grid, kvp)
    primary = beam.transmission(kvp, setting.curve.copper_mm, {"soft": t_cm})
    tp = float(mc["Tp"]) if grid_in else 1.0
    open_ngy = 1000.0 * beam.kerma_per_mas(kvp, setting.curve.copper_mm) * mas
    over = spectra.kerma_over_signal(kvp, setting.curve.copper_mm, -math.log(primary))
    # 5 %: what the fit of the slabs' scatter leaves (9 % of a part of the whole).
    assert open_ngy * tp * over * primary * (1.0 + spr) == pytest.approx(20.0, rel=0.05)


def kvp_factor(grid, kvp):
    return float(np.interp(kvp, *zip(*grid.kvp_factor, strict=True)))


def test_without_the_grid_a_third_of_the_dose_gives_the_same_brightness():
    """20 cm, 80 kVp: (1 + 3.00) against 0.761 (1 + 0.592) reaches the panel, 3.3 times as much."""
    lengths = slab(20.0)
    with_grid, without = (
        beam.receptor_dose_ngy(SPEC, set_up(grid_in=g), 80.0, 0.2, lengths) for g in (True, False)
    )
    assert without / with_grid == pytest.approx(4.004 / (0.7613 * 1.5918), rel=0.06)
    grid_kvp, grid_mas = beam.settled(SPEC, set_up(), lengths)
    kvp, mas = beam.settled(SPEC, set_up(grid_in=False), lengths)
    assert kvp < grid_kvp - 5.0
    assert mas < grid_mas


@pytest.mark.parametrize(("grid_in", "spr_300", "spr_150"), [(False, 3.0, 1.2), (True, 0.59, 0.31)])
def test_blades_keep_scatter_out(grid_in, spr_300, spr_150):
    """Closing the blades from 300 to 150 mm before a 20 cm slab, against the Monte Carlo."""
    lengths = slab(20.0)
    tight = Collimator(width_mm=150.0, height_mm=150.0)
    whole, closed = (
        beam.receptor_dose_ngy(SPEC, set_up(collimator=c, grid_in=grid_in), 80.0, 0.2, lengths)
        for c in (Collimator(), tight)
    )
    assert closed / whole == pytest.approx((1.0 + spr_150) / (1.0 + spr_300), rel=0.05)
    # The control makes up for it: a little more per area, far less in all.
    setting = set_up(collimator=tight, grid_in=grid_in)
    open_set = set_up(grid_in=grid_in)
    dark, bright = (beam.settled(SPEC, s, lengths) for s in (setting, open_set))
    assert dark[0] > bright[0]
    assert dose.kap_gycm2(SPEC, setting, *dark) < 0.5 * dose.kap_gycm2(SPEC, open_set, *bright)


def test_what_lies_behind_the_blades_is_not_measured():
    """Half of the measuring field is lung; the blades close over it."""
    thick = [20.0 if k % 5 >= 2 else 5.0 for k in range(25)]
    half = PathLengths(Pose(), tuple(thick), (0.0,) * 25)
    setting = set_up(collimator=Collimator(width_mm=30.0))
    got = beam.receptor_dose_ngy(SPEC, setting, 80.0, 0.2, half)
    assert got == pytest.approx(beam.receptor_dose_ngy(SPEC, setting, 80.0, 0.2, slab(20.0)))
    free = beam.receptor_dose_ngy(SPEC, set_up(), 80.0, 0.2, half)
    assert free > 2.0 * beam.receptor_dose_ngy(SPEC, set_up(), 80.0, 0.2, slab(20.0))


def test_brightness_control_stops_at_its_limits():
    m = machine().limits
    normal = set_up()
    for t, kvp in ((2.0, m.kvp_min), (45.0, m.kvp_max)):
        got, mas = beam.settled(SPEC, normal, slab(t))
        assert got == kvp
        assert mas <= m.boost * normal.curve.mas(kvp)
    assert beam.settled(SPEC, normal, slab(2.0))[1] < 0.3 * normal.curve.mas(m.kvp_min)


def minute_mgy(curve, rate, kvp, mas):
    """Air kerma of a minute 30 cm from the receptor."""
    return rate * 60.0 * dose.kerma_mgy(curve, kvp, mas, SPEC.sdd_mm - 300.0)


def test_brightness_control_keeps_the_legal_rate():
    """A very large patient on the high-contrast curve would get more 30 cm from the receptor."""
    setting = set_up(curve=Curve.HIGH_CONTRAST)
    curve, lengths = setting.curve, slab(38.0, 0.8 * 38.0 / 22.0)
    free = beam.settled(SPEC, setting, lengths)
    kept = beam.settled(SPEC, setting, lengths, 15.0)
    assert minute_mgy(curve, 15.0, *free) > 88.0
    # kVp is rounded to a hundredth.
    assert minute_mgy(curve, 15.0, *kept) == pytest.approx(88.0, rel=0.003)
    assert minute_mgy(curve, 15.0, *kept) <= 88.0
    assert kept[1] == pytest.approx(curve.mas(kept[0]), rel=1e-3)
    assert beam.settled(SPEC, setting, lengths, 7.5) == free


def test_pulses_keep_the_legal_rate():
    """A very large patient, high-contrast curve, 30 pulses per second."""
    case, lengths = phantom.case(), slab(36.0, 1.3)
    curve = SPEC.curve(Curve.HIGH_CONTRAST)
    arm = CArm(kvp=80.0, mas_pulse=0.3, pulses_per_s=30.0, curve=Curve.HIGH_CONTRAST)
    for tick in range(200):
        arm, _ = expose(case, arm, (None, None), tick, lengths)
    minute = minute_mgy(curve, 30.0, arm.kvp, arm.mas_pulse)
    assert minute == pytest.approx(88.0, rel=0.003)
    assert minute < 88.01


def test_the_curve_in_use_is_that_of_the_arm():
    case, lengths = phantom.case(), slab(20.0)
    kerma = {}
    for curve in Curve:
        arm = CArm(curve=curve)
        for tick in range(60):
            arm, _ = expose(case, arm, (None, None), tick, lengths)
        assert (arm.kvp, arm.mas_pulse) == pytest.approx(
            beam.settled(SPEC, set_up(curve=curve), lengths), rel=1e-3
        )
        kerma[curve] = dose.reference_kerma_mgy(SPEC, SPEC.curve(curve), arm.kvp, arm.mas_pulse)
    assert kerma[Curve.LOW_DOSE] < 0.5 * kerma[Curve.NORMAL] < 0.5 * kerma[Curve.HIGH_CONTRAST]
