"""A recording: what was asked, what happened, and a hash of the world every second.

Text, one JSON object a line, written and flushed as the run goes, compressed when it ends; so a
killed program loses at most the last second, and a torn last line is dropped when reading.

    {"k": "head", "format": 1, "scenario": ..., "sha256": ..., "seed": ..., "operator": ...,
     "versions": {...}, "source": <the case's text>, "run": ..., "trainee": ..., "started": ...,
     "practice": {"tick": ..., "of": ..., "phase": ...}}
    {"k": "act", "t": first tick, "n": how many equal actions, "a": {fields that are not default}}
    {"k": "event", "t": tick, "e": "Tapped", ...}
    {"k": "hash", "t": tick, "h": {part: digest}}
    {"k": "end", "t": tick, "state_hash": ..., "report": {...}, "ended": ...}

`run`, `trainee`, `started` and `ended` stand there only where a run is kept in the history, and
`practice` only where it was taken up in the middle: what led there is copied, so that the recording
stands by itself.
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
from typing import Any

from simulator.errors import RecordingError
from simulator.frames import Side
from simulator.world.action import Action, Do
from simulator.world.arm import Curve, Stand
from simulator.world.clinic import Choice

FORMAT = 1
_WORDS: Mapping[str, Callable[[str], Enum]] = {"do": Do, "curve": Curve, "stand": Stand}
"""Fields that hold one word of a closed list."""
_DEFAULTS = {f.name: f.default for f in fields(Action) if f.default is not MISSING}


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
    """Return the action that `action_to_json` wrote; raises `ValueError` for an unknown word."""
    known = dict(values)
    if "side" in known:
        known["side"] = Side(known["side"])
    for name, kind in _WORDS.items():
        if name in known:
            known[name] = kind(known[name])
    if known.get("plane", 0) not in (0, 1):
        raise ValueError(f"no plane {known['plane']!r}")
    return Action(**known)


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


@dataclass(frozen=True, slots=True)
class Practice:
    """Where a run for practice was taken up; what led there is no doing of who practises."""

    tick: int
    of: str = ""
    """Id of the run that it was taken from; empty where that one is not kept."""
    phase: str = ""
    """Phase that the expert had worked up to; empty for a moment of a run."""


@dataclass(frozen=True, slots=True)
class Kept:
    """A recording that broke off, up to the last moment that is sure."""

    recording: Recording
    size: int
    """Bytes of the file up to there."""


def broken_off(path: Path) -> Kept:
    """Read a run that was saved or killed up to its last hash.

    Raises:
        RecordingError: not a recording, damaged, or a run that came to its end.
    """
    whole = read(path)
    if whole.end is not None:
        raise RecordingError(f"{path}: this run came to its end; `replay` shows it again")
    raw = path.read_bytes()
    at = max(raw.rfind(b'\n{"k":"hash"', 0, raw.rfind(b"\n")), 0)
    size = raw.index(b"\n", at + 1) + 1
    return Kept(_parsed(path, raw[:size].decode("utf-8")), size)


def _text(path: Path) -> str:
    try:
        raw = path.read_bytes()
    except FileNotFoundError as error:
        raise RecordingError(f"{path}: no such file") from error
    except OSError as error:
        raise RecordingError(f"{path}: cannot be read ({error.strerror})") from error
    if raw[:2] == b"\x1f\x8b":
        try:
            return gzip.decompress(raw).decode("utf-8")
        except (EOFError, OSError, UnicodeDecodeError, zlib.error) as error:
            raise RecordingError(f"{path}: compressed recording is damaged") from error
    return raw.decode("utf-8", errors="replace")


def read(path: Path) -> Recording:
    """Read a recording; a torn last line is dropped.

    Raises:
        RecordingError: not a recording, damaged before its last line, or of a newer format.
    """
    return _parsed(path, _text(path))


def _parsed(path: Path, text: str) -> Recording:
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


def practice_in(recording: Recording) -> Practice | None:
    """Return where a recording was taken up for practice; None for a run from its beginning.

    Raises:
        RecordingError: the head makes no sense.
    """
    told = recording.head.get("practice")
    if told is None:
        return None
    try:
        return Practice(int(told["tick"]), str(told["of"]), str(told["phase"]))
    except (KeyError, TypeError, ValueError) as error:
        raise RecordingError(f"{recording.path}: practice from {told!r}") from error
