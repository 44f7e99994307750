"""The patient: vertebrae, soft tissue and the words in the notes."""

from __future__ import annotations

from dataclasses import dataclass

from simulator.anatomy.hinge import Hinge, Lift
from simulator.anatomy.landmarks import Landmarks
from simulator.anatomy.volume import BoneField, Volume
from simulator.units import Vec3


@dataclass(frozen=True, slots=True)
class Vertebra:
    """One level: its image, its mechanics, its landmarks, all from one shape."""

    level: str
    volume: Volume
    bone: BoneField | None
    """None for levels that are only seen, at the edges of the film."""
    landmarks: Landmarks


@dataclass(frozen=True, slots=True)
class Patient:
    """Everything anatomical, fixed for the run."""

    vertebrae: tuple[Vertebra, ...]
    """From the most superior downwards."""
    index: int
    """Which of `vertebrae` is to be treated."""
    torso: Volume
    """Soft tissue of the trunk: absolute coefficients, coarse."""
    hinge: Hinge
    bone_density_mg_cm3: float
    fracture_age_weeks: float
    standing_height_mm: tuple[float, float, float]
    """Anterior, middle and posterior height of the target on the film before, standing: lying
    prone may have given some back since."""
    extras: tuple[Volume, ...] = ()
    """Further bone in the field that nobody treats, such as ribs; differences like a vertebra."""

    @property
    def target(self) -> Vertebra:
        """The vertebra to be treated."""
        return self.vertebrae[self.index]

    def anterior_gain_mm(self, lift: Lift) -> float:
        """Return how much higher the anterior wall is after a lift, by the law of the warp."""
        return self.hinge.gain_mm(lift, 0.0, self.target.landmarks.anterior_wall_y_mm)

    @property
    def lost_at(self) -> int:
        """Where the fracture took most height: 0 at the anterior wall, 1 in the middle (a dish)."""
        front, middle = (self._gain_at_mm(n, self.hinge.whole) for n in range(2))
        return int(middle > front)

    def gain_mm(self, lift: Lift) -> float:
        """Return the height gained where the fracture took most of it."""
        return self._gain_at_mm(self.lost_at, lift)

    def _gain_at_mm(self, place: int, lift: Lift) -> float:
        if place == 0:
            return self.anterior_gain_mm(lift)
        return self.hinge.gain_mm(lift, 0.0, self.target.landmarks.superior_mm[1][1])

    def level_at(self, point_mm: Vec3) -> str:
        """Return the level whose body is nearest to a point, along the spine."""
        return min(self.vertebrae, key=lambda v: abs(v.landmarks.centre_mm[2] - point_mm[2])).level
