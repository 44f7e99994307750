"""A run that was saved or broken off, brought back: the same actions through the same step."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from simulator.engine import digest, recording
from simulator.engine.recorder import Entry
from simulator.engine.recording import Recording
from simulator.engine.session import Session, clock
from simulator.errors import RecordingError, ScenarioError, UsageError
from simulator.paths import cache_dir
from simulator.scenario.load import find_case, load_case, load_scenario
from simulator.units import TICKS_PER_S, seconds
from simulator.world.action import Action
from simulator.world.case import Case

Report = Callable[[str, float], None]
"""Takes what is being done, and the share of it that is."""

_TOLD_TICKS = 5 * TICKS_PER_S
_WAIT_TICKS = 20
"""Ticks of a wait that cost as much as one of the hands: from some 4 while cement moves to more
than 100 in the hour flat."""
_BUILDING = 0.15
"""Share of the progress that building the case is given."""


def case_of(recorded: Recording, progress: Report | None = None) -> Case:
    """Return the case that a recording was made of, checked by its digest.

    Raises:
        RecordingError: the case was changed since, or this version cannot read it.
    """
    seed = int(recorded.head.get("seed", 1))
    choice = recording.chosen_in(recorded)
    return load_case(file_of(recorded), seed, progress=progress, choice=choice)


def file_of(recorded: Recording) -> Path:
    """Return the file of the case that a recording was made of, checked by its digest.

    It is looked for among the shipped ones, beside the recording, and at last in the recording.

    Raises:
        RecordingError: the case was changed since, or this version cannot read it.
    """
    head = recorded.head
    name = str(head.get("scenario"))
    beside = recorded.path.parent / str(head.get("path") or "")
    found = False
    for place in (name, beside, _taken_out(head)):
        if isinstance(place, Path) and not place.is_file():
            continue
        try:
            file = find_case(place)
            same = load_scenario(file).sha256 == head.get("sha256")
        except (UsageError, ScenarioError):
            continue
        found = True
        if same:
            return file
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
    session = _gone_through(kept.recording, "the run cannot be gone on with", progress)
    head = kept.recording.head
    entry = Entry(str(head["run"]), str(head["trainee"]), now) if "run" in head else None
    session.go_on(kept, entry)
    return session


def seen_again(recorded: Recording, progress: Report | None = None) -> Session:
    """Return the session of any recording as it ended, with its past; nothing is written.

    Raises:
        RecordingError: its case is not here, or this version of the program does not play it to
            the bit.
    """
    session = _gone_through(recorded, "it cannot be shown again", progress)
    session.run = str(recorded.head.get("run", ""))
    return session


def _work(action: Action) -> float:
    """Return what a step costs, in ticks of hand work: a wait passes in larger steps."""
    return 1.0 + action.wait_s * TICKS_PER_S / _WAIT_TICKS


def _gone_through(recorded: Recording, so: str, progress: Report | None) -> Session:
    """Play what was recorded through the same step, comparing every hash."""

    def building(words: str, share: float) -> None:
        if progress is not None:
            progress(words, _BUILDING * share)

    session = Session(case_of(recorded, building), str(recorded.head.get("operator", "")))
    session.practice = recording.practice_in(recorded)
    path, told, spent = recorded.path, 0, 0.0
    last = max(max(recorded.hashes, default=0), 1)
    whole = max(sum(_work(action) for _, action in recorded.each()), 1.0)
    for tick, action in recorded.each():
        if session.state.over:
            break
        if tick != session.state.tick:
            raise RecordingError(f"{path}: action of tick {tick} at tick {session.state.tick}")
        if progress is not None and (tick - told >= _TOLD_TICKS or action.wait_s):
            told = tick
            words = f"going through the run, {clock(tick)} of {clock(last)}"
            # A wait is one step: it cannot tell how far it is.
            words += f", a wait of {action.wait_s / 60.0:.1f} min" if action.wait_s else ""
            progress(words, _BUILDING + (1.0 - _BUILDING) * spent / whole)
        spent += _work(action)
        session.advance(action)
        tick = session.state.tick
        said = recorded.hashes.get(tick)
        if said is not None and said != digest.parts(session.state):
            raise RecordingError(
                f"{path}: this version of the program comes to another state after "
                f"{seconds(tick):.0f} s; {so}"
            )
    return session
