"""Walls, grades and hazards: against a vertebra of boxes whose walls stand where they are put."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np
import pytest

from simulator.anatomy.plan import Route
from simulator.engine.start import first_state
from simulator.frames import Side, along, minus, norm, unit
from simulator.physics import insertion, walls
from simulator.physics.surface import rings_of
from simulator.world.case import Case
from simulator.world.events import Event
from simulator.world.steel_events import (
    BodyEntered,
    CanalEntered,
    DiscEntered,
    ForamenEntered,
    MedialRuleBroken,
    PleuraEntered,
    VesselEntered,
    WallBreached,
    WrongLevel,
)
from simulator.world.tamp import Body
from simulator.world.tools import Cannula, Inside, Wall
from tests.physics import bodies

R = 1.6
TURNS = [(0.0, 0.0), (60.0, 0.0), (-12.0, 20.0)]
X, Y, Z = bodies.CENTRE
FRONT, WIDE, HIGH = bodies.BODY[1], bodies.BODY[0], bodies.BODY[2]


def shaft(tip, way, length=60.0, radius=R, side=Side.LEFT) -> Cannula:
    """Return a tool whose tip is at `tip`, `length` deep in the patient."""
    way = unit(tuple(float(w) for w in way))
    tip = tuple(float(t) for t in tip)
    return Cannula(
        side=side,
        skin_mm=along(tip, way, -length),
        direction=way,
        depth_mm=length,
        outer_mm=2.0 * radius,
        inner_mm=1.0,
        length_mm=length + 60.0,
    )


def turned(tool: Cannula, about) -> Cannula:
    r = bodies.turn(*about)
    return replace(
        tool,
        skin_mm=tuple(float(v) for v in r @ np.array(tool.skin_mm)),
        direction=tuple(float(v) for v in r @ np.array(tool.direction)),
    )


def breached(case: Case, tool: Cannula, about=(0.0, 0.0)) -> dict[Wall, float]:
    boxes = bodies.in_case(case, *about)
    found = walls.survey(boxes, Body(bone=bodies.field(*about)), turned(tool, about))
    return {wall: depth for (_, wall), (depth, _) in found.breached.items()}


THROUGH = [
    # Along the axis of the pedicle, off its middle: so far the shaft's surface stands out.
    (Wall.MEDIAL, shaft((bodies.MEDIAL + R - 0.6, 5.0, Z), (0, -1, 0)), 0.6, "B"),
    (Wall.MEDIAL, shaft((bodies.MEDIAL + 0.2, 5.0, Z), (0, -1, 0), radius=2.1), 1.9, "B"),
    (Wall.LATERAL, shaft((bodies.LATERAL - R + 0.7, 5.0, Z), (0, -1, 0)), 0.7, "B"),
    (Wall.SUPERIOR, shaft((X, 19.0, bodies.TOP - R + 0.8), (0, -1, 0)), 0.8, "B"),
    (Wall.INFERIOR, shaft((X, 19.0, bodies.BOTTOM + R - 1.0), (0, -1, 0)), 1.0, "B"),
    # With the tip: how far it is beyond the wall.
    (Wall.ANTERIOR, shaft((X, -FRONT - 0.7, Z), (0, -1, 0)), 0.7, "B"),
    (Wall.ANTERIOR, shaft((X, -FRONT - 2.5, Z), (0, -1, 0)), 2.5, "C"),
    (Wall.ANTERIOR, shaft((X, -FRONT - 4.6, Z), (0, -1, 0)), 4.6, "D"),
    (Wall.ANTERIOR, shaft((X, -FRONT - 7.0, Z), (0, -1, 0)), 7.0, "E"),
    (Wall.LATERAL_BODY, shaft((-WIDE - 1.2, -5.0, Z), (-0.8, -0.6, 0), 22.0), 1.2, "B"),
    (Wall.SUPERIOR_ENDPLATE, shaft((X, -5.0, HIGH + 1.5), (0, -0.8, 0.6)), 1.5, "B"),
    (Wall.INFERIOR_ENDPLATE, shaft((X, -5.0, -HIGH - 3.0), (0, -0.8, -0.6)), 3.0, "C"),
    (Wall.POSTERIOR, shaft((0.0, FRONT + 2.4, 0.0), (0, 1, 0)), 2.4, "C"),
]


@pytest.mark.parametrize("about", TURNS, ids=str)
@pytest.mark.parametrize(("wall", "tool", "depth", "grade"), THROUGH, ids=lambda v: str(v)[:9])
def test_each_wall_is_named_and_measured(case: Case, wall, tool, depth, grade, about) -> None:
    found = breached(case, tool, about)
    assert set(found) == {wall}
    # A ring has twelve points: between two of them the surface bulges by 3.4 % of its radius.
    assert found[wall] == pytest.approx(depth, abs=bodies.H / 2.0)
    if abs(depth - round(depth / 2.0) * 2.0) > bodies.H / 2.0:
        assert WallBreached(Side.LEFT, wall, found[wall]).grade == grade


@pytest.mark.parametrize(
    ("depth", "grade"),
    [(0.5, "B"), (1.99, "B"), (2.0, "C"), (3.99, "C"), (4.0, "D"), (5.99, "D"), (6.0, "E")],
)
def test_grades_of_gertzbein_and_robbins(depth: float, grade: str) -> None:
    assert WallBreached(Side.LEFT, Wall.MEDIAL, depth).grade == grade


def plainly(tool: Cannula, cone_mm: float) -> float:
    """Return how far a tool's surface stands medially of the pedicle, by points of its surface."""
    worst = 0.0
    u = np.cross(tool.direction, (0.0, 0.0, 1.0))
    u /= np.linalg.norm(u)
    v = np.cross(tool.direction, u)
    for back in np.arange(0.0, 30.0, 0.1):
        r = tool.outer_mm / 2.0 * min(back / cone_mm, 1.0)
        centre = np.array(along(tool.tip_mm, tool.direction, -back))
        for a in np.arange(0.0, 2.0 * math.pi, 0.1):
            p = centre + r * (math.cos(a) * u + math.sin(a) * v)
            if FRONT < p[1] < Y + bodies.PEDICLE[1] - 4.0 and p[0] < bodies.MEDIAL:
                worst = max(worst, float(bodies.distance(p)))
    return worst


