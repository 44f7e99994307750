"""One run as the history keeps it, read from its recording alone."""

from __future__ import annotations

import hashlib
import json
import math
import re
from collections.abc import Mapping
from dataclasses import asdict, dataclass, replace
from datetime import UTC, datetime
from enum import StrEnum
from pathlib import Path
from typing import Any

from simulator.engine import recording as recordings
from simulator.engine.recording import Practice, Recording, practice_in
from simulator.errors import RecordingError
from simulator.procedure.phases import FIRST
from simulator.units import seconds
from simulator.world.report import Metric

RUN_ID = re.compile(r"[0-9a-f]{32}")
TRAINEE_ID = re.compile(r"[0-9a-f]{12}")
_MOST = 2**63
PERSON = "human"
"""The operator's name of a run that a person played."""


class Kind(StrEnum):
    """What a run was played for."""

    RUN = "run"
    """From its beginning: it may count."""
    PRACTICE = "practice"
    """Taken up at a phase or at a moment of another run: it never counts."""


class Status(StrEnum):
    """How a run came to its end."""

    FINISHED = "finished"
    """Played to its end, a justified stop included."""
    LEFT = "left"
    """Closed by the person before its end."""
    UNFINISHED = "unfinished"
    """Broken off: the program was killed, or is still playing it."""


_RANK = {Status.UNFINISHED: 0, Status.LEFT: 1, Status.FINISHED: 2}


@dataclass(frozen=True, slots=True)
class Domain:
    """Points of one domain."""

    name: str
    score: float
    max: float


@dataclass(frozen=True, slots=True)
class Critical:
    """One sentinel error."""

    id: str
    t_s: float


@dataclass(frozen=True, slots=True)
class Run:
    """One run. Everything but `recording` is the same on every machine that knows the run."""

    id: str
    case: str
    case_sha256: str
    title: str
    procedure: str
    seed: int
    trainee: str
    """Id of the person; empty where an operator of the program played."""
    operator: str
    started: str
    """ISO time, UTC."""
    ended: str
    status: Status
    phase: str
    """The last phase reached."""
    ticks: int
    total: float | None
    """Points; None for a run that was broken off, which nobody judged."""
    passed: bool
    domains: tuple[Domain, ...]
    critical: tuple[Critical, ...]
    metrics: tuple[tuple[str, Metric], ...]
    recording_sha256: str
    recording: str = ""
    """File of the recording, relative to the data folder of this machine; empty: none here."""
    practice: Practice | None = None
    """Where it was taken up, if it was practice. Points and metrics are those of the whole, what
    led there included."""

    @property
    def kind(self) -> Kind:
        """What it was played for."""
        return Kind.RUN if self.practice is None else Kind.PRACTICE

    @property
    def counts(self) -> bool:
        """True for an attempt that a learning curve may count.

        Practice is none. Leaving early is none either, but it does not undo a sentinel error.
        """
        tried = self.status is Status.FINISHED or bool(self.critical)
        return tried and self.kind is Kind.RUN

    @property
    def duration_s(self) -> float:
        """Simulated seconds from the first to the last tick."""
        return seconds(self.ticks)

    def shared(self) -> dict[str, Any]:
        """Return what is the same on every machine, as JSON can hold it."""
        values = asdict(self)
        del values["recording"]
        return values

    def canonical(self) -> str:
        """Return `shared` as one text: equal runs, equal texts."""
        return json.dumps(self.shared(), sort_keys=True, ensure_ascii=True)


def better(a: Run, b: Run) -> Run:
    """Return the one of two accounts of a run that tells more of it.

    A total order: whichever comes first, the same account stays.
    """
    return max(a, b, key=lambda run: (_RANK[run.status], run.ticks, run.canonical(), run.recording))


def iso(when: datetime) -> str:
    """Return a time as the history writes it."""
    return when.astimezone(UTC).isoformat(timespec="milliseconds")


def now() -> str:
    """Return the present time as the history writes it."""
    return iso(datetime.now(UTC))


def timestamp(when: str) -> float:
    """Return a time of the history as a file system counts it."""
    return datetime.fromisoformat(when).timestamp()


def file_digest(path: Path) -> str:
    """Return the SHA-256 of a file's bytes."""
    return hashlib.sha256(path.read_bytes()).hexdigest()


def run_of(path: Path, silent: Run | None = None) -> Run:
    """Read the recording at `path`; the field `recording` stays empty.

    Args:
        path: The recording.
        silent: Who and when, where the recording does not say it; else the file's time and nobody.

    Raises:
        RecordingError: not a recording, or one whose head or end makes no sense.
    """
    try:
        recorded = recordings.read(path)
        run = _run(recorded, silent)
        check(run)
    except (LookupError, TypeError, ValueError, ArithmeticError, AttributeError, OSError) as error:
        raise RecordingError(f"{path}: no run can be read from it ({error})") from error
    except RecursionError as error:
        raise RecordingError(f"{path}: no run can be read from it (nested too deep)") from error
    return run


