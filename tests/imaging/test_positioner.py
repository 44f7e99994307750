import math

import pytest

from simulator.frames import along
from simulator.imaging.positioner import (
    beam_direction,
    dicom_angles,
    geometry,
    in_field,
    move,
    preset,
    project,
    view_of,
)
from simulator.world.arm import Pose, View
from simulator.world.bearings import arm_angles, off_deg
from tests.imaging.phantom import SPEC


def test_the_isocentre_is_in_the_middle_at_sdd_over_sad():
    g = geometry(SPEC, Pose(33.0, -12.0, (5.0, 6.0, 7.0)), 256)
    col, row, m = project(g, (5.0, 6.0, 7.0))
    assert (col, row) == (pytest.approx(127.5), pytest.approx(127.5))
    assert m == pytest.approx(SPEC.sdd_mm / SPEC.sad_mm)


def test_magnification_grows_towards_the_source():
    g = geometry(SPEC, Pose(), 256)
    near = along((0.0, 0.0, 0.0), beam_direction(0.0, 0.0), -100.0)
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
    moved = move(SPEC, Pose(), 1000.0, -1000.0, (1000.0, 0.0, -1.0), 0.5)
    assert moved.orbit_deg == pytest.approx(0.5 * SPEC.orbit_deg_s)
    assert moved.tilt_deg == pytest.approx(-0.5 * SPEC.tilt_deg_s)
    assert moved.isocentre_mm == pytest.approx((0.5 * SPEC.travel_mm_s, 0.0, -0.5))
    assert move(SPEC, Pose(94.9), 15.0, 0.0, (0.0, 0.0, 0.0), 1.0).orbit_deg == 95.0


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
    assert dicom_angles(Pose(orbit, 12.0)) == (primary, 12.0)
