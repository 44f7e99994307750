"""Named points and planes of a vertebra, computed from the same shape that is imaged.

All points are in the patient frame, before any lift. "Lateral", "posterior" and "superior" mean
the vertebra's own axes, which turn with it.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from simulator.frames import dot, minus
from simulator.units import FloatArray, Vec3

_ORIGIN: Vec3 = (0.0, 0.0, 0.0)
_AXES: tuple[Vec3, Vec3, Vec3] = ((1.0, 0.0, 0.0), (0.0, 1.0, 0.0), (0.0, 0.0, 1.0))


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
    """Point on the posterior cortex where the pedicle's axis leaves it."""
    medial_mm: Vec3 = _ORIGIN
    """Borders of the isthmus: the points of the cortex medial, lateral, above and below."""
    lateral_mm: Vec3 = _ORIGIN
    superior_mm: Vec3 = _ORIGIN
    inferior_mm: Vec3 = _ORIGIN
    dock_mm: Vec3 = _ORIGIN
    """Lateral-cranial point of the posterior cortex where a needle docks: 10 o'clock on a left,
    2 o'clock on a right pedicle of a true AP, inside the oval."""
    beside_mm: Vec3 = _ORIGIN
    """Lateral cortex at the junction of pedicle and body: where a path beside it goes in."""
    chord_mm: float = 0.0
    """From `entry_mm` along the axis to the anterior cortex."""


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
    intact_height_mm: tuple[float, float, float]
    """Heights before the fracture: anterior, middle, posterior."""
    spinous_tip_mm: Vec3
    canal_centre_mm: Vec3
    canal_half_width_mm: float
    canal_half_depth_mm: float
    skin_y_mm: float
    """y of the skin behind the vertebra in its midline."""
    axes: tuple[Vec3, Vec3, Vec3] = _AXES
    """The vertebra's own unit vectors in the patient frame: to the patient's left (lateral),
    posterior, superior."""
    superior_mm: tuple[Vec3, Vec3, Vec3] = (_ORIGIN, _ORIGIN, _ORIGIN)
    """Superior endplate in the midline: anterior, middle, posterior, where a radiologist
    measures (on the bony endplate just inside the rims)."""
    inferior_mm: tuple[Vec3, Vec3, Vec3] = (_ORIGIN, _ORIGIN, _ORIGIN)
    superior_normal: Vec3 = (0.0, 0.0, 1.0)
    """Outward unit normal of the plane through the rim of the superior endplate."""
    inferior_normal: Vec3 = (0.0, 0.0, -1.0)
    posterior_wall_mm: Vec3 = _ORIGIN
    """The posterior wall in the midline, at mid height of the intact body."""
    anterior_wall_mm: Vec3 = _ORIGIN
    posterior_line_mm: tuple[Vec3, ...] = ()
    """The posterior wall in the midline from the superior rim to the inferior one: its
    concavity. The opening of the basivertebral vein is part of it."""
    anterior_third_mm: tuple[Vec3, Vec3] = (_ORIGIN, _ORIGIN)
    """Paramedian targets by `Side`: in the anterior third, midway between the endplates."""
    midline_mm: Vec3 = _ORIGIN
    """The same depth in the midline: what a path from one side only aims at."""
    facets_mm: tuple[Vec3, Vec3] = (_ORIGIN, _ORIGIN)
    """Joints with the level above, by `Side`."""
    foramina_mm: tuple[Vec3, Vec3] = (_ORIGIN, _ORIGIN)
    """Upper part of the foramen below each pedicle, where the root leaves, by `Side`."""

    @property
    def superior_z_mm(self) -> tuple[float, float, float]:
        """Return z of the superior endplate in the midline: anterior, middle, posterior."""
        a, m, p = (point[2] for point in self.superior_mm)
        return a, m, p

    @property
    def inferior_z_mm(self) -> tuple[float, float, float]:
        """Return z of the inferior endplate in the midline: anterior, middle, posterior."""
        a, m, p = (point[2] for point in self.inferior_mm)
        return a, m, p

    @property
    def heights_mm(self) -> tuple[float, float, float]:
        """Anterior, middle and posterior height of the body, along its own axis."""
        up = self.axes[2]
        a, m, p = (dot(minus(s, i), up) for s, i in
                   zip(self.superior_mm, self.inferior_mm, strict=True))  # fmt: skip
        return a, m, p

    def own(self, points: FloatArray) -> FloatArray:
        """Take (..., 3) points of the patient frame to the vertebra's own axes and centre."""
        turned = (points - np.asarray(self.centre_mm)) @ np.asarray(self.axes).T
        return np.asarray(turned, dtype=np.float64)

    def out(self, points: FloatArray) -> FloatArray:
        """Take (..., 3) points of the vertebra's own frame to the patient frame."""
        turned = points @ np.asarray(self.axes) + np.asarray(self.centre_mm)
        return np.asarray(turned, dtype=np.float64)
