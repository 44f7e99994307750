"""One scenario test, read from either kind of file."""

from __future__ import annotations

import shlex
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from simulator.errors import ScenarioError, UsageError
from simulator.paths import scenarios
from simulator.scenario.faults import Fault
from simulator.scenario.load import find_case, load_scenario
from simulator.scenario.read import Document, check, read_document, report, shown_path
from simulator.scenario.script import read_script
from simulator.scenario.simtest import SimTestFile


@dataclass(frozen=True, slots=True)
class Trial:
    """A case, an operator, and what must come of it."""

    name: str
    file: Path
    line: int
    case: Path
    operator: str | Path
    """Built-in name, or the file of a script."""
    seeds: tuple[int, ...]
    expect: tuple[tuple[int, str], ...]
    """Line and comparison."""
    passed: tuple[int, bool] | None = None
    """Line and whether the run must be passed."""
    critical: tuple[tuple[int, str], ...] = ()
    """Line and sentinel error."""
    marks: tuple[str, ...] = ()
    determinism: bool = False
    patch: Mapping[str, object] = field(default_factory=dict)

    def replay(self, seed: int) -> str:
        """Return the command that runs this test's run again."""
        if self.patch:
            return f"python run_sim.py test {shlex.quote(shown_path(self.file))}"
        operator = shown_path(self.operator) if isinstance(self.operator, Path) else self.operator
        words = [self._case_word(), "--operator", operator, "--seed", str(seed)]
        return f"python run_sim.py run {shlex.join(words)}"

    def _case_word(self) -> str:
        shipped = self.case.resolve().parent == scenarios().resolve()
        return self.case.stem if shipped else shown_path(self.case)


def read_trials(path: Path) -> tuple[Trial, ...]:
    """Read the tests of a case file or of a ``*.simtest.toml``.

    Raises:
        ScenarioError: every fault of the file, one per line.
    """
    return _from_simtest(path) if path.name.endswith(".simtest.toml") else _from_case(path)


def _from_case(path: Path) -> tuple[Trial, ...]:
    scenario = load_scenario(path)
    document = scenario.document
    return tuple(
        Trial(
            name=_unique(_operator_name(t.operator), n, [o.operator for o in scenario.case.test]),
            file=path,
            line=document.line("test", n),
            case=path,
            operator=_operator(t.operator, path),
            seeds=t.seeds,
            expect=_lined(document, t.expect, "test", n, "expect"),
            passed=_lined_passed(document, ("test", n), passed=t.expect_passed),
            critical=_lined(document, t.expect_critical, "test", n, "expect_critical"),
            marks=t.marks,
        )
        for n, t in enumerate(scenario.case.test)
    )


def _from_simtest(path: Path) -> tuple[Trial, ...]:
    document = read_document(path)
    test = check(document, SimTestFile, None, _beyond_the_form(document)).model
    case = _case_of(document, test)
    return (
        Trial(
            name=test.id,
            file=path,
            line=1,
            case=case,
            operator=path if test.step else _operator(test.operator or "", path),
            seeds=test.seeds,
            expect=_lined(document, test.expect, "expect"),
            passed=_lined_passed(document, (), passed=test.expect_passed),
            critical=_lined(document, test.expect_critical, "expect_critical"),
            marks=test.marks,
            determinism=test.determinism,
            patch=test.patches,
        ),
    )


def _beyond_the_form(document: Document) -> list[Fault]:
    name = document.path.name.removesuffix(".simtest.toml")
    given = document.content.get("id")
    if not isinstance(given, str) or given == name:
        return []
    return [Fault(("id",), f"got '{given}'; must equal the file name, '{name}'")]


def _case_of(document: Document, test: SimTestFile) -> Path:
    """Find the case and check it with the patch, so that a wrong patch shows before any run."""
    beside = document.path.parent / test.scenario
    try:
        case = beside if beside.is_file() else find_case(test.scenario)
    except UsageError as fault:
        raise ScenarioError(report(document, [Fault(("scenario",), str(fault))])) from None
    try:
        load_scenario(case, test.patches)
    except ScenarioError as fault:
        rows = [f"{_blamed(document, test, row)}: {row}" for row in str(fault).splitlines()]
        raise ScenarioError("\n".join(rows)) from None
    return case


def _blamed(document: Document, test: SimTestFile, row: str) -> str:
    """Return file and line of the patch that a fault of the case comes from."""
    keys = [key for key in test.patches if f": patch: {key}" in row or f"patch '{key}'" in row]
    if not keys:
        return f"{document.shown}:{document.line('scenario')}"
    places: list[tuple[str, ...]] = [("patch", keys[0]), ("patch", *keys[0].split("."))]
    line = next((document.lines[p] for p in places if p in document.lines), document.line("patch"))
    return f"{document.shown}:{line}"


def _operator(name: str, file: Path) -> str | Path:
    if not name.endswith(".toml"):
        return name
    read_script(file.parent / name)
    return file.parent / name


def _operator_name(name: str) -> str:
    return Path(name).name.removesuffix(".toml")


def _unique(name: str, n: int, all_names: list[str]) -> str:
    earlier = [_operator_name(o) for o in all_names[:n]].count(name)
    return f"{name}-{earlier + 1}" if earlier else name


def _lined(
    document: Document, texts: tuple[str, ...], *path: str | int
) -> tuple[tuple[int, str], ...]:
    return tuple((document.line(*path, n), text) for n, text in enumerate(texts))


def _lined_passed(
    document: Document, path: tuple[str | int, ...], *, passed: bool | None
) -> tuple[int, bool] | None:
    return None if passed is None else (document.line(*path, "expect_passed"), passed)
