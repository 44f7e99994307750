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

FINE = 0.42
"""Distance of base points in voxels for thin shells: closer adds cost and no detail, the voxel
limits the band."""
SMOOTH = 0.8
"""The same for what has no edge that matters, such as soft tissue."""

_FAINT = 0.05
"""What one material leaves of a block is drawn on voxels twice as large if it is no more."""
_NOTHING = 1e-5
"""Less is rounding: the block holds one material."""

_EIGHT = frozen(np.array([(i, j, k) for i in (0, 1) for j in (0, 1) for k in (0, 1)]))
"""Which end of a box its corners take along each axis."""

Pose3 = tuple[FloatArray, FloatArray]
"""Rotation (3, 3) and translation (3,) in mm: a point p of the block is found at R p + t."""


class Quality(Enum):
    """How finely blocks are projected."""

    STILL = (1, 1.0)
    MOVING = (2, 1.45)
    """Two slices at a time on fewer base points: the eye cannot follow, the picture has half the
    pixels."""

    @property
    def thick(self) -> int:
        """Slices added up before they are cast."""
        return self.value[0]

    @property
    def coarser(self) -> float:
        """Multiplies the distance of base points."""
        return self.value[1]


@dataclass(frozen=True, slots=True)
class Stack:
    """A part as slices across one main axis of view."""

    voxels: Float32Array
    """(na, nb, nc) with an empty border; each slice is the mean of `thick` slices of voxels."""
    spans: IntArray
    """(na, nb, 2) columns in use."""
    thick: int


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
        self.origin_mm: Vec3 = (x, y, z)
        self._field = np.zeros([c.stop - c.start + 2 for c in box], np.float32)
        self._field[1:-1, 1:-1, 1:-1] = field[tuple(box)]
        low = np.array(self.origin_mm)
        shape = np.array(self._field.shape)
        self.ends_mm: FloatArray = frozen(np.array([low, low + (shape - 1) * side]))
        """(2, 3) lowest and highest corner, empty border included."""
        self._stacks: dict[tuple[int, int], Stack] = {}

    def stack(self, axis: int, thick: int = 1) -> Stack:
        """Return the slices across `axis`, `thick` of them at a time."""
        key = (axis, thick)
        if key not in self._stacks:
            voxels = np.ascontiguousarray(self._field.transpose(_ORDER[axis]))
            if thick > 1:
                more = -len(voxels) % thick
                voxels = np.pad(voxels, ((0, more), (0, 0), (0, 0)))
                voxels = voxels.reshape(-1, thick, *voxels.shape[1:]).mean(1)
            self._stacks[key] = Stack(voxels, row_spans(voxels), thick)
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


def _rectangle(ends: FloatArray, g: Geometry) -> tuple[int, int, int, int] | None:
    """Return row, column, height and width of the part of the picture a box can touch.

    `ends` are its lowest and its highest corner, (2, 3).
    """
    corners = ends[_EIGHT, (0, 1, 2)] - np.array(g.source_mm)
    right, down, deep = (corners @ np.array((g.right, g.up, g.direction)).T).T
    if deep.min() <= 0.0:
        return 0, 0, g.n, g.n
    per, middle = g.sdd_mm / (g.pitch_mm * deep), 0.5 * (g.n - 1)
    cols, rows = middle + right * per, middle - down * per
    c0, c1 = max(math.floor(cols.min()) - 1, 0), min(math.ceil(cols.max()) + 2, g.n)
    r0, r1 = max(math.floor(rows.min()) - 1, 0), min(math.ceil(rows.max()) + 2, g.n)
    return (r0, c0, r1 - r0, c1 - c0) if r1 > r0 and c1 > c0 else None


def _box(parts: Sequence[Part]) -> FloatArray:
    """Return the lowest and the highest corner of a box around all parts, (2, 3) mm."""
    if len(parts) == 1:
        return parts[0].ends_mm
    ends = np.array([part.ends_mm for part in parts])
    return np.array([ends[:, 0].min(0), ends[:, 1].max(0)])


