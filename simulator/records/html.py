"""The debrief as one self-contained page: no network, no script, prints well."""

from __future__ import annotations

import base64
from collections.abc import Mapping

from jinja2 import Environment, StrictUndefined

from simulator.engine.session import Session, clock
from simulator.paths import asset
from simulator.procedure.metrics import METRICS
from simulator.records import sides
from simulator.records.bands import Band, bands
from simulator.records.charts import charts, timeline
from simulator.records.spoken import told
from simulator.records.teaching import points
from simulator.world.report import DomainScore, Report
from simulator.world.state import State

_BAR = (200, 14)
"""Width and height of a domain's bar in its own units."""


def page(session: Session, pictures: Mapping[str, bytes]) -> str:
    """Return the page of a run.

    Args:
        session: the run: judgement, gauges over time, what was true.
        pictures: PNGs by finding id, and "ap" and "lateral" for the end of the run.
    """
    report, case = session.report(), session.case
    expert = bands(case.id)
    environment = Environment(autoescape=True, undefined=StrictUndefined, trim_blocks=True)
    environment.filters["clock"] = lambda finding: clock(finding.tick)
    template = environment.from_string(asset("report/debrief.html").read_text(encoding="utf-8"))
    return template.render(
        report=report,
        minutes=clock(round(report.duration_s * 60)),
        bands={name: expert.get(name, (0.0, 0.0)) for name in report.domains} if expert else {},
        bar=_bar,
        timeline=timeline(session.trace, report.moments),
        charts=charts(session.trace, case.tamp.max_pressure_psi),
        paths=sides.paths(case, session.state, session.trace),
        cement=sides.cement(session.state) if _any_cement(session.state) else "",
        teaching=points(report),
        images={name: _data(png) for name, png in pictures.items()},
        metrics=_rows(report, expert),
    )


def _any_cement(state: State) -> bool:
    return bool(state.cement.cloud.voxel.size)


def _rows(report: Report, expert: Mapping[str, Band]) -> list[tuple[str, str, str, str]]:
    """Return name, meaning, value and the expert's band of every metric."""
    out = []
    for name, value in report.metrics.items():
        if name not in METRICS:
            continue
        low, high = expert.get(name, (None, None))
        band = f"{told(name, low)} – {told(name, high)}" if low is not None else ""
        out.append((name, METRICS[name].meaning, told(name, value), band))
    return out


def _bar(domain: DomainScore, band: Band | None) -> str:
    """Return a bar of the points of a domain with the expert's band as a frame."""
    width, height = _BAR
    most = domain.max or 1.0
    own = width * max(domain.score, 0.0) / most
    frame = ""
    if band is not None and band[1] > 0.0:
        low, high = (width * min(v, most) / most for v in band)
        wide = max(high - low, 3.0)
        left = min(low, width - wide)
        frame = (
            f'<rect x="{left:.1f}" y="1" width="{wide:.1f}" height="{height - 2}" fill="none" '
            'stroke="#1a2129" stroke-width="1.5"/>'
        )
    return (
        f'<svg class="bar" viewBox="0 0 {width} {height}" aria-hidden="true">'
        f'<rect width="{width}" height="{height}" fill="#e6edf1"/>'
        f'<rect y="3" width="{own:.1f}" height="{height - 6}" fill="#0b6e99"/>{frame}</svg>'
    )


def _data(png: bytes) -> str:
    return "data:image/png;base64," + base64.b64encode(png).decode("ascii")
