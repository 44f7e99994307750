"""Two cannulas pressed at once, and one that stands open while the other is pressed."""

import math
from dataclasses import replace

import pytest

from simulator.engine.digest import digest
from simulator.engine.operators.scripted import Scripted
from simulator.engine.session import Session
from simulator.engine.start import first_state
from simulator.frames import Side
from simulator.physics import cement_acts, cementing, column
from simulator.physics.injection import press
from simulator.physics.outlet import Outlet, Pressed
from simulator.physics.permeability import flow_field
from simulator.scenario.script import read_script
from simulator.world.action import Action
from simulator.world.cement import Cement, Filling, Portion
from simulator.world.filling_events import CementRanUp
from simulator.world.tools import Inside
from tests.physics import phantoms
from tests.physics.syringes import DT, FILLER, HV_R, PLAIN, in_patient_ul, places, push, steady
from tests.physics.way_in import past_wall

BORE_MM, LONG_MM = 2.4, 125.0
PRIMED = (Portion(0.5655, 0.0, 0),)
ETA = 100.0


def held(bores=(PRIMED, PRIMED)):
    return Cement(mixed_tick=0, fillings=(Filling(20.0), Filling(20.0)), bores=bores)


def outlet(side, tip):
    return Outlet(side, tip, tip, BORE_MM, LONG_MM)


def short(side, tip):
    """A bone filler that is nearly empty: nothing of a tube between plunger and bone."""
    return Outlet(side, tip, tip, BORE_MM, 2.0, by_filler=True)


def pressed(
    bone, tips, thumbs, seconds, spec, cement=None, opened=(), start_s=0.0, each=None, right=outlet
):
    """Press on the sides that `thumbs` names; hand every step to `each`."""
    field = flow_field(bone, PLAIN, 1, 17.5)
    cement = cement or held()
    tick = round(60 * start_s)
    for _ in range(round(seconds / DT)):
        tick += 4
        ends = {Side.LEFT: outlet, Side.RIGHT: right}
        pushes = [Pressed(ends[s](s, tips[s]), FILLER, n) for s, n in thumbs.items()]
        vents = [outlet(s, tips[s]) for s in opened]
        cement = press(spec, PLAIN, field, cement, pushes, vents, tick, DT)
        if each is not None:
            each(cement)
    return cement


def weights(cement, bone, axis=0):
    """Return the cement's uL on the left (x > 0) and on the right."""
    x = places(cement.cloud, bone)[:, axis]
    ul = cement.cloud.fill * cement.cloud.volume_ul
    return float(ul[x > 0.0].sum()), float(ul[x < 0.0].sum())


TIPS = {Side.LEFT: (9.0, 0.0, 0.0), Side.RIGHT: (-9.0, 0.0, 0.0)}


@pytest.fixture(scope="module")
def twins():
    """Both sides, 9 mm from the middle, 30 N each for 6 s."""
    both = {Side.LEFT: 30.0, Side.RIGHT: 30.0}
    return pressed(phantoms.block(), TIPS, both, 6.0, steady(ETA))


def test_two_equal_cannulas_give_equal_shares(twins):
    left, right = (filling.given_ml for filling in twins.fillings)
    assert left > 0.2
    assert left == pytest.approx(right, rel=1e-3)  # the solver's tolerance
    on_left, on_right = weights(twins, phantoms.block())
    assert on_left == pytest.approx(on_right, rel=1e-3)
    assert on_left == pytest.approx(1e3 * left, rel=1e-3)  # still two separate balls


def test_a_second_cannula_far_away_leaves_the_first_as_it_is(twins):
    """Two sinks in one bone that do not meet: without a marrow's pressure they are alone."""
    alone = pressed(phantoms.block(), TIPS, {Side.LEFT: 30.0}, 6.0, steady(ETA))
    assert twins.fillings[0].given_ml == pytest.approx(alone.fillings[0].given_ml, rel=0.02)
    assert alone.fillings[1] == Filling(20.0)


def test_mirrored_hands_give_the_mirrored_outcome():
    tips = {Side.LEFT: (7.5, 0.0, 1.5), Side.RIGHT: (-4.5, 3.0, 0.0)}
    seen_in_a_mirror = {Side(1 - s): (-x, y, z) for s, (x, y, z) in tips.items()}
    bone = phantoms.block()
    here = pressed(bone, tips, {Side.LEFT: 40.0, Side.RIGHT: 25.0}, 5.0, steady(ETA))
    there = pressed(bone, seen_in_a_mirror, {Side.LEFT: 25.0, Side.RIGHT: 40.0}, 5.0, steady(ETA))
    for side in Side:
        there_ml = there.fillings[1 - side].given_ml
        assert here.fillings[side].given_ml == pytest.approx(there_ml, rel=2e-3)
    assert weights(here, bone) == pytest.approx(weights(there, bone)[::-1], rel=2e-3)


