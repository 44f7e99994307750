"""What the window remembers between starts: settings and the results of runs."""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from simulator.paths import config_dir, data_dir
from simulator.world.report import Report


@dataclass(frozen=True, slots=True)
class Result:
    """One finished run as a card shows it."""

    case: str
    total: float
    passed: bool
    when: str
    """ISO time, UTC."""


def load_settings() -> dict[str, Any]:
    """Return the settings; a damaged file is no settings."""
    try:
        found = json.loads((config_dir() / "window.json").read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
    return found if isinstance(found, dict) else {}


def save_settings(settings: dict[str, Any]) -> None:
    """Write the settings; a full or read-only disk must not stop anybody."""
    try:
        config_dir().mkdir(parents=True, exist_ok=True)
        text = json.dumps(settings, indent=2, sort_keys=True)
        (config_dir() / "window.json").write_text(text, encoding="utf-8")
    except OSError:
        return


def remember(report: Report) -> None:
    """Append one finished run to the history."""
    row = {
        "scenario": report.scenario,
        "seed": report.seed,
        "operator": report.operator,
        "total": round(report.total, 1),
        "passed": report.passed,
        "duration_s": round(report.duration_s, 1),
        "when": datetime.now(UTC).isoformat(timespec="seconds"),
        "domains": {k: [round(v.score, 2), v.max] for k, v in report.domains.items()},
    }
    try:
        data_dir().mkdir(parents=True, exist_ok=True)
        with (data_dir() / "runs.jsonl").open("a", encoding="utf-8") as file:
            file.write(json.dumps(row) + "\n")
    except OSError:
        return


def results() -> list[Result]:
    """Return all finished runs, oldest first; lines that cannot be read are passed over."""
    try:
        lines = (data_dir() / "runs.jsonl").read_text(encoding="utf-8").splitlines()
    except OSError:
        return []
    out = []
    for line in lines:
        try:
            row = json.loads(line)
            out.append(
                Result(
                    str(row["scenario"]),
                    float(row["total"]),
                    bool(row["passed"]),
                    str(row.get("when", "")),
                )
            )
        except (ValueError, KeyError, TypeError):
            continue
    return out


def days_ago(when: str) -> str:
    """Return when a run was, in words."""
    try:
        days = (datetime.now(UTC) - datetime.fromisoformat(when)).days
    except (ValueError, TypeError):
        return ""
    if days <= 0:
        return "Today"
    return "Yesterday" if days == 1 else f"{days} days ago"
