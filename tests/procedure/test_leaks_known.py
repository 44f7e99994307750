"""From when on a leak could be known, and what that excuses."""

from __future__ import annotations

from dataclasses import replace

import pytest

from simulator.engine.runner import Outcome
from simulator.engine.start import first_state
from simulator.frames import Side
from simulator.procedure import fold, score
from simulator.procedure.decisions import supported
from simulator.world.arm import Pose, Shot, View
from simulator.world.case import Case
from simulator.world.cement import ROUTES, Filling, Route
from simulator.world.events import Done, Event, Exposed
from simulator.world.filling_events import CementLeaked
from simulator.world.shown import Contours, Shown
from simulator.world.state import State

FILLER_ML = 1.5


def leaking(case: Case, route: Route = Route.SEGMENTAL, given_ml: float = 0.2) -> State:
    state = first_state(case)
    cloud = replace(state.cement.cloud, leak_ul=tuple(80.0 * (r is route) for r in ROUTES))
    return replace(
        state,
        cement=replace(state.cement, cloud=cloud, fillings=(Filling(given_ml=given_ml), Filling())),
    )


def counted(case: Case, state: State, *events: Event, before: State | None = None) -> State:
    return replace(state, tally=fold.fold(case, before or state, state, events))


def known(state: State) -> bool:
    return "leak_seen_s" in state.tally.values


LATERAL = CementLeaked(Route.SEGMENTAL, 0.08, visible=True)
FRONT = CementLeaked(Route.SEGMENTAL, 0.08, visible=False, visible_ap=True)
HIDDEN = CementLeaked(Route.SEGMENTAL, 0.08, visible=False)


def test_what_the_lateral_shows_is_known_at_once(case: Case) -> None:
    assert known(counted(case, leaking(case), LATERAL))
    assert not known(counted(case, leaking(case), HIDDEN))


def test_what_only_an_ap_shows_is_known_when_the_next_filler_is_asked_for(case: Case) -> None:
    pressed = counted(case, leaking(case), FRONT)
    assert not known(pressed)
    assert not known(counted(case, pressed, Done("strand_test", Side.LEFT)))
    asked = counted(case, pressed, Done("load", Side.LEFT))
    assert known(asked)
    assert asked.tally.values["visible_segmental"] == 0.08
    # Nothing to be known: a filler alone tells no leak.
    assert not known(counted(case, leaking(case), Done("load", Side.LEFT)))


@pytest.mark.parametrize(("more_ml", "wanted"), [(FILLER_ML - 0.01, False), (FILLER_ML, True)])
def test_a_long_filler_is_interrupted_for_a_look(case: Case, more_ml: float, wanted: bool) -> None:
    pressed = counted(case, leaking(case, given_ml=0.0), FRONT)
    later = replace(
        pressed, cement=replace(pressed.cement, fillings=(Filling(given_ml=more_ml), Filling()))
    )
    assert known(counted(case, later, before=pressed)) is wanted


def test_a_picture_that_was_taken_and_shows_it_counts_whatever_its_view(case: Case) -> None:
    shot = Shot(0, View.OBLIQUE, Pose(), 0.0, (True, False))
    for leaks, wanted in (((), False), ((Route.CANAL,), True)):
        shown = Shown(Contours(), (True, False), leaks)
        picture = Exposed(shot, 80.0, 0.2, hand_in_beam=False, shown=shown)
        seen = counted(case, leaking(case, Route.CANAL), picture)
        assert known(seen) is wanted
        assert ("behind_seen_ml" in seen.tally.values) is wanted


def with_cement(state: State, ml: float, **values: float) -> State:
    cloud = replace(state.cement.cloud, inside_ul=1000.0 * ml)
    kept = {
        k: v
        for k, v in state.tally.values.items()
        if not k.startswith(("leak_", "visible_", "told_"))
    }
    tally = replace(state.tally, values={**kept, **values})
    return replace(state, cement=replace(state.cement, cloud=cloud), tally=tally)


def test_too_little_cement_fails_and_earns_nothing_for_how_it_was_given(
    case: Case, expert_run: Outcome
) -> None:
    state = expert_run.session.state
    least_ml = 0.5 * state.tally.values["tamp_volume_ml"]
    assert least_ml > 1.0  # the half of the tamp is what is asked for here
    assert supported(case, with_cement(state, least_ml))
    assert score.score(case, with_cement(state, least_ml)).passed
    little = score.score(case, with_cement(state, least_ml - 0.01))
    assert not little.passed
    assert little.reason == "Too little cement to hold in L1; nothing told to stop."
    lost = {text: most for _, text, got, most in little.lines if got < most}
    dough = "Cement given in its working time (needs: enough to bear load, or stopped for a leak)"
    assert lost[dough] == 2
    assert sum(points for text, points in lost.items() if "needs: enough" in text) == 11


def test_who_stops_for_a_leak_or_a_failing_patient_is_not_asked_for_more(
    case: Case, expert_run: Outcome
) -> None:
    state = expert_run.session.state
    assert score.score(case, with_cement(state, 0.4, told_to_stop_s=900.0)).passed
    assert score.score(case, with_cement(state, 0.4, trouble_embolism=0.5)).passed
    assert not score.score(case, with_cement(state, 0.4, trouble_embolism=0.1)).passed