def test_no_cement_is_lost_between_two_cannulas_and_an_open_bore():
    spent = []

    def follow(cement):
        spent.append(in_patient_ul(cement.cloud) / 1e3 + cement.run_up_ml - cement.injected_ml)

    near = {Side.LEFT: (3.0, 0.0, 0.0), Side.RIGHT: (-3.0, 0.0, 0.0)}
    bone, both = phantoms.block(), {Side.LEFT: 30.0, Side.RIGHT: 15.0}
    begun = pressed(bone, near, both, 4.0, steady(ETA), each=follow)
    opened = replace(begun, bores=(begun.bores[0], ()))
    after = pressed(bone, near, {Side.LEFT: 40.0}, 6.0, steady(ETA), opened, (Side.RIGHT,),
                    start_s=4.0, each=follow)  # fmt: skip
    assert after.fillings[1].run_up_ml > 0.005
    assert max(map(abs, spent)) < 1e-9 * after.injected_ml
    left = sum(f.ml for f in after.fillings) + sum(after.cannula_ml) + after.dripped_ml
    held_ml = 40.0 + 0.5655  # what stood in the other bore was taken out of it in between
    assert left + in_patient_ul(after.cloud) / 1e3 == pytest.approx(held_ml, rel=1e-9)


def test_a_plunger_is_not_pushed_back_by_the_other_side():
    """Where the bone presses harder than the right hand, it makes no odds how weak that is."""
    near = {Side.LEFT: (2.2, 0.0, 0.0), Side.RIGHT: (-2.2, 0.0, 0.0)}
    bone, spec, there_kpa = phantoms.block(), steady(400.0), []
    alone = pressed(bone, near, {Side.LEFT: 120.0}, 4.0, spec)
    # the void at the right tip takes its fill first
    both = {Side.LEFT: 120.0, Side.RIGHT: 0.05}
    begun = pressed(bone, near, both, 1.0, spec, alone, start_s=4.0, right=short)
    given_ml = begun.fillings[Side.RIGHT].given_ml
    for weak in (0.05, 0.08):
        hands = {Side.LEFT: 120.0, Side.RIGHT: weak}
        on = pressed(bone, near, hands, 2.0, spec, begun, start_s=5.0, right=short)
        right = on.fillings[Side.RIGHT]
        assert right.tip_kpa > right.kpa
        assert (right.flow_ul_s, right.given_ml) == (0.0, given_ml)
        there_kpa.append(right.tip_kpa)
    # the solver stops at a thousandth of the flow
    assert there_kpa[0] == pytest.approx(there_kpa[1], rel=2e-3)


def box(opened=(Side.RIGHT,), bores=(PRIMED, ()), each=None, thumb=20.0, seconds=20.0, cement=None):
    """A closed box: what goes in can only leave by the open cannula."""
    tips = {Side.LEFT: (2.2, 0.0, 0.0), Side.RIGHT: (-2.2, 0.0, 0.0)}
    bone = phantoms.block(15, wall=True)
    cement = cement or held(bores)
    return pressed(bone, tips, {Side.LEFT: thumb}, seconds, steady(ETA), cement, opened, each=each)


def test_an_open_cannula_takes_cement_as_a_tube_of_that_length_does():
    """Washburn: at a pressure p over its open end, L dL/dt = p D^2 / (32 eta)."""
    heights, over = [], []

    def follow(cement):
        volume = cement.cannula_ml[Side.RIGHT] * 1e3
        heights.append(volume / (math.pi / 4.0 * BORE_MM**2))
        over.append(cement.fillings[Side.RIGHT].tip_kpa - PLAIN["ambient_kpa"])

    end = box(each=follow)
    first = next(i for i, h in enumerate(heights) if h > 10.0)
    last = max(i for i, h in enumerate(heights) if h < 0.95 * LONG_MM)
    assert last - first > 20
    # Pa of 1e3 per kPa; every step works with the height at its beginning
    passed = sum(over[first + 1 : last + 1]) * DT * 1e3 * BORE_MM**2 / (16.0 * ETA)
    assert heights[last] ** 2 - heights[first] ** 2 == pytest.approx(passed, rel=0.03)
    assert end.fillings[Side.RIGHT].flow_ul_s < 0.0


def test_what_a_full_open_bore_cannot_hold_drips_from_its_hub():
    end = box(thumb=80.0, seconds=25.0)
    dead_ml = math.pi / 4.0 * BORE_MM**2 * LONG_MM / 1e3
    assert end.cannula_ml[Side.RIGHT] == pytest.approx(dead_ml, rel=1e-9)
    assert end.dripped_ml > 0.01
    assert end.run_up_ml == pytest.approx(dead_ml + end.dripped_ml, rel=1e-9)
    flows = [filling.flow_ul_s for filling in end.fillings]
    assert flows[0] == pytest.approx(-flows[1], rel=1e-9)


def test_a_stylet_or_hard_cement_holds_it_back():
    assert box(opened=()).run_up_ml == 0.0
    plug = (Portion(0.05, HV_R.set_s * 1e3, 0),)
    assert box(bores=(PRIMED, plug)).run_up_ml == 0.0


