"""Wires, drills and curved needles down a bore and out of it: what fits, and what refuses.

Each act returns the cannula with the instrument in it or out of it, or the reason why not.
"""

from __future__ import annotations

from dataclasses import replace

from simulator.frames import Side
from simulator.physics import passing
from simulator.world.case import Case
from simulator.world.state import State
from simulator.world.tools import Cannula, Inside, Passed

NO_CANNULA = "There is no cannula on this side. Place the needle first."


def occupied(inside: Inside) -> str:
    """Return why nothing can be passed while `inside` is in the bore."""
    return f"The {inside} is in the cannula. Take it out first."


def _free(state: State, side: Side, tool: str, outer_mm: float) -> Cannula | str:
    """Return the cannula if a rod of `outer_mm` can be passed down its bore, or why not."""
    cannula = state.cannulas[side]
    if cannula is None:
        return NO_CANNULA
    if cannula.inside is Inside.STYLET:
        return "The stylet is in. Take it out first."
    if cannula.inside is not Inside.EMPTY:
        return occupied(cannula.inside)
    if state.cement.cannula_ml[side] > 0.0:
        return "There is cement in this cannula."
    if outer_mm >= cannula.inner_mm:
        return f"The {tool} of {outer_mm:g} mm does not fit this bore of {cannula.inner_mm:g} mm."
    return cannula


def wire_in(case: Case, state: State, side: Side) -> Cannula | str:
    """Pass the blunt K-wire down the bore until it meets the end of the channel."""
    cannula = _free(state, side, "wire", case.wire.diameter_mm)
    if isinstance(cannula, str):
        return cannula
    return _with(case, state, cannula, passing.wire(case, cannula))


def drill_in(case: Case, state: State, side: Side) -> Cannula | str:
    """Pass the hand drill down the working cannula until it meets the end of the channel."""
    cannula = _free(state, side, "drill", case.drill.diameter_mm)
    if isinstance(cannula, str):
        return cannula
    if cannula.dock_mm is None:
        return "The cannula does not hold in bone yet. The drill would wander."
    return _with(case, state, cannula, passing.drill(case, cannula))


def curved_in(case: Case, state: State, side: Side) -> Cannula | str:
    """Pass the curved needle down the bore to the tip, its curve towards the midline."""
    cannula = _free(state, side, "curved needle", case.catheter.diameter_mm)
    if isinstance(cannula, str):
        return cannula
    if cannula.dock_mm is None:
        return "The cannula does not hold in bone yet. The curve would open in the muscle."
    return _with(case, state, cannula, passing.curved(case, cannula))


def _with(case: Case, state: State, cannula: Cannula, passed: Passed) -> Cannula:
    passed = passing.settled(case, state.body, cannula, passed)
    return replace(cannula, passed=passed, inside=passed.kind)


def _without(state: State, side: Side, kind: Inside) -> Cannula | str:
    cannula = state.cannulas[side]
    if cannula is None:
        return NO_CANNULA
    if cannula.passed is None or cannula.passed.kind is not kind:
        return f"There is no {kind} in this cannula."
    return passing.taken_out(cannula)


def wire_out(case: Case, state: State, side: Side) -> Cannula | str:
    """Pull the wire; cannula and channel stay."""
    return _without(state, side, Inside.WIRE)


def drill_out(case: Case, state: State, side: Side) -> Cannula | str:
    """Pull the drill; its channel stays open in front of the cannula."""
    return _without(state, side, Inside.DRILL)


def curved_out(case: Case, state: State, side: Side) -> Cannula | str:
    """Draw the curved needle back into the bore and out; its curved channel stays."""
    return _without(state, side, Inside.CURVED)
