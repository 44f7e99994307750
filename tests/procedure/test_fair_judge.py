"""No points for a task that was skipped, none lost for what was rightly not done."""

from __future__ import annotations

from dataclasses import replace
from types import MappingProxyType

import pytest

from simulator.engine.runner import Outcome
from simulator.engine.start import first_state
from simulator.engine.step import step
from simulator.frames import Side
from simulator.procedure import fold, mistakes
from simulator.procedure.cement_mistakes import youngest_given_s
from simulator.procedure.coach import next_hint
from simulator.procedure.score import score
from simulator.units import ticks
from simulator.world.action import Action, Do
from simulator.world.arm import Pose, Shot, View
from simulator.world.case import Case
from simulator.world.cement import Cement, Filling, Route
from simulator.world.events import Done, Event, Exposed
from simulator.world.filling_events import CementLeaked
from simulator.world.seen import Looked
from simulator.world.shown import Contours, Shown
from simulator.world.state import State
from simulator.world.tally import Finding
from simulator.world.vitals import Trouble


def valued(state: State, *without: str, **values: float) -> State:
    kept = {k: v for k, v in state.tally.values.items() if not k.startswith(without or ("-",))}
    tally = replace(state.tally, values=MappingProxyType({**kept, **values}))
    return replace(state, tally=tally)


def counted(case: Case, state: State, *events: Event, before: State | None = None) -> State:
    return replace(state, tally=fold.fold(case, before or state, state, events))


def filled(state: State, ml: float) -> State:
    cloud = replace(state.cement.cloud, inside_ul=1000.0 * ml)
    return replace(state, cement=replace(state.cement, cloud=cloud))


# -- what was skipped -------------------------------------------------------------------------


def test_a_tail_drawn_out_excuses_no_empty_body(case: Case, expert_run: Outcome) -> None:
    little = filled(valued(expert_run.session.state, "leak_", "told_"), 0.3)
    tail = counted(case, little, CementLeaked(Route.TRACT, 0.2, visible=True))
    assert not score(case, tail).passed
    told = counted(case, little, CementLeaked(Route.DISC, 0.2, visible=True))
    assert score(case, told).passed


@pytest.mark.parametrize(
    ("ml", "endpoint", "passed"), [(0.6, -1, False), (2.0, -1, True), (0.6, 1, True)]
)
def test_a_token_inflation_is_no_kyphoplasty(
    case: Case, expert_run: Outcome, ml: float, endpoint: int, passed: bool
) -> None:
    """Touching the sounder wall at 0.6 mL is a sign to stop; nothing at all is none."""
    state = valued(expert_run.session.state, "endpoint_", tamp_volume_ml=ml)
    state = state if endpoint < 0 else valued(state, endpoint_0=float(endpoint))
    report = score(case, state)
    assert report.passed is passed
    if not passed:
        assert report.reason == "The tamp was given up before any sign to stop."
        texts = [text for _, text, got, _ in report.lines if "first endpoint" in text and got == 0]
        assert texts == [
            "Stopped at the first endpoint (needs: went on to a sign to stop, or took its volume)"
        ]


def test_cement_pressed_without_a_lateral_is_a_major_error(case: Case) -> None:
    start = first_state(case)
    given = [
        replace(start, cement=Cement(fillings=(Filling(given_ml=ml), Filling())))
        for ml in (0.9, 1.1, 2.0)
    ]

    def found(state: State) -> set[str]:
        return {f.id for f in state.tally.findings}

    first = counted(case, given[0], before=start)
    assert found(first) == set()
    blind = counted(case, replace(given[1], tally=first.tally), before=first)
    assert found(blind) == {"cement_unseen"}
    # A lateral at 0.9 mL, and the next millilitre is seen in time.
    shot = Shot(0, View.LATERAL, Pose(90.0), 0.0, (True, False))
    picture = Exposed(shot, 80.0, 0.2, False, Shown(Contours(), (True, False), ()))
    looked = counted(case, first, picture)
    after = counted(case, replace(given[1], tally=looked.tally), before=looked)
    assert found(after) == set()
    later = counted(case, replace(given[2], tally=after.tally), before=after)
    assert found(later) == {"cement_unseen"}


def test_a_kyphoplasty_without_a_picture_of_its_cement_loses_points(
    case: Case, expert_run: Outcome
) -> None:
    seen = score(case, expert_run.session.state)
    unseen = score(case, valued(expert_run.session.state, watched_s=0.0))
    assert seen.total - unseen.total == pytest.approx(2.0)


