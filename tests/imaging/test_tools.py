import math
from dataclasses import replace
from itertools import pairwise

import numpy as np
import pytest

from simulator.frames import Side, along, unit
from simulator.imaging import tools
from simulator.imaging.blocks import first_pixel
from simulator.imaging.memory import Memory
from simulator.imaging.positioner import geometry, project
from simulator.imaging.tools import CEMENT, STEEL, Rod, _draw, devices, rods_of
from simulator.world.arm import Pose
from simulator.world.cement import Cement, Portion, Tail
from simulator.world.shaft import Bow
from simulator.world.tools import Cannula, Inside, Passed
from tests.imaging.phantom import SPEC


def drawn(rod, g):
    out = np.zeros((g.n, g.n), np.float32)
    right, up = np.array(g.right) * g.pitch_mm, np.array(g.up) * g.pitch_mm
    rows = _draw(out, g, rod, np.array([first_pixel(g), right, -up]))
    return out, rows


def cannula(inside, length=125.0):
    return Cannula(Side.LEFT, (0.0, 60.0, 0.0), (0.0, -1.0, 0.0), 60.0, 3.05, 2.4, length, inside)


def test_rod_across_the_beam_has_the_chord_of_a_cylinder():
    g = geometry(SPEC, Pose(field_mm=150.0), 512)
    radius = 4.0
    out, _ = drawn(Rod((0.0, 0.0, -30.0), (0.0, 0.0, 30.0), 2 * radius), g)
    row = int(project(g, (0.0, 0.0, 0.0))[1])
    x = (np.arange(512) - 255.5) * g.pitch_mm / g.sdd_mm  # tangent of each ray
    distance = SPEC.sad_mm * np.sin(np.arctan(x))
    chord = 0.2 * np.sqrt(np.maximum(radius**2 - distance**2, 0.0))
    body = np.abs(distance) < 0.9 * radius
    assert np.abs(out[row] - chord)[body].max() < 0.01 * chord.max()


def test_rod_along_the_beam_has_its_length():
    g = geometry(SPEC, Pose(field_mm=150.0), 129)
    out, _ = drawn(Rod((0.0, -20.0, 0.0), (0.0, 30.0, 0.0), 6.0), g)
    assert out[64, 64] == pytest.approx(5.0, rel=1e-3)


def test_no_part_of_a_rod_is_cut_off_by_the_row_bounds():
    axis = unit((0.7, 0.5, -0.6))
    g = geometry(SPEC, Pose(20.0, 10.0), 128)
    rod = Rod(along((0.0, 0.0, 0.0), axis, -40.0), along((0.0, 0.0, 0.0), axis, 30.0), 8.0)
    out, (first, last) = drawn(rod, g)
    seen = np.flatnonzero(out.any(axis=1))
    assert first <= seen[0]
    assert seen[-1] < last
    # Mass on the picture is the rod's volume times the local magnification, within 5 %.
    area = (g.pitch_mm * SPEC.sad_mm / SPEC.sdd_mm) ** 2
    volume = out.sum() * 10.0 * area
    assert volume == pytest.approx(math.pi * 4.0**2 * 70.0, rel=0.05)


def test_cannula_shows_two_rails_and_a_bore():
    g = geometry(SPEC, Pose(90.0, field_mm=150.0), 512)
    hollow = devices(g, (cannula(Inside.EMPTY), None), (None, None), Cement(), None)
    solid = devices(g, (cannula(Inside.STYLET), None), (None, None), Cement(), None)
    col = int(project(g, (0.0, 30.0, 0.0))[0])
    profile = hollow.lengths_cm[STEEL][:, col]
    rail, bore = profile.max(), profile[int(project(g, (0.0, 30.0, 0.0))[1])]
    assert bore == pytest.approx(0.065, abs=0.004)  # two walls of 0.325 mm
    assert 0.12 < rail < 0.19
    assert solid.lengths_cm[STEEL][:, col].max() == pytest.approx(0.295, abs=0.01)
    assert devices(g, (None, None), (None, None), Cement(), None) is None


