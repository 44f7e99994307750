"""The debrief as a page that can be sent on, written beside the recordings."""

from __future__ import annotations

from simulator.engine.session import Session
from simulator.paths import data_dir
from simulator.records.html import page
from simulator.records.moments import of_session
from simulator.world.report import Report


def export_html(session: Session, report: Report) -> str:
    """Write the page and return a sentence that says where."""
    folder = data_dir() / "debriefs"
    seen_again = f"{report.scenario}-{session.run[:8]}" if session.run else report.scenario
    name = session.recording.stem if session.recording else seen_again
    path = folder / f"{name}.html"
    pictures = of_session(session, report.moments)
    try:
        folder.mkdir(parents=True, exist_ok=True)
        path.write_text(page(session, pictures), encoding="utf-8")
    except OSError as error:
        return f"The page could not be written: {error}"
    return f"Written to {path}"
