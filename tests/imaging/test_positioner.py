import math

import pytest

from simulator.frames import along, cross, dot
from simulator.imaging.machine import machine
from simulator.imaging.positioner import (
    dicom_angles,
    geometry,
    in_field,
    move,
    preset,
    project,
    view_of,
)
from simulator.world.arm import Pose, View
from simulator.world.bearings import arm_angles, beam_of, off_deg
from simulator.world.collimator import Collimator
from tests.imaging.phantom import SPEC


def test_the_isocentre_is_in_the_middle_at_sdd_over_sad():
    g = geometry(SPEC, Pose(33.0, -12.0, (5.0, 6.0, 7.0)), 256)
    col, row, m = project(g, (5.0, 6.0, 7.0))
    assert (col, row) == (pytest.approx(127.5), pytest.approx(127.5))
    assert m == pytest.approx(SPEC.sdd_mm / SPEC.sad_mm)


def test_magnification_grows_towards_the_source():
    g = geometry(SPEC, Pose(), 256)
    near = along((0.0, 0.0, 0.0), beam_of(Pose()), -100.0)
    assert project(g, near)[2] == pytest.approx(SPEC.sdd_mm / (SPEC.sad_mm - 100.0))


@pytest.mark.parametrize(
    ("pose", "point", "left", "up"),
    [
        (Pose(0.0, 0.0), (20.0, 0.0, 0.0), True, None),  # AP: the patient's left on the left
        (Pose(0.0, 0.0), (0.0, 0.0, 20.0), None, True),  # superior is up
        (Pose(90.0, 0.0), (0.0, -20.0, 0.0), True, None),  # lateral: anterior on the left
        (Pose(90.0, 0.0), (0.0, 0.0, 20.0), None, True),
        (Pose(0.0, 20.0), (0.0, 20.0, 0.0), None, False),  # detector cranial: posterior goes down
    ],
)
def test_what_lies_where_on_the_picture(pose, point, left, up):
    col, row, _ = project(geometry(SPEC, pose, 256), point)
    if left is None:
        assert col == pytest.approx(127.5)
    else:
        assert (col < 127.5) is left
    if up is None:
        assert row == pytest.approx(127.5)
    else:
        assert (row < 127.5) is up


def test_the_field_ends_where_the_detector_ends():
    pose = Pose(field_mm=150.0)
    g = geometry(SPEC, pose, 64)
    half = 75.0 * SPEC.sad_mm / SPEC.sdd_mm
    assert in_field(g, (half - 0.1, 0.0, 0.0))
    assert not in_field(g, (half + 0.1, 0.0, 0.0))
    assert not in_field(g, (0.0, -SPEC.sad_mm - 10.0, 0.0))


def test_motion_keeps_to_speed_and_range():
    moved = move(SPEC, Pose(), (1000.0, -1000.0, 1000.0), (1000.0, 0.0, -1.0), 0.5)
    assert moved.orbit_deg == pytest.approx(0.5 * SPEC.orbit_deg_s)
    assert moved.tilt_deg == pytest.approx(-0.5 * SPEC.tilt_deg_s)
    assert moved.swivel_deg == pytest.approx(0.5 * SPEC.swivel_deg_s)
    assert moved.isocentre_mm == pytest.approx((0.5 * SPEC.travel_mm_s, 0.0, -0.5))
    far = (1000.0, 1000.0, -1000.0)
    end = move(SPEC, moved, far, far, 100.0)
    assert (end.orbit_deg, end.tilt_deg, end.swivel_deg) == (95.0, 40.0, -12.0)
    x, y, z = SPEC.travel_range_mm
    assert end.isocentre_mm == (x, y, -z)
    lateral = move(machine().biplane, Pose(90.0), (-1000.0, 0.0, 0.0), (0.0,) * 3, 100.0, plane=1)
    assert lateral.orbit_deg == machine().biplane.orbits_deg(1)[0]


def test_views():
    assert view_of(Pose(-19.0)) is View.AP
    assert view_of(Pose(71.0)) is View.LATERAL
    assert view_of(Pose(45.0)) is View.OBLIQUE
    assert view_of(preset(Pose(), "lateral")) is View.LATERAL


