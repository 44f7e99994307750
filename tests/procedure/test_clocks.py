"""The clocks of blind advance: what winds them, what sets them back, what they tell."""

from __future__ import annotations

import math
from dataclasses import replace
from types import MappingProxyType

import pytest

from simulator.anatomy.plan import Route
from simulator.engine.start import first_state
from simulator.frames import Side, along
from simulator.physics import insertion
from simulator.procedure import clocks
from simulator.procedure.guards import wall_imaged
from simulator.world import bearings
from simulator.world.arm import Pose, Shot, View
from simulator.world.case import Case
from simulator.world.events import Exposed, Moved
from simulator.world.steel_events import BlindAdvance
from simulator.world.tools import Cannula, Inside, Passed

LATERAL = Pose(orbit_deg=90.0)


def at_wall(case: Case, past_mm: float) -> Cannula:
    """A needle on the planned line, its tip so far anterior of the posterior wall."""
    plan = case.plans[Side.LEFT]
    placed = insertion.place(case, Side.LEFT, plan.skin_mm, plan.direction)
    start = bearings.past_wall_mm(case.patient.target.landmarks, plan.skin_mm)
    depth = (past_mm - start) / -plan.direction[1]
    return replace(placed, depth_mm=depth, bone_mm=10.0, ahead_mm=40.0, was_in_bone=True)


@pytest.fixture
def tool(case: Case) -> Cannula:
    return at_wall(case, -12.0)


def gone(case: Case, tool: Cannula, by_mm: float, steps: int = 1):
    """Advance in steps; return the tool and what the clocks told."""
    told = []
    for _ in range(steps):
        after = replace(tool, depth_mm=tool.depth_mm + by_mm / steps)
        tool, events = clocks.run(case, tool, after, ())
        assert tool is not None
        told += events
    return tool, told


def picture(pose: Pose, *, in_field: bool = True) -> Exposed:
    # What the machine calls the view does not matter: the angle to the vertebra does.
    return Exposed(Shot(0, View.OBLIQUE, pose, 0.0, (in_field, in_field)), 80.0, 0.2, False)


def test_a_patient_who_moves_voids_the_pictures_from_before(case: Case, tool: Cannula) -> None:
    tool, _ = gone(case, tool, 2.0)
    tool, told = clocks.run(case, tool, tool, (Moved((4.0, 0.0, 0.0)),))
    assert told == ()  # nobody has gone on yet
    assert (tool.blind_medial_mm, tool.blind_depth_mm) == (2.0, 2.0)
    tool, _ = gone(case, tool, 0.5)
    # A second movement gives no second allowance.
    tool, _ = clocks.run(case, tool, tool, (Moved((0.0, 0.0, -4.0)),))
    assert clocks.allowed_mm(case, tool) == pytest.approx((3.0, 3.0))
    seen, _ = clocks.run(case, tool, tool, (picture(Pose()),))
    assert clocks.allowed_mm(case, seen) == pytest.approx((5.0, 3.0))
    both, _ = clocks.run(case, seen, seen, (picture(LATERAL),))
    assert gone(case, both, 4.0)[1] == []
    (blind,) = gone(case, seen, 1.0)[1]
    assert (blind.plane, blind.moved) == ("depth", True)
    assert (blind.advance_mm, blind.limit_mm) == pytest.approx((1.5, 1.0))


def test_what_was_seen_at_the_wall_does_not_hold_after_a_movement(case: Case) -> None:
    tool = replace(at_wall(case, 3.0), past_wall_mm=3.0)
    state = replace(first_state(case), cannulas=(tool, None))
    seen = MappingProxyType({"seen_wall_ap_0": 1.0, "seen_wall_lateral_0": 1.0})
    state = replace(state, tally=replace(state.tally, values=seen))
    assert wall_imaged(case, state, Side.LEFT)
    moved, _ = clocks.run(case, tool, tool, (Moved((4.0, 0.0, 0.0)),))
    assert not wall_imaged(case, replace(state, cannulas=(moved, None)), Side.LEFT)


