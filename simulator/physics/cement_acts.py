"""Deliberate acts with cement: mixing, drawing up, testing, pushing it down, pulling away from it.

As in `exchange`: pure functions of the state, which return why physics refuses as a sentence.
"""

from __future__ import annotations

import math
from dataclasses import replace

from simulator.frames import Side
from simulator.physics import cementing, column, injection, passages, setting, tract
from simulator.physics.sides import Outcome, with_cannula
from simulator.units import TICKS_PER_S
from simulator.world.case import Case
from simulator.world.cement import Cement, Portion, Route
from simulator.world.events import CementLeaked, Event, Said
from simulator.world.state import State
from simulator.world.tools import Cannula, Inside

_TAIL_SHARE, _TAIL_PA_S = 0.5, 200.0
_STUB_MM = 2.0
"""The stylet stops this far from the tip in the flow's eyes: a tube must have a length."""
_STYLET_FIRST_N, _STYLET_MOST_N, _STYLET_UL_S = 0.5, 60.0, 45.0
"""A stylet goes down at about 10 mm/s."""
_STYLET_STEPS, _LEFT_ML = 900, 0.02
_STICKY_PA_S, _CRUMBLY_PA_S = 45.0, 1200.0
"""Cement that drips, and cement that no longer makes a strand (calibrated on one product)."""


def mix(case: Case, state: State, side: Side) -> Outcome:
    """Pour the liquid to the powder: the cement's clock starts.

    A further batch is opened when the bowl is empty, or what it holds has set.
    """
    cement = state.cement
    if cement.mixed_tick is not None:
        hard = setting.is_set(case.cement, column.bowl_age_s(cement, state.tick))
        if cement.batch_left_ml > 0.0 and not hard:
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
    """Draw a filler from the bowl and connect it.

    There is one filler; connecting it here takes it, and what it holds, from the other side. A
    filler whose cement has set is thrown away for a fresh one.
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
    other = state.cannulas[1 - side]
    connected = cannula.inside is Inside.FILLER
    if not connected and other is not None and other.inside is Inside.FILLER:
        connected = True
        free = Inside.EMPTY if other.passed is None else other.passed.kind
        state = with_cannula(state, replace(other, inside=free), Side(1 - side))
    state, elsewhere = _taken_from_elsewhere(state)
    hard = setting.is_set(case.cement, column.filler_age_s(cement, state.tick))
    if not (connected or elsewhere) or hard:
        cement = replace(cement, filler_ml=0.0)
    taken = min(case.filler.volume_ml - cement.filler_ml, cement.batch_left_ml)
    if taken <= 0.0:
        return "The filler is still full."
    total, age_s = column.filled(cement, taken, state.tick)
    cement = replace(
        cement,
        filler_ml=total,
        filler_age_s=age_s,
        filler_tick=state.tick,
        batch_left_ml=cement.batch_left_ml - taken,
        fillers_used=cement.fillers_used + 1,
        syringe_kpa=0.0,
    )
    state = with_cannula(state, replace(cannula, inside=Inside.FILLER), side)
    return replace(state, cement=cement), ()


def _taken_from_elsewhere(state: State) -> tuple[State, bool]:
    """Take the one filler off a needle that stands in another level, if it is there."""
    for n, left in enumerate(state.worked):
        for side, tool in enumerate(left.cannulas if left is not None else ()):
            if left is not None and tool is not None and tool.inside is Inside.FILLER:
                free = Inside.EMPTY if tool.passed is None else tool.passed.kind
                pair = list(left.cannulas)
                pair[side] = replace(tool, inside=free)
                kept = list(state.worked)
                kept[n] = replace(left, cannulas=(pair[0], pair[1]))
                return replace(state, worked=tuple(kept)), True
    return state, False


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
    events: tuple[Event, ...] = ()
    cement, bore = state.cement, state.cement.bores[side]
    if cement.injected_ml > 0.0 and bore:
        age = bore[0].at(state.tick, case.physics["cement"]["ageing_cannula"])
        tail = tail_ml(case, age, column.volume_ml(bore))
        cement = replace(cement, tail_ml=cement.tail_ml + tail)
        if tail > 0.0:
            events = (CementLeaked(Route.TRACT, cementing.tract_ml(cement), visible=True),)
    cement = replace(cement, bores=injection.with_bore(cement, side, ()))
    tracts = state.body.tracts
    for path in (*cannula.tracts, tract.channel(cannula)):
        tracts = tract.kept(tracts, path)
    body = replace(state.body, tracts=tracts)
    return with_cannula(replace(state, cement=cement, body=body), None, side), events


def tail_ml(case: Case, age_s: float, standing_ml: float) -> float:
    """Return how much of the cement in a bore is drawn out along the tract with the cannula.

    Hard cement breaks off at the tip, dough tears, runny cement follows: the share falls with
    viscosity. The scale is a design value; no measurement is known.
    """
    if setting.is_set(case.cement, age_s):
        return 0.0
    eta = setting.viscosity_pa_s(case.cement, age_s)
    return standing_ml * _TAIL_SHARE / (1.0 + eta / _TAIL_PA_S)


def expelled(case: Case, state: State, cannula: Cannula) -> State | str:
    """Let the stylet drive what stands in the bore out of the tip, as far as a hand can."""
    cement, side = state.cement, cannula.side
    constants = case.physics["cement"]
    bore, warm = cement.bores[side], constants["ageing_cannula"]
    outlet = replace(cementing.outlet_of(case, cannula, 0.0), length_mm=_STUB_MM, by_filler=True)
    plunger = replace(
        case.filler, name="stylet", bore_mm=cannula.inner_mm, advantage=1.0, limit_kpa=math.inf
    )
    field = cementing.flow_field(case, state.body.bone)
    total = column.volume_ml(bore)
    age = sum(p.ml * p.at(state.tick, warm) for p in bore) / total
    now = replace(cement, filler_ml=total, filler_age_s=age, filler_tick=state.tick)
    force = _STYLET_FIRST_N
    for _ in range(_STYLET_STEPS):
        if now.filler_ml <= 1e-9:
            break
        now = injection.inject(
            case.cement, constants, field, now, outlet, plunger, force, state.tick,
            cementing.PERIOD_TICKS / TICKS_PER_S,
        )  # fmt: skip
        # The hand follows a speed, not a force: it eases off where the cement runs.
        ease = now.flow_ul_s > _STYLET_UL_S
        force = force * 0.7 if ease else min(force * 1.2, _STYLET_MOST_N)
    if now.filler_ml > _LEFT_ML:
        return "The stylet does not go in: the cement in the bore is too stiff."
    return replace(state, cement=_after_stylet(cement, now, side, age, state.tick))


def _after_stylet(before: Cement, now: Cement, side: Side, age_s: float, tick: int) -> Cement:
    left = (Portion(now.filler_ml, age_s, tick),) if now.filler_ml > 0.0 else ()
    return replace(
        now,
        filler_ml=before.filler_ml,
        filler_age_s=before.filler_age_s,
        filler_tick=before.filler_tick,
        bores=injection.with_bore(before, side, left),
        syringe_kpa=0.0,
        thumb_n=0.0,
    )
