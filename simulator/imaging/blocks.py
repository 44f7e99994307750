"""Path lengths of X-rays through one block of voxels, by perspective shear-warp."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from enum import Enum

import numpy as np

from simulator.frames import along
from simulator.imaging.positioner import Geometry
from simulator.kernels.raycast import row_spans, shear, warp
from simulator.units import Float32Array, FloatArray, IntArray, Vec3, frozen

_ORDER = ((0, 1, 2), (1, 0, 2), (2, 0, 1))
"""Voxel axes (a, b, c) when looking mainly along x, y, z; c runs fastest in memory."""

FINE = 0.33
"""Distance of base points in voxels for thin shells. At 0.42 the rims of a lumbar vertebra are
wrong by 0.2 % of the greatest path (rms), at 0.33 by 0.1 %; oblique ones, limited by the slices,
by 0.15 % with either."""
SMOOTH = 0.8
"""The same for what has no edge that matters, such as soft tissue."""

_FAINT = 0.05
"""What one material leaves of a block is drawn on voxels twice as large if it is no more."""
_NOTHING = 1e-5
"""Less is rounding: the block holds one material."""

_EIGHT = [(i, j, k) for i in (0, 1) for j in (0, 1) for k in (0, 1)]
"""Which end of a box its corners take along each axis."""

Ends = tuple[Vec3, Vec3]
"""Lowest and highest corner of a box (mm)."""

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
class Stack:
    """A part as slices across one main axis of view."""

    voxels: Float32Array
    """(na, nb, nc) with an empty border."""
    spans: IntArray
    """(na, nb, 2) columns in use."""
    pace: float
    """Distance of slices in voxels."""


class Part:
    """One scalar field on voxels, cut to what is not empty; stacks are made when first needed."""

    def __init__(
        self,
        field: Float32Array,
        origin: Vec3,
        side: float,
        step: float,
        gains: tuple[float, float],
    ):
        """Take an (nx, ny, nz) field whose voxel [0, 0, 0] is centred at `origin` (mm).

        `step` is the distance of base points in voxels; `gains` what a block's two fields get of
        this one.
        """
        self.step_mm = step * side
        self.gains = gains
        self.spacing_mm = side
        used = field != 0.0
        box = []
        for axis in range(3):
            hit = np.flatnonzero(used.any(axis=tuple(m for m in range(3) if m != axis)))
            box.append(slice(int(hit[0]), int(hit[-1]) + 1) if hit.size else slice(0, 1))
        x, y, z = (o + (c.start - 1) * side for o, c in zip(origin, box, strict=True))
        u, v, w = (o + c.stop * side for o, c in zip(origin, box, strict=True))
        self.ends_mm: Ends = ((x, y, z), (u, v, w))
        """Lowest and highest corner, empty border included."""
        self._field = np.zeros([c.stop - c.start + 2 for c in box], np.float32)
        self._field[1:-1, 1:-1, 1:-1] = field[tuple(box)]
        self._stacks: dict[tuple[int, float], Stack] = {}

    def stack(self, axis: int, pace: float = 1.0) -> Stack:
        """Return the slices across `axis`: one per voxel, means of 2, or one more between two."""
        key = (axis, pace)
        if key not in self._stacks:
            voxels = np.ascontiguousarray(self._field.transpose(_ORDER[axis]))
            if pace > 1.0:
                voxels = np.pad(voxels, ((0, len(voxels) % 2), (0, 0), (0, 0)))
                voxels = 0.5 * (voxels[::2] + voxels[1::2])
            elif pace < 1.0:
                few, voxels = voxels, np.empty((2 * len(voxels) - 1, *voxels.shape[1:]), np.float32)
                voxels[::2] = few
                voxels[1::2] = 0.5 * (few[:-1] + few[1:])
            self._stacks[key] = Stack(voxels, row_spans(voxels), pace)
        return self._stacks[key]


class Block:
    """Two fields of a voxel block, as one material and what that leaves.

    Bone is a share of cortical bone in place of as much soft tissue, so that one scalar field
    tells nearly all of both: half the work. Where the rest is faint (marrow, fat in muscle) larger
    voxels do for it; where it is not it keeps its own.
    """

    def __init__(
        self,
        first: Float32Array,
        second: Float32Array,
        origin: Vec3,
        side: float,
        step: float = FINE,
    ):
        """Take two (nx, ny, nz) fields whose voxel [0, 0, 0] is centred at `origin` (mm)."""
        at = int(np.abs(second).max() > 0.1 * np.abs(first).max())
        main, other = (second, first) if at else (first, second)
        power = float(np.vdot(main, main))
        ratio = round(float(np.vdot(main, other)) / power, 6) if power else 0.0
        rest = other - np.float32(ratio) * main
        most = float(np.abs(rest).max())
        if most > _NOTHING:
            # Neighbours share one base plane if they hold one material.
            ratio = round(ratio, 1)
            rest = other - np.float32(ratio) * main
            most = float(np.abs(rest).max())
        self.parts = [Part(main, origin, side, step, (ratio, 1.0) if at else (1.0, ratio))]
        gains = (1.0, 0.0) if at else (0.0, 1.0)
        if most > _FAINT:
            self.parts.append(Part(rest, origin, side, step, gains))
        elif most > _NOTHING:
            middle = origin[0] + 0.5 * side, origin[1] + 0.5 * side, origin[2] + 0.5 * side
            self.parts.append(Part(_halved(rest), middle, 2.0 * side, SMOOTH, gains))


def _halved(field: Float32Array) -> Float32Array:
    """Return the means of 2 x 2 x 2 voxels; what is missing at the end counts as empty."""
    i, j, k = ((n + 1) // 2 for n in field.shape)
    even = np.zeros((2 * i, 2 * j, 2 * k), np.float32)
    even[: field.shape[0], : field.shape[1], : field.shape[2]] = field
    means: Float32Array = even.reshape(i, 2, j, 2, k, 2).mean((1, 3, 5), dtype=np.float32)
    return means


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


class Bundle:
    """Blocks that lie fast in one frame: parts of one material and voxel size share a plane."""

    def __init__(self, blocks: Sequence[Block]):
        """Sort the parts of `blocks`."""
        every = [part for block in blocks for part in block.parts]
        groups: dict[tuple[object, ...], list[Part]] = {}
        for part in every:
            groups.setdefault((part.gains, part.step_mm), []).append(part)
        self.ends_mm = _around(every)
        self.groups = [(_around(parts), parts) for parts in groups.values()]


def _around(parts: Sequence[Part]) -> Ends:
    low, high = (
        [f(part.ends_mm[i][axis] for part in parts) for axis in range(3)]
        for i, f in enumerate((min, max))
    )
    return (low[0], low[1], low[2]), (high[0], high[1], high[2])


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
        a, b, c = _ORDER[main]
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
    return project_bundle(Bundle(blocks), g, pose, quality)


def project_block(block: Block, g: Geometry, pose: Pose3 | None = None) -> Patch | None:
    """Return the path lengths through both fields of a block; None if it is out of the field."""
    return project_blocks((block,), g, pose)
