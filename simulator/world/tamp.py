"""The inflatable bone tamp and the shape of the body it works in."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np

from simulator.anatomy.hinge import NO_LIFT, Lift
from simulator.anatomy.volume import BoneField
from simulator.frames import Side
from simulator.units import Float32Array, IntArray, Vec3, frozen

_NO_VOXELS: IntArray = frozen(np.zeros(0, np.int32))
_NO_FILL: Float32Array = frozen(np.zeros(0, np.float32))


def _no_voxels() -> IntArray:
    return _NO_VOXELS  # one and the same, so that pictures of it are kept


def _no_fill() -> Float32Array:
    return _NO_FILL


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
    """What the inflator has pushed in and not taken back, without what was spilled."""
    air_ml: float = 0.0
    """Part of the filling that is air, at the room's pressure: a tamp that was not purged."""
    pressure_mpa: float = 0.0
    peak_mpa: float = 0.0
    peak_volume_ml: float = 0.0
    ruptured: bool = False
    leak_mm3_s_mpa: float = 0.0
    """Of a pinhole; 0 while the balloon is tight."""
    spilled_ml: float = 0.0
    """Contrast lost into the body."""
    breached: str = ""
    """The wall that it has gone through, "" if none."""
    touch_mm2: float = 0.0
    """Surface that lies at an intact wall or endplate, the way with most of it."""
    misused: str = ""
    """What was wrong with the inflation of the last step."""
    voxels: IntArray = field(default_factory=_no_voxels)
    """(n,) flat indices of voxels the balloon has entered, in the order it did."""
    fill: Float32Array = field(default_factory=_no_fill)
    """(n,) fraction 0..1 of each voxel taken by contrast medium."""
    revision: int = 0
    """Counts changes of `voxels` and `fill`."""
    crushed: Float32Array = field(default_factory=_no_fill)
    """(n,) greatest share of each voxel that the balloon ever took: bone there is gone."""


@dataclass(frozen=True, slots=True)
class Body:
    """The treated vertebra as it is now: its bone, and how far plates and wall have moved."""

    bone: BoneField
    """Replaced when a tamp leaves: cavity carved, rim compacted, lift baked in."""
    bone_revision: int = 0
    lift: Lift = NO_LIFT
    """From the fractured shape."""
    baked: Lift = NO_LIFT
    """Part of `lift` that `bone` already contains."""
    plastic: Lift = NO_LIFT
    """Rest position of the elastic part."""
    pressed: Lift = NO_LIFT
    """The furthest that it ever was: so far bone was pressed into the gap."""
    cavity_ml: float = 0.0
    tracts: tuple[tuple[Vec3, ...], ...] = ()
    """Channels in bone of tools that are out again: polylines from their mouth to their end."""
    spill_voxels: IntArray = field(default_factory=_no_voxels)
    """(m,) flat indices of voxels that hold spilled contrast medium."""
    spill_fill: Float32Array = field(default_factory=_no_fill)
    """(m,) fraction of each that it takes."""

    @property
    def shown(self) -> Lift:
        """The lift as pictures show it: in steps too small to see, so that they can be kept."""
        return self.lift.stepped()

    @property
    def unbaked(self) -> Lift:
        """What of `shown` the bone does not contain; less than a step of a picture is nothing."""
        return NO_LIFT if self.lift == self.baked else self.shown.minus(self.baked)
