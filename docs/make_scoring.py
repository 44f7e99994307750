"""Measure the operators: who passes which case, and what a careful one needs of time and dose.

python docs/make_scoring.py par [--cases ID ...] [--seeds A-B]
    plays the expert and writes assets/par.toml
python docs/make_scoring.py table [--cases ID ...] [--operators NAME ...] [--seeds A-B]
    plays the operators and writes the table between the marks in docs/scoring.md
"""

from __future__ import annotations

import argparse
import statistics
import sys
from collections.abc import Sequence
from pathlib import Path

HERE = Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent))

from simulator.engine.operators.builtin import NAMES
from simulator.engine.runner import run_case
from simulator.paths import asset
from simulator.scenario.assets import read_asset
from simulator.scenario.load import list_cases, load_case
from simulator.world.report import Report

BEGIN, END = "<!-- operators: begin -->", "<!-- operators: end -->"
PAR = ("duration_s", "fluoro_s", "air_kerma_mgy")


def played(case: str, operator: str, seeds: range) -> list[Report]:
    """Return the reports of one operator in one case."""
    reports = []
    for seed in seeds:
        report = run_case(load_case(case, seed), operator).report
        word = "passed" if report.passed else "failed"
        print(f"{case} {operator} seed {seed}: {word}, {report.total:.1f}. {report.reason}")
        reports.append(report)
    return reports


def write_par(cases: Sequence[str], seeds: range) -> None:
    """Write the medians of the expert's runs; cases not played keep theirs."""
    tables = {name: dict(table) for name, table in read_asset("par.toml").items()}
    for case in cases:
        reports = played(case, "expert", seeds)
        if any(report.metrics["declined"] for report in reports):
            continue
        tables[case] = {
            name: round(statistics.median(float(r.metrics[name] or 0.0) for r in reports), 1)
            for name in PAR
        }
    path = asset("par.toml")
    head = [line for line in path.read_text(encoding="utf-8").splitlines() if line.startswith("#")]
    blocks = [
        "\n".join([f"[{name}]", *(f"{key} = {value}" for key, value in table.items())])
        for name, table in tables.items()
    ]
    path.write_text("\n\n".join(["\n".join(head), *blocks]) + "\n", encoding="utf-8")


def cell(reports: Sequence[Report]) -> str:
    """Return how a group of runs ended: passed, mean points, what failed them."""
    passed = sum(report.passed for report in reports)
    mean = statistics.fmean(report.total for report in reports)
    ids = dict.fromkeys(f.id for report in reports for f in report.critical)
    why = ", ".join(f"`{name}`" for name in ids)
    if not why and passed < len(reports):
        why = reports[0].reason.rstrip(".")
    return f"{passed}/{len(reports)}, {mean:.0f}" + (f" ({why})" if why else "")


def write_table(cases: Sequence[str], operators: Sequence[str], seeds: range) -> None:
    """Write one row per case, one column per operator."""
    lines = [
        f"Seeds {seeds[0]} to {seeds[-1]}. Each cell: passed of played, mean points, what failed.",
        "",
        f"| Case | {' | '.join(operators)} |",
        "|---|" + "---|" * len(operators),
    ]
    for case in cases:
        cells = [cell(played(case, operator, seeds)) for operator in operators]
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
    given = parser.parse_args()
    first, _, last = given.seeds.partition("-")
    seeds = range(int(first), int(last or first) + 1)
    if given.what == "par":
        write_par(given.cases, seeds)
    else:
        write_table(given.cases, given.operators, seeds)


if __name__ == "__main__":
    main()
