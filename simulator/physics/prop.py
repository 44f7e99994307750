"""Cement between the plates as a prop: it carries what its strength allows."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from simulator.anatomy.hinge import Hinge, Plate
from simulator.anatomy.volume import BoneField
from simulator.anatomy.warp import pull
from simulator.kernels.hold import grip
from simulator.physics import setting
from simulator.physics.constants import Constants
from simulator.physics.inflation import kernel_bone
from simulator.units import FloatArray, IntArray, frozen
from simulator.world.cement import Cloud
from simulator.world.instruments import CementSpec


@dataclass(frozen=True, slots=True)
class Prop:
    """What holds the plates where they are: moments (N mm) and forces (N), either way."""

    superior_nmm: float = 0.0
    superior_n: float = 0.0
    inferior_nmm: float = 0.0
    inferior_n: float = 0.0


NO_PROP = Prop()


def of_cement(
    spec: CementSpec, constants: Constants, hinge: Hinge, bone: BoneField, cloud: Cloud
) -> Prop:
    """Return what the cement in the bands that stretch holds.

    Each voxel of it yields at the strength of its age; its share of the band's height counts.

    Args:
        spec: the cement.
        constants: section "tamp".
        hinge: how the plates move.
        bone: grid of the cloud's voxels.
        cloud: cement in the patient, aged to now.
    """
    inside = cloud.route < 0
    if not inside.any():
        return NO_PROP
    voxels = frozen(cloud.voxel[inside])
    hard = constants["cement_hard_mpa"]
    volume = np.minimum(cloud.fill[inside], 1.0) * cloud.volume_ul[inside] / bone.spacing_mm**3
    stress = frozen(volume * setting.strength_mpa(spec, hard, cloud.age_s[inside]))
    up = _held(hinge.superior, 1, bone, voxels, stress)
    down = _held(hinge.inferior, -1, bone, voxels, stress)
    return Prop(*up, *down)


def _held(
    plate: Plate, way: int, bone: BoneField, voxels: IntArray, stress_mpa: FloatArray
) -> tuple[float, float]:
    if plate.max_rad <= 0.0 and plate.max_mm <= 0.0:
        return 0.0, 0.0
    shape = pull(plate, 0.0, 0.0)
    _, _, moment, force = grip(
        voxels.size, voxels, stress_mpa, kernel_bone(bone), shape, way, 1.0
    )  # fmt: skip
    return float(moment), float(force)
