"""The column T5-L5: what is published of its bones, and how they stand on each other."""

from __future__ import annotations

import math
from dataclasses import replace
from functools import cache

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
from simulator.anatomy.shape import Shape, reach, values
from simulator.anatomy.spec import PatientSpec, Sex
from simulator.anatomy.stack import poses, sacral_pose, spine
from simulator.anatomy.tables import COLUMN, LEVELS, sizes
from tests.anatomy.bones import MEANS, alone

# Panjabi 1991 (T11, T12) and 1992 (L1-L5): means of mixed sex, mm, pedicles of L1 - L5 too
PUBLISHED = {
    "T11": {"epw": 35.2, "pdw": 9.75, "scw": 19.4, "scd": 16.0},
    "T12": {"epw": 39.2, "pdw": 8.70, "scw": 22.2, "scd": 18.1},
    "L1": {"epw": 41.2, "hp": 23.8, "pdw": 8.60, "scw": 23.7, "scd": 19.0},
    "L2": {"epw": 42.6, "hp": 24.3, "pdw": 8.25, "scw": 23.8, "scd": 18.2},
    "L3": {"epw": 44.1, "hp": 23.8, "pdw": 10.15, "scw": 24.3, "scd": 17.5},
    "L4": {"epw": 46.6, "hp": 24.1, "pdw": 14.05, "scw": 25.4, "scd": 18.6},
    "L5": {"epw": 47.3, "hp": 22.9, "pdw": 18.60, "scw": 27.1, "scd": 19.7},
}
# Masharawi 2008: sagittal wedge of women and men, degrees, negative dorsal
WEDGE = {
    "T9": (2.8, 4.8), "T10": (2.6, 3.8), "T11": (4.6, 5.4), "T12": (3.5, 4.9), "L1": (2.6, 4.1),
    "L2": (0.7, 2.6), "L3": (-1.1, 1.3), "L4": (-3.1, -0.7), "L5": (-7.8, -4.6),
}  # fmt: skip


@cache
def measured(level: str, spec: PatientSpec) -> dict[str, float]:
    shape = alone(level, spec)
    top, low = heights(shape)
    left, right = pedicle_mm(shape, 1), pedicle_mm(shape, -1)
    return {
        "epw": width_mm(shape),
        "epd": depth_mm(shape),
        "ha": top[0] - low[0],
        "hp": top[2] - low[2],
        "pdw": 0.5 * (left[0] + right[0]),
        "pdh": 0.5 * (left[1] + right[1]),
        "scw": canal_width_mm(shape),
        "scd": canal_depth_mm(shape),
    }


def of_both_sexes(level: str) -> dict[str, float]:
    women, men = (measured(level, replace(MEANS, sex=sex)) for sex in Sex)
    return {key: math.sqrt(women[key] * men[key]) for key in women}


@pytest.mark.parametrize("level", list(PUBLISHED))
def test_the_mean_of_both_sexes_is_the_published_one(level):
    found = of_both_sexes(level)
    for key, value in PUBLISHED[level].items():
        assert found[key] == pytest.approx(value, rel=0.05), key


@pytest.mark.parametrize("level", list(WEDGE))
def test_women_and_men_are_wedged_as_published(level):
    for sex, asked in zip(Sex, WEDGE[level], strict=True):
        m = measured(level, replace(MEANS, sex=sex))
        # a millimetre of height is 1.7 degrees; heights are true to 2 % (0.5 mm), 2 of them
        found = math.degrees(math.atan((m["hp"] - m["ha"]) / m["epd"]))
        assert found == pytest.approx(asked, abs=1.0)


def test_sex_moves_the_mean_whatever_the_variation():
    woman, man = (measured("L5", replace(MEANS, sex=sex)) for sex in Sex)
    # CT of 196 patients at L5: 0.951 (posterior height), 0.898 (length), 0.910 (pedicle width)
    assert woman["hp"] / man["hp"] == pytest.approx(0.957, abs=0.02)
    assert woman["epd"] / man["epd"] == pytest.approx(0.898, abs=0.02)
    assert woman["pdw"] / man["pdw"] == pytest.approx(0.910, abs=0.02)


def test_pedicles_are_narrow_wide_and_tall_where_they_are_in_nature():
    """Zindrick 1987, 2905 pedicles: narrowest T5, widest L5, tallest T11 (L5's are wide)."""
    found = {level: of_both_sexes(level) for level in LEVELS}
    width = {level: m["pdw"] for level, m in found.items()}
    assert min(width, key=width.__getitem__) == "T5"
    assert max(width, key=width.__getitem__) == "L5"
    tall = {level: m["pdh"] for level, m in found.items() if level != "L5"}
    assert max(tall, key=tall.__getitem__) == "T11"


