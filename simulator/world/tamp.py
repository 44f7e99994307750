"""The inflatable bone tamp and the shape of the body it works in."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np

from simulator.anatomy.volume import BoneField
from simulator.frames import Side
from simulator.units import Float32Array, IntArray, Vec3, frozen


def _no_voxels() -> IntArray:
    return frozen(np.zeros(0, np.int32))


def _no_fill() -> Float32Array:
    return frozen(np.zeros(0, np.float32))


@dataclass(frozen=True, slots=True)
class Tamp:
    """One balloon on its catheter. Voxel lists index the flat `BoneField` of the target."""

    side: Side
    spec: str
    """Name in the case's catalogue."""
    tail_mm: Vec3
    """Proximal marker."""
    tip_mm: Vec3
    """Distal marker."""
    in_cannula_mm: float = 0.0
    """Length of balloon still inside the cannula; inflating then is misuse."""
    volume_ml: float = 0.0
    """Contrast pushed in by the inflator."""
    pressure_mpa: float = 0.0
    peak_mpa: float = 0.0
    peak_volume_ml: float = 0.0
    ruptured: bool = False
    misused: str = ""
    """What was wrong with the inflation of the last step."""
    voxels: IntArray = field(default_factory=_no_voxels)
    """(n,) flat indices of voxels the balloon has entered, in the order it did."""
    fill: Float32Array = field(default_factory=_no_fill)
    """(n,) fraction 0..1 of each voxel taken by the balloon."""
    revision: int = 0
    """Counts changes of `voxels` and `fill`."""
    crushed: Float32Array = field(default_factory=_no_fill)
    """(n,) greatest share of each voxel that the balloon ever took: bone there is gone."""


@dataclass(frozen=True, slots=True)
class Body:
    """The treated vertebra as it is now: its bone, and how far its endplate was lifted."""

    bone: BoneField
    """Replaced when a tamp leaves: cavity carved, rim compacted, lift baked in."""
    bone_revision: int = 0
    lift_rad: float = 0.0
    """Current angle of the superior endplate about the hinge, from the fractured shape."""
    baked_rad: float = 0.0
    """Part of `lift_rad` that `bone` already contains."""
    plastic_rad: float = 0.0
    """Rest position of the elastic part."""
    peak_rad: float = 0.0
    cavity_ml: float = 0.0
    tracts: tuple[tuple[Vec3, ...], ...] = ()
    """Channels in bone of tools that are out again: polylines from their mouth to their end."""
    shape_revision: int = 0
    """Counts changes of the picture: advances whenever `lift_rad` moved by a visible amount."""
