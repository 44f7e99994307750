"""The noun: the content of one authored case, checked, still words and numbers."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from simulator.errors import ScenarioError
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

    def impossible(self, path: tuple[str, ...], text: str) -> ScenarioError:
        """Return the error of words that are fine one by one but fit no patient or rubric."""
        return ScenarioError(report(self.document, [Fault(path, text)]))
