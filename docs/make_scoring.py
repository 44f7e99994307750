"""Measure the operators: who passes which case, and what a careful one needs of time and dose.

python docs/make_scoring.py par [--cases ID ...] [--seeds A-B] [--jobs N]
    plays the expert and writes assets/par.toml and the bands of assets/expert_bands.toml
python docs/make_scoring.py table [--cases ID ...] [--operators NAME ...] [--seeds A-B] [--jobs N]
    plays the operators and writes the table between the marks in docs/scoring.md

Every run that ends is kept (operator_runs.py): a killed measurement goes on where it was, and
one of more seeds plays only the new ones. `--show` prints the table instead of writing it.
"""

from __future__ import annotations

import argparse
import itertools
import math
import statistics
import sys
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

HERE = Path(__file__).resolve().parent
sys.path[:0] = [str(HERE), str(HERE.parent)]

from operator_runs import Asked, Run, played

from simulator.cli import arguments
from simulator.engine.operators.builtin import NAMES
from simulator.paths import asset
from simulator.records import bands
from simulator.scenario.assets import read_asset
from simulator.scenario.load import list_cases

BEGIN, END = "<!-- operators: begin -->", "<!-- operators: end -->"
PAR = ("duration_s", "fluoro_s", "air_kerma_mgy")
RANKED = ("expert", "hurried", "clumsy")
"""Best first, by mean total over the cases that are treated."""
READS_LIKE_THE_EXPERT = ("clumsy",)
"""The fault is in the hands: where nobody is to be treated it cannot show."""

Runs = Mapping[Asked, Run]


def write_bands(runs: Iterable[Run]) -> None:
    """Write lowest and highest of the expert's runs; cases not played keep theirs."""
    tables = {name: dict(table) for name, table in read_asset(bands.NAME).items()}
    for case, group in by_case(runs).items():
        tables[case] = {
            name: [round(low, 2), round(high, 2)]
            for name, (low, high) in bands.of_rows(run.row for run in group).items()
        }
    head = "# Lowest and highest of runs of the built-in expert: docs/make_scoring.py par."
    asset(bands.NAME).write_text(head + "\n\n" + blocks(tables) + "\n", encoding="utf-8")


def by_case(runs: Iterable[Run]) -> dict[str, list[Run]]:
    """Return runs in groups of one case."""
    out: dict[str, list[Run]] = {}
    for run in runs:
        out.setdefault(run.case, []).append(run)
    return out


def blocks(tables: Mapping[str, Mapping[str, object]]) -> str:
    """Return tables as TOML."""
    return "\n\n".join(
        "\n".join([f"[{name}]", *(f"{key} = {value}" for key, value in table.items())])
        for name, table in tables.items()
    )


def write_par(runs: Iterable[Run]) -> None:
    """Write the medians of the expert's runs; cases not played keep theirs."""
    tables = {name: dict(table) for name, table in read_asset("par.toml").items()}
    for case, group in by_case(runs).items():
        if any(run.declined for run in group):
            continue
        tables[case] = {
            name: round(statistics.median(run.row[name] for run in group), 1) for name in PAR
        }
    path = asset("par.toml")
    head = [line for line in path.read_text(encoding="utf-8").splitlines() if line.startswith("#")]
    path.write_text("\n".join(head) + "\n\n" + blocks(tables) + "\n", encoding="utf-8")


def reasons(runs: Iterable[Run]) -> str:
    """Return what failed the runs, the most frequent first, with how often it did."""
    found: Counter[str] = Counter()
    for run in runs:
        if not run.passed:
            found.update([f"`{name}`" for name in run.why] or [run.reason.rstrip(".")])
    return ", ".join(f"{name} {count}" for name, count in found.most_common())


def cell(runs: Sequence[Run]) -> str:
    """Return how a group of runs ended: passed, mean points, what failed them."""
    passed, mean = sum(run.passed for run in runs), statistics.fmean(run.total for run in runs)
    why = reasons(runs)
    return f"{passed}/{len(runs)}, {mean:.0f}" + (f" ({why})" if why else "")


