"""Points of a vertebra: on the bone that is imaged, in its own axes, where the tables say."""

from __future__ import annotations

import math
from dataclasses import fields, replace
from functools import cache

import numpy as np
import pytest

from simulator.anatomy.landmarks import Landmarks, Pedicle
from simulator.anatomy.marks import landmarks, pedicle
from simulator.anatomy.shape import Pose, Shape, values
from simulator.anatomy.spec import PatientSpec, Sex
from simulator.anatomy.stack import spine
from simulator.anatomy.tables import LEVELS
from simulator.anatomy.torso import trunk
from simulator.anatomy.views import en_face, true_ap, true_lateral
from simulator.anatomy.volume import Tissue
from simulator.frames import Side, minus, norm, rotated
from simulator.imaging.positioner import geometry, project
from simulator.units import Vec3
from simulator.world.arm import Pose as ArmPose
from simulator.world.bearings import beam_of
from tests.imaging.phantom import SPEC as CARM

SPEC = PatientSpec(level="T9", seed=8, rotation_deg=9.0, scoliosis_deg=25.0)


@cache
def turned_patient() -> tuple[list[Shape], Shape]:
    return spine(SPEC)


@cache
def index() -> Shape:
    return next(s for s in turned_patient()[0] if s.level == SPEC.level)


@cache
def marks() -> Landmarks:
    shapes, intact = turned_patient()
    return landmarks(index(), intact, trunk(shapes, SPEC))


def on_surface_mm(shape: Shape, point: Vec3) -> float:
    """Implicit distance to the bone, positive outside, at a point of the patient frame."""
    inner = (np.array(point) - shape.pose.shift) @ shape.pose.turn
    return float(values(shape, inner[None])[0, 0])


def every_point(found: Landmarks | Pedicle) -> dict[str, np.ndarray]:
    """All positions among the fields, by name; axes and normals are not positions."""
    out = {}
    for f in fields(found):
        value = getattr(found, f.name)
        if f.name.endswith("_mm") and isinstance(value, tuple):
            array = np.array(value, dtype=float)
            if array.shape[-1] == 3 and f.name != "intact_height_mm":
                out[f.name] = array.reshape(-1, 3)
    return out


def test_landmarks_turn_with_the_vertebra():
    """The same bone in another place: every point and axis moves as the bone does."""
    axis, angle = (0.48, -0.6, 0.64), 0.9
    turn = np.column_stack([rotated(tuple(e), axis, angle) for e in np.eye(3)])
    shape, shift = index(), np.array([30.0, -12.0, 55.0])
    there = replace(shape, pose=Pose(turn @ shape.pose.turn, turn @ shape.pose.shift + shift))
    shapes, intact = turned_patient()
    before, after = marks(), landmarks(there, intact, trunk(shapes, SPEC))
    pairs = [(before, after), *zip(before.pedicles, after.pedicles, strict=True)]
    seen = 0
    for old, new in pairs:
        moved = every_point(new)
        for name, points in every_point(old).items():
            assert np.allclose(points @ turn.T + shift, moved[name], atol=1e-6), name
            seen += len(points)
    assert seen > 40
    assert np.allclose(np.array(before.axes) @ turn.T, after.axes)
    assert np.allclose(turn @ before.superior_normal, after.superior_normal)
    assert before.heights_mm == pytest.approx(after.heights_mm, abs=1e-6)


def test_own_frame_and_patient_frame_are_each_others_inverse():
    points = np.array([[1.0, -7.0, 3.0], [20.0, 30.0, -5.0]])
    assert np.allclose(marks().own(marks().out(points)), points)
    assert np.allclose(marks().own(np.array(marks().centre_mm)), 0.0)
    x, y, z = np.array(marks().axes)
    assert np.allclose(np.cross(x, y), z)
    assert x[0] > 0.9
    assert z[2] > 0.9


