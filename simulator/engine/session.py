"""One run as it happens: state, pictures as read, captions, gauges over time, recording."""

from __future__ import annotations

import bisect
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from simulator.engine import digest
from simulator.engine.reading import read_picture
from simulator.engine.recorder import Entry, Recorder
from simulator.engine.recording import Kept, Practice, plain
from simulator.engine.sight import Observation, observe
from simulator.engine.start import first_state
from simulator.engine.step import step
from simulator.engine.tape import Tape, walked
from simulator.procedure.score import score
from simulator.units import PSI_PER_MPA, TICKS_PER_S, Vec3, seconds
from simulator.world.action import Action
from simulator.world.arm import View
from simulator.world.case import Case
from simulator.world.events import Event, Exposed, Moved, Refused, Said
from simulator.world.report import Report
from simulator.world.seen import Looked, Seen
from simulator.world.state import State
from simulator.world.tools import Cannula

HASH_TICKS = TICKS_PER_S
"""The world is hashed once a second."""

SNAPSHOT_TICKS = 5 * TICKS_PER_S
SAMPLE_TICKS = 4


@dataclass(frozen=True, slots=True)
class Caption:
    """One spoken line."""

    tick: int
    speaker: str
    text: str
    alarm: bool


@dataclass(frozen=True, slots=True)
class Sample:
    """One row of the gauges' history."""

    tick: int
    phase: str
    side: int
    force_n: float
    depth_mm: float
    tamp_ml: float
    tamp_psi: float
    cement_ml: float
    thumb_n: float
    map_mmhg: float
    spo2: float
    kerma_mgy: float
    beam: bool
    orbit_deg: float
    tip_mm: Vec3 | None = None
    """Tip of the tool of that side, or of what is passed through it; patient frame."""
    heart_min: float = 0.0
    pain_vas: float = 0.0


