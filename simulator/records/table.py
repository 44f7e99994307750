"""The history as a table for a spreadsheet or for statistics (CSV, RFC 4180)."""

from __future__ import annotations

import csv
import io
from collections.abc import Mapping, Sequence

from simulator.procedure.metrics import METRICS
from simulator.records.runs import Run
from simulator.scenario.words import DOMAINS
from simulator.units import seconds
from simulator.world.report import Metric

_FIRST = (
    "run_id", "trainee_id", "trainee_name", "operator", "case", "case_sha256", "procedure", "seed",
    "started_utc", "ended_utc", "kind", "practice_from_s", "practice_phase", "practice_of_run",
    "status", "phase", "run_time_s", "passed", "total_points",
)  # fmt: skip
_LAST = ("critical_errors", "recording", "recording_sha256")
COLUMNS = (
    *_FIRST,
    *(f"{name}_{what}" for name in DOMAINS for what in ("points", "points_max")),
    *_LAST,
    *METRICS,
)
"""Of every table."""


def csv_text(runs: Sequence[Run], names: Mapping[str, str]) -> str:
    """Return the table, one row per run, the same columns for any runs of this version.

    What only older versions counted follows in columns after them.

    Args:
        runs: In the order of the rows.
        names: Names of trainees by id, where they have one.
    """
    rows = [_row(run, names) for run in runs]
    older = sorted({name for row in rows for name in row} - set(COLUMNS))
    out = io.StringIO(newline="")
    writer = csv.DictWriter(out, (*COLUMNS, *older), restval="", lineterminator="\r\n")
    writer.writeheader()
    for row in rows:
        writer.writerow({name: _cell(value) for name, value in row.items()})
    return out.getvalue()


def _row(run: Run, names: Mapping[str, str]) -> dict[str, Metric]:
    row: dict[str, Metric] = dict(run.metrics)
    row |= {f"{d.name}_points": d.score for d in run.domains}
    row |= {f"{d.name}_points_max": d.max for d in run.domains}
    taken = run.practice
    practice = (seconds(taken.tick), taken.phase, taken.of) if taken else (None, "", "")
    values: tuple[Metric, ...] = (
        run.id, run.trainee, names.get(run.trainee, ""), run.operator, run.case, run.case_sha256,
        run.procedure, run.seed, run.started, run.ended,
        run.kind.value, *practice,
        run.status.value, run.phase, run.duration_s, run.passed, run.total,
        " ".join(c.id for c in run.critical), run.recording, run.recording_sha256,
    )  # fmt: skip
    return row | dict(zip((*_FIRST, *_LAST), values, strict=True))


def _cell(value: Metric) -> str:
    """Return a value that reads back exactly; nothing for what has no value."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    return repr(value) if isinstance(value, float) else str(value)
