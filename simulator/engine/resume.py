"""A run that was saved or broken off, brought back: the same actions through the same step."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from simulator.engine import digest, recording
from simulator.engine.recorder import Entry
from simulator.engine.recording import Recording
from simulator.engine.session import Session
from simulator.errors import RecordingError, ScenarioError, UsageError
from simulator.paths import cache_dir
from simulator.scenario.load import find_case, load_case, load_scenario
from simulator.units import TICKS_PER_S, seconds
from simulator.world.case import Case

Report = Callable[[str, float], None]
"""Takes what is being done, and the share of it that is."""

_TOLD_TICKS = 10 * TICKS_PER_S


def case_of(recorded: Recording, progress: Report | None = None) -> Case:
    """Return the case that a recording was made of, checked by its digest.

    It is looked for among the shipped ones, beside the recording, and at last in the recording.

    Raises:
        RecordingError: the case was changed since, or this version cannot read it.
    """
    head = recorded.head
    name, seed = str(head.get("scenario")), int(head.get("seed", 1))
    beside = recorded.path.parent / str(head.get("path") or "")
    found = False
    for place in (name, beside, _taken_out(head)):
        if isinstance(place, Path) and not place.is_file():
            continue
        try:
            same = load_scenario(find_case(place)).sha256 == head.get("sha256")
        except (UsageError, ScenarioError):
            continue
        found = True
        if same:
            return load_case(place, seed, progress=progress, choice=recording.chosen_in(recorded))
    if found:
        raise RecordingError(
            f"{recorded.path}: the case {name!r} was changed since this was recorded"
        )
    raise RecordingError(
        f"{recorded.path}: its case {name!r} is neither shipped nor beside the recording, and the "
        "one that it holds cannot be read by this version"
    )


def _taken_out(head: Mapping[str, Any]) -> Path:
    """Write the case's text that a recording holds to a file; a file that is not there if none."""
    text = str(head.get("source") or "")
    folder = cache_dir() / "recorded" / hashlib.sha256(text.encode()).hexdigest()[:16]
    place = folder / f"{head.get('scenario')}.toml"
    if text and not place.is_file():
        try:
            folder.mkdir(parents=True, exist_ok=True)
            part = place.with_suffix(".part")
            part.write_text(text, encoding="utf-8")
            part.replace(place)
        except OSError:
            return place
    return place


def brought_back(path: Path, now: Callable[[], str], progress: Report | None = None) -> Session:
    """Return the session of a recording that has no end, at its last sure moment.

    Args:
        path: The recording; the session goes on writing it.
        now: Tells the time of day for the recording's end.
        progress: Told how far it is.

    Raises:
        RecordingError: it came to its end, another window is playing it, its case is not here, or
            this version of the program does not play it to the bit.
    """
    kept = recording.broken_off(path)
    recorded = kept.recording
    head = recorded.head
    case = case_of(recorded, progress)
    session = Session(case, str(head.get("operator", "")))
    last = max(recorded.hashes, default=0)
    for tick, action in recorded.each():
        if tick != session.state.tick:
            raise RecordingError(f"{path}: action of tick {tick} at tick {session.state.tick}")
        session.advance(action)
        tick = session.state.tick
        if progress is not None and tick % _TOLD_TICKS == 0:
            progress(f"going through the first {seconds(tick) / 60.0:.0f} min", tick / last)
        said = recorded.hashes.get(tick)
        if said is not None and said != digest.parts(session.state):
            raise RecordingError(
                f"{path}: this version of the program comes to another state after "
                f"{seconds(tick):.0f} s; the run cannot be gone on with"
            )
    entry = Entry(str(head["run"]), str(head["trainee"]), now) if "run" in head else None
    session.go_on(kept, entry)
    return session
