"""The path beside a pedicle that is too narrow: between rib and pedicle into the body."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from scipy.ndimage import distance_transform_edt, map_coordinates
from scipy.spatial import cKDTree

from simulator.anatomy.landmarks import Landmarks
from simulator.anatomy.patient import Vertebra
from simulator.anatomy.plan import (
    Beside,
    Plan,
    Route,
    field_of,
    inside_mm,
    skin_above,
    surface,
    vec,
    walls_y,
)
from simulator.anatomy.volume import BoneField, Tissue, Volume
from simulator.frames import Side
from simulator.units import AnyArray, FloatArray

_ALONG_MM = (-2.0, 0.0, 2.0, 4.0)
"""Entries that are tried: this far in front of the junction of pedicle and body ..."""
_RISE = (-0.30, -0.15, 0.0, 0.15, 0.30, 0.45)
"""... and this far above the pedicle's axis, of its height."""
_SHARES = np.linspace(-0.15, 0.60, 9)
"""Distances of the target from the midline, of the half width."""
_DEPTHS = (0.25, 0.40)
"""Depths of the target behind the anterior wall, of the body's."""
_HEIGHTS_MM = (-4.0, -2.0, 0.0, 2.0, 4.0)
_BEHIND_MM = np.arange(2.0, 46.0, 1.0)
"""Where the path is looked at before it meets bone."""
_INTO_MM = np.arange(3.0, 20.0, 1.0)
"""Where it is looked at inside the body."""
_ENOUGH_MM = 2.0
"""Room beyond which a better target counts more."""
_PLATE_MM = 5.0
_RIB_NEAR_MM = 25.0
_RIB_SHARE = 0.02
"""Mineral of a voxel from which it counts as rib."""
_ROOT_MM = 3.0
"""The path keeps this far from the root in the foramen."""
_OBLIQUE = 0.64
"""Sine of the medial angle beyond which the skin would be too far out: 40 degrees (design)."""
_FROM_BELOW = 20.0
"""Fault of a path that rises, per unit of slope: it comes from the root's side."""
_GRAZE = 0.35
"""Least share of the direction that leads into the cortex: a flatter path skids."""


def plan_beside(
    vertebra: Vertebra,
    side: Side,
    radius_mm: float = 1.6,
    ribs: Sequence[Volume] = (),
    skin_y_mm: float | None = None,
) -> Plan:
    """Return the best of a fan of straight paths that enter the body beside one pedicle.

    The path stays lateral of the pedicle until it is past the posterior wall, and meets bone at
    the junction of pedicle and body.

    Args:
        vertebra: The level to treat; needs its mechanics.
        side: Beside which pedicle.
        radius_mm: Outer radius of the tool.
        ribs: Further bone in the field (`Patient.extras`).
        skin_y_mm: Where the skin is pierced; the landmark's skin if not given.

    Raises:
        UsageError: the level has no mechanics.
    """
    bone, marks = field_of(vertebra), vertebra.landmarks
    entries, targets = _entries(bone, marks, side), _targets(marks, side)
    way = targets[None] - entries[:, None]
    way /= np.linalg.norm(way, axis=-1, keepdims=True)
    before = entries[:, None, None] - _BEHIND_MM[:, None] * way[:, :, None]
    within = entries[:, None, None] + _INTO_MM[:, None] * way[:, :, None]
    whole = np.concatenate([before, within], axis=2)
    canal = _room(bone, _near(bone, (Tissue.CANAL, Tissue.EPIDURAL)), whole) - radius_mm
    lung = _room(bone, _near(bone, (Tissue.LUNG,)), whole) - radius_mm
    rib = _rib_room(ribs, marks, before) - radius_mm
    root = np.linalg.norm(before - np.asarray(marks.foramina_mm[side]), axis=-1).min(axis=-1)
    score = 4.0 * np.minimum(root - radius_mm - _ROOT_MM, 0.0)
    for room in (canal, lung, rib):
        score = score + 4.0 * np.minimum(room - _ENOUGH_MM, 0.0)
    free = -inside_mm(bone, before).max(axis=-1) - radius_mm
    core = inside_mm(bone, within).min(axis=-1) - radius_mm
    score = score + 4.0 * np.minimum(core, 0.0) + 2.0 * np.minimum(free, 0.0)
    score = score - _inside_pedicle(marks, side, before) - _slant(bone, marks, entries, way)
    score = score + _wishes(bone, marks, targets)[None]
    e, t = np.unravel_index(int(np.argmax(score)), score.shape)
    return Plan(
        side,
        skin_above(entries[e], way[e, t], marks.skin_y_mm if skin_y_mm is None else skin_y_mm),
        vec(entries[e]),
        vec(targets[t]),
        route=Route.EXTRAPEDICULAR,
        beside=Beside(float(canal[e, t]), _known(rib[e, t]), _known(lung[e, t])),
    )