@pytest.mark.parametrize("side", list(Side))
def test_borders_docks_and_entries_lie_on_the_cortex(side):
    one = marks().pedicles[side]
    for name in ("medial_mm", "lateral_mm", "superior_mm", "inferior_mm", "entry_mm",
                 "dock_mm", "beside_mm"):  # fmt: skip
        # an implicit distance is exact at the surface only, where its slope is near one
        assert abs(on_surface_mm(index(), getattr(one, name))) < 0.1, name
    assert on_surface_mm(index(), one.centre_mm) < -1.0
    assert norm(minus(one.lateral_mm, one.medial_mm)) == pytest.approx(one.width_mm, abs=0.05)
    medial, lateral = (side.sign * p[0] for p in (one.medial_mm, one.lateral_mm))
    assert medial < side.sign * one.centre_mm[0] < lateral
    assert one.medial_border_x_mm == one.medial_mm[0]


@pytest.mark.parametrize("side", list(Side))
def test_needle_docks_at_ten_or_two_oclock(side):
    found = marks()
    one = found.pedicles[side]
    centre, dock, rim, beside = found.own(
        np.array([one.centre_mm, one.dock_mm, one.lateral_mm, one.beside_mm])
    )
    out, up = side.sign * (dock[0] - centre[0]), dock[2] - centre[2]
    clock = math.degrees(math.atan2(out / one.width_mm, up / one.height_mm))
    assert clock == pytest.approx(60.0, abs=1.0)
    assert 0.2 * one.width_mm < out < 0.5 * one.width_mm
    assert dock[1] > centre[1] + 3.0
    # beside the pedicle: as far out as its lateral wall, and at the back of the body
    wall = found.own(np.array(found.posterior_wall_mm))[1]
    assert beside[1] == pytest.approx(wall, abs=1.5)
    assert side.sign * beside[0] > side.sign * rim[0] - 2.0


def test_posterior_wall_is_hollow():
    """Panjabi and every lateral film: the wall is concave, by one to a few millimetres."""
    line = marks().own(np.array(marks().posterior_line_mm))
    assert np.all(np.diff(line[:, 2]) < 0.0)
    chord = np.interp(line[:, 2], line[[-1, 0], 2], line[[-1, 0], 1])
    hollow = chord - line[:, 1]
    assert 0.3 < hollow[1:-1].max() < 6.0  # the vein's mouth is up to 5 mm deep
    assert hollow.min() > -0.5


def test_plates_planes_and_targets_belong_together():
    found = marks()
    top, low = found.own(np.array(found.superior_mm)), found.own(np.array(found.inferior_mm))
    assert found.heights_mm == pytest.approx(tuple(top[:, 2] - low[:, 2]))
    up, down = (np.array(found.axes) @ n for n in (found.superior_normal, found.inferior_normal))
    assert np.linalg.norm(up) == pytest.approx(1.0)
    assert up[2] > 0.95
    assert down[2] < -0.95
    # the plane's sagittal slope is that of the line between the rims
    slope = math.atan2(top[2, 2] - top[0, 2], top[2, 1] - top[0, 1])
    assert math.atan2(-up[1], up[2]) == pytest.approx(slope, abs=0.01)
    front, wall = (found.own(np.array(p))[1]
                   for p in (found.anterior_wall_mm, found.posterior_wall_mm))  # fmt: skip
    for target in (*found.anterior_third_mm, found.midline_mm):
        x, y, z = found.own(np.array(target))
        assert front < y < front + (wall - front) / 3.0
        assert low[0, 2] + 4.0 < z < top[0, 2] - 4.0
        assert abs(x) < 0.4 * found.half_width_mm


