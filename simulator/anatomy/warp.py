"""The lift of a fractured body: how points, images and mechanics move with its plates and wall."""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np

from simulator.anatomy.hinge import Hinge, Lift, Plate
from simulator.anatomy.volume import BoneField, Volume
from simulator.kernels import lift as kernel
from simulator.kernels.lift import KEEP_SUM, LINEAR, NEAREST, Pull, Push
from simulator.kernels.threads import ONE_AT_A_TIME
from simulator.units import AnyArray, Float32Array, FloatArray, Vec3, frozen


def pull(plate: Plate, rad: float, mm: float) -> Pull:
    """Return a plate and its lift as the kernels take them."""
    return Pull(plate.hinge_y_mm, plate.bottom_z_mm, plate.top_z_mm, rad, mm, plate.even,
                *plate.dish_mm)  # fmt: skip


def _pulls(hinge: Hinge, lift: Lift) -> tuple[Pull, Pull]:
    return (
        pull(hinge.superior, lift.superior_rad, lift.superior_mm),
        pull(hinge.inferior, lift.inferior_rad, lift.inferior_mm),
    )


def _push(hinge: Hinge, lift: Lift) -> Push:
    wall = hinge.wall
    return Push(wall.half_width_mm, wall.bottom_z_mm, wall.top_z_mm, wall.wall_y_mm, wall.canal_mm,
                lift.wall_mm)  # fmt: skip


def _share(plate: Plate, z: float) -> float:
    """Return 0 below the band that stretches, 1 above it."""
    share = (z - plate.bottom_z_mm) / (plate.top_z_mm - plate.bottom_z_mm)
    return min(max(share, 0.0), 1.0)


def displacement(hinge: Hinge, lift: Lift, points: FloatArray) -> FloatArray:
    """Return how far (n, 3) points of the unlifted body have moved, mm."""
    out = np.zeros(points.shape)
    push = _push(hinge, lift)
    for row, (x, y, z) in zip(out, points.tolist(), strict=True):
        row[2] = hinge.superior.rise_mm(lift.superior_rad, lift.superior_mm, x, y) * _share(
            hinge.superior, z
        ) - hinge.inferior.rise_mm(lift.inferior_rad, lift.inferior_mm, x, y) * (
            1.0 - _share(hinge.inferior, z)
        )
        if lift.wall_mm:
            row[1] = kernel.backwards(x, y, z, push)
    return out


class Grid(NamedTuple):
    """Where the voxels of an array are."""

    origin_mm: Vec3
    """Centre of voxel [0, 0, 0]."""
    spacing_mm: float


def _moved(array: AnyArray, like: Grid | BoneField, hinge: Hinge, lift: Lift, mode: int,
           more: tuple[int, int] = (0, 0)) -> AnyArray:  # fmt: skip
    nx, ny, nz = array.shape
    out = np.empty((nx, ny, nz + sum(more)), dtype=array.dtype)
    x0, y0, z0 = like.origin_mm
    h = like.spacing_mm
    with ONE_AT_A_TIME:
        kernel.lifted(array, out, x0, y0, z0, more[0], h, *_pulls(hinge, lift), mode)
        if lift.wall_mm:
            flat, out = out, np.empty_like(out)
            kernel.pushed(flat, out, x0, y0, z0 - more[0] * h, h, _push(hinge, lift), mode)
    return frozen(out)


def _room(plate: Plate, rad: float, mm: float, grid: Grid) -> int:
    """Return by how many voxels an image must grow for a plate to stay inside."""
    rise = rad * max(plate.hinge_y_mm - grid.origin_mm[1], 0.0) + mm
    return math.ceil(max(rise, 0.0) / grid.spacing_mm)


