"""Where the marrow goes that cement displaces: veins and cracks, until cement plugs them.

Marrow is thin and bone is wide: inside the body its pressure is the same everywhere to a few
hundredths of a kilopascal, so the ways out are resistors in parallel.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from scipy.ndimage import label

from simulator.anatomy.volume import BoneField, Tissue
from simulator.physics.constants import Constants
from simulator.physics.foramina import Holes
from simulator.units import FloatArray, IntArray, frozen
from simulator.world.cement import Cloud

_PLUGGED = 0.5
"""Share of an opening's voxels with cement in them that closes it."""
_PA_PER_KPA = 1e3


@dataclass(frozen=True, slots=True)
class WaysOut:
    """Openings of one body's shell, as marrow sees them."""

    voxel: IntArray
    """(n,) flat index of voxels in openings."""
    opening: IntArray
    """(n,) which opening each belongs to."""
    conductance: FloatArray
    """(openings,) uL/s per kPa of marrow."""
    shell: float
    """uL/s per kPa through the pores of the shell, which nothing plugs."""


def ways_out(bone: BoneField, constants: Constants, small: Holes) -> WaysOut:
    """Find the openings of the shell.

    A vein conducts pi r^4 / (8 eta L), a crack k / eta times its section over a voxel's depth.
    """
    h, eta = bone.spacing_mm, constants["marrow_pa_s"]
    crossing = np.abs(bone.distance_mm) <= h
    groups, found = np.zeros(bone.shape, np.int32), 0
    sizes: list[float] = []
    for tissue in (Tissue.VEIN, Tissue.DEFECT):
        own, count = label(crossing & (bone.tissue == tissue), np.ones((3, 3, 3)))
        for number in range(1, count + 1):
            here = own == number
            groups[here] = found = found + 1
            if tissue == Tissue.VEIN:
                radius = float(bone.vein_radius_mm[here].max())
                length = constants["vein_mm"]
                sizes.append(math.pi * radius**4 / (8.0 * eta * length) * _PA_PER_KPA)
            else:
                # the band about the surface is two voxels deep: n h^2 / 2 wide, 2 h long
                sizes.append(constants["k_defect"] / eta * h * int(here.sum()) / 4.0)
    large = np.nonzero(groups.ravel())[0].astype(np.int32)
    first = np.unique(small.number, return_index=True)[1]
    short = constants["foramen_long_mm"]
    sizes += [
        math.pi * float(r) ** 4 / (8.0 * eta * short) * _PA_PER_KPA for r in small.radius_mm[first]
    ]
    own = np.unique(small.number, return_inverse=True)[1].ravel()
    return WaysOut(
        voxel=frozen(np.concatenate([large, small.voxel])),
        opening=frozen(np.concatenate([groups.ravel()[large] - 1, found + own])),
        conductance=frozen(np.array(sizes)),
        shell=constants["shell_ul_s_kpa"],
    )


def resistance(ways: WaysOut, cloud: Cloud) -> float:
    """Return the rise of the marrow's pressure per flow, kPa per uL/s, as the cement lies."""
    if ways.conductance.size == 0:
        return 1.0 / ways.shell
    full = np.isin(ways.voxel, cloud.voxel[cloud.fill > _PLUGGED])
    number = ways.conductance.size
    share = np.bincount(ways.opening, full, number) / np.bincount(ways.opening, minlength=number)
    return 1.0 / (ways.shell + float(ways.conductance[share < _PLUGGED].sum()))
