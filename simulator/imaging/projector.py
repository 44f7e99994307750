"""A store of the patient's path lengths that projects only what changed."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

import numpy as np

from simulator.anatomy.hinge import NO_LIFT, Lift
from simulator.anatomy.patient import Patient
from simulator.anatomy.volume import Volume
from simulator.anatomy.warp import inferior_pose, superior_pose
from simulator.imaging.blocks import Patch, Quality, project_bundle
from simulator.imaging.memory import Memory
from simulator.imaging.positioner import Geometry
from simulator.imaging.treated import filled, remodelled
from simulator.imaging.voxels import FINE, SMOOTH, Block, Bundle, Part, block_of, bundle_of
from simulator.kernels.coarse import enlarge
from simulator.units import Float32Array, frozen
from simulator.world.cement import Cloud
from simulator.world.tamp import Body, Tamp

_FIRM = ("below", "beyond")
"""Bone that stays when the superior endplate is lifted; beyond the spine voxels are larger."""
_LIFTED = ("above", "target")
"""What moves then, each on its own."""
_POSES = {"above": superior_pose, "below": inferior_pose}
_COARSE_PITCH_MM = 1.2
"""Soft tissue is projected on pixels up to this large; its voxels are larger still. While the arm
moves, so are ribs and pelvis, whose voxels are as large."""
_KEPT = 90
"""Projections kept: some poses of a whole spine."""

Box = tuple[tuple[int, int], tuple[int, int]]
"""Rows and columns of a picture: the first and one past the last of each."""


@dataclass(frozen=True, slots=True)
class Paths:
    """Path lengths through the patient without any device, cm."""

    soft: Float32Array
    """(n, n)."""
    cortical: Float32Array
    """(n, n)."""
    still: Paths | None = None
    """What of them stays while the fractured body is lifted; None if it is as it was."""
    box: Box = ((0, 0), (0, 0))
    """Where they are more than what stays."""


class PatientProjector:
    """The patient's path lengths; each vertebra and the torso is projected once per pose.

    A class, because the prepared blocks live as long as the patient is looked at.
    """

    def __init__(self, patient: Patient):
        """Prepare for `patient`; blocks are made when they are first needed."""
        self._patient = patient
        self._others: list[PatientProjector] = []
        self._bundles: dict[str, Bundle | None] = {}
        self._patches: dict[tuple[object, ...], Patch | None] = {}
        self.memory = Memory()
        """What later steps of the picture made of these paths."""

    def _bundle(self, group: str) -> Bundle | None:
        """Return what moves together as the fracture left it; None if there is nothing."""
        if group not in self._bundles:
            step = SMOOTH if group == "torso" else FINE
            blocks = [block_of(volume, step) for volume in _volumes(self._patient, group)]
            self._bundles[group] = bundle_of(blocks) if blocks else None
        return self._bundles[group]

    def _lifted(self, name: str, bundle: Bundle, lift: Lift) -> Bundle:
        """Return the parts of the fractured body as a lift leaves them; the last are kept.

        What a lift does adds up, so that the parts of the body that was taken apart once are
        lifted: to take the lifted body apart would cost three times as much.
        """
        if not lift:
            return bundle
        return self.memory.once(
            name, (bundle, lift), lambda: bundle.lifted(self._patient.hinge, lift)
        )

    def _patch(self, group: str, g: Geometry, now: Lift, quality: Quality) -> Patch | None:
        lift = _shared(group, now)
        key = (group, g, lift, quality)
        if key not in self._patches:
            moved = _POSES.get(group) if lift else None
            pose = None if moved is None else moved(self._patient.hinge, lift)
            bundle = self._bundle(group)
            if bundle is not None and group == "target":
                bundle = self._lifted("lifted", bundle, lift)
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
        stay = tuple(group for group in _FIRM if not _shared(group, lift))
        move = _LIFTED + tuple(group for group in _FIRM if group not in stay)
        firm = self.memory.once("firm", (g, quality, stay), lambda: self._firm(g, quality, stay))
        more = [self._patch(group, g, lift, quality) for group in move]
        still = firm if lift and quality is Quality.STILL else None
        return _more(replace(firm, still=still), more)

    def _firm(self, g: Geometry, quality: Quality, stay: tuple[str, ...]) -> Paths:
        """Return the path lengths through soft tissue and the bone that a lift leaves alone."""
        smooth = _fewer(g, max(int(_COARSE_PITCH_MM / g.pitch_mm), 1))
        far = ("torso", "beyond") if quality is Quality.MOVING else ("torso",)
        coarse = np.zeros((2, smooth.n, smooth.n), np.float32)
        for group in far:
            _add(self._patch(group, smooth, NO_LIFT, quality), coarse[0], coarse[1])
        soft, cortical = np.empty((2, g.n, g.n), np.float32)
        enlarge(coarse[0], soft)
        enlarge(coarse[1], cortical)
        for group in stay:
            if group not in far:
                _add(self._patch(group, g, NO_LIFT, quality), soft, cortical)
        return Paths(frozen(soft), frozen(cortical))

    def with_body(self, g: Geometry, body: Body, quality: Quality = Quality.STILL) -> Paths:
        """Return the path lengths with what tamps have left: the lift, cavities, crushed rims."""
        paths = self.paths(g, body.shown, quality)
        if body.bone_revision == 0:
            return paths
        once, lift = self.memory.once, self.memory.one(body.unbaked)
        baked = self.memory.one(body.baked)

        def made() -> Bundle | None:
            change = remodelled(self._patient, body)
            return None if change is None else bundle_of((block_of(change),))

        change = once("remodelled", (body.bone, baked), made)
        if change is None:
            return paths
        bundle = self._lifted("remodelled, lifted", change, lift)
        return once("body", (paths, bundle), lambda: _more(paths, [project_bundle(bundle, g)]))

    def fill(
        self,
        g: Geometry,
        body: Body,
        cloud: Cloud,
        tamps: Sequence[Tamp | None],
        quality: Quality = Quality.STILL,
        more: tuple[Part, ...] = (),
    ) -> Patch | None:
        """Return cement (first) and contrast medium (second) in the target seen from `g`, cm.

        With `more` of both, such as cement in other levels. Both are fractions of the voxels of
        the body's bone field. States share their arrays while nothing changes, so that the
        arrays themselves are the key.
        """
        inside = [t for t in tamps if t is not None and t.voxels.size]
        spill = (body.spill_voxels, body.spill_fill)
        here = bool(inside or cloud.voxel.size or spill[0].size)
        if not here and not more:
            return None
        one, once = self.memory.one, self.memory.once
        lift, seen = one(body.unbaked), one(g)
        arrays = [cloud.voxel, cloud.fill, *spill, *(a for t in inside for a in (t.voxels, t.fill))]

        own: Bundle | None = None
        if here:
            full = once("filled", tuple(arrays), lambda: filled(body, cloud, inside))
            own = self._lifted("filled, lifted", full, lift)
        parts = () if own is None else own.parts
        bundle = own
        if bundle is None or more:
            bundle = once("filled, all", (own, *more), lambda: Bundle([*parts, *more]))
        return once(
            "fill", (bundle, seen, quality), lambda: project_bundle(bundle, seen, None, quality)
        )

    def with_more(self, paths: Paths, g: Geometry, blocks: tuple[Block, ...]) -> Paths:
        """Return the path lengths with changes of bone elsewhere."""
        if not blocks:
            return paths
        once = self.memory.once
        return once(
            "elsewhere",
            (paths, *blocks),
            lambda: _more(paths, [project_bundle(bundle_of(blocks), g)]),
        )

    def of(self, patient: Patient) -> PatientProjector:
        """Return the projector of this patient, or of the same one in another level's frame."""
        if patient is self._patient:
            return self
        for other in self._others:
            if other._patient is patient:
                return other
        self._others.append(PatientProjector(patient))
        return self._others[-1]


