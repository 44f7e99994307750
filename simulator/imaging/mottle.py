"""Cement and balloons as a picture shows them: finer than their voxels.

Runny cement runs ahead through single pores and leaves others out, dough fills them all. The flow
tells this voxel by voxel, on a lattice that no bone has. Where the cloud is ragged, each voxel's
cement is therefore drawn a fraction of a voxel beside its place, as pores lie beside a lattice;
where it is solid, in a cavity, a vein or outside the body it is drawn where it is. Nothing is
added or lost, and nothing but the picture knows.

A balloon is drawn without the steps and pits of its voxels, which its membrane bridges. Constants
in assets/viewing.toml [mottle].
"""

from __future__ import annotations

from functools import lru_cache

import numpy as np
from scipy.ndimage import gaussian_filter

from simulator.anatomy.volume import BoneField, Tissue, Volume
from simulator.imaging.looking import mottle
from simulator.kernels.splat import astray, raggedness, splat
from simulator.rng import stream
from simulator.units import Float32Array, frozen
from simulator.world.cement import Cloud

_TILE = 48
"""Voxels per side of the periodic cube of displacements."""
_BORDER = 2
"""Empty voxels about the cloud: hats reach less than two."""
_MOST = 0.9
"""No voxel's cement is drawn farther beside its place along an axis, in voxels."""


RIM = 2
"""Empty voxels about a balloon that `taut` can grow into."""
_HALVINGS = 12


@lru_cache(maxsize=4)
def _wander(smooth_voxels: float) -> Float32Array:
    """Return (n, n, n, 3) periodic displacements of unit rms."""
    white = stream(0, "imaging.mottle").standard_normal((3, _TILE, _TILE, _TILE))
    soft = np.stack([gaussian_filter(one, smooth_voxels, mode="wrap") for one in white], axis=-1)
    return frozen((soft / soft.std()).astype(np.float32))


def fine_cement(bone: BoneField, cloud: Cloud) -> Volume:
    """Return the box around all cement at half the spacing, as the soft field; cortical is empty.

    The volume of the field is that of the cloud.
    """
    at = np.array(np.unravel_index(cloud.voxel, bone.shape), np.int32)
    low = at.min(axis=1) - _BORDER
    inner = at - low[:, None]
    nx, ny, nz = (inner.max(axis=1) + _BORDER + 1).tolist()
    m, side = mottle(), bone.spacing_mm
    ragged = raggedness(inner, cloud.fill, (nx, ny, nz))
    much = np.clip((ragged - m.ragged_from) / (m.ragged_to - m.ragged_from), 0.0, 1.0)
    loose = (bone.tissue.ravel()[cloud.voxel] == Tissue.CANCELLOUS) & (cloud.route < 0)
    beside = astray(
        at, much * np.float32(m.rms_mm / side), loose.view(np.uint8),
        _wander(m.smooth_mm / side), _MOST,
    )  # fmt: skip
    share = cloud.fill * cloud.volume_ul / side**3
    cement = splat(inner, beside, share, (2 * nx, 2 * ny, 2 * nz))
    x, y, z = (o + i * side for o, i in zip(bone.origin_mm, low.tolist(), strict=True))
    none = np.broadcast_to(np.float32(0.0), cement.shape)
    return Volume((x, y, z), 0.5 * side, frozen(cement), none)


def taut(balloon: Float32Array) -> Float32Array:
    """Return the balloon under a smooth membrane, its volume kept.

    Args:
        balloon: (nx, ny, nz) shares of voxels, `RIM` empty ones around.
    """
    m, volume = mottle(), float(balloon.sum())
    soft = gaussian_filter(balloon, m.membrane_voxels, truncate=2.0, mode="constant")
    low, high = 0.0, 1.0
    for _ in range(_HALVINGS):
        level = 0.5 * (low + high)
        drawn = np.clip(0.5 + m.membrane_steep * (soft - level), 0.0, 1.0)
        low, high = (level, high) if drawn.sum() > volume else (low, level)
    total = float(drawn.sum())
    return drawn * np.float32(volume / total) if total > 0.0 else balloon
