"""What was brought into the patient, as thickness on coarse cells of one picture.

A cell is about as large as the picture of a voxel of the body's grid, so that cement of one voxel
falls on some four of them. For the eye of the judge only: frames are drawn by `projector`.
"""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np

from simulator.frames import Side, as_array
from simulator.imaging.positioner import Geometry, geometry
from simulator.imaging.tools import CEMENT, CONTRAST, Rod, devices, rods_on
from simulator.units import AnyArray, Float32Array, FloatArray, IntArray, frozen
from simulator.world.arm import Pose
from simulator.world.cement import Cement
from simulator.world.instruments import CArmSpec
from simulator.world.tamp import Tamp
from simulator.world.tools import Cannula

if TYPE_CHECKING:
    from simulator.anatomy.volume import BoneField
    from simulator.imaging.elsewhere import Elsewhere
    from simulator.world.state import State

_CELL_MM = 1.2
"""Side of a cell at the detector: a voxel of the body's grid as the C-arm magnifies it."""

IN_THE_BODY, IN_A_BALLOON = -1, -2
"""Where cement that has not leaked and contrast medium are."""

_known: deque[tuple[Geometry, tuple[Rod, ...], Float32Array | None]] = deque(maxlen=8)
"""Tools as drawn last: pure function values, kept for speed."""

_stand: deque[tuple[Geometry, tuple[Rod, ...], Float32Array | None]] = deque(maxlen=8)

Box = tuple[int, int, int, int]
"""Cells of a picture: first row, one past the last, first column, one past the last."""


def cells(spec: CArmSpec, pose: Pose) -> Geometry:
    """Return the geometry of a picture at `pose` on cells."""
    return geometry(spec, pose, round(pose.field_mm / _CELL_MM))


def voxel_points_mm(bone: BoneField, voxels: AnyArray) -> FloatArray:
    """Return the (n, 3) positions of flat voxel indices of the treated body's grid."""
    i, j, k = np.unravel_index(voxels, bone.shape)
    points: FloatArray = np.stack([i, j, k], axis=1).astype(np.float64)
    points *= bone.spacing_mm
    points += np.array(bone.origin_mm)
    return points


def spots_of(g: Geometry, points_mm: FloatArray) -> FloatArray:
    """Return (3, n) column, row and magnification of (n, 3) points."""
    ray = points_mm - as_array(g.source_mm)
    m = g.sdd_mm / (ray @ as_array(g.direction))
    middle, scale = 0.5 * (g.n - 1), m / g.pitch_mm
    col, row = ray @ as_array(g.right) * scale, ray @ as_array(g.up) * scale
    return np.stack([middle + col, middle - row, m])


def around(g: Geometry, spots: FloatArray) -> Box | None:
    """Return the cells of the picture that hold spots; None if there are none."""
    low = np.floor(spots[:2].min(axis=1)).astype(int)
    high = np.ceil(spots[:2].max(axis=1)).astype(int) + 1
    (first, top), (last, bottom) = np.maximum(low, 0), np.minimum(high, g.n)
    if first >= last or top >= bottom:
        return None
    return int(top), int(bottom), int(first), int(last)


def spread_over(spots: FloatArray, volume_mm3: FloatArray, box: Box, pitch_mm: float) -> FloatArray:
    """Return the thickness in cm on the cells of a box, each spot shared among its four cells.

    Every spot must lie less than a cell outside the box.
    """
    top, bottom, first, last = box
    height, width = bottom - top, last - first
    out = np.zeros((height + 2) * (width + 2))
    col, row = spots[0] - first, spots[1] - top
    thick = 0.1 * volume_mm3 * (spots[2] / pitch_mm) ** 2
    c, r = np.floor(col).astype(int), np.floor(row).astype(int)
    u, v = col - c, row - r
    at = (r + 1) * (width + 2) + c + 1
    for step, share in (
        (0, (1.0 - u) * (1.0 - v)),
        (1, u * (1.0 - v)),
        (width + 2, (1.0 - u) * v),
        (width + 3, u * v),
    ):
        out += np.bincount(at + step, thick * share, minlength=out.size)
    return out.reshape(height + 2, width + 2)[1:-1, 1:-1]


