"""From a shape to what tools and cement meet."""

from __future__ import annotations

import numpy as np
from scipy.ndimage import distance_transform_edt

from simulator.anatomy.form import wall_y
from simulator.anatomy.image import bone_box, posed_box, renormalised, sampled, texture_at
from simulator.anatomy.shape import Shape
from simulator.anatomy.spec import DefectSite, FractureSpec, PatientSpec
from simulator.anatomy.tables import density_mg_cm3, table
from simulator.anatomy.veins import Tube, inside, veins
from simulator.anatomy.volume import BoneField, Tissue
from simulator.units import AnyArray, ByteArray, Float32Array, FloatArray, frozen


def field(shape: Shape, spec: PatientSpec) -> BoneField:
    """Return the mechanics of one vertebra and of everything cement could reach around it."""
    grid = table("bone.toml")["grid"]
    h = float(grid["mechanics_mm"])
    low, high = posed_box(*_box(shape, grid["leak_margin_mm"]), shape)
    d, t, rho, body = sampled(shape, low, high, h)
    d = true_distance(renormalised(d, h), h)
    shell = t * np.float32(table("bone.toml")["shell"]["mechanical_factor"])
    grain = texture_at(shape, low, d.shape, h, spec.seed)
    strongest = float(table("bone.toml")["density"]["largest"])
    mineral = np.minimum(density_mg_cm3(spec.t_score) * rho * grain, strongest)
    tissue = _tissue(shape, spec, low, h, d, shell, body)
    bone = (tissue == Tissue.CANCELLOUS) | (tissue == Tissue.CORTICAL) | (d < 0.0)
    bv = np.where(bone, mineral / table("bone.toml")["density"]["mineral_mg_cm3"], 0.0)
    return BoneField(
        (float(low[0]), float(low[1]), float(low[2])),
        h,
        frozen(d),
        frozen(shell.astype(np.float32)),
        frozen(bv.astype(np.float32)),
        frozen(tissue),
    )


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


def shell_of(inner: AnyArray) -> AnyArray:
    """Return the voxels of a body that touch its outside through a face."""
    core = inner.copy()
    for axis in range(3):
        a = np.moveaxis(core, axis, 0)
        b = np.moveaxis(inner, axis, 0)
        a[1:] &= b[:-1]
        a[:-1] &= b[1:]
    return inner & ~core


def _tissue(shape: Shape, spec: PatientSpec, low: FloatArray, h: float, d: Float32Array,
            shell: Float32Array, body: Float32Array) -> ByteArray:  # fmt: skip
    x, y, z = _body_grid(shape, low, d.shape, h)
    out = np.full(d.shape, Tissue.SOFT, dtype=np.uint8)
    out[_discs(shape, x, y, z, body)] = Tissue.DISC
    _canal(shape, out, x, y, z, d, body)
    inner = d < 0.0
    out[inner] = Tissue.CANCELLOUS
    # a one-voxel skin is closed against steps through faces, whatever the thickness
    out[inner & (shell_of(inner) | (-d < shell))] = Tissue.CORTICAL
    axes = [low[a] + h * np.arange(d.shape[a]) for a in range(3)]
    tubes = [Tube(shape.pose.out(v.points), v.radius_mm)
             for v in veins(shape, spec.seed, spec.basivertebral_mm)]  # fmt: skip
    free = (out != Tissue.DISC) | (d < 0.0)
    out[inside(tubes, (axes[0], axes[1], axes[2]), h) & free] = Tissue.VEIN
    if spec.fracture is not None and shape.level == spec.level:
        hole = _defects(shape, spec.fracture, x, y, z, d, body, h)
        out[hole & (out == Tissue.CORTICAL)] = Tissue.DEFECT
    return out


def _body_grid(shape: Shape, low: FloatArray, count: tuple[int, ...],
               h: float) -> tuple[AnyArray, AnyArray, AnyArray]:  # fmt: skip
    """Broadcastable body coordinates; poses tilt about x only."""
    m = shape.pose.matrix_in()
    px, py, pz = (low[a] + h * np.arange(count[a]) for a in range(3))
    y, z = np.meshgrid(py, pz, indexing="ij")
    return (
        (px + m[0, 3])[:, None, None],
        (m[1, 1] * y + m[1, 2] * z + m[1, 3])[None].astype(np.float32),
        (m[2, 1] * y + m[2, 2] * z + m[2, 3])[None].astype(np.float32),
    )


