"""The coach goes by pictures, marks, gauges and clock; it knows no truth and does not forget."""

from __future__ import annotations

from dataclasses import replace
from types import MappingProxyType

import pytest

from simulator.anatomy.hinge import Lift
from simulator.engine.reading import read_picture
from simulator.engine.start import first_state
from simulator.frames import Side, along, minus, norm
from simulator.physics.insertion import place
from simulator.procedure.clocks import allowed_mm
from simulator.procedure.coach import next_hint
from simulator.procedure.coach_access import limit_mm, where
from simulator.procedure.coach_tamp import sign
from simulator.units import PSI_PER_MPA, ticks
from simulator.world.arm import Pose, Shot, View
from simulator.world.bearings import past_wall_mm
from simulator.world.case import Case
from simulator.world.cement import Cement, Filling
from simulator.world.seen import Looked, Seen
from simulator.world.shown import Shown
from simulator.world.state import State
from simulator.world.tamp import Tamp
from simulator.world.tools import Cannula, Inside

_NOW = ticks(900.0)
_BLIND = Looked()


@pytest.fixture(scope="module")
def needle(case: Case) -> Cannula:
    """A needle on the left planned path, docked, its tip 10 mm into the pedicle."""
    plan = case.plans[Side.LEFT]
    docked = replace(
        place(case, Side.LEFT, plan.skin_mm, plan.direction), dock_mm=plan.entry_mm, bone_mm=10.0
    )
    return replace(docked, depth_mm=norm(minus(plan.entry_mm, plan.skin_mm)) + 10.0)


def at_work(case: Case, tool: Cannula | None, phase: str = "pedicle", **more) -> State:
    state = first_state(case)
    vitals = replace(state.vitals, local_ticks=(0, 0))
    return replace(
        state, tick=_NOW, phase=phase, ways=(phase, "entry"), cannulas=(tool, None), vitals=vitals,
        purged=True, **more,
    )  # fmt: skip


def lateral(tool: Cannula, past_mm: float | None, front_mm: float | None = 30.0, **more) -> Looked:
    """A lateral of this moment that shows the tip so far past the posterior wall."""
    told = {
        "tip_past_wall_mm": (past_mm, None), "tip_to_front_mm": (front_mm, None),
        "reach_mm": (tool.depth_mm, None),
    }  # fmt: skip
    return Looked(lateral=replace(Seen(_NOW, View.LATERAL, 0.0), **told, **more))


def pushed(tool: Cannula, mm: float) -> Cannula:
    return replace(tool, depth_mm=tool.depth_mm + mm, blind_depth_mm=max(mm, 0.0))


# -- the way in -----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("past_mm", "front_mm", "gone_mm", "head", "word"),
    [
        (-2.5, 33.0, 0.0, "Stay outside the medial rim", "lateral"),
        (-2.0, 32.5, 2.9, "Is it past the wall?", "lateral"),
        (1.0, 29.0, 0.0, "On to the front third", "5 mm"),
        (1.0, 29.0, -4.0, "Stay outside the medial rim", "lateral"),
        (22.0, 7.9, 1.7, "On to the front third", "5 mm"),
        (24.0, 6.5, 1.79, "Stylet out", "front wall"),
        (26.0, 4.0, 0.0, "Stylet out", "front wall"),
        (None, None, 0.0, "Find the tip", "lateral"),
    ],
)  # fmt: skip
def test_where_to_go_is_told_by_the_last_lateral_and_the_marks(
    case: Case, needle: Cannula, past_mm, front_mm, gone_mm, head, word
) -> None:
    looked = lateral(needle, past_mm, front_mm)
    said = next_hint(case, at_work(case, pushed(needle, gone_mm)), looked)
    assert said[0] == head
    assert word in said[1]


def test_without_a_lateral_that_tells_the_coach_asks_for_one(case: Case, needle: Cannula) -> None:
    deep = replace(needle, past_wall_mm=9.0)
    assert "Take a lateral" in next_hint(case, at_work(case, deep), _BLIND)[1]
    rotated = lateral(deep, 9.0, error_deg=15.0)
    assert next_hint(case, at_work(case, deep), rotated)[0] == "True the lateral"
    # A picture from before this needle was placed shows another one.
    older = lateral(deep, None, None)
    older = Looked(lateral=replace(older.lateral, reach_mm=(None, None)))
    assert "Take a lateral" in next_hint(case, at_work(case, deep), older)[1]


