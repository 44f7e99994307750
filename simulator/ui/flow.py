"""Which screen follows which: library, briefing, loading, theatre, debrief."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import Any

from simulator.engine import recording as recordings
from simulator.engine.operators import make_operator
from simulator.engine.pace import Pacer
from simulator.engine.resume import brought_back, file_of
from simulator.engine.session import Session
from simulator.engine.start import first_state
from simulator.engine.step import step
from simulator.frames import Side
from simulator.imaging.display import DisplayState, Settings, develop
from simulator.imaging.projector import PatientProjector
from simulator.imaging.render import render
from simulator.physics.insertion import place
from simulator.physics.sides import with_cannula
from simulator.procedure.phases import PHASES, chapter
from simulator.procedure.selection import declined
from simulator.records.runs import PERSON, now
from simulator.scenario import ways
from simulator.scenario.load import CaseCard, find_case, list_cases, load_case, load_scenario
from simulator.ui.briefing import Briefing
from simulator.ui.briefing_desk import MODERATE
from simulator.ui.debrief import Debrief
from simulator.ui.loading import Detour, Loading
from simulator.ui.memory import begin_run, keep_run
from simulator.ui.menu import Library
from simulator.ui.progress import Progress
from simulator.ui.screens import Change, Home, Pop, Push
from simulator.ui.sound import Sound
from simulator.ui.theatre import Theatre
from simulator.ui.watching import Watched, watched, when_played
from simulator.ui.work import Report
from simulator.units import TICKS_PER_S
from simulator.world.action import IDLE, Action, Do
from simulator.world.case import Case
from simulator.world.clinic import Choice
from simulator.world.collimator import Collimator
from simulator.world.state import State

_WARM_PX = 512
"""The least at which a moving picture is made on half the pixels."""
_WARM_SKIN_MM = (0.0, 60.0, 0.0)
_WARM_BLADES, _WARM_TURN = Collimator(width_mm=200.0), Settings(rotate_deg=15.0)


@dataclass(frozen=True, slots=True)
class Opened:
    """A built case, and where to begin if not at the first moment."""

    case: Case
    file: Path
    start: Session | None = None
    """A run to go on with."""


def planned_in(file: Path) -> Choice:
    """Return the author's plan in the words of a choice; empty where it is left to the resident."""
    case = load_scenario(file).case
    if case.procedure == "choose":
        return Choice()
    way, tools = case.plan, case.equipment
    return Choice(
        case.procedure, way.approach, tuple(way.sides), tools.needle, tools.tamp,
        tools.cement, MODERATE,
    )  # fmt: skip


def load(case: Path, report: Report, phase: str | None = None) -> Opened:
    """Build a case and run the kernels of the first minute once, so that nothing stalls later."""
    built = load_case(case, 1, lambda words, share: report(words, 0.7 * share))
    report("warming up the X-ray machine", 0.75)
    _warm_up(built)
    report("laying out the instruments", 0.85)
    for side in Side:
        ways.beside(built.patient, side, built.needle.outer_mm / 2.0)
    Session(built, "warm-up").advance(IDLE)
    if phase is None or phase not in PHASES[built.procedure]:
        return Opened(built, case)
    return Opened(built, case, _brought_to(built, phase, report))


def _warm_up(case: Case) -> None:
    """Push a needle and take a few pictures, still and moving, behind blades, turned."""
    needle = place(case, Side.LEFT, _WARM_SKIN_MM, (0.0, -1.0, 0.0))
    state = with_cannula(first_state(case), needle, Side.LEFT)
    state, _ = step(case, state, Action(push_n=1.0))
    projector, shown = PatientProjector(case.patient), DisplayState()
    for moving in (False, True):
        arm = replace(state.c_arm, moving=moving, collimator=_WARM_BLADES)
        frame = render(case, replace(state, c_arm=arm), _WARM_PX, projector)
        shown, _ = develop(shown, frame, _WARM_TURN)


def _brought_to(case: Case, phase: str, report: Report) -> Session:
    """Return a run that the expert has brought to the first moment of `phase`."""
    session = Session(case, "expert")
    expert = make_operator("expert", case, session.observe())
    while chapter(session.state.phase) != phase and not session.state.over:
        if session.state.tick % (10 * TICKS_PER_S) == 0:
            report(f"the expert works up to this phase, {session.state.phase}", 0.9)
        action = expert.next_action(session.observe())
        if action is None:
            break
        session.advance(action)
    return session.forked(session.state, PERSON, phase)