@pytest.mark.parametrize("medial_deg", [10.0, 20.0, 30.0, 40.0])
def test_a_slanting_path_into_the_canal_is_as_deep_as_its_surface(case: Case, medial_deg) -> None:
    a = math.radians(medial_deg)
    tool = shaft(along((X, 36.0, Z), (-math.sin(a), -math.cos(a), 0.0), 16.0),
                 (-math.sin(a), -math.cos(a), 0.0))  # fmt: skip
    wanted = plainly(tool, case.physics["insertion"]["cone_mm"])
    found = breached(case, tool)
    assert found.get(Wall.MEDIAL, 0.0) == pytest.approx(wanted, abs=bodies.H)
    assert set(found) <= {Wall.MEDIAL}


def test_a_way_through_the_canal_into_the_body_is_one_breach(case: Case) -> None:
    """It went in through the posterior wall from outside, and broke the medial one from inside."""
    a = math.radians(40.0)
    tool = shaft(along((X, 38.0, Z), (-math.sin(a), -math.cos(a), 0.0), 34.0),
                 (-math.sin(a), -math.cos(a), 0.0))  # fmt: skip
    assert bodies.distance(np.array(tool.tip_mm)) < 0.0
    assert set(breached(case, tool)) == {Wall.MEDIAL}


def test_a_wall_keeps_its_name_when_the_tip_is_nearer_to_another(case: Case) -> None:
    """Out through the front just above the rim, steeply down: the tip is below the endplate."""
    way = unit((0.0, -0.4, -0.92))
    tip = along((X, -FRONT, -HIGH + 2.0), way, 8.0)
    assert tip[2] < -HIGH - 3.0
    assert set(breached(case, shaft(tip, way, 22.0))) == {Wall.ANTERIOR}


def test_coming_from_outside_breaks_nothing(case: Case) -> None:
    """Beside the pedicle, through the lateral wall of the body: the way of thoracic needles."""
    a = math.radians(35.0)
    tool = shaft((8.0, 0.0, 0.0), (-math.sin(a), -math.cos(a), 0.0))
    assert bodies.distance(np.array(along(tool.tip_mm, tool.direction, -35.0))) > 3.0
    assert breached(case, tool) == {}


def test_the_planned_way_beside_the_pedicle_may_graze_it(case: Case) -> None:
    tool = shaft((bodies.LATERAL - R + 0.7, 5.0, Z), (0, -1, 0))
    plans = tuple(replace(plan, route=Route.EXTRAPEDICULAR) for plan in case.plans)
    assert set(breached(case, tool)) == {Wall.LATERAL}
    assert breached(replace(case, plans=plans, id="beside"), tool) == {}


