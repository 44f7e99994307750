"""The thumb at the plunger, 15 times a second: flow into the bone, leaks, setting."""

from __future__ import annotations

import math
from collections import deque
from dataclasses import replace

from simulator.anatomy.volume import BoneField
from simulator.frames import Side, along, dot, minus
from simulator.physics import embolus, injection, permeability, tract
from simulator.physics.permeability import FlowField
from simulator.units import MM3_PER_ML, TICKS_PER_S, seconds
from simulator.world.action import Action
from simulator.world.case import Case
from simulator.world.cement import ROUTES, Cement, Route
from simulator.world.events import CementLeaked, CementSet, Event, Said
from simulator.world.state import State
from simulator.world.tools import Cannula, Inside

PERIOD_TICKS = 4
_TOLD_ML = 0.05
"""A leak is reported at its beginning and at every further mark of this size."""
_FIRST_UL = 1.0
_STUB_MM = 2.0
"""A tube has a length, however little it still holds."""
_NOZZLE_BACK_MM = 4.0
"""A bone filler's nozzle stops this far short of the end of the channel."""

_fields: deque[tuple[BoneField, int, FlowField]] = deque(maxlen=4)
"""Pure function values, kept for speed; never part of a state."""


def flow_field(case: Case, bone: BoneField) -> FlowField:
    """Return how cement meets `bone`; remembered, because it takes a while."""
    for known, seed, field in _fields:
        if known is bone and seed == case.seed:
            return field
    wall_y = case.patient.target.landmarks.posterior_wall_y_mm
    field = permeability.flow_field(bone, case.physics["cement"], case.seed, wall_y)
    _fields.append((bone, case.seed, field))
    return field


def outlet_of(case: Case, cannula: Cannula, filler_ml: float) -> injection.Outlet:
    """Return where cement comes out, and through how long a tube.

    Through a needle the syringe fills the needle's bore. Through a working cannula a bone
    filler is passed to the front of the pocket and emptied by its own plunger: its tube is as
    long as what it still holds, and nothing stands in the cannula. A curved needle is filled
    and emptied as a needle is, at its own tip and through its own bore.
    """
    tracts = tract.segments(cannula.tracts)
    passed = cannula.passed
    if passed is not None:
        tip = cannula.outlet_mm
        tracts += tract.segments((passed.path_mm(max(passed.deepest_mm, passed.reach_mm)),))
        return injection.Outlet(
            cannula.side, tip, tip, passed.inner_mm, passed.length_mm, tracts
        )  # fmt: skip
    if not cannula.working:
        return injection.Outlet(
            cannula.side, cannula.tip_mm, cannula.channel_end_mm, cannula.inner_mm,
            cannula.length_mm, tracts,
        )  # fmt: skip
    bore = case.filler.bore_mm
    left_mm = filler_ml * MM3_PER_ML / (math.pi / 4.0 * bore**2)
    nozzle = along(cannula.channel_end_mm, cannula.direction, -_NOZZLE_BACK_MM)
    if dot(minus(nozzle, cannula.tip_mm), cannula.direction) < 0.0:
        nozzle = cannula.tip_mm
    return injection.Outlet(
        cannula.side, nozzle, cannula.channel_end_mm, bore, max(left_mm, _STUB_MM), tracts,
        by_filler=True,
    )  # fmt: skip


def _pressed(case: Case, state: State, cannula: Cannula, press_n: float) -> Cement:
    """Press for one period."""
    outlet = outlet_of(case, cannula, state.cement.filler_ml)
    return injection.inject(
        case.cement, case.physics["cement"], flow_field(case, state.body.bone), state.cement,
        outlet, case.filler, press_n, state.tick, PERIOD_TICKS / TICKS_PER_S,
    )  # fmt: skip


def lively(state: State) -> bool:
    """True while cement still flows or a syringe is under pressure."""
    return state.cement.flow_ul_s > 0.0 or state.cement.syringe_kpa > 0.0


def work(case: Case, state: State, action: Action) -> tuple[State, tuple[Event, ...]]:
    """Press on the active side's filler, and report what left the body or has set."""
    before = state.cement
    if before.mixed_tick is None:
        return state, ()
    if action.press_n == 0.0 and not lively(state) and before.thumb_n == 0.0:
        return state, ()
    cannula, press_n = _connected(state, action)
    if cannula is None:
        after = replace(before, thumb_n=0.0, syringe_kpa=0.0, flow_ul_s=0.0,
                        flow_smooth_ul_s=0.0, tip_kpa=0.0)  # fmt: skip
    else:
        after = _pressed(case, state, cannula, press_n)
    if after is before:
        return state, ()
    after, lodged = embolus.carried(case, before, after, state.tick)
    return replace(state, cement=after), leaks(before, after) + lodged


def _connected(state: State, action: Action) -> tuple[Cannula | None, float]:
    """Return the cannula that holds the filler, and the thumb's force on it.

    A hand that works on the other side lets the plunger go, but the syringe's pressure stays.
    """
    for side in (action.side, Side(1 - action.side)):
        cannula = state.cannulas[side]
        if cannula is not None and cannula.inside is Inside.FILLER:
            return cannula, action.press_n if side is action.side else 0.0
    return None, 0.0


def tract_ml(cement: Cement) -> float:
    """Return all cement that lies along needle tracts."""
    return cement.cloud.leak_ul[ROUTES.index(Route.TRACT)] / MM3_PER_ML + cement.tail_ml


def leaks(before: Cement, after: Cement) -> tuple[Event, ...]:
    """Report new leaks; whether a picture could show them is judged where pictures are known."""
    events: list[Event] = []
    for route, old, new in zip(ROUTES, before.cloud.leak_ul, after.cloud.leak_ul, strict=True):
        mark = _TOLD_ML * MM3_PER_ML
        begins = old < _FIRST_UL <= new
        if begins or (new > _FIRST_UL and int(new / mark) > int(old / mark)):
            events.append(CementLeaked(Route(route), new / MM3_PER_ML, visible=False))
    return tuple(events)


def clock(case: Case, before_tick: int, state: State) -> tuple[Event, ...]:
    """The nurse reads the clock: dough, two minutes left, hard; each is said once."""
    mixed = state.cement.mixed_tick
    if mixed is None:
        return ()
    spec = case.cement
    then, now = seconds(before_tick - mixed), seconds(state.tick - mixed)
    events: list[Event] = []
    for mark, words in (
        (spec.wait_s, "The cement is dough. You can give it."),
        (spec.work_until_s - 120.0, "Two minutes of working time."),
        (spec.set_s, "The sample is hard."),
    ):
        if then < mark <= now:
            events.append(Said("nurse", words))
    if then < spec.set_s <= now:
        events.append(CementSet())
    return tuple(events)