@pytest.mark.parametrize("level", ["T5", "L5"])
def test_the_ends_of_the_column_build(level):
    shapes, intact = spine(PatientSpec(level=level, seed=8))
    names = [shape.level for shape in shapes]
    assert intact.level == level
    assert names == list(COLUMN[COLUMN.index(names[0]) : COLUMN.index(names[-1]) + 1])
    assert names.index(level) >= 3
    assert names[-1] == ("T9" if level == "T5" else "L5")  # down to the edge, or to the sacrum
    assert shapes[0].pose.shift[2] > 68.0  # the film reaches 93 mm above the index


@pytest.mark.slow
@pytest.mark.parametrize("sex", list(Sex))
@pytest.mark.parametrize("level", LEVELS)
def test_every_level_of_anyone_measures_what_was_drawn(level, sex):
    for seed in (11, 12, 13):
        spec = PatientSpec(level=level, sex=sex, seed=seed, osteophytes=0.0)
        own, found = sizes(level, spec), measured(level, spec)
        assert found["epw"] == pytest.approx(own.epw, rel=0.03)
        assert found["epd"] == pytest.approx(own.epd, rel=0.03)
        assert found["ha"] == pytest.approx(own.ha, rel=0.03)
        assert found["hp"] == pytest.approx(own.hp, rel=0.03)
        assert found["pdh"] == pytest.approx(own.pdh, rel=0.03)
        assert found["scw"] == pytest.approx(own.scw, rel=0.03)
        assert found["scd"] == pytest.approx(own.scd, rel=0.03)
        left, right = (pedicle_mm(alone(level, spec), side)[0] for side in (1, -1))
        assert left == pytest.approx(own.pdw_left, rel=0.05)
        assert right == pytest.approx(own.pdw_right, rel=0.05)


def slope_deg(shape: Shape, way: int) -> float:
    """Angle of an endplate on a film along y, by the points that its surface really has."""
    f = shape.form
    starts = np.array([[x * f.W, y * f.D, 0.0] for x in np.linspace(-0.33, 0.33, 9)
                       for y in np.linspace(-0.2, 0.2, 5)])  # fmt: skip
    up = reach(shape, starts, (0, 0, way), 0.9 * f.Hm)
    points = shape.pose.out(starts + np.outer(up, [0.0, 0.0, way]))
    base = np.column_stack([starts[:, :2], np.ones(len(starts))])
    across = np.linalg.lstsq(base, points, rcond=None)[0][0]
    return math.degrees(math.atan2(across[2], across[0]))


def cobb_deg(spec: PatientSpec) -> float:
    shapes, _ = spine(spec)
    at = [shape.level for shape in shapes].index(spec.level)
    upper = slope_deg(shapes[at - 3], 1)
    if at + 3 < len(shapes):
        return upper - slope_deg(shapes[at + 3], -1)
    pose = sacral_pose(shapes, spec)
    assert pose is not None
    return upper - math.degrees(math.atan2(pose.turn[2, 0], pose.turn[0, 0]))


@pytest.mark.parametrize(("level", "asked", "rotation"),
                         [("L2", 30.0, 0.0), ("T8", -22.0, 5.0), ("L4", 18.0, 0.0)])  # fmt: skip
def test_the_cobb_angle_between_endplates_is_the_one_asked_for(level, asked, rotation):
    spec = PatientSpec(level=level, seed=4, scoliosis_deg=asked, rotation_deg=rotation)
    assert cobb_deg(spec) == pytest.approx(asked, abs=1.0)


def test_a_curve_is_convex_to_its_side_and_turns_its_ends_back():
    stand = poses(replace(MEANS, level="L2", scoliosis_deg=30.0))
    seen = [stand[level] for level in ("T11", "T12", "L1", "L2", "L3", "L4", "L5")]
    x = np.array([pose.shift[0] for pose in seen])
    assert int(np.argmax(x)) == 3
    assert x[0] < -12.0
    assert x[-1] < -8.0
    front = [pose.turn @ np.array([0.0, -1.0, 0.0]) for pose in seen]
    assert front[3][0] == pytest.approx(0.0, abs=1e-12)
    assert front[0][0] < -0.05  # the apex looks to the convex side against its ends
    assert front[-1][0] < -0.05


def test_rotation_turns_the_front_of_the_index_to_the_left():
    turn = poses(replace(MEANS, rotation_deg=8.0))["L1"].turn
    assert math.degrees(math.asin((turn @ np.array([0.0, -1.0, 0.0]))[0])) == pytest.approx(8.0)
    assert np.allclose(turn @ turn.T, np.eye(3))


