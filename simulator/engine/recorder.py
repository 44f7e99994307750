"""Writing a recording as the run goes; `simulator.engine.recording` tells what stands in it."""

from __future__ import annotations

import gzip
import json
import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TextIO, cast

from simulator.engine.lock import locked
from simulator.engine.recording import (
    FORMAT,
    Kept,
    Practice,
    action_to_json,
    plain,
    versions,
)
from simulator.engine.tape import Tape
from simulator.errors import RecordingError
from simulator.world.action import Action
from simulator.world.case import Case
from simulator.world.events import Event, Exposed


@dataclass(frozen=True, slots=True)
class Entry:
    """What a run that is kept in the history writes into its recording besides the run itself."""

    run: str
    """Id of the run."""
    trainee: str
    """Id of who plays; empty for an operator of the program."""
    now: Callable[[], str]
    """Tells the time of day; never read by the simulation."""
    practice: Practice | None = None
    """Where a run for practice was taken up."""


class Recorder:
    """Writes a recording as the run goes (a lifetime: open file)."""

    def __init__(
        self,
        path: Path,
        case: Case,
        operator: str,
        source: str,
        scenario: str,
        entry: Entry | None = None,
    ) -> None:
        """Open `path` for a new recording; raises `RecordingError` if that is impossible."""
        self.path = path
        self._entry = entry
        self._run: tuple[int, int, Action] | None = None
        self._file: TextIO | None = _opened(path, "w")
        self._write(
            {
                "k": "head",
                "format": FORMAT,
                "scenario": case.id,
                "sha256": case.sha256,
                "seed": case.seed,
                "operator": operator,
                "versions": versions(),
                "path": scenario,
                "source": source,
                "choice": plain(case.choice),
                **self._entered(),
            }
        )
        self._file.flush()

    @classmethod
    def going_on(cls, kept: Kept, entry: Entry | None) -> Recorder:
        """Open a recording that broke off, to go on behind its last hash.

        Raises:
            RecordingError: another program is writing it, or it cannot be written.
        """
        recorder = cls.__new__(cls)
        recorder.path, recorder._entry, recorder._run = kept.recording.path, entry, None
        file = _opened(recorder.path, "r+")
        file.seek(0)
        file.truncate(kept.size)
        file.seek(0, os.SEEK_END)
        recorder._file = file
        return recorder

    def _entered(self) -> dict[str, Any]:
        """Return the words of the head by which the history knows the run."""
        if self._entry is None:
            return {}
        practice = self._entry.practice
        return {
            "run": self._entry.run,
            "trainee": self._entry.trainee,
            "started": self._entry.now(),
            **({"practice": plain(practice)} if practice else {}),
        }

    def past(self, tape: Tape) -> None:
        """Copy what led to the moment at which a run for practice is taken up."""
        for start, count, action in tape.stretches():
            self._write({"k": "act", "t": start, "n": count, "a": action_to_json(action)})
        for tick, event in tape.told:
            self.events(tick, (event,))

    def _write(self, line: Mapping[str, Any]) -> None:
        if self._file is not None:
            self._file.write(json.dumps(line, separators=(",", ":")) + "\n")

    def action(self, tick: int, action: Action) -> None:
        """Remember the action asked for in the step that starts at `tick`."""
        if self._run is not None:
            start, count, same = self._run
            if same == action and not action.wait_s:
                self._run = (start, count + 1, same)
                return
            self._flush_run()
        self._run = (tick, 1, action)

    def _flush_run(self) -> None:
        if self._run is not None:
            start, count, action = self._run
            self._write({"k": "act", "t": start, "n": count, "a": action_to_json(action)})
            self._run = None

    def events(self, tick: int, events: tuple[Event, ...]) -> None:
        """Keep what happened, except single pulses, which the actions already tell."""
        for event in events:
            if not isinstance(event, Exposed):
                self._write({"k": "event", "t": tick, "e": type(event).__name__, **plain(event)})

    def hash(self, tick: int, parts: Mapping[str, str]) -> None:
        """Write a hash line and flush: from here on nothing before it can be lost."""
        self._flush_run()
        self._write({"k": "hash", "t": tick, "h": dict(parts)})
        if self._file is not None:
            self._file.flush()

    def suspend(self) -> None:
        """Let go of the file as it is, to go on another day; call `hash` before."""
        if self._file is not None:
            self._file.close()
            self._file = None

    def close(self, end: Mapping[str, Any] | None = None) -> None:
        """Finish: write the end line and compress the file in place."""
        if self._file is None:
            return
        self._flush_run()
        if end is not None:
            ended = {"ended": self._entry.now()} if self._entry is not None else {}
            self._write({"k": "end", **end, **ended})
        self._file.close()
        self._file = None
        packed = self.path.with_suffix(self.path.suffix + ".tmp")
        packed.write_bytes(gzip.compress(self.path.read_bytes(), mtime=0))
        packed.replace(self.path)


def _opened(path: Path, mode: str) -> TextIO:
    # Not emptied by being opened: another window may be writing it.
    opening = "a+" if mode == "w" else mode
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        file = cast(TextIO, path.open(opening, encoding="utf-8", newline="\n"))
    except OSError as error:
        raise RecordingError(f"{path}: cannot be written ({error.strerror})") from error
    if not locked(file):
        file.close()
        raise RecordingError(f"{path}: this run is open in another window")
    if mode == "w":
        file.truncate(0)
    return file
