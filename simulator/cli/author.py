"""Commands for authors of cases: list, check, preview, schema, test."""

from __future__ import annotations

import argparse
import json
import sys
import tomllib
from pathlib import Path

import numpy as np

from simulator import cli
from simulator.cli import output
from simulator.engine import runner
from simulator.engine.start import first_state
from simulator.errors import ScenarioError, UsageError
from simulator.frames import Side
from simulator.imaging.png import png
from simulator.imaging.projector import PatientProjector
from simulator.paths import scenarios
from simulator.records.frames import VIEWS, film
from simulator.scenario import export, load
from simulator.scenario.read import check as check_form
from simulator.scenario.read import read_document
from simulator.scenario.script import read_script
from simulator.scenario.simtest import SimTestFile


def list_cases(given: argparse.Namespace) -> int:
    """Print the shipped cases."""
    cards = load.list_cases()
    if given.json:
        rows = [
            {
                "id": c.id, "title": c.title, "procedure": c.procedure, "level": c.level,
                "difficulty": c.difficulty, "skill": c.skill, "path": c.path.name,
            }
            for c in cards
        ]  # fmt: skip
        print(json.dumps(rows, indent=2))
        return cli.OK
    width = max((len(c.id) for c in cards), default=0)
    for c in cards:
        print(f"{c.id:<{width}}  {c.title}. {c.procedure.capitalize()}, {c.level}. {c.skill}")
        if c.fault:
            print(f"{'':<{width}}  {c.fault}")
    return cli.OK


def check(given: argparse.Namespace) -> int:
    """Read every file, report all faults at once, and with --solve play each case."""
    files = _files(given.paths or [scenarios()])
    faults, unsolved = 0, 0
    for path in files:
        try:
            if path.name.endswith(".simtest.toml"):
                check_form(read_document(path), SimTestFile)
                print(f"{path}: fine")
                continue
            if _is_script(path):
                read_script(path)
                print(f"{path}: fine")
                continue
            load.load_scenario(path)
        except (ScenarioError, UsageError) as error:
            print(error, file=sys.stderr)
            faults += 1
            continue
        if not given.solve:
            print(f"{path}: fine")
            continue
        case = load.load_case(path, 1, progress=output.progress())
        for here in (case.facing(n) for n in range(max(len(case.levels), 1))):
            for side in here.sides:
                fit = here.plans[side].fit
                if fit is not None and not fit.fits:
                    level = here.patient.target.level
                    print(f"{path}: {level}, {Side(side).name.lower()} side {fit.words}")
        outcome = runner.run_case(case, "expert")
        unsolved += int(not outcome.report.passed)
        word = "passes" if outcome.report.passed else "FAILS"
        print(f"{path}: fine; the expert {word} with {outcome.report.total:.1f}")
    if faults:
        return cli.WRONG_INPUT
    return cli.FAILED if unsolved else cli.OK


def _is_script(path: Path) -> bool:
    """A stage script has steps and no procedure; a broken file is read as a case and told so."""
    try:
        content = tomllib.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return False
    return "step" in content and "procedure" not in content


def _files(paths: list[Path]) -> list[Path]:
    files: list[Path] = []
    for path in paths:
        if path.is_dir():
            files.extend(sorted(path.rglob("*.toml")))
        elif path.exists():
            files.append(path)
        else:
            files.append(load.find_case(str(path)))
    if not files:
        raise UsageError("nothing to check here: no .toml file")
    return files


def preview(given: argparse.Namespace) -> int:
    """Write AP and lateral side by side."""
    case = load.load_case(given.case, 1, progress=output.progress())
    state, projector = first_state(case), PatientProjector(case.patient)
    films = [film(case, state, *angles, 640, projector) for angles in VIEWS.values()]
    gap = np.full((640, 16), 0, np.uint8)
    output.write(given.output, png(np.ascontiguousarray(np.hstack([films[0], gap, films[1]]))))
    print(f"{given.output}: {case.notes.title}, AP and lateral")
    return cli.OK


def schema(given: argparse.Namespace) -> int:
    """Print a JSON schema."""
    print(export.schema_text(given.kind), end="")
    return cli.OK


def test(given: argparse.Namespace) -> int:
    """Run scenario tests with pytest: the same items that a bare pytest collects."""
    try:
        import pytest
    except ImportError as error:
        raise UsageError('scenario tests need pytest: pip install -e ".[test]"') from error
    paths = [str(path) for path in given.paths] or [str(scenarios())]
    code = int(
        # whoever asks for these tests wants the long ones too
        pytest.main(
            [*paths, "-q", "-m", "", "-p", "simulator.testing.plugin", "-p", "no:cacheprovider"]
        )
    )
    if code == 0:
        return cli.OK
    return cli.FAILED if code in (1, 5) else cli.WRONG_INPUT
