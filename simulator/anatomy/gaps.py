"""Gaps that a fracture leaves in bone: cracks and holes through the shell, a cleft inside.

One geometry for the picture and for cement: `shares` tells how much of each voxel is gap, from
signed distances in the body frame.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from scipy.ndimage import map_coordinates

from simulator.anatomy.form import wall_y
from simulator.anatomy.shape import Shape, reach
from simulator.anatomy.spec import Cleft, DefectSite
from simulator.anatomy.tables import table
from simulator.units import Float32Array, FloatArray

_RASTER_MM = 1.5
_FAR_MM = 99.0


def shares(shape: Shape, low: FloatArray, h: float, d: Float32Array,
           least_mm: float = 0.0) -> tuple[Float32Array, Float32Array]:  # fmt: skip
    """Return how much of each voxel is a gap through the shell, and a cleft.

    Args:
        shape: with the fracture as it was asked for.
        low: (3,) first voxel of a grid of the patient frame, mm.
        h: its spacing, mm.
        d: (nx, ny, nz) distance to the bone's surface there, mm.
        least_mm: cracks are no narrower than this, so that voxels of a crack touch by faces.

    Returns:
        Two (nx, ny, nz) arrays, 0..1; bone is gone by these shares.
    """
    defect, cleft = np.zeros(d.shape, np.float32), np.zeros(d.shape, np.float32)
    if shape.fracture is None:
        return defect, cleft
    at = np.nonzero(d < h)
    turn = shape.pose.matrix_in()
    p = (low + h * np.array(at).T) @ turn[:, :3].T + turn[:, 3]
    f = shape.form
    body = (abs(p[:, 0]) < 0.6 * f.W) & (p[:, 1] < 0.5 * f.D + f.scd) & (abs(p[:, 2]) < f.Hm)
    at, p = tuple(i[body] for i in at), p[body]
    depth = -d[at].astype(np.float64)
    ceiling = _ceiling(shape, p)
    defect[at] = (0.5 - _defect_mm(shape, p, ceiling, depth, least_mm) / h).clip(0.0, 1.0)
    cleft[at] = (0.5 - _cleft_mm(shape, p, ceiling, depth) / h).clip(0.0, 1.0)
    return defect, cleft


def is_gas(shape: Shape) -> bool:
    """Return whether the cleft holds gas: fluid looks like the soft tissue around bone."""
    return shape.fracture is not None and shape.fracture.cleft == Cleft.GAS


def _data() -> dict[str, Any]:
    found: dict[str, Any] = table("vertebra_shape.toml")["gap"]
    return found


def _ceiling(shape: Shape, p: FloatArray) -> FloatArray:
    """Return z (n,) of the superior endplate, as it is broken, above points (n, 3)."""
    f = shape.form
    x = np.arange(-0.44 * f.W, 0.44 * f.W + _RASTER_MM, _RASTER_MM)
    y = np.arange(-0.44 * f.D, 0.40 * f.D + _RASTER_MM, _RASTER_MM)
    start = -0.15 * f.Hm
    starts = np.stack([*np.meshgrid(x, y, indexing="ij"), np.full((len(x), len(y)), start)], -1)
    top = start + reach(shape, starts.reshape(-1, 3), (0, 0, 1), 0.8 * f.Hm)
    at = np.array([(p[:, 0] - x[0]) / _RASTER_MM, (p[:, 1] - y[0]) / _RASTER_MM])
    return np.asarray(map_coordinates(top.reshape(len(x), len(y)), at, order=1, mode="nearest"))


def _defect_mm(shape: Shape, p: FloatArray, ceiling: FloatArray, depth: FloatArray,
               least_mm: float) -> FloatArray:  # fmt: skip
    """Return the distance (n,) to the nearest crack or hole, negative inside."""
    fracture, f, data = shape.fracture, shape.form, _data()
    out = np.full(len(p), _FAR_MM)
    if fracture is None:
        return out
    x, y, z = p.T
    deep = data["defect_depth_mm"]
    if fracture.endplate_defect_mm > 0.0:
        line = data["crack_at"] * f.D + 1.2 * np.sin(0.35 * x) + 0.4 * np.sin(1.3 * x + 1.0)
        slit = abs(y - line) - 0.5 * max(fracture.endplate_defect_mm, least_mm)
        ends = abs(x) - data["crack_half"] * f.W
        out = np.minimum(out, np.maximum(np.maximum(slit, ends), ceiling - deep - z))
    if fracture.cortical_defect_mm > 0.0:
        radius = 0.5 * max(fracture.cortical_defect_mm, least_mm)
        hole = hole_mm(shape, p, fracture.cortical_defect_site, radius)
        out = np.minimum(out, np.maximum(hole, depth - deep))
    if fracture.retropulsion_mm > 0.0:
        edge = shape.crush.retro_z + 0.4 * np.sin(0.5 * x)
        slit = abs(z - edge) - 0.5 * max(data["beside_fragment_mm"], least_mm)
        back = 0.5 * f.D + fracture.retropulsion_mm + 2.0
        ends = np.maximum(abs(x) - 0.5 * f.scw + 1.0, y - back)
        into = np.maximum(depth - deep, wall_y(shape, 1) - 2.0 * deep - y)
        out = np.minimum(out, np.maximum(np.maximum(slit, ends), into))
    return out


def hole_mm(shape: Shape, p: FloatArray, site: DefectSite, radius: float) -> FloatArray:
    """Return the distance (n,) to an irregular hole straight through one wall, however deep."""
    f = shape.form
    x, y, z = p.T
    if site == DefectSite.ANTERIOR:
        u, into = x - 0.08 * f.W, y
    elif site == DefectSite.POSTERIOR:
        # most breaks of this wall lie round the opening of the basivertebral vein
        u, into = x - 3.0, np.maximum(-y, y - 0.5 * f.D - 2.0)
    else:
        side = 1.0 if site == DefectSite.LEFT else -1.0
        u, into = y, -side * x
    v = z - (2.0 if site == DefectSite.POSTERIOR else -0.5)
    ragged = radius * (1.0 + 0.15 * np.sin(3.0 * np.arctan2(v, u) + 1.0))
    return np.asarray(np.maximum(np.hypot(u, v) - ragged, into))


def _cleft_mm(shape: Shape, p: FloatArray, ceiling: FloatArray, depth: FloatArray) -> FloatArray:
    """Return the distance (n,) to the cleft, a flat irregular lens under the endplate."""
    f, data = shape.form, _data()
    if shape.fracture is None or shape.fracture.cleft == Cleft.NONE:
        return np.full(len(p), _FAR_MM)
    x, y, z = p.T
    u = x / (data["cleft_half"][0] * f.W)
    v = (y - data["cleft_at"] * f.D) / (data["cleft_half"][1] * f.D)
    angle = np.arctan2(v, u)
    r = np.hypot(u, v) * (1.0 + 0.14 * np.sin(3.0 * angle + 0.7) + 0.08 * np.sin(5.0 * angle))
    uneven = 1.0 + 0.22 * np.sin(0.55 * x + 0.3 * y) + 0.15 * np.sin(0.9 * y - 0.4 * x + 2.0)
    half = 0.5 * data["cleft_mm"] * np.sqrt((1.0 - r * r).clip(0.0, 1.0)) * uneven
    middle = ceiling - data["cleft_under_mm"] + 0.5 * np.sin(0.4 * x + 1.0)
    rim = (r - 1.0) * data["cleft_half"][1] * f.D
    lens = np.maximum(abs(z - middle) - half, rim)
    return np.asarray(np.maximum(lens, data["cleft_cover_mm"] - depth))
