"""Figures as SVG text that stands in a page: no script, no address, the same from run to run."""

from __future__ import annotations

import io
from collections.abc import Callable, Sequence

import matplotlib as mpl
from matplotlib.axes import Axes
from matplotlib.backends.backend_svg import FigureCanvasSVG
from matplotlib.figure import Figure

INK, LINE, BEAM, ALARM, GRID = "#2a343f", "#0b6e99", "#b58900", "#c0392b", "#dde3e9"

Paint = Callable[[Sequence[Axes]], None]


def figure_text(size_in: tuple[float, float], columns: int, paint: Paint) -> str:
    """Return what `paint` draws on a row of axes as SVG text."""
    # A fixed salt keeps the ids in the SVG the same from run to run.
    with mpl.rc_context({"svg.hashsalt": "kyphosim", "svg.fonttype": "none", "font.size": 9}):
        figure = Figure(figsize=size_in, layout="constrained")
        canvas = FigureCanvasSVG(figure)
        axes = [figure.add_subplot(1, columns, i + 1) for i in range(columns)]
        for ax in axes:
            for side in ("top", "right"):
                ax.spines[side].set_visible(False)
        paint(axes)
        buffer = io.StringIO()
        canvas.print_svg(buffer, metadata=dict.fromkeys(("Date", "Creator", "Format", "Type")))
    text = buffer.getvalue()
    return text[text.index("<svg") :]