def test_a_time_out_after_sedation_is_too_late(case: Case) -> None:
    state = first_state(case)
    for order, done in ((("time_out", "sedate"), True), (("sedate", "time_out"), False)):
        told = state
        for n, act in enumerate(order, 1):
            told = counted(case, replace(told, tick=60 * n), Done(act, Side.LEFT))
        assert score(case, told).metrics["time_out_done"] is done


# -- what was rightly not done ----------------------------------------------------------------


def stopped(case: Case, *acts: Do, **values: float) -> State:
    state = first_state(case)
    for act in acts:
        state = step(case, state, Action(do=act))[0]
    return step(case, valued(state, **values), Action(do=Do.ABORT))[0]


def test_stopping_for_a_failing_patient_before_the_needle_passes(case: Case) -> None:
    acts = (Do.POSITION, Do.ANTIBIOTIC, Do.TIME_OUT)
    for state in (
        stopped(case, trouble_vasovagal=0.5),
        stopped(case, *acts, trouble_vasovagal=0.5),
    ):
        report = score(case, state)
        assert (report.passed, report.total) == (True, 100.0), report.reason
    idle = score(case, stopped(case, *acts, trouble_vasovagal=0.2))
    assert (idle.passed, idle.reason) == (False, "Stopped without need.")


def ended(state: State, *findings: Finding, **values: float) -> State:
    """The expert's patient, stopped instead of dressed."""
    tally = replace(state.tally, done=(state.tally.done - {"dress"}) | {"abort"}, findings=findings)
    return valued(replace(state, phase="aborted", tally=tally), **values)


def test_a_right_stop_does_not_undo_a_bad_way(case: Case, expert_run: Outcome) -> None:
    breach = Finding("medial_breach", "major", 5, "out of the pedicle")
    good = ended(expert_run.session.state, breach)
    assert score(case, good).passed
    bad = score(case, ended(expert_run.session.state, breach, medial_breach_mm=1.9,
                            entry_error_0=5.0, needle_force_peak_n=150.0))  # fmt: skip
    assert not bad.passed
    assert bad.reason.startswith("Right not to go on: the path had left the pedicle. Access ")


def test_stopping_after_the_dressing_is_no_decision(case: Case, expert_run: Outcome) -> None:
    state = valued(expert_run.session.state, trouble_vasovagal=0.5)
    tally = replace(state.tally, done=state.tally.done | {"abort"})
    report = score(case, replace(state, phase="aborted", tally=tally))
    assert not report.passed
    assert report.reason == "Stopped in the recovery; the patient was not discharged."


def test_a_batch_that_nobody_used_makes_no_cement_soft(case: Case) -> None:
    now = ticks(2000.0)
    old = Filling(age_s=300.0, tick=ticks(600.0), given_ml=1.0)
    cement = Cement(mixed_tick=ticks(1950.0), batches=2, fillings=(old, Filling()))
    assert youngest_given_s(cement, now) == pytest.approx(1700.0)
    state = replace(first_state(case), tick=now, cement=replace(cement, started_tick=ticks(610.0)))
    dressed = (Done("dress", Side.LEFT),)
    assert "dressed_soft" not in {f.id for f in mistakes.found(case, state, state, dressed, 0.1)}
    fresh = replace(cement, fillings=(old, Filling(age_s=40.0, tick=now, given_ml=0.2)))
    soft = replace(state, cement=replace(fresh, started_tick=ticks(610.0)))
    assert "dressed_soft" in {f.id for f in mistakes.found(case, soft, soft, dressed, 0.1)}


def test_the_coach_looks_at_the_patient_first(case: Case) -> None:
    state = replace(first_state(case), phase="set", ways=("set", "set"))
    calm = next_hint(case, state, Looked())
    for kind, shown_s, answered in (("embolism", 5.0, False), ("embolism", 0.0, False),
                                    ("embolism", 5.0, True)):  # fmt: skip
        trouble = Trouble(kind, level=0.5, shown_s=shown_s, answered=answered)
        ill = replace(state, vitals=replace(state.vitals, troubles=(trouble,)))
        hint = next_hint(case, ill, Looked())
        first = shown_s > 0.0 and not answered
        assert hint == (("The patient first", "I cannot get my breath. What would help?")
                        if first else calm)  # fmt: skip
