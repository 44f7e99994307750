"""What fills each voxel around a vertebra: the words that tools and cement go by."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from scipy.ndimage import binary_closing

from simulator.anatomy.image import sampled
from simulator.anatomy.organs import in_lung
from simulator.anatomy.shape import Shape, values
from simulator.anatomy.tables import table
from simulator.anatomy.torso import Trunk
from simulator.anatomy.vessels import in_vessel
from simulator.anatomy.volume import Tissue
from simulator.units import AnyArray, ByteArray, Float32Array, FloatArray

_COARSE = 2
"""Organs are asked for on every second voxel along each axis: they are large."""


@dataclass(frozen=True, slots=True)
class Sampled:
    """A shape on a grid of the patient frame; arrays are (nx, ny, nz), mm."""

    low: FloatArray
    """(3,) first voxel."""
    h: float
    d: Float32Array
    """Distance to the bone's surface."""
    shell: Float32Array
    """Thickness of the cortex that tools meet."""
    body: Float32Array
    """Distance to the body alone."""


def labelled(shape: Shape, grid: Sampled, gap: tuple[Float32Array, Float32Array], vein: AnyArray,
             trunk: Trunk | None, near: Sequence[Shape]) -> ByteArray:  # fmt: skip
    """Return the `Tissue` (nx, ny, nz) of each voxel.

    Args:
        shape: the vertebra, posed.
        grid: what was sampled from it.
        gap: shares of cracks and of a cleft.
        vein: voxels that a vein runs through.
        trunk: for organs, or None.
        near: levels whose bone ends the discs, or none.
    """
    d, body = grid.d, grid.body
    x, y, z = _body_grid(shape, grid.low, d.shape, grid.h)
    out = np.full(d.shape, Tissue.SOFT, dtype=np.uint8)
    above, below = _others(shape, near, grid)
    other = (above | below) & (d > 0.0)
    out[_discs(shape, x, y, z, body, above, below)] = Tissue.DISC
    _canal(shape, out, x, y, z, d, body)
    if trunk is not None:
        _organs(out, trunk, near or (shape,), grid)
    out[other] = Tissue.CORTICAL
    inner = d < 0.0
    out[inner] = Tissue.CANCELLOUS
    # a one-voxel skin is closed against steps through faces, whatever the thickness
    out[inner & (shell_of(inner) | (-d < grid.shell))] = Tissue.CORTICAL
    out[vein & ~other & ((out != Tissue.DISC) | inner)] = Tissue.VEIN
    _gaps(shape, out, grid, gap)
    return out


def _gaps(shape: Shape, out: ByteArray, grid: Sampled,
          gap: tuple[Float32Array, Float32Array]) -> None:  # fmt: skip
    """Write cracks, holes, the cleft and the gap beside a loose corner."""
    solid = (out == Tissue.CORTICAL) | (out == Tissue.CANCELLOUS)
    out[(gap[0] >= 0.5) & (grid.d < 0.0) & solid] = Tissue.DEFECT
    out[(gap[1] >= 0.5) & ((out == Tissue.CANCELLOUS) | (out == Tissue.VEIN))] = Tissue.CLEFT
    if shape.crush.corner <= 0.0:
        return
    # what the corner left behind, where bone still stands on both sides
    whole = replace(shape, crush=shape.crush._replace(corner=0.0))
    beside = binary_closing(grid.d < 0.0) & (grid.d >= 0.0) & (grid.body > 0.0)
    at = np.nonzero(beside & (grid.body < 2.0 * shape.crush.corner))
    turn = shape.pose.matrix_in()
    p = (grid.low + grid.h * np.array(at).T) @ turn[:, :3].T + turn[:, 3]
    hull = (p[:, 1] < 16.0 - 0.5 * shape.form.D) & (values(whole, p)[:, 0] < 0.0)
    out[tuple(i[hull] for i in at)] = Tissue.DEFECT