@pytest.mark.parametrize("behind_mm", [2.5, -3.0])
def test_a_real_lateral_is_read_as_the_tip_lies(
    case: Case, needle: Cannula, behind_mm: float
) -> None:
    """Through the reader that the window uses; the tip stands where the plan crosses the wall."""
    marks = case.patient.target.landmarks
    to_wall = -past_wall_mm(marks, needle.tip_mm) - behind_mm
    slope = past_wall_mm(marks, along(needle.tip_mm, needle.heading, 1.0))
    slope -= past_wall_mm(marks, needle.tip_mm)
    there = replace(needle, depth_mm=needle.depth_mm + to_wall / slope, past_wall_mm=-behind_mm)
    state = at_work(case, there)
    shot = Shot(_NOW, View.LATERAL, Pose(90.0), 0.0, (True, False))
    seen = read_picture(case, state, shot, Shown(tips=(True, False)))
    past = seen.tip_past_wall_mm[0]
    assert past is not None
    assert past == pytest.approx(-behind_mm, abs=1.5)  # a cone of rays, a lateral not quite true
    assert seen.reach_mm == (there.depth_mm, None)
    head, _ = next_hint(case, state, Looked(lateral=seen))
    assert (head == "On to the front third") == (behind_mm < 0.0)


def test_what_is_blind_is_judged_as_the_judge_does_where_the_picture_shows_the_tip(
    case: Case, needle: Cannula
) -> None:
    for past, front in ((-5.0, 35.0), (8.0, 22.0), (24.0, 6.0)):
        tool = replace(needle, past_wall_mm=past, ahead_mm=front, was_in_bone=True)
        at = along(needle.tip_mm, needle.heading, 0.0)
        marks = case.patient.target.landmarks
        tool = replace(tool, skin_mm=along(tool.skin_mm, marks.axes[1],
                                           past_wall_mm(marks, at) - past))  # fmt: skip
        looked = lateral(tool, past, front)
        assert limit_mm(case, where(case, tool, looked.lateral)) == allowed_mm(case, tool)[1]


def test_the_cannula_and_the_drill_go_by_the_lateral_too(case: Case, needle: Cannula) -> None:
    tube = replace(needle, working=True, inside=Inside.EMPTY, past_wall_mm=3.0)
    state = at_work(case, tube, "exchange")
    assert next_hint(case, state, _BLIND)[0] == "Where is the cannula?"
    assert next_hint(case, state, lateral(tube, 1.0))[0] == "Cannula just past the wall"
    assert next_hint(case, state, lateral(tube, 2.5))[0] == "Tamp in"
    assert next_hint(case, replace(state, purged=False), lateral(tube, 2.5))[0] == "Purge the tamps"
    further = replace(state, cannulas=(pushed(tube, 2.5), None))
    assert next_hint(case, further, lateral(tube, 0.5))[0] == "Is it past the wall?"
    # Seated over the wire it is back at the entry, whatever the needle's lateral showed.
    seated = replace(tube, depth_mm=tube.dock_depth_mm)
    assert next_hint(case, at_work(case, seated, "exchange"), lateral(needle, 20.0))[0] == (
        "Cannula just past the wall"
    )


# -- the tamp -------------------------------------------------------------------------------------


def balloon(**more) -> Tamp:
    own = Tamp(Side.LEFT, "", (0, 0, 0), (0, 0, 1), volume_ml=2.5, peak_volume_ml=2.5,
               pressure_mpa=150.0 / PSI_PER_MPA, peak_mpa=150.0 / PSI_PER_MPA)  # fmt: skip
    return replace(own, **more)


def inflated(case: Case, tamp: Tamp, rested_s: float = 10.0, **more) -> State:
    """The left tamp alone, its last step so long ago."""
    values = {
        "tamp_step_mpa_0": tamp.peak_mpa, "inflated_tick_0": float(_NOW - ticks(rested_s)),
        "tamp_step_ml_0": 0.25,
    }  # fmt: skip
    state = at_work(case, None, "inflate", tamps=(tamp, None), **more)
    ways = ("inflate", "mix")
    return replace(state, ways=ways, tally=replace(state.tally, values=MappingProxyType(values)))


