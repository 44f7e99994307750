"""What tamps and cement made of the fractured body, as the projector takes it."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from simulator.anatomy.patient import Patient
from simulator.anatomy.volume import BoneField, Volume
from simulator.anatomy.warp import warped_bv
from simulator.imaging.mottle import RIM, fine_cement, taut
from simulator.imaging.voxels import FINE, Bundle, Part, block_of
from simulator.units import Float32Array, frozen
from simulator.world.cement import Cloud
from simulator.world.tamp import Body, Tamp

_TRABECULAR = (-1.006, 1.034)
"""Change of the soft and the cortical coefficient per bone volume fraction: fitted to cortical bone
in red and yellow marrow, 50 to 200 mg/cm3, exact within 0.1 % at 40 to 80 keV."""


def remodelled(patient: Patient, body: Body) -> Volume | None:
    """Return how the image of the bone differs from the lifted fracture; None if it does not.

    It is what the bone holds already: what was moved since is still to be lifted.
    """
    before = patient.target.bone
    if before is None:
        return None
    more = body.bone.bv_tv - warped_bv(before, patient.hinge, body.baked)
    if not np.any(more):
        return None
    return _boxed(more, body.bone)


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


def cement_part(fine: Volume, voxel_mm: float) -> Part:
    """Return cement from `fine_cement` as the projector takes it, in steps of the bone's voxels."""
    side, field, low = fine.spacing_mm, fine.soft, fine.origin_mm
    x, y, z = (o + (n - 1) * side for o, n in zip(low, field.shape, strict=True))
    return Part(field, (low, (x, y, z)), side, FINE * voxel_mm, (1.0, 0.0))


def filled(body: Body, cloud: Cloud, tamps: Sequence[Tamp]) -> Bundle:
    """Return all filled voxels: cement as their soft field, contrast as cortical."""
    parts: list[Part] = []
    if cloud.voxel.size:
        parts.append(cement_part(fine_cement(body.bone, cloud), body.bone.spacing_mm))
    medium = _medium(body, tamps)
    if medium is not None:
        parts += block_of(medium).parts
    return Bundle(parts)


def _medium(body: Body, tamps: Sequence[Tamp]) -> Volume | None:
    """Return the box around all contrast medium, as a cortical field."""
    bone = body.bone
    voxels = np.concatenate([body.spill_voxels, *(t.voxels for t in tamps)])
    if voxels.size == 0:
        return None
    at = np.array(np.unravel_index(voxels, bone.shape))
    low, shape = at.min(1) - RIM, tuple(np.ptp(at, axis=1) + 1 + 2 * RIM)
    contrast = np.zeros(shape, np.float32)
    start = body.spill_voxels.size
    for tamp in tamps:
        i, j, k = at[:, start : start + tamp.voxels.size] - low[:, None]
        balloon = np.zeros(shape, np.float32)
        balloon[i, j, k] = tamp.fill
        contrast += taut(balloon)
        start += tamp.voxels.size
    i, j, k = at[:, : body.spill_voxels.size] - low[:, None]
    np.add.at(contrast, (i, j, k), body.spill_fill)
    np.minimum(contrast, 1.0, out=contrast)
    x, y, z = (o + i * bone.spacing_mm for o, i in zip(bone.origin_mm, low.tolist(), strict=True))
    none = np.broadcast_to(np.float32(0.0), shape)
    return Volume((x, y, z), bone.spacing_mm, none, frozen(contrast))
