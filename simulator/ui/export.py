"""The debrief as a page that can be sent on."""

from __future__ import annotations

import html

from simulator.engine.session import Session
from simulator.paths import data_dir
from simulator.ui.scene import clock, clock_s
from simulator.world.report import Report

_STYLE = (
    "body{font:16px/1.5 sans-serif;max-width:52rem;margin:2rem auto;padding:0 1rem}"
    "td{padding:.15rem 1rem .15rem 0}small{color:#666}"
)


def export_html(session: Session, report: Report) -> str:
    """Write the page beside the recordings and return a sentence that says where."""
    folder = data_dir() / "debriefs"
    name = session.recording.stem if session.recording else f"{report.scenario}-retry"
    path = folder / f"{name}.html"
    try:
        folder.mkdir(parents=True, exist_ok=True)
        path.write_text(page(report), encoding="utf-8")
    except OSError as error:
        return f"The page could not be written: {error}"
    return f"Written to {path}"


def page(report: Report) -> str:
    """Return the debrief as HTML."""
    say = html.escape
    verdict = "Passed" if report.passed else "Not passed"
    domains = "".join(
        f"<tr><td>{say(name.capitalize())}</td><td>{d.score:.1f} of {d.max:g}</td></tr>"
        for name, d in report.domains.items()
    )
    moments = "".join(
        f"<li><b>{clock(m.tick)} {say(m.text)}</b><br>{say(m.seen)} {say(m.instead)}</li>"
        for m in report.moments
    )
    well = "".join(f"<li>{say(words)}</li>" for words in report.went_well)
    metrics = "".join(
        f"<tr><td>{say(name)}</td><td>{say(str(value))}</td></tr>"
        for name, value in report.metrics.items()
        if value is not None
    )
    return (
        f"<!doctype html><meta charset='utf-8'><title>{say(report.title)}</title>"
        f"<style>{_STYLE}</style><h1>{say(report.title)}</h1>"
        f"<p>{say(report.procedure.capitalize())}, {clock_s(report.duration_s)}, seed {report.seed}"
        f"</p><h2>{verdict}: {report.total:.0f} of 100</h2><p>{say(report.reason)}</p>"
        f"<table>{domains}</table><h2>Worst moments</h2><ol>{moments}</ol>"
        f"<h2>Went well</h2><ul>{well}</ul><h2>Metrics</h2><table>{metrics}</table>"
        "<p><small>For education only. Not a medical device, not for planning real treatment."
        "</small></p>"
    )
