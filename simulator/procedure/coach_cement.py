"""What the coach says of the cement: by bowl, clock and syringe, and by the pictures as read."""

from __future__ import annotations

from simulator.procedure.by_level import waiting, without_needle
from simulator.procedure.coach_access import Hint
from simulator.units import seconds
from simulator.world.case import Case, Procedure
from simulator.world.seen import Looked
from simulator.world.state import State
from simulator.world.tools import Cannula, Inside

_BACK_QUARTER_MM = 8.0
"""From the posterior wall: a quarter of a lumbar body's depth."""


def mix(case: Case, state: State) -> Hint:
    """Return the hint while the cement is to be mixed, or not yet dough."""
    if state.cement.mixed_tick is None:
        others = without_needle(case, state)
        if others and case.procedure is Procedure.VERTEBROPLASTY:
            return "Needles first", f"Turn to {others[0]} before you mix: one batch serves both."
        return "Mix the cement", "The clock starts with the liquid."
    left = case.cement.wait_s - _age_s(state)
    if left > 0.0:
        return (
            "Wait for the cement",
            f"About {max(1, round(left / 60))} min more. Try the strand test.",
        )
    return "Load the filler", "Then look in the lateral and press gently."


def inject(case: Case, state: State, looked: Looked) -> Hint:
    """Return the hint while cement is given."""
    other = state.cannulas[1 - state.side]
    pressing = state.cement.thumb_n > 0.0
    if other is not None and other.dock_mm is not None and other.inside is Inside.EMPTY:
        return "Stylet in, other side", "Cement would run up its open cannula."
    if pressing and not state.c_arm.beam_on:
        return "Never press unseen", "Keep the lateral live while cement runs."
    if any(film is not None and film.leak for film in (looked.lateral, looked.ap)):
        if pressing:
            return "Thumb off", "Cement is outside the body. Wait a minute, look in both planes."
        return "A leak", "Go on only where a minute has sealed it, a little, and watch it."
    near = looked.lateral.cement_to_wall_mm if looked.lateral is not None else None
    if near is not None and near < _BACK_QUARTER_MM:
        return "Back quarter", f"Cement is {near:.0f} mm from the posterior wall. That is enough."
    if state.cement.fillings[state.side].ml <= 0.0 and not pressing:
        return "Look from the front", "Only an AP shows what ran to the side. Then load again."
    return "Watch wall and both discs", "Stop before the back quarter, or at the first leak."


def harden(case: Case, state: State, tool: Cannula | None, looked: Looked) -> Hint:
    """Return the hint while the cement sets, and before the dressing."""
    others = waiting(case, state)
    if state.tamps[1 - state.side] is not None:
        return "Now the other side", "Its tamp still holds. Deflate it, take it out, fill."
    if tool is None and others:
        return f"On to {others[0]}", "Turn to the next level; the clock goes on."
    if tool is None:
        return "Close", "A last picture in both planes, then the dressing."
    if _more_is_wanted(case, state, looked):
        return (
            "Too little to hold",
            f"{state.cement.injected_ml:.1f} mL, and it still flows: go on.",
        )
    return "Let it set", "Wait for a hard sample, turn the cannula round, take it out."


def _more_is_wanted(case: Case, state: State, looked: Looked) -> bool:
    """By the syringe's scale too little was given, nothing told to stop, and it still flows."""
    leak = any(film is not None and film.leak for film in (looked.lateral, looked.ap))
    if leak or any(trouble.shown_s > 0.0 for trouble in state.vitals.troubles):
        return False
    pocket_ml = state.tally.values.get("tamp_volume_ml", 0.0)
    least_ml = max(case.rubric.supporting_ml, case.rubric.supporting_share * pocket_ml)
    return state.cement.injected_ml < least_ml and _age_s(state) < case.cement.work_until_s


def _age_s(state: State) -> float:
    mixed = state.cement.mixed_tick
    return seconds(state.tick - mixed) if mixed is not None else 0.0
