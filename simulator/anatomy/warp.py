"""The lift of a fractured endplate: how points, images and mechanics move with the hinge."""

from __future__ import annotations

import math

import numpy as np

from simulator.anatomy.patient import Hinge
from simulator.anatomy.volume import BoneField, Volume
from simulator.kernels import lift
from simulator.kernels.threads import ONE_AT_A_TIME
from simulator.units import AnyArray, FloatArray, frozen

_KEEP_SUM, _LINEAR, _NEAREST = 0, 1, 2


def lift_mm(hinge: Hinge, angle_rad: float, y: float, z: float) -> float:
    """Return how far a point of the unlifted bone rises."""
    share = (z - hinge.bottom_z_mm) / (hinge.top_z_mm - hinge.bottom_z_mm)
    return angle_rad * max(hinge.hinge_y_mm - y, 0.0) * min(max(share, 0.0), 1.0)


def _moved(array: AnyArray, like: Volume | BoneField, hinge: Hinge, angle: float, mode: int,
           more: int = 0) -> AnyArray:  # fmt: skip
    nx, ny, nz = array.shape
    out = np.empty((nx, ny, nz + more), dtype=array.dtype)
    _, y0, z0 = like.origin_mm
    with ONE_AT_A_TIME:
        lift.lifted(array, out, y0, z0, like.spacing_mm, hinge.hinge_y_mm, hinge.bottom_z_mm,
                    hinge.top_z_mm, angle, mode)  # fmt: skip
    return frozen(out)


def warped(volume: Volume, hinge: Hinge, angle_rad: float) -> Volume:
    """Return the image after the lift: higher by as many voxels as needed, of the same mass."""
    if angle_rad == 0.0:
        return volume
    rise = angle_rad * max(hinge.hinge_y_mm - volume.origin_mm[1], 0.0)
    more = math.ceil(max(rise, 0.0) / volume.spacing_mm)
    return Volume(
        volume.origin_mm,
        volume.spacing_mm,
        _moved(volume.soft, volume, hinge, angle_rad, _KEEP_SUM, more),
        _moved(volume.cortical, volume, hinge, angle_rad, _KEEP_SUM, more),
    )


def warped_bone(bone: BoneField, hinge: Hinge, angle_rad: float) -> BoneField:
    """Return the mechanics after the lift, on the same grid; bone keeps its mass."""
    if angle_rad == 0.0:
        return bone
    return BoneField(
        bone.origin_mm,
        bone.spacing_mm,
        _moved(bone.distance_mm, bone, hinge, angle_rad, _LINEAR),
        _moved(bone.shell_mm, bone, hinge, angle_rad, _LINEAR),
        _moved(bone.bv_tv, bone, hinge, angle_rad, _KEEP_SUM),
        _moved(bone.tissue, bone, hinge, angle_rad, _NEAREST),
        _moved(bone.vein_share, bone, hinge, angle_rad, _LINEAR),
        _moved(bone.vein_radius_mm, bone, hinge, angle_rad, _NEAREST),
    )


def superior_pose(hinge: Hinge, angle_rad: float) -> tuple[FloatArray, FloatArray]:
    """Return rotation (3, 3) and translation (3,) of everything above the fractured body.

    The level above had followed the wedge in part only, so it turns back by that part; the disc
    between regains the height that it had given up.
    """
    turned = hinge.above_share * angle_rad
    c, s = math.cos(turned), math.sin(turned)
    turn = np.array([[1.0, 0.0, 0.0], [0.0, c, s], [0.0, -s, c]])
    centre = np.array([0.0, hinge.hinge_y_mm, hinge.top_z_mm])
    rise = np.array([0.0, 0.0, hinge.above_mm_per_rad * angle_rad])
    return turn, centre - turn @ centre + rise