def test_the_mirrored_tool_breaks_the_mirrored_wall(case: Case) -> None:
    for _, tool, _, _ in THROUGH:
        x, y, z = tool.skin_mm
        a, b, c = tool.direction
        other = replace(tool, side=Side.RIGHT, skin_mm=(-x, y, z), direction=(-a, b, c))
        here, there = breached(case, tool), breached(case, other)
        assert here.keys() == there.keys()
        assert list(here.values()) == pytest.approx(list(there.values()), abs=1e-5)


def moved(case: Case, tool: Cannula, step_mm: float, steps: int) -> list[list[Event]]:
    """Push a tool on in straight steps; return what was told at each."""
    boxes, body = bodies.in_case(case), Body(bone=bodies.field())
    out = []
    for _ in range(steps):
        after = replace(tool, depth_mm=tool.depth_mm + step_mm, bone_mm=10.0)
        out.append(list(walls.report(boxes, body, tool, after, 0.0)))
        tool = after
    return out


def test_every_half_millimetre_is_told_in_the_tick_it_happens(case: Case) -> None:
    tool = shaft((X, -FRONT + 1.0, Z), (0, -1, 0))
    told = moved(case, tool, 0.1, 45)
    depths = [(i, e.depth_mm) for i, es in enumerate(told) for e in es
              if isinstance(e, WallBreached)]  # fmt: skip
    assert len(depths) == 7
    for n, (step, depth) in enumerate(depths, 1):
        assert 0.5 * n <= depth < 0.5 * n + 0.1 + 1e-6
        # After step i the tip is (i + 1) * 0.1 - 1.0 mm out.
        assert (step + 1) * 0.1 - 1.0 == pytest.approx(depth, abs=0.05)


@pytest.mark.parametrize(
    ("tool", "kind"),
    [
        (shaft((0.0, 30.0, 0.0), (-0.3, -1, 0)), CanalEntered),
        (shaft((X, 22.0, -12.0), (0, -1, 0.0)), ForamenEntered),
        (shaft((36.0, 5.0, 0.0), (0.6, -0.8, 0)), PleuraEntered),
        (shaft((0.0, -FRONT - 5.0, 0.0), (-0.2, -1, 0)), VesselEntered),
        (shaft((X, 0.0, HIGH + 3.0), (0, -0.6, 0.8)), DiscEntered),
    ],
    ids=lambda v: v.__name__ if isinstance(v, type) else "",
)
def test_what_lies_around_the_bone_is_told_once(case: Case, tool: Cannula, kind: type) -> None:
    back = replace(tool, depth_mm=tool.depth_mm - 40.0)
    events = [e for step in moved(case, back, 0.5, 84) for e in step]
    assert len([e for e in events if isinstance(e, kind)]) == 1


def test_a_side_is_the_patients(case: Case) -> None:
    tool = shaft((-X, 22.0, -12.0), (0, -1, 0.0))
    events = [e for step in moved(case, replace(tool, depth_mm=40.0), 1.0, 25) for e in step]
    assert [e.of for e in events if isinstance(e, ForamenEntered)] == [Side.RIGHT]


def test_a_long_tap_through_a_hazard_does_not_jump_over_it(case: Case) -> None:
    tool = shaft((X, 0.0, HIGH - 1.0), (0, -0.3, 0.95), 20.0)
    (events,) = moved(case, tool, 5.0, 1)
    assert {DiscEntered, WallBreached} <= {type(e) for e in events}


def test_rings_end_at_the_tip_and_keep_their_place(case: Case) -> None:
    tool = shaft((X, 0.0, Z), (0.1, -1, 0.05))
    here, there = rings_of(tool, 4.0), rings_of(replace(tool, depth_mm=61.3), 4.0)
    assert here.points[-1] == pytest.approx(tool.tip_mm, abs=1e-9)
    assert here.radius[-1] == 0.0
    assert there.points[: len(here.points) - 1] == pytest.approx(here.points[:-1], abs=1e-9)
    blunt = rings_of(replace(tool, inside=Inside.EMPTY), 4.0)
    assert blunt.radius.min() == R


# On a real patient.


