"""Headless runs: a case, an operator, to the end; and replays of what was recorded."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from simulator.engine import digest
from simulator.engine.operators import Operator, make_operator
from simulator.engine.operators.scripted import Scripted
from simulator.engine.recorder import Entry
from simulator.engine.recording import Recording, plain, versions
from simulator.engine.session import Session
from simulator.engine.sight import observe
from simulator.engine.start import first_state
from simulator.engine.step import step
from simulator.errors import RecordingError
from simulator.procedure.score import score
from simulator.scenario.script import Miss
from simulator.units import seconds
from simulator.world.action import Action
from simulator.world.case import Case
from simulator.world.events import Event
from simulator.world.report import Report
from simulator.world.state import State

Hook = Callable[[Session, tuple[Event, ...]], None]
"""Looks at every step of a run, e.g. to write frames; it cannot change anything."""

_TRAIL = 40


@dataclass(frozen=True, slots=True)
class Outcome:
    """A finished run."""

    report: Report
    state_hash: str
    trail: tuple[str, ...]
    """The last things asked for, one line each."""
    misses: tuple[Miss, ...]
    """Expectations of a stage script that did not hold."""
    session: Session

    def to_json(self) -> dict[str, Any]:
        """Return the JSON of a run as the product's contract words it."""
        report = self.report
        return {
            "scenario": report.scenario,
            "seed": report.seed,
            "operator": report.operator,
            "procedure": report.procedure,
            "passed": report.passed,
            "total": round(report.total, 3),
            "domains": {
                name: {"score": round(d.score, 3), "max": d.max}
                for name, d in report.domains.items()
            },
            "critical": [{"id": f.id, "t_s": f.t_s, "text": f.text} for f in report.critical],
            "errors": [
                {"id": f.id, "severity": f.severity, "t_s": f.t_s, "text": f.text}
                for f in report.errors
            ],
            "metrics": plain(report.metrics),
            "events": dict(report.events),
            "duration_s": report.duration_s,
            "state_hash": self.state_hash,
            "versions": versions(),
        }


def run_case(
    case: Case,
    operator: str | Path,
    record: Path | None = None,
    *,
    hook: Hook | None = None,
    source: str = "",
    scenario: str = "",
    entry: Entry | None = None,
) -> Outcome:
    """Play `case` to its end with a built-in operator or a stage script.

    Raises:
        UsageError: no such operator.
        ScenarioError: the stage script is wrong.
        RecordingError: `record` cannot be written.
    """
    name = str(operator)
    # Before the recording: a word that is no operator must not leave a file behind.
    driver = make_operator(name, case, observe(case, first_state(case), None, None, ()))
    session = Session(case, name, record, source=source, scenario=scenario, entry=entry)
    if isinstance(driver, Scripted):
        driver.judge = session.report
    trail = _drive(session, driver, hook)
    session.close()
    misses: tuple[Miss, ...] = ()
    if isinstance(driver, Scripted):
        misses, trail = tuple(driver.misses), driver.trail
    return Outcome(session.report(), session.state_hash(), tuple(trail), misses, session)


def _drive(session: Session, driver: Operator, hook: Hook | None) -> list[str]:
    """Let the operator act until it stops or the run is over; keep a short trail."""
    trail: list[str] = []
    last: Action | None = None
    while not session.state.over:
        action = driver.next_action(session.observe())
        if action is None:
            break
        if action != last:
            trail.append(f"t={seconds(session.state.tick):7.1f} s  {told(action)}")
            del trail[:-_TRAIL]
            last = action
        events = session.advance(action)
        if hook is not None:
            hook(session, events)
    return trail


def told(action: Action) -> str:
    """Return an action in one line."""
    asked = [
        f"{name}={getattr(action, name)}"
        for name in action.__dataclass_fields__
        if getattr(action, name) != getattr(Action(), name) and name != "side"
    ]
    return " ".join([action.side.name.lower(), *asked])


@dataclass(frozen=True, slots=True)
class Replayed:
    """The end of a replay."""

    state: State
    report: Report
    state_hash: str
    checked: int
    """Hashes that agreed."""
    torn: bool


def replay(case: Case, recording: Recording, *, verify: bool) -> Replayed:
    """Run what was recorded through the same step.

    Raises:
        RecordingError: with `verify`, naming the first part of the world that diverged.
    """
    state = first_state(case)
    checked = 0
    for tick, action in recording.each():
        if state.over:
            break
        if tick != state.tick:
            raise RecordingError(
                f"{recording.path}: action of tick {tick} found at tick {state.tick}"
            )
        state, _ = step(case, state, action)
        recorded = recording.hashes.get(state.tick)
        if verify and recorded is not None:
            _compare(recording, state, recorded)
            checked += 1
    operator = str(recording.head.get("operator", ""))
    report = score(case, state, operator)
    end_hash = digest.state_hash(case, state)
    end = recording.end
    if verify and end is not None and end.get("state_hash") != end_hash:
        raise RecordingError(f"{recording.path}: the end differs: state hash {end_hash}")
    return Replayed(state, report, end_hash, checked, recording.torn)


def _compare(recording: Recording, state: State, recorded: Any) -> None:
    now = digest.parts(state)
    for name, value in now.items():
        if recorded.get(name) != value:
            raise RecordingError(
                f"{recording.path}: diverged at tick {state.tick} "
                f"({seconds(state.tick):.1f} s): {name}"
            )
