"""What the coach reads on a picture, and the way it tells to turn."""

from __future__ import annotations

from dataclasses import replace

import pytest

from simulator.engine.start import first_state
from simulator.imaging.positioner import move
from simulator.imaging.viewing import Advice, Axis, Fault, ViewKind, lifted, quality
from simulator.ui.chain import Film
from simulator.ui.view_words import sentence, words
from simulator.world.arm import Pose, Shot, View
from simulator.world.bearings import beam_of
from simulator.world.case import Case
from simulator.world.state import State


@pytest.fixture
def state(case: Case) -> State:
    return first_state(case)


def film(pose: Pose) -> Film:
    return Film(None, None, Shot(0, View.AP, pose, 0.0, (False, False)), 75.0, 1.0, 7.5)


def true_pose(case: Case, state: State, kind: ViewKind) -> Pose:
    """Follow the advised turns from the machine's own angle until there are none."""
    marks = lifted(case.patient, state.body.lift)
    pose = Pose(90.0 if kind is ViewKind.LATERAL else 0.0, isocentre_mm=marks.centre_mm)
    for _ in range(5):
        q = quality(case.c_arm, pose, marks, kind)
        pose = replace(
            pose,
            orbit_deg=pose.orbit_deg + q.turn_orbit_deg,
            tilt_deg=pose.tilt_deg + q.turn_tilt_deg,
        )
    return pose


def test_what_is_read_and_what_to_do() -> None:
    spinous = Advice(Fault.SPINOUS_OFF_MIDLINE, 2.2, Axis.ORBIT, degrees=3.3)
    assert sentence(spinous) == ("Spinous process 2 mm left of the midline. Turn 3° to the left.")
    plate = Advice(Fault.ENDPLATE_DOUBLE, -2.6, Axis.TILT, degrees=-5.0)
    assert sentence(plate) == "Endplate double by 3 mm. Turn 5° to the feet."
    off = Advice(Fault.OFF_CENTRE, 32.0, Axis.TABLE, move_mm=(-10.0, 0.2, 30.0))
    assert sentence(off) == (
        "Vertebra 32 mm off the middle. Move the field 10 mm to the right and 30 mm to the head."
    )


@pytest.mark.parametrize("kind", [ViewKind.AP, ViewKind.LATERAL])
@pytest.mark.parametrize(("orbit", "tilt"), [(8.0, 0.0), (-8.0, 0.0), (0.0, 9.0), (0.0, -9.0)])
def test_the_told_turn_goes_back_to_the_true_view(
    case: Case, state: State, kind: ViewKind, orbit: float, tilt: float
) -> None:
    pose = true_pose(case, state, kind)
    off = replace(pose, orbit_deg=pose.orbit_deg + orbit, tilt_deg=pose.tilt_deg + tilt)
    said, true = words(case, state, film(off), kind)
    assert not true
    down = kind is ViewKind.LATERAL  # beside the patient the detector goes up and down
    back = {
        (True, True): "to the back" if down else "to the right",
        (True, False): "to the belly" if down else "to the left",
        (False, True): "to the feet", (False, False): "to the head",
    }[(bool(orbit), orbit + tilt > 0.0)]  # fmt: skip
    assert said.endswith(f"{back}.")


def test_the_told_way_is_the_way_the_machine_moves(case: Case) -> None:
    """The detector goes where the words say, wherever it stands."""
    ends = {"left": (0, 1.0), "right": (0, -1.0), "back": (1, 1.0), "belly": (1, -1.0)}
    for orbit in (-35.0, 0.0, 30.0, 88.0):
        for degrees in (4.0, -4.0):
            told = sentence(Advice(Fault.WALL_DOUBLE, 3.0, Axis.ORBIT, degrees=degrees), orbit)
            axis, sign = ends[told.removesuffix(".").rsplit(" ", 1)[1]]
            before = Pose(orbit)
            after = move(case.c_arm, before, (degrees, 0.0, 0.0), (0.0, 0.0, 0.0), 1.0)
            way = beam_of(after)[axis] - beam_of(before)[axis]
            assert way * sign > 0.04  # most of sin 4 degrees


def test_a_way_of_a_few_millimetres_beside_a_long_one_is_not_told() -> None:
    off = Advice(Fault.OFF_CENTRE, 48.6, Axis.TABLE, move_mm=(-41.0, -1.4, -26.0))
    told = "Move the field 41 mm to the right and 26 mm to the feet."
    assert sentence(off).endswith(told)


def test_the_view_that_was_asked_for_is_the_one_that_is_judged(case: Case, state: State) -> None:
    """Eight degrees off an AP the picture looks down this pedicle; it is no true AP for that."""
    pose = true_pose(case, state, ViewKind.AP)
    off = film(replace(pose, orbit_deg=pose.orbit_deg + 8.0))
    assert not words(case, state, off, ViewKind.AP)[1]
    assert words(case, state, off, ViewKind.EN_FACE_LEFT) == ("Down the left pedicle.", True)
    lateral = film(true_pose(case, state, ViewKind.LATERAL))
    assert words(case, state, lateral, ViewKind.AP) == ("True lateral.", True)


def test_an_oblique_is_not_judged(case: Case, state: State) -> None:
    marks = lifted(case.patient, 0.0)
    assert words(case, state, film(Pose(55.0, isocentre_mm=marks.centre_mm)), ViewKind.AP) == (
        "",
        False,
    )
