"""From a shape to what X-rays meet: a thin shell of the right mass, and textured bone."""

from __future__ import annotations

import numpy as np

from simulator.anatomy import gaps, texture
from simulator.anatomy.shape import Shape, values
from simulator.anatomy.tables import table
from simulator.anatomy.volume import Volume
from simulator.kernels import grain, shapes
from simulator.kernels.threads import ONE_AT_A_TIME
from simulator.units import AnyArray, Float32Array, FloatArray, frozen

_MARGIN_MM = 2.0


def bone_box(shape: Shape) -> tuple[FloatArray, FloatArray]:
    """Return the corners of a box in the body frame that holds all of the bone."""
    f = shape.form
    spur = max(f.spur_t, f.spur_b)
    side = max(0.53 * f.W + spur, f.tph + 1.0) + _MARGIN_MM
    low = min(f.sz - 11.0, f.zb - 8.5, -0.5 * f.Hm - f.rise_b) - _MARGIN_MM
    front = -0.5 * f.D - shape.crush.corner - 2.0 - spur - _MARGIN_MM
    return (np.array([-side, front, low]),
            np.array([side, f.tip + 2.0 + _MARGIN_MM, f.zj + 8.0 + _MARGIN_MM]))  # fmt: skip


def posed_box(low: FloatArray, high: FloatArray, shape: Shape) -> tuple[FloatArray, FloatArray]:
    """Return the upright box in the patient frame around a box of the body frame."""
    corners = np.array([[x, y, z] for x in (low[0], high[0]) for y in (low[1], high[1])
                        for z in (low[2], high[2])])  # fmt: skip
    out = shape.pose.out(corners)
    return out.min(axis=0), out.max(axis=0)


_MET_MM = 4.0
"""Tools and cement ask for distances so far from bone; further off they are those of voxels."""


def sampled(shape: Shape, low: FloatArray, high: FloatArray, h: float) -> Float32Array:
    """Return (4, nx, ny, nz) distance, cortex, density factor, body distance from `low` on.

    More than 4 mm from bone both distances are 9 mm.
    """
    count = np.ceil((high - low) / h).astype(int) + 1
    return _filled(shape, low, count, h, _MET_MM)


def _filled(shape: Shape, low: FloatArray, count: AnyArray, h: float,
            reach_mm: float) -> Float32Array:  # fmt: skip
    """Return (4, nx, ny, nz) values within `reach_mm` of bone, and far values elsewhere.

    A grid four times as coarse tells where bone is near: within a block the distance differs from
    its centre's by no more than half its diagonal times the slope (1.3).
    """
    turn = shape.pose.matrix_in()
    start = turn[:, :3] @ low + turn[:, 3]
    blocks = np.indices(tuple((-(-count // 4)).tolist())).reshape(3, -1).T
    middles = start + h * (4.0 * blocks + 1.5) @ turn[:, :3].T
    near = values(shape, middles)[:, 0] < 1.3 * 2.0 * 3.0**0.5 * h + reach_mm
    out = np.empty((4, *count.tolist()), dtype=np.float32)
    out[:] = np.array([9.0, 1.0, 1.0, 9.0])[:, None, None, None]
    with ONE_AT_A_TIME:
        shapes.fill(out, near.reshape(-(-count // 4)).astype(np.uint8), start, h * turn[:, :3],
                    shape.form, shape.crush, shape.lattice, shape.cell_mm)  # fmt: skip
    return out


def renormalised(d: Float32Array, h: float) -> Float32Array:
    """Return the distance scaled to true millimetres by its own gradient."""
    steep = np.zeros_like(d)
    for axis in range(3):
        steep += np.gradient(d, np.float32(h), axis=axis) ** 2
    return np.asarray(d / np.sqrt(steep).clip(0.5, 2.0), dtype=np.float32)


def texture_at(shape: Shape, low: FloatArray, count: tuple[int, ...], h: float,
               seed: int) -> Float32Array:  # fmt: skip
    """Return the density texture on a grid of the patient frame, bound to the bone."""
    cell = float(table("bone.toml")["texture"]["tile_mm"])
    way = shape.pose.matrix_in()
    start = way[:, :3] @ low + way[:, 3] + texture.offset(seed, shape.level)
    out = np.empty(count, dtype=np.float32)
    with ONE_AT_A_TIME:
        grain.grain(texture.tile(seed), h / cell * way[:, :3], start / cell, out)
    return out


def imaged(shape: Shape, h: float, density: float, seed: int) -> Volume:
    """Return the vertebra as differences from soft tissue (two basis materials)."""
    low, high = posed_box(*bone_box(shape), shape)
    count = np.ceil((high - low) / h).astype(int) + 1
    d, t, rho, _ = _filled(shape, low, count, h, 1.5 * h)
    d = renormalised(d, h)
    keep = tuple(slice(max(int(a.min()) - 1, 0), int(a.max()) + 2) for a in np.nonzero(d < h))
    d, t, rho = d[keep], t[keep], rho[keep]
    low = low + h * np.array([s.start for s in keep])
    inside = (np.float32(0.5) - d / h).clip(0.0, 1.0)
    core = (np.float32(0.5) - (d + t) / h).clip(0.0, 1.0)
    look = table("bone.toml")["attenuation"]
    mineral = density * rho * texture_at(shape, low, d.shape, h, seed)
    mineral = np.minimum(mineral, table("bone.toml")["density"]["largest"])
    defect, cleft = gaps.shares(shape, low, h, d)
    left = np.float32(1.0) - np.maximum(defect, cleft)
    inside, core = inside * left, core * left
    shell = inside - core
    soft = core * (look["soft_at_50"] + look["soft_per_mg"] * (mineral - 50.0)) - shell
    if gaps.is_gas(shape):
        soft -= cleft
    hard = core * (look["cortical_at_50"] + look["cortical_per_mg"] * (mineral - 50.0)) + shell
    return Volume(
        (float(low[0]), float(low[1]), float(low[2])),
        h,
        frozen(soft.astype(np.float32)),
        frozen(hard.astype(np.float32)),
    )
