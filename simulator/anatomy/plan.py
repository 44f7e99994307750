"""The straight path through a pedicle that stays furthest from its walls."""

from __future__ import annotations

from dataclasses import dataclass, replace
from enum import StrEnum

import numpy as np

from simulator.anatomy.landmarks import Landmarks, Pedicle
from simulator.anatomy.patient import Vertebra
from simulator.anatomy.probe import (
    field_of,
    inside_mm,
    skin_above,
    square_to,
    surface,
    to_surface,
    vec,
    walls_y,
)
from simulator.anatomy.tables import table
from simulator.anatomy.volume import BoneField
from simulator.frames import Side, minus, norm, unit
from simulator.units import FloatArray, Vec3

_MEDIAL_SHARES = np.linspace(0.0, 0.75, 16)
"""Distances of the target from the midline that are tried, of the body's half width."""
_MIDLINE_SHARES = np.linspace(-0.10, 0.10, 5)
_ISTHMUS_MM = np.linspace(-2.0, 2.0, 5)
"""Where along the path the distances to the four walls are taken."""
_STATIONS = np.linspace(0.0, 1.0, 14)
_ROUND = np.linspace(0.0, 2.0 * np.pi, 16, endpoint=False)


def _data() -> dict[str, float]:
    found: dict[str, float] = table("plan.toml")["through"]
    return found


class Route(StrEnum):
    """How a path gets into the body."""

    TRANSPEDICULAR = "transpedicular"
    EXTRAPEDICULAR = "extrapedicular"


@dataclass(frozen=True, slots=True)
class Walls:
    """Distance from the tool's surface to the outside of each wall at the isthmus, mm.

    Negative: so far the tool stands out.
    """

    medial_mm: float
    lateral_mm: float
    superior_mm: float
    inferior_mm: float


@dataclass(frozen=True, slots=True)
class Fit:
    """Whether a tool passes a pedicle without leaving it."""

    pedicle_mm: float
    """Outer width of the isthmus."""
    tool_mm: float
    """Outer diameter."""
    clear_mm: float
    """Least distance from the tool's surface to the outside, over the pedicle's whole length."""

    @property
    def fits(self) -> bool:
        """Whether it stays inside."""
        return self.clear_mm >= 0.0

    @property
    def missing_mm(self) -> float:
        """By how much the tool is too thick; 0 where it fits."""
        return max(-2.0 * self.clear_mm, 0.0)

    @property
    def words(self) -> str:
        """The verdict in a sentence."""
        if self.fits:
            return "fits"
        return (
            f"too narrow for this gauge: pedicle {self.pedicle_mm:.1f} mm, "
            f"tool {self.tool_mm:.1f} mm, {self.missing_mm:.1f} mm missing"
        )


@dataclass(frozen=True, slots=True)
class Beside:
    """Room around a path beside the pedicle, from the tool's surface, mm; None: none is near."""

    canal_mm: float
    rib_mm: float | None
    pleura_mm: float | None


@dataclass(frozen=True, slots=True)
class Plan:
    """A straight path for one needle, patient frame."""

    side: Side
    skin_mm: Vec3
    entry_mm: Vec3
    """Where it meets the posterior cortex, or beside the pedicle that of the body."""
    target_mm: Vec3
    route: Route = Route.TRANSPEDICULAR
    fit: Fit | None = None
    """Of a path through the pedicle."""
    walls: Walls | None = None
    beside: Beside | None = None
    """Of a path beside it."""

    @property
    def direction(self) -> Vec3:
        """Unit vector from the skin to the target."""
        return unit(minus(self.target_mm, self.skin_mm))

    @property
    def length(self) -> float:
        """From skin to target, mm."""
        return norm(minus(self.target_mm, self.skin_mm))


def plan_path(
    vertebra: Vertebra, side: Side, radius_mm: float = 1.6, skin_y_mm: float | None = None
) -> Plan:
    """Return the best of a fan of straight paths through one pedicle to the anterior third.

    Args:
        vertebra: The level to treat; needs its mechanics.
        side: Which pedicle.
        radius_mm: Outer radius of the tool.
        skin_y_mm: Where the skin is pierced; the landmark's skin if not given.

    Raises:
        UsageError: the level has no mechanics.
    """
    return _best(vertebra, side, radius_mm, skin_y_mm, _MEDIAL_SHARES, _data()["aside_share"])


def plan_midline(
    vertebra: Vertebra, side: Side, radius_mm: float = 1.6, skin_y_mm: float | None = None
) -> Plan:
    """Return the best straight path through one pedicle that ends in the midline.

    Arguments as for `plan_path`. Where the pedicle stands too steep its `fit` says so: a curved
    path may still reach the midline.
    """
    return _best(vertebra, side, radius_mm, skin_y_mm, _MIDLINE_SHARES, 0.0)


def deepened(bone: BoneField, plan: Plan, front_mm: float) -> Plan:
    """Return the same path with its target moved on until `front_mm` of bone lie ahead of it.

    A tamp wants its distal marker near the front, so that the balloon lies under the depressed
    plate; the path itself, and what it passes, stay the same.
    """
    target, way = np.asarray(plan.target_mm), np.asarray(plan.direction)
    ahead = norm(minus(vec(surface(bone, target, way)), plan.target_mm))
    if ahead <= front_mm:
        return plan
    return replace(plan, target_mm=vec(target + way * (ahead - front_mm)))


