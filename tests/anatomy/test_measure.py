"""Heights and angles against rays through the voxels that tools and cement meet."""

from __future__ import annotations

import math
from dataclasses import replace
from functools import cache

import numpy as np
import pytest

from simulator.anatomy.build import build_patient
from simulator.anatomy.hinge import NO_LIFT, Lift
from simulator.anatomy.measure import Measured, measure, moved
from simulator.anatomy.patient import Patient
from simulator.anatomy.probe import inside_mm
from simulator.anatomy.spec import FractureShape, FractureSpec, PatientSpec
from simulator.anatomy.volume import BoneField
from simulator.anatomy.warp import warped_bone

STEP_MM = 0.1
# Half a voxel: smooth surfaces are found to a tenth of a millimetre, a broken rim is not smooth.
VOXEL_MM = 0.375


def last_surface(bone: BoneField, start: np.ndarray, way: np.ndarray, length: float) -> float:
    """How far bone reaches from a point along a ray: found in voxels, not in the shape."""
    steps = np.arange(0.0, length, STEP_MM)
    depth = inside_mm(bone, start + steps[:, None] * way)
    out = np.flatnonzero((depth[:-1] > 0.0) & (depth[1:] <= 0.0))[-1]
    return float(steps[out] + STEP_MM * depth[out] / (depth[out] - depth[out + 1]))


def heights_in_voxels(patient: Patient, bone: BoneField) -> tuple[float, float, float]:
    """Anterior, middle and posterior height in the midline, 3 mm inside the walls."""
    marks = patient.target.landmarks
    axes = np.array(marks.axes)

    def ray(x: float, y: float, z: float, way: np.ndarray, length: float) -> float:
        return last_surface(bone, marks.out(np.array([x, y, z])), way, length)

    low = -0.21 * sum(marks.intact_height_mm) / 3.0
    front = -float(np.median([ray(x, 0.0, low, -axes[1], 25.0) for x in (-2.0, 0.0, 2.0)]))
    back = float(np.median([ray(x, 0.0, z, axes[1], 25.0)
                            for x in (-2.0, 0.0, 2.0) for z in (-5.0, 4.0)]))  # fmt: skip
    tall = []
    for y in (front + 3.0, 0.5 * (front + back), back - 3.0):
        each = [ray(x, y, -3.0, sign * axes[2], 20.0)
                for x in (-4.0, -2.0, 0.0, 2.0, 4.0) for sign in (1.0, -1.0)]  # fmt: skip
        tall.append(sum(each) / 5.0)
    return tall[0], tall[1], tall[2]


def three(found: Measured) -> tuple[float, float, float]:
    return found.anterior_mm, found.middle_mm, found.posterior_mm


def test_heights_are_those_of_the_voxels(built):
    found = measure(built)
    assert three(found) == pytest.approx(heights_in_voxels(built, built.target.bone), abs=VOXEL_MM)


def test_heights_asked_are_heights_measured(built, spec):
    found = measure(built)
    left = spec.fracture.anterior_height_fraction
    assert found.anterior_mm == pytest.approx(left * found.intact_mm[0], abs=0.3)
    assert found.posterior_mm == pytest.approx(found.intact_mm[2], abs=0.6)


@pytest.mark.parametrize("share", [0.5, 1.0])
def test_heights_after_a_lift_are_those_of_the_lifted_voxels(built, share):
    lift = Lift(share * built.hinge.superior.max_rad)
    found = measure(built, lift)
    lifted = warped_bone(built.target.bone, built.hinge, lift)
    # the lifted field is resampled once more
    assert three(found) == pytest.approx(heights_in_voxels(built, lifted), abs=VOXEL_MM + 0.2)
    assert found.anterior_mm > measure(built).anterior_mm + 2.0 * share
    assert found.wedge_deg < measure(built).wedge_deg - 2.0 * share


