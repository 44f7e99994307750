"""The runs of this machine: entered when they end, found again when the program was killed."""

from __future__ import annotations

import os
import sqlite3
import uuid
from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any, TypeVar

from simulator.engine.recorder import Entry
from simulator.engine.recording import Practice
from simulator.errors import RecordingError
from simulator.paths import data_dir
from simulator.records import database
from simulator.records.runs import (
    PERSON,
    Critical,
    Domain,
    Kind,
    Run,
    Status,
    better,
    now,
    run_of,
)
from simulator.records.spoken import unit
from simulator.records.trainees import Trainees
from simulator.world.report import Metric

_T = TypeVar("_T")

SWITCH = "KYPHOSIM_HISTORY"
"""Environment variable; "off" keeps runs out of the history, for machines that test."""

RECORDINGS = "recordings"
_YES_NO = "yes/no"
_COLUMNS = (
    "id", "case", "case_sha256", "title", "procedure", "seed", "trainee", "operator", "started",
    "ended", "status", "phase", "ticks", "total", "passed", "recording_sha256", "recording", "kind",
)  # fmt: skip
_PRACTICE = ("practice_tick", "practice_of", "practice_phase")
_NAMES = ", ".join(f'"{name}"' for name in (*_COLUMNS, *_PRACTICE))


def switched_on() -> bool:
    """Tell whether runs are kept on this machine."""
    return os.environ.get(SWITCH, "").lower() != "off"


def begin(case: str, trainee: str, practice: Practice | None = None) -> tuple[Path, Entry]:
    """Return where to record a run of `case`, and what its recording says about it.

    Args:
        case: Its id.
        trainee: Id of who plays; empty for an operator of the program.
        practice: Where it is taken up, if it is practice.

    Raises:
        RecordingError: nothing can be recorded there.
    """
    entry = Entry(run=uuid.uuid4().hex, trainee=trainee, now=now, practice=practice)
    stamp = now()[:19].replace("-", "").replace(":", "").replace("T", "-")
    place = data_dir() / RECORDINGS / f"{case}-{stamp}-{entry.run[:8]}.simrec"
    try:
        place.parent.mkdir(parents=True, exist_ok=True)
        place.touch()
        place.unlink()
    except OSError as error:
        raise RecordingError(f"{place}: cannot be written ({error.strerror})") from error
    return place, entry


