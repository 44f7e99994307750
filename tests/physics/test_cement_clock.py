"""Products, portions with clocks of their own, fillers, further batches."""

import math
from dataclasses import replace

import pytest

from simulator.engine.start import first_state
from simulator.frames import Side
from simulator.physics import cement_acts, cementing, column, injection, setting
from simulator.physics.outlet import Outlet, hand_kpa
from simulator.physics.sides import with_cannula
from simulator.scenario import assets
from simulator.world.action import Action
from simulator.world.cement import Cement, Filling, Portion
from simulator.world.filling_events import TailDrawn
from simulator.world.tools import Inside
from tests.physics import phantoms
from tests.physics.syringes import CONSTANTS, DT, FILLER, HV_R, full, push
from tests.physics.way_in import past_wall

PRODUCTS = assets.catalogue("cement")
ORIGIN = (0.0, 0.0, 0.0)


def test_there_is_a_low_a_medium_and_two_high_viscosity_cements():
    kinds = sorted(spec.kind for spec in PRODUCTS.values())
    assert kinds == ["high", "high", "low", "medium"]


def test_classes_mean_what_the_field_means_by_them():
    """Pa.s when it may first be given: low below 100, medium 100 to 500 two minutes old; the
    very high class above 500 within 3 min."""
    low, medium = PRODUCTS["low_viscosity"], PRODUCTS["medium_viscosity"]
    assert setting.viscosity_pa_s(low, low.wait_s) < 100.0
    assert setting.viscosity_pa_s(medium, 120.0) == pytest.approx(100.0, rel=0.05)
    assert setting.viscosity_pa_s(PRODUCTS["very_high_viscosity"], 180.0) > 500.0


def test_the_medium_cement_hardens_eleven_minutes_after_immersion_at_body_warmth():
    """Boger 2011; a sample warms up as cement in bone does."""
    spec = PRODUCTS["medium_viscosity"]
    at_37 = spec.set_s / CONSTANTS["ageing_bone"]
    assert at_37 == pytest.approx(11.0 * 60.0, rel=0.1)


def test_what_stands_in_the_cannula_sets_before_the_bowl():
    tick = 60 * 240
    begun, field = push(phantoms.block(), ORIGIN, 0.1, start_s=240.0)
    later = tick + (60 * 600)
    warm = CONSTANTS["ageing_cannula"]
    assert column.is_plugged(HV_R, begun.bores[0], later, warm)
    assert column.bowl_age_s(begun, later) < HV_R.set_s
    after, _ = push(phantoms.block(), ORIGIN, 1.0, start_s=later / 60.0, thumb=80.0, seconds=5.0,
                    cement=begun, field=field)  # fmt: skip
    assert after.injected_ml == begun.injected_ml


def test_the_first_in_is_the_first_out():
    """Old cement stands in the cannula; a fresh filler pushes it out before its own."""
    old = Portion(0.5655, 500.0, 0)
    fresh = Cement(mixed_tick=0, fillings=(Filling(5.0, 100.0), Filling()), bores=((old,), ()))
    bone = phantoms.block()
    first, field = push(bone, ORIGIN, 0.5, cement=fresh, thumb=40.0)
    assert first.cloud.age_s.min() > 490.0
    then, _ = push(bone, ORIGIN, 1.6, cement=first, field=field, thumb=40.0,
                   start_s=first.cloud.age_tick / 60.0)  # fmt: skip
    young = then.cloud.age_s < 400.0
    ul = then.cloud.fill * then.cloud.volume_ul
    # a litre of dead space less than 1.6 mL: about one millilitre is of the fresh filler
    assert 0.7 < ul[young].sum() / 1e3 < 1.2


def test_a_column_is_as_stiff_as_its_portions_in_a_row():
    thin, thick = Portion(0.1, 120.0, 0), Portion(0.3, 600.0, 0)
    mean = 0.25 * setting.viscosity_pa_s(HV_R, 120.0) + 0.75 * setting.viscosity_pa_s(HV_R, 600.0)
    assert column.viscosity_of(HV_R, (thin, thick), 0, 1.0) == pytest.approx(mean)
    assert column.drawn((thin, thick), 0.15) == (Portion(pytest.approx(0.25), 600.0, 0),)


