"""Deliberate acts with cement: mixing, drawing up, testing, pushing it down, pulling away from it.

As in `exchange`: pure functions of the state, which return why physics refuses as a sentence.
"""

from __future__ import annotations

import math
from dataclasses import replace

from simulator.frames import Side
from simulator.physics import cementing, column, injection, passages, passing, setting, tract
from simulator.physics.sides import Outcome, with_cannula
from simulator.units import MM3_PER_ML, TICKS_PER_S, ticks
from simulator.world.case import Case
from simulator.world.cement import Cement, Portion, Route, Tail
from simulator.world.events import Event, Said
from simulator.world.filling_events import CementLeaked, TailDrawn
from simulator.world.state import State
from simulator.world.tools import Cannula, Inside

_TAIL_SHARE, _TAIL_PA_S, _SPIKE_SHARE = 0.5, 200.0, 0.1
_TURN_DEG = 360.0
_STUB_MM = 2.0
"""The stylet stops this far from the tip in the flow's eyes: a tube must have a length."""
_STYLET_FIRST_N, _STYLET_MOST_N, _STYLET_UL_S = 0.5, 60.0, 45.0
"""A stylet goes down at about 10 mm/s."""
_STYLET_STEPS, _LEFT_ML = 900, 0.02
_STICKY_PA_S, _CRUMBLY_PA_S = 45.0, 1200.0
"""Cement that drips, and cement that no longer makes a strand (calibrated on one product)."""


def mix(case: Case, state: State, side: Side) -> Outcome:
    """Pour the liquid to the powder: the cement's clock starts.

    A further batch is opened when the bowl is empty, or what it holds is past its working time.
    """
    cement = state.cement
    if cement.mixed_tick is not None:
        usable = column.bowl_age_s(cement, state.tick) <= case.cement.work_until_s
        if cement.batch_left_ml > 0.0 and usable:
            return "There is still cement in the bowl."
    words = "Mixing now." if cement.batches == 0 else "Mixing another batch."
    cement = replace(
        cement,
        mixed_tick=state.tick,
        batches=cement.batches + 1,
        batch_left_ml=case.cement.batch_ml,
    )
    return replace(state, cement=cement), (Said("nurse", words),)


def load(case: Case, state: State, side: Side) -> Outcome:
    """Draw a filler from the bowl and connect it; that takes the nurse a while.

    Each side has a filler of its own. One that is connected is topped up; one whose cement has
    set is thrown away for a fresh one.
    """
    cannula, cement = state.cannulas[side], state.cement
    if cannula is None:
        return passages.NO_CANNULA
    if cement.mixed_tick is None:
        return "The cement is not mixed yet."
    if cannula.inside not in (Inside.EMPTY, Inside.FILLER, Inside.CURVED):
        return passages.occupied(cannula.inside)
    if cement.batch_left_ml <= 0.0:
        return "The bowl is empty."
    if setting.is_set(case.cement, column.bowl_age_s(cement, state.tick)):
        return "The cement in the bowl has set."
    if cannula.takes_nozzle and cement.bores[side]:
        return "There is cement in this cannula. Drive it down with the stylet."
    filling = cement.fillings[side]
    hard = setting.is_set(case.cement, column.filler_age_s(filling, state.tick))
    if cannula.inside is not Inside.FILLER or hard:
        filling = replace(filling, ml=0.0)
    taken = min(case.filler.volume_ml - filling.ml, cement.batch_left_ml)
    if taken <= 0.0:
        return "The filler is still full."
    total, age_s = column.filled(cement, filling, taken, state.tick)
    filling = replace(
        filling,
        ml=total,
        age_s=age_s,
        tick=state.tick,
        ready_tick=state.tick + ticks(case.filler.fill_s),
        kpa=0.0,
    )
    cement = replace(
        cement.with_filling(side, filling),
        batch_left_ml=cement.batch_left_ml - taken,
        fillers_used=cement.fillers_used + 1,
    )
    state = with_cannula(state, replace(cannula, inside=Inside.FILLER), side)
    return replace(state, cement=cement), ()


def strand_test(case: Case, state: State, side: Side) -> Outcome:
    """Pull a strand between two gloved fingers and say what it does."""
    if state.cement.mixed_tick is None:
        return "The cement is not mixed yet."
    age = column.bowl_age_s(state.cement, state.tick)
    return state, (Said("nurse", _strand(case, age)),)


def _strand(case: Case, age_s: float) -> str:
    """Return what the fingers feel: it follows the viscosity, whatever the product's window."""
    if setting.is_set(case.cement, age_s):
        return "The sample is hard."
    eta = setting.viscosity_pa_s(case.cement, age_s)
    if eta > _CRUMBLY_PA_S or age_s > case.cement.work_until_s:
        return "The sample crumbles. It will hardly go through."
    if eta < _STICKY_PA_S or age_s < case.cement.wait_s:
        return "It still sticks and drips."
    return "The strand holds. It is dough."


def cannula_out(case: Case, state: State, side: Side) -> Outcome:
    """Pull needle or cannula out of the patient; soft cement comes along the tract."""
    cannula = state.cannulas[side]
    if cannula is None:
        return "There is nothing to take out on this side."
    if cannula.inside is Inside.TAMP:
        return passages.occupied(cannula.inside)
    if cannula.passed is not None:
        return passages.occupied(cannula.passed.kind)
    cement, events = _pulled(case, state, cannula)
    tracts = state.body.tracts
    for path in (*cannula.tracts, tract.channel(cannula)):
        tracts = tract.kept(tracts, path)
    body = replace(state.body, tracts=tracts)
    return with_cannula(replace(state, cement=cement, body=body), None, side), events