@dataclass(frozen=True, slots=True)
class Brought:
    """Tools, balloons and cement as they fall on the cells of one picture."""

    g: Geometry
    tools: tuple[Float32Array | None, Float32Array | None]
    """Per `Side`: (3, n, n) cm of cement, contrast medium and steel of a tool and what it holds."""
    spots: FloatArray
    """(3, n) column, row and magnification of the voxels that hold cement or contrast medium."""
    volume_mm3: FloatArray
    """(n,) of cement or contrast medium."""
    route: IntArray
    """(n,) index into `ROUTES` of leaked cement, `IN_THE_BODY` or `IN_A_BALLOON`."""
    others: Float32Array | None = None
    """(3, n, n) cm of needles that stand in other levels."""

    def tool(self, side: Side, box: Box) -> FloatArray:
        """Return (3, rows, columns) of one side's tool."""
        top, bottom, first, last = box
        drawn = self.tools[side]
        if drawn is None:
            return np.zeros((3, bottom - top, last - first))
        return drawn[:, top:bottom, first:last].astype(np.float64)

    def near(self, box: Box) -> IntArray:
        """Return the voxels that fall on a box or less than a cell beside it."""
        top, bottom, first, last = box
        col, row = self.spots[0], self.spots[1]
        across = np.flatnonzero((col > first - 1) & (col < last))
        row = row[across]
        found: IntArray = across[(row > top - 1) & (row < bottom)]
        return found

    def filling(self, chosen: AnyArray, box: Box) -> FloatArray:
        """Return (rows, columns) cm of the cement or contrast medium of voxels from `near`."""
        return spread_over(self.spots[:, chosen], self.volume_mm3[chosen], box, self.g.pitch_mm)

    def of_route(self, box: Box, route: int) -> FloatArray:
        """Return (rows, columns) cm of one route's cement."""
        near = self.near(box)
        return self.filling(near[self.route[near] == route], box)

    def all_but(self, box: Box, side: Side | None = None, route: int | None = None) -> FloatArray:
        """Return (3, rows, columns) of everything, less one side's tool or one route's cement."""
        top, bottom, first, last = box
        out = np.zeros((3, bottom - top, last - first))
        for other in Side:
            if other is not side:
                out += self.tool(other, box)
        if self.others is not None:
            out += self.others[:, top:bottom, first:last]
        if self.route.size:
            near = self.near(box)
            kind = self.route[near]
            balloon = kind == IN_A_BALLOON
            out[CEMENT] += self.filling(near[~balloon & (kind != route)], box)
            if balloon.any():
                out[CONTRAST] += self.filling(near[balloon], box)
        return out


def brought(g: Geometry, state: State, there: Elsewhere | None = None) -> Brought:
    """Return what was brought into the patient, seen from `g` on cells; `there`: other levels."""
    cloud, bone = state.cement.cloud, state.body.bone
    left, right = (_drawn(g, state, side) for side in Side)
    voxels, volumes, routes = [cloud.voxel], [cloud.fill * cloud.volume_ul], [cloud.route]
    for tamp in state.tamps:
        if tamp is not None and tamp.voxels.size:
            voxels.append(tamp.voxels)
            volumes.append(tamp.fill.astype(np.float64) * bone.spacing_mm**3)
            routes.append(np.full(tamp.voxels.size, IN_A_BALLOON, np.int32))
    points = voxel_points_mm(bone, np.concatenate(voxels))
    others = None
    if there is not None and (there.rods or there.volume_mm3.size):
        points = np.concatenate([points, there.points_mm])
        volumes.append(there.volume_mm3)
        routes.append(np.full(there.volume_mm3.size, IN_THE_BODY, np.int32))
        others = _needles(g, there.rods)
    spots = spots_of(g, points)
    volume, route = np.concatenate(volumes), np.concatenate(routes)
    return Brought(g, (left, right), spots, volume, route, others)


def _needles(g: Geometry, rods: tuple[Rod, ...]) -> Float32Array | None:
    """Return needles that stand in other levels; remembered like those of this one."""
    for view, some, lengths in _stand:
        if some is rods and view == g:
            return lengths
    drawn = devices(g, (None, None), (None, None), Cement(), None, None, rods)
    lengths = None if drawn is None else drawn.lengths_cm
    _stand.append((g, rods, lengths))
    return lengths


def _drawn(g: Geometry, state: State, side: Side) -> Float32Array | None:
    """Return one side's tool, its balloon's markers and the cement in its bore.

    The last ones are remembered: a hand rests while cement is pressed and while it is looked at.
    """
    tool, tamp = state.cannulas[side], state.tamps[side]
    cement = replace(state.cement, tails=())  # what left the bone is told by its route
    rods = rods_on(tool, tamp, cement, side)
    if not rods:
        return None
    for view, same, lengths in _known:
        if same == rods and view == g:
            return lengths
    pair: tuple[Cannula | None, Cannula | None] = (tool, None)
    balloons: tuple[Tamp | None, Tamp | None] = (tamp, None)
    if side is Side.RIGHT:
        pair, balloons = (None, tool), (None, tamp)
    drawn = devices(g, pair, balloons, cement, None)
    lengths = None if drawn is None else frozen(drawn.lengths_cm)
    _known.append((g, rods, lengths))
    return lengths