def test_what_ran_up_first_stands_highest():
    young, old = Portion(0.1, 100.0, 0), Portion(0.1, 300.0, 0)
    bore = column.raised((old,), 0.1, 100.0, 0, 1.0)
    assert bore == (young, old)
    thin = column.raised((Portion(0.01, 300.0, 0),), 0.01, 100.0, 0, 1.0)
    assert thin == (Portion(pytest.approx(0.02), pytest.approx(200.0), 0),)


def test_one_cannula_of_two_is_the_same_to_the_bit_as_alone():
    bone = phantoms.block()
    alone, _ = push(bone, TIPS[Side.LEFT], 0.3, spec=steady(ETA), constants=PLAIN, thumb=30.0)
    seconds = alone.cloud.age_tick / 60.0
    both = pressed(bone, TIPS, {Side.LEFT: 30.0, Side.RIGHT: 0.0}, seconds, steady(ETA))
    assert both.cloud.fill.tobytes() == alone.cloud.fill.tobytes()
    assert both.cloud.pressure_kpa.tobytes() == alone.cloud.pressure_kpa.tobytes()


def beside(tool, by_mm, inside):
    """Return the other side's cannula, a few millimetres beside this one."""
    x, y, z = tool.skin_mm
    a, b, c = tool.dock_mm
    return replace(
        tool, side=Side.RIGHT, inside=inside, skin_mm=(x - by_mm, y, z), dock_mm=(a - by_mm, b, c)
    )  # fmt: skip


@pytest.fixture(scope="module")
def primed(mild_case):
    """Two needles in the body with full bores, 5 min after mixing; the left has its syringe."""
    tool = replace(past_wall(mild_case, 14.0), inside=Inside.FILLER)
    state, age_s = first_state(mild_case), 300.0
    needle_ml = math.pi / 4.0 * tool.inner_mm**2 * tool.length_mm / 1e3
    bore = (Portion(needle_ml, age_s, 0),)
    fillings = (Filling(1.0, age_s), Filling(1.0, age_s))
    cement = Cement(mixed_tick=-60 * 300, batches=1, fillings=fillings, bores=(bore, bore))
    return replace(state, cannulas=(tool, beside(tool, 4.0, Inside.FILLER)), cement=cement)


def worked(case, state, action, periods=60):
    told = []
    for _ in range(periods):
        state = replace(state, tick=state.tick + 4)
        state, events = cementing.work(case, state, action)
        told += events
    return state, told


def test_two_pairs_of_hands_press_two_fillers(mild_case, primed):
    here, _ = worked(mild_case, primed, Action(press_n=60.0, press_other_n=30.0))
    left, right = here.cement.fillings
    assert left.given_ml > right.given_ml > 0.01
    assert (left.thumb_n, right.thumb_n) == (60.0, 30.0)
    # it does not matter which of them is called the other one
    there, _ = worked(mild_case, primed, Action(side=Side.RIGHT, press_n=30.0, press_other_n=60.0))
    assert digest(here.cement) == digest(there.cement)


def test_cement_runs_up_the_open_cannula_and_is_told(mild_case, primed):
    tool = primed.cannulas[Side.LEFT]
    cement = primed.cement.with_bore(Side.RIGHT, ())
    press = Action(press_n=80.0)
    opened = replace(primed, cement=cement, cannulas=(tool, beside(tool, 4.0, Inside.EMPTY)))
    after, told = worked(mild_case, opened, press, 120)
    ran = after.cement.fillings[Side.RIGHT].run_up_ml
    assert ran > 0.002
    assert after.cement.cannula_ml[Side.RIGHT] == pytest.approx(ran)
    assert next(e.side for e in told if isinstance(e, CementRanUp)) is Side.RIGHT
    closed = replace(opened, cannulas=(tool, beside(tool, 4.0, Inside.STYLET)))
    assert worked(mild_case, closed, press, 120)[0].cement.run_up_ml == 0.0


def test_what_ran_up_a_working_cannula_bars_the_bone_filler(mild_case, primed):
    tool = replace(primed.cannulas[Side.LEFT], inside=Inside.EMPTY, working=True)
    cement = replace(primed.cement, batch_left_ml=9.0)
    state = replace(primed, cannulas=(tool, None), cement=cement)
    assert "Drive it down with the stylet" in cement_acts.load(mild_case, state, Side.LEFT)
    emptied = replace(state, cement=cement.with_bore(Side.LEFT, ()))
    assert not isinstance(cement_acts.load(mild_case, emptied, Side.LEFT), str)


def test_a_script_has_an_assistant_for_the_other_side(mild_case, primed, tmp_path):
    way = tmp_path / "both.toml"
    way.write_text(
        '[[step]]\ndo = "cement.inject"\nforce_n = 60\nboth_sides = true\nmax_s = 1\n',
        encoding="utf-8",
    )
    hands, session = Scripted(read_script(way), mild_case), Session(mild_case, "test")
    session.state = replace(primed, phase="inject")
    while (action := hands.next_action(session.observe())) is not None:
        session.advance(action)
    assert all(filling.given_ml > 0.01 for filling in session.state.cement.fillings)
