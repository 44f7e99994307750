"""The shape of the cement in the body: how full, across the midline, up to which endplates."""

from __future__ import annotations

import math

import numpy as np

from simulator.anatomy.volume import Tissue
from simulator.units import MM3_PER_ML, ByteArray, FloatArray
from simulator.world.case import Case
from simulator.world.report import Metric
from simulator.world.state import State

_CROSSING_FRACTION = 0.05
_TOUCH_MM = 1.5


def points_mm(case: Case, state: State) -> tuple[FloatArray, FloatArray]:
    """Return positions (n, 3) mm and volumes (n,) uL of the cement inside the body."""
    bone, cloud = state.body.bone, state.cement.cloud
    inside = cloud.route < 0
    i, j, k = np.unravel_index(cloud.voxel[inside], bone.shape)
    points = np.stack([i, j, k], axis=1) * bone.spacing_mm + np.array(bone.origin_mm)
    return points, cloud.fill[inside] * cloud.volume_ul[inside]


def fill_fraction(case: Case, state: State) -> Metric:
    """Cement inside the body over the body's own volume (elliptic cylinder of its landmarks)."""
    marks = case.patient.target.landmarks
    depth = marks.posterior_wall_y_mm - marks.anterior_wall_y_mm
    height = sum(marks.heights_mm) / 3.0
    body_ml = math.pi / 4.0 * 2.0 * marks.half_width_mm * depth * height / MM3_PER_ML
    return state.cement.cloud.inside_ul / MM3_PER_ML / body_ml


def strength_regained(case: Case, state: State) -> Metric:
    """Share of the strength lost with the fracture that the filling gives back, 1: all of it."""
    return _regained(case, state, "strength_fill")


def stiffness_regained(case: Case, state: State) -> Metric:
    """Share of the stiffness lost that the filling gives back; above 1 stiffer than intact."""
    return _regained(case, state, "stiffness_fill")


def _regained(case: Case, state: State, key: str) -> Metric:
    filled = fill_fraction(case, state)
    return filled / case.physics["cement"][key] if isinstance(filled, float) else None


def crosses_midline(case: Case, state: State) -> Metric:
    """Tell whether either side holds at least a twentieth of the cement."""
    points, volumes = points_mm(case, state)
    left = float(volumes[points[:, 0] > 0.0].sum())
    total = float(volumes.sum())
    return total > 0.0 and min(left, total - left) > _CROSSING_FRACTION * total


def endplate_contact(case: Case, state: State) -> Metric:
    """Which endplates the cement reaches: none, one or both."""
    points, _ = points_mm(case, state)
    if not len(points):
        return "none"
    marks = case.patient.target.landmarks
    bone = state.body.bone
    below = float(points[:, 2].min()) - marks.inferior_z_mm[1] < _TOUCH_MM
    middle = np.abs(points[:, 1] - marks.centre_mm[1]) < 6.0
    top = float(points[middle, 2].max()) if middle.any() else -1e9
    plate = _superior_plate_z(bone.tissue, bone.origin_mm[2], bone.spacing_mm, points[middle])
    return ("none", "one", "both")[int(below) + int(plate - top < _TOUCH_MM)]


def _superior_plate_z(tissue: ByteArray, z0: float, h: float, points: FloatArray) -> float:
    """Lowest disc voxel above the cement's middle, mm; high if there is none."""
    disc = np.nonzero((tissue == int(Tissue.DISC)).any(axis=(0, 1)))[0] * h + z0
    above = disc[disc > (points[:, 2].mean() if len(points) else 0.0)]
    return float(above.min()) if len(above) else 1e9