def shown(tamp: Tamp, ago_s: float = 1.0, **more) -> Looked:
    told = {"tamp_ml": (tamp.volume_ml, None), "plate_rise_mm": 1.0, "plate_left_mm": 5.0, **more}
    return Looked(lateral=replace(Seen(_NOW - ticks(ago_s), View.LATERAL, 0.0), **told))


def test_a_wall_is_touched_when_a_picture_shows_it(case: Case) -> None:
    own = balloon(touch_mm2=900.0)
    state = inflated(case, own)
    assert sign(case, state, Side.LEFT, _BLIND) == ""
    assert next_hint(case, state, _BLIND)[0] == "Look at this step"
    assert next_hint(case, state, shown(own))[0] == "Small steps, then a pause"
    touching = shown(own, tamp_at_wall=(True, False))
    assert sign(case, state, Side.LEFT, touching) == "wall contact"
    assert next_hint(case, state, touching)[0].startswith("Stop here")
    # Another balloon, or this one put elsewhere and hardly filled, was not in that picture.
    fresh = inflated(case, balloon(volume_ml=0.4, peak_volume_ml=0.4))
    assert sign(case, fresh, Side.LEFT, touching) == ""


def test_signs_for_the_eye_and_for_the_gauge(case: Case) -> None:
    own = balloon()
    state = inflated(case, own)
    up = shown(own, plate_rise_mm=5.8, plate_left_mm=0.2)
    assert sign(case, state, Side.LEFT, up) == "fracture reduced"
    none = shown(own, plate_rise_mm=0.0, plate_left_mm=0.0)
    assert sign(case, state, Side.LEFT, none) == ""
    full = inflated(case, balloon(volume_ml=case.tamp.max_volume_ml))
    assert sign(case, full, Side.LEFT, _BLIND) == "volume"


def test_what_follows_the_sign_is_told_in_its_turn(case: Case) -> None:
    """Minutes after the sign the coach has come from mixing over the wait to the empty balloon."""
    own = balloon()
    state, looked = inflated(case, own), shown(own, tamp_at_wall=(True, False))
    heads = [next_hint(case, state, looked)[0]]
    for age_s in (30.0, case.cement.wait_s - 60.0, case.cement.wait_s + 1.0, 900.0):
        mixed = replace(state, cement=Cement(mixed_tick=_NOW - ticks(age_s), batches=1))
        heads.append(next_hint(case, mixed, looked)[0])
    empty = balloon(volume_ml=0.0, pressure_mpa=0.0)
    heads.append(next_hint(case, replace(mixed, tamps=(empty, None)), looked)[0])
    assert heads == [
        "Stop here, mix the cement", "Hold it for the cement", "Hold it for the cement", "Deflate",
        "Deflate", "Tamp out",
    ]  # fmt: skip


def test_the_other_side_comes_before_the_cement(case: Case) -> None:
    both = replace(case, sides=(0, 1))
    own = balloon()
    looked = shown(own, tamp_at_wall=(True, False))
    state = replace(inflated(both, own), ways=("inflate", "pedicle"))
    assert next_hint(both, state, looked)[0] == "Stop here, other side next"
    assert next_hint(both, replace(state, side=Side.RIGHT), looked)[0] == "Place the needle"
    done = replace(state, ways=("inflate", "mix"))
    assert next_hint(both, done, looked)[0] == "Stop here, mix the cement"


def test_a_lost_pressure_is_told_by_the_nurse_or_by_the_gauge(case: Case) -> None:
    burst = inflated(case, balloon(ruptured=True, pressure_mpa=0.0))
    assert next_hint(case, burst, _BLIND)[0] == "Deflate, take it out"
    weak = balloon(volume_ml=2.3, spilled_ml=0.2, pressure_mpa=30.0 / PSI_PER_MPA)
    assert next_hint(case, inflated(case, weak), _BLIND)[0] == "Is it tight?"
    let_out = replace(weak, spilled_ml=0.0)
    assert next_hint(case, inflated(case, let_out), _BLIND)[0] != "Is it tight?"


# -- before and beside -----------------------------------------------------------------------------


def test_the_wait_for_the_local_is_told_until_it_is_over(case: Case) -> None:
    state = at_work(case, None, "entry")

    def head(given_s: float | None) -> tuple[str, str]:
        given = None if given_s is None else _NOW - ticks(given_s)
        vitals = replace(state.vitals, local_ticks=(given, None))
        return next_hint(case, replace(state, vitals=vitals), _BLIND)

    onset_s = case.physics["physiology"]["lidocaine_onset_s"]
    assert head(None)[0] == "Numb this side"
    assert head(1.0)[0] == head(onset_s - 1.0)[0] == "Let the local work"
    assert head(onset_s - 65.0)[1].startswith("1:05 ")
    assert head(onset_s)[0] == "Place the needle"


