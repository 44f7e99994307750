"""Which screen follows which: library, briefing, loading, theatre, debrief."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from simulator.engine.session import Session
from simulator.engine.start import first_state
from simulator.imaging.display import picture
from simulator.paths import data_dir
from simulator.scenario.load import CaseCard, list_cases, load_case
from simulator.ui.briefing import Briefing
from simulator.ui.debrief import Debrief
from simulator.ui.loading import Loading
from simulator.ui.memory import remember
from simulator.ui.menu import Library
from simulator.ui.progress import Progress
from simulator.ui.screens import Change, Home, Push
from simulator.ui.sound import Sound
from simulator.ui.theatre import Theatre
from simulator.ui.work import Report
from simulator.world.action import IDLE
from simulator.world.case import Case
from simulator.world.state import State

_WARM_PX = 128


def load(case: str | Path, report: Report) -> Case:
    """Build a case and run every kernel of the first minute once, so that nothing stalls later."""
    built = load_case(case, 1, lambda words, share: report(words, 0.7 * share))
    report("warming up the X-ray machine", 0.75)
    picture(built, first_state(built), _WARM_PX, 2)
    report("laying out the instruments", 0.95)
    Session(built, "warm-up").advance(IDLE)
    return built


class Flow:
    """Makes the screens and hands each the way to the next."""

    def __init__(self, sound: Sound) -> None:
        """Keep one sound for all screens."""
        self._sound = sound
        self._session: Session | None = None

    def library(self) -> Library:
        """Return the first screen."""
        cards = list_cases()
        return Library(cards, self.loading, lambda _: Progress(cards))

    def opening(self, case: str, phase: str | None) -> Change:
        """Return how to begin with a case that was named on the command line."""
        return Push(
            Loading("Opening the case", lambda r: load(case, r), lambda built: self.theatre(built))
            if phase is None
            else Loading("Opening the case", lambda r: load(case, r), self.theatre)
        )

    def loading(self, card: CaseCard) -> Loading:
        """Return the wait for a case that was chosen."""
        return Loading(card.title, lambda report: load(card.path, report), self.briefing)

    def briefing(self, case: Case) -> Briefing:
        """Return the briefing of a built case."""
        return Briefing(case, self.theatre)

    def theatre(self, case: Case, start: State | None = None) -> Theatre:
        """Return a new run; `start` forks it from a kept moment, and is not recorded."""
        self.keep()
        if start is None:
            stamp = datetime.now(UTC).strftime("%Y%m%d-%H%M%S")
            path = data_dir() / "recordings" / f"{case.id}-{stamp}.simrec"
            path.parent.mkdir(parents=True, exist_ok=True)
            session = Session(case, "human", path)
        else:
            session = Session(case, "human")
            session.state = start
        self._session = session
        return Theatre(session, 640, self.debrief, self._sound)

    def debrief(self, session: Session) -> Any:
        """Return the debrief of an ended run and keep its result."""
        self.keep()
        report = session.report()
        if session.recording is not None:
            remember(report)
        return Debrief(session, report, self._again, lambda: Home())

    def _again(self, session: Session, start: State | None) -> Any:
        return self.theatre(session.case, start)

    def keep(self) -> str:
        """Close the recording of the run in progress; say where it is."""
        session, self._session = self._session, None
        if session is None or session.recording is None:
            return "Nothing was lost: no run was in progress."
        session.close()
        return f"Your recording was kept: {session.recording}"
