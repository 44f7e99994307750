"""A run of the history, played again to be looked at."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from simulator.engine import recording as recordings
from simulator.engine.recording import Recording
from simulator.engine.resume import file_of, seen_again
from simulator.engine.session import Session
from simulator.ui.memory import moment
from simulator.ui.work import Report
from simulator.world.report import Report as Judged


@dataclass(frozen=True, slots=True)
class Watched:
    """A run that was kept, played again."""

    session: Session
    file: Path
    """Of its case."""
    recorded: Recording


def watched(path: Path, report: Report) -> Watched:
    """Play a kept run again through the same step.

    Raises:
        RecordingError: it cannot be read, its case is not here, or this version of the program
            plays it differently.
    """
    report("reading the recording", 0.0)
    recorded = recordings.read(path)
    file = file_of(recorded)
    return Watched(seen_again(recorded, report), file, recorded)


def when_played(recorded: Recording, report: Judged) -> str:
    """Return when a kept run was, and what the judge said of it then if that was another word."""
    started = str(recorded.head.get("started", ""))
    words = f"Run of {moment(started)}" if started else f"Run in {recorded.path.name}"
    if recorded.end is None:
        return f"{words}, not brought to its end"
    then = float(recorded.end["report"]["total"])
    if round(then, 1) != round(report.total, 1):
        words += f", {then:.1f} by the rules of then"
    return words
