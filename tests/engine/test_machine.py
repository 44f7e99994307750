"""The C-arm in the room: planes, blades, grid, curve, the operator's place, the pictures."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from simulator.engine import digest, recording, runner
from simulator.engine.session import Session
from simulator.engine.start import first_state
from simulator.engine.step import step
from simulator.imaging.projector import PatientProjector
from simulator.imaging.render import render
from simulator.records.frames import Writer
from simulator.scenario.load import load_case
from simulator.units import TICKS_PER_S
from simulator.world.action import Action, Do
from simulator.world.arm import Curve, Stand, View
from simulator.world.case import Case
from simulator.world.collimator import OPEN
from simulator.world.events import Exposed
from simulator.world.state import State


@pytest.fixture(scope="module")
def biplane() -> Case:
    return load_case("l1-wedge", 1, patch={"c_arm.machine": "biplane"})


def played(case: Case, state: State, action: Action, ticks: int) -> tuple[State, list[Exposed]]:
    shots: list[Exposed] = []
    for _ in range(ticks):
        state, events = step(case, state, action)
        shots += [e for e in events if isinstance(e, Exposed)]
    return state, shots


def test_a_biplane_unit_begins_with_both_planes_run_in(biplane: Case) -> None:
    arm = first_state(biplane).c_arm
    assert arm.second is not None
    assert (arm.pose.orbit_deg, arm.second.pose.orbit_deg) == (0.0, 90.0)
    # The lateral is the thicker way.
    assert arm.second.kvp > arm.kvp


def test_both_planes_fire_in_turn_and_everything_is_counted(biplane: Case) -> None:
    start = first_state(biplane)
    second = TICKS_PER_S
    both, shots = played(biplane, start, Action(beam=True, beam_second=True), second)
    first, ap = played(biplane, start, Action(beam=True), second)
    lateral_only, lateral = played(biplane, start, Action(beam_second=True), second)
    ticks = [(s.shot.tick, s.shot.plane) for s in shots]
    assert ticks == [(t, int(t % 8 == 4)) for t in range(4, second + 1, 4)]
    assert [s.shot.view for s in shots] == [
        View.LATERAL if plane else View.AP for _, plane in ticks
    ]
    arm = both.c_arm
    assert arm.fluoro_ticks == 2 * second
    assert arm.exposures == len(ap) + len(lateral) == len(shots)
    for name in ("air_kerma_mgy", "kap_gycm2", "operator_dose_usv"):
        apart = getattr(first.c_arm, name) + getattr(lateral_only.c_arm, name)
        assert getattr(arm, name) == pytest.approx(apart), name
    assert arm.skin_mgy == pytest.approx(first.c_arm.skin_mgy + lateral_only.c_arm.skin_mgy)
    assert arm.last_ap is not None
    assert arm.last_lateral is not None
    assert (arm.last_ap.plane, arm.last_lateral.plane) == (0, 1)
    assert not lateral_only.c_arm.beam
    assert lateral_only.c_arm.beam_on


def test_a_wish_moves_the_plane_that_it_is_meant_for(biplane: Case) -> None:
    start = first_state(biplane)
    wish = Action(plane=1, orbit_deg_s=15.0, height_mm_s=-60.0, field_mm=200.0)
    state, _ = played(biplane, start, wish, TICKS_PER_S)
    arm = state.c_arm
    assert arm.second is not None
    assert (arm.pose, arm.collimator, arm.moving) == (start.c_arm.pose, OPEN, False)
    assert arm.second.pose.orbit_deg == pytest.approx(105.0)
    assert arm.second.collimator.height_mm == pytest.approx(140.0)
    assert arm.second.moving
    still, _ = played(biplane, state, Action(), 1)
    assert still.c_arm.second is not None
    assert not still.c_arm.second.moving


def test_the_sight_follows_the_shots_of_either_plane(biplane: Case) -> None:
    session = Session(biplane, "test")
    for _ in range(20):
        session.advance(Action(beam=True, beam_second=True))
    seen = session.observe()
    assert seen.ap is not None
    assert seen.lateral is not None
    assert (seen.ap.view, seen.lateral.view) == (View.AP, View.LATERAL)


def test_looking_through_either_plane_changes_nothing(biplane: Case) -> None:
    state, _ = played(biplane, first_state(biplane), Action(beam=True, beam_second=True), 12)
    before = digest.state_hash(biplane, state)
    projector = PatientProjector(biplane.patient)
    pictures = [
        render(biplane, replace(state, c_arm=state.c_arm.through(plane)), 128, projector)
        for plane in (0, 1)
    ]
    assert [p.pose.orbit_deg for p in pictures] == [0.0, 90.0]
    assert digest.state_hash(biplane, state) == before


def test_every_pulse_of_both_planes_becomes_a_file(biplane: Case, tmp_path: Path) -> None:
    session, films = Session(biplane, "test"), Writer(biplane, tmp_path)
    shots = 0
    for _ in range(9):
        events = session.advance(Action(beam=True, beam_second=True))
        films.look(session, events)
        shots += sum(isinstance(e, Exposed) for e in events)
    pictures = [path.read_bytes() for path in sorted(tmp_path.glob("*.png"))]
    assert len(pictures) == shots == 2
    assert pictures[0] != pictures[1]


def test_a_mobile_arm_has_one_pedal_and_one_plane(case: Case) -> None:
    state, shots = played(case, first_state(case), Action(beam_second=True), 30)
    assert not shots
    assert state.c_arm.fluoro_ticks == 0
    turned, _ = played(case, state, Action(plane=1, orbit_deg_s=15.0), 60)
    assert turned.c_arm.pose.orbit_deg == pytest.approx(15.0)


def test_a_lateral_of_the_second_plane_watches_the_injection(
    case: Case, biplane: Case, expert_run: runner.Outcome
) -> None:
    flowing = next(s for s in expert_run.session.snapshots if s.cement.flow_ul_s > 5.0)
    arm = replace(first_state(biplane).c_arm, last_ap=None)
    start = replace(flowing, c_arm=arm)
    fresh = start.tally.values.get("watched_s", 0.0)
    press = Action(press_n=40.0, side=start.side)
    live, _ = played(biplane, start, replace(press, beam=True, beam_second=True), 60)
    frontal, _ = played(biplane, start, replace(press, beam=True), 60)
    assert live.tally.values["watched_s"] > fresh + 0.5
    assert frontal.tally.values.get("watched_s", 0.0) == fresh


def test_grid_and_curve_are_switched_and_brightness_follows(case: Case) -> None:
    start = first_state(case)
    hold = Action(beam=True)
    normal, _ = played(case, start, hold, 2 * TICKS_PER_S)
    out, _ = played(case, start, replace(hold, grid_in=False), 2 * TICKS_PER_S)
    low, _ = played(case, start, replace(hold, curve=Curve.LOW_DOSE), 2 * TICKS_PER_S)
    high, _ = played(case, start, replace(hold, curve=Curve.HIGH_CONTRAST), 2 * TICKS_PER_S)
    assert (out.c_arm.grid_in, low.c_arm.curve) == (False, Curve.LOW_DOSE)
    assert out.c_arm.kvp < normal.c_arm.kvp - 5.0
    kerma = [s.c_arm.air_kerma_mgy for s in (low, normal, high)]
    assert kerma == sorted(kerma)
    assert kerma[0] < 0.6 * kerma[1]
    kept, _ = played(case, low, Action(), 3)
    assert kept.c_arm.curve is Curve.LOW_DOSE


def test_a_case_says_how_the_machine_is_set() -> None:
    set_ = load_case("l1-wedge", 1, patch={"c_arm.curve": "high_contrast", "c_arm.grid": False})
    arm = first_state(set_).c_arm
    assert (arm.curve, arm.grid_in, arm.second) == (Curve.HIGH_CONTRAST, False, None)


def test_hands_on_a_tool_bring_the_operator_to_the_table(case: Case) -> None:
    state = first_state(case)
    state, _ = step(case, state, Action(do=Do.TIME_OUT))
    state, _ = step(case, state, Action(do=Do.LOCAL))
    state, _ = step(case, state, Action(do=Do.PLACE_NEEDLE, stand=Stand.RIGHT))
    state, _ = step(case, state, Action(stand=Stand.BACK))
    assert (state.c_arm.stand, state.c_arm.table_side) == (Stand.BACK, Stand.RIGHT)
    looking, _ = played(case, state, Action(beam=True), 30)
    assert looking.c_arm.stand is Stand.BACK
    working, _ = played(case, state, Action(beam=True, push_n=3.0), 30)
    assert working.c_arm.stand is Stand.RIGHT
    assert working.c_arm.operator_dose_usv == pytest.approx(9.0 * looking.c_arm.operator_dose_usv)


def test_a_hand_on_the_hub_pays_and_closed_blades_spare_it(case: Case) -> None:
    state = first_state(case)
    for act in (Do.TIME_OUT, Do.LOCAL, Do.PLACE_NEEDLE):
        state, _ = step(case, state, Action(do=act))
    work = Action(beam=True, push_n=3.0)
    bare, shots = played(case, state, work, 60)
    assert any(s.hand_in_beam for s in shots)
    assert bare.c_arm.hand_mgy > 0.0
    shut, _ = played(case, state, Action(width_mm_s=-80.0, height_mm_s=-80.0), 4 * TICKS_PER_S)
    assert shut.c_arm.collimator.width_mm == 20.0
    spared, _ = played(case, shut, work, 60)
    assert spared.c_arm.hand_mgy == 0.0
    assert spared.c_arm.hand_in_beam_ticks == 0
    assert spared.c_arm.kap_gycm2 < 0.05 * bare.c_arm.kap_gycm2


def test_a_run_with_every_switch_replays(biplane: Case, tmp_path: Path) -> None:
    session = Session(biplane, "test", tmp_path / "m.simrec")
    for action in (
        Action(beam=True, beam_second=True, curve=Curve.LOW_DOSE, grid_in=False),
        Action(plane=1, swivel_deg_s=4.0, iris_mm_s=-70.0, blades_deg_s=20.0),
        Action(beam_second=True, width_mm_s=-50.0, stand=Stand.BACK, grid_in=True),
    ):
        for _ in range(40):
            session.advance(action)
    session.close()
    end = runner.replay(biplane, recording.read(tmp_path / "m.simrec"), verify=True)
    assert end.state_hash == session.state_hash()
    arm = end.state.c_arm
    assert (arm.curve, arm.stand, arm.grid_in) == (Curve.LOW_DOSE, Stand.BACK, True)


@pytest.mark.parametrize(
    ("asked", "word"),
    [({"curve": "bright"}, "bright"), ({"stand": "front"}, "front"), ({"plane": 2}, "plane 2")],
)
def test_a_word_that_is_none_is_named(asked: dict[str, object], word: str) -> None:
    with pytest.raises(ValueError, match=word):
        recording.action_from_json(asked)


SCRIPT = """\
[[step]]
do = "carm.set"
field_mm = 200
width_mm = 120
height_mm = 100
iris_mm = 180
turn_deg = 30
pulses_per_s = 15
grid = false
curve = "high_contrast"
stand = "back"
plane = "second"
[[step]]
do = "carm.view"
orbit_deg = 100
tilt_deg = 5
swivel_deg = -6
plane = "second"
[[step]]
do = "beam"
plane = "both"
seconds = 0.5
expect = ["exposures == 15", "fluoro_s == 1", "skin_dose_peak_mgy > 0"]
"""


def test_a_stage_script_works_every_switch(biplane: Case, tmp_path: Path) -> None:
    path = tmp_path / "way.toml"
    path.write_text(SCRIPT, encoding="utf-8")
    out = runner.run_case(biplane, path)
    arm = out.session.state.c_arm
    assert arm.second is not None
    blades = arm.second.collimator
    assert (blades.width_mm, blades.height_mm, blades.iris_mm) == pytest.approx((120, 100, 180))
    assert blades.turn_deg == pytest.approx(30.0)
    pose = arm.second.pose
    assert (pose.orbit_deg, pose.tilt_deg, pose.swivel_deg, pose.field_mm) == pytest.approx(
        (100.0, 5.0, -6.0, 200.0), abs=0.05
    )
    assert (arm.curve, arm.grid_in, arm.stand) == (Curve.HIGH_CONTRAST, False, Stand.BACK)
    assert arm.collimator == OPEN
    assert [str(m.expectation) for m in out.misses if m.expectation.name != "exposures"] == []
    assert arm.exposures == 15


def test_what_the_beam_meets_is_remembered_for_one_machine_alone(biplane: Case) -> None:
    """A nearer tube opens a wider fan: its rays cross the patient elsewhere."""
    start = first_state(biplane)
    far = played(biplane, start, Action(beam=True), TICKS_PER_S)[0]
    near = replace(biplane, c_arm=replace(biplane.c_arm, sad_mm=500.0))
    again = played(near, start, Action(beam=True), TICKS_PER_S)[0]
    assert again.c_arm.kvp != far.c_arm.kvp


def test_a_picture_tells_the_technique_of_its_own_pulse(biplane: Case) -> None:
    """The dose of a pulse and its event agree; the control's next step comes after."""
    start = first_state(biplane)
    # Off its rest, so that the control changes the technique with every pulse.
    start = replace(start, c_arm=replace(start.c_arm, kvp=65.0, mas_pulse=0.1))
    state, (pulse,) = played(biplane, start, Action(beam=True), 8)
    assert (pulse.kvp, pulse.mas) == (65.0, 0.1)
    assert state.c_arm.kvp != 65.0
    seen = pulse.arm(state.c_arm)
    assert (seen.kvp, seen.mas_pulse, seen.pose) == (65.0, 0.1, state.c_arm.pose)
