"""Several levels in one session: what goes on, what belongs to a level, and what is refused."""

from __future__ import annotations

import math
from dataclasses import replace
from types import SimpleNamespace

import numpy as np
import pytest

from simulator.anatomy.shape import Pose
from simulator.engine import digest, recording, runner
from simulator.engine.session import Session
from simulator.engine.start import first_state
from simulator.engine.step import step
from simulator.frames import Side
from simulator.imaging.cells import brought, cells, spots_of
from simulator.imaging.elsewhere import carried, elsewhere
from simulator.imaging.tools import STEEL
from simulator.physics import troubles
from simulator.physics.sides import with_cannula
from simulator.procedure import by_level, phases
from simulator.procedure.coach import next_hint
from simulator.procedure.score import score, share
from simulator.units import MM3_PER_ML, frozen
from simulator.world.action import Action, Do
from simulator.world.arm import Shot, View
from simulator.world.case import Case
from simulator.world.cement import ROUTES, Cloud, Filling, Route
from simulator.world.events import Done, LevelTaken, Refused
from simulator.world.level import Level
from simulator.world.placement import between
from simulator.world.seen import Looked
from simulator.world.tally import Finding
from simulator.world.tools import Inside
from tests.imaging import phantom

TURN = Action(do=Do.NEXT_LEVEL)


@pytest.fixture(scope="module")
def two(mild_case: Case) -> Case:
    """L1 and T12 of one patient, both told in the frame of L1: enough for whose account is whose.

    That two frames show one spine is asked of a built case, in tests/scenario.
    """
    here = mild_case.patient
    there = replace(here, index=here.index - 1)
    plans, sides, known = mild_case.plans, mild_case.sides, mild_case.clinical
    levels = (Level(here, plans, sides, known), Level(there, plans, sides, known))
    return replace(mild_case, levels=levels)


def at_work(case: Case):
    """The first level with a numb side, a needle, a bowl of cement and a phase to match."""
    state = replace(first_state(case), phase="set_up")
    for act in (Do.POSITION, Do.LOCAL, Do.PLACE_NEEDLE, Do.STYLET_OUT, Do.MIX):
        state, events = step(case, state, Action(do=act))
        assert not any(isinstance(e, Refused) for e in events), act
    return state


def refused(case: Case, state, act: Do) -> str | None:
    _, events = step(case, state, Action(do=act))
    return next((e.reason for e in events if isinstance(e, Refused)), None)


def test_room_and_patient_go_on_and_the_level_is_new(two: Case):
    before = at_work(two)
    shot = Shot(0, View.AP, before.c_arm.pose, 0.0, (False, False))
    before = replace(before, c_arm=replace(before.c_arm, last=shot, last_ap=shot))
    after, events = step(two, before, TURN)
    assert [e.level for e in events if isinstance(e, LevelTaken)] == ["T12"]
    assert (after.level, after.phase, after.cannulas) == (1, "set_up", (None, None))
    assert after.body.bone is two.levels[1].patient.target.bone
    assert after.vitals.local_ticks == (None, None)
    assert after.vitals.lidocaine_mg == before.vitals.lidocaine_mg > 0.0
    assert after.cement.mixed_tick == before.cement.mixed_tick is not None
    assert after.cement.batch_left_ml == before.cement.batch_left_ml > 0.0
    assert after.c_arm.last_ap is None
    assert "position" in after.tally.done
    assert "place_needle" not in after.tally.done


def test_a_level_is_found_again_as_it_was_left(two: Case):
    before = at_work(two)
    away, _ = step(two, before, TURN)
    back, _ = step(two, away, TURN)
    assert back.level == 0
    for name in ("body", "cannulas", "phase", "ways"):
        assert getattr(back, name) is getattr(before, name) or getattr(back, name) == getattr(
            before, name
        )
    assert back.vitals.local_ticks == before.vitals.local_ticks
    own = by_level.put_away(before).tally
    assert own.values.items() <= back.tally.values.items()
    assert before.tally.done <= back.tally.done


