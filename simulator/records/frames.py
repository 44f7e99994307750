"""Pictures of a run: every exposure for --frames, and key frames for the debrief.

They look at a run and change nothing in it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

from simulator.engine.session import Session
from simulator.errors import UsageError
from simulator.imaging import beam, display, exposure, render
from simulator.imaging.machine import setting
from simulator.imaging.png import png
from simulator.imaging.projector import PatientProjector
from simulator.records import moments
from simulator.records.moments import Pictures
from simulator.units import ByteArray
from simulator.world.case import Case
from simulator.world.events import Event, Exposed
from simulator.world.state import State

N = 512
_HOLD_FRAMES = 8
VIEWS: Mapping[str, tuple[float, float]] = {"ap": (0.0, 0.0), "lateral": (90.0, 0.0)}


def film(
    case: Case, state: State, orbit_deg: float, tilt_deg: float, n: int = N,
    projector: PatientProjector | None = None, swivel_deg: float = 0.0,
) -> ByteArray:  # fmt: skip
    """Return a still picture of `state` as the arm would show it at machine angles."""
    pose = replace(state.c_arm.pose, orbit_deg=orbit_deg, tilt_deg=tilt_deg, swivel_deg=swivel_deg)
    lengths = exposure.lengths_for(case, pose)
    arm = replace(state.c_arm, pose=pose)
    kvp, mas = beam.settled(case.c_arm, setting(case.c_arm, arm), lengths)
    posed = replace(state, c_arm=replace(arm, kvp=kvp, mas_pulse=mas))
    return display.picture(case, posed, n, _HOLD_FRAMES, projector)


class Writer:
    """Writes each exposure as a PNG (a lifetime: a folder and the monitor's memory)."""

    def __init__(self, case: Case, folder: Path) -> None:
        """Make `folder`; raises `UsageError` if that is impossible."""
        try:
            folder.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise UsageError(f"{folder}: cannot be written ({error.strerror})") from error
        self._folder = folder
        self._case = case
        self._projector = PatientProjector(case.patient)
        self._monitors = [display.DisplayState(), display.DisplayState()]

    def look(self, session: Session, events: tuple[Event, ...]) -> None:
        """Develop the frame if this step took one; planes never fire in the same tick."""
        last = {e.shot.plane: e for e in events if isinstance(e, Exposed)}
        for plane, pulse in last.items():
            state = replace(session.state, c_arm=pulse.arm(session.state.c_arm))
            frame = render.render(self._case, state, N, self._projector)
            self._monitors[plane], picture = display.develop(self._monitors[plane], frame)
            (self._folder / f"{state.tick:07d}.png").write_bytes(png(picture))


class KeyFrames:
    """Keeps the states that a debrief wants to show, and pictures them at the end."""

    def __init__(self, case: Case) -> None:
        """Begin with nothing kept."""
        self._case = case
        self._session: Session | None = None
        self._moments: dict[str, State] = {}
        self._last: State | None = None
        self._findings = 0

    def look(self, session: Session, events: tuple[Event, ...]) -> None:
        """Keep the state at each finding, and the last one before the dressing."""
        self._session, state = session, session.state
        findings = state.tally.findings
        for finding in findings[self._findings :]:
            self._moments[finding.id] = state
        self._findings = len(findings)
        if "dress" not in state.tally.done:
            self._last = state

    def pictures(self) -> Pictures:
        """Return the worst moments and, where anything was done, the films of the end."""
        if self._session is None or self._last is None:
            return Pictures({}, {})
        shown = [f for f in self._session.report().moments if f.id in self._moments]
        stills = moments.stills(self._case, shown, [self._moments[f.id] for f in shown])
        begun = moments.touched(self._session)
        return Pictures(stills, moments.end_films(self._case, self._last) if begun else {})

    def last_two(self) -> dict[str, bytes]:
        """Return the final AP and lateral as PNGs by file name."""
        if self._last is None:
            return {}
        films = moments.end_films(self._case, self._last, N)
        return {f"{view.lower()}.png": png(image) for view, image in films.items()}
