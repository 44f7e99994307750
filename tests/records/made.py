"""Recordings as the program writes them, of runs that nobody had to play."""

from __future__ import annotations

import gzip
import json
from pathlib import Path
from typing import Any

from simulator.records.runs import TRAINEE_ID
from simulator.scenario.words import DOMAINS

ANN, BOB = "a" * 12, "b" * 12
POINTS = dict(zip(DOMAINS, (10.0, 12.0, 28.0, 12.0, 14.0, 10.0, 8.0, 6.0), strict=True))

TAKEN = {"tick": 1200, "of": f"{1:032x}", "phase": "tamp"}
"""Practice from a moment of the first run."""


def report(
    total: float = 80.0,
    critical: tuple[str, ...] = (),
    shares: dict[str, float] | None = None,
    **rest: Any,
) -> dict[str, Any]:
    """Return a report as the end line holds it."""
    given = shares or {}
    return {
        "scenario": "l1-wedge",
        "title": "L1 wedge",
        "procedure": "kyphoplasty",
        "passed": total >= 75.0 and not critical,
        "total": total,
        "domains": {
            name: {"score": most * given.get(name, total / 100.0), "max": most}
            for name, most in POINTS.items()
        },
        "critical": [{"id": one, "tick": 600 + i} for i, one in enumerate(critical)],
        "metrics": {
            "duration_s": 1200.0, "fluoro_s": 200.5, "exposures": 812, "breach_grade": "A",
            "looked_well": True, "crosses_midline": False, "leak_reaction_s": None,
        },
        **rest,
    }  # fmt: skip


def lines(
    number: int,
    *,
    trainee: str = ANN,
    operator: str = "human",
    case: str = "l1-wedge",
    over: bool = True,
    ended: bool = True,
    ticks: int = 3600,
    practice: dict[str, Any] | None = None,
    **judged: Any,
) -> list[str]:
    """Return the lines of the recording of run `number`; minutes count its start."""
    assert not trainee or TRAINEE_ID.fullmatch(trainee)
    start = f"2026-03-{1 + number // 1440:02d}T{number // 60 % 24:02d}:{number % 60:02d}"
    head: dict[str, Any] = {
        "k": "head", "format": 1, "scenario": case, "sha256": "c" * 64, "seed": 1,
        "operator": operator, "versions": {}, "path": "", "source": "",
        "run": f"{number:032x}", "trainee": trainee, "started": f"{start}:00.000+00:00",
    }  # fmt: skip
    if practice is not None:
        head["practice"] = practice
    out: list[dict[str, Any]] = [
        head,
        {"k": "act", "t": 0, "n": ticks, "a": {}},
        {"k": "event", "t": 60, "e": "PhaseChanged", "before": "position", "after": "local"},
        {"k": "hash", "t": ticks, "h": {"body": "0" * 16}},
    ]
    if ended:
        end = {"k": "end", "t": ticks, "over": over, "state_hash": "0", "report": report(**judged)}
        out.append(end | {"ended": f"{start}:30.000+00:00"})
    return [json.dumps(line) for line in out]


def recording(folder: Path, number: int, **asked: Any) -> Path:
    """Write the recording of run `number` into the data folder `folder`."""
    text = "\n".join(lines(number, **asked)) + "\n"
    path = folder / "recordings" / f"run-{number}.simrec"
    path.parent.mkdir(parents=True, exist_ok=True)
    ended = asked.get("ended", True)
    path.write_bytes(gzip.compress(text.encode(), mtime=0) if ended else text.encode())
    return path