def flow(name, age_s, force):
    """Return uL/s into bone after two seconds."""
    spec = assets.chosen("filler", name)
    cement = full(5.0)
    cement = replace(cement, bores=((Portion(0.5655, 0.0, 0),), ()))
    bone = phantoms.block()
    tick = round(60 * age_s)
    field = injection_field(bone)
    outlet = Outlet(Side.LEFT, ORIGIN, ORIGIN, 2.4, 125.0)
    for _ in range(30):
        tick += 4
        cement = injection.inject(
            HV_R, CONSTANTS | {"ageing_cannula": 1.0}, field, cement, outlet, spec, force, tick, DT
        )
    return cement.flow_ul_s, cement.syringe_kpa


def injection_field(bone):
    from simulator.physics.permeability import flow_field

    return flow_field(bone, CONSTANTS, 1, 17.5)


def test_a_screw_gives_its_flow_whatever_the_cement():
    screw = [flow("screw_10", age, 30.0)[0] for age in (300.0, 560.0)]
    thumb = [flow("syringe_1", age, 30.0)[0] for age in (300.0, 560.0)]
    assert screw[1] > 0.65 * screw[0] > 10.0
    assert thumb[1] < 0.6 * thumb[0]


def test_no_device_is_pressed_beyond_what_it_stands():
    spec = assets.chosen("filler", "screw_10")
    assert hand_kpa(70.0, spec, CONSTANTS) == spec.limit_kpa
    assert hand_kpa(60.0, FILLER, CONSTANTS) < FILLER.limit_kpa


@pytest.fixture
def ready(case):
    """Return a state with an empty cannula in the body."""
    tool = past_wall(case, 12.0)
    return with_cannula(first_state(case), tool, tool.side)


def test_a_second_batch_is_mixed_when_the_first_is_used_up_or_too_old(case, ready):
    mixed, _ = cement_acts.mix(case, ready, Side.LEFT)
    assert cement_acts.mix(case, mixed, Side.LEFT) == "There is still cement in the bowl."
    loaded, _ = cement_acts.load(case, replace(mixed, tick=60 * 300), Side.LEFT)
    empty = replace(loaded, cement=replace(loaded.cement, batch_left_ml=0.0), tick=60 * 500)
    again, words = cement_acts.mix(case, empty, Side.LEFT)
    assert words[0].text == "Mixing another batch."
    assert again.cement.batches == 2
    # the filler goes on ageing by the clock of its own batch
    assert column.filler_age_s(again.cement.fillings[0], again.tick) == pytest.approx(500.0)
    assert column.bowl_age_s(again.cement, again.tick) == 0.0
    for over_s, refused in ((-1.0, True), (1.0, False)):
        aged = replace(mixed, tick=round(60 * (case.cement.work_until_s + over_s)))
        assert isinstance(cement_acts.mix(case, aged, Side.LEFT), str) is refused


def test_a_filler_topped_up_from_the_next_batch_has_the_mean_age(case, ready):
    held = Cement(
        mixed_tick=0, batches=2, fillings=(Filling(0.5, 400.0, 0), Filling()),
        batch_left_ml=9.0,
    )  # fmt: skip
    tool = replace(ready.cannulas[0], inside=Inside.FILLER)
    state = with_cannula(replace(ready, cement=held), tool, Side.LEFT)
    topped, _ = cement_acts.load(case, state, Side.LEFT)
    share = 0.5 / case.filler.volume_ml
    assert topped.cement.fillings[0].ml == pytest.approx(case.filler.volume_ml)
    assert topped.cement.fillings[0].age_s == pytest.approx(400.0 * share)


def test_the_strand_tells_the_stages_in_order(case, ready):
    mixed, _ = cement_acts.mix(case, ready, Side.LEFT)
    said = [
        cement_acts.strand_test(case, replace(mixed, tick=round(60 * s)), Side.LEFT)[1][0].text
        for s in (60.0, case.cement.wait_s + 60.0, case.cement.work_until_s + 60.0,
                  case.cement.set_s + 1.0)
    ]  # fmt: skip
    assert [s.split()[-1] for s in said] == ["drips.", "dough.", "through.", "hard."]


def test_a_tail_shrinks_with_age_and_with_a_turn_of_the_cannula(case):
    ages = (240.0, 480.0, 720.0, case.cement.set_s)
    plain, half, turned = (
        [cement_acts.tail_ml(case, age, 0.5, deg) for age in ages] for deg in (0.0, 180.0, 360.0)
    )
    assert plain[:3] == sorted(plain[:3], reverse=True)
    assert plain[0] > 0.15
    assert plain[3] > 0.0  # a hard column that nobody broke off comes out as a spike
    assert all(a > b > c for a, b, c in zip(plain, half, turned, strict=True))
    assert turned == sorted(turned, reverse=True)
    # runny cement runs after the cannula, turned or not; dough breaks, hard cement at once
    shares = [c / a for a, c in zip(plain, turned, strict=True)]
    assert shares == sorted(shares, reverse=True)
    assert shares[0] > 0.7
    assert turned[3] == 0.0


