"""Charts of a run for the debrief page, as SVG text that fits into the page."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from matplotlib.axes import Axes

from simulator.engine.session import Sample
from simulator.records.svg import ALARM, GRID, INK, LINE, figure_text
from simulator.units import TICKS_PER_S

_SIZE_IN = (3.3, 2.1)
"""Three stand beside each other on a desk and on paper, one on a phone: letters stay readable."""
_BACK_MM = 1.0
_SIDEWAYS_DEG = 30.0
"""Within this of 90 degrees of orbit the beam counts as lateral."""
_ONLY_IF = {
    "Push on the needle": "force_n",
    "Tamp": "tamp_ml",
    "Cement given": "cement_ml",
    "Thumb on the plunger": "thumb_n",
    "Air kerma": "kerma_mgy",
}
"""What was never done leaves no plot."""
SHORT_MIN = 1.0
"""A run declined at the door has no curves, and no time to lay out."""
ENDED = ("recover", "done")
"""The hour of lying flat would press the rest of the run together."""


def charts(trace: Sequence[Sample], limit_psi: float) -> dict[str, str]:
    """Return the charts by title: force, pressure over volume, cement, kerma, vitals."""
    if not trace:
        return {}
    worked = [s for s in trace if s.phase not in ENDED] or list(trace)
    plots: dict[str, tuple[Callable[[Axes], None], str, str]] = {
        "Push on the needle": (lambda ax: _force(ax, trace), "depth from skin, mm", "N"),
        "Tamp": (lambda ax: _tamp(ax, trace, limit_psi), "mL", "psi"),
        "Cement given": (_over(worked, "cement_ml"), "min", "mL"),
        "Thumb on the plunger": (_over(worked, "thumb_n"), "min", "N"),
        "Air kerma": (_over(worked, "kerma_mgy"), "min", "mGy"),
        "Mean arterial pressure": (_over(trace, "map_mmhg"), "min", "mmHg"),
        "Oxygen saturation": (_over(trace, "spo2"), "min", "%"),
    }
    for title, name in _ONLY_IF.items():
        if not any(getattr(s, name) > 0.0 for s in trace):
            del plots[title]
    if minute(trace[-1]) < SHORT_MIN:
        plots = {}
    return {title: _svg(draw, x, y) for title, (draw, x, y) in plots.items()}


def lateral(orbit_deg: float) -> bool:
    """Tell whether a beam from there counts as lateral."""
    return abs(abs(orbit_deg) - 90.0) < _SIDEWAYS_DEG


def minute(sample: Sample) -> float:
    """Return the time of a row in minutes."""
    return sample.tick / TICKS_PER_S / 60.0


def _force(ax: Axes, trace: Sequence[Sample]) -> None:
    rows = [(s.depth_mm, s.force_n) for s in trace if s.force_n > 0.0]
    for way in forward(rows):
        ax.plot([r[0] for r in way], [r[1] for r in way], color=LINE, lw=1.0)


def forward(rows: Sequence[tuple[float, float]]) -> list[list[tuple[float, float]]]:
    """Split (depth, force) where the tip begins again further back: the way back is no push."""
    ways: list[list[tuple[float, float]]] = []
    for row in rows:
        if not ways or row[0] < ways[-1][-1][0] - _BACK_MM:
            ways.append([])
        ways[-1].append(row)
    return ways


def _tamp(ax: Axes, trace: Sequence[Sample], limit_psi: float) -> None:
    rows = [(s.tamp_ml, s.tamp_psi) for s in trace if s.tamp_ml > 0.0]
    ax.plot([r[0] for r in rows], [r[1] for r in rows], color=LINE, lw=1.2)
    ax.axhline(limit_psi, color=ALARM, lw=1.0, ls="--")
    ax.set_ylim(0.0, 1.12 * max(limit_psi, *(r[1] for r in rows)))


def _over(trace: Sequence[Sample], name: str) -> Callable[[Axes], None]:
    def draw(ax: Axes) -> None:
        ax.plot([minute(s) for s in trace], [getattr(s, name) for s in trace], color=LINE, lw=1.4)

    return draw


def _svg(draw: Callable[[Axes], None], x: str, y: str) -> str:
    def paint(axes: Sequence[Axes]) -> None:
        draw(axes[0])
        axes[0].set_xlabel(x, color=INK)
        axes[0].set_ylabel(y, color=INK)
        axes[0].grid(color=GRID, lw=0.6)

    return figure_text(_SIZE_IN, 1, paint)