def test_one_batch_serves_both_levels(two: Case):
    state = at_work(two)
    state, _ = step(two, state, Action(wait_s=300.0))
    needle = replace(state.cannulas[0], inside=Inside.EMPTY)
    state = replace(with_cannula(state, needle, Side.LEFT), phase="mix")
    state, events = step(two, state, Action(do=Do.LOAD))
    assert any(isinstance(e, Done) for e in events)
    held_ml, left_ml = state.cement.fillings[0].ml, state.cement.batch_left_ml
    state, _ = step(two, state, TURN)
    state = replace(with_cannula(state, needle, Side.LEFT), phase="mix")
    assert state.cement.fillings[0].ml == 0.0  # the other one waits where it stands
    state, events = step(two, state, Action(do=Do.LOAD))
    assert any(isinstance(e, Done) for e in events)
    assert state.cement.fillings[0].ml == pytest.approx(held_ml)
    assert state.cement.batch_left_ml == pytest.approx(left_ml - held_ml)
    assert state.cement.batches == 1
    assert state.worked[0].cannulas[0].inside is Inside.FILLER
    assert state.worked[0].cement.fillings[0].ml == held_ml


def test_what_the_staff_refuse(two: Case, mild_case: Case):
    state = at_work(two)
    assert "only one level" in refused(mild_case, at_work(mild_case), Do.NEXT_LEVEL)
    tamped = with_cannula(state, replace(state.cannulas[0], inside=Inside.TAMP), Side.LEFT)
    assert "tamp is still in" in refused(two, tamped, Do.NEXT_LEVEL)
    away, _ = step(two, state, TURN)
    assert "begun" in refused(two, away, Do.DECLINE_BLEEDING)
    assert "still stands in L1" in refused(two, replace(away, phase="set"), Do.DRESS)
    assert phases.refusal(two, replace(state, phase="recover"), Do.NEXT_LEVEL)


def test_one_level_leaves_no_trace_in_digests(two: Case, mild_case: Case):
    assert not {"level", "worked"} & set(digest.parts(first_state(mild_case)))
    plain = {field.name for field in digest.told(mild_case)}
    assert not {"level", "levels"} & plain
    away, _ = step(two, at_work(two), TURN)
    assert {"level", "worked"} <= set(digest.parts(away))
    assert digest.state_hash(two, away) == digest.state_hash(two.facing(1), away)


def test_a_turn_is_replayed_to_the_bit(two: Case, tmp_path):
    path = tmp_path / "two.simrec"
    session = Session(two, "test", path)
    for act in (Do.POSITION, Do.TIME_OUT, Do.LOCAL, Do.NEXT_LEVEL, Do.LOCAL, Do.NEXT_LEVEL):
        session.advance(Action(do=act))
        session.advance(Action(wait_s=2.0))
    assert session.state.level == 0
    session.advance(TURN)
    session.close()
    replayed = runner.replay(two, recording.read(path), verify=True)
    assert replayed.checked > 5
    assert replayed.state_hash == session.state_hash()
    assert session.case.patient is two.levels[1].patient


def with_values(case: Case, first: dict[str, float], second: dict[str, float]):
    """A run whose two levels were counted so."""
    state = first_state(case)
    state = replace(state, tally=replace(state.tally, values=first))
    state, _ = step(case, state, Action(do=Do.POSITION))
    state = by_level.taken_up(case, state, 1)
    values = {**state.tally.values, **second}
    return replace(state, tally=replace(state.tally, values=values))


