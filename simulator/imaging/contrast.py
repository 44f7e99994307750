"""How plainly a line or a device stands out: differences of -ln S, measured on noise-free scenes.

A line (an endplate, a pedicle's rim, a wall) counts as its peak less the mean beside it, as a
radiologist's eye takes it. A device counts as the darkest that it makes the same patient.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from scipy.ndimage import map_coordinates

from simulator.frames import Side, along, cross, unit
from simulator.imaging.positioner import Geometry, project
from simulator.imaging.projector import PatientProjector
from simulator.imaging.render import Scene, scene
from simulator.imaging.tools import CEMENT, CONTRAST, STEEL, devices
from simulator.kernels.coarse import enlarge
from simulator.units import AnyArray, Float32Array, FloatArray, Vec3, frozen

if TYPE_CHECKING:
    from simulator.anatomy.landmarks import Landmarks
    from simulator.world.case import Case
    from simulator.world.state import State
    from simulator.world.tools import Cannula

_SEARCH_MM = 1.5
"""A line is looked for so far from its landmark."""
_FLANK_MM = (1.8, 3.2)
"""Beside the peak, at the object."""
_STRETCH_MM = 2.4
"""Along the line, to either side."""
_STEP_MM = 0.05
_BACK_MM = 20.0
"""Behind the tip of a cannula its shaft is straight and in front of bone."""
_DARKEST = np.float32(1e-12)
"""Behind blades there is no signal to take a logarithm of."""
_LEAST_CM = 0.01
"""Less of a device than this is its edge."""
_NEARLY = 0.95
_EDGE_ON = 0.2
"""A line whose normal shows less than this share of its length runs along the beam."""


@dataclass(frozen=True, slots=True)
class Logs:
    """A noise-free picture as -ln S, (n, n) each."""

    g: Geometry
    primary: Float32Array
    """As the focal spot draws it, without scatter."""
    detected: Float32Array
    """With scatter: what the panel gets."""


@dataclass(frozen=True, slots=True)
class Line:
    """What a line on a picture measures."""

    contrast: float
    """Peak of -ln S less the mean at 1.8 to 3.2 mm on both sides."""
    fwhm_mm: float
    """Full width at half of that, at the object."""


@dataclass(frozen=True, slots=True)
class Contrast:
    """One difference of -ln S, without and with scatter."""

    primary: float
    detected: float


Where = tuple[Vec3, Vec3]
"""A point on a line, and the direction across it in space."""


def logs(still: Scene) -> Logs:
    """Return -ln S of a scene, without and with scatter."""
    detected = np.empty_like(still.direct)
    enlarge(still.scatter, detected)
    detected += still.direct
    primary, both = (-np.log(np.maximum(s, _DARKEST)) for s in (still.direct, detected))
    return Logs(still.g, frozen(primary), frozen(both))


def _profiles(log: AnyArray, g: Geometry, where: Where) -> tuple[FloatArray, FloatArray]:
    """Return offsets (k,) in mm at the object and profiles (m, k) across a line.

    Raises:
        ValueError: the line's normal runs along the beam.
    """
    at, across = where
    col, row, magnification = project(g, at)
    ahead, below, _ = project(g, along(at, across, 1.0))
    x, y = ahead - col, below - row
    length, scale = math.hypot(x, y), magnification / g.pitch_mm
    if length < _EDGE_ON * scale:
        raise ValueError("the normal of this line runs along the beam")
    x, y = x / length * scale, y / length * scale
    reach = _SEARCH_MM + _FLANK_MM[1]
    u = np.arange(-reach, reach + 0.5 * _STEP_MM, _STEP_MM)
    v = np.arange(-_STRETCH_MM, _STRETCH_MM + 0.1, 0.2)[:, None]
    values = map_coordinates(
        log, [row + u * y + v * x, col + u * x - v * y], order=1, mode="nearest"
    )
    return u, np.asarray(values, np.float64)


def line(log: AnyArray, g: Geometry, where: Where) -> Line:
    """Return contrast and width of a line, the mean over 4.8 mm of its run.

    Every profile has its own peak, so that a line which bends or tilts is not smeared.

    Args:
        log: (n, n) -ln S.
        g: Its geometry.
        where: On the line, and across it.

    Raises:
        ValueError: the line's normal runs along the beam.
    """
    u, values = _profiles(log, g, where)
    near = np.abs(u) <= _SEARCH_MM
    found = [_peak(u, profile, near) for profile in values]
    contrast, width = np.mean(found, axis=0)
    return Line(float(contrast), float(width))


def _peak(u: FloatArray, profile: FloatArray, near: AnyArray) -> tuple[float, float]:
    top = int(np.flatnonzero(near)[np.argmax(profile[near])])
    away = np.abs(u - u[top])
    beside = (away >= _FLANK_MM[0]) & (away <= _FLANK_MM[1])
    flank = float(profile[beside].mean())
    contrast = float(profile[top]) - flank
    above = profile > flank + 0.5 * contrast
    left = top - int(np.argmin(above[top::-1])) if not above[: top + 1].all() else 0
    right = top + int(np.argmin(above[top:])) if not above[top:].all() else u.size - 1
    return contrast, _STEP_MM * (right - left - 1)


def both(picture: Logs, where: Where) -> Contrast:
    """Return a line's contrast without and with scatter."""
    return Contrast(
        line(picture.primary, picture.g, where).contrast,
        line(picture.detected, picture.g, where).contrast,
    )


