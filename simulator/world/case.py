"""A case: everything that never changes in a run."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from enum import StrEnum

from simulator.anatomy.patient import Patient
from simulator.anatomy.plan import Plan
from simulator.world.arm import CArm
from simulator.world.clinic import Advice, Choice, Clinical, Person
from simulator.world.instruments import (
    CArmSpec,
    CementSpec,
    CurvedSpec,
    Filler,
    Needle,
    RodSpec,
    TampSpec,
)
from simulator.world.level import QUIET, Level
from simulator.world.rubric import Rubric
from simulator.world.vitals import TroubleSpec


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
    """Tunable constants by phenomenon, from assets/physics*.toml, physiology.toml and
    selection.toml; never written to."""
    arm: CArm
    """How the C-arm is set when the run begins."""
    clinical: Clinical
    person: Person
    troubles: tuple[TroubleSpec, ...]
    advice: Advice
    choice: Choice
    """What the operator chose instead of the author's plan."""
    par: Mapping[str, float]
    """What a careful operator needs of time and dose here, by metric."""
    levels: tuple[Level, ...] = field(default=(), metadata=QUIET)
    """All levels of the session in the author's order; empty where there is but one."""
    level: int = field(default=0, metadata=QUIET)
    """Which of `levels` patient, plans, sides and clinical are those of."""

    def facing(self, level: int) -> Case:
        """Return the case as it is for those who work at one of `levels`."""
        if level == self.level:
            return self
        there = self.levels[level]
        return replace(
            self, level=level, patient=there.patient, plans=there.plans, sides=there.sides,
            clinical=there.clinical,
        )  # fmt: skip

    @property
    def level_names(self) -> tuple[str, ...]:
        """The vertebrae to be treated, in the author's order."""
        return tuple(level.name for level in self.levels) or (self.patient.target.level,)

    @property
    def site(self) -> str:
        """The same in words: "T12 and L1"."""
        return " and ".join(self.level_names)

    @property
    def lidocaine_limit_mg(self) -> float:
        """The most lidocaine that this patient may be given."""
        rules = self.physics["physiology"]
        by_weight = rules["lidocaine_limit_mg_kg"] * self.notes.weight_kg
        return min(by_weight, rules["lidocaine_limit_mg"])