def test_curvature_scales_kyphosis_and_lordosis():
    def whole(curvature: float, upper: str, lower: str) -> float:
        stand = poses(replace(MEANS, curvature=curvature))
        ends = [math.atan2(t[2, 1], t[2, 2]) for t in (stand[upper].turn, stand[lower].turn)]
        return math.degrees(ends[1] - ends[0])

    # supine adults: kyphosis T5-T12 and lordosis L1-S1 of 20 to 60 degrees (design)
    assert 20.0 < -whole(1.0, "T5", "T12") < 60.0
    assert 20.0 < whole(1.0, "L1", "S1") < 60.0
    assert whole(1.5, "L1", "S1") == pytest.approx(1.5 * whole(1.0, "L1", "S1"))
    assert whole(0.5, "T5", "T12") == pytest.approx(0.5 * whole(1.0, "T5", "T12"))


def test_the_sacrum_stands_below_l5_and_nowhere_else():
    spec, last = replace(MEANS, level="L5"), alone("L5", MEANS)
    pose = sacral_pose([last], spec)
    assert pose is not None
    _, low = heights(last)
    gap = low[1] - pose.shift[2]
    assert 5.0 < gap < 12.0  # disc of L5: middle height 8.1 (Shin 2024), dished endplate on top
    # sacral slope on a standing film, L3 level: 30 to 50 degrees (design)
    flat = replace(MEANS, level="L3")
    upright = sacral_pose([last], flat)
    assert upright is not None
    slope = math.degrees(math.acos(upright.turn[2, 2]))
    assert 30.0 < slope < 50.0
    assert sacral_pose([alone("L4", MEANS)], replace(MEANS, level="T10")) is None


def mirrored(shape: Shape) -> Shape:
    """The same bone in a looking glass: lattice, sides, and everything that leans."""
    f = shape.form
    form = f._replace(
        pdw_l=f.pdw_r, pdw_r=f.pdw_l, dev=-f.dev, bow=-f.bow, lean_t=-f.lean_t, lean_b=-f.lean_b,
        rim_lc=f.rim_rc, rim_ls=f.rim_rs, rim_rc=f.rim_lc, rim_rs=f.rim_ls,
    )  # fmt: skip
    # node i of the periodic lattice lies at x = i cells, so -x is node -i
    lattice = np.roll(shape.lattice[::-1], 1, axis=0) * np.array([-1, 1, 1, 1], dtype=np.float32)
    return replace(shape, form=form, lattice=np.ascontiguousarray(lattice, dtype=np.float32))


@pytest.mark.parametrize("level", ["T8", "L4"])
def test_a_mirrored_bone_is_the_mirror_image(level):
    shape = alone(level, PatientSpec(seed=21, pedicle_scale_left=0.8))
    draw = np.random.default_rng(5)
    points = draw.uniform([-45, -25, -35], [45, 70, 25], (4000, 3))
    points[0] = 0.0
    seen = values(shape, points)
    glass = values(mirrored(shape), points * [-1.0, 1.0, 1.0])
    off = points[:, 0] != 0.0
    assert np.allclose(seen[off], glass[off], atol=1e-9)
    assert not np.allclose(seen[off], values(shape, points * [-1.0, 1.0, 1.0])[off], atol=0.1)


def test_a_mirrored_wish_stands_mirrored():
    flip = np.diag([-1.0, 1.0, 1.0])
    one = replace(MEANS, scoliosis_deg=20.0, rotation_deg=6.0, pedicle_scale_left=0.8)
    other = replace(MEANS, scoliosis_deg=-20.0, rotation_deg=-6.0, pedicle_scale_right=0.8)
    here, there = poses(one), poses(other)
    for level in COLUMN:
        assert np.allclose(flip @ here[level].turn @ flip, there[level].turn, atol=1e-12)
        assert np.allclose(flip @ here[level].shift, there[level].shift, atol=1e-9)
    a, b = alone("L1", one), alone("L1", other)
    assert a.sizes.pdw_left == b.sizes.pdw_right
    # the lattice is not mirrored, so the shapes agree as far as their self-check does
    assert pedicle_mm(a, 1)[0] == pytest.approx(pedicle_mm(b, -1)[0], rel=0.03)
    assert pedicle_mm(a, -1)[0] == pytest.approx(pedicle_mm(b, 1)[0], rel=0.03)


def test_the_same_wish_gives_the_same_column():
    spec = PatientSpec(level="T12", seed=5, scoliosis_deg=12.0, osteophytes=0.6)
    for a, b in zip(spine(spec)[0], spine(spec)[0], strict=True):
        assert a.form == b.form
        assert np.array_equal(a.lattice, b.lattice)
        assert np.array_equal(a.pose.turn, b.pose.turn)
        assert np.array_equal(a.pose.shift, b.pose.shift)