class History:
    """The index of runs (a lifetime: open database)."""

    def __init__(self, folder: Path | None = None) -> None:
        """Open the history of `folder` (the user's data folder) and enter what is missing.

        Raises:
            RecordingError: it cannot be written, or was made by a newer version.
        """
        self.folder = folder or data_dir()
        self.trainees = Trainees(self.folder)
        stamp = now()[:19].replace(":", "").replace("-", "")
        self._db, word = database.open_database(self.folder / "history.sqlite", stamp)
        self.notices: tuple[str, ...] = (word,) if word else ()
        """What a person should be told, one sentence each."""
        try:
            self._sweep()
        except BaseException:
            self.close()
            raise

    def __enter__(self) -> History:
        return self

    def __exit__(self, *error: object) -> None:
        self.close()

    def close(self) -> None:
        """Let go of the database."""
        self._db.close()

    def set_aside(self) -> tuple[Path, ...]:
        """Return damaged indexes that were once set aside and still lie there."""
        return tuple(sorted(self.folder.glob("history-damaged-*.sqlite")))

    def _sweep(self) -> None:
        """Enter recordings that the index does not know, or knew when they were shorter."""
        query = "SELECT recording, recording_bytes FROM run"
        known = dict(self._guarded(lambda: self._db.execute(query).fetchall()))
        found, faults = [], []
        for path in sorted((self.folder / RECORDINGS).glob("*.simrec")):
            try:
                size = path.stat().st_size
                if size and known.get(self._relative(path)) != size:
                    found.append(self._read(path))
            except FileNotFoundError:
                continue  # deleted while we looked
            except RecordingError as error:
                faults.append(str(error))
        self.join(found)
        self.notices += tuple(faults)

    def _relative(self, path: Path) -> str:
        return path.relative_to(self.folder).as_posix()

    def _read(self, path: Path) -> Run:
        return self.owned(replace(run_of(path), recording=self._relative(path)))

    def owned(self, run: Run) -> Run:
        """Return `run` with its person: if the recording does not say who, who practises here."""
        if run.trainee or run.operator != PERSON:
            return run
        return replace(run, trainee=self.trainees.current().id)

    def enter(self, recording: Path) -> Run:
        """Enter the run of a recording inside the data folder.

        Raises:
            RecordingError: it cannot be read, or the database cannot be written.
        """
        run = self._read(recording)
        self.join([run])
        return run

    def join(self, runs: Iterable[Run]) -> int:
        """Add runs, all or none; return how many were new or told more than what was known."""
        runs = list(runs)
        if not runs:
            return 0
        return self._guarded(lambda: self._join(runs))

    def _join(self, runs: Sequence[Run]) -> int:
        changed = 0
        with database.transaction(self._db):
            for run in runs:
                known = self._load("WHERE id = ?", (run.id,))
                best = better(known[0], run) if known else run
                if not known or best != known[0] or self._grown(best):
                    changed += 1
                    self._db.execute("DELETE FROM run WHERE id = ?", (run.id,))
                    self._insert(best)
        return changed

    def _grown(self, run: Run) -> bool:
        query = "SELECT recording_bytes FROM run WHERE id = ?"
        return bool(self._db.execute(query, (run.id,)).fetchone()[0] != self._size(run))

    def _size(self, run: Run) -> int:
        path = self.folder / run.recording
        return path.stat().st_size if run.recording and path.is_file() else 0

    def _insert(self, run: Run) -> None:
        values = [*(getattr(run, name) for name in _COLUMNS), *_taken_up(run.practice)]
        marks = ", ".join("?" * (len(values) + 1))
        self._db.execute(
            f"INSERT INTO run ({_NAMES}, recording_bytes) VALUES ({marks})",
            [*values, self._size(run)],
        )
        self._db.executemany(
            "INSERT INTO domain VALUES (?, ?, ?, ?, ?)",
            [(run.id, i, d.name, d.score, d.max) for i, d in enumerate(run.domains)],
        )
        self._db.executemany(
            "INSERT INTO critical VALUES (?, ?, ?, ?)",
            [(run.id, i, c.id, c.t_s) for i, c in enumerate(run.critical)],
        )
        self._db.executemany(
            "INSERT INTO metric VALUES (?, ?, ?, ?, ?)",
            [(run.id, i, name, v, _unit(name, v)) for i, (name, v) in enumerate(run.metrics)],
        )

    def runs(self, trainee: str | None = None, case: str | None = None) -> tuple[Run, ...]:
        """Return runs, oldest first, of one person and one case if these are given."""
        asked = [(name, v) for name, v in (("trainee", trainee), ("case", case)) if v is not None]
        where = " AND ".join(f'"{name}" = ?' for name, _ in asked)
        values = tuple(v for _, v in asked)
        clause = f"WHERE {where}" if where else ""
        return tuple(self._guarded(lambda: self._load(clause, values)))

    def to_go_on(self) -> tuple[Run, ...]:
        """Return the runs that who practises now left unfinished here, oldest first.

        Some may be open in another window. Practice is no run to be brought to its end.
        """
        mine = self.runs(self.trainees.current().id)
        return tuple(
            run
            for run in mine
            if run.status is Status.UNFINISHED
            and run.kind is Kind.RUN
            and (self.folder / run.recording).is_file()
        )

    def _load(self, where: str, values: tuple[str, ...]) -> list[Run]:
        rows = self._db.execute(
            f"SELECT {_NAMES} FROM run {where} ORDER BY started, id", values
        ).fetchall()
        chosen = f"run IN (SELECT id FROM run {where})"
        domains = self._parts(f"SELECT run, name, score, max FROM domain WHERE {chosen}", values)
        critical = self._parts(f"SELECT run, id, t_s FROM critical WHERE {chosen}", values)
        metrics = self._parts(f"SELECT run, name, value, unit FROM metric WHERE {chosen}", values)
        out = []
        for row in rows:
            named = dict(zip((*_COLUMNS, *_PRACTICE), row, strict=True))
            one = named["id"]
            practice = Practice(*(named.pop(name) for name in _PRACTICE))
            if named.pop("kind") == Kind.PRACTICE.value:
                named["practice"] = practice
            named |= {"status": Status(named["status"]), "passed": bool(named["passed"])}
            out.append(
                Run(
                    **named,
                    domains=tuple(Domain(*part) for part in domains.get(one, ())),
                    critical=tuple(Critical(*part) for part in critical.get(one, ())),
                    metrics=tuple((n, _metric(v, u)) for n, v, u in metrics.get(one, ())),
                )
            )
        return out

    def _parts(self, query: str, values: tuple[str, ...]) -> dict[str, list[tuple[Any, ...]]]:
        out: dict[str, list[tuple[Any, ...]]] = {}
        for run, *rest in self._db.execute(f"{query} ORDER BY run, place", values):
            out.setdefault(run, []).append(tuple(rest))
        return out

    def _guarded(self, work: Callable[[], _T]) -> _T:
        try:
            return work()
        except (sqlite3.Error, OSError) as error:
            raise RecordingError(f"{self.folder / 'history.sqlite'}: {error}") from error


def _taken_up(practice: Practice | None) -> tuple[int | None, str, str]:
    """Return the columns of where a run was taken up."""
    return (practice.tick, practice.of, practice.phase) if practice else (None, "", "")


def _unit(name: str, value: Metric) -> str:
    return _YES_NO if isinstance(value, bool) else unit(name)


def _metric(value: Any, unit_: str) -> Metric:
    found: Metric = bool(value) if unit_ == _YES_NO and value is not None else value
    return found
