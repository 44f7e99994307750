"""A store of the patient's path lengths that projects only what changed."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import TypeVar

import numpy as np

from simulator.anatomy.hinge import NO_LIFT, Lift
from simulator.anatomy.patient import Patient
from simulator.anatomy.volume import BoneField, Volume
from simulator.anatomy.warp import superior_pose, warped, warped_bone
from simulator.imaging.blocks import FINE, SMOOTH, Block, Patch, project_block, project_blocks
from simulator.imaging.positioner import Geometry
from simulator.kernels.detector import add_enlarged
from simulator.units import AnyArray, Float32Array, IntArray, frozen
from simulator.world.cement import Cloud
from simulator.world.tamp import Body, Tamp

_TORSO = -1
_GROUPS = ("above", "target", "below", "beyond")
"""Bone that moves together when the endplate is lifted; beyond the spine voxels are larger."""
_TORSO_PITCH_MM = 1.2
"""Soft tissue is projected on pixels up to this large; its voxels are larger still."""
_KEPT = 90
"""Projections kept: some poses of a whole spine."""

_TRABECULAR = (-1.006, 1.034)
"""Change of the soft and the cortical coefficient per bone volume fraction: fitted to cortical bone
in red and yellow marrow, 50 to 200 mg/cm3, exact within 0.1 % at 40 to 80 keV."""


T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Paths:
    """Path lengths through the patient without any device, cm."""

    soft: Float32Array
    """(n, n)."""
    cortical: Float32Array
    """(n, n)."""


@dataclass(frozen=True, slots=True)
class _Remade:
    bone: BoneField
    block: Block | None
    view: tuple[Geometry, Lift] | None
    paths: Paths | None


@dataclass(frozen=True, slots=True)
class _Fill:
    view: tuple[Geometry, Lift]
    arrays: list[AnyArray]
    patch: Patch | None


def _block(volume: Volume, step: float = FINE) -> Block:
    return Block(volume.soft, volume.cortical, volume.origin_mm, volume.spacing_mm, step)


class PatientProjector:
    """The patient's path lengths; each vertebra and the torso is projected once per pose.

    A class, because the prepared blocks live as long as the patient is looked at.
    """

    def __init__(self, patient: Patient):
        """Prepare for `patient`; blocks are made when they are first needed."""
        self._patient = patient
        self._blocks: dict[int, Block] = {}
        self._lifted: tuple[Lift, Block] | None = None
        self._patches: dict[tuple[object, ...], Patch | None] = {}
        self._total: tuple[tuple[object, ...], Paths] | None = None
        self._fill: _Fill | None = None
        self._derived: tuple[Paths, object, object] | None = None
        self._remade: _Remade | None = None

    def _block_of(self, layer: int, lift: Lift) -> Block:
        """Return a vertebra, the target with its endplate lifted, or what is not spine (-1, ..)."""
        patient = self._patient
        if layer == patient.index and lift:
            if self._lifted is None or self._lifted[0] != lift:
                volume = warped(patient.target.volume, patient.hinge, lift)
                self._lifted = (lift, _block(volume))
            return self._lifted[1]
        if layer not in self._blocks:
            others = (patient.torso, *patient.extras)
            volume = others[-1 - layer] if layer < 0 else patient.vertebrae[layer].volume
            self._blocks[layer] = _block(volume, SMOOTH if layer == _TORSO else FINE)
        return self._blocks[layer]

    def _group(self, group: str, lift: Lift) -> list[Block]:
        """Return the blocks that move together."""
        index, count = self._patient.index, len(self._patient.vertebrae)
        if group == "above":
            return [self._block_of(layer, NO_LIFT) for layer in range(index)]
        if group == "target":
            return [self._block_of(index, lift)]
        if group == "below":
            return [self._block_of(layer, NO_LIFT) for layer in range(index + 1, count)]
        extras = len(self._patient.extras)
        return [self._block_of(layer, NO_LIFT) for layer in range(-1 - extras, -1)]

    def _patch(self, group: str, g: Geometry, now: Lift) -> Patch | None:
        lift = now if group in ("above", "target") else NO_LIFT
        key = (group, g, lift)
        if key not in self._patches:
            above = group == "above" and bool(lift)
            pose = superior_pose(self._patient.hinge, lift) if above else None
            blocks = (
                [self._block_of(_TORSO, NO_LIFT)] if group == "torso" else self._group(group, lift)
            )
            self._patches[key] = project_blocks(blocks, g, pose) if blocks else None
            while len(self._patches) > _KEPT:
                self._patches.pop(next(iter(self._patches)))
        return self._patches[key]

    def paths(self, g: Geometry, lift: Lift = NO_LIFT) -> Paths:
        """Return the path lengths seen from `g`, the body lifted by `lift`."""
        key = (g, lift)
        if self._total is None or self._total[0] != key:
            smooth = _fewer(g, max(int(_TORSO_PITCH_MM / g.pitch_mm), 1))
            torso = np.zeros((2, smooth.n, smooth.n), np.float32)
            _add(self._patch("torso", smooth, NO_LIFT), torso[0], torso[1])
            soft, cortical = np.zeros((2, g.n, g.n), np.float32)
            add_enlarged(torso[0], soft)
            add_enlarged(torso[1], cortical)
            for group in _GROUPS:
                _add(self._patch(group, g, lift), soft, cortical)
            self._total = (key, Paths(frozen(soft), frozen(cortical)))
        return self._total[1]

    def with_body(self, g: Geometry, body: Body) -> Paths:
        """Return the path lengths with what tamps have left: the lift, cavities, crushed rims."""
        paths = self.paths(g, body.shown)
        if body.bone_revision == 0:
            return paths
        kept = self._remade
        key = (g, body.shown)
        if kept is None or kept.bone is not body.bone:
            change = _remodelled(self._patient, body)
            kept = _Remade(body.bone, None if change is None else _block(change), None, None)
        if kept.block is not None and (kept.view != key or kept.paths is None):
            soft, cortical = paths.soft.copy(), paths.cortical.copy()
            _add(project_block(kept.block, g), soft, cortical)
            kept = _Remade(body.bone, kept.block, key, Paths(frozen(soft), frozen(cortical)))
        self._remade = kept
        return kept.paths or paths

    def remembered(self, paths: Paths, beam: object, make: Callable[[], T]) -> T:
        """Return what `make` gives for these paths and this beam: the last one is kept."""
        kept = self._derived
        if kept is None or kept[0] is not paths or kept[1] is not beam:
            kept = (paths, beam, make())
            self._derived = kept
        return kept[2]  # type: ignore[return-value]

    def fill(
        self, g: Geometry, body: Body, cloud: Cloud, tamps: Sequence[Tamp | None]
    ) -> Patch | None:
        """Return cement (first) and contrast medium (second) in the target seen from `g`, cm.

        Both are fractions of the voxels of the body's bone field. States share their arrays
        while nothing changes, so that the arrays themselves are the key.
        """
        inside = [t for t in tamps if t is not None and t.voxels.size]
        spill = (body.spill_voxels, body.spill_fill)
        if not inside and not cloud.voxel.size and not spill[0].size:
            return None
        lift = body.shown.minus(body.baked)
        arrays = [cloud.voxel, cloud.fill, *spill, *(a for t in inside for a in (t.voxels, t.fill))]
        kept = self._fill
        if (
            kept is None
            or kept.view != (g, lift)
            or len(kept.arrays) != len(arrays)
            or any(a is not b for a, b in zip(kept.arrays, arrays, strict=True))
        ):
            volume = _filled(body, cloud, inside)
            if lift:
                volume = warped(volume, self._patient.hinge, lift)
            kept = _Fill((g, lift), arrays, project_block(_block(volume), g))
            self._fill = kept
        return kept.patch


def _add(patch: Patch | None, soft: Float32Array, cortical: Float32Array) -> None:
    if patch is None:
        return
    rows, cols = patch.first.shape
    part = np.s_[patch.row : patch.row + rows, patch.col : patch.col + cols]
    soft[part] += patch.first
    cortical[part] += patch.second


def _fewer(g: Geometry, times: int) -> Geometry:
    """Return the same picture with pixels some `times` larger, as far as they divide it."""
    while g.n % times:
        times -= 1
    return replace(g, n=g.n // times, pitch_mm=g.pitch_mm * times)


def _remodelled(patient: Patient, body: Body) -> Volume | None:
    """Return how the image of the bone differs from the lifted fracture; None if it does not."""
    before = patient.target.bone
    if before is None:
        return None
    before = warped_bone(before, patient.hinge, body.baked)
    more = body.bone.bv_tv - before.bv_tv
    if not np.any(more):
        return None
    soft, cortical = (frozen(more * np.float32(c)) for c in _TRABECULAR)
    change = Volume(body.bone.origin_mm, body.bone.spacing_mm, soft, cortical)
    rest = body.shown.minus(body.baked)
    return warped(change, patient.hinge, rest) if rest else change


def _filled(body: Body, cloud: Cloud, tamps: Sequence[Tamp]) -> Volume:
    """Return the box around all filled voxels: cement as its soft field, contrast as cortical."""
    bone = body.bone
    voxel_ul = bone.spacing_mm**3
    every = np.concatenate([cloud.voxel, body.spill_voxels, *(t.voxels for t in tamps)])
    at = np.array(np.unravel_index(every, bone.shape))
    low, shape = at.min(1), tuple(np.ptp(at, axis=1) + 1)
    cement, contrast = np.zeros((2, *shape), np.float32)

    def put(field: Float32Array, voxels: IntArray, share: AnyArray) -> None:
        i, j, k = np.array(np.unravel_index(voxels, bone.shape)) - low[:, None]
        np.add.at(field, (i, j, k), share.astype(np.float32))

    put(cement, cloud.voxel, cloud.fill * cloud.volume_ul / voxel_ul)
    put(contrast, body.spill_voxels, body.spill_fill)
    for tamp in tamps:
        put(contrast, tamp.voxels, tamp.fill)
    np.minimum(contrast, 1.0, out=contrast)
    x, y, z = (o + i * bone.spacing_mm for o, i in zip(bone.origin_mm, low.tolist(), strict=True))
    return Volume((x, y, z), bone.spacing_mm, cement, contrast)
