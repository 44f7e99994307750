"""Needles, cannulas, balloons and cement as path lengths on the picture."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from simulator.frames import Side, along, as_array, minus, norm, unit
from simulator.imaging.blocks import Patch, first_pixel
from simulator.imaging.positioner import Geometry, project
from simulator.kernels.raycast import tube
from simulator.units import MM3_PER_ML, AnyArray, Float32Array, Vec3
from simulator.world.cement import Cement
from simulator.world.tamp import Tamp
from simulator.world.tools import Cannula, Inside

CEMENT, CONTRAST, STEEL = 0, 1, 2
"""Planes of `Devices.lengths_cm`."""

CONTRAST_GAIN = 1.2
"""Balloon contrast is 180 mgI/mL diluted as in use; the basis is 150 mgI/mL."""

_POINT_MM = 3.0
"""A stylet's ground point, beyond the end of its cannula."""
_CLEARANCE_MM = 0.05
"""Between a stylet and the bore around it, per side."""
_WIRE_MM = 0.5
"""Steel wire in the shaft of a tamp."""
_MARKER_MM = (1.6, 1.0, 1.5)
"""Outer and inner diameter and length of a balloon's platinum marker."""
_PLATINUM = 8.0
"""Platinum attenuates as so many times its thickness of steel at 60 keV (86 against 10.1 / cm)."""
_FILLER_WALL_MM = 0.25
_SUBPIXEL_MM = 0.4
"""Pixels larger than this get 3 x 3 rays in a tool, smaller ones 2 x 2."""


@dataclass(frozen=True, slots=True)
class Devices:
    """Path lengths through everything that was brought into the patient."""

    lengths_cm: Float32Array
    """(3, n, n) cement, contrast, steel."""
    rows: tuple[int, int]
    """Rows that hold something: first, one past the last."""


@dataclass(frozen=True, slots=True)
class Rod:
    """A straight piece of a tool; a tube if it has a bore."""

    start_mm: Vec3
    end_mm: Vec3
    outer_mm: float
    """Diameter."""
    inner_mm: float = 0.0
    plane: int = STEEL
    gain: float = 1.0


def rods_of(cannula: Cannula, cement_ml: float) -> list[Rod]:
    """Return a cannula and what stands in its bore; `cement_ml` counts from the tip backwards."""
    hub, tip, back = cannula.hub_mm, cannula.tip_mm, cannula.direction
    bore = cannula.inner_mm
    rods = []
    if cannula.inside is Inside.STYLET:
        end = along(tip, back, -_POINT_MM)
        rod = bore - 2.0 * _CLEARANCE_MM
        rods += [Rod(hub, end, cannula.outer_mm, bore), Rod(hub, end, rod)]
        for k in range(4):
            a, b = (along(tip, back, -_POINT_MM * (1.0 - j / 4.0)) for j in (k, k + 1))
            rods.append(Rod(a, b, rod * (1.0 - (k + 0.5) / 4.0)))
    else:
        rods.append(Rod(hub, tip, cannula.outer_mm, bore))
    if cannula.inside is Inside.FILLER:
        outer = bore - 2.0 * _CLEARANCE_MM
        inner = outer - 2.0 * _FILLER_WALL_MM
        rods += [Rod(hub, tip, outer, inner), Rod(hub, tip, inner, 0.0, CEMENT)]
    elif cement_ml > 0.0 and cannula.inside is not Inside.STYLET:
        length = min(cement_ml * MM3_PER_ML / (math.pi * (0.5 * bore) ** 2), cannula.length_mm)
        rods.append(Rod(along(tip, back, -length), tip, bore, 0.0, CEMENT))
    return rods


def rods_of_tamp(tamp: Tamp, hub_mm: Vec3) -> list[Rod]:
    """Return the wire and the two markers of a tamp whose shaft comes from `hub_mm`."""
    axis = unit(minus(tamp.tip_mm, tamp.tail_mm))
    outer, inner, length = _MARKER_MM
    rods = [Rod(hub_mm, tamp.tip_mm, _WIRE_MM)]
    for end, way in ((tamp.tail_mm, 1.0), (tamp.tip_mm, -1.0)):
        rods.append(Rod(end, along(end, axis, way * length), outer, inner, STEEL, _PLATINUM))
    return rods


def _draw(out: Float32Array, g: Geometry, rod: Rod, view: AnyArray) -> tuple[int, int]:
    length = norm(minus(rod.end_mm, rod.start_mm))
    if length <= 0.0:
        return g.n, 0
    spots = [project(g, p) for p in (rod.start_mm, rod.end_mm)]
    if min(m for _, _, m in spots) <= 0.0:
        return g.n, 0
    ends = np.array([(c, r, m / g.pitch_mm) for c, r, m in spots])
    axis = as_array(unit(minus(rod.end_mm, rod.start_mm)))
    sub = 3 if g.pitch_mm > _SUBPIXEL_MM else 2
    first, last = tube(
        out, as_array(g.source_mm), view, ends, as_array(rod.start_mm), axis, length,
        0.5 * rod.outer_mm, 0.5 * rod.inner_mm, sub, 0.1 * rod.gain,
    )  # fmt: skip
    return first, last


def devices(
    g: Geometry,
    cannulas: Sequence[Cannula | None],
    tamps: Sequence[Tamp | None],
    cement: Cement,
    fill: Patch | None,
) -> Devices | None:
    """Return all tools, contrast and cement seen from `g`; None if there is nothing.

    Args:
        g: Geometry.
        cannulas: per `Side`.
        tamps: per `Side`.
        cement: for what stands in the cannulas.
        fill: cement and contrast in the bone, from `PatientProjector.fill`.
    """
    rods: list[Rod] = []
    for side in Side:
        cannula, tamp = cannulas[side], tamps[side]
        if cannula is not None:
            rods += rods_of(cannula, cement.cannula_ml[side])
        if tamp is not None:
            rods += rods_of_tamp(tamp, tamp.tail_mm if cannula is None else cannula.hub_mm)
    if not rods and fill is None:
        return None
    lengths = np.zeros((3, g.n, g.n), np.float32)
    right, up = as_array(g.right) * g.pitch_mm, as_array(g.up) * g.pitch_mm
    view = np.array([as_array(first_pixel(g)), right, -up])
    spans = [_draw(lengths[rod.plane], g, rod, view) for rod in rods]
    if fill is not None:
        rows, cols = fill.first.shape
        part = np.s_[fill.row : fill.row + rows, fill.col : fill.col + cols]
        lengths[CEMENT][part] += fill.first
        lengths[CONTRAST][part] += fill.second
        spans.append((fill.row, fill.row + rows))
    return Devices(lengths, (min(a for a, _ in spans), max(b for _, b in spans)))
