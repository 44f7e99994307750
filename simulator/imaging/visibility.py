"""What of a leak stands out in a picture: projected thickness, never a fixed share."""

from __future__ import annotations

import numpy as np

from simulator.units import AnyArray, FloatArray
from simulator.world.arm import View
from simulator.world.state import State

_CELLS = 8
"""Cells of the body's grid (0.75 mm) that a spot must cover to be told from noise."""
_BESIDE = 0.3
"""A leak in front of more cement than this share of its own thickness is lost in its shadow."""


def voxel_points_mm(state: State, voxels: AnyArray) -> FloatArray:
    """Return the (n, 3) positions of flat voxel indices of the treated body's grid."""
    bone = state.body.bone
    i, j, k = np.unravel_index(voxels, bone.shape)
    points: FloatArray = np.stack([i, j, k], axis=1).astype(np.float64)
    points *= bone.spacing_mm
    points += np.array(bone.origin_mm)
    return points


def visible_routes(state: State, view: View, threshold_mm: float) -> frozenset[int]:
    """Return the leak routes whose cement stands out in a true view.

    A route is seen where its cement, summed along the beam, is thicker than `threshold_mm` and
    is not hidden by more cement of the body in the same place.
    """
    cloud = state.cement.cloud
    outside = np.nonzero(cloud.route >= 0)[0]
    if not len(outside):
        return frozenset()
    h = state.body.bone.spacing_mm
    across = 0 if view is View.AP else 1
    points = voxel_points_mm(state, cloud.voxel)
    cells = np.rint(points[:, (across, 2)] / h).astype(np.int64)
    key = cells[:, 0] * 100_003 + cells[:, 1]
    thick = cloud.fill * cloud.volume_ul / (h * h)
    body = cloud.route < 0
    keys, where = np.unique(key, return_inverse=True)
    shadow = np.bincount(where[body], thick[body], minlength=len(keys))
    seen = set()
    for route in np.unique(cloud.route[outside]):
        mine = cloud.route == route
        depth = np.bincount(where[mine], thick[mine], minlength=len(keys))
        plain = (depth > threshold_mm) & (depth > _BESIDE * shadow)
        if int(plain.sum()) >= _CELLS:
            seen.add(int(route))
    return frozenset(seen)
