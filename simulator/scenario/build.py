"""Building a case: the authored words, the shipped data and a patient become one frozen value."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable

from simulator.anatomy import store
from simulator.anatomy.approach import plan_beside
from simulator.anatomy.patient import Patient
from simulator.anatomy.plan import Plan, deepened, plan_path
from simulator.frames import Side, along, minus, unit
from simulator.imaging.machine import machine
from simulator.scenario import assets, clinic
from simulator.scenario.person import patient_spec
from simulator.scenario.scenario import Scenario
from simulator.scenario.schema import CaseFile
from simulator.world.arm import CArm, Curve, Plane
from simulator.world.case import Case, Notes, Procedure
from simulator.world.clinic import Choice
from simulator.world.instruments import CArmSpec, Needle
from simulator.world.rubric import Criterion, Rubric

Progress = Callable[[str, float], None]
"""Told what is being done, and the fraction done, 0..1."""

_TAMP_FRONT_MM = 6.0
"""Bone left ahead of a tamp's channel: 3-5 mm to the anterior cortex are the usual stop for stylet
and drill (recalled), and a millimetre for the hand."""

AS_PLANNED = Choice()
_FILLER = {Procedure.KYPHOPLASTY: "bone_filler", Procedure.VERTEBROPLASTY: "syringe_1"}


def build_case(
    scenario: Scenario,
    seed: int,
    progress: Progress | None = None,
    choice: Choice = AS_PLANNED,
) -> Case:
    """Build everything that never changes in a run.

    Args:
        scenario: The authored case.
        seed: Seed of the run.
        progress: Called with what is being done and the fraction done.
        choice: What the operator chose instead of the author's plan.

    Raises:
        ScenarioError: the words are fine one by one but no patient fits them.
        AssetError: shipped data are missing or damaged.
    """
    patient = store.patient(patient_spec(scenario), progress)
    authored = chosen_plan(scenario.case, choice)
    if authored.procedure == "choose":
        suits = clinic.suited(scenario, patient).value
        authored = authored.model_copy(update={"procedure": suits})
    procedure = Procedure(authored.procedure)
    tools = authored.equipment
    judge = rubric_for(dataclasses.replace(scenario, case=authored))
    needle: Needle = assets.chosen("needle", tools.needle)
    cannula: Needle = assets.chosen("working_cannula", tools.working_cannula)
    through = cannula if procedure is Procedure.KYPHOPLASTY else needle
    return Case(
        id=authored.id,
        sha256=scenario.sha256,
        seed=seed,
        procedure=procedure,
        notes=_notes(authored),
        patient=patient,
        plans=_plans(authored, patient, through.outer_mm / 2.0),
        sides=tuple(int(Side[name.upper()]) for name in authored.plan.sides),
        needle=needle,
        working_cannula=cannula,
        wire=assets.chosen("wire", "k_wire"),
        drill=assets.chosen("drill", "hand_drill"),
        catheter=assets.chosen("catheter", "curved_needle"),
        tamp=assets.chosen("tamp", tools.tamp),
        cement=assets.chosen("cement", tools.cement),
        filler=assets.chosen("filler", tools.filler or _FILLER[procedure]),
        c_arm=_machine(authored),
        rubric=judge,
        time_limit_s=authored.limits.time_s,
        physics=assets.physics(),
        arm=_as_set(authored),
        clinical=clinic.clinical(scenario),
        person=clinic.person(scenario),
        troubles=assets.troubles(),
        advice=clinic.advice(scenario),
        choice=choice,
        par=assets.par(authored.id) | {str(k): v for k, v in authored.scoring.par.items()},
    )


def chosen_plan(authored: CaseFile, choice: Choice) -> CaseFile:
    """Return the case with the operator's choices in place of the author's plan."""
    plan: dict[str, object] = {}
    if choice.approach is not None:
        plan["approach"] = choice.approach
    if choice.sides is not None:
        plan["sides"] = choice.sides
    other_way = choice.approach not in (None, authored.plan.approach)
    other_work = choice.procedure not in (None, authored.procedure)
    if other_way or (other_work and authored.procedure != "choose"):
        # The author's target belongs to the author's way.
        plan["target_mm"] = None
    tools: dict[str, object] = {}
    if choice.needle is not None:
        tools["needle"] = choice.needle
    if choice.tamp is not None:
        tools["tamp"] = choice.tamp
    if other_work:
        tools["filler"] = None
    if choice.cement not in (None, authored.equipment.cement):
        tools["cement"] = choice.cement
        tools["filler"] = assets.given_with(str(choice.cement))
    return authored.model_copy(
        update={
            "procedure": choice.procedure or authored.procedure,
            "plan": authored.plan.model_copy(update=plan),
            "equipment": authored.equipment.model_copy(update=tools),
        }
    )


def _machine(authored: CaseFile) -> CArmSpec:
    return machine().c_arm if authored.c_arm.machine == "mobile" else machine().biplane


def _as_set(authored: CaseFile) -> CArm:
    asked = authored.c_arm
    second = Plane() if asked.machine == "biplane" else None
    return CArm(curve=Curve(asked.curve), grid_in=asked.grid, second=second)


def _notes(authored: CaseFile) -> Notes:
    who = authored.patient
    return Notes(
        title=authored.title,
        objectives=authored.objectives,
        history=who.history.strip(),
        imaging=who.imaging.strip(),
        sex=who.sex,
        age_years=who.age_years,
        weight_kg=who.weight_kg,
        pain_vas=who.pain_vas,
        difficulty=authored.difficulty,
    )


def _plans(authored: CaseFile, patient: Patient, radius_mm: float) -> tuple[Plan, Plan]:
    left, right = (_plan(authored, patient, side, radius_mm) for side in Side)
    return left, right


def _plan(authored: CaseFile, patient: Patient, side: Side, radius_mm: float) -> Plan:
    """The way in that anatomy finds; with the author's target, from the same entry to there."""
    if authored.plan.approach == "extrapedicular":
        found = plan_beside(patient.target, side, radius_mm, patient.extras)
    else:
        found = plan_path(patient.target, side, radius_mm)
    bone = patient.target.bone
    lifts = Procedure(authored.procedure) is Procedure.KYPHOPLASTY
    if lifts and bone is not None:
        found = deepened(bone, found, _TAMP_FRONT_MM)
    target_mm = authored.plan.target_mm
    if target_mm is None or side.name.lower() not in authored.plan.sides:
        return found
    way = unit(minus(target_mm, found.entry_mm))
    back_mm = (found.skin_mm[1] - found.entry_mm[1]) / way[1]
    skin_mm = along(found.entry_mm, way, back_mm)
    return dataclasses.replace(found, skin_mm=skin_mm, target_mm=target_mm)