def test_metrics_are_sums_or_the_worst_of_both(two: Case):
    state = with_values(
        two,
        {
            "blind_mm": 2.0,
            "entry_error_0": 1.0,
            "anterior_clearance_mm": 4.0,
            "blind_max_mm": 8.0,
            "local_before_bone": 1.0,
        },
        {
            "blind_mm": 3.0,
            "entry_error_0": 6.0,
            "anterior_clearance_mm": 9.0,
            "blind_max_mm": 5.0,
            "local_before_bone": 0.0,
        },
    )
    for seen in (state, by_level.taken_up(two, state, 0)):
        found = by_level.measured(two.facing(seen.level), seen, share)
        assert found["blind_advance_mm"] == 5.0
        assert found["entry_error_mm"] == 6.0
        assert found["anterior_clearance_mm"] == 4.0
        assert found["blind_advance_max_mm"] == 8.0
        assert found["local_before_bone"] == 0.0
        assert found["duration_s"] == score(two, seen).metrics["duration_s"]


def test_leaks_and_cement_of_both_levels_add_up(two: Case):
    state = first_state(two)
    leak = [0.0] * len(ROUTES)
    leak[ROUTES.index(Route.FORAMEN)] = 0.2 * MM3_PER_ML
    given = (Filling(given_ml=2.5), Filling())
    cement = replace(state.cement, cloud=Cloud(leak_ul=tuple(leak)), fillings=given)
    away = by_level.taken_up(two, replace(state, cement=cement), 1)
    assert away.cement.injected_ml == 0.0
    assert away.given_ml == 2.5
    assert troubles.nerve_irritated(two.facing(1), away)
    more = away.cement.with_filling(0, Filling(given_ml=1.5))
    assert replace(away, cement=more).given_ml == 4.0
    assert by_level.measured(two.facing(1), away, share)["leak_ml"] == pytest.approx(0.2)
    begun = replace(away.worked[0], cement=replace(away.worked[0].cement, started_tick=1))
    away = replace(away, worked=(begun, None))
    assert by_level.untreated(two, away) == ("T12",)
    found = by_level.left_out(two, away, "dress")
    assert [f.id for f in found] == ["level_left"]
    assert "T12" in found[0].text


def test_working_at_a_level_that_is_not_in_turn_is_the_wrong_level(two: Case):
    state = at_work(two)
    marks = two.levels[1].patient.target.landmarks
    skin = (20.0, marks.skin_y_mm, marks.centre_mm[2])
    depth = marks.skin_y_mm - marks.centre_mm[1]
    stray = replace(
        state.cannulas[0], skin_mm=skin, direction=(0.0, -1.0, 0.0), depth_mm=depth,
        dock_mm=(20.0, 30.0, marks.centre_mm[2]), inside=Inside.EMPTY,
    )  # fmt: skip
    state = replace(with_cannula(state, stray, Side.LEFT), phase="mix")
    state, _ = step(two, state, Action(do=Do.LOAD))
    told = [f for f in state.tally.findings if f.id == "wrong_level"]
    assert [f.severity for f in told] == ["sentinel"]
    assert "T12" in told[0].text


def test_the_coach_speaks_of_the_other_level(two: Case, mild_case: Case):
    state = replace(at_work(two), phase="mix", ways=("mix", "entry"))
    empty = replace(state, cement=replace(state.cement, mixed_tick=None))
    assert "T12" in next_hint(two, empty, Looked())[1]
    assert next_hint(mild_case, empty, Looked())[0] == "Mix the cement"
    done = replace(
        state, phase="set", cannulas=(None, None), cement=replace(state.cement, started_tick=1)
    )
    assert next_hint(two, done, Looked())[0] == "On to T12"
    assert next_hint(mild_case, done, Looked())[0] == "Close"


def test_findings_of_a_level_name_it_and_those_of_the_run_do_not(two: Case, mild_case: Case):
    own = Finding("leak_disc", "minor", 3, "Cement ran into the disc.")
    whole = Finding("lidocaine_over", "major", 3, "Lidocaine 400 mg.")
    told = [f.text for f in by_level.named(two.facing(1), (own, whole))]
    assert told == ["T12: Cement ran into the disc.", "Lidocaine 400 mg."]
    assert by_level.named(mild_case, (own, whole)) == (own, whole)


