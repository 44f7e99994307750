"""How true a view is: outlines against trigonometry, the mirror law, turned vertebrae."""

import math
from dataclasses import fields, replace

import numpy as np
import pytest

from simulator.anatomy.hinge import NO_LIFT, Lift
from simulator.anatomy.landmarks import Landmarks, Pedicle
from simulator.imaging.viewing import (
    Advice,
    Axis,
    Fault,
    Plate,
    ViewKind,
    advice,
    lifted,
    quality,
    true_views,
)
from simulator.world.arm import Pose
from simulator.world.bearings import arm_angles
from simulator.world.shown import Contours
from tests.imaging.phantom import SPEC

FAR = replace(SPEC, sad_mm=1e8, sdd_mm=1e8)
"""Rays as good as parallel: what is left is plain trigonometry."""
MEDIAL = math.radians(20.0)


def turned(points, turn):
    return tuple(tuple((turn @ np.array(p)).tolist()) for p in points)


def vertebra(turn=None, wedge_mm=0.0, spinous_x=0.0):
    """A regular vertebra with round figures, its superior front lowered by a wedge."""
    turn = np.eye(3) if turn is None else turn

    def out(*point):
        return turned([point], turn)[0]

    def pedicle(s):
        return Pedicle(
            centre_mm=out(s * 15.0, 20.0, 3.0),
            axis=out(-s * math.sin(MEDIAL), -math.cos(MEDIAL), 0.0),
            width_mm=8.0, height_mm=15.0,
            medial_border_x_mm=s * 11.0, lateral_border_x_mm=s * 19.0,
            entry_mm=out(s * (15.0 + 10.0 * math.tan(MEDIAL)), 30.0, 3.0),
        )  # fmt: skip

    slope = np.array([0.0, -wedge_mm / 26.0, 1.0])
    return Landmarks(
        level="L1", centre_mm=(0.0, 0.0, 0.0), pedicles=(pedicle(1), pedicle(-1)),
        posterior_wall_y_mm=16.0, anterior_wall_y_mm=-16.0, half_width_mm=20.0,
        intact_height_mm=(24.0, 24.0, 24.0), spinous_tip_mm=out(spinous_x, 65.0, -15.0),
        canal_centre_mm=out(0.0, 25.0, 0.0), canal_half_width_mm=11.0, canal_half_depth_mm=8.0,
        skin_y_mm=90.0, axes=turned(np.eye(3), turn),
        superior_mm=turned([(0, -13, 12 - wedge_mm), (0, 0, 10), (0, 13, 12)], turn),
        inferior_mm=turned([(0, -13, -12), (0, 0, -10), (0, 13, -12)], turn),
        superior_normal=out(*(slope / np.linalg.norm(slope))), inferior_normal=out(0, 0, -1),
        posterior_wall_mm=out(0.0, 16.0, 0.0),
    )  # fmt: skip


def about_z(deg):
    """The turn that takes the AP to the orbit of so many degrees."""
    a = math.radians(deg)
    return np.array([[math.cos(a), math.sin(a), 0], [-math.sin(a), math.cos(a), 0], [0, 0, 1]])


def test_a_regular_vertebra_seen_straight_has_single_lines() -> None:
    ap = quality(FAR, Pose(), vertebra())
    assert ap.true
    assert (ap.spinous_offset_mm, ap.pedicle_asymmetry_mm) == pytest.approx((0.0, 0.0), abs=1e-5)
    assert (ap.superior_double_mm, ap.inferior_double_mm) == pytest.approx((0.0, 0.0), abs=1e-5)
    assert ap.pedicle_height == pytest.approx((0.65, 0.65))  # 13 of 20 mm
    lateral = quality(FAR, Pose(90.0), vertebra())
    assert lateral.true
    assert (lateral.wall_double_mm, lateral.pedicle_apart_mm) == pytest.approx((0, 0), abs=1e-5)
    assert advice(ap) == advice(lateral) == ()