def test_a_tail_is_left_where_the_cannula_was_and_told_with_its_length(case, ready):
    bore = (Portion(0.4, 480.0, 0),)
    given = (Filling(given_ml=2.0), Filling())
    state = replace(ready, cement=Cement(mixed_tick=0, fillings=given, bores=(bore, ())))
    tool = state.cannulas[0]
    after, events = cement_acts.cannula_out(case, state, Side.LEFT)
    (tail,) = after.cement.tails
    assert tail.start_mm == pytest.approx(tool.tip_mm)
    volume = math.pi / 4.0 * tool.inner_mm**2 * tail.length_mm / 1e3
    assert volume == pytest.approx(tail.ml)
    assert math.dist(tail.end_mm, tool.hub_mm) < math.dist(tail.start_mm, tool.hub_mm)
    told = next(e for e in events if isinstance(e, TailDrawn))
    assert (told.volume_ml, told.turned) == (tail.ml, False)
    turned, _ = cement_acts.turn_cannula(case, state, Side.LEFT)
    shorter, _ = cement_acts.cannula_out(case, turned, Side.LEFT)
    assert 0.0 < shorter.cement.tail_ml < 0.7 * tail.ml


def test_cement_that_moves_through_the_tip_undoes_a_turn(case, ready):
    mixed, _ = cement_acts.mix(case, ready, Side.LEFT)
    state, _ = cement_acts.load(case, replace(mixed, tick=60 * 300), Side.LEFT)
    tool = replace(state.cannulas[0], turned_deg=360.0)
    state = replace(state, cannulas=(tool, None), tick=60 * 330)
    still, _ = cementing.work(case, state, Action())
    assert still.cannulas[0].turned_deg == 360.0
    state = replace(state, cement=state.cement.with_bore(0, (Portion(0.56, 300.0, 60 * 300),)))
    for _ in range(20):
        state, _ = cementing.work(case, replace(state, tick=state.tick + 4), Action(press_n=40.0))
    assert state.cement.injected_ml > 0.0
    assert state.cannulas[0].turned_deg == 0.0


@pytest.mark.parametrize(("room_c", "kept_c"), [(26.0, 26.0), (18.0, 18.0), (22.0, 10.0)])
def test_a_theatre_changes_the_clock_and_not_the_body(room_c, kept_c):
    """Real time in the body stays; the bowl follows 2^((T - 22) / 12 K)."""
    spec, constants = setting.in_room(HV_R, CONSTANTS, room_c, kept_c)
    kept = 2.0 ** ((kept_c - 22.0) / 12.0)
    assert spec.set_s * kept == pytest.approx(HV_R.set_s)
    for age in (60.0, 300.0, 700.0):
        here = setting.viscosity_pa_s(spec, age / kept)
        assert here == pytest.approx(setting.viscosity_pa_s(HV_R, age))
    for name in ("ageing_bone", "ageing_vein", "ageing_void"):
        share_per_s = constants[name] / spec.set_s  # of the way to setting, a real second
        assert share_per_s == pytest.approx(CONSTANTS[name] / HV_R.set_s)
    warm = constants["ageing_cannula"] / spec.set_s * HV_R.set_s - CONSTANTS["ageing_cannula"]
    assert warm == pytest.approx(0.5 * (2.0 ** ((room_c - 22.0) / 12.0) - 1.0))
    assert setting.in_room(HV_R, CONSTANTS, 22.0, 22.0) == (HV_R, CONSTANTS)


def test_the_stylet_gives_the_patient_what_stands_in_the_bore(case, ready):
    tool = ready.cannulas[0]
    bore = (Portion(0.4, 300.0, 0),)
    cement = Cement(mixed_tick=0, batches=1, bores=(bore, ()))
    state = replace(with_cannula(ready, replace(tool, working=False), Side.LEFT), cement=cement)
    pushed = cement_acts.expelled(case, state, state.cannulas[0])
    assert not isinstance(pushed, str)
    assert pushed.cement.injected_ml == pytest.approx(0.4, abs=0.03)
    assert column.volume_ml(pushed.cement.bores[0]) < 0.03
    stiff = replace(
        state, cement=replace(cement, bores=((Portion(0.4, case.cement.set_s, 0),), ()))
    )
    assert isinstance(cement_acts.expelled(case, stiff, stiff.cannulas[0]), str)
