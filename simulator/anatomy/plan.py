"""The straight path through a pedicle that stays furthest from its walls."""

from __future__ import annotations

from dataclasses import dataclass, replace
from enum import StrEnum

import numpy as np
from scipy.ndimage import map_coordinates

from simulator.anatomy.landmarks import Landmarks, Pedicle
from simulator.anatomy.patient import Vertebra
from simulator.anatomy.volume import BoneField
from simulator.errors import UsageError
from simulator.frames import Side, minus, norm, unit
from simulator.units import FloatArray, Vec3

_STEP_MM = 0.5
_MEDIAL_MARGIN_MM = 0.5
"""The tip's axis stays this far lateral of the medial border until it is in the body."""
_PLATE_MM, _PLATE_SHARE = 7.0, 0.3
"""Bone wished for around the target: no more than this share of the body's height."""
_MEDIAL_SHARES = np.linspace(0.0, 0.75, 16)
"""Distances of the target from the midline that are tried, of the body's half width."""
_MEDIAL_SHARE = 0.28
"""The one that is wished for."""
_MIDLINE_SHARES = np.linspace(-0.10, 0.10, 5)
_ENOUGH_MM = 1.2
"""Clearance beyond which a better target counts more."""
_BEHIND_MM, _PAST_MM = 6.0, 2.0
"""The stretch that counts as in the pedicle: from behind the isthmus to past the wall."""
_ISTHMUS_MM = np.linspace(-2.0, 2.0, 5)
"""Where along the path the distances to the four walls are taken."""
_STATIONS = np.linspace(0.0, 1.0, 14)
_ROUND = np.linspace(0.0, 2.0 * np.pi, 16, endpoint=False)
_LOOK_MM = np.arange(0.0, 15.0, 0.25)
_FAR_MM = 80.0


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


def inside_mm(bone: BoneField, points: FloatArray) -> FloatArray:
    """Return how deep (...,) the (..., 3) points lie below the bone's surface (trilinear)."""
    at = (points - np.asarray(bone.origin_mm)).reshape(-1, 3).T / bone.spacing_mm
    depth = map_coordinates(-bone.distance_mm, at, order=1, mode="nearest")
    return np.asarray(depth.reshape(points.shape[:-1]), dtype=np.float64)


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
    return _best(vertebra, side, radius_mm, skin_y_mm, _MEDIAL_SHARES, _MEDIAL_SHARE)


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


def vec(point: FloatArray) -> Vec3:
    """Return a (3,) array as a tuple."""
    return (float(point[0]), float(point[1]), float(point[2]))


def field_of(vertebra: Vertebra) -> BoneField:
    """Return the mechanics of a level.

    Raises:
        UsageError: it has none.
    """
    if vertebra.bone is None:
        raise UsageError(f"{vertebra.level} is only seen, it cannot be planned")
    return vertebra.bone


def skin_above(entry: FloatArray, way: FloatArray, skin_y_mm: float) -> Vec3:
    """Return where the line through an entry pierces the plane of the skin."""
    return vec(entry + way * (skin_y_mm - entry[1]) / way[1])


def surface(bone: BoneField, start: FloatArray, way: FloatArray) -> FloatArray:
    """Return where a ray from inside the bone first leaves it."""
    steps = np.arange(0.0, _FAR_MM, _STEP_MM)
    depth = inside_mm(bone, start + steps[:, None] * way)
    out = int(np.argmax(depth <= 0.0))
    if depth[out] > 0.0:
        raise UsageError(f"the path does not leave the bone within {_FAR_MM:g} mm")
    before = depth[out - 1] if out else 0.0
    back = steps[out] - (_STEP_MM * depth[out] / (depth[out] - before) if out else 0.0)
    return np.asarray(start + back * way)


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


def walls_y(marks: Landmarks) -> tuple[float, float]:
    """Return y of the anterior and of the posterior wall in the vertebra's own frame."""
    both = marks.own(np.array([marks.anterior_wall_mm, marks.posterior_wall_mm]))
    return float(both[0, 1]), float(both[1, 1])


def _targets(marks: Landmarks, side: Side, shares: FloatArray) -> FloatArray:
    """Points of the anterior third, (n, 3), own frame."""
    front, wall = walls_y(marks)
    y = front + np.linspace(6.0, max((wall - front) / 3.0, 7.0), 4)
    x = side.sign * marks.half_width_mm * shares
    z = _middle(marks) + np.array([-4.0, -2.5, -1.0, 0.0, 1.0, 2.5, 4.0])
    return np.array([[a, b, c] for a in x for b in y for c in z])


