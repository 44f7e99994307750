"""What an assistant beside the trainee would say next: from the phase and what was looked at.

A hint never tells what only the 3-D truth knows.
"""

from __future__ import annotations

from simulator.procedure.by_level import waiting, without_needle
from simulator.procedure.clocks import allowed_mm
from simulator.units import seconds
from simulator.world.case import Case, Procedure
from simulator.world.state import State
from simulator.world.tools import Cannula, Inside

Hint = tuple[str, str]
"""Headline of at most 30 characters, and one or two short sentences."""


def next_hint(case: Case, state: State) -> Hint:
    """Return the coach's words for this moment."""
    tool = state.cannulas[state.side]
    match state.phase:
        case "brief":
            return "Read the notes first", "Is there a reason not to treat? If not, position."
        case "checklist":
            return "Antibiotic and time-out", "Name, level, allergies, clotting, aloud."
        case "set_up":
            return "Find a true AP and lateral", "Look in both planes before the needle."
        case "local":
            return "Numb skin and periosteum", "Give the local and let it work for two minutes."
        case "entry" | "pedicle" | "wall" | "body" | "exchange" | "drill":
            return _access(case, state, tool)
        case "tamp" | "inflate" | "deflate":
            return _tamp(case, state)
        case "mix":
            return _mix(case, state, tool)
        case "inject":
            return _inject(case, state)
        case "set":
            return _set(case, state, tool)
        case "recover":
            return "An hour flat", "Let the hour pass, ask for the feet, then discharge."
    return "Done", "Read the debrief."


def _access(case: Case, state: State, tool: Cannula | None) -> Hint:
    if tool is None:
        return "Place the needle", "Put its tip over the outer upper rim of the pedicle."
    if tool.blind_moved_mm != (None, None):
        return "The patient moved", "The pictures are of the place before. Look in both planes."
    clocks = (("AP", tool.blind_medial_mm), ("lateral", tool.blind_depth_mm))
    for (view, gone), limit in zip(clocks, allowed_mm(case, tool), strict=True):
        if gone > 0.6 * limit:
            return "Look before you push on", (
                f"{gone:.1f} mm deeper since the last {view}. {limit:.0f} mm is blind."
            )
    if tool.bone_mm < 1.0:
        return "Dock on the pedicle", "Check the tip in AP, then push until it grips bone."
    if tool.past_wall_mm < 0.0:
        return "Stay outside the medial rim", "Until the lateral shows the tip past the back wall."
    if tool.inside is Inside.STYLET:
        return "On to the front third", "Stop 5 mm short of the front wall, then stylet out."
    if case.procedure is Procedure.KYPHOPLASTY and not tool.working:
        return "Exchange", "Seat the working cannula over the wire."
    if tool.past_wall_mm < 2.0 or tool.working:
        return "Cannula just past the wall", "Two to three millimetres in, then the tamp."
    if not state.purged:
        return "Purge the tamps", "Air in a balloon makes the gauge soft."
    return "Tamp in", "Both markers must be out of the cannula."


def _tamp(case: Case, state: State) -> Hint:
    tamp = state.tamps[state.side]
    if tamp is None:
        return "Tamp in", "Both markers must be out of the cannula."
    if tamp.ruptured or tamp.leak_mm3_s_mpa > 0.0 or tamp.breached:
        return "Deflate, take it out", "The pressure fell at once. Look in both planes first."
    if state.body.lift.wall_mm > 0.5:
        return "Deflate", "The posterior wall is moving. Ask for the feet."
    if tamp.touch_mm2 >= case.physics["tamp"]["touch_stop_mm2"]:
        return "Stop here", "The balloon lies on a wall. More volume only adds risk."
    if tamp.in_cannula_mm > 0.5:
        return "Cannula back", f"{tamp.in_cannula_mm:.0f} mm of the tamp is still inside it."
    if state.cement.mixed_tick is None and tamp.volume_ml > 2.0:
        return "Small steps, then a pause", "Watch plate and walls. Mix the cement while it holds."
    return "Let the bone give", "Wait for the pressure to fall before the next 0.25 mL."


def _mix(case: Case, state: State, tool: Cannula | None) -> Hint:
    if state.cement.mixed_tick is None:
        others = without_needle(case, state)
        if others and case.procedure is Procedure.VERTEBROPLASTY:
            return "Needles first", f"Turn to {others[0]} before you mix: one batch serves both."
        return "Mix the cement", "The clock starts with the liquid."
    age = seconds(state.tick - state.cement.mixed_tick)
    left = case.cement.wait_s - age
    if left > 0.0:
        return "Wait for dough", f"About {max(1, round(left / 60))} min more. Try the strand test."
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
    if tool is None and others:
        return f"On to {others[0]}", "Turn to the next level; the clock goes on."
    if tool is None:
        return "Close", "A last picture in both planes, then the dressing."
    return "Let it set", "Wait for a hard sample, turn the cannula round, take it out."