def test_metal_that_stays_is_drawn_once_and_cement_beside_it_anew(monkeypatch):
    g = geometry(SPEC, Pose(90.0, field_mm=150.0), 128)
    tool, memory, drawn = cannula(Inside.EMPTY), Memory(), []
    draw = tools._draw

    def noted(out, g, rod, view):
        drawn.append(rod.plane)
        return draw(out, g, rod, view)

    monkeypatch.setattr(tools, "_draw", noted)
    for ml in (0.1, 0.1, 0.2):
        cement = Cement(bores=((Portion(ml, 300.0, 0),), ()))
        kept = devices(g, (tool, None), (None, None), cement, None, memory)
    assert drawn.count(STEEL) == 1
    assert drawn.count(CEMENT) == 2
    fresh = devices(g, (tool, None), (None, None), cement, None)
    assert np.array_equal(kept.lengths_cm, fresh.lengths_cm)
    assert kept.rows == fresh.rows


def test_magnified_cannula_is_4_92_mm_wide_at_the_detector():
    g = geometry(SPEC, Pose(90.0, field_mm=150.0), 512)
    solid = devices(g, (cannula(Inside.EMPTY), None), (None, None), Cement(), None)
    col = int(project(g, (0.0, 30.0, 0.0))[0])
    dark = np.flatnonzero(solid.lengths_cm[STEEL][:, col] > 0.01)
    assert (dark[-1] - dark[0] + 1) * g.pitch_mm == pytest.approx(4.92, abs=2.1 * g.pitch_mm)


def test_cement_stands_in_the_bore_from_the_tip_backwards():
    rods = rods_of(cannula(Inside.EMPTY), 0.2)
    column = next(r for r in rods if r.plane == CEMENT)
    assert column.end_mm == pytest.approx((0.0, 0.0, 0.0))
    assert column.start_mm[1] == pytest.approx(200.0 / (math.pi * 1.2**2))
    assert not [r for r in rods_of(cannula(Inside.EMPTY), 0.0) if r.plane == CEMENT]


def with_passed(kind, reach, radius=0.0, inner=0.0, outer=1.6):
    tool = cannula(kind)
    passed = Passed(
        kind, kind, tool.tip_mm, tool.heading, (-1.0, 0.0, 0.0), outer, inner, 200.0, 75.0,
        radius_mm=radius, reach_mm=reach,
    )  # fmt: skip
    return replace(tool, passed=passed)


def total_mm(rods):
    return sum(math.dist(r.start_mm, r.end_mm) for r in rods)


def test_a_wire_is_drawn_from_its_end_outside_to_its_tip():
    rods = rods_of(with_passed(Inside.WIRE, 12.0), 0.0)
    tube, wire = rods[0], rods[1:]
    assert (tube.outer_mm, tube.inner_mm) == (3.05, 2.4)
    assert {r.outer_mm for r in wire} == {1.6}
    assert wire[-1].end_mm == pytest.approx((0.0, -12.0, 0.0))
    assert total_mm(wire) == pytest.approx(200.0)


def test_an_instrument_drawn_back_ends_inside_the_bore():
    rods = rods_of(with_passed(Inside.DRILL, -3.0, outer=2.2), 0.0)
    assert rods[-1].end_mm == pytest.approx((0.0, 3.0, 0.0))


def through_a_cannula(filler_ml):
    """A working cannula of 8G whose channel goes on 12 mm, with a bone filler in it."""
    tube = Cannula(Side.LEFT, (0.0, 60.0, 0.0), (0.0, -1.0, 0.0), 60.0, 4.19, 3.43, 120.0,
                   Inside.FILLER, working=True, deepest_mm=72.0)  # fmt: skip
    return tube, rods_of(tube, 0.0, filler_ml)


