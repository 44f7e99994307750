"""What stands on the two sides of a patient, and what an act with it comes to."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from simulator.frames import Side
from simulator.world.case import Case
from simulator.world.events import Event
from simulator.world.state import State
from simulator.world.tamp import Tamp
from simulator.world.tools import Cannula

Outcome = tuple[State, tuple[Event, ...]] | str
"""The new state with the events that follow, or why physics refuses."""
Act = Callable[[Case, State, Side], Outcome]


def with_cannula(state: State, cannula: Cannula | None, side: Side) -> State:
    """Return `state` with one side's cannula replaced."""
    left, right = state.cannulas
    pair = (cannula, right) if side is Side.LEFT else (left, cannula)
    return replace(state, cannulas=pair)


def with_tamp(state: State, tamp: Tamp | None, side: Side) -> State:
    """Return `state` with one side's tamp replaced."""
    left, right = state.tamps
    return replace(state, tamps=(tamp, right) if side is Side.LEFT else (left, tamp))
