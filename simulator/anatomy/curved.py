"""A curved path: a straight cannula in the pedicle, then an arc that reaches the midline."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from simulator.anatomy.patient import Vertebra
from simulator.anatomy.plan import Plan, plan_path
from simulator.anatomy.probe import field_of, inside_mm, vec, walls_y
from simulator.anatomy.tables import table
from simulator.frames import Side
from simulator.units import FloatArray, Vec3

_STEP_MM = 0.5


@dataclass(frozen=True, slots=True)
class CurvedPlan:
    """A cannula through one pedicle and the arc of a catheter from its tip."""

    cannula: Plan
    exit_mm: Vec3
    """Where the cannula's tip has to be."""
    roll_deg: float
    """Plane of the arc about the cannula: 0 towards the midline, 90 towards the feet, square to
    the cannula, in the patient's axes."""
    radius_mm: float
    arc_mm: float
    """Length of the arc."""
    tip_mm: Vec3
    target_mm: Vec3
    clear_mm: float
    """Least distance from the catheter's surface to the outside of the bone."""

    @property
    def miss_mm(self) -> float:
        """How far the tip ends from the target."""
        return math.dist(self.tip_mm, self.target_mm)

    @property
    def bend_deg(self) -> float:
        """Angle of the arc."""
        return math.degrees(self.arc_mm / self.radius_mm)


def plan_curved(
    vertebra: Vertebra,
    side: Side,
    radius_mm: float = 1.6,
    catheter_mm: float = 2.4,
    radii_mm: tuple[float, float] = (15.0, 25.0),
    most_deg: float = 90.0,
) -> CurvedPlan:
    """Return the arc that comes nearest to the midline target and stays well inside the bone.

    A circle that leaves the cannula without a kink and passes a point `a` ahead and `b` aside
    has the radius (a^2 + b^2) / 2b; where that is out of reach the nearest point counts.

    Args:
        vertebra: The level to treat; needs its mechanics.
        side: Which pedicle.
        radius_mm: Outer radius of the cannula.
        catheter_mm: Outer diameter of what leaves it.
        radii_mm: Least and most radius of the arc.
        most_deg: Its greatest angle.
    """
    bone, marks, data = field_of(vertebra), vertebra.landmarks, table("plan.toml")["curved"]
    plan = plan_path(vertebra, side, radius_mm)
    entry, way = np.asarray(plan.entry_mm), np.asarray(plan.direction)
    target = np.asarray(marks.midline_mm)

    def tried(depth: float) -> tuple[float, CurvedPlan]:
        start = entry + depth * way
        radius, angle, plane = _arc(target - start, way, radii_mm, math.radians(most_deg))
        turn = np.linspace(0.0, angle, 12)[:, None]
        line = start + radius * (np.sin(turn) * way + (1.0 - np.cos(turn)) * plane)
        found = CurvedPlan(
            cannula=plan,
            exit_mm=vec(start),
            roll_deg=_roll_deg(way, plane, side),
            radius_mm=radius,
            arc_mm=radius * angle,
            tip_mm=vec(line[-1]),
            target_mm=marks.midline_mm,
            clear_mm=float(inside_mm(bone, line).min()) - 0.5 * catheter_mm,
        )
        wish = min(found.clear_mm, data["enough_mm"]) - data["miss"] * found.miss_mm
        return wish - data["gentle_per_deg"] * found.bend_deg, found

    return max((tried(depth) for depth in _exits(vertebra, plan)), key=lambda pair: pair[0])[1]


def _exits(vertebra: Vertebra, plan: Plan) -> FloatArray:
    """Depths behind the entry at which the cannula may end: in the body, up to the target."""
    ends = vertebra.landmarks.own(np.array([plan.entry_mm, plan.target_mm]))
    length = float(np.linalg.norm(ends[1] - ends[0]))
    forward = (ends[0, 1] - ends[1, 1]) / length
    past = float(table("plan.toml")["curved"]["past_mm"])
    first = (ends[0, 1] - walls_y(vertebra.landmarks)[1] + past) / forward
    return np.arange(first, max(length, first + _STEP_MM), _STEP_MM)


def _arc(to: FloatArray, way: FloatArray, radii_mm: tuple[float, float],
         most_rad: float) -> tuple[float, float, FloatArray]:  # fmt: skip
    """Return radius, angle and plane of the arc that ends nearest to a point."""
    ahead = float(to @ way)
    aside = to - ahead * way
    b = float(np.linalg.norm(aside))
    radius = min(max((ahead * ahead + b * b) / (2.0 * b), radii_mm[0]), radii_mm[1])
    angle = min(max(math.atan2(ahead, radius - b), 0.0), most_rad)
    return radius, angle, aside / b


def _roll_deg(way: FloatArray, plane: FloatArray, side: Side) -> float:
    """Angle of the plane about the cannula, from medial towards caudal."""
    down = np.array([0.0, 0.0, -1.0]) + way[2] * way
    down = down / np.linalg.norm(down)
    medial = -side.sign * np.cross(way, down)
    return math.degrees(math.atan2(float(plane @ down), float(plane @ medial)))
