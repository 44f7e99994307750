"""Play every case with the expert and write the bands that a debrief shows.

python docs/make_bands.py    writes assets/expert_bands.toml
"""

from __future__ import annotations

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from simulator.engine.runner import run_case
from simulator.records.bands import NAME, of_runs
from simulator.scenario.load import list_cases, load_case

SEEDS = 5


def main() -> None:
    """Write the asset; takes about SEEDS x cases x 15 CPU seconds."""
    lines = [f"# Lowest and highest of {SEEDS} runs of the built-in expert: docs/make_bands.py."]
    for card in list_cases():
        if card.fault:
            continue
        reports = []
        for seed in range(1, SEEDS + 1):
            outcome = run_case(load_case(card.id, seed), "expert")
            reports.append(outcome.report)
            print(f"{card.id} seed {seed}: {outcome.report.total:.1f}", file=sys.stderr)
        lines += ["", f'["{card.id}"]']
        lines += [f"{k} = [{a:.2f}, {b:.2f}]" for k, (a, b) in of_runs(reports).items()]
    place = Path(__file__).resolve().parents[1] / "assets" / NAME
    place.write_text("\n".join(lines) + "\n", encoding="utf-8")
    print(place)


if __name__ == "__main__":
    main()
