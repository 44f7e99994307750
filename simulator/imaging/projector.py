"""A store of the patient's path lengths that projects only what changed."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from simulator.anatomy.hinge import NO_LIFT, Lift
from simulator.anatomy.patient import Patient
from simulator.anatomy.volume import BoneField, Volume
from simulator.anatomy.warp import inferior_pose, superior_pose, warped, warped_bv
from simulator.imaging.blocks import Patch, Quality, project_block, project_bundle
from simulator.imaging.memory import Memory
from simulator.imaging.positioner import Geometry
from simulator.imaging.voxels import FINE, SMOOTH, Block, Bundle
from simulator.kernels.detector import enlarge
from simulator.units import AnyArray, Float32Array, IntArray, frozen
from simulator.world.cement import Cloud
from simulator.world.tamp import Body, Tamp

_GROUPS = ("above", "target", "below", "beyond")
"""Bone that moves together when the endplate is lifted; beyond the spine voxels are larger."""
_POSES = {"above": superior_pose, "below": inferior_pose}
_COARSE_PITCH_MM = 1.2
"""Soft tissue is projected on pixels up to this large; its voxels are larger still. While the arm
moves, so are ribs and pelvis, whose voxels are as large."""
_KEPT = 90
"""Projections kept: some poses of a whole spine."""

_TRABECULAR = (-1.006, 1.034)
"""Change of the soft and the cortical coefficient per bone volume fraction: fitted to cortical bone
in red and yellow marrow, 50 to 200 mg/cm3, exact within 0.1 % at 40 to 80 keV."""


@dataclass(frozen=True, slots=True)
class Paths:
    """Path lengths through the patient without any device, cm."""

    soft: Float32Array
    """(n, n)."""
    cortical: Float32Array
    """(n, n)."""


def _block(volume: Volume, step: float = FINE) -> Block:
    return Block(volume.soft, volume.cortical, volume.origin_mm, volume.spacing_mm, step)


class PatientProjector:
    """The patient's path lengths; each vertebra and the torso is projected once per pose.

    A class, because the prepared blocks live as long as the patient is looked at.
    """

    def __init__(self, patient: Patient):
        """Prepare for `patient`; blocks are made when they are first needed."""
        self._patient = patient
        self._bundles: dict[str, tuple[Lift, Bundle | None]] = {}
        self._patches: dict[tuple[object, ...], Patch | None] = {}
        self.memory = Memory()
        """What later steps of the picture made of these paths."""

    def _bundle(self, group: str, lift: Lift) -> Bundle | None:
        """Return the blocks that move together; None if there are none."""
        kept = self._bundles.get(group)
        if kept is None or kept[0] != lift:
            blocks = [
                _block(volume, SMOOTH if group == "torso" else FINE)
                for volume in _volumes(self._patient, group, lift)
            ]
            kept = (lift, Bundle(blocks) if blocks else None)
            self._bundles[group] = kept
        return kept[1]

    def _patch(self, group: str, g: Geometry, now: Lift, quality: Quality) -> Patch | None:
        lift = _shared(group, now)
        key = (group, g, lift, quality)
        if key not in self._patches:
            moved = _POSES.get(group) if lift else None
            pose = None if moved is None else moved(self._patient.hinge, lift)
            bundle = self._bundle(group, lift if group == "target" else NO_LIFT)
            self._patches[key] = (
                None if bundle is None else project_bundle(bundle, g, pose, quality)
            )
            while len(self._patches) > _KEPT:
                self._patches.pop(next(iter(self._patches)))
        return self._patches[key]

    def paths(self, g: Geometry, lift: Lift = NO_LIFT, quality: Quality = Quality.STILL) -> Paths:
        """Return the path lengths seen from `g`, the body lifted by `lift`."""
        seen, lift = self.memory.one(g), self.memory.one(lift)
        return self.memory.once(
            "paths", (seen, lift, quality), lambda: self._paths(seen, lift, quality)
        )

    def _paths(self, g: Geometry, lift: Lift, quality: Quality) -> Paths:
        smooth = _fewer(g, max(int(_COARSE_PITCH_MM / g.pitch_mm), 1))
        far = ("torso", "beyond") if quality is Quality.MOVING else ("torso",)
        coarse = np.zeros((2, smooth.n, smooth.n), np.float32)
        for group in far:
            _add(self._patch(group, smooth, lift, quality), coarse[0], coarse[1])
        soft, cortical = np.empty((2, g.n, g.n), np.float32)
        enlarge(coarse[0], soft)
        enlarge(coarse[1], cortical)
        for group in _GROUPS:
            if group not in far:
                _add(self._patch(group, g, lift, quality), soft, cortical)
        return Paths(frozen(soft), frozen(cortical))

    def with_body(self, g: Geometry, body: Body, quality: Quality = Quality.STILL) -> Paths:
        """Return the path lengths with what tamps have left: the lift, cavities, crushed rims."""
        paths = self.paths(g, body.shown, quality)
        if body.bone_revision == 0:
            return paths
        once, lift = self.memory.once, self.memory.one(body.unbaked)
        baked = self.memory.one(body.baked)
        block = once(
            "remodelled", (body.bone, lift, baked), lambda: _remodelled(self._patient, body)
        )
        if block is None:
            return paths
        return once("body", (paths, block), lambda: _more(paths, project_block(block, g)))

    def fill(
        self,
        g: Geometry,
        body: Body,
        cloud: Cloud,
        tamps: Sequence[Tamp | None],
        quality: Quality = Quality.STILL,
    ) -> Patch | None:
        """Return cement (first) and contrast medium (second) in the target seen from `g`, cm.

        Both are fractions of the voxels of the body's bone field. States share their arrays
        while nothing changes, so that the arrays themselves are the key.
        """
        inside = [t for t in tamps if t is not None and t.voxels.size]
        spill = (body.spill_voxels, body.spill_fill)
        if not inside and not cloud.voxel.size and not spill[0].size:
            return None
        one, once = self.memory.one, self.memory.once
        lift, seen = one(body.unbaked), one(g)
        arrays = [cloud.voxel, cloud.fill, *spill, *(a for t in inside for a in (t.voxels, t.fill))]

        def made() -> Block:
            volume = _filled(body, cloud, inside)
            return _block(warped(volume, self._patient.hinge, lift) if lift else volume)

        block = once("filled", (lift, *arrays), made)
        return once(
            "fill",
            (block, seen, quality),
            lambda: project_bundle(Bundle((block,)), seen, None, quality),
        )


def _shared(group: str, lift: Lift) -> Lift:
    """Return the part of a lift that moves a group, so that pictures of the rest are kept."""
    if group == "target":
        return lift
    if group == "above":
        return Lift(lift.superior_rad, lift.superior_mm)
    if group == "below":
        return Lift(0.0, 0.0, lift.inferior_rad, lift.inferior_mm)
    return NO_LIFT


def _volumes(patient: Patient, group: str, lift: Lift) -> Sequence[Volume]:
    """Return what moves together; of the target what its lifted endplate makes of it."""
    if group == "torso":
        return (patient.torso,)
    if group == "beyond":
        return patient.extras
    if group == "target":
        volume = patient.target.volume
        return (warped(volume, patient.hinge, lift) if lift else volume,)
    index = patient.index
    some = patient.vertebrae[:index] if group == "above" else patient.vertebrae[index + 1 :]
    return [vertebra.volume for vertebra in some]


def _more(paths: Paths, patch: Patch | None) -> Paths:
    soft, cortical = paths.soft.copy(), paths.cortical.copy()
    _add(patch, soft, cortical)
    return Paths(frozen(soft), frozen(cortical))


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


def _remodelled(patient: Patient, body: Body) -> Block | None:
    """Return how the image of the bone differs from the lifted fracture; None if it does not."""
    before = patient.target.bone
    if before is None:
        return None
    more = body.bone.bv_tv - warped_bv(before, patient.hinge, body.baked)
    if not np.any(more):
        return None
    change = _boxed(more, body.bone)
    rest = body.unbaked
    return _block(warped(change, patient.hinge, rest) if rest else change)


def _boxed(more: Float32Array, bone: BoneField) -> Volume:
    """Return the box around what has changed in the bone, as its image changes."""
    spans = []
    for axis in range(3):
        rows = np.flatnonzero(more.any(tuple(a for a in range(3) if a != axis)))
        spans.append(slice(int(rows[0]), int(rows[-1]) + 1))
    part = more[tuple(spans)]
    soft, cortical = (frozen(np.ascontiguousarray(part * np.float32(c))) for c in _TRABECULAR)
    x, y, z = (o + s.start * bone.spacing_mm for o, s in zip(bone.origin_mm, spans, strict=True))
    return Volume((x, y, z), bone.spacing_mm, soft, cortical)


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
