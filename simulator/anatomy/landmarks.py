"""Named points and planes of a vertebra, computed from the same shape that is imaged."""

from __future__ import annotations

from dataclasses import dataclass

from simulator.units import Vec3


@dataclass(frozen=True, slots=True)
class Pedicle:
    """One pedicle: an elliptic tube from the posterior elements to the body."""

    centre_mm: Vec3
    """Centre of the isthmus."""
    axis: Vec3
    """Unit vector along the pedicle towards the body (anterior, medial)."""
    width_mm: float
    """Outer width at the isthmus."""
    height_mm: float
    medial_border_x_mm: float
    """Signed x of the innermost point of the medial wall at the isthmus (seen on a true AP)."""
    lateral_border_x_mm: float
    entry_mm: Vec3
    """Point on the posterior cortex where a transpedicular path begins."""


@dataclass(frozen=True, slots=True)
class Landmarks:
    """What a surgeon points at on the films of one vertebra (patient frame, before any lift)."""

    level: str
    centre_mm: Vec3
    pedicles: tuple[Pedicle, Pedicle]
    """Indexed by `Side`."""
    posterior_wall_y_mm: float
    """y of the posterior wall line on a true lateral, at mid height."""
    anterior_wall_y_mm: float
    """y of the anterior wall at mid height in the midline."""
    half_width_mm: float
    """Half of the body's width at mid height."""
    superior_z_mm: tuple[float, float, float]
    """z of the superior endplate in the midline: anterior, middle, posterior, where a
    radiologist measures (on the bony endplate just inside the rims)."""
    inferior_z_mm: tuple[float, float, float]
    intact_height_mm: tuple[float, float, float]
    """Heights before the fracture: anterior, middle, posterior."""
    spinous_tip_mm: Vec3
    canal_centre_mm: Vec3
    canal_half_width_mm: float
    canal_half_depth_mm: float
    skin_y_mm: float
    """y of the skin behind the vertebra in the midline."""

    @property
    def heights_mm(self) -> tuple[float, float, float]:
        """Anterior, middle and posterior height of the body."""
        a, m, p = (s - i for s, i in zip(self.superior_z_mm, self.inferior_z_mm, strict=True))
        return a, m, p
