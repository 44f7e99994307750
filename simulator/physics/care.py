"""Words to the patient and to the staff: checklist, drugs, dressing, the hour after."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from types import MappingProxyType

from simulator.frames import Side
from simulator.physics.sides import Outcome
from simulator.world.action import Do
from simulator.world.case import Case
from simulator.world.events import Said
from simulator.world.state import State


def time_out(case: Case, state: State, side: Side) -> Outcome:
    """Say the checklist aloud."""
    level = case.patient.target.level
    text = f"Time-out: right patient, {level}, {case.procedure.value}. Antibiotic is in."
    return state, (Said("nurse", text),)


def local(case: Case, state: State, side: Side) -> Outcome:
    """Numb skin, tract and periosteum."""
    dose = case.physics["physiology"]["lidocaine_mg_per_act"]
    # A second dose adds to what already works; it does not begin anew.
    since = state.vitals.local_tick if state.vitals.local_tick is not None else state.tick
    vitals = replace(state.vitals, lidocaine_mg=state.vitals.lidocaine_mg + dose, local_tick=since)
    return replace(state, vitals=vitals), (Said("nurse", f"{dose:.0f} mg lidocaine given."),)


def sedate(case: Case, state: State, side: Side) -> Outcome:
    """Give one titrated step."""
    constants = case.physics["physiology"]
    vitals = replace(
        state.vitals,
        midazolam_mg=state.vitals.midazolam_mg + constants["midazolam_mg_per_act"],
        fentanyl_ug=state.vitals.fentanyl_ug + constants["fentanyl_ug_per_act"],
    )
    text = (
        f"Midazolam {constants['midazolam_mg_per_act']:.0f} mg, "
        f"fentanyl {constants['fentanyl_ug_per_act']:.0f} µg."
    )
    return replace(state, vitals=vitals), (Said("nurse", text),)


def dress(case: Case, state: State, side: Side) -> Outcome:
    """Close the skin and turn the patient on the back."""
    if any(cannula is not None for cannula in state.cannulas):
        return "There is still a cannula in the patient."
    return state, (Said("nurse", "Dressing on. We turn the patient now."),)


def neuro_check(case: Case, state: State, side: Side) -> Outcome:
    """Ask for the feet."""
    vitals = replace(state.vitals, neuro_checked=True)
    words = "My leg is numb." if state.vitals.nerve_pain else "I can move both feet."
    alarm = state.vitals.nerve_pain
    return replace(state, vitals=vitals), (Said("patient", words, alarm=alarm),)


def discharge(case: Case, state: State, side: Side) -> Outcome:
    """Send the patient home or to the ward: the run is over."""
    return replace(state, over=True), (Said("nurse", "The patient leaves."),)


def abort(case: Case, state: State, side: Side) -> Outcome:
    """Stop here, as a decision."""
    return replace(state, over=True), (Said("assistant", "We stop here."),)


ACTS: Mapping[Do, Callable[[Case, State, Side], Outcome]] = MappingProxyType(
    {
        Do.TIME_OUT: time_out,
        Do.LOCAL: local,
        Do.SEDATE: sedate,
        Do.DRESS: dress,
        Do.NEURO_CHECK: neuro_check,
        Do.DISCHARGE: discharge,
        Do.ABORT: abort,
    }
)
