"""From a shape to what tools and cement meet."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from scipy.ndimage import distance_transform_edt

from simulator.anatomy import gaps
from simulator.anatomy.image import bone_box, posed_box, renormalised, sampled, texture_at
from simulator.anatomy.shape import Shape
from simulator.anatomy.spec import PatientSpec
from simulator.anatomy.tables import density_mg_cm3, table
from simulator.anatomy.tissue import Sampled, labelled
from simulator.anatomy.torso import Trunk
from simulator.anatomy.veins import Tube, filled, veins
from simulator.anatomy.volume import BoneField, Tissue
from simulator.units import ByteArray, Float32Array, FloatArray, frozen

_TOUCHING = 1.2
"""A crack this many voxels wide is a chain of voxels that touch by faces."""


def field(shape: Shape, spec: PatientSpec, trunk: Trunk | None = None,
          shapes: Sequence[Shape] = ()) -> BoneField:  # fmt: skip
    """Return the mechanics of one vertebra and of everything cement could reach around it.

    Args:
        shape: the vertebra, posed.
        spec: the patient.
        trunk: for lungs and vessels; None leaves them soft tissue.
        shapes: all levels from above; next to the index their bone ends discs and stops cement.
    """
    grid = table("bone.toml")["grid"]
    h = float(grid["mechanics_mm"])
    low, high = posed_box(*_box(shape, grid["leak_margin_mm"]), shape)
    d, t, rho, body = sampled(shape, low, high, h)
    d = true_distance(renormalised(d, h), h)
    shell = t * np.float32(table("bone.toml")["shell"]["mechanical_factor"])
    x, y, z = (low[a] + h * np.arange(d.shape[a]) for a in range(3))
    tubes = [Tube(shape.pose.out(v.points), v.radius_mm, v.inside)
             for v in veins(shape, spec.seed, spec.basivertebral_mm)]  # fmt: skip
    share, radius = filled(tubes, (x, y, z), h, d)
    gap = gaps.shares(shape, low, h, d, _TOUCHING * h)
    near = shapes if shape.level == spec.level else ()
    tissue = labelled(shape, Sampled(low, h, d, shell, body), gap, share > 0.0, trunk, near)
    seen = tissue == Tissue.VEIN
    return BoneField(
        (float(low[0]), float(low[1]), float(low[2])),
        h,
        frozen(d),
        frozen(np.where(tissue == Tissue.DEFECT, 0.0, shell).astype(np.float32)),
        frozen(_solid(shape, spec, low, h, d, rho, tissue)),
        frozen(tissue),
        frozen(np.where(seen, share, 0.0).astype(np.float32)),
        frozen(np.where(seen, radius, 0.0).astype(np.float32)),
    )


def _solid(shape: Shape, spec: PatientSpec, low: FloatArray, h: float, d: Float32Array,
           rho: Float32Array, tissue: ByteArray) -> Float32Array:  # fmt: skip
    """Return the bone volume fraction; gaps have none."""
    density = table("bone.toml")["density"]
    grain = texture_at(shape, low, d.shape, h, spec.seed)
    mineral = np.minimum(density_mg_cm3(spec.t_score) * rho * grain, float(density["largest"]))
    bone = (d < 0.0) & (tissue != Tissue.DEFECT) & (tissue != Tissue.CLEFT)
    return np.where(bone, mineral / density["mineral_mg_cm3"], 0.0).astype(np.float32)


def true_distance(d: Float32Array, h: float) -> Float32Array:
    """Return d where it is good, near the surface, and the Euclidean distance elsewhere.

    Blended implicit shapes are exact at their surface only; a distance transform of the voxels
    is exact to half a voxel anywhere.
    """
    inner = d <= 0.0
    out = np.asarray(distance_transform_edt(~inner, sampling=h), dtype=np.float32) - 0.5 * h
    box = tuple(slice(max(int(a.min()) - 1, 0), int(a.max()) + 2) for a in np.nonzero(inner))
    deep = np.asarray(distance_transform_edt(inner[box], sampling=h), dtype=np.float32)
    out[box] = np.where(inner[box], 0.5 * h - deep, out[box])
    far = ((np.abs(out) - 1.0) / 1.0).clip(0.0, 1.0)
    return np.asarray(d + far * (out - d), dtype=np.float32)


def _box(shape: Shape, margin: float) -> tuple[FloatArray, FloatArray]:
    """The bone, and `margin` around the intact body, in the body frame."""
    low, high = bone_box(shape)
    f = shape.form
    body = np.array([0.52 * f.W, 0.5 * f.D, 0.5 * f.Hm + 1.0]) + margin
    return np.minimum(low, -body), np.maximum(high, body)