@pytest.mark.parametrize("deg", [-9.0, -2.0, 3.0, 8.0])
def test_orbit_off_the_ap_moves_spinous_process_and_pedicles(deg: float) -> None:
    """The deeper of two points on one line of sight moves by depth times the sine."""
    found = quality(FAR, Pose(deg), vertebra(), ViewKind.AP)
    sine = math.sin(math.radians(deg))
    # A detector gone to the patient's left sees what lies behind shifted to the right.
    assert found.spinous_offset_mm == pytest.approx(-(65.0 - 20.0) * sine, abs=1e-4)
    assert found.pedicle_asymmetry_mm == pytest.approx(2.0 * 20.0 * sine, abs=1e-4)
    assert (found.turn_orbit_deg, found.turn_tilt_deg) == pytest.approx((-deg, 0.0), abs=1e-5)
    assert found.angle_deg == pytest.approx(abs(deg), abs=1e-5)


@pytest.mark.parametrize("deg", [-7.0, 4.0, 12.0])
def test_tilt_doubles_the_endplates(deg: float) -> None:
    sine = math.sin(math.radians(deg))
    ap = quality(FAR, Pose(0.0, deg), vertebra())
    # The detector went to the head and looks down on the plates: their back edge falls lower.
    assert ap.superior_double_mm == pytest.approx(-26.0 * sine, abs=1e-4)
    assert ap.inferior_double_mm == pytest.approx(-26.0 * sine, abs=1e-4)
    lateral = quality(FAR, Pose(90.0, deg), vertebra())
    assert lateral.inferior_double_mm == pytest.approx(-2.0 * 0.8 * 20.0 * sine, abs=1e-4)
    assert lateral.pedicle_apart_mm == pytest.approx(30.0 * abs(sine), abs=1e-4)
    assert lateral.wall_double_mm == pytest.approx(0.0, abs=1e-4)


@pytest.mark.parametrize("deg", [-6.0, 2.0, 5.0])
def test_orbit_off_the_lateral_doubles_the_wall(deg: float) -> None:
    found = quality(FAR, Pose(90.0 + deg), vertebra())
    sine = math.sin(math.radians(deg))
    # Beyond 90 degrees the detector is in front of the left side, whose edge falls further back.
    assert found.wall_double_mm == pytest.approx(2.0 * 0.8 * 20.0 * sine, abs=1e-4)
    assert found.pedicle_apart_mm == pytest.approx(30.0 * abs(sine), abs=1e-4)
    # From the other side of the patient it is the same angle.
    other = quality(FAR, Pose(-90.0 + deg), vertebra())
    assert other.turn_orbit_deg == pytest.approx(-deg, abs=1e-5)
    assert other.wall_double_mm == pytest.approx(-found.wall_double_mm, abs=1e-4)


def test_perspective_leaves_a_true_view_its_double_contours() -> None:
    """The rim nearer to the source is drawn larger: h (SAD / near - SAD / far)."""
    sad, found = SPEC.sad_mm, quality(SPEC, Pose(), vertebra())
    gap = 12.0 * (sad / (sad + 13.0) - sad / (sad - 13.0))
    assert found.superior_double_mm == pytest.approx(gap)
    assert found.inferior_double_mm == pytest.approx(-gap)
    lateral = quality(SPEC, Pose(90.0), vertebra())
    near, far = sad / (sad - 15.0), sad / (sad + 15.0)
    assert lateral.pedicle_apart_mm == pytest.approx(math.hypot(20.0, 3.0) * (near - far))
    assert lateral.wall_double_mm == pytest.approx(16.0 * (sad / (sad + 16) - sad / (sad - 16)))


def test_off_the_middle_of_the_picture_a_vertebra_looks_turned() -> None:
    pose = Pose(isocentre_mm=(30.0, 0.0, -20.0))
    found = quality(SPEC, pose, vertebra())
    assert found.angle_deg == pytest.approx(0.0, abs=1e-5)
    ray = math.degrees(math.atan(math.hypot(30.0, 20.0) / SPEC.sad_mm))
    assert found.ray_deg == pytest.approx(ray)
    # The pedicles are magnified as SAD / 640, the spinous tip as SAD / 685; both lie 30 mm right.
    sad = SPEC.sad_mm
    assert found.spinous_offset_mm == pytest.approx(-30.0 * (sad / (sad + 65) - sad / (sad + 20)))
    assert found.off_centre_mm == pytest.approx((-30.0, 0.0, 20.0))
    # Turning the arm there instead of moving the table makes the ray true.
    mended = replace(pose, orbit_deg=found.turn_orbit_deg, tilt_deg=found.turn_tilt_deg)
    assert quality(SPEC, mended, vertebra()).ray_deg == pytest.approx(0.0, abs=1e-4)
    (told,) = advice(found)
    assert (told.fault, told.axis) == (Fault.OFF_CENTRE, Axis.TABLE)
    moved = replace(pose, isocentre_mm=tuple(np.add(pose.isocentre_mm, told.move_mm)))
    assert quality(SPEC, moved, vertebra()).true


