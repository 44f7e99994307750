"""The one step that makes time pass, for every driver: order only, no formula."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from simulator.engine import acts, patient, room
from simulator.physics import cementing, physiology, tamping
from simulator.procedure import fold, phases
from simulator.units import TICKS_PER_S, ticks
from simulator.world.action import Action, Do
from simulator.world.case import Case
from simulator.world.events import Event, PhaseChanged, Said
from simulator.world.state import State

Result = tuple[State, tuple[Event, ...]]


def step(case: Case, state: State, action: Action) -> Result:
    """Return the world one tick later (or after the whole of `action.wait_s`) and what happened.

    Neither `case` nor `state` is changed; equal inputs give equal bits.
    """
    if state.over:
        return state, ()
    case = case.facing(state.level)
    if action.wait_s > 0.0:
        return wait(case, state, action)
    before = state
    state = replace(state, tick=state.tick + 1, side=action.side)
    events: tuple[Event, ...] = ()

    # What was asked for in words, unless staff or physics refuse.
    if action.do is not Do.NONE:
        state, events = _then(acts.carry_out, case, state, action, events)
        if state.level != before.level:
            case, before = case.facing(state.level), state
    # Hands on arm and needle.
    state = room.take_stand(room.move_arm(case, state, action), action)
    state, events = _then(room.move_tools, case, state, action, events)
    events += room.tell_walls(case, before, state)
    # What runs slower than the tick keeps to fixed ticks.
    if state.tick % tamping.PERIOD_TICKS == 0:
        state, events = _then(tamping.work, case, state, action, events)
        state, events = _then(cementing.work, case, state, action, events)
    events += cementing.clock(case, before.tick, state)
    if state.tick % physiology.PERIOD_TICKS == 0:
        state, said = patient.answer(case, state, physiology.PERIOD_TICKS / TICKS_PER_S)
        events += said
    # Pictures come last, so that they show what this tick did.
    state, events = _then(room.expose, case, state, action, events)
    return _judged(case, before, state, events)


def _then(
    part: Callable[[Case, State, Action], Result],
    case: Case,
    state: State,
    action: Action,
    events: tuple[Event, ...],
) -> Result:
    state, more = part(case, state, action)
    return state, events + more


def _judged(case: Case, before: State, state: State, events: tuple[Event, ...]) -> Result:
    """Wind the clocks of blind advance, follow the phase, end the run in time, and count."""
    events = room.see_leaks(case, state, events)
    state, blind = room.wind_clocks(case, before, state, events)
    events += blind
    if events or phases.moves_by_itself(case, state.phase):
        phase, ways = phases.follow(case, state, events)
        if phase != state.phase:
            events += (PhaseChanged(state.phase, phase),)
        if (phase, ways) != (state.phase, state.ways):
            state = replace(state, phase=phase, ways=ways)
    if state.tick >= ticks(case.time_limit_s) and "dress" not in state.tally.done:
        events += (Said("assistant", "Time is up."),)
        state = replace(state, over=True)
    tally = fold.fold(case, before, state, events)
    return (state if tally is state.tally else replace(state, tally=tally)), events


def wait(case: Case, state: State, action: Action) -> Result:
    """Let time pass in one action: hands off, beam off; an alarm or a new phase ends it early."""
    end = state.tick + max(1, ticks(action.wait_s))
    idle = Action(side=state.side)
    state = room.hands_off(replace(state, c_arm=room.at_rest(state.c_arm)))
    events: tuple[Event, ...] = ()
    while state.tick < end and not state.over:
        before = state
        # To the next slow period while tamp or cement move, a quarter second where nothing does.
        lively = tamping.lively(state) or cementing.lively(state)
        period = tamping.PERIOD_TICKS if lively else physiology.PERIOD_TICKS
        span = min(period - state.tick % period, end - state.tick)
        state = replace(state, tick=state.tick + span)
        new: tuple[Event, ...] = ()
        if lively and state.tick % tamping.PERIOD_TICKS == 0:
            state, new = _then(tamping.work, case, state, idle, new)
            state, new = _then(cementing.work, case, state, idle, new)
        new += cementing.clock(case, before.tick, state)
        state, said = patient.answer(case, state, span / TICKS_PER_S)
        new += said
        state, new = _judged(case, before, state, new)
        events += new
        if any(isinstance(e, PhaseChanged) or (isinstance(e, Said) and e.alarm) for e in new):
            break
    return state, events
