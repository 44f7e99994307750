"""From the words of a case to the patient that anatomy builds."""

from __future__ import annotations

import dataclasses
import zlib

from simulator.anatomy import tables
from simulator.anatomy.spec import Cleft, DefectSite, FractureShape, FractureSpec, PatientSpec, Sex
from simulator.scenario.blocks import FractureBlock
from simulator.scenario.scenario import Scenario

_HEIGHT_LEFT = {1: 0.775, 2: 0.675, 3: 0.52}
"""Middle of each Genant grade (20-25 %, 25-40 %, over 40 % lost) as a fraction of intact height;
for grade 3 a typical loss, 48 %."""


def person_seed(scenario: Scenario) -> int:
    """Return the number that is the person."""
    given = scenario.case.patient.seed
    return given if given is not None else zlib.crc32(scenario.id.encode()) & 0x7FFFFFFF


def height_left(scenario: Scenario) -> float:
    """Return the share of the intact height that the films show, 0..1."""
    asked = scenario.case.fracture
    if asked.shape == "none":
        return 1.0
    if asked.anterior_height_mm is None:
        return _HEIGHT_LEFT[asked.grade]
    whole_mm = tables.sizes(scenario.case.spine.level, patient_spec(scenario)).ha
    return asked.anterior_height_mm / whole_mm


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
        seed=person_seed(scenario),
        basivertebral_mm=veins.basivertebral_mm or usual.basivertebral_mm,
        curvature=spine.curvature,
        scoliosis_deg=spine.scoliosis_deg,
        rotation_deg=spine.rotation_deg,
        osteophytes=spine.osteophytes,
        treated=spine.treated,
    )
    others = (
        (block.level, _fracture(scenario, block.fracture, intact, block.level))
        for block in authored.next_level
    )
    return dataclasses.replace(
        intact,
        fracture=_fracture(scenario, authored.fracture, intact, intact.level),
        others=tuple((level, found) for level, found in others if found is not None),
    )


def _fracture(
    scenario: Scenario, asked: FractureBlock, intact: PatientSpec, level: str
) -> FractureSpec | None:
    if asked.shape == "none":
        return None
    lost_mm = None
    if asked.anterior_height_mm is not None:
        whole_mm = tables.sizes(level, intact).ha
        lost_mm = whole_mm - asked.anterior_height_mm
        if lost_mm <= 0:
            text = (
                f"got {asked.anterior_height_mm:g}; this patient's {level} is only "
                f"{whole_mm:.1f} mm tall when intact"
            )
            raise scenario.impossible(("fracture", "anterior_height_mm"), text)
    return FractureSpec(
        shape=FractureShape(asked.shape),
        anterior_height_fraction=_HEIGHT_LEFT[asked.grade],
        depth_mm=lost_mm,
        age_weeks=asked.age_weeks,
        endplate_defect_mm=asked.endplate_defect_mm,
        cortical_defect_mm=asked.cortical_defect_mm,
        cortical_defect_site=DefectSite(asked.cortical_defect_site),
        retropulsion_mm=asked.retropulsion_mm,
        cleft=Cleft(asked.cleft),
        mobility=asked.mobility,
    )
