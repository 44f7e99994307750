"""Fractures measure what was asked for, keep their bone, and their gaps are seen."""

from __future__ import annotations

import math
from dataclasses import replace
from functools import cache

import numpy as np
import pytest

from simulator.anatomy import gaps
from simulator.anatomy.form import heights, wall_y
from simulator.anatomy.fracture import fractured, hinge, standing_heights
from simulator.anatomy.image import imaged, sampled
from simulator.anatomy.shape import IDENTITY, reach, room, values
from simulator.anatomy.spec import Cleft, DefectSite, FractureShape, FractureSpec, PatientSpec
from simulator.anatomy.stack import spine
from simulator.errors import UsageError

PLAIN = PatientSpec(variation=0.0, seed=3)


@cache
def intact(level="L1"):
    return replace(spine(replace(PLAIN, level=level))[1], pose=IDENTITY)


def measured(shape):
    return np.array([top - low for top, low in zip(*heights(shape), strict=True)])


def tall(shape, x, y):
    """Height of the body at a place by stepping through it: another ruler than the maker's."""
    z = np.arange(-0.15 * shape.form.Hm, 0.75 * shape.form.Hm, 0.02)
    up, down = (np.column_stack([np.full(len(z), x), np.full(len(z), y), way * z + off])
                for way, off in ((1.0, 0.0), (-1.0, -0.3 * shape.form.Hm)))  # fmt: skip
    top = z[np.flatnonzero(values(shape, up)[:, 0] <= 0.0)[-1]]
    low = -z[np.flatnonzero(values(shape, down)[:, 0] <= 0.0)[-1]] - 0.3 * shape.form.Hm
    return top - low


def broken(level="L1", **asked):
    return fractured(intact(level), FractureSpec(**asked))


@pytest.mark.parametrize("level", ["T6", "T12", "L3"])
@pytest.mark.parametrize(
    ("kind", "left"),
    [("wedge", 0.8), ("wedge", 0.65), ("wedge", 0.48), ("biconcave", 0.6), ("crush", 0.6)],
)
def test_height_is_the_one_asked_for(level, kind, left):
    shape = broken(level, shape=FractureShape(kind), anterior_height_fraction=left)
    at = 1 if kind == "biconcave" else 0
    before, after = measured(intact(level)), measured(shape)
    assert after[at] == pytest.approx(left * before[at], abs=0.3)
    own = []
    for one in (shape, intact(level)):
        front, back = wall_y(one, -1) + 3.0, wall_y(one, 1) - 3.0
        y = 0.5 * (front + back) if at else front
        own.append(np.mean([tall(one, x, y) for x in (-4.0, -2.0, 0.0, 2.0, 4.0)]))
    assert own[0] == pytest.approx(left * own[1], abs=0.3)
    lost = before - after
    if kind == "wedge":
        assert abs(lost[2]) < 0.5
    elif kind == "biconcave":
        assert lost[1] > 2.5 * max(lost[0], lost[2])
    else:
        # 0.7 of the anterior depression is asked for; the rim rounds some of it off
        assert 0.4 * lost[0] < lost[2] < 0.8 * lost[0]


@pytest.mark.parametrize(
    ("level", "ratio", "angle_deg", "spread"),
    # mean and spread by grade: ratio of anterior to posterior height and wedge, sitting; the
    # grade 3 rows print no spread: that of grade 2 is used
    [("L1", 0.653, 16.9, 2.8), ("T12", 0.478, 24.4, 2.8), ("T11", 0.496, 22.9, 2.8)],
)
def test_wedge_angles_are_those_of_published_grades(level, ratio, angle_deg, spread):
    before = measured(intact(level))
    shape = broken(level, anterior_height_fraction=ratio * before[2] / before[0])
    front, _, back = measured(shape)
    assert front / back == pytest.approx(ratio, abs=0.02)
    # the angle is laid along the walls' whole depth, as on a film
    depth = wall_y(shape, 1) - wall_y(shape, -1)
    found = math.degrees(math.atan((back - front) / depth))
    assert found == pytest.approx(angle_deg, abs=spread)


def test_depth_in_millimetres_overrides_the_fraction():
    shape = broken(depth_mm=5.0, anterior_height_fraction=0.5)
    assert measured(intact())[0] - measured(shape)[0] == pytest.approx(5.0, abs=0.3)
    with pytest.raises(UsageError):
        broken(depth_mm=22.0)


def test_a_fracture_of_nothing_changes_no_bit():
    whole, nothing = intact(), broken(anterior_height_fraction=1.0)
    assert nothing.crush == whole.crush
    a, b = (imaged(shape, 1.2, 75.0, 3) for shape in (whole, nothing))
    assert np.array_equal(a.soft, b.soft)
    assert np.array_equal(a.cortical, b.cortical)