def counted(runs: Iterable[Run]) -> list[Run]:
    """Return the runs in which the operator's own fault could show."""
    return [r for r in runs if not (r.declined and r.operator in READS_LIKE_THE_EXPERT)]


def treated(runs: Iterable[Run]) -> list[Run]:
    """Return the runs of the cases that nobody declined."""
    groups = by_case(runs)
    return [r for group in groups.values() for r in group if not any(x.declined for x in group)]


def apart_sd(better: Sequence[float], worse: Sequence[float]) -> float:
    """Return the distance of two means in pooled standard deviations."""
    freedom = len(better) + len(worse) - 2
    spread = sum((x - statistics.fmean(xs)) ** 2 for xs in (better, worse) for x in xs)
    gap = statistics.fmean(better) - statistics.fmean(worse)
    return gap / math.sqrt(spread / freedom) if freedom > 0 and spread > 0.0 else math.inf


def summary(operators: Sequence[str], runs: Sequence[Run]) -> list[str]:
    """Return one row per operator, and how far the ranked ones lie apart."""
    totals: dict[str, list[float]] = {}
    lines = ["| Operator | Passed | Mean points | SD | Pictures | What failed it |",
             "|---|---|---|---|---|---|"]  # fmt: skip
    for name in operators:
        mine = counted(run for run in runs if run.operator == name)
        both = [run.total for run in treated(runs) if run.operator == name]
        totals[name] = both
        sd = statistics.stdev(both) if len(both) > 1 else 0.0
        mean = statistics.fmean(both) if both else 0.0
        passed = sum(run.passed for run in mine)
        shots = statistics.fmean([r.row["exposures"] for r in treated(runs) if r.operator == name])
        lines.append(f"| {name} | {passed}/{len(mine)} | {mean:.1f} | {sd:.1f} | {shots:.0f} | "
                     f"{reasons(mine)} |")  # fmt: skip
    ranked = [name for name in RANKED if totals.get(name)]
    for better, worse in itertools.pairwise(ranked):
        apart = apart_sd(totals[better], totals[worse])
        lines += ["", f"{better} and {worse} lie {apart:.1f} pooled SD apart."]
    return lines


def table(cases: Sequence[str], operators: Sequence[str], seeds: range, runs: Runs) -> list[str]:
    """Return the page's part: one row per case, one column per operator, and the sums."""
    lines = [
        f"Seeds {seeds[0]} to {seeds[-1]}. Each cell: passed of played, mean points, and what "
        "failed how often.",
        "",
        f"| Case | {' | '.join(operators)} |",
        "|---|" + "---|" * len(operators),
    ]
    for case in cases:
        cells = [cell([runs[case, seed, name] for seed in seeds]) for name in operators]
        lines.append(f"| `{case}` | {' | '.join(cells)} |")
    note = (
        "All cases together. Points are those of the cases that are treated; where the clumsy one "
        "declines as the expert does, the hands had nothing to do, and the run is not counted."
    )
    return [*lines, "", note, "", *summary(operators, list(runs.values()))]


def write_table(lines: Sequence[str]) -> None:
    """Write the part between the marks."""
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
    parser.add_argument("--seeds", type=arguments.seeds, default=(1, 1), metavar="A-B")
    parser.add_argument("--jobs", type=int, default=1)
    parser.add_argument("--show", action="store_true", help="print the table, write nothing")
    given = parser.parse_args()
    seeds = range(given.seeds[0], given.seeds[1] + 1)
    operators = ["expert"] if given.what == "par" else given.operators
    # Seed by seed, so that a measurement cut short has all cases and operators.
    asked = [(case, seed, name) for seed in seeds for case in given.cases for name in operators]
    runs = played(asked, given.jobs, any_par=given.what == "par")
    if given.what == "par":
        write_par(runs.values())
        write_bands(runs.values())
        return
    lines = table(given.cases, operators, seeds, runs)
    if given.show:
        print("\n".join(lines))
    else:
        write_table(lines)


if __name__ == "__main__":
    main()