def aimed(case: Case, medial_mm: float, past_mm: float = 0.0) -> Cannula:
    """A needle on the planned line, shifted to the midline; its tip at the posterior wall."""
    plan = case.plans[Side.LEFT]
    marks = case.patient.target.landmarks
    at = along(plan.entry_mm, (-1.0, 0.0, 0.0), medial_mm)
    run = (plan.entry_mm[1] - marks.posterior_wall_y_mm + past_mm) / -plan.direction[1]
    tip = along(at, plan.direction, run)
    reach = norm(minus(plan.entry_mm, plan.skin_mm)) + run
    return replace(shaft(tip, plan.direction, reach, case.needle.outer_mm / 2.0), bone_mm=run)


def test_a_needle_aimed_medially_has_the_grade_that_geometry_says(case: Case) -> None:
    """At the isthmus its surface is so far medial of the pedicle's border as it was shifted."""
    marks = case.patient.target.landmarks
    body = first_state(case).body
    pedicle = marks.pedicles[Side.LEFT]
    plan = case.plans[Side.LEFT]
    run = (plan.entry_mm[1] - pedicle.medial_mm[1]) / -plan.direction[1]
    axis = along(plan.entry_mm, plan.direction, run)
    room = axis[0] - pedicle.medial_mm[0] - case.needle.outer_mm / 2.0
    depths = []
    for out_mm in (-1.0, 1.0, 2.0, 3.0):
        found = walls.survey(case, body, aimed(case, room + out_mm)).depth_mm(Wall.MEDIAL)
        depths.append(found)
        if out_mm < 0.0:
            assert found == 0.0
        else:
            # The wall is round and the path oblique: its nearest point is not at that height.
            assert found == pytest.approx(out_mm, abs=case.patient.target.bone.spacing_mm)
    assert depths == sorted(depths)


def test_a_needle_beside_the_plan_breaks_the_medial_rule_first(case: Case) -> None:
    body = first_state(case).body
    far = aimed(case, 7.0)
    told: list[Event] = []
    tool = replace(far, depth_mm=far.depth_mm - 25.0, bone_mm=0.0)
    while tool.depth_mm < far.depth_mm:
        after = insertion.settled(case, body, replace(tool, depth_mm=tool.depth_mm + 0.5))
        told += walls.report(case, body, tool, after, 7.0)
        tool = after
    kinds = [type(e) for e in told]
    assert MedialRuleBroken in kinds
    assert BodyEntered not in kinds[: kinds.index(MedialRuleBroken)]
    rule = next(e for e in told if isinstance(e, MedialRuleBroken))
    assert rule.rotated_view_deg == 7.0


def test_a_neighbour_is_told_as_the_wrong_level(case: Case) -> None:
    """The same path one vertebra further down ends in L2."""
    below = case.patient.vertebrae[case.patient.index + 1]
    pedicle = below.landmarks.pedicles[Side.LEFT]
    tip = along(pedicle.centre_mm, pedicle.axis, 6.0)
    start = shaft(along(tip, pedicle.axis, -30.0), pedicle.axis, 40.0)
    body = first_state(case).body
    told: list[Event] = []
    tool = start
    for _ in range(60):
        after = insertion.settled(case, body, replace(tool, depth_mm=tool.depth_mm + 0.5))
        told += walls.report(case, body, tool, after, 0.0)
        tool = after
    wrong = [e for e in told if isinstance(e, WrongLevel)]
    assert [(e.level, e.planned) for e in wrong] == [(below.level, case.patient.target.level)]


@pytest.mark.parametrize("tap", [0, 1])
def test_a_hurried_push_through_the_front_is_told_before_it_is_deep(case: Case, tap: int) -> None:
    from simulator.world.action import Action

    body = first_state(case).body
    plan = case.plans[Side.LEFT]
    tool = shaft(plan.target_mm, plan.direction, plan.length, case.needle.outer_mm / 2.0)
    tool = insertion.settled(case, body, tool)
    action = Action(push_n=130.0) if not tap else Action(tap=tap)
    first = None
    for _ in range(400):
        after, _ = insertion.advance(case, body, tool, action)
        events = walls.report(case, body, tool, after, 0.0)
        hits = [e for e in events if isinstance(e, WallBreached) and e.wall is Wall.ANTERIOR]
        gone = after.depth_mm - tool.depth_mm
        tool = after
        if hits:
            first = hits[0]
            break
    assert first is not None
    assert 0.5 <= first.depth_mm < 0.5 + max(gone, 0.1)
    if not tap:
        assert first.depth_mm < 1.0