class Flow:
    """Makes the screens and hands each the way to the next."""

    def __init__(self, sound: Sound, pacer: Callable[[], Pacer] = Pacer) -> None:
        """Keep one sound for all screens, and what makes the pacer of each run."""
        self._sound = sound
        self._pacer = pacer
        self._session: Session | None = None
        self._file: Path | None = None
        self._guided = True

    def library(self) -> Library:
        """Return the first screen."""
        cards = list_cases()

        def progress() -> Progress:
            return Progress(cards, self.loading, self.watching, self.resuming)

        return Library(cards, self.loading, progress, self.resuming)

    def opening(self, case: str, phase: str | None) -> Change:
        """Return how to begin with a case that was named on the command line."""
        self._file = path = find_case(case)

        def enter(opened: Opened) -> Any:
            if phase is None:
                return self.briefing(opened)
            return self.theatre(opened.case, opened.start)

        return Push(Loading("Opening the case", lambda report: load(path, report, phase), enter))

    def loading(self, card: CaseCard) -> Loading:
        """Return the wait for a case that was chosen."""
        self._file = card.path
        return Loading(card.title, lambda report: load(card.path, report), self.briefing)

    def resuming(self, recording: Path) -> Loading:
        """Return the wait for a run that was saved or broken off, then its theatre."""

        def task(report: Report) -> tuple[Session, Path]:
            file = file_of(recordings.read(recording))
            return brought_back(recording, now, report), file

        def enter(back: tuple[Session, Path]) -> Theatre:
            self.keep()
            self._session, self._file = session, _ = back
            save = self.save if session.practice is None else None
            return Theatre(session, self.debrief, self._sound, self._pacer, save)

        title = "Going on where you stopped"
        return Loading(title, task, enter, "This run cannot be gone on with")

    def watching(self, recording: Path) -> Loading:
        """Return the wait for a kept run to be played again, then its debrief."""

        def enter(found: Watched) -> Debrief:
            self.keep()
            self._file = found.file
            session = found.session
            report = session.report()
            past = when_played(found.recorded, report)
            return Debrief(session, report, self._again, Pop, past)

        return Loading(
            "Playing the run again",
            lambda report: watched(recording, report),
            enter,
            "This run cannot be shown again",
        )

    def briefing(self, opened: Opened) -> Briefing:
        """Return the briefing of a built case."""
        treat, planned = partial(self._treat, opened.file), planned_in(opened.file)
        return Briefing(opened.case, planned, treat, self._decline, guided=self._guided)

    def _treat(self, file: Path, briefing: Briefing, choice: Choice) -> Any:
        """Go into the theatre, with another plan by way of building the case for it."""
        self._guided, built = briefing.desk.guided, briefing.case
        if choice == built.choice:
            return self.theatre(built)

        def task(report: Report) -> Case:
            return load_case(file, built.seed, report, choice=choice)

        return Detour(built.notes.title, task, self.theatre, briefing)

    def _decline(self, briefing: Briefing, act: Do) -> Any:
        """End the case where it stands; the decision is recorded and judged like a run."""
        self._guided = briefing.desk.guided
        self.keep()
        session = self._session = self._recorded(briefing.case)
        session.advance(Action(do=act))
        return self.debrief(session)

    def theatre(self, case: Case, start: Session | None = None) -> Theatre:
        """Return a new run, or practice from a moment of another one."""
        self.keep()
        session = self._session = start or self._recorded(case)
        if start is not None:
            self._record(start)
        kept = session.recording is not None and session.practice is None
        save = self.save if kept else None
        theatre = Theatre(session, self.debrief, self._sound, self._pacer, save)
        theatre.scene.coach = self._guided
        return theatre

    def _recorded(self, case: Case) -> Session:
        place = begin_run(case.id)
        if place is None:
            return Session(case, PERSON)
        path, entry = place
        source, name = self._text()
        return Session(case, PERSON, path, source=source, scenario=name, entry=entry)

    def _record(self, practice: Session) -> None:
        """Record practice from the moment at which it is taken up."""
        place = begin_run(practice.case.id, practice.practice)
        if place is not None:
            path, entry = place
            source, name = self._text()
            practice.record(path, source=source, scenario=name, entry=entry)

    def _text(self) -> tuple[str, str]:
        """Return the text and the name of the file of the case."""
        if self._file is None:
            return "", ""
        return self._file.read_text(encoding="utf-8"), self._file.name

    def debrief(self, session: Session) -> Any:
        """Return the debrief of an ended run and keep the run."""
        self.keep()
        return Debrief(session, session.report(), self._again, Home)

    def _again(self, session: Session, start: State | None) -> Any:
        """Try again: who declined decides anew."""
        from_the_start = start is None or start.tick == 0
        if from_the_start and self._file is not None and declined(session.state) is not None:
            return self.briefing(Opened(session.case, self._file))
        forked = None if from_the_start or start is None else session.forked(start, PERSON)
        return self.theatre(session.case, forked)

    def save(self) -> str:
        """Put the run in progress aside, to go on another day; say where its recording is.

        Practice is ended instead: nobody goes on with it.
        """
        if self._session is not None and (self._session.state.over or self._session.practice):
            return self.keep()
        session, self._session = self._session, None
        if session is None or session.recording is None:
            return "Nothing was lost: no run was being recorded."
        session.suspend()
        keep_run(session.recording)
        return f"Your run was saved: {session.recording}"

    def keep(self) -> str:
        """Close the run in progress and enter it in the history; say where its recording is."""
        session, self._session = self._session, None
        if session is None or session.recording is None:
            return "Nothing was lost: no run was being recorded."
        session.close()
        keep_run(session.recording)
        return f"Your recording was kept: {session.recording}"
