"""Lifting the endplate moves bone and makes none."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np
import pytest

from simulator.anatomy.fracture import hinge
from simulator.anatomy.hinge import Follow, Fragment, Hinge, Lift, Plate
from simulator.anatomy.spec import FractureShape, FractureSpec, PatientSpec
from simulator.anatomy.stack import spine
from simulator.anatomy.volume import BoneField, Volume
from simulator.anatomy.warp import displacement, inferior_pose, superior_pose, warped, warped_bone
from simulator.units import frozen


def column_mass(array: np.ndarray) -> np.ndarray:
    return array.sum(axis=2, dtype=np.float64)


def rise_mm(hinge, lift, y, z, x=0.0):
    return displacement(hinge, lift, np.array([[x, y, z]]))[0, 2]


def full(hinge):
    """The lift that gives back all that was lost."""
    up, down = hinge.superior, hinge.inferior
    return Lift(up.max_rad, up.max_mm, down.max_rad, down.max_mm)


def test_no_lift_changes_nothing(built):
    volume, bone, hinge = built.target.volume, built.target.bone, built.hinge
    assert warped(volume, hinge, Lift()) is volume
    small = warped_bone(bone, hinge, Lift(1e-9))
    assert np.abs(small.distance_mm - bone.distance_mm).max() < 1e-4
    assert np.abs(small.bv_tv - bone.bv_tv).max() < 1e-5
    assert np.array_equal(small.tissue, bone.tissue)
    assert np.array_equal(small.vein_radius_mm, bone.vein_radius_mm)


def test_lift_keeps_mass_and_does_not_clip(built):
    volume, bone, hinge = built.target.volume, built.target.bone, built.hinge
    lifted = warped(volume, hinge, full(hinge))
    for a, b in ((lifted.cortical, volume.cortical), (lifted.soft, volume.soft)):
        assert a.sum(dtype=float) == pytest.approx(b.sum(dtype=float), rel=0.01)
        assert np.allclose(column_mass(a), column_mass(b), atol=1e-3)
    moved = warped_bone(bone, hinge, full(hinge))
    assert moved.shape == bone.shape
    assert moved.origin_mm == bone.origin_mm
    assert moved.bv_tv.sum(dtype=float) == pytest.approx(bone.bv_tv.sum(dtype=float), rel=0.01)


def test_full_lift_restores_the_anterior_height(built):
    bone, hinge, marks = built.target.bone, built.hinge, built.target.landmarks
    y = marks.anterior_wall_y_mm + 3.0
    lost = marks.intact_height_mm[0] - marks.heights_mm[0]
    assert rise_mm(hinge, full(hinge), y, 20.0) == pytest.approx(lost, abs=0.3)
    moved = warped_bone(bone, hinge, full(hinge))
    j = round((y - bone.origin_mm[1]) / bone.spacing_mm)
    i = round(-bone.origin_mm[0] / bone.spacing_mm)
    tops = [np.flatnonzero(b.distance_mm[i, j] < 0.0).max() for b in (bone, moved)]
    assert (tops[1] - tops[0]) * bone.spacing_mm == pytest.approx(lost, abs=1.2)


def test_only_the_front_above_the_band_moves(built):
    plate, hinge, lift = built.hinge.superior, built.hinge, Lift(0.2)
    assert rise_mm(hinge, lift, plate.hinge_y_mm + 1.0, 10.0) == 0.0
    assert rise_mm(hinge, lift, -10.0, plate.bottom_z_mm - 2.0) == 0.0
    middle = 0.5 * (plate.bottom_z_mm + plate.top_z_mm)
    whole = rise_mm(hinge, lift, -10.0, plate.top_z_mm)
    assert rise_mm(hinge, lift, -10.0, middle) == pytest.approx(0.5 * whole)
    marks = built.target.landmarks
    assert min(marks.inferior_z_mm) + 2.0 < plate.bottom_z_mm < plate.top_z_mm
    assert plate.top_z_mm < marks.superior_z_mm[0]


def box(n=40, spacing=1.0, seed=3):
    """A block of noise with its middle at the origin, as image and as mechanics."""
    grain = frozen(np.random.default_rng(seed).random((n, n, n)).astype(np.float32))
    o = -0.5 * (n - 1) * spacing
    none = frozen(np.zeros_like(grain))
    kinds = frozen((grain * 10).astype(np.uint8))
    bone = BoneField((o, o, o), spacing, grain, grain, grain, kinds, none, none)
    return Volume((o, o, o), spacing, grain, grain), bone


BOTH = Hinge(
    Plate(15.0, 1.0, 6.0, 0.3, 3.0, 0.4, (-1.0, 12.0, 10.0)),
    Plate(15.0, -6.0, -1.0, 0.3, 3.0, 0.4, (-1.0, 12.0, 10.0)),
    Fragment(8.0, 2.0, 12.0, 8.0, 12.0, 1.0),
)


def test_the_inferior_plate_is_the_superior_one_upside_down():
    volume, _ = box()
    upside = Volume(volume.origin_mm, volume.spacing_mm, frozen(volume.soft[:, :, ::-1].copy()),
                    volume.cortical)  # fmt: skip
    up = warped(volume, BOTH, Lift(0.08, 1.4))
    down = warped(upside, BOTH, Lift(0.0, 0.0, 0.08, 1.4))
    assert up.origin_mm == volume.origin_mm
    grown = up.soft.shape[2] - volume.soft.shape[2]
    assert down.origin_mm[2] == volume.origin_mm[2] - grown * volume.spacing_mm
    assert np.allclose(down.soft[:, :, ::-1], up.soft, atol=1e-5)


@pytest.mark.slow
def test_all_coordinates_together_keep_every_grain_of_bone():
    volume, bone = box()
    lift = Lift(0.08, 1.4, 0.05, 0.9, 2.5)
    moved = warped(volume, BOTH, lift)
    # what the wall pushes stays in its row, what the plates lift in its column
    before, after = (v.soft.sum(dtype=float) for v in (volume, moved))
    assert after == pytest.approx(before, rel=1e-6)
    rows = warped(volume, BOTH, Lift(wall_mm=2.5)).soft.sum(axis=1, dtype=float)
    assert np.allclose(rows, volume.soft.sum(axis=1, dtype=float), atol=1e-4)
    assert warped_bone(bone, BOTH, lift).shape == bone.shape


@pytest.mark.parametrize("wall_mm", [2.5, -2.5])
def test_what_the_wall_pushes_out_of_an_image_makes_it_larger(wall_mm):
    """The image ends at the wall on one side, where all of it moves."""
    volume, _ = box()
    low, high = (0, 28) if wall_mm > 0.0 else (26, 40)
    cut = frozen(np.ascontiguousarray(volume.soft[:, low:high]))
    part = Volume((-19.5, -19.5 + low, -19.5), 1.0, cut, cut)
    moved = warped(part, BOTH, Lift(wall_mm=wall_mm))
    assert np.allclose(moved.soft.sum((1, 2), dtype=float), cut.sum((1, 2), dtype=float), rtol=1e-6)
    grown = moved.soft.shape[1] - cut.shape[1]
    assert grown == 3
    assert moved.origin_mm[1] == part.origin_mm[1] - (grown if wall_mm < 0.0 else 0)


def test_voxels_go_where_points_go():
    """A bright ball in each moving part: the image's and the points' law are one."""
    lift = Lift(0.06, 1.5, 0.04, 1.0, 2.0)
    for spot in ((3.0, -4.0, 11.0), (-2.0, 2.0, -12.0), (1.0, 7.0, 7.0)):
        grid = np.arange(80) * 0.5 - 19.75
        far = sum((g - c) ** 2 for g, c in zip(np.meshgrid(grid, grid, grid, indexing="ij"), spot,
                                               strict=True))  # fmt: skip
        ball = frozen(np.exp(-far / 2.0).astype(np.float32))
        moved = warped(Volume((-19.75,) * 3, 0.5, ball, ball), BOTH, lift)
        at = [
            o + 0.5 * np.arange(n) for o, n in zip(moved.origin_mm, moved.soft.shape, strict=True)
        ]
        mass = moved.soft.astype(float)
        found = [
            (mass.sum(axis=tuple({0, 1, 2} - {a})) * at[a]).sum() / mass.sum() for a in range(3)
        ]
        want = np.array(spot) + displacement(BOTH, lift, np.array([spot]))[0]
        # the ball is 1 mm wide and the field bends over it
        assert found == pytest.approx(want.tolist(), abs=0.15)
        assert np.abs(want - spot).max() > 0.9


def test_a_mirrored_bone_is_lifted_to_the_mirror_image():
    volume, _ = box()
    lift = Lift(0.08, 1.4, 0.05, 0.9, 2.5)
    turned = Volume(volume.origin_mm, 1.0, frozen(volume.soft[::-1].copy()), volume.cortical)
    assert np.allclose(warped(turned, BOTH, lift).soft[::-1], warped(volume, BOTH, lift).soft,
                       atol=1e-5)  # fmt: skip


def test_a_neighbour_that_follows_wholly_turns_with_the_endplate(built):
    hinge = replace(built.hinge, above=Follow())
    lift, y = Lift(0.02), hinge.superior.hinge_y_mm
    turn, shift = superior_pose(hinge, lift)
    point = np.array([3.0, -15.0, 8.0])
    rise = (turn @ point + shift)[2] - point[2]
    assert rise == pytest.approx(rise_mm(hinge, lift, -15.0, 8.0), rel=0.02)
    fixed = np.array([0.0, y, hinge.superior.top_z_mm])
    assert np.allclose(turn @ fixed + shift, fixed)
    assert np.allclose(turn @ turn.T, np.eye(3))


def test_the_disc_takes_part_of_the_lift(built):
    """The level above turns back by the part of the wedge that it had followed, no further."""
    hinge, plate = built.hinge, built.hinge.superior
    turn, shift = superior_pose(hinge, full(hinge))
    turned = math.atan2(turn[1, 2], turn[2, 2])
    assert turned == pytest.approx(hinge.above.turn_share * plate.max_rad)
    assert 0.1 < hinge.above.turn_share < 0.7
    fixed = np.array([0.0, plate.hinge_y_mm, plate.top_z_mm])
    rise = (turn @ fixed + shift)[2] - fixed[2]
    assert rise == pytest.approx(hinge.above.mm_per_rad * plate.max_rad)
    assert 0.5 < rise < 3.0
    point = np.array([0.0, -15.0, 20.0])
    lifted = (turn @ point + shift)[2] - point[2]
    assert 0.0 < lifted < rise_mm(hinge, full(hinge), -15.0, 20.0)


FLIP = np.diag([1.0, 1.0, -1.0])
FOLLOW = Follow(0.4, 5.0, 0.15)
TWO = replace(BOTH, above=FOLLOW, below=FOLLOW)


def test_what_lies_below_goes_down_as_what_lies_above_goes_up():
    """The body's middle is a mirror: the same law upside down."""
    flipped = replace(TWO, superior=replace(TWO.superior, bottom_z_mm=1.0, top_z_mm=6.0))
    turn, shift = superior_pose(flipped, Lift(0.08, 1.4))
    low_turn, low_shift = inferior_pose(flipped, Lift(0.0, 0.0, 0.08, 1.4))
    assert np.allclose(low_turn, FLIP @ turn @ FLIP)
    assert np.allclose(low_shift, FLIP @ shift)
    assert low_shift[2] < -0.4


