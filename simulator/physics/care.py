"""Words to the patient and to the staff: checklist, drugs, dressing, the hour after."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from types import MappingProxyType
from typing import Any

from simulator.frames import Side
from simulator.physics.sides import Act, Outcome
from simulator.world.action import DECLINES, Do
from simulator.world.case import Case
from simulator.world.events import Said
from simulator.world.state import State
from simulator.world.vitals import Vitals

_ASLEEP = 1.0


def _given(state: State, words: str, **changes: Any) -> Outcome:
    """Return the state with changed vitals, and the nurse's word for it."""
    return replace(state, vitals=replace(state.vitals, **changes)), (Said("nurse", words),)


def position(case: Case, state: State, side: Side) -> Outcome:
    """Lay the patient on bolsters."""
    if state.vitals.supported:
        return "The patient lies well already."
    return _given(state, "Prone on bolsters, arms up, all points padded.", supported=True)


def antibiotic(case: Case, state: State, side: Side) -> Outcome:
    """Give the prophylaxis."""
    if state.vitals.antibiotic_tick is not None:
        return "The antibiotic is in."
    allergic = "cephalosporin" in case.clinical.allergies
    drug = "Clindamycin 600 mg" if allergic else "Cefazolin 1 g"
    return _given(state, f"{drug} is in.", antibiotic_tick=state.tick)


def time_out(case: Case, state: State, side: Side) -> Outcome:
    """Say the checklist aloud; clotting and allergies are read from the notes."""
    known = case.clinical
    allergies = ", ".join(known.allergies) if known.allergies else "none"
    text = (
        f"Time-out: right patient, {case.site}, {case.procedure.value}. INR {known.inr:.1f}, "
        f"platelets {known.platelets_g_l:.0f}, allergies {allergies}."
    )
    if state.vitals.antibiotic_tick is None:
        text += " The antibiotic is not in yet."
    return state, (Said("nurse", text),)


def local(case: Case, state: State, side: Side) -> Outcome:
    """Numb skin, tract and periosteum of one side."""
    dose, vitals = case.physics["physiology"]["lidocaine_mg_per_act"], state.vitals
    # A second dose adds to what already works; it does not begin anew.
    ticks = list(vitals.local_ticks)
    ticks[side] = state.tick if ticks[side] is None else ticks[side]
    given, limit = vitals.lidocaine_mg + dose, case.lidocaine_limit_mg
    changed = replace(
        vitals,
        lidocaine_mg=given,
        depot_mg=vitals.depot_mg + dose,
        local_ticks=(ticks[0], ticks[1]),
    )
    text = f"{dose:.0f} mg lidocaine given."
    if given > limit:
        text += f" That makes {given:.0f} mg, {limit:.0f} is the limit."
    return replace(state, vitals=changed), (Said("nurse", text, alarm=given > limit),)


def sedate(case: Case, state: State, side: Side) -> Outcome:
    """Give one titrated step."""
    constants, vitals = case.physics["physiology"], state.vitals
    midazolam, fentanyl = constants["midazolam_mg_per_act"], constants["fentanyl_ug_per_act"]
    changed = replace(
        vitals,
        midazolam_mg=vitals.midazolam_mg + midazolam,
        fentanyl_ug=vitals.fentanyl_ug + fentanyl,
        drug_steps=vitals.drug_steps + 1.0,
    )
    text = f"Midazolam {midazolam:.0f} mg, fentanyl {fentanyl:.0f} µg."
    return replace(state, vitals=changed), (Said("nurse", text),)


def talk(case: Case, state: State, side: Side) -> Outcome:
    """Speak to the patient, and hear."""
    vitals = replace(state.vitals, talked_tick=state.tick)
    return replace(state, vitals=vitals), (Said("patient", _reply(vitals)),)


def _reply(vitals: Vitals) -> str:
    if vitals.sedation >= _ASLEEP:
        return "..."
    if vitals.nerve_pain:
        return "It shoots down my leg."
    if vitals.pain_vas >= 4.0:
        return f"It hurts, about {vitals.pain_vas:.0f} of 10."
    return "I am all right."


def oxygen(case: Case, state: State, side: Side) -> Outcome:
    """Put the mask on."""
    return _given(state, "Oxygen at six litres.", oxygen=True)


def reverse(case: Case, state: State, side: Side) -> Outcome:
    """Undo the sedation."""
    steps = state.vitals.drug_steps * case.physics["physiology"]["reversed_share"]
    return _given(state, "Flumazenil and naloxone are in.", drug_steps=steps)


def lipid(case: Case, state: State, side: Side) -> Outcome:
    """Bind the local anaesthetic that is in the blood."""
    free_mg = state.vitals.blood_mg * case.physics["physiology"]["lidocaine_bound"]
    return _given(state, "Lipid emulsion, 1.5 mL per kilogram.", blood_mg=free_mg, lipid=True)


def _said(words: str) -> Act:
    """Return an act that works only as an answer to a trouble."""

    def act(case: Case, state: State, side: Side) -> Outcome:
        return state, (Said("nurse", words),)

    return act


def dress(case: Case, state: State, side: Side) -> Outcome:
    """Close the skin and turn the patient on the back."""
    if any(cannula is not None for cannula in state.cannulas):
        return "There is still a cannula in the patient."
    return state, (Said("nurse", "Dressing on. We turn the patient now."),)


def neuro_check(case: Case, state: State, side: Side) -> Outcome:
    """Ask for the feet; what counts as the check before leaving is that of the recovery."""
    vitals = state.vitals
    if vitals.sedation >= _ASLEEP:
        return "The patient is too deep to answer."
    hurt = vitals.nerve_pain or vitals.deficit
    words = "My leg is weak and numb." if vitals.deficit else "My leg is numb."
    said = Said("patient", words if hurt else "I can move both feet.", alarm=hurt)
    checked = vitals.neuro_checked or state.phase == "recover"
    return replace(state, vitals=replace(vitals, neuro_checked=checked)), (said,)


def orders(case: Case, state: State, side: Side) -> Outcome:
    """Write what is to be done at home."""
    return _given(state, "Pain relief, treatment of the bone, whom to call.", ordered=True)


def discharge(case: Case, state: State, side: Side) -> Outcome:
    """Send the patient home or to the ward: the run is over."""
    return replace(state, over=True), (Said("nurse", "The patient leaves."),)


def abort(case: Case, state: State, side: Side) -> Outcome:
    """Stop here, as a decision."""
    return replace(state, over=True), (Said("assistant", "We stop here."),)


def decline(case: Case, state: State, side: Side) -> Outcome:
    """Do not treat, for a reason."""
    return replace(state, over=True), (Said("assistant", "We do not treat today."),)


ACTS: Mapping[Do, Callable[[Case, State, Side], Outcome]] = MappingProxyType(
    {
        Do.POSITION: position,
        Do.ANTIBIOTIC: antibiotic,
        Do.TIME_OUT: time_out,
        Do.LOCAL: local,
        Do.SEDATE: sedate,
        Do.TALK: talk,
        Do.OXYGEN: oxygen,
        Do.FLUID: _said("Legs up, the infusion runs."),
        Do.ATROPINE: _said("Atropine 0.5 mg is in."),
        Do.PRESSOR: _said("Ephedrine 10 mg is in."),
        Do.REVERSE: reverse,
        Do.LIPID: lipid,
        Do.DRESS: dress,
        Do.NEURO_CHECK: neuro_check,
        Do.ORDERS: orders,
        Do.DISCHARGE: discharge,
        Do.ABORT: abort,
        **dict.fromkeys(DECLINES, decline),
    }
)