def test_crushing_moves_bone_and_makes_none():
    """With the exponent 1 of a pure compression, density times volume stays (2 %: the smooth
    ends of the band and the wall pushed back); the recipe's 1.4 adds overlap and callus."""
    whole, shape = intact(), broken(depth_mm=4.0)
    bare = shape.crush._replace(exponent=1.0, bulge=0.0, corner=0.0, cleft=0.0, buckle=0.0)

    def mass(form):
        f = form.form
        low = np.array([-0.6 * f.W, -0.65 * f.D, -0.65 * f.Hm])
        high = np.array([0.6 * f.W, 0.25 * f.D, 0.65 * f.Hm])
        d, _, rho, _ = sampled(form, low, high, 0.5)
        return float(rho[d < 0.0].sum(dtype=float))

    before, after = mass(whole), mass(replace(shape, crush=bare))
    assert after == pytest.approx(before, rel=0.02)
    assert mass(shape) > 1.02 * before


def test_lying_gives_a_mobile_fracture_height_back():
    asked = FractureSpec(anterior_height_fraction=0.6)
    spec = replace(PLAIN, fracture=asked)
    standing = standing_heights(intact(), spec)
    rigid = measured(fractured(intact(), asked))
    assert rigid == pytest.approx(standing, abs=1e-9)
    mobile = measured(fractured(intact(), replace(asked, mobility=1.0)))
    # +2.9 to +3.5 mm from sitting to lying, by grade
    assert 2.6 < mobile[0] - standing[0] < 3.8
    assert abs(mobile[2] - standing[2]) < 0.6
    half = measured(fractured(intact(), replace(asked, mobility=0.5)))
    assert half[0] - standing[0] == pytest.approx(0.5 * (mobile[0] - standing[0]), abs=0.3)
    cleft = measured(fractured(intact(), replace(asked, mobility=1.0, cleft=Cleft.FLUID)))
    assert cleft[0] > mobile[0] + 1.5
    again = standing_heights(intact(), replace(spec, fracture=replace(asked, mobility=1.0)))
    assert again == standing


def test_posture_never_gives_more_than_was_lost():
    shape = broken(anterior_height_fraction=0.95, mobility=1.0, cleft=Cleft.GAS)
    assert measured(shape) == pytest.approx(measured(intact()), abs=1e-9)


@pytest.mark.parametrize("asked_mm", [2.0, 4.0, 6.0])
def test_a_fragment_stands_in_the_canal_as_far_as_asked(asked_mm):
    whole = intact()
    shape = broken(anterior_height_fraction=0.65, retropulsion_mm=asked_mm)
    z = np.arange(shape.crush.retro_z + 2.0, shape.crush.retro_z + 5.0)
    starts = np.array([[x, 5.0, c] for x in (-3.0, 0.0, 3.0) for c in z])
    moved = reach(shape, starts, (0, 1, 0), 25.0) - reach(whole, starts, (0, 1, 0), 25.0)
    assert moved == pytest.approx(asked_mm, abs=0.5)
    below = np.array([[x, 5.0, c] for x in (-4.0, 4.0) for c in (-6.0, -4.0)])
    same = reach(shape, below, (0, 1, 0), 25.0) - reach(whole, below, (0, 1, 0), 25.0)
    assert np.abs(same).max() < 0.3
    centre = np.array([[0.0, 0.5 * whole.form.D + 0.7 * whole.form.scd, float(z[1])]])
    free = [room(s, centre, (0, -1, 0), 20.0)[0] for s in (whole, shape)]
    assert free[0] - free[1] == pytest.approx(asked_mm, abs=0.7)
    behind = [room(s, centre, (0, 1, 0), 20.0)[0] for s in (whole, shape)]
    assert behind[0] == pytest.approx(behind[1], abs=0.5)


def line(shape, axis, point, wide=1.2):
    """Cortical-equivalent millimetres and soft difference along one axis at a place."""
    h = 0.6
    image = imaged(shape, h, 75.0, 3)
    at = (np.array(point) - image.origin_mm) / h
    box = [slice(round(a - wide / h), round(a + wide / h) + 1) for a in at]
    box[axis] = slice(max(round(at[axis] - 8.0 / h), 0), round(at[axis] + 8.0 / h))
    return [float(v[tuple(box)].sum(axis=axis).mean()) * h for v in (image.cortical, image.soft)]