def _organs(out: ByteArray, trunk: Trunk, shapes: Sequence[Shape], grid: Sampled) -> None:
    """Name lung and vessels where nothing had a name."""
    count = [-(-n // _COARSE) for n in out.shape]
    p = grid.low + _COARSE * grid.h * np.indices(count).reshape(3, -1).T
    free = out == Tissue.SOFT
    for tissue, there in (
        (Tissue.LUNG, in_lung(trunk, p)),
        (Tissue.VESSEL, in_vessel(trunk, shapes, p)),
    ):
        fine = np.asarray(there).reshape(count)
        for axis in range(3):
            fine = fine.repeat(_COARSE, axis=axis)
        out[free & fine[: out.shape[0], : out.shape[1], : out.shape[2]]] = tissue


def _others(shape: Shape, near: Sequence[Shape], grid: Sampled) -> tuple[AnyArray, AnyArray]:
    """Return the voxels that are bone of the level above, and of the level below."""
    count = grid.d.shape
    masks = (np.zeros(count, bool), np.zeros(count, bool))
    own = [n for n, other in enumerate(near) if other.level == shape.level]
    if not own:
        return masks
    low, h = grid.low, grid.h
    middle = (float(shape.pose.out(np.zeros(3))[2]) - low[2]) / h
    tall = shape.form.Hm / h
    # each can only lie beyond the middle of this body, processes apart by a part of it
    for step, mask, start, end in (
        (-1, masks[0], round(middle + 0.1 * tall), count[2]),
        (1, masks[1], 0, round(middle - 0.2 * tall)),
    ):
        if 0 <= own[0] + step < len(near):
            first = low + np.array([0.0, 0.0, h * start])
            span = h * (np.array([count[0], count[1], end - start]) - 1.0)
            found = sampled(near[own[0] + step], first, first + span - 0.5 * h, h)[0]
            mask[:, :, start:end] = found < 0.0
    return masks


def shell_of(inner: AnyArray) -> AnyArray:
    """Return the voxels of a body that touch its outside through a face."""
    core = inner.copy()
    for axis in range(3):
        a = np.moveaxis(core, axis, 0)
        b = np.moveaxis(inner, axis, 0)
        a[1:] &= b[:-1]
        a[:-1] &= b[1:]
    return inner & ~core


def _body_grid(shape: Shape, low: FloatArray, count: tuple[int, ...],
               h: float) -> tuple[AnyArray, AnyArray, AnyArray]:  # fmt: skip
    """Body coordinates of every voxel, each (nx, ny, nz)."""
    m = shape.pose.matrix_in().astype(np.float32)
    px, py, pz = (np.float32(low[a]) + np.float32(h) * np.arange(count[a], dtype=np.float32)
                  for a in range(3))  # fmt: skip
    x, y, z = (m[q, 0] * px[:, None, None] + m[q, 1] * py[:, None] + m[q, 2] * pz + m[q, 3]
               for q in range(3))  # fmt: skip
    return x, y, z


def _discs(shape: Shape, x: AnyArray, y: AnyArray, z: AnyArray, body: Float32Array,
           above: AnyArray, below: AnyArray) -> AnyArray:  # fmt: skip
    """Above and below the body, inside the outline of the rims, up to the next bone."""
    f = shape.form
    outline = (abs(x) / (0.46 * f.W)) ** 2.4 + (abs(y) / (0.47 * f.D)) ** 2.4 < 1.0
    inner = body < 0.0
    under = np.logical_or.accumulate(inner, axis=2)
    over = np.logical_or.accumulate(inner[:, :, ::-1], axis=2)[:, :, ::-1]
    # one of the two: beside the waist a column meets the rim above and below
    beside = outline & (under != over)
    flat = abs(z) < 0.5 * f.Hm + shape.sizes.disc + 0.3
    # a column that meets the next level's bone ends there; one that meets none ends flat
    up = np.logical_or.accumulate(above, axis=2)
    down = np.logical_or.accumulate(below[:, :, ::-1], axis=2)[:, :, ::-1]
    upper = under & ~up & (up[:, :, -1:] | flat)
    lower = over & ~down & (down[:, :, :1] | flat)
    return np.asarray(beside & (upper | lower))


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
    beside = (abs(abs(x) - side) < wide) & (y > half - 1.0) & (y < half + f.lp + 3.0)
    # from below this pedicle to the next one's upper border: beside a pedicle there is no foramen
    roof, floor = f.zp - 0.5 * f.pdh, f.zp + 0.5 * f.pdh - f.Hm - shape.sizes.disc
    passage = beside & (z < roof) & (z > floor)
    out[passage & (d > 0.0)] = Tissue.FORAMEN
    out[tube & (d > 0.0)] = Tissue.CANAL
    out[tube & (d > 0.0) & (near | recess)] = Tissue.EPIDURAL
    # the wall is hollow and has the pit of the basivertebral vein: fat fills both
    hollow = (abs(x) < a) & (y > half - 7.0) & (y < middle) & (abs(z) < 0.45 * f.Hm)
    hollow &= ~beside  # between the pedicles
    out[hollow & (body > 0.0) & (d > 0.0) & (out == Tissue.SOFT)] = Tissue.EPIDURAL
