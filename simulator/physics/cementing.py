"""The thumb at the plunger, 15 times a second: flow into the bone, leaks, setting."""

from __future__ import annotations

import math
from collections import deque
from dataclasses import replace

from simulator.anatomy.volume import BoneField
from simulator.frames import Side
from simulator.physics import embolus, injection, permeability, tract
from simulator.physics.outlet import Outlet, Pressed
from simulator.physics.permeability import FlowField
from simulator.physics.sides import with_cannula
from simulator.units import MM3_PER_ML, TICKS_PER_S, Vec3, seconds
from simulator.world.action import Action
from simulator.world.case import Case
from simulator.world.cement import ROUTES, Cement, Route
from simulator.world.events import Event, Said
from simulator.world.filling_events import CementLeaked, CementRanUp, CementSet
from simulator.world.state import State
from simulator.world.tools import Cannula, Inside

PERIOD_TICKS = 4
_TOLD_ML = 0.05
"""A leak is reported at its beginning and at every further mark of this size."""
_FIRST_UL = 1.0
_STUB_MM = 2.0
"""A tube has a length, however little it still holds."""

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


def outlet_of(
    case: Case, cannula: Cannula, filler_ml: float, other: Cannula | None = None
) -> Outlet:
    """Return where cement comes out, and through how long a tube.

    Through a needle the syringe fills the needle's bore. Through a working cannula a bone
    filler is passed to the front of the pocket and emptied by its own plunger: its tube is as
    long as what it still holds, and nothing stands in the cannula. A curved needle is filled
    and emptied as a needle is, at its own tip and through its own bore. What the `other` side's
    cannula has drilled stands open too.
    """
    if not cannula.takes_nozzle:
        return own_bore(cannula, other)
    bore = case.filler.bore_mm
    left_mm = filler_ml * MM3_PER_ML / (math.pi / 4.0 * bore**2)
    return Outlet(
        cannula.side, cannula.nozzle_mm, cannula.channel_end_mm, bore, max(left_mm, _STUB_MM),
        _holes(cannula, other), by_filler=True,
    )  # fmt: skip


def own_bore(cannula: Cannula, other: Cannula | None) -> Outlet:
    """Return the end of a bore that cement itself passes, down or up."""
    tracts = _holes(cannula, other)
    passed = cannula.passed
    if passed is not None:
        tip = cannula.outlet_mm
        tracts += tract.segments((passed.path_mm(max(passed.deepest_mm, passed.reach_mm)),))
        return Outlet(cannula.side, tip, tip, passed.inner_mm, passed.length_mm, tracts)
    return Outlet(
        cannula.side, cannula.tip_mm, cannula.channel_end_mm, cannula.inner_mm,
        cannula.length_mm, tracts,
    )  # fmt: skip


def _holes(cannula: Cannula, other: Cannula | None) -> tuple[tuple[Vec3, Vec3], ...]:
    tracts = tract.segments(cannula.tracts)
    if other is None or other.dock_mm is None:
        return tracts
    return (*tracts, (other.tip_mm, other.channel_end_mm), *tract.segments(other.tracts))


def is_open(cannula: Cannula | None) -> bool:
    """True where a cannula stands in bone with nothing in its bore, and nothing on its hub."""
    if cannula is None or cannula.dock_mm is None:
        return False
    return cannula.inside is Inside.EMPTY or (
        cannula.inside is Inside.CURVED and cannula.outlet_is_curved
    )


def _pressed(case: Case, state: State, action: Action) -> Cement:
    """Press for one period on whatever plungers are connected."""
    cement, pressed, opened = state.cement, [], []
    for side in Side:
        cannula, other = state.cannulas[side], state.cannulas[1 - side]
        filling = cement.fillings[side]
        if cannula is not None and is_open(cannula):
            opened.append(own_bore(cannula, other))
        connected = cannula is not None and cannula.inside is Inside.FILLER
        if cannula is None or not connected or state.tick < filling.ready_tick:
            cement = injection.at_rest(cement, side, 0.0)
            continue
        thumb_n = action.press_n if side is action.side else action.press_other_n
        outlet = outlet_of(case, cannula, filling.ml, other)
        pressed.append(Pressed(outlet, case.filler, thumb_n))
    return injection.press(
        case.cement, case.physics["cement"], flow_field(case, state.body.bone), cement, pressed,
        opened, state.tick, PERIOD_TICKS / TICKS_PER_S,
    )  # fmt: skip


