"""The curved needle: its circle, what turns it, what resists it, what it leaves and reaches."""

from __future__ import annotations

import math
from dataclasses import replace
from itertools import pairwise

import numpy as np
import pytest

from simulator.anatomy.volume import Tissue
from simulator.engine.start import first_state
from simulator.engine.step import step
from simulator.frames import Side, dot, minus, norm
from simulator.physics import exchange, insertion, passing
from simulator.physics.cementing import outlet_of
from simulator.physics.contact import contact_of
from simulator.scenario.load import load_case
from simulator.units import Vec3
from simulator.world.action import Action, Do
from simulator.world.case import Case
from simulator.world.cement import Portion
from simulator.world.state import State
from simulator.world.tools import Cannula, Inside, Passed
from tests.physics.way_in import curve_to, holding, past_wall, worked

_SEATS_MM = (5.0, 10.0, 15.0)
"""Depths past the posterior wall at which a planner would try to let the curve out."""
TURN = 90.0
"""Degrees per second of a hand that turns the hub."""


def curve_of(tool: Cannula) -> Passed:
    assert tool.passed is not None
    return tool.passed


def with_curve(case: Case, past_mm: float, side: Side = Side.LEFT) -> Cannula:
    tool = past_wall(case, past_mm, side)
    return holding(tool, passing.curved(case, tool))


@pytest.fixture(scope="module")
def held(case: Case) -> Cannula:
    """A curved needle at the tip of a needle that is 10 mm past the wall."""
    return with_curve(case, 10.0)


def steered(case: Case, tool: Cannula, radius_mm: float, roll_deg: float) -> Cannula:
    """Set the knob and turn the hub as hands do."""
    body = first_state(case).body
    tool, _ = insertion.advance(case, body, tool, Action(side=tool.side, bend_mm=radius_mm))
    ticks = round(abs(roll_deg) / TURN * 60)
    turn = Action(side=tool.side, twist_deg_s=math.copysign(TURN, roll_deg))
    return worked(case, tool, turn, lambda _: False, ticks)


def deployed(case: Case, tool: Cannula, reach_mm: float, force_n: float = 60.0) -> Cannula:
    push = Action(side=tool.side, inner_n=force_n, brace=True)
    return worked(case, tool, push, lambda t: curve_of(t).reach_mm >= reach_mm)


def test_it_leaves_on_a_circle(case: Case, held: Cannula) -> None:
    """Every point is one radius from the centre beside the cannula's tip."""
    curve = curve_of(deployed(case, held, 25.0))
    centre = [r + curve.radius_mm * n for r, n in zip(curve.root_mm, curve.plane, strict=True)]
    away = [norm(minus(p, (centre[0], centre[1], centre[2]))) for p in curve.shaft_mm()]
    assert np.ptp(away) < 1e-9
    turned = math.degrees(math.acos(dot(curve.heading, curve.axis)))
    assert turned == pytest.approx(math.degrees(curve.reach_mm / curve.radius_mm))
    length = sum(norm(minus(b, a)) for a, b in pairwise(curve.shaft_mm()))
    assert length == pytest.approx(curve.reach_mm, rel=1e-3)  # chords of 1.5 mm


def test_it_stops_at_its_whole_curve(case: Case, held: Cannula) -> None:
    curve = curve_of(deployed(case, steered(case, held, 15.0, 0.0), 99.0, 200.0))
    assert curve.reach_mm == pytest.approx(15.0 * math.pi / 2.0)
    assert dot(curve.heading, curve.axis) == pytest.approx(0.0, abs=1e-9)


def test_the_knob_has_its_range_and_works_in_the_bore_only(case: Case, held: Cannula) -> None:
    spec = case.catheter
    assert curve_of(steered(case, held, 5.0, 0.0)).radius_mm == spec.least_radius_mm
    assert curve_of(steered(case, held, 90.0, 0.0)).radius_mm == spec.most_radius_mm
    out = deployed(case, held, 6.0)
    bent = curve_of(steered(case, out, 15.0, 45.0))
    assert bent.radius_mm == spec.radius_mm
    assert bent.roll_deg == 0.0


def test_roll_turns_the_plane_from_medial_to_caudal(case: Case, held: Cannula) -> None:
    medial = curve_of(held).plane
    assert medial[0] < -0.8  # a left tool: the midline is to -x
    caudal = curve_of(steered(case, held, 0.0, 90.0)).plane
    assert caudal[2] < -0.8
    assert dot(medial, caudal) == pytest.approx(0.0, abs=1e-9)


def test_a_curve_in_bone_holds_its_cannula(case: Case, held: Cannula) -> None:
    out = deployed(case, held, 8.0)
    body = first_state(case).body
    for wish in (Action(push_n=150.0), Action(medial_deg_s=20.0), Action(tap=3)):
        moved, events = insertion.advance(case, body, out, wish)
        assert moved.tip_mm == out.tip_mm
        assert moved.direction == out.direction
        assert events == ()