def _pulled(case: Case, state: State, cannula: Cannula) -> tuple[Cement, tuple[Event, ...]]:
    """Return what a cannula that is pulled leaves of its cement behind it, and what is seen."""
    cement, side = state.cement, cannula.side
    bore, warm = cement.bores[side], case.physics["cement"]["ageing_cannula"]
    filling = replace(cement.fillings[side], ml=0.0, kpa=0.0, thumb_n=0.0, flow_ul_s=0.0)
    cement = cement.with_filling(side, filling).with_bore(side, ())
    if cement.injected_ml <= 0.0 or not bore:
        return cement, ()
    age = bore[0].at(state.tick, warm)
    ml = tail_ml(case, age, column.volume_ml(bore), cannula.turned_deg)
    if ml <= 0.0:
        return cement, ()
    length = ml * MM3_PER_ML / (math.pi / 4.0 * cannula.inner_mm**2)
    end = cannula.axis_at(cannula.depth_mm - length)[0]
    tail = Tail(cannula.tip_mm, end, cannula.inner_mm, ml)
    cement = replace(cement, tails=(*cement.tails, tail))
    turned = cannula.turned_deg >= _TURN_DEG
    return cement, (
        TailDrawn(side, ml, length, turned),
        CementLeaked(Route.TRACT, cementing.tract_ml(cement), visible=True),
    )


def tail_ml(case: Case, age_s: float, standing_ml: float, turned_deg: float = 0.0) -> float:
    """Return how much of the cement in a bore is drawn out along the tract with the cannula.

    Runny cement follows, dough tears: the share falls with viscosity. Hard cement that is still
    one piece with what lies in the bone comes out as a spike; a full turn breaks that off, and
    dough too, the better the stiffer it is. The scale is a design value; no measurement is known.
    """
    turn = min(turned_deg / _TURN_DEG, 1.0)
    if setting.is_set(case.cement, age_s):
        return standing_ml * _SPIKE_SHARE * (1.0 - turn)
    eta = setting.viscosity_pa_s(case.cement, age_s)
    stiff = eta / (eta + _TAIL_PA_S)
    return standing_ml * _TAIL_SHARE * (1.0 - stiff) * (1.0 - turn * stiff)


def turn_cannula(case: Case, state: State, side: Side) -> Outcome:
    """Turn the cannula a full turn about its shaft."""
    cannula = state.cannulas[side]
    if cannula is None:
        return passages.NO_CANNULA
    if cannula.inside is Inside.TAMP:
        return passages.occupied(cannula.inside)
    if passing.holds(cannula.passed):
        return "The curve hooks the cannula. Draw it back into the bore first."
    turned = replace(cannula, turned_deg=cannula.turned_deg + _TURN_DEG)
    return with_cannula(state, turned, side), ()


def expelled(case: Case, state: State, cannula: Cannula) -> State | str:
    """Let the stylet drive what stands in the bore out of the tip, as far as a hand can."""
    cement, side = state.cement, cannula.side
    constants = case.physics["cement"]
    bore, warm = cement.bores[side], constants["ageing_cannula"]
    outlet = replace(
        cementing.own_bore(cannula, state.cannulas[1 - side]), length_mm=_STUB_MM, by_filler=True
    )
    plunger = replace(
        case.filler, name="stylet", bore_mm=cannula.inner_mm, advantage=1.0, limit_kpa=math.inf
    )
    field = cementing.flow_field(case, state.body.bone)
    total = column.volume_ml(bore)
    age = sum(p.ml * p.at(state.tick, warm) for p in bore) / total
    held = replace(cement.fillings[side], ml=total, age_s=age, tick=state.tick, kpa=0.0)
    now = cement.with_filling(side, held)
    force = _STYLET_FIRST_N
    for _ in range(_STYLET_STEPS):
        if now.fillings[side].ml <= 1e-9:
            break
        now = injection.inject(
            case.cement, constants, field, now, outlet, plunger, force, state.tick,
            cementing.PERIOD_TICKS / TICKS_PER_S,
        )  # fmt: skip
        # The hand follows a speed, not a force: it eases off where the cement runs.
        ease = now.fillings[side].flow_ul_s > _STYLET_UL_S
        force = force * 0.7 if ease else min(force * 1.2, _STYLET_MOST_N)
    if now.fillings[side].ml > _LEFT_ML:
        return "The stylet does not go in: the cement in the bore is too stiff."
    return replace(state, cement=_after_stylet(cement, now, side, age, state.tick))


def _after_stylet(before: Cement, now: Cement, side: Side, age_s: float, tick: int) -> Cement:
    filling = now.fillings[side]
    left = (Portion(filling.ml, age_s, tick),) if filling.ml > 0.0 else ()
    kept = before.fillings[side]
    filling = replace(filling, ml=kept.ml, age_s=kept.age_s, tick=kept.tick, kpa=0.0, thumb_n=0.0)
    return now.with_filling(side, filling).with_bore(side, left)
