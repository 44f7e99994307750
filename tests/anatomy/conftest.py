from __future__ import annotations

import pytest

from simulator.anatomy.build import build_patient
from simulator.anatomy.patient import Patient
from simulator.anatomy.shape import Shape
from simulator.anatomy.spec import DefectSite, FractureSpec, PatientSpec
from simulator.anatomy.stack import spine

FRACTURE = FractureSpec(
    anterior_height_fraction=0.65,
    endplate_defect_mm=1.5,
    cortical_defect_mm=2.5,
    cortical_defect_site=DefectSite.LEFT,
)
SPEC = PatientSpec(variation=0.0, seed=3, fracture=FRACTURE)


@pytest.fixture(scope="session")
def spec() -> PatientSpec:
    return SPEC


@pytest.fixture(scope="session")
def built() -> Patient:
    """One patient of table sizes with a wedge fracture of L1, a crack and a hole."""
    return build_patient(SPEC)


@pytest.fixture(scope="session")
def posed() -> tuple[list[Shape], Shape]:
    """Its shapes from above, and the index as it was before the fracture."""
    return spine(SPEC)