def test_a_limit_is_told_once_per_plane_until_a_picture(case: Case, tool: Cannula) -> None:
    tool, told = gone(case, tool, 4.9, 7)
    assert told == []
    tool, told = gone(case, tool, 3.0, 30)
    assert [e.plane for e in told] == ["medial", "depth"]
    tool, _ = clocks.run(case, tool, tool, (picture(Pose()),))
    assert (tool.blind_medial_mm, tool.blind_depth_mm > 7.0) == (0.0, True)
    tool, _ = clocks.run(case, tool, tool, (picture(LATERAL),))
    assert tool.blind_depth_mm == 0.0


def test_a_limit_that_tightens_under_way_is_not_slipped_under(case: Case) -> None:
    tool, told = gone(case, at_wall(case, 10.0), 4.5, 3)
    assert told == []
    _, told = gone(case, replace(tool, ahead_mm=9.0), 0.2)
    assert [e.limit_mm for e in told] == [3.0, 3.0]
    assert all(isinstance(e, BlindAdvance) for e in told)


def test_limits_of_pedicle_body_and_front(case: Case) -> None:
    limits = [
        clocks.limit_mm(case, at_wall(case, -5.0)),
        clocks.limit_mm(case, at_wall(case, 10.0)),
        clocks.limit_mm(case, replace(at_wall(case, 20.0), ahead_mm=6.0)),
    ]
    assert limits == [5.0, 10.0, 3.0]
    through = replace(at_wall(case, 30.0), ahead_mm=0.0)
    beside = replace(at_wall(case, 5.0), ahead_mm=0.0, was_in_bone=False)
    assert [clocks.limit_mm(case, t) for t in (through, beside)] == [3.0, 5.0]


@pytest.mark.parametrize(
    ("pose", "medial", "depth"),
    [
        (Pose(), True, False),
        (Pose(orbit_deg=9.0), True, False),
        (Pose(tilt_deg=12.0), False, False),
        (Pose(orbit_deg=-16.0), False, False),
        (LATERAL, False, True),
        (Pose(orbit_deg=88.0, tilt_deg=-8.0), False, True),
        (Pose(orbit_deg=75.0), False, False),
    ],
    ids=["true AP", "nearly", "tilted", "rotated", "true lateral", "nearly lateral", "oblique"],
)
def test_only_a_useful_picture_counts(
    case: Case, tool: Cannula, pose: Pose, medial: bool, depth: bool
) -> None:
    tool, _ = gone(case, tool, 2.0)
    tool, _ = clocks.run(case, tool, tool, (picture(pose),))
    assert tool is not None
    assert (tool.blind_medial_mm == 0.0, tool.blind_depth_mm == 0.0) == (medial, depth)


def test_a_tip_outside_the_field_is_not_looked_at(case: Case, tool: Cannula) -> None:
    tool, _ = gone(case, tool, 2.0)
    tool, _ = clocks.run(case, tool, tool, (picture(Pose(), in_field=False),))
    assert tool is not None
    assert tool.blind_medial_mm == 2.0


def test_looking_down_the_pedicle_shows_how_medial_a_tip_is(case: Case, tool: Cannula) -> None:
    """L1's pedicle leans by 12.6 degrees: its ring is seen from further off than an AP may be."""
    x, y, z = case.patient.target.landmarks.pedicles[Side.LEFT].axis
    orbit, tilt = bearings.arm_angles((-x, -y, -z))
    assert orbit > 12.0
    tool, _ = gone(case, tool, 2.0)
    beyond = Pose(orbit_deg=orbit + 6.0, tilt_deg=tilt)
    other = Pose(orbit_deg=-orbit - 6.0, tilt_deg=tilt)
    shown, _ = clocks.run(case, tool, tool, (picture(beyond),))
    hidden, _ = clocks.run(case, tool, tool, (picture(other),))
    assert shown is not None
    assert hidden is not None
    assert (shown.blind_medial_mm, hidden.blind_medial_mm) == (0.0, 2.0)


