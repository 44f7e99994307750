"""Charts of a run for the debrief page, as SVG text that fits into the page."""

from __future__ import annotations

import io
from collections.abc import Sequence

import matplotlib as mpl
from matplotlib.axes import Axes
from matplotlib.backends.backend_svg import FigureCanvasSVG
from matplotlib.figure import Figure

from simulator.engine.session import Sample
from simulator.units import TICKS_PER_S

_INK, _LINE, _BEAM, _ALARM = "#2a343f", "#0b6e99", "#b58900", "#c0392b"
_SIZE_IN = (4.6, 2.4)


def charts(trace: Sequence[Sample]) -> dict[str, str]:
    """Return the charts by title: force, pressure over volume, cement, kerma, vitals."""
    if not trace:
        return {}
    minutes = [s.tick / TICKS_PER_S / 60.0 for s in trace]
    return {
        "Push on the needle": _svg(lambda ax: _force(ax, trace), "depth from skin, mm", "N"),
        "Tamp": _svg(lambda ax: _tamp(ax, trace), "mL", "psi"),
        "Cement given": _svg(lambda ax: _over(ax, minutes, trace, "cement_ml"), "min", "mL"),
        "Air kerma": _svg(lambda ax: _over(ax, minutes, trace, "kerma_mgy"), "min", "mGy"),
        "Mean arterial pressure": _svg(
            lambda ax: _over(ax, minutes, trace, "map_mmhg"), "min", "mmHg"
        ),
        "Oxygen saturation": _svg(lambda ax: _over(ax, minutes, trace, "spo2"), "min", "%"),
    }


def _force(ax: Axes, trace: Sequence[Sample]) -> None:
    rows = [(s.depth_mm, s.force_n) for s in trace if s.force_n > 0.0]
    ax.plot([r[0] for r in rows], [r[1] for r in rows], ".", color=_LINE, ms=2.0)


def _tamp(ax: Axes, trace: Sequence[Sample]) -> None:
    rows = [(s.tamp_ml, s.tamp_psi) for s in trace if s.tamp_ml > 0.0]
    ax.plot([r[0] for r in rows], [r[1] for r in rows], color=_LINE, lw=1.2)
    ax.axhline(400.0, color=_ALARM, lw=1.0, ls="--")
    ax.set_ylim(0.0, 450.0)


def _over(ax: Axes, minutes: Sequence[float], trace: Sequence[Sample], name: str) -> None:
    ax.plot(minutes, [getattr(s, name) for s in trace], color=_LINE, lw=1.4)


def _svg(draw: object, x: str, y: str) -> str:
    # A fixed salt keeps the ids in the SVG the same from run to run.
    with mpl.rc_context({"svg.hashsalt": "kyphosim", "svg.fonttype": "none", "font.size": 9}):
        figure = Figure(figsize=_SIZE_IN, layout="constrained")
        canvas = FigureCanvasSVG(figure)
        ax = figure.add_subplot()
        assert callable(draw)
        draw(ax)
        ax.set_xlabel(x, color=_INK)
        ax.set_ylabel(y, color=_INK)
        ax.grid(color="#dde3e9", lw=0.6)
        for side in ("top", "right"):
            ax.spines[side].set_visible(False)
        buffer = io.StringIO()
        canvas.print_svg(buffer, metadata={"Date": None, "Creator": None})
    text = buffer.getvalue()
    return text[text.index("<svg") :]
