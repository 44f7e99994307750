"""Find a needle that breaks the medial wall and an AP, turned a little, that hides it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import product

import numpy as np

from simulator.anatomy.plan import Plan
from simulator.anatomy.probe import field_of, inside_mm, skin_above, surface, vec
from simulator.engine.start import first_state
from simulator.frames import Side, along
from simulator.imaging.positioner import geometry, project
from simulator.physics import insertion
from simulator.units import FloatArray, Vec3
from simulator.world.arm import Pose
from simulator.world.case import Case
from simulator.world.tools import Cannula

_PIXELS = 512
_TURNS_DEG = (-12.0, -11.0, -10.0, -9.0, -8.0, 8.0, 9.0, 10.0, 11.0, 12.0)
_PAST_MM = (0.0, 2.0, 4.0, 6.0)
"""How far past the posterior wall that needle may stand."""
_IN_RING = 0.75
"""A tip within this share of the oval's radius would pass for inside."""
_PLAIN_MM = 0.6
"""On the true AP the tip stands so far past the medial border: plain to see."""
_HELD_MM = 0.5
"""Its axis lies so deep in bone behind the isthmus: it enters the bone before it leaves it."""
_SHIFTS_MM = np.arange(2.0, 7.1, 0.25).tolist()
_LEANS_DEG = np.arange(5.0, 20.0, 1.25).tolist()
_END_ON_MM = 2.0
"""Its hub is seen no further medial of its tip: the shaft seems to come down the pedicle."""


@dataclass(frozen=True, slots=True)
class Trap:
    """A path that breaks the medial wall, and an AP that hides it."""

    plan: Plan
    turn_deg: float
    """Machine orbit of that AP."""
    past_wall_mm: float
    canal_mm: float
    """How far its surface stands in the canal."""


def _seen(case: Case, turn_deg: float, points: Sequence[Vec3]) -> FloatArray:
    """Return columns and rows (n, 2) on an AP turned by `turn_deg`, mm at the isocentre."""
    g = geometry(case.c_arm, Pose(orbit_deg=turn_deg), _PIXELS)
    scale = g.pitch_mm * case.c_arm.sad_mm / case.c_arm.sdd_mm
    return np.array([project(g, p)[:2] for p in points]) * scale


def _in_ring(case: Case, turn_deg: float, side: Side, tip: Vec3) -> float:
    """Return where a tip is seen in the pedicle's oval: 0 in its middle, 1 on its outline."""
    pedicle = case.patient.target.landmarks.pedicles[side]
    ring = (pedicle.medial_mm, pedicle.lateral_mm, pedicle.superior_mm, pedicle.inferior_mm)
    medial, lateral, upper, lower, spot = _seen(case, turn_deg, (*ring, tip))
    across_mm = spot[0] - 0.5 * (medial[0] + lateral[0])
    up_mm = spot[1] - 0.5 * (upper[1] + lower[1])
    return float(np.hypot(across_mm / (0.5 * (medial[0] - lateral[0])),
                          up_mm / (0.5 * (upper[1] - lower[1]))))  # fmt: skip


def _end_on(case: Case, turn_deg: float, tool: Cannula) -> bool:
    """Return whether the hub does not give the path away: it is not seen medial of the tip."""
    tip, hub = _seen(case, turn_deg, (tool.tip_mm, tool.hub_mm))
    return bool((hub[0] - tip[0]) * tool.side.sign < _END_ON_MM)


def _past_border(case: Case, side: Side, tip: Vec3) -> float:
    """Return how far a tip is seen medial of the pedicle's border on the true AP, mm."""
    border = case.patient.target.landmarks.pedicles[side].medial_mm
    at, spot = _seen(case, 0.0, (border, tip))
    return float((spot[0] - at[0]) * side.sign)


def trap(case: Case, side: Side = Side.LEFT) -> Trap:
    """Return the path that stands furthest in the canal, yet whose tip a turned AP shows inside
    the oval, while on the true AP it is past the medial border.
    """
    pedicle = case.patient.target.landmarks.pedicles[side]
    body, found = first_state(case).body, [Trap(_path(case, side, 0.0, 0.0), 0.0, 0.0, 0.0)]
    for shift, lean, past in product(_SHIFTS_MM, _LEANS_DEG, _PAST_MM):
        plan = _path(case, side, shift, lean)
        tool = _standing(case, plan, past)
        if _past_border(case, side, tool.tip_mm) < _PLAIN_MM or not _begins_in_bone(case, plan):
            continue
        breach_mm = insertion.settled(case, body, tool).canal_breach_mm
        for turn in _TURNS_DEG:
            inside = _in_ring(case, turn, side, tool.tip_mm) < _IN_RING
            if inside and _end_on(case, turn, tool) and breach_mm > found[-1].canal_mm:
                found.append(Trap(plan, turn, past, breach_mm))
    if found[-1].canal_mm <= 0.0:
        raise RuntimeError(f"no turned AP hides a medial breach at {pedicle.width_mm:.1f} mm")
    return found[-1]


def _begins_in_bone(case: Case, plan: Plan) -> bool:
    """Return whether the needle's axis is in bone before it reaches the isthmus."""
    run = np.linspace(0.0, 1.0, 24)[:, None]
    line = np.array(plan.entry_mm) + run * (np.array(plan.target_mm) - np.array(plan.entry_mm))
    deep = inside_mm(field_of(case.patient.target), line).max()
    return bool(deep >= _HELD_MM)


def _standing(case: Case, plan: Plan, past_mm: float) -> Cannula:
    """Return the needle on a path as if it had come from the bone's surface without a bend."""
    tool = insertion.place(case, plan.side, plan.skin_mm, plan.direction)
    run = case.patient.target.landmarks.posterior_wall_y_mm - past_mm - plan.skin_mm[1]
    depth = run / plan.direction[1]
    return replace(tool, dock_mm=plan.entry_mm, depth_mm=depth, deepest_mm=depth)


def _path(case: Case, side: Side, medial_mm: float, lean_deg: float) -> Plan:
    """Return the level path through a point medial of the isthmus's middle."""
    vertebra, a = case.patient.target, np.radians(lean_deg)
    centre = vertebra.landmarks.pedicles[side].centre_mm
    gate = np.array(along(centre, (-float(side.sign), 0.0, 0.0), medial_mm))
    way = np.array([-side.sign * np.sin(a), -np.cos(a), 0.0])
    lamina = surface(field_of(vertebra), np.array(centre), -way)
    entry = gate + way * float(way @ (lamina - np.array(centre)))
    skin = skin_above(entry, way, vertebra.landmarks.skin_y_mm)
    return Plan(side, skin, vec(entry), vec(gate))