def test_each_level_follows_its_own_plate_only():
    for pose, other in ((superior_pose, Lift(0.0, 0.0, 0.1, 1.0)), (inferior_pose, Lift(0.1, 1.0))):
        turn, shift = pose(TWO, other)
        assert np.array_equal(turn, np.eye(3))
        assert not shift.any()


def test_of_a_dish_the_level_behind_the_disc_follows_a_share():
    """As much as it had come closer when the disc sank into the dish."""
    dish = replace(TWO, inferior=replace(TWO.inferior, even=0.0))
    _, shift = inferior_pose(dish, Lift(0.0, 0.0, 0.0, 2.0))
    assert shift == pytest.approx([0.0, 0.0, -0.3])
    whole = replace(TWO, inferior=replace(TWO.inferior, even=1.0))
    assert inferior_pose(whole, Lift(0.0, 0.0, 0.0, 2.0))[1] == pytest.approx([0.0, 0.0, -2.0])


def test_a_biconcave_fracture_draws_both_neighbours_in_by_what_its_lift_gives_back():
    calm = PatientSpec(level="L2", seed=5)
    asked = replace(calm, fracture=FractureSpec(FractureShape.BICONCAVE, 0.6))
    at = [shape.level for shape in spine(calm)[0]].index("L2")
    before, (after, intact) = spine(calm)[0], spine(asked)
    found = hinge(intact, after[at], asked)
    shares = full(found)
    for near, pose in ((at - 1, superior_pose), (at + 1, inferior_pose)):
        gone = before[near].pose.shift - after[near].pose.shift
        turn, shift = pose(found, shares)
        back = turn @ after[near].pose.shift + shift - after[near].pose.shift
        # the plate's rise is measured at stations, its dish is a little deeper between them
        assert back[2] == pytest.approx(gone[2], abs=0.2)
        assert 0.3 < abs(back[2]) < 1.5
