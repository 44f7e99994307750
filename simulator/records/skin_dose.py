"""Where on the skin the dose went: the trunk unrolled, with its figures in words."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from matplotlib.axes import Axes

from simulator.anatomy.patient import Patient
from simulator.imaging.skin import ERYTHEMA_MGY, surface_of, unrolled
from simulator.records.svg import ALARM, GRID, INK, figure_text
from simulator.units import FloatArray

_SIZE_IN = (5.4, 2.5)
_SHARES = (0.02, 0.1, 0.25, 0.5, 0.75, 0.9, 1.0)
"""Limits of the shades, as shares of the peak."""
_SHADES = ("#fdf3d6", "#f8dfa2", "#efc25f", "#d99a2b", "#b06f17", "#74430f")
_SIDES = (
    (22.5, "back"), (67.5, "back, to the {}"), (112.5, "{} side"), (157.5, "belly, to the {}"),
    (180.0, "belly"),
)  # fmt: skip
"""Up to which angle from the middle of the back a place is called so."""
_NEAR_MM = 15.0


@dataclass(frozen=True, slots=True)
class SkinDose:
    """The figure and what it shows."""

    svg: str
    words: str
    """Peak, where it lies, and whether skin could redden: the caption and for who cannot see it."""


def skin_dose(patient: Patient, skin_mgy: FloatArray) -> SkinDose:
    """Return the map of a run's dose on the trunk.

    Args:
        patient: whose trunk it is.
        skin_mgy: (angles, heights) as `CArm` holds it; more than nothing somewhere.
    """
    shown = unrolled(skin_mgy)
    high = surface_of(patient.torso).points_mm[0, ::-1, 2]
    count = shown.shape[1]
    degrees = (np.arange(count) + 0.5) * (360.0 / count) - 180.0
    row, column = np.unravel_index(int(np.argmax(shown)), shown.shape)
    peak = float(shown[row, column])

    def paint(axes: Sequence[Axes]) -> None:
        (ax,) = axes
        drawn = ax.contourf(
            degrees, high, shown, levels=[peak * s for s in _SHARES], colors=_SHADES
        )
        if peak > ERYTHEMA_MGY:
            ax.contour(degrees, high, shown, levels=(ERYTHEMA_MGY,), colors=ALARM, linewidths=1.4)
        ax.plot(degrees[column], high[row], "+", color=INK, ms=8)
        ax.axhline(0.0, color=INK, lw=0.8, ls=(0, (4, 3)))
        ax.text(-178.0, 4.0, "treated level", color=INK, fontsize=8, va="bottom")
        ax.set_xticks((-180, -90, 0, 90, 180), ("Belly", "Left", "Back", "Right", "Belly"))
        ax.set_xlim(-180.0, 180.0)
        ax.set_ylabel("mm above the treated level", color=INK)
        ax.grid(axis="x", color=GRID, lw=0.8)
        bar = ax.figure.colorbar(drawn, ax=ax, format="%.3g")
        bar.set_label("mGy", color=INK)

    return SkinDose(figure_text(_SIZE_IN, 1, paint), _words(peak, degrees[column], high[row]))


def _words(peak_mgy: float, degrees: float, above_mm: float) -> str:
    """Say peak, place and risk."""
    side = "right" if degrees > 0.0 else "left"
    place = next(words for most, words in _SIDES if abs(degrees) <= most).format(side)
    if abs(above_mm) < _NEAR_MM:
        level = "at the treated level"
    else:
        way = "above" if above_mm > 0.0 else "below"
        level = f"{abs(above_mm) / 10.0:.0f} cm {way} the treated level"
    risk = (
        "Early transient erythema is possible from 2 Gy on: look at the skin and tell the patient."
        if peak_mgy >= ERYTHEMA_MGY
        else "No spot reached 2 Gy, from where on skin can redden."
    )
    return f"Peak {peak_mgy:.3g} mGy, backscatter included: {place}, {level}. {risk}"