def _run(recorded: Recording, silent: Run | None) -> Run:
    head, end = recorded.head, recorded.end
    digest = file_digest(recorded.path)
    written = iso(datetime.fromtimestamp(recorded.path.stat().st_mtime, UTC))
    started = str(head.get("started", silent.started if silent else written))
    run = Run(
        # Recordings of older versions have no id, so their content gives it.
        id=str(head.get("run", digest[:32])),
        case=str(head["scenario"]),
        case_sha256=str(head.get("sha256", "")),
        title="",
        procedure="",
        seed=int(head.get("seed", 1)),
        trainee=str(head.get("trainee", silent.trainee if silent else "")),
        operator=str(head.get("operator", "")),
        started=started,
        # A file system's clock may tick a little behind.
        ended=max(silent.ended if silent else written, started),
        status=Status.UNFINISHED,
        phase=_phase(recorded),
        ticks=_ticks(recorded),
        total=None,
        passed=False,
        domains=(),
        critical=(),
        metrics=(),
        recording_sha256=digest,
        practice=practice_in(recorded),
    )
    return run if end is None else _judged(run, end)


def check_time(when: str) -> None:
    """Raise `ValueError` for a time not written as `now` does: they are compared as texts."""
    if iso(datetime.fromisoformat(when)) != when:
        raise ValueError(f"time {when!r}")


def check(run: Run) -> None:
    """Find what makes no sense, or what a database or a JSON file could not hold.

    Raises:
        ValueError: with what is wrong.
    """
    if not RUN_ID.fullmatch(run.id):
        raise ValueError(f"run id {run.id!r}")
    if run.trainee and not TRAINEE_ID.fullmatch(run.trainee):
        raise ValueError(f"trainee id {run.trainee!r}")
    if run.trainee and run.operator != PERSON:
        raise ValueError(f"operator {run.operator!r}, but a trainee")
    for when in (run.started, run.ended):
        check_time(when)
    if run.started > run.ended:
        raise ValueError(f"started {run.started}, ended {run.ended}")
    if (run.status is Status.UNFINISHED) != (run.total is None):
        raise ValueError(f"{run.status.value}, total {run.total}")
    if run.practice is not None:
        _check_practice(run, run.practice)
    whole = [run.seed, run.ticks, *(v for _, v in run.metrics if isinstance(v, int))]
    if not all(-_MOST <= n < _MOST for n in whole):
        raise ValueError("a number is too large")
    json.dumps(run.shared(), ensure_ascii=False, allow_nan=False).encode("utf-8")


def _check_practice(run: Run, practice: Practice) -> None:
    if not 0 <= practice.tick <= run.ticks:
        raise ValueError(f"practice from tick {practice.tick} of {run.ticks}")
    if practice.of and not RUN_ID.fullmatch(practice.of):
        raise ValueError(f"practice of run {practice.of!r}")


def _phase(recorded: Recording) -> str:
    changes = [str(e["after"]) for e in recorded.events if e.get("e") == "PhaseChanged"]
    return changes[-1] if changes else FIRST


def _ticks(recorded: Recording) -> int:
    if recorded.end is not None:
        return int(recorded.end["t"])
    known = [*recorded.hashes, *(t + n for t, n, _ in recorded.actions)]
    return max(known, default=0)


def _judged(run: Run, end: Mapping[str, Any]) -> Run:
    report = end["report"]
    return replace(
        run,
        title=str(report["title"]),
        procedure=str(report["procedure"]),
        ended=str(end.get("ended", run.ended)),
        status=Status.FINISHED if end["over"] else Status.LEFT,
        total=_number(report["total"]),
        passed=bool(report["passed"]),
        domains=tuple(
            Domain(str(name), _number(d["score"]), _number(d["max"]))
            for name, d in report["domains"].items()
        ),
        critical=tuple(Critical(str(f["id"]), seconds(int(f["tick"]))) for f in report["critical"]),
        metrics=tuple((str(name), _metric(value)) for name, value in report["metrics"].items()),
    )


def _number(value: Any) -> float:
    number = float(value)
    if not math.isfinite(number):
        raise ValueError(f"{number} is no number of points")
    return number


def _metric(value: Any) -> Metric:
    if value is None or isinstance(value, bool | int | str):
        return value
    number = float(value)
    # A database has no word for "not a number"; neither has anybody who reads it.
    return number if math.isfinite(number) else None
