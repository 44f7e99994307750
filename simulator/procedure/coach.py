"""What an assistant beside the trainee would say next: from what can be known, not from the truth.

Known is what the last pictures showed, the marks on the tools, what the hand feels, the manometer
and its scale, the clock, and what was said aloud. The pictures are handed in as they were read; of
the world itself nothing is asked that only its 3-D truth knows. Where the answer hangs on that, the
hint says which picture would tell.
"""

from __future__ import annotations

from simulator.procedure import coach_cement
from simulator.procedure.coach_access import Hint, access
from simulator.procedure.coach_tamp import tamp
from simulator.procedure.phase_table import WAYS
from simulator.world.case import Case
from simulator.world.seen import Looked
from simulator.world.state import State

_CEMENT = ("inject", "set")


def next_hint(case: Case, state: State, looked: Looked) -> Hint:
    """Return the coach's words for this moment.

    Args:
        case: facing the level in work.
        state: as it stands.
        looked: the last pictures, as read.
    """
    return _patient(case, state) or _next_act(case, state, looked)


def _patient(case: Case, state: State) -> Hint | None:
    """Return what to say while a trouble has shown itself and nothing was done for it."""
    shown = [t.kind for t in state.vitals.troubles if t.stage == "sign"]
    signs = (spec.sign for spec in case.troubles if spec.kind in shown)
    return next((("The patient first", f"{sign} What would help?") for sign in signs), None)


def _next_act(case: Case, state: State, looked: Looked) -> Hint:
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
            return coach_cement.mix(case, state)
        case "inject":
            return coach_cement.inject(case, state, looked)
        case "set":
            return coach_cement.harden(case, state, tool, looked)
        case "recover":
            return "An hour flat", "Let the hour pass, ask for the feet, then discharge."
    return "Done", "Read the debrief."
