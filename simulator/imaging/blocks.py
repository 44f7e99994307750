"""Path lengths of X-rays through one block of voxels, by perspective shear-warp."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from simulator.frames import along
from simulator.imaging.positioner import Geometry, project
from simulator.kernels.raycast import row_spans, shear, warp
from simulator.units import Float32Array, FloatArray, IntArray, Vec3, frozen

_ORDER = ((0, 1, 2), (1, 0, 2), (2, 0, 1))
"""Voxel axes (a, b, c) when looking mainly along x, y, z; c runs fastest in memory."""

FINE = 0.42
"""Distance of base points in voxels for thin shells: closer adds cost and no detail, the voxel
limits the band."""
SMOOTH = 0.8
"""The same for what has no edge that matters, such as soft tissue."""

Pose3 = tuple[FloatArray, FloatArray]
"""Rotation (3, 3) and translation (3,) in mm: a point p of the block is found at R p + t."""


@dataclass(frozen=True, slots=True)
class Stack:
    """A block as slices across one main axis of view."""

    voxels: Float32Array
    """(na, nb, nc, 2): both fields side by side, with an empty border."""
    spans: IntArray
    """(na, nb, 2) columns in use."""


class Block:
    """Two fields of a voxel block, cut to what is not empty; stacks are made when first needed."""

    def __init__(
        self,
        first: Float32Array,
        second: Float32Array,
        origin: Vec3,
        side: float,
        step: float = FINE,
    ):
        """Take two (nx, ny, nz) fields whose voxel [0, 0, 0] is centred at `origin` (mm)."""
        self.step = step
        used = (first != 0.0) | (second != 0.0)
        box = []
        for axis in range(3):
            hit = np.flatnonzero(used.any(axis=tuple(m for m in range(3) if m != axis)))
            box.append(slice(int(hit[0]), int(hit[-1]) + 1) if hit.size else slice(0, 1))
        cut = tuple(box)
        self.spacing_mm = side
        x, y, z = (o + (c.start - 1) * side for o, c in zip(origin, box, strict=True))
        self.origin_mm: Vec3 = (x, y, z)
        self._fields = np.zeros((*(c.stop - c.start + 2 for c in box), 2), np.float32)
        self._fields[1:-1, 1:-1, 1:-1, 0] = first[cut]
        self._fields[1:-1, 1:-1, 1:-1, 1] = second[cut]
        self._stacks: dict[int, Stack] = {}

    @property
    def shape(self) -> tuple[int, int, int]:
        """Number of voxels along x, y, z, empty border included."""
        nx, ny, nz, _ = self._fields.shape
        return nx, ny, nz

    def stack(self, axis: int) -> Stack:
        """Return the slices across `axis`."""
        if axis not in self._stacks:
            voxels = np.ascontiguousarray(self._fields.transpose(*_ORDER[axis], 3))
            self._stacks[axis] = Stack(voxels, row_spans(voxels))
        return self._stacks[axis]

    @property
    def corners_mm(self) -> list[Vec3]:
        """The eight corners of the block."""
        ends = [
            (o, o + (n - 1) * self.spacing_mm)
            for o, n in zip(self.origin_mm, self.shape, strict=True)
        ]
        return [(x, y, z) for x in ends[0] for y in ends[1] for z in ends[2]]


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


def _rectangle(corners: Sequence[Vec3], g: Geometry) -> tuple[int, int, int, int] | None:
    """Return row, column, height and width of the part of the picture a box can touch."""
    spots = [project(g, p) for p in corners]
    if min(m for _, _, m in spots) <= 0.0:
        return 0, 0, g.n, g.n
    c0 = max(math.floor(min(c for c, _, _ in spots)) - 1, 0)
    c1 = min(math.ceil(max(c for c, _, _ in spots)) + 2, g.n)
    r0 = max(math.floor(min(r for _, r, _ in spots)) - 1, 0)
    r1 = min(math.ceil(max(r for _, r, _ in spots)) + 2, g.n)
    return (r0, c0, r1 - r0, c1 - c0) if r1 > r0 and c1 > c0 else None


def _box(blocks: Sequence[Block]) -> tuple[FloatArray, FloatArray]:
    """Return the lowest and the highest corner of a box around all blocks (mm)."""
    corners = np.array([c for block in blocks for c in block.corners_mm])
    return corners.min(0), corners.max(0)


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


def project_blocks(blocks: Sequence[Block], g: Geometry, pose: Pose3 | None = None) -> Patch | None:
    """Return the path lengths through both fields of blocks that lie fast in one frame.

    All of them add up on one base plane, which is carried to the detector once. None if they are
    out of the field.
    """
    g = seen_from(g, pose)
    low, high = _box(blocks)
    box = [
        (x, y, z) for x in (low[0], high[0]) for y in (low[1], high[1]) for z in (low[2], high[2])
    ]
    rectangle = _rectangle([(float(x), float(y), float(z)) for x, y, z in box], g)
    if rectangle is None:
        return None
    row, col, height, width = rectangle
    main = int(np.argmax(np.abs(0.5 * (low + high) - np.array(g.source_mm))))
    order = np.array(_ORDER[main])
    step = min(block.step * block.spacing_mm for block in blocks)

    source = np.array(g.source_mm)[order]
    per_col = np.array(g.right)[order] * g.pitch_mm
    per_row = np.array(g.up)[order] * -g.pitch_mm
    corner = np.array(first_pixel(g))[order] + row * per_row + col * per_col
    rim = np.array([corner + i * per_row + j * per_col for i in (-1, height) for j in (-1, width)])
    base, start, shape = _base_grid(low[order], high[order], source, rim, step)
    plane = np.zeros((*shape, 2), np.float32)
    used = np.full((shape[0], 2), (shape[1], 0), np.int32)
    for block in blocks:
        side, origin = block.spacing_mm, np.array(block.origin_mm)[order]
        stack = block.stack(main)
        shear(stack.voxels, stack.spans, (source - origin) / side, (base - origin[0]) / side,
              (start - origin[1:]) / side, step / side, side / 10.0, plane, used)  # fmt: skip
    first, second = np.empty((2, height, width), np.float32)
    warp(plane, used, base, start, step, source, corner, per_col, per_row, first, second)
    return Patch(row, col, frozen(first), frozen(second))


def project_block(block: Block, g: Geometry, pose: Pose3 | None = None) -> Patch | None:
    """Return the path lengths through both fields of a block; None if it is out of the field."""
    return project_blocks((block,), g, pose)