def of_bore(picture: Logs, cannula: Cannula) -> Contrast:
    """Return how much darker the rails of a cannula are than its bore, 20 mm behind its tip.

    Raises:
        ValueError: the cannula points along the beam.
    """
    shaft, beam = cannula.direction, picture.g.direction
    where = along(cannula.tip_mm, shaft, -_BACK_MM), unit(cross(shaft, beam))
    return Contrast(_bore(picture.primary, picture.g, where), _bore(picture.detected, picture.g,
                    where))  # fmt: skip


def _bore(log: AnyArray, g: Geometry, where: Where) -> float:
    u, values = _profiles(log, g, where)
    inner = np.abs(u) <= 0.5 * _SEARCH_MM
    rails = [values[:, half & (np.abs(u) <= 2.0 * _SEARCH_MM)].max(1) for half in (u < 0, u > 0)]
    return float(np.mean(0.5 * (rails[0] + rails[1]) - values[:, inner].min(1)))


def lateral_lines(marks: Landmarks) -> dict[str, Where]:
    """Return the lines of a vertebra on a true lateral, by their names."""
    below_pedicle = marks.posterior_line_mm[-2]
    return {
        "upper endplate": (marks.superior_mm[1], marks.superior_normal),
        "lower endplate": (marks.inferior_mm[1], marks.inferior_normal),
        "posterior wall": (below_pedicle, marks.axes[1]),
        "anterior wall": (marks.anterior_wall_mm, marks.axes[1]),
    }


def ap_lines(marks: Landmarks, side: Side = Side.LEFT) -> dict[str, Where]:
    """Return the lines of a vertebra on a true AP, by their names."""
    pedicle = marks.pedicles[side]
    return {
        "upper endplate": (marks.superior_mm[1], marks.superior_normal),
        "lower endplate": (marks.inferior_mm[1], marks.inferior_normal),
        "medial pedicle rim": (pedicle.medial_mm, marks.axes[0]),
        "lateral pedicle rim": (pedicle.lateral_mm, marks.axes[0]),
    }


def of_lines(picture: Logs, lines: Mapping[str, Where]) -> dict[str, Contrast]:
    """Return the contrast of every line."""
    return {name: both(picture, where) for name, where in lines.items()}


_PLANES = {"cement": CEMENT, "contrast": CONTRAST, "steel": STEEL}


def of_devices(
    case: Case, state: State, bare: State, n: int, projector: PatientProjector
) -> dict[str, Contrast]:
    """Return how much darker each kind of device makes the same patient where it is darkest.

    A kind counts where it stands alone before the beam: contrast beside the markers, steel
    outside cement; and of all pixels nearly as dark as its darkest, at the one nearest to the
    middle, because scatter falls to the rim.

    Args:
        case: The case.
        state: With tools.
        bare: The same from the same angle, without them.
        n: Pixels per side.
        projector: Of the case's patient.
    """
    with_it, without = (logs(scene(case, s, n, projector)) for s in (state, bare))
    fill = projector.fill(with_it.g, state.body, state.cement.cloud, state.tamps)
    found = devices(with_it.g, state.cannulas, state.tamps, state.cement, fill)
    if found is None:
        return {}
    there = found.lengths_cm > _LEAST_CM
    gain, seen = with_it.primary - without.primary, with_it.detected - without.detected
    rows, cols = np.indices((n, n)) - 0.5 * (n - 1)
    outwards = np.hypot(rows, cols)
    out = {}
    for name, plane in _PLANES.items():
        alone = there[plane] & (there.sum(0) == 1)
        if alone.any():
            dark = alone & (gain >= _NEARLY * gain[alone].max())
            spot = np.unravel_index(np.argmin(np.where(dark, outwards, np.inf)), dark.shape)
            out[name] = Contrast(float(gain[spot]), float(seen[spot]))
    return out