class Session:
    """A run in progress (a lifetime: open recording, growing history)."""

    def __init__(
        self,
        case: Case,
        operator_name: str,
        recording: Path | None = None,
        *,
        source: str = "",
        scenario: str = "",
        entry: Entry | None = None,
    ) -> None:
        """Begin at tick 0; the last three are written into the recording's head."""
        self.case = case.facing(0)
        self.operator_name = operator_name
        self.state: State = first_state(case)
        self.captions: list[Caption] = []
        self.trace: list[Sample] = []
        self.snapshots: list[State] = [self.state]
        self.tape = Tape()
        self.practice: Practice | None = None
        """Where this run was taken up in the middle, for practice."""
        self.run = entry.run if entry else ""
        """Its id in the history, if it is kept there."""
        self.ap: Seen | None = None
        self.lateral: Seen | None = None
        self._events: tuple[Event, ...] = ()
        self._recorder = (
            Recorder(recording, case, operator_name, source, scenario, entry) if recording else None
        )

    @property
    def recording(self) -> Path | None:
        """Where the run is being kept."""
        return self._recorder.path if self._recorder else None

    @property
    def looked(self) -> Looked:
        """The last pictures of either plane, as read."""
        return Looked(self.ap, self.lateral)

    def observe(self) -> Observation:
        """Return what the operator may know now."""
        return observe(self.case, self.state, self.ap, self.lateral, self._events)

    def advance(self, action: Action) -> tuple[Event, ...]:
        """Take one step (or one whole wait) and return what happened."""
        before = self.state
        if before.over:
            return ()
        if self._recorder is not None:
            self._recorder.action(before.tick, action)
        self.tape.ask(before.tick, action)
        self.state, events = step(self.case, before, action)
        self.case = self.case.facing(self.state.level)
        if self.state.level != before.level:
            self.ap = self.lateral = None
        self._events = events
        self.tape.tell(self.state.tick, events)
        for event in events:
            self._note(event)
        self._keep(before.tick, events)
        return events

    def _note(self, event: Event) -> None:
        tick = self.state.tick
        if isinstance(event, Said):
            self.captions.append(Caption(tick, event.speaker, event.text, event.alarm))
        elif isinstance(event, Refused):
            self.captions.append(Caption(tick, "assistant", event.reason, alarm=False))
        elif isinstance(event, Exposed):
            seen = read_picture(self.case, self.state, event.shot, event.shown)
            if seen.view is View.AP:
                self.ap = seen
            elif seen.view is View.LATERAL:
                self.lateral = seen
        elif isinstance(event, Moved):
            # What was read in them is of the place before.
            self.ap = self.lateral = None

    def _keep(self, before: int, events: tuple[Event, ...]) -> None:
        tick = self.state.tick
        if self._recorder is not None and events:
            self._recorder.events(tick, events)
        if tick // HASH_TICKS != before // HASH_TICKS and self._recorder is not None:
            self._recorder.hash(tick, digest.parts(self.state))
        if tick // SNAPSHOT_TICKS != before // SNAPSHOT_TICKS:
            self.snapshots.append(self.state)
        if tick // SAMPLE_TICKS != before // SAMPLE_TICKS:
            self.trace.append(_sample(self.state))

    def state_at(self, tick: int) -> State:
        """Return the kept state at or just before `tick`."""
        at = bisect.bisect_right(self.snapshots, tick, key=lambda s: s.tick)
        return self.snapshots[max(0, at - 1)]

    def forked(self, start: State, operator_name: str, phase: str = "") -> Session:
        """Return a run for practice: it goes on at `start`, and what led there is its past.

        Args:
            start: A state of this run.
            operator_name: Who goes on.
            phase: The phase to practise, if an expert worked up to it for that.
        """
        out = Session(self.case, operator_name)
        tick, out.state, out.case = start.tick, start, self.case.facing(start.level)
        out.practice = Practice(tick, self.run, phase)
        out.captions = [row for row in self.captions if row.tick <= tick]
        out.trace = [row for row in self.trace if row.tick <= tick]
        out.snapshots = [*(state for state in self.snapshots if state.tick < tick), start]
        out.tape = self.tape.until(tick)
        return out

    def walk(
        self, tick: int, stop: Callable[[], bool] = lambda: False, start: State | None = None
    ) -> State | None:
        """Return the state at `tick` itself; see `simulator.engine.tape.walked`."""
        return walked(self.case, start or self.state_at(tick), self.tape, tick, stop)

    def report(self) -> Report:
        """Return the judgement as it stands; final once the state is over."""
        return score(self.case, self.state, self.operator_name)

    def state_hash(self) -> str:
        """Return the digest of case and state."""
        return digest.state_hash(self.case, self.state)

    def record(self, path: Path, *, source: str, scenario: str, entry: Entry) -> None:
        """Record a run for practice from here on, and first what led here: it stands by itself.

        Raises:
            RecordingError: `path` cannot be written.
        """
        recorder = Recorder(path, self.case, self.operator_name, source, scenario, entry)
        recorder.past(self.tape)
        recorder.hash(self.state.tick, digest.parts(self.state))
        self._recorder, self.run = recorder, entry.run

    def go_on(self, kept: Kept, entry: Entry | None) -> None:
        """Write on in the recording that this run was brought back from.

        Raises:
            RecordingError: another program is writing it, or it cannot be written.
        """
        self._recorder = Recorder.going_on(kept, entry)
        self.run = entry.run if entry else ""

    def suspend(self) -> None:
        """Save the run to go on another day: its recording gets no end."""
        if self._recorder is not None:
            self._recorder.hash(self.state.tick, digest.parts(self.state))
            self._recorder.suspend()

    def close(self) -> None:
        """End the recording; may be called twice."""
        if self._recorder is None:
            return
        self._recorder.hash(self.state.tick, digest.parts(self.state))
        self._recorder.close(
            {
                "t": self.state.tick,
                "over": self.state.over,
                "state_hash": self.state_hash(),
                "report": plain(self.report()),
            }
        )


def _felt_n(tool: Cannula | None) -> float:
    """Return what the hand feels: the shaft, or what it pushes through the bore."""
    if tool is None:
        return 0.0
    inner_n = tool.passed.force_n if tool.passed else 0.0
    return inner_n or tool.force_n


def _sample(state: State) -> Sample:
    tool, tamp = state.cannulas[state.side], state.tamps[state.side]
    return Sample(
        tick=state.tick,
        phase=state.phase,
        side=int(state.side),
        force_n=_felt_n(tool),
        depth_mm=tool.depth_mm if tool else 0.0,
        tamp_ml=tamp.volume_ml if tamp else 0.0,
        tamp_psi=tamp.pressure_mpa * PSI_PER_MPA if tamp else 0.0,
        cement_ml=state.given_ml,
        thumb_n=state.cement.fillings[state.side].thumb_n,
        map_mmhg=state.vitals.map_mmhg,
        spo2=state.vitals.spo2_pct,
        kerma_mgy=state.c_arm.air_kerma_mgy,
        beam=state.c_arm.beam_on,
        orbit_deg=state.c_arm.pose.orbit_deg,
        tip_mm=tool.front_mm if tool else None,
        heart_min=state.vitals.heart_rate_min,
        pain_vas=state.vitals.pain_vas,
    )


def clock(tick: int) -> str:
    """Return a tick as minutes and seconds, "06:42"."""
    whole = int(seconds(tick))
    return f"{whole // 60:02d}:{whole % 60:02d}"
