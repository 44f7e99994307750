"""The debrief as one self-contained page: no network, no script, prints well."""

from __future__ import annotations

import base64
from collections.abc import Mapping, Sequence

from jinja2 import Environment, StrictUndefined

from simulator.engine.session import Sample, clock
from simulator.paths import asset
from simulator.procedure.metrics import METRICS
from simulator.records.charts import charts
from simulator.records.spoken import told
from simulator.world.report import Report


def page(report: Report, trace: Sequence[Sample], pictures: Mapping[str, bytes]) -> str:
    """Return the page.

    Args:
        report: the judgement.
        trace: gauges over time, for the charts.
        pictures: PNGs by finding id, and "ap" and "lateral" for the end of the run.
    """
    environment = Environment(autoescape=True, undefined=StrictUndefined, trim_blocks=True)
    environment.filters["clock"] = lambda finding: clock(finding.tick)
    template = environment.from_string(asset("report/debrief.html").read_text(encoding="utf-8"))
    return template.render(
        report=report,
        minutes=clock(round(report.duration_s * 60)),
        charts=charts(trace),
        images={name: _data(png) for name, png in pictures.items()},
        metrics=[
            (name, METRICS[name].meaning, told(name, value))
            for name, value in report.metrics.items()
            if name in METRICS
        ],
    )


def _data(png: bytes) -> str:
    return "data:image/png;base64," + base64.b64encode(png).decode("ascii")