TURNS = [about_z(11.0), about_z(-7.0) @ np.array(
    [[1, 0, 0], [0, math.cos(0.15), math.sin(0.15)], [0, -math.sin(0.15), math.cos(0.15)]]
)]  # fmt: skip


@pytest.mark.parametrize("turn", TURNS)
@pytest.mark.parametrize("kind", [k for k in ViewKind if k is not ViewKind.OBLIQUE])
def test_the_advised_turn_makes_a_view_of_a_crooked_vertebra_true(turn, kind) -> None:
    marks = vertebra(turn)
    orbit, tilt = arm_angles(true_views(marks)[kind])
    start = Pose(orbit + 8.0, tilt - 6.0, (8.0, -5.0, 10.0))
    found = quality(SPEC, start, marks, kind)
    assert not found.true
    assert advice(found)
    mended = replace(
        start,
        orbit_deg=start.orbit_deg + found.turn_orbit_deg,
        tilt_deg=start.tilt_deg + found.turn_tilt_deg,
    )
    again = quality(SPEC, mended, marks, kind)
    assert again.ray_deg == pytest.approx(0.0, abs=1e-4)
    assert again.true
    assert advice(again) == ()


def test_a_vertebra_and_an_arm_turned_alike_make_the_same_picture() -> None:
    plain, together = quality(SPEC, Pose(3.0), vertebra()), quality(
        SPEC, Pose(14.0), vertebra(about_z(11.0))
    )  # fmt: skip
    assert together.spinous_offset_mm == pytest.approx(plain.spinous_offset_mm)
    assert together.pedicle_asymmetry_mm == pytest.approx(plain.pedicle_asymmetry_mm)
    assert together.superior_double_mm == pytest.approx(plain.superior_double_mm)
    # In the arm's own angles a turned vertebra is not true at 0.
    assert quality(SPEC, Pose(), vertebra(about_z(11.0)), ViewKind.AP).turn_orbit_deg == (
        pytest.approx(11.0)
    )


def mirrored(marks: Landmarks) -> Landmarks:
    def flip(value):
        if isinstance(value, Pedicle):
            return replace(value, **{f.name: flip(getattr(value, f.name)) for f in fields(value)
                                     if f.name.endswith("_mm") or f.name == "axis"})  # fmt: skip
        if isinstance(value, tuple) and value and isinstance(value[0], float):
            return (-value[0], *value[1:])
        if isinstance(value, tuple):
            return tuple(flip(v) for v in value)
        return value

    changed = {f.name: flip(getattr(marks, f.name)) for f in fields(marks)
               if f.name not in ("level", "intact_height_mm")}  # fmt: skip
    (x, y, z), *others = changed["axes"]
    changed |= {"axes": ((-x, -y, -z), *others), "pedicles": changed["pedicles"][::-1]}
    return replace(marks, **changed)


def test_mirrored_patient_and_arm_read_the_mirrored_same() -> None:
    marks = vertebra(TURNS[1], wedge_mm=5.0, spinous_x=1.5)
    for orbit in (4.0, 87.0, 22.0):
        here = quality(SPEC, Pose(orbit, 5.0, (6.0, 2.0, 1.0)), marks)
        there = quality(SPEC, Pose(-orbit, 5.0, (-6.0, 2.0, 1.0)), mirrored(marks))
        for name in ("superior_double_mm", "inferior_double_mm", "wall_double_mm",
                     "pedicle_apart_mm", "barrel_mm", "ray_deg", "turn_tilt_deg"):  # fmt: skip
            assert getattr(there, name) == pytest.approx(getattr(here, name), abs=1e-9), name
        for name in ("spinous_offset_mm", "pedicle_asymmetry_mm", "turn_orbit_deg"):
            mine = getattr(here, name)
            assert getattr(there, name) == (None if mine is None else pytest.approx(-mine)), name


def test_a_wedge_is_judged_by_its_sound_endplate() -> None:
    found = quality(FAR, Pose(), vertebra(wedge_mm=8.0))
    assert found.plate is Plate.INFERIOR
    assert found.superior_double_mm == pytest.approx(8.0, abs=1e-4)
    assert found.endplate_double_mm == pytest.approx(0.0, abs=1e-4)
    assert found.true


