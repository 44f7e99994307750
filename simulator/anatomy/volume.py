"""Two kinds of voxel array: what X-rays meet (`Volume`) and what tools meet (`BoneField`).

Arrays are C-ordered and indexed [i, j, k] along +x (left), +y (posterior), +z (superior);
`origin_mm` is the centre of voxel [0, 0, 0] in the patient frame.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import IntEnum

from simulator.units import ByteArray, Float32Array, Vec3


class Tissue(IntEnum):
    """What fills most of a voxel of a `BoneField`."""

    SOFT = 0
    """Muscle, fat and everything outside that has no name of its own."""
    CANCELLOUS = 1
    CORTICAL = 2
    """Shell, endplate, pedicle wall, posterior elements' cortex."""
    CANAL = 3
    """Spinal canal without its epidural fat."""
    EPIDURAL = 4
    """Fat and veins just behind the posterior wall and in the lateral recesses."""
    DISC = 5
    VEIN = 6
    """Basivertebral trunk in the body, and segmental veins outside it."""
    FORAMEN = 7
    CLEFT = 8
    """Fracture gap filled with gas or fluid."""
    DEFECT = 9
    """Crack through shell or endplate: cement can leave here at pressure."""
    CAVITY = 10
    """Void left by a tamp."""
    LUNG = 11
    """Behind the pleura."""
    VESSEL = 12
    """Aorta, vena cava and the arteries and veins outside bone that bleed when pierced."""


@dataclass(frozen=True, slots=True)
class Volume:
    """A block of tissue as X-rays meet it: coefficients of two basis materials.

    Linear attenuation of a voxel is soft * mu(soft tissue) + cortical * mu(cortical bone).
    A vertebra's volume holds *differences* from the soft tissue around it, so that volumes
    may overlap and simply add to the torso.
    """

    origin_mm: Vec3
    spacing_mm: float
    soft: Float32Array
    """(nx, ny, nz) dimensionless."""
    cortical: Float32Array
    """(nx, ny, nz) dimensionless."""


@dataclass(frozen=True, slots=True)
class BoneField:
    """One vertebra and its surroundings as needles, tamps and cement meet them."""

    origin_mm: Vec3
    spacing_mm: float
    distance_mm: Float32Array
    """Signed distance to the outer bone surface, negative inside bone."""
    shell_mm: Float32Array
    """Thickness of the cortex nearest to the voxel."""
    bv_tv: Float32Array
    """Bone volume fraction of cancellous bone, 0 outside bone; 0..1."""
    tissue: ByteArray
    """`Tissue` of each voxel."""
    vein_share: Float32Array
    """Share of the voxel inside a vein, 0..1: sums to the true volume whatever the grid."""
    vein_radius_mm: Float32Array
    """Radius r for which share * r^2 / 8 conducts as that vein does, 0 where there is none."""

    @property
    def shape(self) -> tuple[int, int, int]:
        """Number of voxels along x, y, z."""
        nx, ny, nz = self.distance_mm.shape
        return nx, ny, nz
