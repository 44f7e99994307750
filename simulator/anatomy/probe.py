"""What a plan asks of a level's mechanics: depths in bone, rays to its surface, directions."""

from __future__ import annotations

import numpy as np
from scipy.ndimage import map_coordinates

from simulator.anatomy.landmarks import Landmarks
from simulator.anatomy.patient import Vertebra
from simulator.anatomy.volume import BoneField
from simulator.errors import UsageError
from simulator.frames import Side
from simulator.units import FloatArray, Vec3

_STEP_MM = 0.5
_FAR_MM = 80.0
_LOOK_MM = np.arange(0.0, 15.0, 0.25)


def vec(point: FloatArray) -> Vec3:
    """Return a (3,) array as a tuple."""
    return (float(point[0]), float(point[1]), float(point[2]))


def field_of(vertebra: Vertebra) -> BoneField:
    """Return the mechanics of a level.

    Raises:
        UsageError: it has none.
    """
    if vertebra.bone is None:
        raise UsageError(f"{vertebra.level} is only seen, it cannot be planned")
    return vertebra.bone


def inside_mm(bone: BoneField, points: FloatArray) -> FloatArray:
    """Return how deep (...,) the (..., 3) points lie below the bone's surface (trilinear)."""
    at = (points - np.asarray(bone.origin_mm)).reshape(-1, 3).T / bone.spacing_mm
    depth = map_coordinates(-bone.distance_mm, at, order=1, mode="nearest")
    return np.asarray(depth.reshape(points.shape[:-1]), dtype=np.float64)


def surface(bone: BoneField, start: FloatArray, way: FloatArray) -> FloatArray:
    """Return where a ray from inside the bone first leaves it.

    Raises:
        UsageError: it never does.
    """
    steps = np.arange(0.0, _FAR_MM, _STEP_MM)
    depth = inside_mm(bone, start + steps[:, None] * way)
    out = int(np.argmax(depth <= 0.0))
    if depth[out] > 0.0:
        raise UsageError(f"the path does not leave the bone within {_FAR_MM:g} mm")
    before = depth[out - 1] if out else 0.0
    back = steps[out] - (_STEP_MM * depth[out] / (depth[out] - before) if out else 0.0)
    return np.asarray(start + back * way)


def to_surface(bone: BoneField, starts: FloatArray, looks: FloatArray) -> FloatArray:
    """Return how far (n, m) the outside is from the (n, 3) starts along the (m, 3) looks.

    The field is exact at the surface and only good to half a voxel inside: the surface itself
    is searched for. A start that is outside has a negative distance.
    """
    points = starts[:, None, None] + _LOOK_MM[:, None] * looks[:, None]
    depth = inside_mm(bone, points)
    out = np.argmax(depth[..., 1:] <= 0.0, axis=-1)
    before = np.take_along_axis(depth, out[..., None], -1)[..., 0]
    after = np.take_along_axis(depth, out[..., None] + 1, -1)[..., 0]
    share = before / np.where(before > after, before - after, 1.0)
    found = _LOOK_MM[out] + share * (_LOOK_MM[1] - _LOOK_MM[0])
    found = np.where((depth > 0.0).all(axis=-1), _LOOK_MM[-1], found)
    return np.asarray(np.where(depth[..., 0] > 0.0, found, depth[..., 0]))


def skin_above(entry: FloatArray, way: FloatArray, skin_y_mm: float) -> Vec3:
    """Return where the line through an entry pierces the plane of the skin."""
    return vec(entry + way * (skin_y_mm - entry[1]) / way[1])


def walls_y(marks: Landmarks) -> tuple[float, float]:
    """Return y of the anterior and of the posterior wall in the vertebra's own frame."""
    both = marks.own(np.array([marks.anterior_wall_mm, marks.posterior_wall_mm]))
    return float(both[0, 1]), float(both[1, 1])


def square_to(marks: Landmarks, side: Side, way: FloatArray) -> tuple[FloatArray, FloatArray]:
    """Return the unit vectors square to a path that point medially and, nearest, superiorly."""
    medial = np.asarray(marks.axes[0]) * -side.sign
    medial = medial - way * (medial @ way)
    medial = medial / np.linalg.norm(medial)
    up = np.cross(medial, way) * side.sign
    return medial, up