@pytest.mark.parametrize(("mm", "true"), [(1.9, True), (2.1, False)])
def test_two_millimetres_are_the_end_of_true(mm: float, true: bool) -> None:
    """The tolerance is that of assets/viewing.toml; 45 mm behind the pedicles, 40 for evenness."""
    deg = math.degrees(math.asin(mm / 45.0))
    assert quality(FAR, Pose(deg), vertebra()).true is true
    deg = math.degrees(math.asin(mm / 26.0))
    assert quality(FAR, Pose(0.0, deg), vertebra()).true is true


def test_down_the_barrel() -> None:
    marks = vertebra()
    deg = math.degrees(MEDIAL)
    straight = quality(FAR, Pose(deg), marks)
    assert straight.kind is ViewKind.EN_FACE_LEFT
    assert straight.barrel_mm == pytest.approx(0.0, abs=1e-4)
    length = 14.0 / math.cos(MEDIAL)  # from the entry at 30 to the wall at 16 mm
    askew = quality(FAR, Pose(-deg - 8.0), marks)
    assert askew.kind is ViewKind.EN_FACE_RIGHT
    assert askew.barrel_mm == pytest.approx(length * math.sin(math.radians(8.0)), abs=1e-4)
    assert askew.turn_orbit_deg == pytest.approx(8.0, abs=1e-4)
    assert askew.contours == Contours()


def test_advice_names_fault_axis_and_turn() -> None:
    found = quality(FAR, Pose(4.0, 6.0), vertebra())
    assert [(a.fault, a.axis) for a in advice(found)] == [
        (Fault.SPINOUS_OFF_MIDLINE, Axis.ORBIT),
        (Fault.PEDICLES_UNEVEN, Axis.ORBIT),
        (Fault.ENDPLATE_DOUBLE, Axis.TILT),
    ]
    turns = {a.axis: a.degrees for a in advice(found)}
    assert turns == pytest.approx({Axis.ORBIT: -4.0, Axis.TILT: -6.0}, abs=1e-4)
    # Apart because of the tilt: the tilt mends it, not the orbit.
    tilted = quality(FAR, Pose(90.0, 6.0), vertebra())
    assert {a.axis for a in advice(tilted)} == {Axis.TILT}
    # Nobody can turn a crooked spinous process straight.
    assert not quality(FAR, Pose(), vertebra(spinous_x=4.0)).true
    assert advice(quality(FAR, Pose(), vertebra(spinous_x=4.0))) == ()


def test_far_from_every_true_view_is_an_oblique() -> None:
    found = quality(SPEC, Pose(55.0), vertebra())
    assert found.kind is ViewKind.OBLIQUE
    assert not found.true
    assert found.contours == Contours()
    assert advice(found) == ()
    meant = quality(SPEC, Pose(55.0), vertebra(), ViewKind.LATERAL)
    assert meant.turn_orbit_deg == pytest.approx(35.0)
    assert isinstance(advice(meant)[0], Advice)


def test_a_lifted_endplate_is_read_lifted(case) -> None:
    """A lift about a hinge raises the front by angle times its way to the hinge."""
    patient, marks = case.patient, case.patient.target.landmarks
    plate = patient.hinge.superior
    rad = 0.5 * plate.max_rad
    lift = Lift(rad)
    before, after = (quality(FAR, Pose(), lifted(patient, a)) for a in (NO_LIFT, lift))
    risen = [rad * max(plate.hinge_y_mm - p[1], 0.0) for p in marks.superior_mm]
    assert before.superior_double_mm - after.superior_double_mm == pytest.approx(
        risen[0] - risen[2], rel=1e-4
    )
    assert after.inferior_double_mm == pytest.approx(before.inferior_double_mm, abs=1e-9)
    # Its plane turned by the angle of the hinge.
    slopes = [m.superior_normal[1] / m.superior_normal[2] for m in (lifted(patient, lift), marks)]
    assert slopes[0] - slopes[1] == pytest.approx(rad)


def test_the_patients_true_views_are_true(case) -> None:
    marks = case.patient.target.landmarks
    for kind, true in true_views(marks).items():
        found = quality(case.c_arm, Pose(*arm_angles(true), marks.centre_mm), marks, kind)
        assert found.true, (kind, found)
