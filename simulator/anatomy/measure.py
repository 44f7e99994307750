"""Heights and angles as a radiologist takes them from a true lateral, of the shape as it is."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from simulator.anatomy.hinge import NO_LIFT, Lift
from simulator.anatomy.landmarks import Landmarks
from simulator.anatomy.patient import Patient
from simulator.anatomy.spec import FractureShape
from simulator.anatomy.warp import displacement, inferior_pose, superior_pose
from simulator.units import FloatArray, Vec3

_GRADES = (0.20, 0.25, 0.40)
"""Loss of height from which a grade begins; the last one is exceeded, not reached (Genant)."""
_CRUSHED = 0.5
"""A crush: the rear has lost more than this share of what was lost at most (design)."""


@dataclass(frozen=True, slots=True)
class Measured:
    """One vertebra on a true lateral."""

    anterior_mm: float
    middle_mm: float
    posterior_mm: float
    intact_mm: tuple[float, float, float]
    """Anterior, middle and posterior height before the fracture."""
    wedge_deg: float
    """Between its own endplates; positive is kyphosis."""
    cobb_deg: float | None
    """Between the superior endplate of the level above and the inferior one of the level below;
    None where one of them is not in view."""

    @property
    def ratio(self) -> float:
        """Anterior over posterior height."""
        return self.anterior_mm / self.posterior_mm

    @property
    def loss(self) -> tuple[float, float, float]:
        """Share of the height that is lost in front, in the middle and behind; 0..1."""
        now = (self.anterior_mm, self.middle_mm, self.posterior_mm)
        a, m, p = (max(1.0 - h / h0, 0.0) for h, h0 in zip(now, self.intact_mm, strict=True))
        return a, m, p

    @property
    def grade(self) -> int:
        """Genant's semiquantitative grade, 0..3, of the greatest loss."""
        most = max(self.loss)
        mild, moderate, severe = _GRADES
        return int(most >= mild) + int(most >= moderate) + int(most > severe)

    @property
    def shape(self) -> FractureShape | None:
        """Genant's shape; None for grade 0."""
        if self.grade == 0:
            return None
        front, middle, rear = self.loss
        if rear > _CRUSHED * max(front, middle):
            return FractureShape.CRUSH
        return FractureShape.BICONCAVE if middle > front else FractureShape.WEDGE


def moved(patient: Patient, vertebra: int, points: FloatArray, lift: Lift) -> FloatArray:
    """Return where (n, 3) points of a vertebra lie after a lift of the index body.

    Args:
        patient: Who is lifted.
        vertebra: Index into `patient.vertebrae`.
        points: Before the lift, patient frame.
        lift: Of the index body.
    """
    if vertebra != patient.index:
        pose = superior_pose if vertebra < patient.index else inferior_pose
        turn, shift = pose(patient.hinge, lift)
        return np.asarray(points @ turn.T + shift)
    return np.asarray(points + displacement(patient.hinge, lift, points))


def measure(patient: Patient, lift: Lift = NO_LIFT) -> Measured:
    """Return the treated vertebra's heights and angles, before or after a lift."""
    marks = patient.target.landmarks

    def plate(vertebra: int, points: tuple[Vec3, Vec3, Vec3]) -> FloatArray:
        return moved(patient, vertebra, np.array(points), lift)

    at = patient.index
    top, low = plate(at, marks.superior_mm), plate(at, marks.inferior_mm)
    heights = (top - low) @ np.asarray(marks.axes[2])
    cobb = None
    if 0 < at < len(patient.vertebrae) - 1:
        above, below = (patient.vertebrae[n].landmarks for n in (at - 1, at + 1))
        cobb = _slope_deg(marks, plate(at - 1, above.superior_mm)) - _slope_deg(
            marks, plate(at + 1, below.inferior_mm)
        )
    return Measured(
        anterior_mm=float(heights[0]),
        middle_mm=float(heights[1]),
        posterior_mm=float(heights[2]),
        intact_mm=marks.intact_height_mm,
        wedge_deg=_slope_deg(marks, top) - _slope_deg(marks, low),
        cobb_deg=cobb,
    )


def _slope_deg(marks: Landmarks, plate: FloatArray) -> float:
    """Slope of an endplate's line in the sagittal plane of `marks`, positive: lower in front."""
    across = plate[2] - plate[0]
    behind, up = np.asarray(marks.axes[1]), np.asarray(marks.axes[2])
    return math.degrees(math.atan2(float(across @ up), float(across @ behind)))
