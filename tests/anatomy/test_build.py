"""What a built patient must hold, whatever reads it."""

from __future__ import annotations

import numba
import numpy as np
import pytest
from scipy import ndimage

from simulator.anatomy.image import imaged
from simulator.anatomy.mechanics import field
from simulator.anatomy.plan import plan_path
from simulator.anatomy.probe import inside_mm
from simulator.anatomy.stack import spine
from simulator.anatomy.torso import trunk
from simulator.anatomy.volume import BoneField, Tissue
from simulator.frames import Side
from simulator.units import Vec3


def tissue_at(bone: BoneField, point: Vec3) -> Tissue:
    at = np.rint((np.array(point) - bone.origin_mm) / bone.spacing_mm).astype(int)
    return Tissue(int(bone.tissue[tuple(at)]))


def flooded(bone: BoneField, *closed: Tissue) -> set[Tissue]:
    """Tissues that a flood through faces from the middle of the body reaches."""
    passable = ~np.isin(bone.tissue, closed)
    labels, _ = ndimage.label(passable)
    at = np.rint((np.array((0.0, 2.0, -6.0)) - bone.origin_mm) / bone.spacing_mm).astype(int)
    assert bone.tissue[tuple(at)] == Tissue.CANCELLOUS
    return {Tissue(int(t)) for t in np.unique(bone.tissue[labels == labels[tuple(at)]])}


def test_shell_is_closed_but_for_veins_and_defects(built):
    bone = built.target.bone
    wall = (Tissue.CORTICAL, Tissue.VEIN, Tissue.DEFECT)
    assert flooded(bone, *wall) == {Tissue.CANCELLOUS}
    through_veins = flooded(bone, Tissue.CORTICAL, Tissue.DEFECT)
    assert {Tissue.VEIN, Tissue.EPIDURAL} <= through_veins
    through_cracks = flooded(bone, Tissue.CORTICAL, Tissue.VEIN)
    assert {Tissue.DEFECT, Tissue.DISC, Tissue.SOFT} <= through_cracks


def test_every_tissue_that_cement_may_meet_is_there(built):
    found = {Tissue(int(t)) for t in np.unique(built.target.bone.tissue)}
    assert found >= set(Tissue) - {Tissue.CLEFT, Tissue.CAVITY, Tissue.LUNG, Tissue.VESSEL}


def test_field_reaches_beyond_the_body(built):
    bone, marks = built.target.bone, built.target.landmarks
    low = np.array(bone.origin_mm)
    high = low + bone.spacing_mm * (np.array(bone.shape) - 1)
    assert marks.anterior_wall_y_mm - low[1] >= 12.0
    assert -marks.half_width_mm - low[0] >= 12.0
    assert min(marks.inferior_z_mm) - low[2] >= 12.0
    assert high[2] - 0.5 * marks.intact_height_mm[2] >= 12.0
    assert high[1] >= marks.spinous_tip_mm[1]


def test_distance_is_in_millimetres(built):
    bone = built.target.bone
    outside = ndimage.distance_transform_edt(bone.distance_mm > 0, sampling=bone.spacing_mm)
    inside = ndimage.distance_transform_edt(bone.distance_mm <= 0, sampling=bone.spacing_mm)
    h = bone.spacing_mm
    truth = np.where(bone.distance_mm > 0, outside - 0.5 * h, 0.5 * h - inside)
    near = np.abs(truth) < 5.0
    error = np.abs(bone.distance_mm - truth)[near]
    assert np.median(error) < 0.25
    assert np.percentile(error, 95) < 1.2


def test_osteoporotic_bone_is_thin_and_denser_where_crushed(built):
    bone = built.target.bone
    body = bone.tissue == Tissue.CANCELLOUS
    y = bone.origin_mm[1] + bone.spacing_mm * np.arange(bone.shape[1])
    z = bone.origin_mm[2] + bone.spacing_mm * np.arange(bone.shape[2])
    low = bone.bv_tv[:, y < -6][:, :, (z > -9) & (z < -6)]
    band = bone.bv_tv[:, y < -6][:, :, (z > -2) & (z < 2)]
    crushed = body[:, y < -6][:, :, (z > -2) & (z < 2)]
    calm = body[:, y < -6][:, :, (z > -9) & (z < -6)]
    assert 0.06 < low[calm].mean() < 0.10
    assert band[crushed].mean() > 1.4 * low[calm].mean()
    assert bone.bv_tv[bone.tissue == Tissue.SOFT].max() == 0.0