def test_fracture_tilts_the_plate_and_lowers_the_target(built, posed):
    shapes, intact = posed
    whole = landmarks(intact, intact, trunk(shapes, PatientSpec()))
    broken = built.target.landmarks
    lost = whole.heights_mm[0] - broken.heights_mm[0]
    depth = broken.superior_mm[2][1] - broken.superior_mm[0][1]
    tilt = math.degrees(math.acos(float(np.dot(whole.superior_normal, broken.superior_normal))))
    # a depression of the front by `lost` over the depth, plus what the rims' bending adds
    assert tilt == pytest.approx(math.degrees(math.atan(lost / depth)), abs=4.0)
    assert whole.midline_mm[2] - broken.midline_mm[2] > 0.2 * lost


def test_canal_root_and_joint_lie_in_their_tissue(built):
    bone, found = built.target.bone, built.target.landmarks

    def tissue(point: Vec3) -> Tissue:
        at = np.rint((np.array(point) - bone.origin_mm) / bone.spacing_mm).astype(int)
        return Tissue(int(bone.tissue[tuple(at)]))

    assert tissue(found.canal_centre_mm) == Tissue.CANAL
    for side in Side:
        assert tissue(found.foramina_mm[side]) in (Tissue.FORAMEN, Tissue.EPIDURAL)
        x, y, z = found.facets_mm[side]
        assert x * side.sign > 5.0
        assert y > found.posterior_wall_y_mm + 10.0
        assert z > found.pedicles[side].centre_mm[2]


@pytest.mark.parametrize("side", list(Side))
def test_down_the_barrel_entry_and_isthmus_fall_on_each_other(side):
    one = marks().pedicles[side]
    x, y, z = en_face(marks(), side)
    orbit, tilt = math.degrees(math.atan2(x, y)), math.degrees(math.asin(z))
    assert beam_of(ArmPose(orbit, tilt)) == pytest.approx((x, y, z))
    pose = ArmPose(orbit_deg=orbit, tilt_deg=tilt, isocentre_mm=one.centre_mm)
    view = geometry(CARM, pose, 512)
    (c0, r0, _), (c1, r1, _) = (project(view, p) for p in (one.centre_mm, one.entry_mm))
    assert math.hypot(c1 - c0, r1 - r0) < 1.0  # pixel; the isocentre's ray is the axis


def test_true_views_undo_the_turn_of_the_vertebra():
    found = marks()
    for direction, seen in ((true_ap(found), 1), (true_lateral(found), 0)):
        assert np.array(found.axes) @ direction == pytest.approx(np.eye(3)[seen])
    x, y, _ = true_ap(found)
    # the front turned to the patient's left: the back, and with it the beam, to the right
    assert math.degrees(math.atan2(x, y)) == pytest.approx(-SPEC.rotation_deg, abs=1.0)


# procedure.md 1.2, from memory, mean of both sexes; +-4 mm as it says there.
CHORDS_MM = {
    "T5": 38.0, "T6": 39.0, "T7": 41.0, "T8": 42.0, "T9": 43.0, "T10": 43.0, "T11": 42.0,
    "T12": 44.0, "L1": 47.0, "L2": 48.0, "L3": 48.0, "L4": 47.0, "L5": 48.0,
}  # fmt: skip


@cache
def chords() -> dict[str, float]:
    """Mean chord of both sides and sexes at the means of the table."""
    found: dict[str, dict[Sex, list[float]]] = {name: {} for name in LEVELS}
    for sex in Sex:
        for level in ("T8", "L2"):
            for shape in spine(PatientSpec(level=level, sex=sex, variation=0.0))[0]:
                if shape.level in found:
                    # a level that both spines show counts once
                    found[shape.level][sex] = [pedicle(shape, side).chord_mm for side in (1, -1)]
    return {name: float(np.mean(list(values.values()))) for name, values in found.items()}


@pytest.mark.slow
@pytest.mark.parametrize("level", LEVELS)
def test_chord_from_entry_to_anterior_cortex(level):
    """Along the pedicle's axis, from the posterior cortex to the anterior one."""
    assert chords()[level] == pytest.approx(CHORDS_MM[level], abs=4.0)