def rotated(case: Case, angle_deg: float) -> Case:
    """Return the case with axes of the target turned about z, as an axial rotation does."""
    a = math.radians(angle_deg)
    axes = ((math.cos(a), math.sin(a), 0.0), (-math.sin(a), math.cos(a), 0.0), (0.0, 0.0, 1.0))
    vertebrae = list(case.patient.vertebrae)
    target = vertebrae[case.patient.index]
    marks = replace(target.landmarks, axes=axes)
    vertebrae[case.patient.index] = replace(target, landmarks=marks)
    return replace(case, patient=replace(case.patient, vertebrae=tuple(vertebrae)))


def test_in_a_turned_vertebra_the_true_ap_is_elsewhere(case: Case, tool: Cannula) -> None:
    """Turned by +15 degrees, the AP at 0 is no check, and the one at -15 is."""
    turned = rotated(case, 15.0)
    marks = turned.patient.target.landmarks
    assert bearings.arm_angles(marks.axes[1]) == pytest.approx((-15.0, 0.0))
    tool, _ = gone(turned, tool, 2.0)
    tool = replace(tool, side=Side.RIGHT)
    naive, _ = clocks.run(turned, tool, tool, (picture(Pose()),))
    true, _ = clocks.run(turned, tool, tool, (picture(Pose(orbit_deg=-15.0)),))
    assert naive is not None
    assert true is not None
    assert (naive.blind_medial_mm == 0.0) is clocks.shows(
        turned, marks, Side.RIGHT, Pose(), "medial"
    )
    assert true.blind_medial_mm == 0.0
    assert not clocks.adequate(turned, picture(Pose()).shot, View.AP)
    assert clocks.adequate(turned, picture(Pose(orbit_deg=-15.0)).shot, View.AP)
    assert not clocks.adequate(turned, picture(LATERAL).shot, View.LATERAL)
    assert clocks.adequate(turned, picture(Pose(orbit_deg=75.0)).shot, View.LATERAL)


@pytest.mark.parametrize("kind", [Inside.WIRE, Inside.DRILL, Inside.CURVED])
def test_what_stands_out_of_a_cannula_winds_the_clocks(case: Case, kind: Inside) -> None:
    tool = at_wall(case, 3.0)
    passed = Passed(
        kind, kind.value, tool.tip_mm, tool.direction, (0.0, 0.0, -1.0), 1.5, 0.0, 200.0, 60.0,
        reach_mm=1.0, bone_mm=1.0, ahead_mm=25.0,
    )  # fmt: skip
    tool = replace(tool, inside=kind, passed=passed)
    told = []
    for reach in (5.0, 9.0, 12.0):
        after = replace(tool, passed=replace(passed, reach_mm=reach))
        tool, events = clocks.run(case, tool, after, ())
        assert tool is not None
        told += [(reach, e.plane) for e in events]
    assert told == [(12.0, "medial"), (12.0, "depth")]
    assert tool.blind_depth_mm == pytest.approx(11.0)


def test_muscle_is_forgiven_but_not_beside_a_thoracic_pedicle(case: Case) -> None:
    plan = case.plans[Side.LEFT]
    skin = along(plan.skin_mm, (1.0, 0.0, 0.0), 30.0)
    tool = replace(insertion.place(case, Side.LEFT, skin, plan.direction), depth_mm=50.0)
    entry_y = case.patient.target.landmarks.pedicles[Side.LEFT].entry_mm[1]
    assert tool.tip_mm[1] > entry_y
    deep = replace(tool, depth_mm=tool.depth_mm + 30.0)
    assert deep.tip_mm[1] < entry_y
    plans = tuple(replace(p, route=Route.EXTRAPEDICULAR) for p in case.plans)
    beside = replace(case, plans=plans)
    further = replace(deep, depth_mm=deep.depth_mm + 6.0)
    assert clocks.run(case, deep, further, ())[1] == ()
    assert len(clocks.run(beside, deep, further, ())[1]) == 2
    assert clocks.run(beside, tool, replace(tool, depth_mm=tool.depth_mm + 6.0), ())[1] == ()
