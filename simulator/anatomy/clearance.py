"""How much room a path has to what it must not touch: canal, lung, ribs."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from scipy.ndimage import distance_transform_edt, map_coordinates

from simulator.anatomy.volume import BoneField, Tissue, Volume
from simulator.units import AnyArray, FloatArray

_RIB_SHARE = 0.02
"""Mineral of a voxel from which bone is in it."""
_FAR_MM = 8.0
"""Ribs further off than this do not matter."""


def tissue_room(bone: BoneField, tissues: tuple[Tissue, ...], points: FloatArray) -> FloatArray:
    """Return the least distance (...,) of paths (..., n, 3) to tissues; infinite if none is near.

    It is that to the voxels' faces: no more than the true one by half a voxel.
    """
    there = np.isin(bone.tissue, tissues)
    if not there.any():
        return np.full(points.shape[:-2], np.inf)
    near = distance_transform_edt(~there, sampling=bone.spacing_mm)
    return np.asarray(_at(near, bone.origin_mm, bone.spacing_mm, points) - 0.5 * bone.spacing_mm)


def rib_room(ribs: Sequence[Volume], points: FloatArray) -> FloatArray:
    """Return the least distance (...,) of paths (..., n, 3) to further bone.

    Negative inside it; infinite beyond 8 mm.
    """
    out = np.full(points.shape[:-2], np.inf)
    first, last = points.reshape(-1, 3).min(axis=0), points.reshape(-1, 3).max(axis=0)
    for rib in ribs:
        h, low = rib.spacing_mm, np.asarray(rib.origin_mm)
        ends = np.array([first - _FAR_MM - low, last + _FAR_MM - low]) / h
        begin = np.floor(ends[0]).astype(int).clip(0, None)
        box = tuple(slice(a, max(b, a)) for a, b in zip(begin, np.ceil(ends[1]).astype(int),
                                                       strict=True))  # fmt: skip
        share = rib.cortical[box]
        if not (share > _RIB_SHARE).any():
            continue
        start = low + h * begin
        found = _at(_signed(share, h), start, h, points, cval=_FAR_MM)
        out = np.minimum(out, np.where(found < _FAR_MM, found, np.inf))
    return np.asarray(out)


def _signed(share: AnyArray, h: float) -> FloatArray:
    """Return the distance of every voxel to a rib's surface, negative inside.

    A voxel that the surface crosses holds as much cortex as it lies inside: its centre is
    (1/2 - share) h outside, as the shell is about as thick as a voxel.
    """
    bone = share > _RIB_SHARE
    far, nearest = distance_transform_edt(~bone, return_indices=True)
    outside = h * (far + 0.5 - share[tuple(nearest)].clip(0.0, 1.0))
    inside = h * (0.5 - distance_transform_edt(bone))
    edge = bone & (inside > -0.75 * h)
    return np.asarray(np.where(edge, h * (0.5 - share), np.where(bone, inside, outside)))


def _at(near: AnyArray, low: Sequence[float] | FloatArray, h: float, points: FloatArray,
        cval: float | None = None) -> FloatArray:  # fmt: skip
    """Return the least value of a grid (trilinear) over each path."""
    at = (points - np.asarray(low)).reshape(-1, 3).T / h
    mode = "nearest" if cval is None else "constant"
    found = map_coordinates(near, at, order=1, mode=mode, cval=cval or 0.0)
    return np.asarray(found.reshape(points.shape[:-1]).min(axis=-1))
