"""The finished shape must measure what the table and the author say."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from simulator.anatomy.form import (
    canal_depth_mm,
    canal_width_mm,
    depth_mm,
    heights,
    pedicle_mm,
    width_mm,
)
from simulator.anatomy.fracture import fractured
from simulator.anatomy.spec import FractureShape, FractureSpec, PatientSpec, Sex
from simulator.anatomy.stack import spine
from simulator.anatomy.tables import density_mg_cm3, sizes
from simulator.errors import UsageError

MEANS = PatientSpec(variation=0.0, seed=3)
CLOSE = pytest.approx


@pytest.fixture(scope="module")
def intact():
    shapes, index = spine(MEANS)
    return {**{s.level: s for s in shapes}, "L1": index}


@pytest.mark.parametrize("level", ["T12", "L1", "L2"])
def test_sizes_are_those_of_the_table(intact, level):
    shape, own = intact[level], sizes(level, MEANS)
    (a, _, p), (la, _, lp) = heights(shape)
    left, right = pedicle_mm(shape, 1), pedicle_mm(shape, -1)
    assert width_mm(shape) == CLOSE(own.epw, rel=0.05)
    assert depth_mm(shape) == CLOSE(own.epd, rel=0.05)
    assert a - la == CLOSE(own.ha, rel=0.05)
    assert p - lp == CLOSE(own.hp, rel=0.05)
    assert left[0] == CLOSE(own.pdw_left, rel=0.05)
    assert right[0] == CLOSE(own.pdw_right, rel=0.05)
    assert left[1] == CLOSE(own.pdh, rel=0.05)
    assert canal_width_mm(shape) == CLOSE(own.scw, rel=0.05)
    assert canal_depth_mm(shape) == CLOSE(own.scd, rel=0.05)


def test_author_narrows_one_pedicle(intact):
    own, _ = spine(replace(MEANS, pedicle_scale_left=0.7))
    shape = next(s for s in own if s.level == "L1")
    mean = sizes("L1", MEANS).pdw_right
    assert pedicle_mm(shape, 1)[0] == CLOSE(0.7 * mean, rel=0.05)
    assert pedicle_mm(shape, -1)[0] == CLOSE(mean, rel=0.05)


def test_variation_spreads_sizes_around_the_table():
    widths = np.array([sizes("L1", PatientSpec(seed=n)).pdw_left for n in range(60)])
    assert widths.std() == CLOSE(0.18 * 8.2, rel=0.4)
    woman, man = (sizes("L1", replace(MEANS, sex=sex)).pdw_left for sex in Sex)
    assert woman * man == CLOSE(8.6**2)


@pytest.mark.parametrize(
    ("fracture", "station"),
    [
        (FractureSpec(FractureShape.WEDGE, anterior_height_fraction=0.65), 0),
        (FractureSpec(FractureShape.WEDGE, anterior_height_fraction=0.85), 0),
        (FractureSpec(FractureShape.WEDGE, anterior_height_fraction=0.45), 0),
        (FractureSpec(FractureShape.WEDGE, depth_mm=6.0), 0),
        (FractureSpec(FractureShape.BICONCAVE, anterior_height_fraction=0.6), 1),
        (FractureSpec(FractureShape.CRUSH, anterior_height_fraction=0.7), 0),
    ],
)
def test_fracture_leaves_the_height_asked_for(intact, fracture, station):
    before, after = heights(intact["L1"]), heights(fractured(intact["L1"], fracture))
    whole = before[0][station] - before[1][station]
    left = after[0][station] - after[1][station]
    asked = whole * fracture.anterior_height_fraction
    if fracture.depth_mm is not None:
        asked = whole - fracture.depth_mm
    assert left == CLOSE(asked, abs=0.5)


def test_wedge_spares_the_posterior_wall(intact):
    before = heights(intact["L1"])
    after = heights(fractured(intact["L1"], FractureSpec(anterior_height_fraction=0.65)))
    assert after[0][2] - after[1][2] == CLOSE(before[0][2] - before[1][2], abs=0.6)


def test_impossible_wishes_are_refused(intact):
    with pytest.raises(UsageError, match="cannot take"):
        fractured(intact["L1"], FractureSpec(depth_mm=20.0))
    with pytest.raises(UsageError, match="no level 'C2'"):
        spine(PatientSpec(level="C2"))


def test_density_follows_the_t_score():
    assert density_mg_cm3(-3.0) == 75.0
    assert density_mg_cm3(-1.0) > density_mg_cm3(-2.5) > density_mg_cm3(-3.5)
