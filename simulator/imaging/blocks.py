"""Path lengths of X-rays through blocks of voxels, by perspective shear-warp."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from enum import Enum

import numpy as np

from simulator.frames import along
from simulator.imaging.positioner import Geometry
from simulator.imaging.voxels import ORDER, Block, Bundle, Ends, Part, bundle_of
from simulator.kernels.raycast import shear, warp
from simulator.units import Float32Array, FloatArray, Vec3, frozen

_EIGHT = [(i, j, k) for i in (0, 1) for j in (0, 1) for k in (0, 1)]
"""Which end of a box its corners take along each axis."""

Pose3 = tuple[FloatArray, FloatArray]
"""Rotation (3, 3) and translation (3,) in mm: a point p of the block is found at R p + t."""

_COARSER = 1.7
"""While the arm moves base points lie so much farther apart, and no closer than pixels."""
_STEEP = 0.8
"""Tangent of the angle to the main axis from which rays pass too far between two slices."""


class Quality(Enum):
    """How finely blocks are projected.

    While the arm moves the eye follows no edge and the picture has half the pixels.
    """

    STILL = 1
    MOVING = 2


@dataclass(frozen=True, slots=True)
class Patch:
    """Path lengths on a rectangle of the picture, cm."""

    row: int
    col: int
    first: Float32Array
    second: Float32Array


def seen_from(g: Geometry, pose: Pose3 | None) -> Geometry:
    """Return the geometry in the frame of a block that was moved by `pose`."""
    if pose is None:
        return g
    back, shift = pose[0].T, pose[1]

    def point(p: Vec3) -> Vec3:
        x, y, z = (back @ (np.array(p) - shift)).tolist()
        return x, y, z

    def vector(v: Vec3) -> Vec3:
        x, y, z = (back @ np.array(v)).tolist()
        return x, y, z

    return replace(
        g,
        source_mm=point(g.source_mm),
        centre_mm=point(g.centre_mm),
        right=vector(g.right),
        up=vector(g.up),
    )


def first_pixel(g: Geometry) -> Vec3:
    """Return the centre of the pixel at row 0, column 0 (mm)."""
    half = 0.5 * (g.n - 1) * g.pitch_mm
    return along(along(g.centre_mm, g.right, -half), g.up, half)


def _rectangle(ends: Ends, g: Geometry) -> tuple[int, int, int, int] | None:
    """Return row, column, height and width of the part of the picture a box can touch."""
    across, down, deep = (
        [[(end[m] - g.source_mm[m]) * axis[m] for end in ends] for m in range(3)]
        for axis in (g.right, g.up, g.direction)
    )
    depths = [deep[0][i] + deep[1][j] + deep[2][k] for i, j, k in _EIGHT]
    if min(depths) <= 0.0:
        return 0, 0, g.n, g.n
    per, middle = g.sdd_mm / g.pitch_mm, 0.5 * (g.n - 1)
    at = zip(_EIGHT, depths, strict=True)
    spots = [
        (
            middle + (across[0][i] + across[1][j] + across[2][k]) * per / depth,
            middle - (down[0][i] + down[1][j] + down[2][k]) * per / depth,
        )
        for (i, j, k), depth in at
    ]
    cols, rows = zip(*spots, strict=True)
    c0, c1 = max(math.floor(min(cols)) - 1, 0), min(math.ceil(max(cols)) + 2, g.n)
    r0, r1 = max(math.floor(min(rows)) - 1, 0), min(math.ceil(max(rows)) + 2, g.n)
    return (r0, c0, r1 - r0, c1 - c0) if r1 > r0 and c1 > c0 else None


def _base_grid(
    ends: Ends, source: Vec3, pixels: Sequence[Vec3], step: float
) -> tuple[float, tuple[float, float], tuple[int, int]]:
    """Choose the base plane and the part of it that the wanted pixels look at.

    Args:
        ends: Box around all parts, along a, b, c.
        source: Along a, b, c.
        pixels: Corners of the wanted rectangle, the same way.
        step: Distance of base points.

    Returns:
        Place of the plane along a, its first point along b and c, rows and columns.
    """
    low, high = ends
    base = 0.5 * (low[0] + high[0])
    ahead = base - source[0]
    start, count = [], []
    for m in (1, 2):
        s = source[m]
        seen = [s + (p[m] - s) * ahead / (p[0] - source[0]) for p in pixels]
        filled = [s + (end[m] - s) * ahead / (a - source[0])
                  for end in ends for a in (low[0], high[0])]  # fmt: skip
        first = max(min(seen), min(filled)) - step
        last = min(max(seen), max(filled)) + step
        start.append(first)
        count.append(max(math.ceil((last - first) / step), 1) + 2)
    return base, (start[0], start[1]), (count[0], count[1])


def project_bundle(
    bundle: Bundle,
    g: Geometry,
    pose: Pose3 | None = None,
    quality: Quality = Quality.STILL,
) -> Patch | None:
    """Return the path lengths through both fields of blocks that lie fast in one frame.

    Parts of one material and one voxel size add up on one base plane, which is carried to the
    detector once. None if everything is out of the field.
    """
    g = seen_from(g, pose)
    rectangle = _rectangle(bundle.ends_mm, g)
    if rectangle is None:
        return None
    row, col, height, width = rectangle
    first, second = np.zeros((2, height, width), np.float32)
    for ends, parts in bundle.groups:
        box = _rectangle(ends, g)
        if box is not None:
            top, left = box[0] - row, box[1] - col
            inner = np.s_[top : top + box[2], left : left + box[3]]
            _project(parts, ends, g, quality, box[:2], first[inner], second[inner])
    return Patch(row, col, frozen(first), frozen(second))


def _project(
    parts: Sequence[Part],
    ends: Ends,
    g: Geometry,
    quality: Quality,
    corner_px: tuple[int, int],
    first: Float32Array,
    second: Float32Array,
) -> None:
    """Add parts of one material and step to both path lengths on a rectangle of the picture."""
    depths = [abs(0.5 * (a + b) - s) for a, b, s in zip(*ends, g.source_mm, strict=True)]
    main = depths.index(max(depths))
    step, pace = parts[0].step_mm, 1.0
    if quality is Quality.MOVING:
        step, pace = max(_COARSER * step, g.pitch_mm * depths[main] / g.sdd_mm), 2.0
    elif (1.0 + _STEEP**2) * g.direction[main] ** 2 < 1.0:
        pace = 0.5

    def turned(v: Vec3) -> Vec3:
        a, b, c = ORDER[main]
        return v[a], v[b], v[c]

    corner = first_pixel(g)

    def pixel(row: int, col: int) -> Vec3:
        spot = along(corner, g.right, (corner_px[1] + col) * g.pitch_mm)
        return turned(along(spot, g.up, -(corner_px[0] + row) * g.pitch_mm))

    height, width = first.shape
    rim = [pixel(i, j) for i in (-1, height) for j in (-1, width)]
    source = turned(g.source_mm)
    base, start, shape = _base_grid((turned(ends[0]), turned(ends[1])), source, rim, step)
    plane = np.zeros(shape, np.float32)
    used = np.full((shape[0], 2), (shape[1], 0), np.int32)
    for part in parts:
        side, origin = part.spacing_mm, turned(part.ends_mm[0])
        stack = part.stack(main, pace)
        at = [(s - o) / side for s, o in zip(source, origin, strict=True)]
        begin = [(s - o) / side for s, o in zip(start, origin[1:], strict=True)]
        shear(stack.voxels, stack.spans, stack.pace, np.array(at), (base - origin[0]) / side,
              np.array(begin), step / side, side / 10.0, plane, used)  # fmt: skip
    per_col, per_row = turned(g.right), turned(g.up)
    warp(plane, used, base, np.array(start), step, np.array(source), np.array(pixel(0, 0)),
         np.array(per_col) * g.pitch_mm, np.array(per_row) * -g.pitch_mm, parts[0].gains,
         first, second)  # fmt: skip


def project_blocks(
    blocks: Sequence[Block],
    g: Geometry,
    pose: Pose3 | None = None,
    quality: Quality = Quality.STILL,
) -> Patch | None:
    """Return the path lengths through blocks of one frame, as `project_bundle` does."""
    return project_bundle(bundle_of(blocks), g, pose, quality)


def project_block(block: Block, g: Geometry, pose: Pose3 | None = None) -> Patch | None:
    """Return the path lengths through both fields of a block; None if it is out of the field."""
    return project_blocks((block,), g, pose)
