"""A box-shaped vertebral body for tests of cement and tamp; no anatomy needed."""

from __future__ import annotations

from functools import cache

import numpy as np
from scipy.ndimage import distance_transform_edt

from simulator.anatomy.volume import BoneField, Tissue
from simulator.units import frozen

H = 0.75
HALF = (25.0, 17.5, 14.0)
"""Half width, depth and height of the body; its centre is the origin."""
POSTERIOR_Y = HALF[1]


def bone_of(tissue, bv, h=H, origin=None, bony=None, vein_mm=0.0):
    """Return a BoneField; without a mask `bony` all of it is bone; `vein_mm`: radius of veins."""
    if bony is None:
        bony = np.pad(np.ones([n - 2 for n in tissue.shape], bool), 1)
    distance = np.where(
        bony,
        0.5 * h - h * distance_transform_edt(bony),
        h * distance_transform_edt(~bony) - 0.5 * h,
    )
    if origin is None:
        origin = tuple(-0.5 * h * (n - 1) for n in tissue.shape)
    return BoneField(
        origin_mm=origin,
        spacing_mm=h,
        distance_mm=frozen(distance.astype(np.float32)),
        shell_mm=frozen(np.full(tissue.shape, 0.3, np.float32)),
        bv_tv=frozen(np.where(tissue == Tissue.CANCELLOUS, bv, 0.0).astype(np.float32)),
        tissue=frozen(tissue.astype(np.uint8)),
        vein_share=frozen((tissue == Tissue.VEIN).astype(np.float32)),
        vein_radius_mm=frozen(np.where(tissue == Tissue.VEIN, vein_mm, 0.0).astype(np.float32)),
    )


@cache
def block(n=61, bv=0.10, wall=False):
    """Return a cube of cancellous bone, closed by a cortex if asked."""
    tissue = np.full((n, n, n), Tissue.CANCELLOUS)
    if wall:
        tissue[:] = Tissue.CORTICAL
        tissue[2:-2, 2:-2, 2:-2] = Tissue.CANCELLOUS
    return bone_of(tissue, bv)


@cache
def body(bv=0.10, vein=True, defect=False, noise_seed=1):
    """Return the box body 50x35x28 mm: one-voxel shell, basivertebral vein, epidural fat, discs.

    With `defect`, a hole of three voxels in the anterior wall.
    """
    shape = (88, 77, 56)
    axes = [H * (np.arange(n) - 0.5 * (n - 1)) for n in shape]
    x, y, z = np.meshgrid(*axes, indexing="ij")
    ax, ay, az = HALF
    y = y + 2.0  # room behind
    inside = (abs(x) < ax) & (abs(y) < ay) & (abs(z) < az)
    tissue = np.full(shape, Tissue.SOFT)
    tissue[(abs(z) >= az) & (abs(x) < ax) & (abs(y) < ay)] = Tissue.DISC
    canal = (y >= ay) & (abs(x) < 11.0)
    tissue[canal & (y < ay + 2.3)] = Tissue.EPIDURAL
    tissue[canal & (y >= ay + 2.3)] = Tissue.CANAL
    tissue[inside] = Tissue.CORTICAL
    core = (abs(x) < ax - H) & (abs(y) < ay - H) & (abs(z) < az - H)
    tissue[core] = Tissue.CANCELLOUS
    caliber = np.zeros(shape)
    if vein:
        trunk = (x**2 + z**2 < 1.5**2) & (y > 4.0) & (y < ay + 1.0)
        branch = ((abs(x) - (4.0 - y)) ** 2 + z**2 < 1.2**2) & (y <= 4.0) & (y > -6.0)
        rise = ((abs(x) - 7.0) ** 2 + (y - ay - 1.7) ** 2 < 1.3**2) & (y > ay)
        link = ((y - ay - 1.2) ** 2 + z**2 < 0.9**2) & (abs(x) < 7.0) & (y > ay)
        tissue[trunk | branch | rise | link] = Tissue.VEIN
        for part, radius in ((link, 0.9), (branch, 1.2), (rise, 1.3), (trunk, 1.5)):
            caliber[part] = radius
    if defect:
        tissue[inside & ~core & (y < 0) & (abs(x) < 1.2) & (abs(z) < 1.2)] = Tissue.DEFECT
    rng = np.random.default_rng(noise_seed)
    field = np.clip(bv * np.exp(0.2 * rng.standard_normal(shape)), 0.02, 0.5)
    origin = (float(axes[0][0]), float(axes[1][0] + 2.0), float(axes[2][0]))
    return bone_of(tissue, field, origin=origin, bony=inside, vein_mm=caliber)
