"""What is known of the patient, what is advised, and how this body answers."""

from __future__ import annotations

from simulator.anatomy.patient import Patient
from simulator.procedure import selection
from simulator.rng import stream
from simulator.scenario import assets
from simulator.scenario.person import height_left, person_seed
from simulator.scenario.scenario import Scenario
from simulator.world.case import Procedure
from simulator.world.clinic import Advice, Clinical, Person
from simulator.world.instruments import Needle

_FARTHEST = 2.5
"""Spreads from the mean beyond which nobody is drawn."""


def clinical(scenario: Scenario) -> Clinical:
    """Return history, laboratory and imaging as a decision needs them."""
    who, bone = scenario.case.patient, scenario.case.fracture
    return Clinical(
        inr=who.inr,
        platelets_g_l=who.platelets_g_l,
        infection=who.infection,
        allergies=tuple(who.allergies),
        neurology=who.neurology,
        unstable=bone.unstable,
        oedema=bone.oedema,
        tender=who.tender,
        retropulsion_mm=bone.retropulsion_mm,
        lost=1.0 - height_left(scenario),
        age_weeks=bone.age_weeks,
    )


def advice(scenario: Scenario) -> Advice:
    """Return the author's decision."""
    asked = scenario.case.expected
    planned = scenario.case.procedure
    suits = asked.procedures or (() if planned == "choose" else (planned,))
    return Advice(asked.decision, tuple(suits), asked.reason.strip())


def suited(scenario: Scenario, patient: Patient) -> Procedure:
    """Return the procedure that history and imaging ask for where nobody has chosen."""
    cannula: Needle = assets.chosen("working_cannula", scenario.case.equipment.working_cannula)
    widest_mm = max(p.width_mm for p in patient.target.landmarks.pedicles)
    room_mm = (widest_mm - cannula.outer_mm) / 2.0
    return selection.suited(clinical(scenario), assets.physics()["selection"], room_mm)


def person(scenario: Scenario) -> Person:
    """Draw how this body answers; the same person for every seed of the run."""
    who, data = scenario.case.patient, assets.physics()["person"]
    draw = stream(person_seed(scenario), "person")
    spread = draw.normal(size=8).clip(-_FARTHEST, _FARTHEST) * who.variation
    heart, pressure, oxygen, cement, sedation, vagal, move, lidocaine = (float(z) for z in spread)
    faints = data["faints_vas"] if who.faints else 0.0
    return Person(
        heart_rate_min=data["heart_rate_min"] + data["heart_rate_sd"] * heart,
        map_mmhg=data["map_mmhg"] + data["map_sd"] * pressure,
        spo2_pct=min(100.0, who.spo2_pct + data["spo2_sd"] * oxygen),
        map_per_cement_ml=data["map_per_cement_ml"] + data["map_per_cement_sd"] * cement,
        sedation_gain=1.0 + data["sedation_sd"] * sedation,
        vagal_vas=data["vagal_vas"] + data["vagal_sd"] * vagal + faints,
        move_vas=data["move_vas"] + data["move_sd"] * move,
        lidocaine_gain=1.0 + data["lidocaine_sd"] * lidocaine,
    )