def _tubes(marks: Landmarks, side: Side, gates: FloatArray, way: FloatArray) -> FloatArray:
    """Return the points of every path inside the pedicle, own frame."""
    past = walls_y(marks)[1] - _PAST_MM
    behind = float(marks.own(np.asarray(marks.pedicles[side].centre_mm))[1]) + _BEHIND_MM
    y = behind + (past - behind) * _STATIONS
    run = (y[None, None, :] - gates[:, None, None, 1]) / way[:, :, None, 1]
    return np.asarray(gates[:, None, None, :] + way[:, :, None, :] * run[..., None])


def _clear(bone: BoneField, tube: FloatArray, way: FloatArray, radius: float) -> float:
    """Return the least distance from the tool to the outside, looking round from its axis.

    The field is exact at the surface and only good to half a voxel inside: the surface itself
    is searched for.
    """
    u = np.cross(way, (0.0, 0.0, 1.0))
    u /= np.linalg.norm(u)
    looks = np.cos(_ROUND)[:, None] * u + np.sin(_ROUND)[:, None] * np.cross(way, u)
    return float(_to_surface(bone, tube, looks).min()) - radius


def _to_surface(bone: BoneField, starts: FloatArray, looks: FloatArray) -> FloatArray:
    """Return how far (n, m) the outside is from the (n, 3) starts along the (m, 3) looks.

    A start that is outside has a negative distance.
    """
    points = starts[:, None, None] + _LOOK_MM[:, None] * looks[:, None]
    depth = inside_mm(bone, points)
    out = np.argmax(depth[..., 1:] <= 0.0, axis=-1)
    before = np.take_along_axis(depth, out[..., None], -1)[..., 0]
    after = np.take_along_axis(depth, out[..., None] + 1, -1)[..., 0]
    share = before / np.where(before > after, before - after, 1.0)
    found = _LOOK_MM[out] + share * (_LOOK_MM[1] - _LOOK_MM[0])
    found = np.where((depth > 0.0).all(axis=-1), _LOOK_MM[-1], found)
    return np.asarray(np.where(depth[..., 0] > 0.0, found, depth[..., 0]))


def _score(marks: Landmarks, side: Side, clear: FloatArray, tube: FloatArray,
           way: FloatArray) -> FloatArray:  # fmt: skip
    """Clearance first; level; lateral of the medial border until in the body."""
    pedicle = marks.pedicles[side]
    at_wall = tube[:, :, -2, 0] * side.sign
    border = float(marks.own(np.asarray(pedicle.medial_mm))[0]) * side.sign + _MEDIAL_MARGIN_MM
    slope = np.abs(way[:, :, 2] / way[:, :, 1])
    short = clear - _ENOUGH_MM
    first = np.where(short < 0.0, 8.0 * short, 0.3 * short) + 20.0 * np.minimum(clear, 0.0)
    return np.asarray(first - 3.0 * slope - 20.0 * (border - at_wall).clip(0.0, None))


def _wishes(bone: BoneField, marks: Landmarks, targets: FloatArray, share: float) -> FloatArray:
    """A target at the wished distance from the midline, at mid height, off the endplates."""
    enough = min(_PLATE_MM, _PLATE_SHARE * max(marks.intact_height_mm))
    plate = np.minimum(inside_mm(bone, marks.out(targets)) - enough, 0.0)
    aside = np.abs(np.abs(targets[:, 0]) - share * marks.half_width_mm)
    return np.asarray(2.5 * plate - 0.12 * aside - 0.15 * np.abs(targets[:, 2] - _middle(marks)))


def _walls(bone: BoneField, marks: Landmarks, side: Side, gate: FloatArray, way: FloatArray,
           radius: float) -> Walls:  # fmt: skip
    """Look from the path to the four walls, square to it."""
    medial, up = square_to(marks, side, way)
    starts = gate + _ISTHMUS_MM[:, None] * way
    room = _to_surface(bone, starts, np.array([medial, -medial, up, -up])).min(axis=0) - radius
    return Walls(*room.tolist())


def square_to(marks: Landmarks, side: Side, way: FloatArray) -> tuple[FloatArray, FloatArray]:
    """Return the unit vectors square to a path that point medially and, nearest, superiorly."""
    medial = np.asarray(marks.axes[0]) * -side.sign
    medial = medial - way * (medial @ way)
    medial = medial / np.linalg.norm(medial)
    up = np.cross(medial, way) * side.sign
    return medial, up
