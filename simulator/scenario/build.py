"""Building a case: the authored words, the shipped data and a patient become one frozen value."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Sequence

from simulator.anatomy import store
from simulator.anatomy.patient import Patient
from simulator.anatomy.plan import Plan, Route, deepened, plan_path
from simulator.frames import Side, along, minus, unit
from simulator.imaging.machine import machine
from simulator.physics import setting
from simulator.scenario import assets, clinic, ways
from simulator.scenario.blocks import PlanBlock
from simulator.scenario.person import patient_spec
from simulator.scenario.scenario import Scenario
from simulator.scenario.schema import CaseFile
from simulator.world.arm import CArm, Curve, Plane
from simulator.world.case import Case, Notes, Procedure
from simulator.world.clinic import Choice
from simulator.world.instruments import CArmSpec, CementSpec, Needle
from simulator.world.level import Level
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
    told = scenario.levels
    patients = [
        store.patient(patient_spec(each), _part_of(progress, n, len(told)))
        for n, each in enumerate(told)
    ]
    patient = patients[0]
    authored = chosen_plan(scenario.case, choice)
    if authored.procedure == "choose":
        suits = clinic.suited(scenario, patient).value
        authored = authored.model_copy(update={"procedure": suits})
    procedure = Procedure(authored.procedure)
    tools = authored.equipment
    judge = rubric_for(dataclasses.replace(scenario, case=authored))
    needle: Needle = assets.chosen("needle", tools.needle)
    cannula: Needle = assets.chosen("working_cannula", tools.working_cannula)
    cement, physics = cement_of(authored)
    through = cannula if procedure is Procedure.KYPHOPLASTY else needle
    levels = tuple(
        _level(each, asked.plan, procedure, its, needle, through.outer_mm / 2.0)
        for each, its in zip(told, patients, strict=True)
        for asked in (chosen_plan(each.case, choice),)
    )
    return Case(
        id=authored.id,
        sha256=scenario.sha256,
        seed=seed,
        procedure=procedure,
        notes=_notes(authored),
        patient=patient,
        plans=levels[0].plans,
        sides=levels[0].sides,
        needle=needle,
        working_cannula=cannula,
        wire=assets.chosen("wire", "k_wire"),
        drill=assets.chosen("drill", "hand_drill"),
        catheter=assets.chosen("catheter", "curved_needle"),
        tamp=assets.chosen("tamp", tools.tamp),
        cement=cement,
        filler=assets.chosen("filler", tools.filler or _FILLER[procedure]),
        c_arm=_machine(authored),
        rubric=judge,
        time_limit_s=authored.limits.time_s,
        physics=physics,
        arm=_as_set(authored),
        clinical=levels[0].clinical,
        person=clinic.person(scenario),
        troubles=assets.troubles(),
        advice=clinic.advice(scenario),
        choice=choice,
        par=assets.par(authored.id) | {str(k): v for k, v in authored.scoring.par.items()},
        levels=levels if len(levels) > 1 else (),
    )


def _part_of(progress: Progress | None, n: int, count: int) -> Progress | None:
    """Return where one of several patients tells how far it is."""
    if progress is None or count == 1:
        return progress
    return lambda what, share: progress(what, (n + share) / count)


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


def cement_of(authored: CaseFile) -> tuple[CementSpec, dict[str, dict[str, float]]]:
    """Return the cement on the trolley and all constants, at the temperature of the theatre."""
    physics, theatre = assets.physics(), authored.theatre
    kept_c = theatre.temperature_c if theatre.cement_c is None else theatre.cement_c
    spec, physics["cement"] = setting.in_room(
        assets.chosen("cement", authored.equipment.cement), physics["cement"],
        theatre.temperature_c, kept_c,
    )  # fmt: skip
    return spec, physics


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


def _level(
    scenario: Scenario,
    asked: PlanBlock,
    procedure: Procedure,
    patient: Patient,
    needle: Needle,
    radius_mm: float,
) -> Level:
    """What one level has of its own."""
    left, right = (_plan(asked, procedure, patient, side, radius_mm) for side in Side)
    sides = tuple(int(Side[name.upper()]) for name in asked.sides)
    _reached(scenario, needle, [(left, right)[side] for side in sides])
    return Level(patient, (left, right), sides, clinic.clinical(scenario))


def _reached(scenario: Scenario, needle: Needle, plans: Sequence[Plan]) -> None:
    """Refuse a way beside the pedicle on which the needle ends before the target.

    Through a pedicle a short needle ends early in the body, and what it reaches is judged.
    """
    why = ways.too_short(needle, plans)
    if why and plans[0].route is Route.EXTRAPEDICULAR:
        raise scenario.impossible(("plan", "approach"), why)


def _plan(
    asked: PlanBlock, procedure: Procedure, patient: Patient, side: Side, radius_mm: float
) -> Plan:
    """The way in that anatomy finds; with the author's target, from the same entry to there."""
    if asked.approach == "extrapedicular":
        found = ways.beside(patient, side, radius_mm)
    else:
        found = plan_path(patient.target, side, radius_mm)
    bone = patient.target.bone
    if procedure is Procedure.KYPHOPLASTY and bone is not None:
        found = deepened(bone, found, _TAMP_FRONT_MM)
    target_mm = asked.target_mm
    if target_mm is None or side.name.lower() not in asked.sides:
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