def _turned(degrees: float) -> np.ndarray:
    a = math.radians(degrees)
    return np.array([[1, 0, 0], [0, math.cos(a), -math.sin(a)], [0, math.sin(a), math.cos(a)]])


def test_the_way_between_frames_is_that_of_the_vertebra_that_both_show():
    turn, shift = _turned(7.0), np.array([1.0, -3.0, 36.0])
    own = SimpleNamespace(centre_mm=(0.0, 0.0, 0.0), axes=tuple(map(tuple, np.eye(3))))
    # The second level as the first one's frame has it: x1 = turn @ x2 + shift.
    seen = SimpleNamespace(centre_mm=tuple(shift), axes=tuple(map(tuple, turn.T)))
    goal = SimpleNamespace(level="T12", landmarks=own)
    first = SimpleNamespace(vertebrae=(SimpleNamespace(level="T12", landmarks=seen),))
    case = SimpleNamespace(
        levels=(SimpleNamespace(patient=first, name="L1"),
                SimpleNamespace(patient=SimpleNamespace(target=goal)))
    )  # fmt: skip
    point = np.array([4.0, 5.0, -6.0])
    way = between(case, 0, 1)
    np.testing.assert_allclose(way.out(turn @ point + shift), point, atol=1e-12)


def test_what_is_carried_over_keeps_mass_and_place():
    ball = phantom.ball((3.0, 4.0, 30.0), 6.0, soft=0.7)
    way = Pose(_turned(12.0), np.array([0.0, 2.0, -26.0]))
    moved = carried(ball, way)
    assert moved.soft.sum(dtype=float) == pytest.approx(ball.soft.sum(dtype=float), rel=1e-5)
    at = np.indices(moved.soft.shape).reshape(3, -1) * moved.spacing_mm
    weight = moved.soft.ravel().astype(float)
    middle = (at * weight).sum(axis=1) / weight.sum() + np.array(moved.origin_mm)
    # A trilinear grid keeps the centre of mass to a small part of a voxel.
    np.testing.assert_allclose(middle, way.out(np.array([3.0, 4.0, 30.0])), atol=0.02)


def test_needles_and_cement_of_the_other_level_are_in_the_picture(two: Case):
    state = at_work(two)
    bone = state.body.bone
    voxel = np.array([np.prod(bone.shape) // 2], np.int32)
    one = frozen(np.ones(1))
    inside = frozen(np.array([-1], np.int32))
    cloud = Cloud(voxel=frozen(voxel), fill=one, volume_ul=one, age_s=one, route=inside)
    state = replace(state, cement=replace(state.cement, cloud=cloud))
    away, _ = step(two, state, TURN)
    seen = elsewhere(two.facing(1), away)
    assert len(seen.fill) == 1
    assert seen.rods
    assert elsewhere(two.facing(1), replace(away, tick=away.tick + 9)) is seen
    assert elsewhere(two, state) is elsewhere(two, first_state(two))


def test_a_needle_in_the_other_level_hides_what_is_behind_it(two: Case):
    state = at_work(two)
    away, _ = step(two, state, TURN)
    tip = state.cannulas[0].tip_mm
    g = cells(two.c_arm, replace(away.c_arm.pose, isocentre_mm=tip))
    col, row, _ = (int(v) for v in spots_of(g, np.array([tip]))[:, 0])
    box = (row - 2, row + 3, col - 2, col + 3)
    assert brought(g, away).all_but(box)[STEEL].max() == 0.0
    there = elsewhere(two.facing(1), away)
    here = brought(g, state).all_but(box)[STEEL]
    # Both levels of this case share a frame: the same steel in the same place.
    np.testing.assert_allclose(brought(g, away, there).all_but(box)[STEEL], here, atol=1e-5)
    assert here.max() > 0.05
