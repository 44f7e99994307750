"""The form of a ``*.simtest.toml``: a case, who plays it, and what must come of it."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Annotated, Any, Self

from pydantic import Field, field_validator, model_validator

from simulator.scenario.block import FROM_LIST, Block, Comparisons, Id, Line, Lines, Seeds
from simulator.scenario.judging import Sentinels, check_operator
from simulator.scenario.schema import DIALECT
from simulator.scenario.steps import AnyStep


class SimTestFile(Block):
    """A scenario test with steps or an operator."""

    id: Id = Field(description="Equals the file name without '.simtest.toml'.")
    scenario: Line = Field(description="Id of a shipped case, or a file beside this one.")
    seeds: Seeds = Field(default=(1,), description="Seeds of the run; one test each.")
    marks: Lines = Field(default=(), max_length=5, description="Marks of pytest, e.g. 'slow'.")
    patch: dict[str, Any] = Field(
        default_factory=dict, description="Values of the case to replace: 'fracture.genant' = 3."
    )
    operator: Line | None = Field(
        default=None,
        description="Built-in operator or the file of a stage script, instead of steps.",
    )
    step: Annotated[tuple[AnyStep, ...], FROM_LIST] = Field(
        default=(), description="What is done, in order."
    )
    determinism: bool = Field(
        default=False, description="Run twice; the state hash must be the same bit for bit."
    )
    expect: Comparisons = Field(default=(), description="Comparisons with the report at the end.")
    expect_passed: bool | None = Field(default=None, description="Must the run be passed?")
    expect_critical: Sentinels = Field(
        default=(), description="Sentinel errors that must be found."
    )

    @property
    def patches(self) -> dict[str, object]:
        """The patch with dotted keys, however its tables were written."""
        return dict(_dotted(self.patch))

    @field_validator("operator")
    @classmethod
    def _operator(cls, name: str | None) -> str | None:
        return name if name is None else check_operator(name)

    @model_validator(mode="after")
    def _one_player(self) -> Self:
        if (self.operator is None) == (not self.step):
            raise ValueError("give either operator or [[step]]")
        asked = self.expect or self.expect_critical or any(s.expect or s.until for s in self.step)
        if not asked and self.expect_passed is None and not self.determinism:
            raise ValueError("expects nothing: give expect, expect_passed or expect_critical")
        return self


def _dotted(table: dict[str, Any], before: str = "") -> Iterator[tuple[str, object]]:
    for key, value in table.items():
        if isinstance(value, dict):
            yield from _dotted(value, f"{before}{key}.")
        else:
            yield f"{before}{key}", value


def simtest_schema() -> dict[str, Any]:
    """Return the JSON Schema of a scenario test."""
    return {"$schema": DIALECT, **SimTestFile.model_json_schema()}
