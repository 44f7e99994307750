"""The debrief as one self-contained page: no network, no script, prints well."""

from __future__ import annotations

import base64
from collections.abc import Mapping, Sequence

from jinja2 import Environment, StrictUndefined

from simulator.engine.session import Sample, clock
from simulator.paths import asset
from simulator.procedure.metrics import METRICS
from simulator.records.charts import charts
from simulator.world.report import Metric, Report

_UNITS = (
    "ml_min", "mm3", "mmhg", "gycm2", "mgy", "usv", "psi", "mpa", "kpa", "deg", "pct", "vas",
    "mm", "ml", "mg", "n", "s",
)  # fmt: skip
_SHOWN = {
    "ml_min": "mL/min", "mmhg": "mmHg", "gycm2": "Gy·cm²", "mgy": "mGy", "usv": "µSv",
    "mpa": "MPa", "kpa": "kPa", "deg": "°", "pct": "%", "vas": "VAS", "ml": "mL", "n": "N",
}  # fmt: skip


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


def unit(name: str) -> str:
    """Return the unit that a metric's name ends with, as a person writes it."""
    for suffix in _UNITS:
        if name.endswith("_" + suffix):
            return _SHOWN.get(suffix, suffix)
    return ""


def told(name: str, value: Metric) -> str:
    """Return a metric's value in words: number and unit, yes or no, or a dash."""
    if value is None:
        return "–"
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, str):
        return value
    number = f"{value:d}" if isinstance(value, int) else f"{value:.2f}".rstrip("0").rstrip(".")
    return f"{number} {unit(name)}".strip()
