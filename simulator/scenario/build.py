"""Building a case: the authored words, the shipped data and a patient become one frozen value."""

from __future__ import annotations

import dataclasses
import zlib
from collections.abc import Callable

from simulator.anatomy import store, tables
from simulator.anatomy.patient import Patient
from simulator.anatomy.plan import Plan, deepened, plan_path
from simulator.anatomy.spec import FractureShape, FractureSpec, PatientSpec, Sex
from simulator.errors import ScenarioError
from simulator.frames import Side, along, minus, unit
from simulator.scenario import assets
from simulator.scenario.faults import Fault
from simulator.scenario.read import report
from simulator.scenario.scenario import Scenario
from simulator.scenario.schema import CaseFile
from simulator.world.case import Case, Notes, Procedure
from simulator.world.instruments import Needle
from simulator.world.rubric import Criterion, Rubric

Progress = Callable[[str, float], None]
"""Told what is being done, and the fraction done, 0..1."""

_HEIGHT_LEFT = {1: 0.775, 2: 0.675, 3: 0.52}
"""Middle of each Genant grade (20-25 %, 25-40 %, over 40 % lost) as a fraction of intact height;
for grade 3 a typical loss, 48 %."""

_TAMP_FRONT_MM = 6.0
"""Bone left ahead of a tamp's channel: 3-5 mm to the anterior cortex are the usual stop for stylet
and drill (recalled), and a millimetre for the hand."""

_FILLER = {Procedure.KYPHOPLASTY: "bone_filler", Procedure.VERTEBROPLASTY: "syringe_1"}


def build_case(scenario: Scenario, seed: int, progress: Progress | None = None) -> Case:
    """Build everything that never changes in a run.

    Args:
        scenario: The authored case.
        seed: Seed of the run.
        progress: Called with what is being done and the fraction done.

    Raises:
        ScenarioError: the words are fine one by one but no patient fits them.
        AssetError: shipped data are missing or damaged.
    """
    authored = scenario.case
    procedure = Procedure(authored.procedure)
    tools = authored.equipment
    judge = rubric_for(scenario)
    needle: Needle = assets.chosen("needle", tools.needle)
    cannula: Needle = assets.chosen("working_cannula", tools.working_cannula)
    through = cannula if procedure is Procedure.KYPHOPLASTY else needle
    spec = patient_spec(scenario)
    patient = store.patient(spec, progress)
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
        tamp=assets.chosen("tamp", tools.tamp),
        cement=assets.chosen("cement", tools.cement),
        filler=assets.chosen("filler", tools.filler or _FILLER[procedure]),
        c_arm=assets.chosen("c_arm", tools.c_arm),
        rubric=judge,
        time_limit_s=authored.limits.time_s,
        physics=assets.physics(),
    )


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


def patient_spec(scenario: Scenario) -> PatientSpec:
    """Return what the author asks of the patient, in the words of anatomy."""
    authored = scenario.case
    who, spine, veins = authored.patient, authored.spine, authored.veins
    usual = PatientSpec()
    intact = dataclasses.replace(
        usual,
        level=spine.level,
        sex=Sex(who.sex),
        age_years=float(who.age_years),
        bmi=who.bmi,
        t_score=who.t_score,
        height_scale=usual.height_scale * spine.height_scale,
        pedicle_scale_left=spine.pedicle_scale_left,
        pedicle_scale_right=spine.pedicle_scale_right,
        variation=who.variation,
        seed=who.seed if who.seed is not None else zlib.crc32(authored.id.encode()) & 0x7FFFFFFF,
        basivertebral_mm=veins.basivertebral_mm or usual.basivertebral_mm,
    )
    return dataclasses.replace(intact, fracture=_fracture(scenario, intact))


def _fracture(scenario: Scenario, intact: PatientSpec) -> FractureSpec | None:
    asked = scenario.case.fracture
    if asked.shape == "none":
        return None
    lost_mm = None
    if asked.anterior_height_mm is not None:
        whole_mm = tables.sizes(intact.level, intact).ha
        lost_mm = whole_mm - asked.anterior_height_mm
        if lost_mm <= 0:
            text = (
                f"got {asked.anterior_height_mm:g}; this patient's {intact.level} is only "
                f"{whole_mm:.1f} mm tall when intact"
            )
            raise _wrong(scenario, ("fracture", "anterior_height_mm"), text)
    return FractureSpec(
        shape=FractureShape(asked.shape),
        anterior_height_fraction=_HEIGHT_LEFT[asked.grade],
        depth_mm=lost_mm,
        age_weeks=asked.age_weeks,
        endplate_defect_mm=asked.endplate_defect_mm,
        cortical_defect_mm=asked.cortical_defect_mm,
    )


def _plans(authored: CaseFile, patient: Patient, radius_mm: float) -> tuple[Plan, Plan]:
    left, right = (_plan(authored, patient, side, radius_mm) for side in Side)
    return left, right


def _plan(authored: CaseFile, patient: Patient, side: Side, radius_mm: float) -> Plan:
    """The way in that anatomy finds; with the author's target, from the same entry to there."""
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
        raise _wrong(scenario, ("scoring", "weights"), f"nothing is left of the domain '{domain}'")
    factors = {c.id: weights.get(c.id, 1.0) * before / after for c in mine}
    return [
        dataclasses.replace(c, points=c.points * factors[c.id]) if c in mine else c
        for c in criteria
    ]


def _wrong(scenario: Scenario, path: tuple[str, ...], text: str) -> ScenarioError:
    return ScenarioError(report(scenario.document, [Fault(path, text)]))
