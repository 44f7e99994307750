"""Where a walk through a run stops: pictures, acts, phases, words of alarm, what went wrong."""

from __future__ import annotations

import bisect
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from simulator.engine.session import Session
from simulator.procedure.phases import LABELS, chapter
from simulator.ui.debrief_reel import SLOTS, Burst
from simulator.ui.tool_parts import WORDS
from simulator.units import TICKS_PER_S
from simulator.world.action import Do
from simulator.world.events import Done, PhaseChanged, Said
from simulator.world.report import Report

_LIVE_TICKS = 3 * TICKS_PER_S
"""A picture that lasts longer was live."""
_STEP_TICKS = 10 * TICKS_PER_S
"""Live pictures are looked at again after so long."""


@dataclass(frozen=True, slots=True)
class Stop:
    """One thing that happened."""

    tick: int
    words: str
    level: str = ""
    """"warn" or "alarm" where something went wrong; else nothing."""
    picture: bool = False
    phase: bool = False


def stops(session: Session, report: Report, bursts: Sequence[Burst]) -> tuple[Stop, ...]:
    """Return all stops of a run in order."""
    found = [*_pictures(bursts), *_told(session), *_wrong(report)]
    return tuple(dict.fromkeys(sorted(found, key=lambda stop: stop.tick)))


def _pictures(bursts: Sequence[Burst]) -> Iterator[Stop]:
    for burst in bursts:
        name, length = SLOTS[burst.slot], burst.last - burst.first
        if length < _LIVE_TICKS:
            yield Stop(burst.last, f"{name} picture", picture=True)
            continue
        seen = [pulse.shot.tick for pulse in burst.pulses]
        for due in range(burst.first + _STEP_TICKS, burst.last, _STEP_TICKS):
            yield Stop(seen[bisect.bisect_right(seen, due) - 1], f"{name} live", picture=True)
        words = f"{name} live, {length / TICKS_PER_S:.0f} s"
        yield Stop(burst.last, words, picture=True)


def _told(session: Session) -> Iterator[Stop]:
    two = len(session.case.sides) > 1
    for tick, event in session.tape.told:
        if isinstance(event, Done):
            side = f", {event.side.name.lower()}" if two else ""
            yield Stop(tick, f"{WORDS[Do(event.act)]}{side}")
        elif isinstance(event, PhaseChanged) and chapter(event.after) != chapter(event.before):
            yield Stop(tick, LABELS[chapter(event.after)], phase=True)
        elif isinstance(event, Said) and event.alarm:
            yield Stop(tick, f"{event.speaker.capitalize()}: “{event.text}”", "warn")


def _wrong(report: Report) -> Iterator[Stop]:
    told = {f.id: f for f in (*report.moments, *report.errors, *report.critical)}
    for finding in told.values():
        level = "alarm" if finding in report.critical else "warn"
        yield Stop(finding.tick, finding.text, level)


def last_at(rows: Sequence[Stop], tick: int) -> int:
    """Return the place of the last stop at or before `tick`; -1 before the first."""
    return bisect.bisect_right(rows, tick, key=lambda stop: stop.tick) - 1


def beside(rows: Sequence[Stop], tick: int, by: int) -> int:
    """Return the tick of the next stop (`by` 1) or of the one before (-1); `tick` at the ends."""
    ticks = [stop.tick for stop in rows]
    if by > 0:
        at = bisect.bisect_right(ticks, tick)
        return ticks[at] if at < len(ticks) else tick
    at = bisect.bisect_left(ticks, tick) - 1
    return ticks[at] if at >= 0 else tick