def test_landmarks_lie_in_their_tissue(built):
    for vertebra in built.vertebrae[built.index - 1 : built.index + 2]:
        bone, marks = vertebra.bone, vertebra.landmarks
        assert tissue_at(bone, marks.canal_centre_mm) == Tissue.CANAL
        assert tissue_at(bone, marks.centre_mm) in (Tissue.CANCELLOUS, Tissue.VEIN)
        for side in Side:
            pedicle = marks.pedicles[side]
            assert pedicle.centre_mm[0] * side.sign > marks.canal_half_width_mm
            assert inside_mm(bone, np.array(pedicle.centre_mm)) > 2.5
            assert abs(inside_mm(bone, np.array(pedicle.entry_mm))) < 0.5
            assert abs(pedicle.medial_border_x_mm) < abs(pedicle.lateral_border_x_mm)
        assert abs(inside_mm(bone, np.array(marks.spinous_tip_mm))) < 0.7


def test_skin_is_where_the_torso_ends(built):
    torso, marks = built.torso, built.target.landmarks
    column = torso.soft[
        int(-torso.origin_mm[0] / torso.spacing_mm), :, int(-torso.origin_mm[2] / torso.spacing_mm)
    ]
    end = torso.origin_mm[1] + torso.spacing_mm * np.flatnonzero(column > 0.5).max()
    assert marks.skin_y_mm == pytest.approx(end, abs=2.5)
    assert 18.0 < marks.skin_y_mm - marks.spinous_tip_mm[1] < 32.0


@pytest.mark.parametrize("side", list(Side))
def test_planned_path_stays_in_bone(built, side):
    vertebra = built.target
    plan = plan_path(vertebra, side)
    marks, bone = vertebra.landmarks, vertebra.bone
    entry, target = np.array(plan.entry_mm), np.array(plan.target_mm)
    length = float(np.linalg.norm(target - entry))
    run = np.arange(4.0, length, 0.25)
    path = entry + run[:, None] * np.array(plan.direction)
    depth = inside_mm(bone, path)
    assert depth.min() > 1.6 + 0.8
    assert 2.5 <= side.sign * plan.target_mm[0] <= 10.0
    assert plan.target_mm[1] - marks.anterior_wall_y_mm >= 6.0
    assert inside_mm(bone, target) >= 6.5
    behind = path[path[:, 1] > marks.posterior_wall_y_mm]
    border = side.sign * marks.pedicles[side].medial_border_x_mm
    assert (side.sign * behind[:, 0]).min() > border
    assert plan.skin_mm[1] == pytest.approx(marks.skin_y_mm)
    assert plan.length > length


def test_same_spec_same_bits_for_any_number_of_threads(built, spec):
    threads = numba.get_num_threads()
    numba.set_num_threads(1)
    try:
        shapes = spine(spec)[0]
        shape = shapes[3]
        image = imaged(shape, 0.6, 75.0, spec.seed)
        bone = field(shape, spec, trunk(shapes, spec), shapes)
    finally:
        numba.set_num_threads(threads)
    first = built.target
    assert np.array_equal(image.soft, first.volume.soft)
    assert np.array_equal(image.cortical, first.volume.cortical)
    assert np.array_equal(bone.distance_mm, first.bone.distance_mm)
    assert np.array_equal(bone.bv_tv, first.bone.bv_tv)
    assert np.array_equal(bone.tissue, first.bone.tissue)
    other = imaged(shape, 0.6, 75.0, spec.seed + 1)
    assert not np.array_equal(other.soft, first.volume.soft)


def test_films_are_filled_from_top_to_bottom(built):
    assert [v.level for v in built.vertebrae] == ["T10", "T11", "T12", "L1", "L2", "L3", "L4"]
    assert built.vertebrae[0].landmarks.superior_z_mm[0] > 85.0
    assert built.vertebrae[-1].landmarks.inferior_z_mm[0] < -93.0
    assert [v.bone is not None for v in built.vertebrae] == [0, 0, 1, 1, 1, 0, 0]
