"""What the window remembers between starts: settings, and the history of who practises."""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from simulator.engine.recorder import Entry
from simulator.engine.recording import Practice
from simulator.errors import SimulatorError
from simulator.paths import config_dir, data_dir
from simulator.records.history import History, begin, switched_on
from simulator.records.learning import Learning, learn
from simulator.records.runs import Run
from simulator.records.table import csv_text
from simulator.records.trainees import Trainee, Trainees


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


def begin_run(case: str, practice: Practice | None = None) -> tuple[Path, Entry] | None:
    """Return where to record a run, or practice, of who plays now; None where nothing is kept."""
    if not switched_on():
        return None
    try:
        return begin(case, Trainees(data_dir()).current().id, practice)
    except SimulatorError:
        return None


def keep_run(recording: Path) -> None:
    """Enter a closed recording; what cannot be entered now is found the next time."""
    try:
        with History() as history:
            history.enter(recording)
    except SimulatorError:
        return


@dataclass(frozen=True, slots=True)
class Book:
    """What the history says of who practises now."""

    trainee: Trainee | None
    """None where there is no history."""
    learning: Learning
    runs: tuple[Run, ...] = ()
    """All of them, practice and unfinished ones too, oldest first."""
    folder: Path = Path()
    """Where their recordings are, as each run tells."""
    people: tuple[Trainee, ...] = ()
    notices: tuple[str, ...] = ()
    """What should be told, a sentence each."""


def book() -> Book:
    """Read the history; one that cannot be read is an empty book that says why."""
    try:
        with History() as history:
            now = history.trainees.current()
            notices = list(history.notices)
            # Whichever screen opens the history first is told of a damage; the file stays to tell.
            for path in history.set_aside():
                if not any(path.name in notice for notice in notices):
                    notices.append(f"A damaged history was set aside: {path.name}")
            people = history.trainees.all()
            runs = history.runs(now.id)
            return Book(now, learn(runs), runs, history.folder, people, tuple(notices))
    except SimulatorError as error:
        return Book(None, learn(()), notices=(str(error),))


@dataclass(frozen=True, slots=True)
class Saved:
    """A run that can be gone on with."""

    recording: Path
    case: str
    phase: str
    ticks: int
    when: str
    """ISO time, UTC, at which it was last written."""


def saved_run() -> Saved | None:
    """Return the latest run that who practises now saved, or that broke off."""
    try:
        with History() as history:
            runs = history.to_go_on()
            if not runs:
                return None
            run = runs[-1]
            place = history.folder / run.recording
            return Saved(place, run.case, run.phase, run.ticks, run.ended)
    except SimulatorError:
        return None


def results() -> list[Result]:
    """Return the runs of who practises now that count, oldest first."""
    return [Result(r.case, r.total or 0.0, r.passed, r.ended) for r in book().learning.runs]


def practise_as(person: Trainee | None) -> None:
    """Let `person`, or somebody new and anonymous, practise from now on."""
    try:
        people = Trainees(data_dir())
        if person is None:
            people.begin()
        else:
            people.use(person)
    except SimulatorError:
        return


def export_csv() -> str:
    """Write the runs of who practises now as a table; return a sentence that says where."""
    path = data_dir() / "exports" / "runs.csv"
    try:
        with History() as history:
            now = history.trainees.current()
            text = csv_text(history.runs(now.id), {now.id: now.name})
        path.parent.mkdir(parents=True, exist_ok=True)
        part = path.with_name(path.name + ".part")
        part.write_bytes(text.encode("utf-8"))
        part.replace(path)
    except (SimulatorError, OSError) as error:
        return f"The table could not be written: {error}"
    return f"Written to {path}"


def moment(when: str) -> str:
    """Return a time as a person here reads it, "5 Mar 2026, 14:05"; what is none as it is."""
    try:
        here = datetime.fromisoformat(when).astimezone()
    except ValueError:
        return when
    return f"{here.day} {here:%b %Y, %H:%M}"


def days_ago(when: str) -> str:
    """Return when a run was, in words."""
    try:
        days = (datetime.now(UTC) - datetime.fromisoformat(when)).days
    except (ValueError, TypeError):
        return ""
    if days <= 0:
        return "Today"
    return "Yesterday" if days == 1 else f"{days} days ago"
