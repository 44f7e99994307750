"""The debrief as one self-contained page: no network, no script, prints well."""

from __future__ import annotations

import base64

from jinja2 import Environment, StrictUndefined

from simulator.engine.session import Session, clock
from simulator.imaging.png import png
from simulator.paths import asset
from simulator.procedure.metrics import METRICS
from simulator.records import sides
from simulator.records.bands import Band
from simulator.records.charts import charts
from simulator.records.measured import FRAME, SCALED, expert, measures, reached, whole
from simulator.records.moments import Pictures, rule_words, touched
from simulator.records.skin_dose import SkinDose, skin_dose
from simulator.records.spoken import named, practice_words, told
from simulator.records.teaching import points
from simulator.records.timeline import timeline
from simulator.units import TICKS_PER_S
from simulator.world.report import DomainScore, Report

_BAR = (200, 14)
"""Width and height of a bar in its own units."""


def page(session: Session, pictures: Pictures) -> str:
    """Return the page of a run.

    Args:
        session: the run: judgement, gauges over time, what was true.
        pictures: the worst moments and the films of the end.
    """
    report, case = session.report(), session.case
    environment = Environment(autoescape=True, undefined=StrictUndefined, trim_blocks=True)
    environment.filters["clock"] = lambda finding: clock(finding.tick)
    environment.filters["named"] = named
    environment.filters["png"] = lambda image: _data(png(image))
    template = environment.from_string(asset("report/debrief.html").read_text(encoding="utf-8"))
    begun = touched(session)
    return template.render(
        report=report,
        practice=practice_words(session.practice) if session.practice else "",
        minutes=clock(round(report.duration_s * TICKS_PER_S)),
        domains=_domains(report),
        scaled="" if whole(report) else SCALED,
        frame=FRAME if expert(report) else "",
        total_band=reached(report, "total"),
        measures=[(m, _bar(m.value / m.top, _shares(m.band, m.top))) for m in measures(report)]
        if any(m.value for m in measures(report)[1:])
        else [],
        skin=_skin(session),
        timeline=timeline(session.trace, report.moments),
        charts=charts(session.trace, case.tamp.max_pressure_psi),
        paths=sides.paths(case, session.state, session.trace) if begun else None,
        cement=sides.cement(session.state) if session.state.cement.cloud.voxel.size else None,
        teaching=points(report),
        criteria=_criteria(report),
        rule=rule_words,
        stills=pictures.moments,
        films=pictures.films,
        metrics=_rows(report) if begun else _not_zero(report),
    )


def _skin(session: Session) -> SkinDose | None:
    """Return the map of the skin, if there is any dose on it."""
    skin_mgy = session.state.c_arm.skin_mgy
    if skin_mgy is None or not skin_mgy.any():
        return None
    return skin_dose(session.case.patient, skin_mgy)


def _domains(report: Report) -> list[tuple[str, DomainScore, str, str]]:
    """Return name, points, bar and the expert's points of every domain that was judged."""
    frames = expert(report)
    return [
        (name, d, _bar(d.score / d.max, _shares(frames.get(name), d.max)), reached(report, name))
        for name, d in report.domains.items()
        if d.max > 0.0
    ]


def _criteria(report: Report) -> list[tuple[str, str, list[tuple[str, str]]]]:
    """Return domain, its points and its criteria with their points; the errors come last."""
    out = [
        (name.capitalize(), _of(d.score, d.max), lines)
        for name, d in report.domains.items()
        if (lines := [(text, _of(s, most)) for of, text, s, most in report.lines if of == name])
    ]
    errors = [(f"{clock(f.tick)} {f.text}", f.severity) for f in report.errors]
    return [*out, ("Errors", "deducted", errors)] if errors else out


def _of(score: float, most: float) -> str:
    return f"{score:.1f} of {most:.0f}"


def _rows(report: Report) -> list[tuple[str, str, str]]:
    """Return name, meaning and value of every metric that has a value."""
    return [
        (name, METRICS[name].meaning, told(name, value))
        for name, value in report.metrics.items()
        if name in METRICS and value is not None
    ]


def _not_zero(report: Report) -> list[tuple[str, str, str]]:
    """Return the metrics that say something of a run in which nothing was done."""
    return [row for row in _rows(report) if report.metrics[row[0]]]


def _shares(band: Band | None, most: float) -> Band | None:
    return (band[0] / most, band[1] / most) if band else None


def _bar(own: float, band: Band | None) -> str:
    """Return a bar filled to a share of 0..1, with the expert's shares as a frame."""
    width, height = _BAR
    frame = ""
    if band is not None:
        low, high = (width * min(max(v, 0.0), 1.0) for v in band)
        wide = max(high - low, 3.0)
        left = min(low, width - wide)
        frame = (
            f'<rect x="{left:.1f}" y="1" width="{wide:.1f}" height="{height - 2}" fill="none" '
            'stroke="#1a2129" stroke-width="1.5"/>'
        )
    filled = width * min(max(own, 0.0), 1.0)
    return (
        f'<svg class="bar" preserveAspectRatio="none" viewBox="0 0 {width} {height}" '
        'aria-hidden="true">'
        f'<rect width="{width}" height="{height}" fill="#e6edf1"/>'
        f'<rect y="3" width="{filled:.1f}" height="{height - 6}" fill="#0b6e99"/>{frame}</svg>'
    )


def _data(image: bytes) -> str:
    return "data:image/png;base64," + base64.b64encode(image).decode("ascii")
