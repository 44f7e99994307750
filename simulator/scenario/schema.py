"""The form of a case file, and its JSON Schema for editors."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import Field

from simulator.scenario.assets import catalogues, rubric
from simulator.scenario.block import FROM_LIST, Block, Id, Line, Lines
from simulator.scenario.blocks import (
    CArmBlock,
    EquipmentBlock,
    FractureBlock,
    NextLevelBlock,
    PatientBlock,
    PlanBlock,
    SpineBlock,
    TheatreBlock,
    VeinsBlock,
)
from simulator.scenario.judging import (
    CoachBlock,
    DebriefBlock,
    ExpectedBlock,
    LimitsBlock,
    ScoringBlock,
    Trial,
)
from simulator.scenario.words import ProcedureWord

FORMAT = 1
"""The one number of the file format that this version reads."""

DIALECT = "https://json-schema.org/draft/2020-12/schema"


class CaseFile(Block):
    """A case: words an instructor would use, and the tests that prove it."""

    format: Literal[1] = Field(description="Version of the file format.")
    id: Id = Field(description="Equals the file name without '.toml'.")
    title: Line = Field(description="One line for the menu.")
    procedure: ProcedureWord = Field(
        description="What is to be done; 'choose' leaves it to history and imaging."
    )
    difficulty: int = Field(default=2, ge=1, le=5, description="1 first steps … 5 experts.")
    skill: str = Field(default="", max_length=60, description="What it trains, in a few words.")
    objectives: Lines = Field(default=(), max_length=5, description="What the trainee should show.")
    patient: PatientBlock = Field(default=PatientBlock(), description="Who lies there.")
    spine: SpineBlock = Field(default=SpineBlock(), description="The vertebra and its neighbours.")
    fracture: FractureBlock = Field(
        default=FractureBlock(), description="How the body has collapsed."
    )
    veins: VeinsBlock = Field(default=VeinsBlock(), description="Ways out for cement.")
    equipment: EquipmentBlock = Field(
        default=EquipmentBlock(), description="What lies on the trolley."
    )
    theatre: TheatreBlock = Field(
        default=TheatreBlock(), description="The room, as far as the cement feels it."
    )
    c_arm: CArmBlock = Field(
        default=CArmBlock(), description="The X-ray machine and how it is set at the start."
    )
    plan: PlanBlock = Field(default=PlanBlock(), description="The author's way in.")
    next_level: Annotated[tuple[NextLevelBlock, ...], FROM_LIST] = Field(
        default=(),
        max_length=2,
        description="Further levels that are treated in the same session, in order of use.",
    )
    scoring: ScoringBlock = Field(default=ScoringBlock(), description="Departures from the rubric.")
    limits: LimitsBlock = Field(default=LimitsBlock(), description="What ends the run.")
    coach: CoachBlock = Field(default=CoachBlock(), description="Help in guided mode.")
    expected: ExpectedBlock = Field(default=ExpectedBlock(), description="The right decision.")
    debrief: DebriefBlock = Field(default=DebriefBlock(), description="What should be remembered.")
    test: Annotated[tuple[Trial, ...], FROM_LIST] = Field(
        default=(), description="Who plays the case, and what must come of it."
    )


def scenario_schema() -> dict[str, Any]:
    """Return the JSON Schema of a case file; editors complete the names of catalogues from it."""
    schema = {"$schema": DIALECT, **CaseFile.model_json_schema()}
    equipment = schema["$defs"]["EquipmentBlock"]["properties"]
    for key, words in catalogues().items():
        optional = equipment[key].get("anyOf", [equipment[key]])
        optional[0]["enum"] = list(words)
    scoring = schema["$defs"]["ScoringBlock"]["properties"]
    for key in ("bands", "weights"):
        scoring[key]["propertyNames"] = {"enum": [c.id for c in rubric().criteria]}
    return schema