def rubric_for(scenario: Scenario) -> Rubric:
    """Return the shipped rubric with the author's bands, weights, sentinels and pass mark."""
    shipped, own = assets.rubric(), scenario.case.scoring
    criteria = [_banded(criterion, scenario) for criterion in shipped.criteria]
    for domain in shipped.domains:
        criteria = _weighted(criteria, domain, scenario)
    return dataclasses.replace(
        shipped,
        criteria=tuple(criteria),
        pass_mark=shipped.pass_mark if own.pass_mark is None else own.pass_mark,
        sentinels=shipped.sentinels if own.sentinels is None else own.sentinels,
    )


def _banded(criterion: Criterion, scenario: Scenario) -> Criterion:
    band = scenario.case.scoring.bands.get(criterion.id)
    if band is None:
        return criterion
    low, high = band.good
    margin = criterion.margin if band.margin is None else band.margin
    return dataclasses.replace(criterion, low=low, high=high, margin=margin)


def _weighted(criteria: list[Criterion], domain: str, scenario: Scenario) -> list[Criterion]:
    """Apply weights inside a domain; its points stay the same, so that totals stay comparable."""
    weights = scenario.case.scoring.weights
    counted = ("both", scenario.case.procedure)
    mine = [c for c in criteria if c.domain == domain and c.procedure in counted]
    if not any(c.id in weights for c in mine):
        return criteria
    before = sum(c.points for c in mine)
    after = sum(c.points * weights.get(c.id, 1.0) for c in mine)
    if after <= 0:
        raise scenario.impossible(
            ("scoring", "weights"), f"nothing is left of the domain '{domain}'"
        )
    factors = {c.id: weights.get(c.id, 1.0) * before / after for c in mine}
    return [
        dataclasses.replace(c, points=c.points * factors[c.id]) if c in mine else c
        for c in criteria
    ]
