"""From an authored file to a case: list, find, read, build."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from simulator.anatomy.tables import COLUMN
from simulator.errors import ScenarioError, UsageError
from simulator.paths import scenarios
from simulator.scenario import assets
from simulator.scenario.block import Vocabulary
from simulator.scenario.build import AS_PLANNED, Progress, build_case
from simulator.scenario.faults import Fault
from simulator.scenario.read import (
    Document,
    check,
    patched,
    read_document,
    report,
    shown_path,
)
from simulator.scenario.scenario import Scenario
from simulator.scenario.schema import CaseFile
from simulator.scenario.words import did_you_mean, listed
from simulator.world.case import Case
from simulator.world.clinic import Choice

__all__ = [
    "CaseCard",
    "Scenario",
    "build_case",
    "find_case",
    "list_cases",
    "load_case",
    "load_scenario",
]


_FARTHEST = 3
"""A film of one level shows at least so many on either side."""


@dataclass(frozen=True, slots=True)
class CaseCard:
    """A shipped case as a menu shows it."""

    id: str
    title: str
    procedure: str
    level: str
    difficulty: int
    skill: str
    objectives: tuple[str, ...]
    path: Path
    fault: str = ""
    """Why the file cannot be played, when it is broken; the menu still shows it."""


def list_cases() -> tuple[CaseCard, ...]:
    """Return the shipped cases, easiest first."""
    cards = [_card(path) for path in _shipped()]
    return tuple(sorted(cards, key=lambda card: (card.difficulty, card.id)))


def _shipped() -> list[Path]:
    files = sorted(scenarios().glob("*.toml"))
    return [path for path in files if not path.name.endswith(".simtest.toml")]


def _card(path: Path) -> CaseCard:
    try:
        case = _checked(read_document(path), None)
    except ScenarioError as fault:
        return CaseCard(path.stem, path.stem, "", "", 5, "", (), path, str(fault))
    return CaseCard(
        id=case.id,
        title=case.title,
        procedure=case.procedure,
        level=", ".join((case.spine.level, *(each.level for each in case.next_level))),
        difficulty=case.difficulty,
        skill=case.skill,
        objectives=case.objectives,
        path=path,
    )


def find_case(case: str | Path) -> Path:
    """Return the file of a shipped case by its id, or of any case by its path."""
    if isinstance(case, Path) or case.endswith(".toml") or "/" in case or "\\" in case:
        return Path(case)
    ids = [path.stem for path in _shipped()]
    if case not in ids:
        known = did_you_mean(case, ids) or f"; there are {listed(ids)}"
        raise UsageError(f"no case '{case}'{known} (or give the path of a .toml file)")
    return scenarios() / f"{case}.toml"


def load_scenario(path: Path, patch: Mapping[str, object] | None = None) -> Scenario:
    """Read and check a case file.

    Args:
        path: The file.
        patch: Values to replace, by key, e.g. ``{"fracture.genant": 3}``; None removes one.

    Raises:
        ScenarioError: every fault of the file, one per line.
    """
    words = Vocabulary(assets.catalogues(), tuple(c.id for c in assets.rubric().criteria))
    document = patched(read_document(path), patch)
    case = _checked(document, words)
    misfit = _misfit(case)
    if misfit is not None:
        raise ScenarioError(report(document, [misfit]))
    # What most cases do not have must not change the digest of those that were recorded.
    text = case.model_dump_json(exclude={"test"} if case.next_level else {"test", "next_level"})
    return Scenario(document, case, hashlib.sha256(text.encode()).hexdigest())


def _misfit(case: CaseFile) -> Fault | None:
    """Return what does not fit together: steel that cannot pass, a choice without an answer."""
    tools = case.equipment
    apart = _levels_apart(case)
    if apart is not None:
        return apart
    treated = case.expected.decision in ("treat", "abort")
    if case.procedure == "choose" and treated and not case.expected.procedures:
        text = "missing; a case that says 'choose' says here what suits it"
        return Fault(("expected", "procedures"), text)
    if case.procedure == "vertebroplasty":
        return None
    bore_mm = assets.chosen("working_cannula", tools.working_cannula).inner_mm
    tamp_mm = assets.chosen("tamp", tools.tamp).diameter_mm
    if tamp_mm < bore_mm:
        return None
    cannula = f"a working cannula {tools.working_cannula} of {bore_mm:g} mm"
    return Fault(
        ("equipment", "tamp"), f"{tools.tamp} is {tamp_mm:g} mm thick and does not pass {cannula}"
    )


def _levels_apart(case: CaseFile) -> Fault | None:
    """Return why these levels are none of one session: each must be in view of all others."""
    levels = [case.spine.level, *(block.level for block in case.next_level)]
    order = [COLUMN.index(level) for level in levels]
    at = ("next_level", len(levels) - 2, "level")
    if len(set(levels)) != len(levels):
        return Fault(at, "each level can be named once")
    if max(order) - min(order) > _FARTHEST:
        return Fault(at, f"levels of one session lie at most {_FARTHEST} apart")
    if len(levels) > 1 and case.spine.scoliosis_deg:
        return Fault(("spine", "scoliosis_deg"), "a curve has its apex at one level only")
    if set(levels) & set(case.spine.treated):
        return Fault(("spine", "treated"), "a level to be treated cannot hold cement already")
    return None


def _checked(document: Document, words: Vocabulary | None) -> CaseFile:
    return check(document, CaseFile, words, _beyond_the_form(document)).model


def _beyond_the_form(document: Document) -> list[Fault]:
    """What the form cannot say: the id is the file's name, scripts lie where they are named."""
    faults = []
    name, content = document.path.name.removesuffix(".toml"), document.content
    if isinstance(content.get("id"), str) and content["id"] != name:
        faults.append(Fault(("id",), f"got '{content['id']}'; must equal the file name, '{name}'"))
    trials = content.get("test", [])
    for n, trial in enumerate(trials if isinstance(trials, list) else []):
        script = trial.get("operator") if isinstance(trial, dict) else None
        if isinstance(script, str) and script.endswith(".toml"):
            beside = document.path.parent / script
            if not beside.is_file():
                text = f"no such script '{script}' (looked at {shown_path(beside)})"
                faults.append(Fault(("test", n, "operator"), text))
    return faults


def load_case(
    case: str | Path,
    seed: int = 1,
    progress: Progress | None = None,
    patch: Mapping[str, object] | None = None,
    choice: Choice = AS_PLANNED,
) -> Case:
    """Find, read and build a case: everything that never changes in a run.

    Args:
        case: Id of a shipped case, or the path of a file.
        seed: Seed of the run; who the patient is stands in the case.
        progress: Called with what is being done and the fraction done.
        patch: Values to replace, see `load_scenario`.
        choice: What the operator chose in the briefing instead of the author's plan.
    """
    return build_case(load_scenario(find_case(case), patch), seed, progress, choice)
