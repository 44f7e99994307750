"""From a shape to what X-rays meet: a thin shell of the right mass, and textured bone."""

from __future__ import annotations

import numpy as np

from simulator.anatomy import texture
from simulator.anatomy.shape import Shape, values
from simulator.anatomy.tables import table
from simulator.anatomy.volume import Volume
from simulator.units import AnyArray, Float32Array, FloatArray, frozen

_MARGIN_MM = 2.0


def bone_box(shape: Shape) -> tuple[FloatArray, FloatArray]:
    """Return the corners of a box in the body frame that holds all of the bone."""
    f = shape.form
    side = max(0.53 * f.W, f.tph + 1.0) + _MARGIN_MM
    low = min(f.sz - 11.0, f.zb - 8.5, -0.5 * f.Hm) - _MARGIN_MM
    front = -0.5 * f.D - shape.crush.corner - 2.0 - _MARGIN_MM
    return (np.array([-side, front, low]),
            np.array([side, f.tip + 2.0 + _MARGIN_MM, f.zj + 8.0 + _MARGIN_MM]))  # fmt: skip


def posed_box(low: FloatArray, high: FloatArray, shape: Shape) -> tuple[FloatArray, FloatArray]:
    """Return the upright box in the patient frame around a box of the body frame."""
    corners = np.array([[x, y, z] for x in (low[0], high[0]) for y in (low[1], high[1])
                        for z in (low[2], high[2])])  # fmt: skip
    out = shape.pose.out(corners)
    return out.min(axis=0), out.max(axis=0)


def sampled(shape: Shape, low: FloatArray, high: FloatArray, h: float) -> Float32Array:
    """Return (4, nx, ny, nz) distance, cortex, density factor, body distance from `low` on."""
    count = np.ceil((high - low) / h).astype(int) + 1
    found = _at(shape, low, h, np.indices(tuple(count.tolist())).reshape(3, -1))
    return np.ascontiguousarray(found.T.reshape(4, *count), dtype=np.float32)


def _at(shape: Shape, low: FloatArray, h: float, index: AnyArray) -> FloatArray:
    """Return (n, 4) values at the voxels (3, n) of a grid of the patient frame."""
    turn = shape.pose.matrix_in()
    points = low + h * index.T
    return values(shape, points @ turn[:, :3].T + turn[:, 3])


def _sampled_near(
    shape: Shape, low: FloatArray, high: FloatArray, h: float
) -> tuple[Float32Array, Float32Array, Float32Array]:
    """Return distance, cortex and density factor; places far outside bone are skipped.

    A grid four times as coarse tells which blocks can hold bone or its edge: within a block the
    distance differs from its centre's by no more than half its diagonal times the slope (1.3).
    """
    coarse = sampled(shape, low + 1.5 * h, high, 4.0 * h)[0]
    near = coarse < (1.3 * 2.0 * 3.0**0.5 + 1.5) * h
    for axis in range(3):
        near = near.repeat(4, axis=axis)
    at = np.nonzero(near)
    found = _at(shape, low, h, np.array(at))
    out = [np.full(near.shape, fill, dtype=np.float32) for fill in (9.0, 1.0, 1.0)]
    for q in range(3):
        out[q][at] = found[:, q]
    return out[0], out[1], out[2]


def renormalised(d: Float32Array, h: float) -> Float32Array:
    """Return the distance scaled to true millimetres by its own gradient."""
    steep = np.zeros_like(d)
    for axis in range(3):
        steep += np.gradient(d, np.float32(h), axis=axis) ** 2
    return np.asarray(d / np.sqrt(steep).clip(0.5, 2.0), dtype=np.float32)


def texture_at(shape: Shape, low: FloatArray, count: tuple[int, ...], h: float,
               seed: int) -> Float32Array:  # fmt: skip
    """Return the density texture on a grid of the patient frame, bound to the bone."""
    cube = texture.tile(seed)
    start = texture.offset(seed, shape.level)
    cell = float(table("bone.toml")["texture"]["tile_mm"])
    turn = shape.pose.matrix_in()
    axes = [low[a] + h * np.arange(count[a]) for a in range(3)]

    def index(row: int, grid: tuple[AnyArray, ...]) -> AnyArray:
        at = sum(turn[row, a] * g for a, g in enumerate(grid)) + turn[row, 3] + start[row]
        return np.asarray(np.rint(at / cell).astype(np.int32) % cube.shape[row])

    # poses tilt about x only, so x decides the first index and (y, z) the others
    i = index(0, (axes[0], np.zeros(1), np.zeros(1)))
    y, z = np.meshgrid(axes[1], axes[2], indexing="ij")
    j, k = index(1, (np.zeros(1), y, z)), index(2, (np.zeros(1), y, z))
    return np.asarray(cube[i[:, None, None], j, k], dtype=np.float32)


def imaged(shape: Shape, h: float, density: float, seed: int) -> Volume:
    """Return the vertebra as differences from soft tissue (two basis materials)."""
    low, high = posed_box(*bone_box(shape), shape)
    d, t, rho = _sampled_near(shape, low, high, h)
    d = renormalised(d, h)
    keep = tuple(slice(max(int(a.min()) - 1, 0), int(a.max()) + 2) for a in np.nonzero(d < h))
    d, t, rho = d[keep], t[keep], rho[keep]
    low = low + h * np.array([s.start for s in keep])
    inside = (np.float32(0.5) - d / h).clip(0.0, 1.0)
    core = (np.float32(0.5) - (d + t) / h).clip(0.0, 1.0)
    look = table("bone.toml")["attenuation"]
    mineral = density * rho * texture_at(shape, low, d.shape, h, seed)
    mineral = np.minimum(mineral, table("bone.toml")["density"]["largest"])
    shell = inside - core
    soft = core * (look["soft_at_50"] + look["soft_per_mg"] * (mineral - 50.0)) - shell
    hard = core * (look["cortical_at_50"] + look["cortical_per_mg"] * (mineral - 50.0)) + shell
    return Volume(
        (float(low[0]), float(low[1]), float(low[2])),
        h,
        frozen(soft.astype(np.float32)),
        frozen(hard.astype(np.float32)),
    )
