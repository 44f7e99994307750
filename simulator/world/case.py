"""A case: everything that never changes in a run."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from simulator.anatomy.patient import Patient
from simulator.anatomy.plan import Plan
from simulator.world.arm import CArm
from simulator.world.instruments import (
    CArmSpec,
    CementSpec,
    CurvedSpec,
    Filler,
    Needle,
    RodSpec,
    TampSpec,
)
from simulator.world.rubric import Rubric


class Procedure(StrEnum):
    """What is to be done."""

    KYPHOPLASTY = "kyphoplasty"
    VERTEBROPLASTY = "vertebroplasty"


@dataclass(frozen=True, slots=True)
class Notes:
    """The words of the case, for the briefing."""

    title: str
    objectives: tuple[str, ...]
    history: str
    imaging: str
    sex: str
    age_years: int
    weight_kg: float
    pain_vas: float
    difficulty: int


@dataclass(frozen=True, slots=True)
class Case:
    """Built once from an authored file and the assets; frozen."""

    id: str
    sha256: str
    """Digest of the authored file after reading."""
    seed: int
    procedure: Procedure
    notes: Notes
    patient: Patient
    plans: tuple[Plan, Plan]
    """The author's path per `Side`."""
    sides: tuple[int, ...]
    """Sides that the plan uses, in order."""
    needle: Needle
    working_cannula: Needle
    wire: RodSpec
    drill: RodSpec
    catheter: CurvedSpec
    tamp: TampSpec
    cement: CementSpec
    filler: Filler
    c_arm: CArmSpec
    rubric: Rubric
    time_limit_s: float
    physics: dict[str, dict[str, float]]
    """Tunable constants by phenomenon, from assets/physics.toml; never written to."""
    arm: CArm
    """How the C-arm is set when the run begins."""
