"""What all tables of an authored file have in common."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Annotated

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, Strict, ValidationInfo
from pydantic_core import PydanticCustomError

from simulator.scenario import expectation
from simulator.scenario.words import refusal


class Block(BaseModel):
    """A table: frozen, no unknown keys, no silent conversion of text to numbers."""

    model_config = ConfigDict(extra="forbid", frozen=True, strict=True, allow_inf_nan=False)


@dataclass(frozen=True, slots=True)
class Vocabulary:
    """Words that stand in assets: what an authored file may name beyond the fixed lists."""

    catalogues: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    """Key of [equipment] → names."""
    criteria: tuple[str, ...] = ()
    """Criteria of the rubric."""


def vocabulary(info: ValidationInfo) -> Vocabulary | None:
    """Return the vocabulary the reader was given; None while only the form is checked."""
    return info.context if isinstance(info.context, Vocabulary) else None


def check_word(word: str, allowed: tuple[str, ...]) -> str:
    """Return `word` if it is allowed, else raise the fault that lists what is."""
    if allowed and word not in allowed:
        raise PydanticCustomError("word", "{text}", {"text": refusal(word, allowed)})
    return word


def _criterion(name: str, info: ValidationInfo) -> str:
    words = vocabulary(info)
    return name if words is None else check_word(name, words.criteria)


def _comparison(text: str) -> str:
    expectation.parse(text)
    return text


FROM_LIST = Strict(strict=False)
"""TOML has lists; a frozen table keeps tuples. Only this conversion is allowed."""
Line = Annotated[str, Field(min_length=1, max_length=200)]
"""One line of text."""
Prose = Annotated[str, Field(max_length=4000)]
Lines = Annotated[tuple[Line, ...], FROM_LIST]
Comparison = Annotated[
    str,
    Field(json_schema_extra={"pattern": r"^\s*[A-Za-z_][\w.]*\s*(==|!=|<=|>=|<|>)\s*\S+\s*$"}),
    AfterValidator(_comparison),
]
"""``name op number``."""
Comparisons = Annotated[tuple[Comparison, ...], FROM_LIST]
Id = Annotated[str, Field(pattern=r"^[a-z0-9]+(-[a-z0-9]+)*$", max_length=60)]
"""Small letters, digits and single dashes."""
Seed = Annotated[int, Field(ge=0, le=2**31 - 1)]
Seeds = Annotated[tuple[Seed, ...], FROM_LIST, Field(min_length=1, max_length=200)]
CriterionId = Annotated[str, AfterValidator(_criterion)]
"""The id of a criterion in assets/rubric.toml."""