@pytest.mark.parametrize(
    ("site", "axis", "place"),
    [(DefectSite.ANTERIOR, 1, (0.08, -1, 0)), (DefectSite.LEFT, 0, (1, 0, 0)),
     (DefectSite.RIGHT, 0, (-1, 0, 0)), (DefectSite.POSTERIOR, 1, (3.0, 1, 0))],
)  # fmt: skip
def test_a_hole_in_the_wall_is_a_hole_in_the_picture(site, axis, place):
    asked = FractureSpec(depth_mm=3.0)
    shape = fractured(intact(), asked)
    holed = fractured(intact(), replace(
        asked, cortical_defect_mm=4.0, cortical_defect_site=site))  # fmt: skip
    f = shape.form
    z = 2.0 if site == DefectSite.POSTERIOR else -0.5
    if axis == 1:
        x = place[0] if site == DefectSite.POSTERIOR else place[0] * f.W
        point = (x, wall_y(shape, place[1]), z)
    else:
        point = (place[0] * (0.5 * f.Wi - f.wl), 0.0, z)
    missing = line(shape, axis, point)[0] - line(holed, axis, point)[0]
    shell = f.t_post + f.t_wall if site == DefectSite.POSTERIOR else f.t_wall
    # the shell is gone, and no more than it and 1.6 mm of bone of 0.1 cortical equivalent
    assert 0.6 * shell < missing < 1.5 * shell + 0.2


def test_a_crack_of_the_endplate_is_seen_from_above():
    asked = FractureSpec(depth_mm=3.0)
    shape = fractured(intact(), asked)
    cracked = fractured(intact(), replace(asked, endplate_defect_mm=3.0))
    f = shape.form
    top = heights(shape)[0][1]
    point = (0.0, -0.20 * f.D + 0.34, top)
    missing = line(shape, 2, point, 0.6)[0] - line(cracked, 2, point, 0.6)[0]
    assert 0.6 * f.t_plate < missing < 1.5 * f.t_plate + 0.5


@pytest.mark.parametrize("filling", [Cleft.GAS, Cleft.FLUID])
def test_a_cleft_of_gas_is_bright_and_one_of_fluid_hardly(filling):
    asked = FractureSpec(depth_mm=5.0)
    shape = fractured(intact(), asked)
    split = fractured(intact(), replace(asked, cleft=filling))
    f = shape.form
    point = (0.0, -0.12 * f.D, heights(shape)[0][1] - 6.0)
    (hard, soft), (bone, plain) = line(split, 2, point), line(shape, 2, point)
    assert hard < bone
    if filling == Cleft.GAS:
        assert -5.0 < soft - plain < -2.0  # 3.5 mm of gas, uneven
    else:
        assert 0.0 < soft - plain < 0.5


def test_gaps_are_alike_on_the_grids_of_picture_and_cement():
    shape = broken(depth_mm=5.0, cleft=Cleft.GAS, endplate_defect_mm=2.0)
    f, volume = shape.form, []
    low = np.array([-0.6 * f.W, -0.7 * f.D, -0.7 * f.Hm])
    for h in (0.6, 0.75):
        d = sampled(shape, low, -low, h)[0]
        defect, cleft = gaps.shares(shape, low, h, d)
        volume.append([float(a[d < 0.0].sum(dtype=float)) * h**3 for a in (defect, cleft)])
    assert volume[0] == pytest.approx(volume[1], rel=0.06)
    assert 300.0 < volume[0][1] < 1200.0


def test_left_and_right_holes_mirror_each_other():
    p = np.random.default_rng(1).uniform(-25.0, 25.0, (4000, 3))
    sides = []
    for site, sign in ((DefectSite.LEFT, 1.0), (DefectSite.RIGHT, -1.0)):
        shape = broken(depth_mm=3.0, cortical_defect_mm=4.0, cortical_defect_site=site)
        sides.append(gaps.hole_mm(shape, p * [sign, 1.0, 1.0], site, 2.0))
    assert np.array_equal(sides[0], sides[1])


def test_lifting_levels_the_level_above_and_no_more():
    for level in ("T8", "T12", "L1"):
        asked = replace(PLAIN, level=level, fracture=FractureSpec(anterior_height_fraction=0.5))
        shapes, whole = spine(asked)
        names = [s.level for s in shapes]
        at = names.index(level)
        found = hinge(replace(whole, pose=IDENTITY), replace(shapes[at], pose=IDENTITY), asked)
        calm = spine(replace(asked, fracture=None))[0]
        tilt = [math.atan2(s[at - 1].pose.turn[2, 1], s[at - 1].pose.turn[1, 1])
                for s in (calm, shapes)]  # fmt: skip
        assert abs(found.above.turn_share * found.superior.max_rad) == pytest.approx(
            abs(tilt[1] - tilt[0]), abs=math.radians(0.5)
        )
        assert 0.0 < found.above.turn_share < 1.0