def test_force_is_cutting_friction_and_bending(case: Case, held: Cannula) -> None:
    constants, body = case.physics["insertion"], first_state(case).body
    out = deployed(case, held, 12.0)
    curve = curve_of(out)
    met = contact_of(case, body, out, curve)
    own = constants["bore_friction_n"] + constants["curve_friction_n_mm2"] / curve.radius_mm**2
    least = met.cut_n + met.friction_n + own
    assert own > 5.0
    assert met.cut_n > 1.0
    for share, moves in ((0.95, False), (1.1, True)):
        now, _ = insertion.advance(case, body, out, Action(inner_n=share * least))
        assert (curve_of(now).reach_mm > curve.reach_mm) is moves
    # Tighter curves rub more.
    tight = curve_of(steered(case, held, 15.0, 0.0))
    assert tight.radius_mm < curve.radius_mm
    weak = Action(inner_n=constants["curve_friction_n_mm2"] / 18.0**2)
    stuck, _ = insertion.advance(case, body, replace(held, passed=tight), weak)
    assert curve_of(stuck).speed_mm_s == 0.0


def reach_the_midline(case: Case, side: Side) -> tuple[float, Cannula]:
    """Bring a curve to the midline of the body from one pedicle; return the miss, mm."""
    marks = case.patient.target.landmarks
    y = 0.5 * (marks.posterior_wall_y_mm + marks.anterior_wall_y_mm)
    target: Vec3 = (0.0, y, marks.pedicles[side].centre_mm[2])
    ways = [(curve_to(case, t, target), t) for t in (with_curve(case, d, side) for d in _SEATS_MM)]
    (_, radius, roll, reach), tool = min(ways, key=lambda way: way[0])
    tool = deployed(case, steered(case, tool, radius, roll), reach)
    return norm(minus(curve_of(tool).tip_mm, target)), tool


@pytest.mark.parametrize("side", list(Side))
def test_from_one_side_it_reaches_the_midline(case: Case, side: Side) -> None:
    miss, tool = reach_the_midline(case, side)
    assert miss < 3.0
    assert curve_of(tool).tissue is Tissue.CANCELLOUS
    assert curve_of(tool).breach_mm == 0.0


@pytest.mark.slow
def test_it_reaches_the_midline_of_l3(case: Case) -> None:
    wide = load_case("l1-wedge", 1, patch={"spine": {"level": "L3"}})
    for side in Side:
        miss, tool = reach_the_midline(wide, side)
        assert miss < 3.0
        assert curve_of(tool).breach_mm == 0.0


def state_with(case: Case, tool: Cannula) -> State:
    state = exchange.with_cannula(first_state(case), tool, Side.LEFT)
    return replace(state, phase="inject", side=Side.LEFT)


def test_its_channel_stays_and_is_easy_to_find_again(case: Case, held: Cannula) -> None:
    out = deployed(case, held, 15.0)
    taken = exchange.ACTS[Do.CURVED_OUT](case, state_with(case, out), Side.LEFT)
    assert not isinstance(taken, str)
    tool = taken[0].cannulas[Side.LEFT]
    assert tool is not None
    assert tool.inside is Inside.EMPTY
    assert tool.tracts[-1][-1] == pytest.approx(curve_of(out).tip_mm, abs=0.1)
    body, fresh = first_state(case).body, replace(curve_of(out), deepest_mm=15.0)
    known = contact_of(case, body, tool, fresh).cut_n
    assert known < 0.3 * contact_of(case, body, replace(tool, tracts=()), fresh).cut_n


def test_cement_leaves_at_the_tip_of_the_curve(mild_case: Case) -> None:
    """Loaded and pressed as through a needle: the first cement lies where the curve ends."""
    case = mild_case
    out = deployed(case, with_curve(case, 10.0), 16.0)
    outlet = outlet_of(case, out, 1.0)
    assert outlet.tip_mm == curve_of(out).tip_mm
    assert outlet.bore_mm == case.catheter.bore_mm
    state = state_with(case, out)
    cement = replace(state.cement, mixed_tick=-60 * 240, batch_left_ml=10.0)
    state = replace(state, cement=cement)
    state, _ = step(case, state, Action(do=Do.LOAD))
    tool = state.cannulas[Side.LEFT]
    assert tool is not None
    assert tool.inside is Inside.FILLER
    for _ in range(60 * 20):
        if state.cement.cloud.inside_ul > 60.0:
            break
        state, _ = step(case, state, Action(press_n=case.filler.hand_limit_n))
    cloud, bone = state.cement.cloud, state.body.bone
    assert cloud.inside_ul > 60.0
    index = np.array(np.unravel_index(cloud.voxel, bone.shape)).T
    points = np.array(bone.origin_mm) + bone.spacing_mm * index
    tip, root = np.array(curve_of(out).tip_mm), np.array(out.tip_mm)
    near = np.linalg.norm(points - tip, axis=1)
    assert near.min() < 1.5
    assert np.median(near) < np.median(np.linalg.norm(points - root, axis=1))


def test_it_is_drawn_out_again_with_what_stands_in_it(case: Case, held: Cannula) -> None:
    state = state_with(case, replace(held, inside=Inside.FILLER))
    bores = ((Portion(0.2, 300.0, 0),), (Portion(0.1, 300.0, 0),))
    state = replace(state, cement=replace(state.cement, bores=bores))
    taken = exchange.ACTS[Do.CURVED_OUT](case, state, Side.LEFT)
    assert not isinstance(taken, str)
    assert taken[0].cement.cannula_ml == (0.0, 0.1)
    refused = exchange.ACTS[Do.TAMP_IN](case, state_with(case, replace(held, working=True)), 0)
    assert refused == "The curved needle is in the cannula. Take it out first."