def test_how_far_a_beam_is_off_a_true_view():
    ap = (0.0, 1.0, 0.0)
    assert off_deg(Pose(0.0, 7.0), ap) == pytest.approx(7.0)
    assert off_deg(Pose(90.0, 0.0), ap) == pytest.approx(90.0)
    assert off_deg(Pose(30.0, 40.0), ap) == pytest.approx(
        math.degrees(math.acos(math.cos(math.radians(30)) * math.cos(math.radians(40))))
    )
    turned = (math.sin(math.radians(8.0)), math.cos(math.radians(8.0)), 0.0)
    assert off_deg(Pose(8.0), turned) == pytest.approx(0.0, abs=1e-5)
    assert arm_angles(turned) == pytest.approx((8.0, 0.0))


@pytest.mark.parametrize(("orbit", "primary"), [(0, 180), (90, 90), (-40, -140), (30, 150)])
def test_dicom_angles_of_a_prone_patient(orbit, primary):
    assert dicom_angles(Pose(orbit, 12.0)) == pytest.approx((primary, 12.0))


def test_swivel_takes_the_detector_of_a_lateral_to_the_head():
    lateral = Pose(90.0, swivel_deg=10.0)
    assert arm_angles(beam_of(lateral)) == pytest.approx((90.0, 10.0))
    assert dicom_angles(lateral) == pytest.approx((90.0, 10.0))
    assert view_of(lateral) is View.LATERAL
    assert off_deg(lateral, (1.0, 0.0, 0.0)) == pytest.approx(10.0)


def test_swivel_of_an_ap_turns_the_picture_and_nothing_else():
    """The vertical is the beam: every point keeps its distance from the middle and turns by it."""
    plain, turned = (geometry(SPEC, Pose(swivel_deg=s), 256) for s in (0.0, 12.0))
    assert beam_of(Pose(swivel_deg=12.0)) == pytest.approx((0.0, 1.0, 0.0))
    for point in ((30.0, 20.0, 0.0), (-10.0, -40.0, 25.0), (0.0, 0.0, -60.0)):
        (c0, r0, m0), (c1, r1, m1) = (project(g, point) for g in (plain, turned))
        x, y = c0 - 127.5, 127.5 - r0
        a = math.radians(12.0)
        # Up goes to the patient's right, so the picture turns counterclockwise on the screen.
        wanted = (x * math.cos(a) - y * math.sin(a), x * math.sin(a) + y * math.cos(a), m0)
        assert (c1 - 127.5, 127.5 - r1, m1) == pytest.approx(wanted)


@pytest.mark.parametrize(
    "pose", [Pose(37.0, -21.0, swivel_deg=9.0), Pose(88.0, 5.0, swivel_deg=-4.0)]
)
def test_the_axes_of_a_swivelled_picture_stay_square(pose):
    g = geometry(SPEC, pose, 64)
    assert dot(g.right, g.up) == pytest.approx(0.0, abs=1e-12)
    assert dot(g.up, g.up) == pytest.approx(1.0)
    assert cross(g.right, g.up) == pytest.approx(beam_of(pose))
    assert g.direction == pytest.approx(beam_of(pose))


def test_a_swivelled_arm_is_mirrored_by_the_opposite_angles():
    here = geometry(SPEC, Pose(31.0, 12.0, (4.0, 5.0, 6.0), swivel_deg=7.0), 256)
    there = geometry(SPEC, Pose(-31.0, 12.0, (-4.0, 5.0, 6.0), swivel_deg=-7.0), 256)
    for x, y, z in ((10.0, -20.0, 30.0), (-40.0, 15.0, -5.0)):
        col, row, m = project(here, (x, y, z))
        assert project(there, (-x, y, z)) == pytest.approx((255.0 - col, row, m))


def test_blades_end_the_field():
    g = geometry(SPEC, Pose(), 64)
    blades = Collimator(width_mm=100.0, height_mm=60.0)
    scale = SPEC.sad_mm / SPEC.sdd_mm
    assert in_field(g, (49.0 * scale, 0.0, 29.0 * scale), blades)
    assert not in_field(g, (51.0 * scale, 0.0, 0.0), blades)
    assert not in_field(g, (0.0, 0.0, -31.0 * scale), blades)
    turned = Collimator(width_mm=100.0, height_mm=60.0, turn_deg=90.0)
    assert not in_field(g, (49.0 * scale, 0.0, 0.0), turned)
    assert in_field(g, (0.0, 0.0, -31.0 * scale), turned)
    # A small turn counterclockwise lifts the right end: on the right lies the patient's right.
    tilted = Collimator(height_mm=20.0, turn_deg=20.0)
    assert in_field(g, (-80.0 * scale, 0.0, 30.0 * scale), tilted)
    assert not in_field(g, (80.0 * scale, 0.0, 30.0 * scale), tilted)
