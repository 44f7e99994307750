"""Mistakes of choosing and of care: whom not to treat, drugs, alarms, leaving."""

from __future__ import annotations

from simulator.procedure import selection
from simulator.procedure.care_account import LOW, NEVER
from simulator.units import seconds
from simulator.world.action import DECLINES, Do
from simulator.world.case import Case
from simulator.world.events import Collapsed, Done, Event
from simulator.world.state import State
from simulator.world.steel_events import BoneContact
from simulator.world.tally import Finding

_INSTEAD = {
    "vasovagal": "Stop, legs up, fluid; atropine if the pulse stays low.",
    "movement": "Stop, speak to the patient, more local or sedation, then look again.",
    "toxicity": "No more local, oxygen, lipid emulsion, call for help.",
    "desaturation": "Wake and talk, oxygen, reverse the sedation.",
    "embolism": "Stop the cement, oxygen, fluid, pressor.",
    "nerve": "Stop, ask for the feet, take away what presses.",
    "rupture": "Stop, deflate, take the balloon out and see that it is whole.",
}


def of_event(case: Case, state: State, event: Event) -> list[Finding]:
    """Return what is to be said about one event."""
    match event:
        case BoneContact():
            return _at_the_bone(case, state)
        case Collapsed():
            return [_collapse(state, event.kind)]
        case Done(act=act) if act in DECLINES:
            return _declined(case, state)
        case Done(act=Do.LOCAL):
            return _too_much(case, state)
        case Done(act=Do.DISCHARGE):
            return _leaving(case, state)
    return []


def _at_the_bone(case: Case, state: State) -> list[Finding]:
    tick, found = state.tick, []
    reasons = selection.contraindications(case)
    if reasons:
        found.append(Finding(
            "contraindication_ignored", "sentinel", tick,
            f"The needle went in all the same. {reasons[0].text}",
            "Notes, laboratory and films said so in the briefing.",
            "Decline, and say why.", 10.0,
        ))  # fmt: skip
    if state.vitals.antibiotic_tick is None:
        found.append(Finding(
            "no_antibiotic", "minor", tick, "Bone reached without the antibiotic.",
            "The time-out said that it was not in.", "Give it before the skin is cut.", 1.0,
        ))  # fmt: skip
    if not state.vitals.supported:
        found.append(Finding(
            "not_positioned", "minor", tick, "Bone reached in a patient who lies badly.",
            "The patient said so.", "Bolsters under chest and pelvis before anything else.", 1.0,
        ))  # fmt: skip
    return found


def _collapse(state: State, kind: str) -> Finding:
    """An arrest is nobody's neglect if the trouble was answered in time; it stays an error."""
    tick, answered = state.tick, {t.kind for t in state.vitals.troubles if t.answered}
    if kind in answered and f"late_{kind}" not in state.tally.values:
        return Finding(
            "arrest", "major", tick, f"Arrest in spite of what was given, at the end of: {kind}.",
            "The patient spoke, then the monitor alarmed.", _INSTEAD[kind], 9.0,
        )  # fmt: skip
    return Finding(
        "instability_ignored", "sentinel", tick, f"Arrest, at the end of: {kind}.",
        "The patient spoke, then the monitor alarmed.", _INSTEAD[kind], 10.0,
    )  # fmt: skip


def _declined(case: Case, state: State) -> list[Finding]:
    if selection.rightly_declined(case, state):
        return []
    return [Finding(
        "declined_wrongly", "major", state.tick, "Declined, and the patient gave no such reason.",
        "Nothing in the notes says so.", "Read history, laboratory and films again.", 6.0,
    )]  # fmt: skip


def _too_much(case: Case, state: State) -> list[Finding]:
    given, limit = state.vitals.lidocaine_mg, case.lidocaine_limit_mg
    if given <= limit:
        return []
    return [Finding(
        "lidocaine_over", "major", state.tick,
        f"Lidocaine {given:.0f} mg, the limit is {limit:.0f} mg.",
        "The nurse said so.", "Count before you draw up; thin the solution instead.", 4.0,
    )]  # fmt: skip


def _leaving(case: Case, state: State) -> list[Finding]:
    tick, vitals, found = state.tick, state.vitals, []
    flat_s = case.physics["recovery"]["flat_s"]
    if vitals.supine_s < flat_s - 1.0:
        found.append(Finding(
            "left_early", "major", tick, f"Left after {vitals.supine_s / 60:.0f} minutes flat.",
            "Nothing showed it yet.", "An hour flat, then the feet, then home.", 2.0,
        ))  # fmt: skip
    if vitals.nerve_pain or vitals.deficit:
        found.append(Finding(
            "left_with_deficit", "major", tick, "Sent home with a leg that does not obey.",
            "The feet would have told.", "CT at once, and a surgeon.", 9.0,
        ))  # fmt: skip
    return found


def of_state(case: Case, state: State) -> list[Finding]:
    """Findings that no single event tells."""
    values, now = state.tally.values, seconds(state.tick)
    limit_s, found = case.physics["recovery"]["answer_s"], []
    for name in LOW:
        since = values.get(f"low_{name}_since_s", NEVER)
        helped = values.get(f"helped_{name}_s", -NEVER)
        if now - since >= limit_s and helped < since - limit_s:
            found.append(Finding(
                "instability_ignored", "sentinel", state.tick,
                "A minute of low saturation or pressure with no answer.",
                "The monitor alarmed.", "Stop, oxygen, fluid, lighten the sedation.", 8.0,
            ))  # fmt: skip
    for trouble in state.vitals.troubles:
        if f"late_{trouble.kind}" in values:
            found.append(Finding(
                f"late_{trouble.kind}", "minor", state.tick,
                f"A minute without an answer to: {trouble.kind}.",
                "The patient or the nurse spoke up.", _INSTEAD[trouble.kind], 3.0,
            ))  # fmt: skip
    if state.vitals.deficit:
        found.append(Finding(
            "lasting_deficit", "major", state.tick, "A root was irritated until it stayed so.",
            "The patient cried out.", _INSTEAD["nerve"], 9.0,
        ))  # fmt: skip
    return found