def lively(state: State) -> bool:
    """True while cement still flows or a syringe is under pressure."""
    return state.cement.flow_ul_s > 0.0 or state.cement.syringe_kpa > 0.0


def work(case: Case, state: State, action: Action) -> tuple[State, tuple[Event, ...]]:
    """Press on the fillers of both sides, and report what left the body or has set.

    A hand that works on the other side lets its plunger go, but the syringe's pressure stays.
    """
    before = state.cement
    if before.mixed_tick is None:
        return state, ()
    asked = action.press_n or action.press_other_n
    if not asked and not lively(state) and before.thumb_n == 0.0:
        return state, ()
    after = _pressed(case, state, action)
    if after is before:
        return state, ()
    after, lodged = embolus.carried(case, before, after, state.tick)
    events = leaks(before, after) + _runs(before, after) + lodged
    return _freed(replace(state, cement=after)), events


def _freed(state: State) -> State:
    """Cement that moves through a tip joins what a turn of the cannula had broken off."""
    for side in Side:
        cannula = state.cannulas[side]
        if cannula is not None and cannula.turned_deg and state.cement.fillings[side].flow_ul_s:
            state = with_cannula(state, replace(cannula, turned_deg=0.0), side)
    return state


def _runs(before: Cement, after: Cement) -> tuple[Event, ...]:
    """Report cement that climbs an open cannula, at its beginning and at every further mark."""
    events: list[Event] = []
    for side in Side:
        old, new = before.fillings[side].run_up_ml, after.fillings[side].run_up_ml
        if _passes(old * MM3_PER_ML, new * MM3_PER_ML):
            events.append(CementRanUp(side, new, after.dripped_ml))
    return tuple(events)


def tract_ml(cement: Cement) -> float:
    """Return all cement that lies along needle tracts."""
    return cement.cloud.leak_ul[ROUTES.index(Route.TRACT)] / MM3_PER_ML + cement.tail_ml


def leaks(before: Cement, after: Cement) -> tuple[Event, ...]:
    """Report new leaks; whether a picture could show them is judged where pictures are known."""
    return tuple(
        CementLeaked(Route(route), new / MM3_PER_ML, visible=False)
        for route, old, new in zip(ROUTES, before.cloud.leak_ul, after.cloud.leak_ul, strict=True)
        if _passes(old, new)
    )


def _passes(old_ul: float, new_ul: float) -> bool:
    """True where a volume begins to matter, and where it passes a further mark."""
    mark = _TOLD_ML * MM3_PER_ML
    begins = old_ul < _FIRST_UL <= new_ul
    return begins or (new_ul > _FIRST_UL and int(new_ul / mark) > int(old_ul / mark))


def clock(case: Case, before_tick: int, state: State) -> tuple[Event, ...]:
    """The nurse reads the clock: dough, two minutes left, hard; each is said once."""
    mixed = state.cement.mixed_tick
    if mixed is None:
        return ()
    spec = case.cement
    then, now = seconds(before_tick - mixed), seconds(state.tick - mixed)
    events: list[Event] = []
    for mark, words in (
        (spec.wait_s, "The waiting time is over. Try a strand before you give it."),
        (spec.work_until_s - 120.0, "Two minutes of working time."),
        (spec.set_s, "The sample is hard."),
    ):
        if then < mark <= now:
            events.append(Said("nurse", words))
    if then < spec.set_s <= now:
        events.append(CementSet())
    return tuple(events)
