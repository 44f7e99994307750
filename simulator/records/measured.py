"""Time and dose of a run beside what the built-in expert needs for the same case."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from simulator.records.bands import Band, bands
from simulator.records.spoken import unit
from simulator.world.report import Report

FRAME = "Frame: what the built-in expert reaches in this case."
"""What is written beside bars that carry a band."""
SCALED = "Only what was reached is judged, scaled to 100."
"""What explains a total that the points below it do not add up to."""
_WHOLE = 100.0
_LABELS: Mapping[str, str] = {
    "duration_s": "Time",
    "fluoro_s": "Beam time",
    "exposures": "Exposures",
    "air_kerma_mgy": "Air kerma",
    "skin_dose_peak_mgy": "Skin peak",
    "operator_dose_usv": "Operator dose",
}
_HEADROOM = 1.15


@dataclass(frozen=True, slots=True)
class Measure:
    """One figure of time or dose."""

    name: str
    label: str
    value: float
    words: str
    band: Band | None
    band_words: str
    """The expert's lowest and highest, or nothing."""

    @property
    def top(self) -> float:
        """The end of its bar, in its own unit."""
        return _HEADROOM * max(self.value, self.band[1] if self.band else 0.0, 1e-9)


def whole(report: Report) -> bool:
    """Tell whether all criteria count; after a right decision not to go on some may not."""
    return sum(most for *_, most in report.lines) > _WHOLE - 1e-6


def expert(report: Report) -> Mapping[str, Band]:
    """Return the expert's bands, which are of a whole run: nothing beside a part of one."""
    return bands(report.scenario) if whole(report) else {}


def measures(report: Report) -> tuple[Measure, ...]:
    """Return time and dose of a run; without a band for an own case or a part of a run."""
    frames = expert(report)
    out = []
    for name, label in _LABELS.items():
        value = report.metrics.get(name)
        if not isinstance(value, int | float):
            continue
        band = frames.get(name)
        words = spread(_figure(name, band[0]), _figure(name, band[1]), _sort(name)) if band else ""
        out.append(Measure(name, label, float(value), _words(name, value), band, words))
    return tuple(out)


def reached(report: Report, name: str) -> str:
    """Return the expert's lowest and highest points of the total or a domain, or nothing."""
    band = expert(report).get(name)
    return spread(f"{band[0]:.1f}", f"{band[1]:.1f}") if band else ""


def spread(low: str, high: str, sort: str = "") -> str:
    """Return two figures as a range, or as one figure where they read the same.

    >>> spread("97.1", "117", "mGy"), spread("98.5", "98.5")
    ('97.1 – 117 mGy', '98.5')
    """
    return f"{low if low == high else f'{low} – {high}'} {sort}".strip()


def _figure(name: str, value: float) -> str:
    if name == "duration_s":
        return f"{int(value) // 60}:{int(value) % 60:02d}"
    return f"{value:.0f}" if value >= 100.0 or float(value).is_integer() else f"{value:.1f}"


def _sort(name: str) -> str:
    return "min" if name == "duration_s" else unit(name)


def _words(name: str, value: float) -> str:
    return f"{_figure(name, value)} {_sort(name)}".strip()
