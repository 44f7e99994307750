"""A recording: what was asked, what happened, and a hash of the world every second.

Text, one JSON object a line, written and flushed as the run goes, compressed when it ends; so a
killed program loses at most the last second, and a torn last line is dropped when reading.

    {"k": "head", "format": 1, "scenario": ..., "sha256": ..., "seed": ..., "operator": ...,
     "versions": {...}, "source": <the case's text>, "run": ..., "trainee": ..., "started": ...}
    {"k": "act", "t": first tick, "n": how many equal actions, "a": {fields that are not default}}
    {"k": "event", "t": tick, "e": "Tapped", ...}
    {"k": "hash", "t": tick, "h": {part: digest}}
    {"k": "end", "t": tick, "state_hash": ..., "report": {...}, "ended": ...}

`run`, `trainee`, `started` and `ended` stand there only where a run is kept in the history.
"""

from __future__ import annotations

import gzip
import json
import zlib
from collections.abc import Callable, Iterator, Mapping
from dataclasses import MISSING, dataclass, fields, is_dataclass
from enum import Enum
from importlib import metadata
from pathlib import Path
from typing import Any, TextIO

from simulator.errors import RecordingError
from simulator.frames import Side
from simulator.world.action import Action, Do
from simulator.world.case import Case
from simulator.world.clinic import Choice
from simulator.world.events import Event, Exposed

FORMAT = 1
_DEFAULTS = {f.name: f.default for f in fields(Action) if f.default is not MISSING}


@dataclass(frozen=True, slots=True)
class Entry:
    """What a run that is kept in the history writes into its recording besides the run itself."""

    run: str
    """Id of the run."""
    trainee: str
    """Id of who plays; empty for an operator of the program."""
    now: Callable[[], str]
    """Tells the time of day; never read by the simulation."""


def versions() -> dict[str, str]:
    """Return the versions on which bit-identity depends."""
    names = ("kyphosim", "numpy", "numba", "scipy")
    out = {}
    for name in names:
        try:
            out[name] = metadata.version(name)
        except metadata.PackageNotFoundError:
            out[name] = "not installed"
    return out


def plain(value: Any) -> Any:
    """Return `value` as JSON can hold it."""
    if isinstance(value, Enum):
        return value.value
    if is_dataclass(value) and not isinstance(value, type):
        return {f.name: plain(getattr(value, f.name)) for f in fields(value)}
    if isinstance(value, Mapping):
        return {str(k): plain(v) for k, v in value.items()}
    if isinstance(value, tuple | list | frozenset):
        return [plain(v) for v in value]
    return value


def action_to_json(action: Action) -> dict[str, Any]:
    """Return the fields of `action` that ask for something."""
    return {
        name: plain(getattr(action, name))
        for name, default in _DEFAULTS.items()
        if getattr(action, name) != default
    }


def action_from_json(values: Mapping[str, Any]) -> Action:
    """Return the action that `action_to_json` wrote."""
    known = dict(values)
    if "side" in known:
        known["side"] = Side(known["side"])
    if "do" in known:
        known["do"] = Do(known["do"])
    return Action(**known)


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
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            self._file: TextIO | None = path.open("w", encoding="utf-8")
        except OSError as error:
            raise RecordingError(f"{path}: cannot be written ({error.strerror})") from error
        self._run: tuple[int, int, Action] | None = None
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

    def _entered(self) -> dict[str, str]:
        """Return the words of the head by which the history knows the run."""
        if self._entry is None:
            return {}
        return {
            "run": self._entry.run,
            "trainee": self._entry.trainee,
            "started": self._entry.now(),
        }

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


@dataclass(frozen=True, slots=True)
class Recording:
    """A recording as read back."""

    path: Path
    head: Mapping[str, Any]
    actions: tuple[tuple[int, int, Action], ...]
    """(first tick, count, action)."""
    hashes: Mapping[int, Mapping[str, str]]
    events: tuple[Mapping[str, Any], ...]
    end: Mapping[str, Any] | None
    torn: bool = False
    """The last line was cut off, or the end is missing: the program was killed."""

    def each(self) -> Iterator[tuple[int, Action]]:
        """Yield (tick, action) for every step."""
        for start, count, action in self.actions:
            for i in range(count):
                yield start + i, action


def _text(path: Path) -> tuple[str, bool]:
    """Return the text, and whether a compressed file broke off."""
    try:
        raw = path.read_bytes()
    except FileNotFoundError as error:
        raise RecordingError(f"{path}: no such file") from error
    except OSError as error:
        raise RecordingError(f"{path}: cannot be read ({error.strerror})") from error
    if raw[:2] == b"\x1f\x8b":
        try:
            return gzip.decompress(raw).decode("utf-8"), False
        except (EOFError, OSError, UnicodeDecodeError, zlib.error) as error:
            raise RecordingError(f"{path}: compressed recording is damaged") from error
    return raw.decode("utf-8", errors="replace"), True


def read(path: Path) -> Recording:
    """Read a recording; a torn last line is dropped.

    Raises:
        RecordingError: not a recording, damaged before its last line, or of a newer format.
    """
    text, _ = _text(path)
    lines = text.split("\n")
    rows: list[dict[str, Any]] = []
    torn = not text.endswith("\n")
    for number, line in enumerate(lines, 1):
        if not line:
            continue
        try:
            row = json.loads(line)
            if not isinstance(row, dict) or "k" not in row:
                raise ValueError
        except ValueError as error:
            if number == len(lines):
                torn = True
                break
            raise RecordingError(f"{path}:{number}: not a line of a recording") from error
        rows.append(row)
    if not rows or rows[0].get("k") != "head":
        raise RecordingError(f"{path}: not a recording (no head line)")
    head = rows[0]
    if head.get("format") != FORMAT:
        raise RecordingError(
            f"{path}: recording format {head.get('format')}, this version reads {FORMAT}"
        )
    end = next((row for row in rows if row["k"] == "end"), None)
    try:
        actions = tuple(
            (int(r["t"]), int(r["n"]), action_from_json(r["a"])) for r in rows if r["k"] == "act"
        )
        hashes = {int(r["t"]): dict(r["h"]) for r in rows if r["k"] == "hash"}
    except (KeyError, TypeError, ValueError) as error:
        raise RecordingError(f"{path}: a line is damaged ({error})") from error
    return Recording(
        path=path,
        head=head,
        actions=actions,
        hashes=hashes,
        events=tuple(r for r in rows if r["k"] == "event"),
        end=end,
        torn=torn or end is None,
    )


def chosen_in(recording: Recording) -> Choice:
    """Return what the operator of a recording chose instead of the author's plan."""
    told = dict(recording.head.get("choice") or {})
    if told.get("sides") is not None:
        told["sides"] = tuple(told["sides"])
    return Choice(**told)