def warped(volume: Volume, hinge: Hinge, lift: Lift) -> Volume:
    """Return the image after the lift: larger by as many voxels as needed, of the same mass."""
    if not lift:
        return volume
    grid = Grid(volume.origin_mm, volume.spacing_mm)
    soft, low = warped_field(volume.soft, grid, hinge, lift)
    cortical, _ = warped_field(volume.cortical, grid, hinge, lift)
    return Volume(low.origin_mm, volume.spacing_mm, soft, cortical)


def warped_field(
    field: Float32Array, grid: Grid, hinge: Hinge, lift: Lift
) -> tuple[Float32Array, Grid]:
    """Return one field of an image after the lift, and where its voxels are now.

    The lift adds up: of a sum of fields it makes the sum of what it makes of each.
    """
    below = _room(hinge.inferior, lift.inferior_rad, lift.inferior_mm, grid)
    more = (below, _room(hinge.superior, lift.superior_rad, lift.superior_mm, grid))
    x, y, z = grid.origin_mm
    side = grid.spacing_mm
    if lift.wall_mm:
        front, back = (math.ceil(max(way * lift.wall_mm, 0.0) / side) for way in (-1, 1))
        field = np.pad(field, ((0, 0), (front, back), (0, 0)))
        y -= front * side
    moved = _moved(field, Grid((x, y, z), side), hinge, lift, KEEP_SUM, more)
    return moved, Grid((x, y, z - below * side), side)


def warped_bone(bone: BoneField, hinge: Hinge, lift: Lift) -> BoneField:
    """Return the mechanics after the lift, on the same grid; bone keeps its mass."""
    if not lift:
        return bone
    return BoneField(
        bone.origin_mm,
        bone.spacing_mm,
        _moved(bone.distance_mm, bone, hinge, lift, LINEAR),
        _moved(bone.shell_mm, bone, hinge, lift, LINEAR),
        _moved(bone.bv_tv, bone, hinge, lift, KEEP_SUM),
        _moved(bone.tissue, bone, hinge, lift, NEAREST),
        _moved(bone.vein_share, bone, hinge, lift, LINEAR),
        _moved(bone.vein_radius_mm, bone, hinge, lift, NEAREST),
    )


def warped_bv(bone: BoneField, hinge: Hinge, lift: Lift) -> Float32Array:
    """Return the bone volume fraction alone after the lift, as `warped_bone` has it."""
    return _moved(bone.bv_tv, bone, hinge, lift, KEEP_SUM) if lift else bone.bv_tv


def superior_pose(hinge: Hinge, lift: Lift) -> tuple[FloatArray, FloatArray]:
    """Return rotation (3, 3) and translation (3,) of everything above the fractured body.

    The level above had followed the wedge in part only, so it turns back by that part; the disc
    between regains the height that it had given up. A dish is filled by the disc, nearly alone.
    """
    plate, rad, mm = hinge.superior, lift.superior_rad, lift.superior_mm
    return _pose(plate.hinge_y_mm, plate.top_z_mm, hinge.above.turn_share * rad,
                 hinge.above.travel_mm(plate, rad, mm))  # fmt: skip


def inferior_pose(hinge: Hinge, lift: Lift) -> tuple[FloatArray, FloatArray]:
    """Return rotation (3, 3) and translation (3,) of everything below the fractured body.

    The law of the levels above, upside down.
    """
    plate, rad, mm = hinge.inferior, lift.inferior_rad, lift.inferior_mm
    return _pose(plate.hinge_y_mm, plate.bottom_z_mm, -hinge.below.turn_share * rad,
                 -hinge.below.travel_mm(plate, rad, mm))  # fmt: skip


def _pose(y_mm: float, z_mm: float, rad: float, up_mm: float) -> tuple[FloatArray, FloatArray]:
    """Return a turn about the x axis through (y, z), front up, and a way up."""
    c, s = math.cos(rad), math.sin(rad)
    turn = np.array([[1.0, 0.0, 0.0], [0.0, c, s], [0.0, -s, c]])
    centre = np.array([0.0, y_mm, z_mm])
    return turn, centre - turn @ centre + np.array([0.0, 0.0, up_mm])