def test_a_bone_filler_is_seen_as_far_as_its_open_end_and_cement_stands_there():
    tube, rods = through_a_cannula(0.4)
    assert tube.nozzle_mm == pytest.approx((0.0, -8.0, 0.0))  # 4 mm short of the channel's end
    steel, column = rods[1:], [r for r in rods if r.plane == CEMENT]
    band = [r for r in steel if r.gain > 1.0]
    assert total_mm(band) == pytest.approx(1.5)
    assert band[-1].end_mm == pytest.approx(tube.nozzle_mm)
    assert column[-1].end_mm == pytest.approx(tube.nozzle_mm)
    # 2.83 mm within the tube; the plunger's rod fills the rest, in steps of 3 mm
    held_mm = 400.0 / (math.pi / 4.0 * 2.83**2)
    assert total_mm(column) == pytest.approx(held_mm, abs=1.5)
    rod = [r for r in steel if r.plane == STEEL and r.inner_mm == 0.0]
    assert rod[-1].end_mm == pytest.approx(column[0].start_mm)
    assert all(
        r.plane == STEEL for r in through_a_cannula(0.0)[1] if math.dist(r.start_mm, r.end_mm)
    )


def test_a_syringe_on_a_needle_stays_outside_it():
    needle = cannula(Inside.FILLER)
    assert rods_of(needle, 0.2, 1.0) == rods_of(replace(needle, inside=Inside.EMPTY), 0.2)


def test_a_tail_of_cement_is_seen_where_the_cannula_was():
    g = geometry(SPEC, Pose(90.0, field_mm=150.0), 256)
    tail = Tail((0.0, 0.0, 0.0), (0.0, 20.0, 0.0), 2.4, 0.09)
    seen = devices(g, (None, None), (None, None), Cement(tails=(tail,)), None)
    col, row = (round(x) for x in project(g, (0.0, 10.0, 0.0))[:2])
    assert seen.lengths_cm[CEMENT][row, col] == pytest.approx(0.24, abs=0.02)


def test_a_curved_needle_lies_on_its_circle_and_holds_its_cement():
    tool = with_passed(Inside.CURVED, 20.0, radius=20.0, inner=1.8, outer=2.2)
    steel = [r for r in rods_of(tool, 0.0)[1:] if r.plane == STEEL]
    bent = [r for r in steel if r.end_mm[1] < -0.01]
    for rod in bent:
        assert math.dist(rod.end_mm, (-20.0, 0.0, 0.0)) == pytest.approx(20.0, abs=0.02)
    assert bent[-1].end_mm == pytest.approx(tool.front_mm)
    # The platinum band at its end is darker than its nickel-titanium wall.
    assert steel[-1].gain > 1.5 * steel[0].gain
    column = [r for r in rods_of(tool, 0.05) if r.plane == CEMENT]
    assert total_mm(column) == pytest.approx(50.0 / (math.pi * 0.9**2), rel=0.01)
    assert column[-1].end_mm == pytest.approx(tool.front_mm)


def test_a_bent_needle_is_drawn_bent_and_of_one_length():
    bow = Bow(30.0, (2.0, 0.0), (0.13, 0.0))
    tool = replace(cannula(Inside.EMPTY), dock_mm=(0.0, 30.0, 0.0), deepest_mm=60.0, bow=bow)
    rods = rods_of(tool, 0.0)
    assert len(rods) > 4
    assert rods[-1].end_mm == pytest.approx((-2.0, 0.0, 0.0))
    assert total_mm(rods) == pytest.approx(125.0, abs=0.3)  # a bow of 2 mm is 0.1 mm longer
    for a, b in pairwise(rods):
        assert a.end_mm == b.start_mm
    closed = rods_of(replace(tool, inside=Inside.STYLET), 0.0)
    assert closed[-1].end_mm == pytest.approx(rods[-1].end_mm)
