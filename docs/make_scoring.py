"""Measure the operators: who passes which case, and what a careful one needs of time and dose.

python docs/make_scoring.py par [--cases ID ...] [--seeds A-B] [--jobs N]
    plays the expert and writes assets/par.toml and the bands of assets/expert_bands.toml
python docs/make_scoring.py table [--cases ID ...] [--operators NAME ...] [--seeds A-B] [--jobs N]
    plays the operators and writes the table between the marks in docs/scoring.md
"""

from __future__ import annotations

import argparse
import statistics
import sys
from collections.abc import Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context
from pathlib import Path

HERE = Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent))

from simulator.engine.operators.builtin import NAMES
from simulator.engine.runner import run_case
from simulator.paths import asset
from simulator.records import bands
from simulator.scenario.assets import read_asset
from simulator.scenario.load import list_cases, load_case
from simulator.world.report import Report

BEGIN, END = "<!-- operators: begin -->", "<!-- operators: end -->"
PAR = ("duration_s", "fluoro_s", "air_kerma_mgy")


Played = Mapping[tuple[str, str], list[Report]]
"""Reports by case and operator."""


def one(job: tuple[str, str, int]) -> Report:
    """Return the report of one operator in one case with one seed."""
    case, operator, seed = job
    report = run_case(load_case(case, seed), operator).report
    word = "passed" if report.passed else "failed"
    print(f"{case} {operator} seed {seed}: {word}, {report.total:.1f}. {report.reason}", flush=True)
    return report


def played(cases: Sequence[str], operators: Sequence[str], seeds: range, jobs: int) -> Played:
    """Play everything, in `jobs` processes."""
    asked = [(case, name, seed) for case in cases for name in operators for seed in seeds]
    with ProcessPoolExecutor(jobs, mp_context=get_context("spawn")) as pool:
        reports = list(pool.map(one, asked))
    out: dict[tuple[str, str], list[Report]] = {}
    for (case, name, _), report in zip(asked, reports, strict=True):
        out.setdefault((case, name), []).append(report)
    return out


def write_bands(runs: Played) -> None:
    """Write lowest and highest of the expert's runs; cases not played keep theirs."""
    tables = {name: dict(table) for name, table in read_asset(bands.NAME).items()}
    for (case, _), reports in runs.items():
        found = bands.of_runs(reports)
        tables[case] = {
            name: [round(low, 2), round(high, 2)] for name, (low, high) in found.items()
        }
    head = "# Lowest and highest of runs of the built-in expert: docs/make_scoring.py par."
    asset(bands.NAME).write_text(head + "\n\n" + blocks(tables) + "\n", encoding="utf-8")


def blocks(tables: Mapping[str, Mapping[str, object]]) -> str:
    """Return tables as TOML."""
    return "\n\n".join(
        "\n".join([f"[{name}]", *(f"{key} = {value}" for key, value in table.items())])
        for name, table in tables.items()
    )


def write_par(runs: Played) -> None:
    """Write the medians of the expert's runs; cases not played keep theirs."""
    tables = {name: dict(table) for name, table in read_asset("par.toml").items()}
    for (case, _), reports in runs.items():
        if any(report.metrics["declined"] for report in reports):
            continue
        tables[case] = {
            name: round(statistics.median(float(r.metrics[name] or 0.0) for r in reports), 1)
            for name in PAR
        }
    path = asset("par.toml")
    head = [line for line in path.read_text(encoding="utf-8").splitlines() if line.startswith("#")]
    path.write_text("\n".join(head) + "\n\n" + blocks(tables) + "\n", encoding="utf-8")


def cell(reports: Sequence[Report]) -> str:
    """Return how a group of runs ended: passed, mean points, what failed them."""
    passed = sum(report.passed for report in reports)
    mean = statistics.fmean(report.total for report in reports)
    ids = dict.fromkeys(f.id for report in reports for f in report.critical)
    why = ", ".join(f"`{name}`" for name in ids)
    if not why and passed < len(reports):
        why = reports[0].reason.rstrip(".")
    return f"{passed}/{len(reports)}, {mean:.0f}" + (f" ({why})" if why else "")


def write_table(cases: Sequence[str], operators: Sequence[str], seeds: range, runs: Played) -> None:
    """Write one row per case, one column per operator."""
    lines = [
        f"Seeds {seeds[0]} to {seeds[-1]}. Each cell: passed of played, mean points, what failed.",
        "",
        f"| Case | {' | '.join(operators)} |",
        "|---|" + "---|" * len(operators),
    ]
    for case in cases:
        cells = [cell(runs[case, operator]) for operator in operators]
        lines.append(f"| `{case}` | {' | '.join(cells)} |")
    page = HERE / "scoring.md"
    before, rest = page.read_text(encoding="utf-8").split(BEGIN)
    after = rest.split(END)[1]
    page.write_text(before + "\n".join([BEGIN, "", *lines, "", END]) + after, encoding="utf-8")


def main() -> None:
    """Read the command line and write what it asks for."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("what", choices=("par", "table"))
    parser.add_argument("--cases", nargs="+", default=[card.id for card in list_cases()])
    parser.add_argument("--operators", nargs="+", default=list(NAMES))
    parser.add_argument("--seeds", default="1-1")
    parser.add_argument("--jobs", type=int, default=1)
    given = parser.parse_args()
    first, _, last = given.seeds.partition("-")
    seeds = range(int(first), int(last or first) + 1)
    operators = ["expert"] if given.what == "par" else given.operators
    runs = played(given.cases, operators, seeds, given.jobs)
    if given.what == "par":
        write_par(runs)
        write_bands(runs)
    else:
        write_table(given.cases, operators, seeds, runs)


if __name__ == "__main__":
    main()
