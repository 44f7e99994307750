"""How vertebrae stand on each other."""

from __future__ import annotations

import math
from dataclasses import replace
from itertools import pairwise

import numpy as np

from simulator.anatomy.form import intact_shape
from simulator.anatomy.fracture import fractured
from simulator.anatomy.shape import IDENTITY, Pose, Shape
from simulator.anatomy.spec import PatientSpec
from simulator.anatomy.tables import LEVELS, Sizes, sizes, table, tilt_below_deg
from simulator.errors import UsageError
from simulator.units import FloatArray

_ABOVE, _BELOW = 3, 3


def _tilt(angle_rad: float) -> FloatArray:
    c, s = math.cos(angle_rad), math.sin(angle_rad)
    return np.array([[1.0, 0.0, 0.0], [0.0, c, -s], [0.0, s, c]])


def to_below(own: Sizes, below: Sizes, tilt_deg: float, disc_change_mm: float = 0.0) -> Pose:
    """Return the pose of the level below in this level's frame."""
    angle = math.radians(tilt_deg)
    disc = table("vertebra_shape.toml")["stack"]["disc_fill"] * own.disc + disc_change_mm
    half, half_below = 0.25 * (own.hp + own.ha), 0.25 * (below.hp + below.ha)
    shift = (
        np.array([0.0, 0.2, -half])
        + _tilt(0.5 * angle) @ np.array([0.0, 0.3, -disc])
        - _tilt(angle) @ np.array([0.0, 0.0, half_below])
    )
    return Pose(_tilt(angle), shift)


def _neighbours(spec: PatientSpec) -> tuple[str, ...]:
    if spec.level not in LEVELS:
        raise UsageError(f"no level {spec.level!r}; known are {', '.join(LEVELS)}")
    at = LEVELS.index(spec.level)
    return LEVELS[max(at - _ABOVE, 0) : at + _BELOW + 1]


def spine(spec: PatientSpec) -> tuple[list[Shape], Shape]:
    """Return the shapes in view from above, posed in the patient frame, and the index intact."""
    names = _neighbours(spec)
    size = {name: sizes(name, spec) for name in LEVELS}
    tilts = {name: tilt_below_deg(name, spec) for name in LEVELS}
    shapes: dict[str, Shape] = {}
    for name in names:
        below = LEVELS[min(LEVELS.index(name) + 1, len(LEVELS) - 1)]
        relative = to_below(size[name], size[below], tilts[name])
        shapes[name] = intact_shape(size[name], size[below], relative, spec)
    intact = shapes[spec.level]
    if spec.fracture is not None:
        shapes[spec.level] = fractured(intact, spec.fracture)
    at = names.index(spec.level)
    _pose_up(shapes, names[: at + 1], tilts)
    _pose_down(shapes, names[at:], tilts)
    return [shapes[name] for name in names], intact


def _pose_down(shapes: dict[str, Shape], names: tuple[str, ...], tilts: dict[str, float]) -> None:
    pose = IDENTITY
    for name, below in pairwise(names):
        step = to_below(shapes[name].sizes, shapes[below].sizes, tilts[name])
        pose = Pose(pose.turn @ step.turn, pose.out(step.shift))
        shapes[below] = replace(shapes[below], pose=pose)


def _pose_up(shapes: dict[str, Shape], names: tuple[str, ...], tilts: dict[str, float]) -> None:
    """Pose the levels above; the one on the fracture follows the wedge."""
    data = table("vertebra_shape.toml")["stack"]
    crush = shapes[names[-1]].crush
    share = crush.wedge * (1.0 - crush.rear) / data["wedge_tilt_at_mm"]
    pose = IDENTITY
    for name, above in pairwise(names[::-1]):
        tilt, change = tilts[above], 0.0
        if name == names[-1]:
            tilt += share * data["wedge_tilt_deg"]
            change = share * data["wedge_disc_mm"] - crush.rear * crush.wedge
        step = to_below(shapes[above].sizes, shapes[name].sizes, tilt, change)
        turn = pose.turn @ step.turn.T
        pose = Pose(turn, pose.shift - turn @ step.shift)
        shapes[above] = replace(shapes[above], pose=pose)
