"""The tables of a case file that say what counts: scoring, limits, teaching, tests."""

from __future__ import annotations

from typing import Annotated, Literal, Self

from pydantic import Field, field_validator, model_validator
from pydantic_core import PydanticCustomError

from simulator.scenario.block import (
    FROM_LIST,
    Block,
    Comparisons,
    CriterionId,
    Line,
    Lines,
    Prose,
    Seeds,
)
from simulator.scenario.words import OPERATORS, ProcedureName, Sentinel, refusal

ParName = Literal["duration_s", "fluoro_s", "air_kerma_mgy"]
Sentinels = Annotated[tuple[Sentinel, ...], FROM_LIST]


class Band(Block):
    """What is good, and how far outside it the points end."""

    good: Annotated[tuple[float, float], FROM_LIST] = Field(
        description="[lowest, highest] value with full points, in the unit of the metric."
    )
    margin: float | None = Field(
        default=None,
        gt=0,
        description="Distance outside over which points fall to 0. Default: rubric's.",
    )

    @field_validator("good")
    @classmethod
    def _in_order(cls, good: tuple[float, float]) -> tuple[float, float]:
        if good[0] > good[1]:
            raise ValueError(f"good is [lowest, highest], got {list(good)}")
        return good


class ScoringBlock(Block):
    """[scoring]: where this case departs from assets/rubric.toml."""

    pass_mark: float | None = Field(
        default=None, ge=0, le=100, description="Points needed to pass. Default: the rubric's."
    )
    sentinels: Sentinels | None = Field(
        default=None, description="Errors that fail the run whatever the points. Default: all."
    )
    bands: dict[CriterionId, Band] = Field(
        default_factory=dict, description="Other bands, by the rubric's criterion."
    )
    par: dict[ParName, Annotated[float, Field(gt=0)]] = Field(
        default_factory=dict,
        description="Time and dose that a careful operator needs. Default: assets/par.toml.",
    )
    weights: dict[CriterionId, Annotated[float, Field(ge=0, le=10)]] = Field(
        default_factory=dict, description="Factors on points, by the rubric's criterion."
    )


class LimitsBlock(Block):
    """[limits]: what ends the run."""

    time_s: float = Field(
        default=5400.0, ge=60, le=14400, description="Time until the run is ended."
    )


class CoachBlock(Block):
    """[coach]: help in guided mode."""

    hints: Lines = Field(
        default=(), max_length=12, description="Sentences the coach may say, in order."
    )


class ExpectedBlock(Block):
    """[expected]: the right decision."""

    decision: Literal["treat", "refuse", "refer", "abort"] = Field(
        default="treat", description="What a careful operator decides."
    )
    procedures: Annotated[tuple[ProcedureName, ...], FROM_LIST] = Field(
        default=(), description="Procedures that suit this fracture. Default: that of the case."
    )
    reason: Prose = Field(default="", description="Why.")


class DebriefBlock(Block):
    """[debrief]: what should be remembered."""

    points: Lines = Field(
        default=(), max_length=8, description="Teaching points, one sentence each."
    )


def operator_fault(name: str) -> str | None:
    """Return why `name` is no operator: neither built in nor a script's file name."""
    if name in OPERATORS or name.endswith(".toml"):
        return None
    return f"{refusal(name, OPERATORS)} (or a stage script, '….toml')"


def check_operator(name: str) -> str:
    """Return `name` if it is an operator, else raise the fault."""
    fault = operator_fault(name)
    if fault is not None:
        raise PydanticCustomError("word", "{text}", {"text": fault})
    return name


class Trial(Block):
    """[[test]]: who plays the case, and what must come of it."""

    operator: Line = Field(description="Built-in operator, or the file of a stage script.")
    seeds: Seeds = Field(default=(1,), description="Seeds of the run; one test each.")
    expect: Comparisons = Field(default=(), description="Comparisons, e.g. 'total >= 75'.")
    expect_passed: bool | None = Field(default=None, description="Must the run be passed?")
    expect_critical: Sentinels = Field(
        default=(), description="Sentinel errors that must be found."
    )
    marks: Lines = Field(default=(), max_length=5, description="Marks of pytest, e.g. 'slow'.")

    @field_validator("operator")
    @classmethod
    def _operator(cls, name: str) -> str:
        return check_operator(name)

    @model_validator(mode="after")
    def _expects_something(self) -> Self:
        if not self.expect and self.expect_passed is None and not self.expect_critical:
            raise ValueError("expects nothing: give expect, expect_passed or expect_critical")
        return self
