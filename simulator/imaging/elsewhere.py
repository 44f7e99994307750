"""What stands or was left at other levels of the session, as the present level's pictures show it.

All of it is carried over rigidly from the frame of its own level: cement as it lies, needles as
they stand, and what tamps made of the bone as a change of its image. A lift moves only its own
vertebra here, not the spine above it.
"""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np
from scipy.ndimage import affine_transform

from simulator.anatomy.volume import Volume
from simulator.anatomy.warp import warped
from simulator.frames import Side
from simulator.imaging.cells import voxel_points_mm
from simulator.imaging.mottle import fine_cement
from simulator.imaging.tools import Rod, rods_of_tails, rods_on
from simulator.imaging.treated import cement_part, remodelled
from simulator.imaging.voxels import Block, Part, block_of
from simulator.units import Float32Array, FloatArray, Vec3, frozen
from simulator.world.placement import between

if TYPE_CHECKING:
    from simulator.anatomy.patient import Patient
    from simulator.anatomy.shape import Pose
    from simulator.world.case import Case
    from simulator.world.state import State
    from simulator.world.worked import Worked


@dataclass(frozen=True, slots=True, eq=False)
class Elsewhere:
    """Of all other levels together, in the frame of the present one."""

    bone: tuple[Block, ...] = ()
    """Changes of the image of bone."""
    fill: tuple[Part, ...] = ()
    """Cement."""
    rods: tuple[Rod, ...] = ()
    """Needles."""
    points_mm: FloatArray = field(default_factory=lambda: frozen(np.zeros((0, 3))))
    """(n, 3) where the same cement lies, voxel by voxel."""
    volume_mm3: FloatArray = field(default_factory=lambda: frozen(np.zeros(0)))
    """(n,) how much of it."""


NOTHING = Elsewhere()
_known: deque[tuple[tuple[Worked | None, ...], int, Elsewhere]] = deque(maxlen=4)
"""Pure function values, kept for speed; never part of a state."""


def elsewhere(case: Case, state: State) -> Elsewhere:
    """Return what other levels show; one and the same object while nothing changes there."""
    if not any(state.worked):
        return NOTHING
    for worked, level, found in _known:
        if worked is state.worked and level == state.level:
            return found
    bone: list[Block] = []
    fill: list[Part] = []
    rods: list[Rod] = []
    points, volumes = [NOTHING.points_mm], [NOTHING.volume_mm3]
    for n, left in enumerate(state.worked):
        if left is None:
            continue
        way = between(case, n, state.level)
        bone += [block_of(carried(v, way)) for v in changes(case.levels[n].patient, left)]
        cloud = left.cement.cloud
        if cloud.voxel.size:
            fine = carried(fine_cement(left.body.bone, cloud), way)
            fill.append(cement_part(fine, left.body.bone.spacing_mm))
            points.append(way.out(voxel_points_mm(left.body.bone, cloud.voxel)))
            volumes.append(cloud.fill * cloud.volume_ul)
        rods += _needles(left, way)
    every, amounts = frozen(np.concatenate(points)), frozen(np.concatenate(volumes))
    found = Elsewhere(tuple(bone), tuple(fill), tuple(rods), every, amounts)
    _known.append((state.worked, state.level, found))
    return found


def changes(patient: Patient, left: Worked) -> list[Volume]:
    """Return how the images of a level's bone differ from those of the fracture."""
    body, out = left.body, []
    if body.shown:
        before = patient.target.volume
        after = warped(before, patient.hinge, body.shown)
        more = round((before.origin_mm[2] - after.origin_mm[2]) / before.spacing_mm)
        soft, cortical = after.soft.copy(), after.cortical.copy()
        part = np.s_[:, :, more : more + before.soft.shape[2]]
        soft[part] -= before.soft
        cortical[part] -= before.cortical
        out.append(Volume(after.origin_mm, before.spacing_mm, frozen(soft), frozen(cortical)))
    change = remodelled(patient, body) if body.bone_revision else None
    return out if change is None else [*out, warped(change, patient.hinge, body.unbaked)]


def carried(volume: Volume, way: Pose) -> Volume:
    """Return a volume as another frame has it, on voxels of the same size; it keeps its mass."""
    h, low = volume.spacing_mm, np.array(volume.origin_mm)
    ends = np.array([[0.0, 0.0, 0.0], np.array(volume.soft.shape) - 1.0]) * h + low
    corners = way.out(
        np.array([[ends[i, 0], ends[j, 1], ends[k, 2]]
                  for i in (0, 1) for j in (0, 1) for k in (0, 1)])
    )  # fmt: skip
    start = corners.min(axis=0) - h
    shape = tuple(int(n) for n in np.ceil((corners.max(axis=0) + h - start) / h) + 1)
    # The voxel of the old frame at which one of the new frame lies.
    back = way.turn.T
    offset = (back @ (start - way.shift) - low) / h
    soft, cortical = (
        _resampled(field, back, offset, shape) for field in (volume.soft, volume.cortical)
    )
    return Volume((float(start[0]), float(start[1]), float(start[2])), h, soft, cortical)


def _resampled(
    field: Float32Array, turn: FloatArray, offset: FloatArray, shape: tuple[int, ...]
) -> Float32Array:
    out = affine_transform(field, turn, offset, output_shape=shape, order=1, output=np.float32)
    total = float(out.sum(dtype=float))
    if total and field.min() >= 0.0:
        out *= np.float32(float(field.sum(dtype=float)) / total)
    return frozen(out)


def _needles(left: Worked, way: Pose) -> list[Rod]:
    found = rods_of_tails(left.cement)
    for side in Side:
        found += rods_on(left.cannulas[side], None, left.cement, side)
    return [_rod(rod, way) for rod in found]


def _rod(rod: Rod, way: Pose) -> Rod:
    start, end = (_point(way, point) for point in (rod.start_mm, rod.end_mm))
    return Rod(start, end, rod.outer_mm, rod.inner_mm, rod.plane, rod.gain)


def _point(way: Pose, point: Vec3) -> Vec3:
    x, y, z = way.out(np.array(point)).tolist()
    return x, y, z
