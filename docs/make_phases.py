"""Write the parts of docs/phases.md that are the table: python docs/make_phases.py."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

HERE = Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent))

from simulator.procedure import phases
from simulator.procedure.guards import CONDITIONS, GUARDS
from simulator.procedure.phase_table import ROWS
from simulator.scenario.assets import troubles
from simulator.world.action import Do
from simulator.world.case import Procedure
from simulator.world.vitals import STAGES

PAGE = HERE / "phases.md"


def rows() -> list[str]:
    """Return the table of phases."""
    lines = ["| No. | Phase | Chapter | What the staff say when they refuse |", "|---|---|---|---|"]
    return lines + [
        f"| {row.number} | `{row.name}` | {row.chapter} | {row.refusal} |" for row in ROWS
    ]


def guards() -> list[str]:
    """Return what every guard asks."""
    told = [(name, guard.__doc__ or "") for name, guard in GUARDS.items()]
    return ["| Guard | Holds when |", "|---|---|", *(f"| `{n}` | {text} |" for n, text in told)]


def permitted() -> list[str]:
    """Return which acts the staff carry out; phases that permit the same share a column."""
    groups: dict[frozenset[Do], list[str]] = {}
    for row in ROWS:
        if row.permits:
            groups.setdefault(row.permits, []).append(f"`{row.name}`")
    lines = ["| Act | " + " | ".join(", ".join(names) for names in groups.values()) + " |"]
    lines.append("|---|" + "---|" * len(groups))
    for act in Do:
        if act is not Do.NONE:
            cells = ("yes" if act in permits else "–" for permits in groups)
            mark = "*" if act in CONDITIONS else ""
            lines.append(f"| `{act.value}`{mark} | {' | '.join(cells)} |")
    return lines


def trouble_diagram() -> list[str]:
    """Return how every trouble goes, as a Mermaid state diagram."""
    lines = ["```mermaid", "stateDiagram-v2", "    [*] --> calm"]
    lines += [f"    {before} --> {after}: {what}" for before, after, what in STAGES]
    return [*lines, "    collapsed --> [*]", "```"]


def trouble_rows() -> list[str]:
    """Return the table of troubles."""
    lines = [
        "| Trouble | Latency | Sign | Right answers | If ignored |",
        "|---|---|---|---|---|",
    ]
    for spec in troubles():
        answers = ", ".join(f"`{act}`" for act in spec.answers)
        end = "arrest; the run ends" if spec.deadly else _LASTING.get(spec.kind, "goes on")
        lines.append(
            f"| {spec.kind} | {spec.latency_s:.0f} s | {spec.speaker}: “{spec.sign}” "
            f"| {answers} | {end} |"
        )
    return lines


_LASTING = {
    "nerve": "a lasting deficit",
    "movement": "the patient moves by 3 to 7 mm",
    "rupture": "contrast stays in the body",
}


def parts() -> dict[str, list[str]]:
    """Return every generated part by its name."""
    drawn = {
        procedure.value: ["```mermaid", phases.diagram(procedure), "```"] for procedure in Procedure
    }
    return {
        "rows": rows(),
        "guards": guards(),
        **drawn,
        "permitted": permitted(),
        "trouble-diagram": trouble_diagram(),
        "troubles": trouble_rows(),
    }


def written(text: str) -> str:
    """Return the page with its generated parts as they are now."""
    for name, lines in parts().items():
        begin, end = f"<!-- {name}: begin -->", f"<!-- {name}: end -->"
        before, rest = text.split(begin)
        text = before + "\n".join([begin, "", *lines, "", end]) + rest.split(end)[1]
    return text


def main() -> None:
    """Write the page anew."""
    argparse.ArgumentParser(description=__doc__.splitlines()[0]).parse_args()
    PAGE.write_text(written(PAGE.read_text(encoding="utf-8")), encoding="utf-8")


if __name__ == "__main__":
    main()
