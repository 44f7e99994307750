"""Charts of a run for the debrief page, as SVG text that fits into the page."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from matplotlib.axes import Axes

from simulator.engine.session import Sample
from simulator.procedure.phases import LABELS, chapter
from simulator.records.svg import ALARM, BEAM, GRID, INK, LINE, figure_text
from simulator.units import TICKS_PER_S
from simulator.world.tally import Finding

_SIZE_IN = (4.6, 2.4)
_LINE_SIZE_IN = (9.6, 1.9)
_BACK_MM = 1.0
_SIDEWAYS_DEG = 30.0
"""Within this of 90 degrees of orbit the beam counts as lateral."""
_PHASE_INK = ("#cfe3ec", "#e6edf1")
_SHORT_SHARE = 0.05
"""A phase shorter than this share of the run has no room for its name."""
_ONLY_IF = {
    "Push on the needle": "force_n",
    "Tamp": "tamp_ml",
    "Cement given": "cement_ml",
    "Thumb on the plunger": "thumb_n",
    "Air kerma": "kerma_mgy",
}
"""What was never done leaves no plot."""
_SHORT_MIN = 1.0
"""A run declined at the door has no curves, and no time to lay out."""
_ENDED = ("recover", "done")
"""The hour of lying flat would press the rest of the run together."""


def charts(trace: Sequence[Sample], limit_psi: float) -> dict[str, str]:
    """Return the charts by title: force, pressure over volume, cement, kerma, vitals."""
    if not trace:
        return {}
    worked = [s for s in trace if s.phase not in _ENDED] or list(trace)
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
    if _minute(trace[-1]) < _SHORT_MIN:
        plots = {}
    return {title: _svg(draw, x, y) for title, (draw, x, y) in plots.items()}


def timeline(trace: Sequence[Sample], findings: Sequence[Finding]) -> str:
    """Return the run on one line: phases, when the beam was on, what went wrong and when."""
    worked = [s for s in trace if s.phase not in _ENDED]

    def paint(axes: Sequence[Axes]) -> None:
        ax = axes[0]
        for i, (phase, first, last) in enumerate(_spans(worked)):
            ax.axvspan(first, last, 0.55, 0.98, color=_PHASE_INK[i % 2], lw=0)
            if last - first > _SHORT_SHARE * _minute(worked[-1]):
                label = LABELS[phase]
                ax.text((first + last) / 2, 0.765, label, ha="center", va="center", color=INK)
        _beam(ax, worked)
        for number, finding in enumerate(findings, 1):
            at = finding.tick / TICKS_PER_S / 60.0
            ax.plot([at], [0.16], "v", color=ALARM, ms=7)
            aside = 0.008 * _minute(worked[-1]) * (number - 2)  # often they come together
            ax.text(at + aside, 0.0, str(number), ha="center", va="bottom", color=ALARM, fontsize=8)
        ax.legend(loc="lower right", bbox_to_anchor=(1.0, 0.98), ncols=2, frameon=False, fontsize=8)
        ax.set_ylim(0.0, 1.0)
        ax.set_xlim(0.0, max(_minute(worked[-1]), 0.1))
        ax.set_yticks((0.765, 0.41, 0.13), ("Phase", "Beam", "Moments"))
        ax.tick_params(axis="y", length=0)
        ax.set_xlabel("min", color=INK)

    long_enough = bool(worked) and _minute(worked[-1]) >= _SHORT_MIN
    return figure_text(_LINE_SIZE_IN, 1, paint) if long_enough else ""


def _beam(ax: Axes, rows: Sequence[Sample]) -> None:
    """AP in the upper half, lateral in the lower half."""
    minutes = [_minute(s) for s in rows]
    sideways = [lateral(s.orbit_deg) for s in rows]
    for word, low, high, ink, wanted in (
        ("AP", 0.41, 0.51, BEAM, False),
        ("Lateral", 0.3, 0.4, LINE, True),
    ):
        on = [s.beam and side is wanted for s, side in zip(rows, sideways, strict=True)]
        ax.fill_between(minutes, low, high, where=on, color=ink, lw=0, step="post", label=word)


def lateral(orbit_deg: float) -> bool:
    """Tell whether a beam from there counts as lateral."""
    return abs(abs(orbit_deg) - 90.0) < _SIDEWAYS_DEG


def _minute(sample: Sample) -> float:
    return sample.tick / TICKS_PER_S / 60.0


def _spans(trace: Sequence[Sample]) -> list[tuple[str, float, float]]:
    """Return (chapter, first minute, last minute), in order."""
    out: list[tuple[str, float, float]] = []
    for sample in trace:
        now = _minute(sample)
        if out:  # a wait leaves no samples: the phase before it lasted until now
            out[-1] = (*out[-1][:2], now)
        part = chapter(sample.phase)
        if not out or out[-1][0] != part:
            out.append((part, now, now))
    return out


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
        ax.plot([_minute(s) for s in trace], [getattr(s, name) for s in trace], color=LINE, lw=1.4)

    return draw


def _svg(draw: Callable[[Axes], None], x: str, y: str) -> str:
    def paint(axes: Sequence[Axes]) -> None:
        draw(axes[0])
        axes[0].set_xlabel(x, color=INK)
        axes[0].set_ylabel(y, color=INK)
        axes[0].grid(color=GRID, lw=0.6)

    return figure_text(_SIZE_IN, 1, paint)
