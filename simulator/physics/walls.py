"""What a tool did to bone and its neighbours, told as events by comparing before and after."""

from __future__ import annotations

import math
from collections import deque
from dataclasses import dataclass
from types import MappingProxyType

import numpy as np

from simulator.anatomy.plan import Route
from simulator.anatomy.volume import BoneField
from simulator.frames import minus, norm
from simulator.physics import hazards
from simulator.physics.breach import Core, breaches
from simulator.physics.surface import STEP_MM, axis_in, bones, polyline, rings_of
from simulator.units import FloatArray, Vec3
from simulator.world import bearings
from simulator.world.case import Case
from simulator.world.events import Event
from simulator.world.steel_events import (
    BodyEntered,
    BodyLeft,
    BoneContact,
    MedialRuleBroken,
    TissueEntered,
    WallBreached,
    WrongLevel,
)
from simulator.world.tamp import Body
from simulator.world.tools import Cannula, Wall

_TOLD_MM = 0.5
"""A breach is told at its first half millimetre, and at every further one."""
_WORK_MM = 3.0
"""So much of a tool in the pedicle or body of a vertebra means that it works there."""
_IN_MM = 0.5
"""A tip so far below the surface is in the body; less is within the grid's own error."""
_RULE_MM = 1.0
"""The medial rule asks for so much shaft in bone."""
_seen: deque[tuple[BoneField, tuple[object, ...], Survey]] = deque(maxlen=8)
"""Pure function values, kept for speed; never part of a state."""


@dataclass(frozen=True, slots=True)
class Survey:
    """Where a tool stands, in bone and beside it."""

    breached: MappingProxyType[tuple[str, Wall], tuple[float, str]]
    """Depth in mm and name of the instrument, by level and wall."""
    hazards: frozenset[hazards.Hazard]
    works_in: frozenset[str]
    """Levels whose pedicle or body it is in."""
    level: str
    """Vertebra nearest to the foremost point."""
    in_body: bool
    """The foremost point is inside the body of a vertebra."""
    front_mm: Vec3

    def depth_mm(self, wall: Wall) -> float:
        """Return how far the tool stands out of a wall, of whichever level."""
        return max((d for (_, w), (d, _) in self.breached.items() if w is wall), default=0.0)


def survey(case: Case, body: Body, tool: Cannula) -> Survey:
    """Return where `tool` stands."""
    key = (polyline(tool), tool.depth_mm, tool.inside, tool.working, case.id, case.seed)
    for bone, known, answer in _seen:
        if bone is body.bone and known == key:
            return answer
    answer = _survey(case, body, tool)
    _seen.append((body.bone, key, answer))
    return answer


def _survey(case: Case, body: Body, tool: Cannula) -> Survey:
    rings = rings_of(tool, case.physics["insertion"]["cone_mm"])
    met = bones(case, body)
    looked_up = [axis_in(bone, rings) for _, bone in met]
    beside = case.plans[tool.side].route is Route.EXTRAPEDICULAR
    found: dict[tuple[str, Wall], tuple[float, str]] = {}
    works: set[str] = set()
    for (vertebra, bone), axis in zip(met, looked_up, strict=True):
        marks, depth = vertebra.landmarks, axis[:, 0]
        for wall, (out_mm, ring) in breaches(bone, marks, rings, depth, beside=beside).items():
            found[vertebra.level, wall] = (out_mm, rings.tool_at(ring, tool))
        if _length_in(Core(marks), rings.points, depth) >= _WORK_MM:
            works.add(vertebra.level)
    at_tip = [float(axis[-1, 0]) for axis in looked_up]
    nearest = int(np.argmin(at_tip))
    x, y, z = (float(v) for v in rings.points[-1])
    past = bearings.past_wall_mm(met[nearest][0].landmarks, (x, y, z))
    return Survey(
        MappingProxyType(found),
        hazards.entered([vertebra for vertebra, _ in met], rings, looked_up),
        frozenset(works),
        met[nearest][0].level,
        at_tip[nearest] < -_IN_MM and past >= 0.0,
        (x, y, z),
    )


def _length_in(core: Core, points: FloatArray, depth: FloatArray) -> float:
    """Return how much of the axis is inside the pedicles and body of one vertebra, mm."""
    inside = points[depth < 0.0]
    return STEP_MM * int(np.count_nonzero(core.holds(inside))) if len(inside) else 0.0


def report(
    case: Case, body: Body, before: Cannula, after: Cannula, rotated_view_deg: float
) -> tuple[Event, ...]:
    """Return what happened to bone and its neighbours while `before` became `after`.

    Args:
        rotated_view_deg: how untrue the last AP was, for the debrief of a broken medial rule.
    """
    if polyline(before) == polyline(after) and before.dock_mm == after.dock_mm:
        return ()
    side, events = after.side, list[Event]()
    was, now = survey(case, body, before), survey(case, body, after)
    if before.dock_mm is None and after.dock_mm is not None:
        error = norm(minus(after.dock_mm, case.plans[side].entry_mm))
        events.append(BoneContact(side, now.level, error))
    if before.tissue is not after.tissue:
        events.append(TissueEntered(side, after.tissue, after.depth_mm, after.force_n))
    events.extend(hazards.told(side, was.hazards, now.hazards))
    planned = case.patient.target.level
    events.extend(
        WrongLevel(side, level, planned)
        for level in sorted(now.works_in - was.works_in - {planned})
    )
    # a flank that is met aslant may be docked on only when the tip is already inside
    was_in = was.in_body and before.dock_mm is not None
    now_in = now.in_body and after.dock_mm is not None
    if now_in and not was_in:
        events.append(BodyEntered(side))
    events.extend(_medial_rule(case, was, now, (before, after), rotated_view_deg))
    events.extend(_new_breaches(after, was, now))
    if was_in and not now_in and _behind(case, was) >= 0.0 > _behind(case, now):
        events.append(BodyLeft(side))
    return tuple(events)


def _behind(case: Case, stands: Survey) -> float:
    """Return how far the foremost point is anterior of the posterior wall of its vertebra."""
    for vertebra in case.patient.vertebrae:
        if vertebra.level == stands.level:
            return bearings.past_wall_mm(vertebra.landmarks, stands.front_mm)
    raise AssertionError(stands.level)


def _medial_rule(
    case: Case, was: Survey, now: Survey, tools: tuple[Cannula, Cannula], rotated_view_deg: float
) -> tuple[Event, ...]:
    """Behind the posterior wall, inside the pedicle's reach, the tip must stay lateral."""
    before, after = tools
    marks = case.patient.target.landmarks
    past = bearings.past_wall_mm(marks, now.front_mm)
    if after.bone_mm < _RULE_MM or past >= 0.0 or now.level != marks.level:
        return ()
    old = bearings.medial_margin_mm(marks, after.side, was.front_mm)
    new = bearings.medial_margin_mm(marks, after.side, now.front_mm)
    if new < 0.0 and (old >= 0.0 or before.bone_mm < _RULE_MM):
        return (MedialRuleBroken(after.side, -new, -past, rotated_view_deg),)
    return ()


def _new_breaches(after: Cannula, was: Survey, now: Survey) -> list[Event]:
    """Return the walls that the tool stands out of by a new half millimetre, deepest first."""
    events: list[Event] = []
    for (level, wall), (depth, name) in sorted(now.breached.items(), key=lambda i: -i[1][0]):
        before = was.breached.get((level, wall), (0.0, ""))[0]
        if math.floor(depth / _TOLD_MM) > math.floor(before / _TOLD_MM):
            events.append(WallBreached(after.side, wall, depth, level, name))
    return events