def _base_grid(
    low: FloatArray, high: FloatArray, source: FloatArray, pixels: FloatArray, step: float
) -> tuple[float, FloatArray, tuple[int, int]]:
    """Choose the base plane and the part of it that the wanted pixels look at.

    Args:
        low: (3,) lowest corner of all blocks along a, b, c (mm).
        high: (3,) highest.
        source: (3,) along a, b, c.
        pixels: (4, 3) corners of the wanted rectangle, the same way.
        step: distance of base points.

    Returns:
        Place of the plane along a, (2,) its first point, rows and columns.
    """
    base = 0.5 * (low[0] + high[0])
    rays = pixels - source
    seen = source[1:] + rays[:, 1:] * ((base - source[0]) / rays[:, :1])
    reach = (base - source[0]) / (np.array([[low[0]], [high[0]]]) - source[0])
    ends = source[1:] + np.vstack([(low[1:] - source[1:]) * reach, (high[1:] - source[1:]) * reach])
    first = np.maximum(seen.min(0), ends.min(0)) - step
    last = np.minimum(seen.max(0), ends.max(0)) + step
    count = np.maximum(np.ceil((last - first) / step), 1.0).astype(int) + 2
    return float(base), first, (int(count[0]), int(count[1]))


def project_blocks(
    blocks: Sequence[Block],
    g: Geometry,
    pose: Pose3 | None = None,
    quality: Quality = Quality.STILL,
) -> Patch | None:
    """Return the path lengths through both fields of blocks that lie fast in one frame.

    Parts of one material and one voxel size add up on one base plane, which is carried to the
    detector once. None if everything is out of the field.
    """
    g = seen_from(g, pose)
    every = [part for block in blocks for part in block.parts]
    rectangle = _rectangle(_box(every), g)
    if rectangle is None:
        return None
    row, col, height, width = rectangle
    first, second = np.zeros((2, height, width), np.float32)
    groups: dict[tuple[object, ...], list[Part]] = {}
    for part in every:
        groups.setdefault((part.gains, part.step_mm), []).append(part)
    for parts in groups.values():
        box = _rectangle(_box(parts), g)
        if box is not None:
            top, left = box[0] - row, box[1] - col
            inner = np.s_[top : top + box[2], left : left + box[3]]
            _project(parts, g, quality, box, first[inner], second[inner])
    return Patch(row, col, frozen(first), frozen(second))


def _project(
    parts: Sequence[Part],
    g: Geometry,
    quality: Quality,
    rectangle: tuple[int, int, int, int],
    first: Float32Array,
    second: Float32Array,
) -> None:
    """Add parts of one material and step to both path lengths on a rectangle of the picture."""
    row, col, height, width = rectangle
    low, high = _box(parts)
    main = int(np.argmax(np.abs(0.5 * (low + high) - np.array(g.source_mm))))
    order = np.array(_ORDER[main])
    step = parts[0].step_mm * quality.coarser

    source = np.array(g.source_mm)[order]
    per_col = np.array(g.right)[order] * g.pitch_mm
    per_row = np.array(g.up)[order] * -g.pitch_mm
    corner = np.array(first_pixel(g))[order] + row * per_row + col * per_col
    rim = np.array([corner + i * per_row + j * per_col for i in (-1, height) for j in (-1, width)])
    base, start, shape = _base_grid(low[order], high[order], source, rim, step)
    plane = np.zeros(shape, np.float32)
    used = np.full((shape[0], 2), (shape[1], 0), np.int32)
    for part in parts:
        side, origin = part.spacing_mm, np.array(part.origin_mm)[order]
        stack = part.stack(main, quality.thick)
        shear(stack.voxels, stack.spans, stack.thick, (source - origin) / side,
              (base - origin[0]) / side, (start - origin[1:]) / side, step / side, side / 10.0,
              plane, used)  # fmt: skip
    warp(plane, used, base, start, step, source, corner, per_col, per_row, parts[0].gains,
         first, second)  # fmt: skip


def project_block(block: Block, g: Geometry, pose: Pose3 | None = None) -> Patch | None:
    """Return the path lengths through both fields of a block; None if it is out of the field."""
    return project_blocks((block,), g, pose)
