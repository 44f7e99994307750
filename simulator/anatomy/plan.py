"""The straight transpedicular path that stays furthest from the walls."""

from __future__ import annotations

from dataclasses import dataclass, replace

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
_PLATE_MM = 7.0
_MEDIAL_SHARE = 0.28
"""Wished distance of the target from the midline, of the body's half width."""
_ENOUGH_MM = 1.2
"""Clearance beyond which a better target counts more."""


@dataclass(frozen=True, slots=True)
class Plan:
    """A straight path for one needle, patient frame."""

    side: Side
    skin_mm: Vec3
    entry_mm: Vec3
    """Where it meets the posterior cortex."""
    target_mm: Vec3

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
    """Return the best of a fan of straight paths through one pedicle.

    Args:
        vertebra: The level to treat; needs its mechanics.
        side: Which pedicle.
        radius_mm: Outer radius of the tool.
        skin_y_mm: Where the skin is pierced; the landmark's skin if not given.
    """
    bone, marks = vertebra.bone, vertebra.landmarks
    if bone is None:
        raise UsageError(f"{vertebra.level} is only seen, it cannot be planned")
    gates = _gates(marks.pedicles[side])
    targets = _targets(marks, side)
    way = targets[None, :, :] - gates[:, None, :]
    way = way / np.linalg.norm(way, axis=-1, keepdims=True)
    score = _score(bone, marks, side, radius_mm, gates, targets, way)
    g, t = np.unravel_index(int(np.argmax(score)), score.shape)
    entry = _surface(bone, gates[g], -way[g, t])
    skin_y = marks.skin_y_mm if skin_y_mm is None else skin_y_mm
    skin = entry + way[g, t] * (skin_y - entry[1]) / way[g, t, 1]
    return Plan(side, _vec(skin), _vec(entry), _vec(targets[t]))


def deepened(bone: BoneField, plan: Plan, front_mm: float) -> Plan:
    """Return the same path with its target moved on until `front_mm` of bone lie ahead of it.

    A tamp wants its distal marker near the front, so that the balloon lies under the depressed
    plate; the path itself, and what it passes, stay the same.
    """
    target, way = np.asarray(plan.target_mm), np.asarray(plan.direction)
    ahead = norm(minus(_vec(_surface(bone, target, way)), plan.target_mm))
    if ahead <= front_mm:
        return plan
    return replace(plan, target_mm=_vec(target + way * (ahead - front_mm)))


def _vec(point: FloatArray) -> Vec3:
    return (float(point[0]), float(point[1]), float(point[2]))


def _gates(pedicle: Pedicle) -> FloatArray:
    """Points of the isthmus that a path may cross, (n, 3)."""
    lateral = np.array([pedicle.axis[1], -pedicle.axis[0], 0.0])
    lateral /= np.linalg.norm(lateral)
    r = pedicle.width_mm * np.linspace(-0.25, 0.25, 7)
    z = pedicle.height_mm * np.linspace(-0.25, 0.25, 7)
    grid = [np.asarray(pedicle.centre_mm) + a * lateral + np.array([0.0, 0.0, b])
            for a in r for b in z]  # fmt: skip
    return np.array(grid)


def _targets(marks: Landmarks, side: Side) -> FloatArray:
    """Points of the anterior third, (n, 3)."""
    depth = marks.posterior_wall_y_mm - marks.anterior_wall_y_mm
    y = marks.anterior_wall_y_mm + np.linspace(6.0, max(depth / 3.0, 7.0), 4)
    x = side.sign * marks.half_width_mm * np.linspace(0.10, 0.55, 10)
    middle = 0.5 * (marks.superior_z_mm[0] + marks.inferior_z_mm[0])
    z = middle + np.array([-4.0, -2.5, -1.0, 0.0, 1.0, 2.5, 4.0])
    return np.array([[a, b, c] for a in x for b in y for c in z])


def _score(bone: BoneField, marks: Landmarks, side: Side, radius: float, gates: FloatArray,
           targets: FloatArray, way: FloatArray) -> FloatArray:  # fmt: skip
    """Clearance first, then a target near the midline, at mid height, off the endplates."""
    pedicle = marks.pedicles[side]
    wall = marks.posterior_wall_y_mm
    # stretch through the pedicle: from 6 mm behind the isthmus to 2 mm past the wall
    behind, past = pedicle.centre_mm[1] + 6.0, wall - 2.0
    share = np.linspace(0.0, 1.0, 14)
    y = behind + (past - behind) * share
    run = (y[None, None, :] - gates[:, None, None, 1]) / way[:, :, None, 1]
    tube = gates[:, None, None, :] + way[:, :, None, :] * run[..., None]
    clear = inside_mm(bone, tube).min(axis=-1) - radius
    at_wall = tube[:, :, -2, 0] * side.sign
    border = pedicle.medial_border_x_mm * side.sign + _MEDIAL_MARGIN_MM
    core = inside_mm(bone, targets)
    plate = np.minimum(core - _PLATE_MM, 0.0)
    middle = 0.5 * (marks.superior_z_mm[0] + marks.inferior_z_mm[0])
    slope = np.abs(way[:, :, 2] / way[:, :, 1])
    wish = (
        2.5 * plate
        - 0.12 * np.abs(np.abs(targets[:, 0]) - _MEDIAL_SHARE * marks.half_width_mm)
        - 0.15 * np.abs(targets[:, 2] - middle)
    )
    short = clear - _ENOUGH_MM
    first = np.where(short < 0.0, 8.0 * short, 0.3 * short)
    return np.asarray(
        first + wish[None, :] - 3.0 * slope - 20.0 * (border - at_wall).clip(0.0, None)
    )


def _surface(bone: BoneField, start: FloatArray, way: FloatArray) -> FloatArray:
    """Return where a ray from inside the bone first leaves it."""
    steps = np.arange(0.0, 45.0, _STEP_MM)
    depth = inside_mm(bone, start + steps[:, None] * way)
    out = int(np.argmax(depth <= 0.0))
    if depth[out] > 0.0:
        raise UsageError("the path does not leave the bone within 45 mm")
    before = depth[out - 1] if out else 0.0
    back = steps[out] - (_STEP_MM * depth[out] / (depth[out] - before) if out else 0.0)
    return np.asarray(start + back * way)
