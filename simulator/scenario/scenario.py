"""The noun: the content of one authored case, checked, still words and numbers."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path

from simulator.errors import ScenarioError
from simulator.scenario.blocks import NextLevelBlock
from simulator.scenario.faults import Fault
from simulator.scenario.read import Document, report
from simulator.scenario.schema import CaseFile


@dataclass(frozen=True, slots=True)
class Scenario:
    """One authored case."""

    document: Document
    """The file, with the line of everything."""
    case: CaseFile
    sha256: str
    """Digest of the checked content without its tests."""

    @property
    def id(self) -> str:
        """The case's id, the file name without its ending."""
        return self.case.id

    @property
    def path(self) -> Path:
        """Where it was read."""
        return self.document.path

    @property
    def levels(self) -> tuple[Scenario, ...]:
        """The case told from each of its levels: that one first, the others as further ones."""
        case = self.case
        if not case.next_level:
            return (self,)
        own = NextLevelBlock(level=case.spine.level, fracture=case.fracture, plan=case.plan)
        every = (own, *case.next_level)
        return tuple(self._told_from(every, n) for n in range(len(every)))

    def _told_from(self, every: tuple[NextLevelBlock, ...], n: int) -> Scenario:
        it = every[n]
        update = {
            "spine": self.case.spine.model_copy(update={"level": it.level}),
            "fracture": it.fracture,
            "plan": it.plan,
            "next_level": (*every[:n], *every[n + 1 :]),
        }
        return replace(self, case=self.case.model_copy(update=update))

    def impossible(self, path: tuple[str, ...], text: str) -> ScenarioError:
        """Return the error of words that are fine one by one but fit no patient or rubric."""
        return ScenarioError(report(self.document, [Fault(path, text)]))