def test_angles_are_those_of_straight_lines_on_the_film(built):
    """Slopes of lines through two points per endplate, by hand from patient coordinates."""
    marks = built.target.landmarks

    def slope(points) -> float:
        return math.degrees(
            math.atan((points[2][2] - points[0][2]) / (points[2][1] - points[0][1]))
        )

    found = measure(built)
    assert found.wedge_deg == pytest.approx(
        slope(marks.superior_mm) - slope(marks.inferior_mm), abs=0.01
    )
    above, below = (built.vertebrae[built.index + n].landmarks for n in (-1, 1))
    assert found.cobb_deg == pytest.approx(
        slope(above.superior_mm) - slope(below.inferior_mm), abs=0.01
    )
    # a wedge fracture is a kyphosis; at L1 the discs' lordosis takes part of it back
    assert found.wedge_deg > 8.0
    assert found.ratio < 0.75


def test_lift_moves_what_is_above_and_leaves_what_is_below(built):
    lift, at = Lift(built.hinge.superior.max_rad), built.index
    above, below = (built.vertebrae[at + n].landmarks for n in (-1, 1))
    assert np.array_equal(
        moved(built, at + 1, np.array(below.inferior_mm), lift), below.inferior_mm
    )
    shift = moved(built, at - 1, np.array(above.superior_mm), lift) - above.superior_mm
    assert shift[0, 2] > shift[2, 2] > 0.0
    before, after = measure(built), measure(built, lift)
    assert before.cobb_deg is not None
    assert after.cobb_deg is not None
    assert after.cobb_deg < before.cobb_deg - 1.0
    assert before == measure(built, NO_LIFT)


def test_a_level_at_the_edge_of_the_film_has_no_cobb_angle(built):
    assert measure(replace(built, index=0)).cobb_deg is None


@pytest.mark.parametrize(
    ("heights", "grade", "shape"),
    [
        ((25.0, 25.0, 25.0), 0, None),
        ((20.1, 25.0, 25.0), 0, None),
        ((19.9, 24.0, 25.0), 1, FractureShape.WEDGE),
        ((18.8, 22.0, 25.0), 1, FractureShape.WEDGE),
        ((18.7, 22.0, 24.0), 2, FractureShape.WEDGE),
        ((15.1, 17.0, 24.0), 2, FractureShape.WEDGE),
        ((14.9, 17.0, 24.0), 3, FractureShape.WEDGE),
        ((24.0, 17.5, 25.0), 2, FractureShape.BICONCAVE),
        ((15.5, 16.5, 19.0), 2, FractureShape.CRUSH),
    ],
)
def test_grade_and_shape_after_genant(heights, grade, shape):
    """Grade 1 from 20 %, 2 from 25 %, 3 above 40 % of height lost."""
    found = Measured(*heights, (25.0, 25.0, 25.0), wedge_deg=0.0, cobb_deg=None)
    assert (found.grade, found.shape) == (grade, shape)


@cache
def broken(shape: FractureShape, left: float, level: str) -> Patient:
    """A broken patient who is also turned and bent sideways."""
    return build_patient(
        PatientSpec(
            level=level,
            seed=21,
            fracture=FractureSpec(shape=shape, anterior_height_fraction=left),
            rotation_deg=-8.0,
            scoliosis_deg=20.0,
        )
    )


@pytest.mark.slow
@pytest.mark.parametrize(
    ("shape", "left", "level"),
    [
        (FractureShape.WEDGE, 0.55, "T8"),
        (FractureShape.BICONCAVE, 0.65, "L3"),
        (FractureShape.CRUSH, 0.62, "T12"),
    ],
)
def test_every_shape_of_fracture_measures_what_was_asked(shape, left, level):
    patient = broken(shape, left, level)
    found = measure(patient)
    at = 1 if shape is FractureShape.BICONCAVE else 0
    assert three(found)[at] == pytest.approx(left * found.intact_mm[at], abs=0.3)
    assert three(found) == pytest.approx(
        heights_in_voxels(patient, patient.target.bone), abs=VOXEL_MM
    )
    assert found.shape is shape
    assert found.grade == (3 if left < 0.6 else 2)
