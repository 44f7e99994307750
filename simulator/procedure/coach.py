"""What an assistant beside the trainee would say next: from what can be known, not from the truth.

Known is what the last pictures showed, the marks on the tools, what the hand feels, the manometer
and its scale, the clock, and what was said aloud. The pictures are handed in as they were read; of
the world itself nothing is asked that only its 3-D truth knows. Where the answer hangs on that, the
hint says which picture would tell.
"""

from __future__ import annotations

from simulator.procedure.by_level import waiting, without_needle
from simulator.procedure.coach_access import Hint, access
from simulator.procedure.coach_tamp import tamp
from simulator.procedure.phase_table import WAYS
from simulator.units import seconds
from simulator.world.case import Case, Procedure
from simulator.world.seen import Looked
from simulator.world.state import State
from simulator.world.tools import Cannula, Inside

_CEMENT = ("inject", "set")


def next_hint(case: Case, state: State, looked: Looked) -> Hint:
    """Return the coach's words for this moment.

    Args:
        case: facing the level in work.
        state: as it stands.
        looked: the last pictures, as read.
    """
    tool = state.cannulas[state.side]
    # Each side is on a way of its own until there is cement.
    phase = state.ways[state.side] if state.phase in WAYS else state.phase
    if phase in _CEMENT and state.tamps[state.side] is not None:
        return tamp(case, state, looked)
    match phase:
        case "brief":
            return "Read the notes first", "Is there a reason not to treat? If not, position."
        case "checklist":
            return "Antibiotic and time-out", "Name, level, allergies, clotting, aloud."
        case "set_up":
            return "Find a true AP and lateral", "Look in both planes before the needle."
        case "local":
            return "Numb skin and periosteum", "Give the local and let it work for two minutes."
        case "entry" | "pedicle" | "wall" | "body" | "exchange" | "drill":
            return access(case, state, tool, looked)
        case "tamp" | "inflate" | "deflate":
            return tamp(case, state, looked)
        case "mix":
            return _mix(case, state, tool)
        case "inject":
            return _inject(case, state)
        case "set":
            return _set(case, state, tool)
        case "recover":
            return "An hour flat", "Let the hour pass, ask for the feet, then discharge."
    return "Done", "Read the debrief."


def _mix(case: Case, state: State, tool: Cannula | None) -> Hint:
    if state.cement.mixed_tick is None:
        others = without_needle(case, state)
        if others and case.procedure is Procedure.VERTEBROPLASTY:
            return "Needles first", f"Turn to {others[0]} before you mix: one batch serves both."
        return "Mix the cement", "The clock starts with the liquid."
    age = seconds(state.tick - state.cement.mixed_tick)
    left = case.cement.wait_s - age
    if left > 0.0:
        return (
            "Wait for the cement",
            f"About {max(1, round(left / 60))} min more. Try the strand test.",
        )
    return "Load the filler", "Then look in the lateral and press gently."


def _inject(case: Case, state: State) -> Hint:
    other = state.cannulas[1 - state.side]
    if other is not None and other.dock_mm is not None and other.inside is Inside.EMPTY:
        return "Stylet in, other side", "Cement would run up its open cannula."
    if state.cement.thumb_n > 0.0 and not state.c_arm.beam_on:
        return "Never press unseen", "Keep the lateral live while cement runs."
    return "Watch wall and both discs", "Stop before the back quarter, or at the first leak."


def _set(case: Case, state: State, tool: Cannula | None) -> Hint:
    others = waiting(case, state)
    if state.tamps[1 - state.side] is not None:
        return "Now the other side", "Its tamp still holds. Deflate it, take it out, fill."
    if tool is None and others:
        return f"On to {others[0]}", "Turn to the next level; the clock goes on."
    if tool is None:
        return "Close", "A last picture in both planes, then the dressing."
    return "Let it set", "Wait for a hard sample, turn the cannula round, take it out."