def _shared(group: str, lift: Lift) -> Lift:
    """Return the part of a lift that moves a group, so that pictures of the rest are kept."""
    if group == "target":
        return lift
    if group == "above":
        return Lift(lift.superior_rad, lift.superior_mm)
    if group == "below":
        return Lift(0.0, 0.0, lift.inferior_rad, lift.inferior_mm)
    return NO_LIFT


def _volumes(patient: Patient, group: str) -> Sequence[Volume]:
    """Return what moves together, as the fracture left it."""
    if group == "torso":
        return (patient.torso,)
    if group == "beyond":
        return patient.extras
    if group == "target":
        return (patient.target.volume,)
    index = patient.index
    some = patient.vertebrae[:index] if group == "above" else patient.vertebrae[index + 1 :]
    return [vertebra.volume for vertebra in some]


def _more(paths: Paths, patches: Sequence[Patch | None]) -> Paths:
    """Return path lengths with some more of the fractured body."""
    soft, cortical = paths.soft.copy(), paths.cortical.copy()
    boxes = [paths.box]
    for patch in patches:
        _add(patch, soft, cortical)
        if patch is not None:
            rows, cols = patch.first.shape
            boxes.append(((patch.row, patch.row + rows), (patch.col, patch.col + cols)))
    return Paths(frozen(soft), frozen(cortical), paths.still, _around(boxes))


def _around(boxes: Sequence[Box]) -> Box:
    """Return the smallest box that holds all others; empty ones do not count."""
    some = [box for box in boxes if box[0][0] < box[0][1]]
    if not some:
        return (0, 0), (0, 0)
    rows, cols = zip(*some, strict=True)
    return _hull(rows), _hull(cols)


def _hull(spans: Iterable[tuple[int, int]]) -> tuple[int, int]:
    first, last = zip(*spans, strict=True)
    return min(first), max(last)


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