def test_nothing_that_only_the_truth_knows_changes_a_word(case: Case, needle: Cannula) -> None:
    """The same pictures, marks and gauges over other truths."""
    tool = replace(needle, inside=Inside.STYLET)
    tube = replace(tool, working=True, inside=Inside.EMPTY)
    own = balloon()
    moments = [
        (at_work(case, pushed(one, gone), phase), looked)
        for one, phase in ((tool, "pedicle"), (tool, "body"), (tube, "exchange"))
        for gone in (0.0, 2.0, 4.0)
        for looked in (_BLIND, lateral(one, -1.0), lateral(one, 3.0), lateral(one, 26.0, 4.0))
    ]
    moments += [
        (inflated(case, own, s), looked) for s in (1.0, 9.0) for looked in (_BLIND, shown(own))
    ]
    for state, looked in moments:
        said = next_hint(case, state, looked)
        cannula, tamp = state.cannulas[0], state.tamps[0]
        for past, touch in ((-9.0, 0.0), (5.0, 900.0), (40.0, 900.0)):
            other = cannula and replace(
                cannula, past_wall_mm=past, ahead_mm=-past, breach_mm=past, was_in_bone=past > 0,
                canal_breach_mm=past, bone_mm=past,
            )  # fmt: skip
            filled = tamp and replace(tamp, touch_mm2=touch, leak_mm3_s_mpa=touch)
            lift = Lift(wall_mm=touch / 300.0, superior_rad=touch / 5000.0)
            body = replace(state.body, lift=lift)
            truth = replace(state, cannulas=(other, None), tamps=(filled, None), body=body)
            assert next_hint(case, truth, looked) == said


def filling(case: Case, tool: Cannula, ml: float, *, thumb_n: float = 0.0, age_s: float = 400.0):
    """Cement of that age, so much of it given; what is left in the filler, a millilitre less."""
    state = at_work(case, tool, "inject")
    fill = Filling(ml=max(1.0 - ml, 0.0), given_ml=ml, thumb_n=thumb_n)
    cement = replace(
        state.cement, mixed_tick=_NOW - ticks(age_s), started_tick=_NOW, fillings=(fill, Filling())
    )
    return replace(state, cement=cement, c_arm=replace(state.c_arm, beam=True))


def test_cement_is_coached_by_pictures_and_scale(case: Case, needle: Cannula) -> None:
    def said(state: State, looked: Looked = _BLIND) -> str:
        return next_hint(case, state, looked)[0]

    def film(**told) -> Looked:
        return Looked(lateral=replace(Seen(_NOW, View.LATERAL, 0.0), **told))

    front = Looked(ap=Seen(_NOW, View.AP, 0.0, leak=True))
    assert said(filling(case, needle, 0.5, thumb_n=5.0)) == "Watch wall and both discs"
    assert said(filling(case, needle, 0.5, thumb_n=5.0), film(leak=True)) == "Thumb off"
    assert said(filling(case, needle, 0.5, thumb_n=5.0), front) == "Thumb off"
    assert said(filling(case, needle, 0.5), front) == "A leak"
    assert said(filling(case, needle, 0.5), film(cement_to_wall_mm=7.9)) == "Back quarter"
    assert said(filling(case, needle, 0.5), film(cement_to_wall_mm=8.1)) != "Back quarter"
    assert said(filling(case, needle, 1.0)) == "Look from the front"


def test_too_little_cement_is_told_while_it_still_flows(case: Case, needle: Cannula) -> None:
    def said(ml: float, age_s: float, looked: Looked = _BLIND) -> str:
        state = replace(filling(case, needle, ml, age_s=age_s), phase="set", ways=("set", "set"))
        return next_hint(case, state, looked)[0]

    late_s = case.cement.work_until_s + 1.0
    assert said(0.9, 400.0) == "Too little to hold"
    assert said(1.0, 400.0) == said(0.9, late_s) == "Let it set"
    assert said(0.9, 400.0, Looked(ap=Seen(_NOW, View.AP, 0.0, leak=True))) == "Let it set"
