"""Bevels steer in bone, diamonds do not; hubs bend shafts and crack bone when they are forced."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np
import pytest

from simulator.engine.start import first_state
from simulator.frames import Side, along, dot, minus, norm
from simulator.physics import insertion
from simulator.world.action import Action
from simulator.world.case import Case
from simulator.world.instruments import Tip
from simulator.world.shaft import Bow, across, turned_to
from simulator.world.steel_events import PedicleCracked
from simulator.world.tools import Cannula, Inside
from tests.physics.way_in import PUSH, on_plan, past_wall, worked


def bevelled(case: Case) -> Case:
    return replace(case, needle=replace(case.needle, tip=Tip.BEVEL))


def in_bone_30mm(tool: Cannula) -> bool:
    return tool.dock_mm is not None and tool.depth_mm - tool.dock_depth_mm >= 30.0


def aside_mm(tool: Cannula) -> tuple[float, float]:
    """How far the tip lies medial and caudal of the straight line."""
    straight = along(tool.skin_mm, tool.direction, tool.depth_mm)
    off = minus(tool.tip_mm, straight)
    medial, caudal = across(tool.direction, tool.side)
    return dot(off, medial), dot(off, caudal)


@pytest.mark.parametrize("bevel_deg", [0.0, 90.0, 180.0, 270.0])
def test_a_bevel_steers_one_to_three_millimetres_over_thirty(case: Case, bevel_deg: float) -> None:
    """The band of the maker's and the teachers' rule (recalled), to the side it faces."""
    tool = replace(on_plan(case), bevel_deg=bevel_deg)
    tool = worked(bevelled(case), tool, PUSH, in_bone_30mm)
    medial, caudal = aside_mm(tool)
    a = math.radians(bevel_deg)
    assert 1.0 <= medial * math.cos(a) + caudal * math.sin(a) <= 3.0
    assert abs(medial * math.sin(a) - caudal * math.cos(a)) < 1e-9


def test_a_diamond_goes_straight(case: Case) -> None:
    tool = worked(case, on_plan(case), PUSH, in_bone_30mm)
    assert tool.bow is None
    assert aside_mm(tool) == (0.0, 0.0)
    assert len(tool.shaft_mm()) == 2


def test_a_bevel_does_not_steer_in_muscle(case: Case) -> None:
    start = on_plan(case, before_mm=50.0)
    tool = worked(bevelled(case), start, Action(push_n=20.0), lambda t: t.bone_mm > 0.0, 400)
    assert tool.depth_mm > start.depth_mm + 30.0
    assert tool.bow is None


def test_turning_the_bevel_half_way_brings_the_needle_back(case: Case) -> None:
    bevel = bevelled(case)
    kept = worked(bevel, on_plan(case), PUSH, in_bone_30mm)
    half = worked(
        bevel, on_plan(case), PUSH,
        lambda t: t.dock_mm is not None and t.depth_mm - t.dock_depth_mm >= 15.0,
    )  # fmt: skip
    turned = worked(bevel, half, Action(twist_deg_s=180.0), lambda t: t.bevel_deg >= 179.9, 60)
    assert turned.bevel_deg == pytest.approx(180.0)
    turned = worked(bevel, turned, PUSH, in_bone_30mm)
    assert abs(aside_mm(turned)[0]) < 0.7 * aside_mm(kept)[0]
    lean_kept = dot(minus(kept.heading, kept.direction), across(kept.direction, kept.side)[0])
    lean = dot(minus(turned.heading, turned.direction), across(kept.direction, kept.side)[0])
    assert abs(lean) < 0.5 * lean_kept


def test_a_bent_needle_comes_back_along_its_own_channel(case: Case) -> None:
    """The tip passes, on its way out, the points that it passed on its way in."""
    bevel, body = bevelled(case), first_state(case).body
    tool, way = on_plan(case), {}
    while not in_bone_30mm(tool):
        tool, _ = insertion.advance(bevel, body, tool, PUSH)
        way[round(tool.depth_mm, 1)] = tool.tip_mm
    while tool.depth_mm - tool.dock_depth_mm > 8.0:
        tool, _ = insertion.advance(bevel, body, tool, Action(push_n=-60.0))
        came = way.get(round(tool.depth_mm, 1))
        # Speed differs, so depths agree to the 0.05 mm of the key; a cubic fit costs a little.
        assert came is None or norm(minus(came, tool.tip_mm)) < 0.2


def test_a_bow_tells_a_constant_curvature_exactly() -> None:
    k, length = 0.004, 30.0
    bow = Bow(length, (0.5 * k * length**2, 0.0), (k * length, 0.0))
    for s in np.linspace(0.0, length, 7):
        offset, slope = bow.at(float(s))
        assert offset[0] == pytest.approx(0.5 * k * s * s, abs=1e-12)
        assert slope[0] == pytest.approx(k * s, abs=1e-12)
    assert bow.at(40.0)[0][0] == pytest.approx(0.5 * k * length**2 + 10.0 * k * length)


def test_directions_across_a_shaft_are_mirrored_by_the_side() -> None:
    way = (-0.3, -0.9, -0.31)
    size = norm(way)
    left = (way[0] / size, way[1] / size, way[2] / size)
    right = (-left[0], left[1], left[2])
    for angle in (0.0, 35.0, 90.0, 210.0):
        a, b = turned_to(left, Side.LEFT, angle), turned_to(right, Side.RIGHT, angle)
        assert a == (-b[0], b[1], b[2])
        assert dot(a, left) == pytest.approx(0.0, abs=1e-12)
    assert turned_to((0.0, -1.0, 0.0), Side.LEFT, 0.0)[0] < 0.0
    assert turned_to((0.0, -1.0, 0.0), Side.LEFT, 90.0)[2] == pytest.approx(-1.0)


def pried(case: Case, rate_deg_s: float, seconds: float) -> tuple[Cannula, list[PedicleCracked]]:
    body, tool, told = first_state(case).body, past_wall(case, 2.0), []
    for _ in range(round(seconds * 60)):
        tool, events = insertion.advance(case, body, tool, Action(medial_deg_s=rate_deg_s))
        told += [e for e in events if isinstance(e, PedicleCracked)]
    return tool, told


def test_a_held_hub_bends_the_shaft_and_springs_back(case: Case) -> None:
    start = past_wall(case, 2.0)
    tool, told = pried(case, 4.0, 1.0)
    assert told == []
    assert 10.0 < tool.pry_n < 30.0
    # The hub moved away from the line through skin and tip, against the way the tip would go.
    straight = along(tool.skin_mm, tool.direction, tool.depth_mm - tool.length_mm)
    medial, _ = across(tool.direction, tool.side)
    assert dot(minus(tool.hub_mm, straight), medial) < -3.0
    assert len(tool.shaft_mm()) > 4
    assert dot(tool.direction, start.direction) > math.cos(math.radians(2.0))
    free, _ = insertion.advance(case, first_state(case).body, tool, Action())
    assert free.pry_n == 0.0
    assert len(free.shaft_mm()) == 2


def test_forcing_the_hub_cracks_the_pedicle_once(case: Case) -> None:
    limit = case.physics["insertion"]["pry_crack_n"]
    tool, told = pried(case, 10.0, 3.0)
    assert [e.side for e in told] == [Side.LEFT]
    assert limit < told[0].force_n < 1.1 * limit
    assert tool.cracked
    # Loosened bone lets the shaft follow.
    body = first_state(case).body
    swing = Action(medial_deg_s=10.0)
    loose, _ = insertion.advance(case, body, tool, swing)
    firm, _ = insertion.advance(case, body, replace(tool, cracked=False), swing)
    assert norm(minus(loose.direction, tool.direction)) > 3.0 * norm(
        minus(firm.direction, tool.direction)
    )


def test_a_working_cannula_has_no_bevel(case: Case) -> None:
    tool = replace(on_plan(case), working=True, inside=Inside.EMPTY)
    assert worked(bevelled(case), tool, PUSH, in_bone_30mm, 1500).bow is None
