"""What the account keeps of what pictures showed: true views at way-points, leaks seen."""

from __future__ import annotations

from dataclasses import replace
from types import MappingProxyType

import pytest

from simulator.engine.start import first_state
from simulator.frames import Side
from simulator.physics import insertion
from simulator.physics.exchange import with_cannula
from simulator.procedure import fold
from simulator.procedure.metrics import METRICS
from simulator.world import bearings
from simulator.world.arm import Pose, Shot, View
from simulator.world.case import Case
from simulator.world.cement import ROUTES, Route
from simulator.world.events import Event, Exposed
from simulator.world.filling_events import CementLeaked
from simulator.world.shown import Contours, Shown
from simulator.world.state import State


def with_tip(case: Case, past_mm: float) -> State:
    """A needle on the planned line, in bone, its tip so far past the posterior wall."""
    plan = case.plans[Side.LEFT]
    placed = insertion.place(case, Side.LEFT, plan.skin_mm, plan.direction)
    start = bearings.past_wall_mm(case.patient.target.landmarks, plan.skin_mm)
    depth = (past_mm - start) / -plan.direction[1]
    tool = replace(placed, depth_mm=depth, bone_mm=10.0, past_wall_mm=past_mm)
    return with_cannula(first_state(case), tool, Side.LEFT)


def counted(case: Case, state: State, *events: Event) -> State:
    return replace(state, tally=fold.fold(case, state, state, events))


def picture(view: View, contours: Contours, leaks: tuple[Route, ...] = ()) -> Exposed:
    shot = Shot(0, view, Pose(), 0.0, (True, False))
    return Exposed(shot, 80.0, 0.2, hand_in_beam=False, shown=Shown(contours, (True, False), leaks))


def metric(case: Case, state: State, name: str) -> object:
    return METRICS[name].value(case, state)


def test_of_every_way_point_the_truest_picture_and_of_these_the_worst(case: Case) -> None:
    state = with_tip(case, -8.0)
    assert metric(case, state, "spinous_offset_mm") is None
    for spinous, plate in ((-6.0, 1.0), (2.5, 3.0), (4.0, 0.5)):
        state = counted(case, state, picture(View.AP, Contours(spinous, plate)))
    assert metric(case, state, "spinous_offset_mm") == pytest.approx(2.5)
    assert metric(case, state, "endplate_double_contour_mm") == pytest.approx(0.5)
    assert metric(case, state, "posterior_wall_double_contour_mm") is None
    # At the next way-point the views are worse; the ones before do not make up for it.
    deeper = replace(with_tip(case, 0.5), tally=state.tally)
    deeper = counted(case, deeper, picture(View.AP, Contours(-3.5, 1.5)))
    deeper = counted(case, deeper, picture(View.LATERAL, Contours(None, -2.0, -1.2, 1.8)))
    assert metric(case, deeper, "spinous_offset_mm") == pytest.approx(3.5)
    assert metric(case, deeper, "endplate_double_contour_mm") == pytest.approx(2.0)
    assert metric(case, deeper, "posterior_wall_double_contour_mm") == pytest.approx(1.2)
    assert metric(case, deeper, "pedicle_superposition_mm") == pytest.approx(1.8)


def leaking(case: Case, route: Route, ul: float) -> State:
    state = first_state(case)
    leaks = tuple(ul if r is route else 0.0 for r in ROUTES)
    cloud = replace(state.cement.cloud, leak_ul=leaks)
    return replace(state, cement=replace(state.cement, cloud=cloud))


def test_a_leak_is_shown_by_the_last_picture_in_which_it_stood_out(case: Case) -> None:
    state = leaking(case, Route.DISC, 120.0)
    hidden = counted(case, state, picture(View.AP, Contours()))
    assert metric(case, hidden, "leak_shown_ml") == 0.0
    shown = counted(case, state, picture(View.LATERAL, Contours(), (Route.DISC,)))
    assert metric(case, shown, "leak_shown_ml") == pytest.approx(0.12)
    # What could be seen is another question, and is asked when cement leaks.
    assert metric(case, shown, "leak_visible_ml") == 0.0


@pytest.mark.parametrize(
    ("events", "words"),
    [
        ([CementLeaked(Route.DISC, 0.12, visible=False)], "No view asked for could show it yet."),
        ([CementLeaked(Route.DISC, 0.12, visible=True)], "no picture taken so far did"),
        (
            [
                picture(View.LATERAL, Contours(), (Route.DISC,)),
                CementLeaked(Route.DISC, 0.12, visible=True),
            ],
            "A picture that was taken showed it.",
        ),
    ],
)
def test_the_debrief_tells_what_was_to_be_seen(case: Case, events: list, words: str) -> None:
    state = counted(case, leaking(case, Route.DISC, 120.0), *events)
    (found,) = (f for f in state.tally.findings if f.id == "leak_disc")
    assert words in str(found)


def test_way_points_of_one_side_say_nothing_of_the_other(case: Case) -> None:
    both = replace(case, sides=(Side.LEFT, Side.RIGHT))
    seen = {
        f"seen_{point}_{view}_0": 1.0
        for point in ("entry", "pedicle", "wall", "target")
        for view in (View.AP, View.LATERAL)
    }

    def imaged(**more: float) -> object:
        state = first_state(both)
        values = MappingProxyType({**seen, **more})
        told = replace(state, tally=replace(state.tally, values=values))
        return metric(both, told, "way_points_imaged")

    assert imaged() == 0.0  # nothing touched bone
    assert imaged(entry_error_0=1.0) == 4.0
    assert imaged(entry_error_0=1.0, entry_error_1=1.0) == 0.0
    assert imaged(entry_error_0=1.0, entry_error_1=1.0, seen_wall_ap_1=1.0,
                  seen_wall_lateral_1=1.0) == 1.0  # fmt: skip