def _discs(shape: Shape, x: AnyArray, y: AnyArray, z: AnyArray, body: Float32Array) -> AnyArray:
    """Above and below the body, inside the outline of the rims."""
    f = shape.form
    outline = (abs(x) / (0.46 * f.W)) ** 2.4 + (abs(y) / (0.47 * f.D)) ** 2.4 < 1.0
    # the disc above has followed a sunken endplate; its own upper face stays flat
    tall = abs(z) < 0.5 * f.Hm + shape.sizes.disc + 0.3
    inner = body < 0.0
    under = np.logical_or.accumulate(inner, axis=2)
    over = np.logical_or.accumulate(inner[:, :, ::-1], axis=2)[:, :, ::-1]
    # one of the two: beside the waist a column meets the rim above and below
    return np.asarray(outline & tall & (under != over))


def _canal(shape: Shape, out: ByteArray, x: AnyArray, y: AnyArray, z: AnyArray,
           d: Float32Array, body: Float32Array) -> None:  # fmt: skip
    """Write canal, epidural fat and foramina."""
    f = shape.form
    half, fat = 0.5 * f.D, float(table("bone.toml")["veins"]["fat_mm"])
    middle = half + 0.5 * f.scd + 0.3
    a, b = 0.5 * f.scw, 0.5 * f.scd
    tube = (abs(x) / (a + 0.8)) ** 2.6 + (abs(y - middle) / (b + 1.6)) ** 2.6 < 1.0
    near = (y < middle) & ((body < fat + 0.6) | (y < half + fat))
    recess = (abs(x) > 0.34 * f.scw) & (y < middle + 0.1 * f.scd) & (d < fat)
    side = 0.5 * (f.scw + 0.5 * (f.pdw_l + f.pdw_r)) + 0.3
    wide = 0.25 * (f.pdw_l + f.pdw_r) + 3.0
    passage = (abs(abs(x) - side) < wide) & (y > half - 1.0) & (y < half + f.lp + 3.0)
    out[passage & (x > 0) & (d > 0.0)] = Tissue.FORAMEN
    out[passage & (x < 0) & (d > 0.0)] = Tissue.FORAMEN
    out[tube & (d > 0.0)] = Tissue.CANAL
    out[tube & (d > 0.0) & (near | recess)] = Tissue.EPIDURAL
    pit = (abs(x) < 5.5) & (abs(z + 0.5) < 3.5) & (y > half - 6.5) & (y < middle) & (body > 0.0)
    out[pit & (d > 0.0) & (out == Tissue.SOFT)] = Tissue.EPIDURAL


def _defects(shape: Shape, fracture: FractureSpec, x: AnyArray, y: AnyArray, z: AnyArray,
             d: Float32Array, body: Float32Array, h: float) -> AnyArray:  # fmt: skip
    """Voxels in reach of the crack and of the hole that the author asked for."""
    f = shape.form
    hole = np.zeros(d.shape, dtype=bool)
    if fracture.endplate_defect_mm > 0.0:
        # most cracks lie in the second anterior fifth, crosswise and winding
        line = -0.5 * f.D + 0.30 * f.D + 1.2 * np.sin(0.35 * x)
        slit = abs(y - line) < 0.5 * max(fracture.endplate_defect_mm, 1.2 * h)
        hole |= slit & (abs(x) < 0.22 * f.W) & (z > 0.0) & (body > -2.5 * h)
    if fracture.cortical_defect_mm > 0.0:
        radius = 0.5 * max(fracture.cortical_defect_mm, 2.0 * h)
        centre = _hole_centre(shape, fracture.cortical_defect_site)
        gap = (x - centre[0]) ** 2 + (y - centre[1]) ** 2 + (z - centre[2]) ** 2
        hole |= gap < radius * radius
    return hole


def _hole_centre(shape: Shape, site: DefectSite) -> tuple[float, float, float]:
    f = shape.form
    if site == DefectSite.ANTERIOR:
        return 0.08 * f.W, wall_y(shape, -1) + 0.4, -0.5
    side = 1.0 if site == DefectSite.LEFT else -1.0
    return side * (0.5 * f.Wi - f.wl - 0.4), 0.0, -0.5
