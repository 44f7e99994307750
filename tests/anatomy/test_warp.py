"""Lifting the endplate moves bone and makes none."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np
import pytest

from simulator.anatomy.warp import lift_mm, superior_pose, warped, warped_bone


def column_mass(array: np.ndarray) -> np.ndarray:
    return array.sum(axis=2, dtype=np.float64)


def test_no_lift_changes_nothing(built):
    volume, bone, hinge = built.target.volume, built.target.bone, built.hinge
    assert np.array_equal(warped(volume, hinge, 0.0).cortical, volume.cortical)
    small = warped_bone(bone, hinge, 1e-9)
    assert np.abs(small.distance_mm - bone.distance_mm).max() < 1e-4
    assert np.abs(small.bv_tv - bone.bv_tv).max() < 1e-5
    assert np.array_equal(small.tissue, bone.tissue)
    assert np.array_equal(small.vein_radius_mm, bone.vein_radius_mm)


def test_lift_keeps_mass_and_does_not_clip(built):
    volume, bone, hinge = built.target.volume, built.target.bone, built.hinge
    lifted = warped(volume, hinge, hinge.max_rad)
    for a, b in ((lifted.cortical, volume.cortical), (lifted.soft, volume.soft)):
        assert a.sum(dtype=float) == pytest.approx(b.sum(dtype=float), rel=0.01)
        assert np.allclose(column_mass(a), column_mass(b), atol=1e-3)
    moved = warped_bone(bone, hinge, hinge.max_rad)
    assert moved.shape == bone.shape
    assert moved.origin_mm == bone.origin_mm
    assert moved.bv_tv.sum(dtype=float) == pytest.approx(bone.bv_tv.sum(dtype=float), rel=0.01)


def test_full_lift_restores_the_anterior_height(built):
    bone, hinge, marks = built.target.bone, built.hinge, built.target.landmarks
    y = marks.anterior_wall_y_mm + 3.0
    lost = marks.intact_height_mm[0] - marks.heights_mm[0]
    assert lift_mm(hinge, hinge.max_rad, y, 20.0) == pytest.approx(lost, abs=0.3)
    moved = warped_bone(bone, hinge, hinge.max_rad)
    j = round((y - bone.origin_mm[1]) / bone.spacing_mm)
    i = round(-bone.origin_mm[0] / bone.spacing_mm)
    tops = [np.flatnonzero(b.distance_mm[i, j] < 0.0).max() for b in (bone, moved)]
    assert (tops[1] - tops[0]) * bone.spacing_mm == pytest.approx(lost, abs=1.2)


def test_only_the_front_above_the_band_moves(built):
    hinge = built.hinge
    assert lift_mm(hinge, 0.2, hinge.hinge_y_mm + 1.0, 10.0) == 0.0
    assert lift_mm(hinge, 0.2, -10.0, hinge.bottom_z_mm - 2.0) == 0.0
    middle = 0.5 * (hinge.bottom_z_mm + hinge.top_z_mm)
    whole = lift_mm(hinge, 0.2, -10.0, hinge.top_z_mm)
    assert lift_mm(hinge, 0.2, -10.0, middle) == pytest.approx(0.5 * whole)
    marks = built.target.landmarks
    assert min(marks.inferior_z_mm) + 2.0 < hinge.bottom_z_mm < hinge.top_z_mm
    assert hinge.top_z_mm < marks.superior_z_mm[0]


def test_a_neighbour_that_follows_wholly_turns_with_the_endplate(built):
    hinge, angle = replace(built.hinge, above_share=1.0, above_mm_per_rad=0.0), 0.02
    turn, shift = superior_pose(hinge, angle)
    point = np.array([3.0, -15.0, 8.0])
    rise = (turn @ point + shift)[2] - point[2]
    assert rise == pytest.approx(lift_mm(hinge, angle, -15.0, 8.0), rel=0.02)
    fixed = np.array([0.0, hinge.hinge_y_mm, hinge.top_z_mm])
    assert np.allclose(turn @ fixed + shift, fixed)
    assert np.allclose(turn @ turn.T, np.eye(3))


def test_the_disc_takes_part_of_the_lift(built):
    """The level above turns back by the part of the wedge that it had followed, no further."""
    hinge = built.hinge
    turn, shift = superior_pose(hinge, hinge.max_rad)
    turned = math.atan2(turn[1, 2], turn[2, 2])
    assert turned == pytest.approx(hinge.above_share * hinge.max_rad)
    assert 0.1 < hinge.above_share < 0.7
    fixed = np.array([0.0, hinge.hinge_y_mm, hinge.top_z_mm])
    rise = (turn @ fixed + shift)[2] - fixed[2]
    assert rise == pytest.approx(hinge.above_mm_per_rad * hinge.max_rad)
    assert 0.5 < rise < 3.0
    point = np.array([0.0, -15.0, 20.0])
    lifted = (turn @ point + shift)[2] - point[2]
    assert 0.0 < lifted < lift_mm(hinge, hinge.max_rad, -15.0, 20.0)