def _best(vertebra: Vertebra, side: Side, radius: float, skin_y_mm: float | None,
          shares: FloatArray, share: float) -> Plan:  # fmt: skip
    """Search the fan in the vertebra's own frame."""
    bone, marks = field_of(vertebra), vertebra.landmarks
    pedicle = marks.pedicles[side]
    gates, targets = _gates(marks, pedicle), _targets(marks, side, shares)
    way = targets[None, :, :] - gates[:, None, :]
    way = way / np.linalg.norm(way, axis=-1, keepdims=True)
    tube = _tubes(marks, side, gates, way)
    clear = inside_mm(bone, marks.out(tube)).min(axis=-1) - radius
    score = _score(marks, side, clear, tube, way)
    score = score + _wishes(bone, marks, targets, share)[None, :]
    g, t = np.unravel_index(int(np.argmax(score)), score.shape)
    gate, target = marks.out(gates[g]), marks.out(targets[t])
    along = (target - gate) / np.linalg.norm(target - gate)
    entry = surface(bone, gate, -along)
    return Plan(
        side,
        skin_above(entry, along, marks.skin_y_mm if skin_y_mm is None else skin_y_mm),
        vec(entry),
        vec(target),
        fit=Fit(pedicle.width_mm, 2.0 * radius, _clear(bone, marks.out(tube[g, t]), along, radius)),
        walls=_walls(bone, marks, side, gate, along, radius),
    )


def _across(marks: Landmarks, pedicle: Pedicle) -> FloatArray:
    """Unit vector across the pedicle, level in the own frame."""
    axis = np.asarray(marks.axes) @ np.asarray(pedicle.axis)
    across = np.array([axis[1], -axis[0], 0.0])
    return np.asarray(across / np.linalg.norm(across))


def _gates(marks: Landmarks, pedicle: Pedicle) -> FloatArray:
    """Points of the isthmus that a path may cross, (n, 3), own frame."""
    centre, across = marks.own(np.asarray(pedicle.centre_mm)), _across(marks, pedicle)
    r = pedicle.width_mm * np.linspace(-0.25, 0.25, 7)
    z = pedicle.height_mm * np.linspace(-0.25, 0.25, 7)
    return np.array([centre + a * across + np.array([0.0, 0.0, b]) for a in r for b in z])


def _middle(marks: Landmarks) -> float:
    """Height of the middle of the front, own frame."""
    front = np.array([marks.superior_mm[0], marks.inferior_mm[0]])
    return float(marks.own(front)[:, 2].mean())


def _targets(marks: Landmarks, side: Side, shares: FloatArray) -> FloatArray:
    """Points of the anterior third, (n, 3), own frame."""
    front, wall = walls_y(marks)
    least = _data()["depth_mm"]
    y = front + np.linspace(least, max((wall - front) / 3.0, least + 1.0), 4)
    x = side.sign * marks.half_width_mm * shares
    z = _middle(marks) + np.array([-4.0, -2.5, -1.0, 0.0, 1.0, 2.5, 4.0])
    return np.array([[a, b, c] for a in x for b in y for c in z])


def _tubes(marks: Landmarks, side: Side, gates: FloatArray, way: FloatArray) -> FloatArray:
    """Return the points of every path inside the pedicle, own frame."""
    past = walls_y(marks)[1] - _data()["past_mm"]
    behind = float(marks.own(np.asarray(marks.pedicles[side].centre_mm))[1]) + _data()["behind_mm"]
    y = behind + (past - behind) * _STATIONS
    run = (y[None, None, :] - gates[:, None, None, 1]) / way[:, :, None, 1]
    return np.asarray(gates[:, None, None, :] + way[:, :, None, :] * run[..., None])


def _clear(bone: BoneField, tube: FloatArray, way: FloatArray, radius: float) -> float:
    """Return the least distance from the tool to the outside, looking round from its axis."""
    u = np.cross(way, (0.0, 0.0, 1.0))
    u /= np.linalg.norm(u)
    looks = np.cos(_ROUND)[:, None] * u + np.sin(_ROUND)[:, None] * np.cross(way, u)
    return float(to_surface(bone, tube, looks).min()) - radius


def _score(marks: Landmarks, side: Side, clear: FloatArray, tube: FloatArray,
           way: FloatArray) -> FloatArray:  # fmt: skip
    """Clearance first; level; lateral of the medial border until in the body."""
    pedicle, data = marks.pedicles[side], _data()
    at_wall = tube[:, :, -2, 0] * side.sign
    border = float(marks.own(np.asarray(pedicle.medial_mm))[0]) * side.sign
    medial = (border + data["medial_margin_mm"] - at_wall).clip(0.0, None)
    slope = np.abs(way[:, :, 2] / way[:, :, 1])
    more = clear - data["enough_mm"]
    first = np.where(more < 0.0, data["short"] * more, data["spare"] * more)
    first = first + data["outside"] * np.minimum(clear, 0.0)
    return np.asarray(first - data["slope"] * slope - data["medial"] * medial)


def _wishes(bone: BoneField, marks: Landmarks, targets: FloatArray, share: float) -> FloatArray:
    """A target at the wished distance from the midline, at mid height, off the endplates."""
    data = _data()
    enough = min(data["plate_mm"], data["plate_share"] * max(marks.intact_height_mm))
    plate = np.minimum(inside_mm(bone, marks.out(targets)) - enough, 0.0)
    aside = np.abs(np.abs(targets[:, 0]) - share * marks.half_width_mm)
    height = np.abs(targets[:, 2] - _middle(marks))
    wish = data["plate"] * plate - data["aside"] * aside - data["height"] * height
    return np.asarray(wish)


def _walls(bone: BoneField, marks: Landmarks, side: Side, gate: FloatArray, way: FloatArray,
           radius: float) -> Walls:  # fmt: skip
    """Look from the path to the four walls, square to it."""
    medial, up = square_to(marks, side, way)
    starts = gate + _ISTHMUS_MM[:, None] * way
    room = to_surface(bone, starts, np.array([medial, -medial, up, -up])).min(axis=0) - radius
    return Walls(*room.tolist())