def _slant(bone: BoneField, marks: Landmarks, entries: FloatArray, way: FloatArray) -> FloatArray:
    """Fault of paths that graze the cortex, come from far out or from below."""
    steep = np.abs(np.sum(way * _inward(bone, entries)[:, None], axis=-1))
    aside = np.abs(way @ np.asarray(marks.axes[0]))
    rising = (way @ np.asarray(marks.axes[2])).clip(0.0, None)
    far = (aside - _OBLIQUE).clip(0.0, None)
    return np.asarray(20.0 * (_GRAZE - steep).clip(0.0, None) + 30.0 * far + _FROM_BELOW * rising)


def _known(room: float) -> float | None:
    return float(room) if np.isfinite(room) else None


def _entries(bone: BoneField, marks: Landmarks, side: Side) -> FloatArray:
    """Points of the lateral cortex about the junction of pedicle and body, (n, 3)."""
    pedicle = marks.pedicles[side]
    centre, axis = marks.own(np.asarray(pedicle.centre_mm)), np.asarray(pedicle.axis)
    own_axis = np.asarray(marks.axes) @ axis
    base = centre + own_axis * (walls_y(marks)[1] - centre[1]) / own_axis[1]
    outward = np.asarray(marks.axes[0]) * side.sign
    starts = [base + a * own_axis + np.array([0.0, 0.0, r * pedicle.height_mm])
              for a in _ALONG_MM for r in _RISE]  # fmt: skip
    return np.array([surface(bone, marks.out(start), outward) for start in starts])


def _targets(marks: Landmarks, side: Side) -> FloatArray:
    """Points of the front half near the midline, (n, 3), patient frame."""
    front, back = walls_y(marks)
    middle = marks.own(np.asarray(marks.midline_mm))[2]
    x = side.sign * marks.half_width_mm * _SHARES
    y = [front + share * (back - front) for share in _DEPTHS]
    return marks.out(np.array([[a, b, middle + c] for a in x for b in y for c in _HEIGHTS_MM]))


def _near(bone: BoneField, tissues: tuple[Tissue, ...]) -> AnyArray | None:
    """Distance of every voxel to the nearest one of these tissues, mm; None if there is none."""
    there = np.isin(bone.tissue, tissues)
    if not there.any():
        return None
    return np.asarray(distance_transform_edt(~there, sampling=bone.spacing_mm))


def _room(bone: BoneField, near: AnyArray | None, points: FloatArray) -> AnyArray:
    """Least distance along each path; infinite where the tissue is nowhere in the field."""
    if near is None:
        return np.full(points.shape[:-2], np.inf)
    at = (points - np.asarray(bone.origin_mm)).reshape(-1, 3).T / bone.spacing_mm
    found = map_coordinates(near, at, order=1, mode="nearest").reshape(points.shape[:-1])
    return np.asarray(found.min(axis=-1) - 0.5 * bone.spacing_mm)


def _rib_room(ribs: Sequence[Volume], marks: Landmarks, points: FloatArray) -> AnyArray:
    """Least distance of each path to further bone near the level."""
    clouds = []
    for volume in ribs:
        there = np.argwhere(volume.cortical > _RIB_SHARE)
        cloud = np.asarray(volume.origin_mm) + volume.spacing_mm * there
        near = np.abs(cloud - np.asarray(marks.centre_mm)) < 2.0 * _RIB_NEAR_MM
        clouds.append(cloud[near.all(axis=1)] if len(cloud) else cloud)
    if not sum(len(c) for c in clouds):
        return np.full(points.shape[:-2], np.inf)
    gap, _ = cKDTree(np.concatenate(clouds)).query(points.reshape(-1, 3), workers=1,
                                                   distance_upper_bound=_RIB_NEAR_MM)  # fmt: skip
    half = 0.5 * max(volume.spacing_mm for volume in ribs)
    return np.asarray(gap.reshape(points.shape[:-1]).min(axis=-1) - half)


def _inward(bone: BoneField, points: FloatArray) -> FloatArray:
    """Unit normals into the bone, (n, 3)."""
    h = bone.spacing_mm
    steps = h * np.eye(3)
    slope = np.stack([inside_mm(bone, points + s) - inside_mm(bone, points - s) for s in steps], -1)
    return np.asarray(slope / np.linalg.norm(slope, axis=-1, keepdims=True))


def _inside_pedicle(marks: Landmarks, side: Side, before: FloatArray) -> FloatArray:
    """Fault of paths that are medial of the lateral border while behind the posterior wall."""
    own = marks.own(before)
    border = side.sign * marks.own(np.asarray(marks.pedicles[side].lateral_mm))[0]
    behind = own[..., 1] > walls_y(marks)[1]
    short = np.where(behind, border - side.sign * own[..., 0], 0.0).clip(0.0, None)
    return np.asarray(10.0 * short.max(axis=-1))


def _wishes(bone: BoneField, marks: Landmarks, targets: FloatArray) -> FloatArray:
    """A target in the midline, at mid height, off the endplates."""
    plate = np.minimum(inside_mm(bone, targets) - _PLATE_MM, 0.0)
    own = marks.own(targets)
    middle = marks.own(np.asarray(marks.midline_mm))[2]
    return np.asarray(2.0 * plate - 0.10 * np.abs(own[:, 0]) - 0.10 * np.abs(own[:, 2] - middle))
