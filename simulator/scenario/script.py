"""Stage scripts: an operator written as a list of steps, with the expectation beside the step."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any

from pydantic import Field

from simulator.scenario.block import FROM_LIST, Block, Id, Line
from simulator.scenario.expectation import Expectation, parse
from simulator.scenario.read import Document, check, read_document
from simulator.scenario.simtest import SimTestFile
from simulator.scenario.steps import AnyStep, Ask, Beam, Wait
from simulator.world.report import Metric


class ScriptFile(Block):
    """A stage script of its own, to be named as an operator."""

    id: Id | None = Field(default=None, description="A name for reports. Default: the file name.")
    title: Line | None = Field(default=None, description="What this operator does.")
    step: Annotated[tuple[AnyStep, ...], FROM_LIST] = Field(
        min_length=1, description="What is done, in order."
    )


@dataclass(frozen=True, slots=True)
class Step:
    """One step: what is asked (a model of `simulator.scenario.steps`), and what must follow."""

    line: int
    ask: Ask
    expect: tuple[Expectation, ...]
    until: Expectation | None
    max_s: float

    @property
    def told(self) -> str:
        """The step in one line, for trails and failures."""
        given: dict[str, Any] = self.ask.model_dump(exclude_unset=True, exclude={"expect"})
        do = given.pop("do", "wait")
        return " ".join([do, *(f"{key}={value}" for key, value in given.items())])


@dataclass(frozen=True, slots=True)
class StageScript:
    """An operator from a file."""

    name: str
    path: Path
    steps: tuple[Step, ...]


@dataclass(frozen=True, slots=True)
class Miss:
    """An expectation that did not hold, as the executor of a script reports it."""

    line: int
    step: int
    """From 1."""
    expectation: Expectation
    value: Metric
    t_s: float = 0.0


def read_script(path: Path) -> StageScript:
    """Read a stage script; a ``*.simtest.toml`` with steps is one too.

    Raises:
        ScenarioError: every fault of the file, one per line.
    """
    document = read_document(path)
    kind: type[ScriptFile | SimTestFile]
    kind = SimTestFile if path.name.endswith(".simtest.toml") else ScriptFile
    model = check(document, kind).model
    name = model.id or path.name.removesuffix(".toml")
    return StageScript(name, path, steps_of(document, model.step))


def steps_of(document: Document, asked: tuple[AnyStep, ...]) -> tuple[Step, ...]:
    """Return the steps with their lines and read expectations."""
    return tuple(
        Step(
            line=document.line("step", n),
            ask=ask,
            expect=tuple(
                parse(text, document.line("step", n, "expect", k))
                for k, text in enumerate(ask.expect)
            ),
            until=parse(ask.until, document.line("step", n, "until"))
            if ask.until is not None
            else None,
            max_s=_longest_s(ask),
        )
        for n, ask in enumerate(asked)
    )


def _longest_s(ask: Ask) -> float:
    """Return the author's limit; without one, a wait or a beam is never cut short."""
    if "max_s" in ask.model_fields_set:
        return ask.max_s
    asked = ask.wait_s if isinstance(ask, Wait) else ask.seconds if isinstance(ask, Beam) else 0.0
    return max(ask.max_s, asked + 1.0)
