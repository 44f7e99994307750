"""Needles, cannulas, balloons and cement as path lengths on the picture."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from itertools import pairwise

import numpy as np

from simulator.frames import Side, along, as_array, minus, norm, unit
from simulator.imaging.blocks import Patch, first_pixel
from simulator.imaging.memory import Memory
from simulator.imaging.positioner import Geometry, project
from simulator.kernels.tube import tube
from simulator.units import MM3_PER_ML, AnyArray, Float32Array, Vec3, frozen
from simulator.world.cement import Cement
from simulator.world.tamp import Tamp
from simulator.world.tools import Cannula, Inside, Passed

Path = tuple[Vec3, ...]

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
_FILLER_GRIP_MM = 30.0
"""A bone filler stands out of the cannula's hub by this much (design)."""
_FILLER_BAND_MM, _FILLER_BAND = 1.5, 3.0
"""Band about its open end: length, and attenuation over that of its steel wall (design)."""
_PLUNGER_STEP_MM = 3.0
_NITINOL = 0.8
"""Nickel-titanium attenuates as so much of its thickness of steel at 60 keV (7.6 against 9.5)."""
_BAND = 1.2
"""A platinum band of 0.1 mm about the end of a curved needle's wall of 0.2 mm, as steel."""
_CONE_PARTS = 4
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


def rods_of(cannula: Cannula, cement_ml: float, filler_ml: float = 0.0) -> list[Rod]:
    """Return a cannula and what stands in its bore.

    Args:
        cannula: as it stands.
        cement_ml: in its own bore, from the tip backwards.
        filler_ml: in a bone filler that is passed through it, from its open end backwards.
    """
    shaft, bore = cannula.shaft_mm(), cannula.inner_mm
    if cannula.inside is Inside.STYLET:
        return _with_stylet(cannula, shaft)
    rods = _rods(shaft, cannula.outer_mm, bore)
    if cannula.passed is not None:
        return rods + _rods_passed(cannula, cannula.passed, cement_ml)
    if cannula.inside is Inside.FILLER and cannula.takes_nozzle:
        rods += _nozzle(cannula, shaft, filler_ml)
    return rods + _column(shaft, bore, cement_ml)


def _nozzle(cannula: Cannula, shaft: Path, filler_ml: float) -> list[Rod]:
    """A bone filler's tube from outside the hub to its open end, with band, plunger and cement.

    Cement leaves at its open end, in front of the cannula. The plunger's rod follows the cement;
    it is drawn in steps, so that metal that hardly moves is drawn once.
    """
    outer = cannula.inner_mm - 2.0 * _CLEARANCE_MM
    inner = outer - 2.0 * _FILLER_WALL_MM
    line = (along(shaft[0], cannula.direction, -_FILLER_GRIP_MM), *shaft)
    if norm(minus(cannula.nozzle_mm, shaft[-1])) > 0.0:
        line = (*line, cannula.nozzle_mm)
    body, end = _cut(line, _FILLER_BAND_MM)
    held_mm = max(filler_ml, 0.0) * MM3_PER_ML / (math.pi * (0.5 * inner) ** 2)
    rod, cement = _cut(line, round(held_mm / _PLUNGER_STEP_MM) * _PLUNGER_STEP_MM)
    rods = _rods(body, outer, inner) + _rods(end, outer, inner, gain=_FILLER_BAND)
    if len(rod) > 1:
        rods += _rods(rod, inner)
    return rods + _rods(cement, inner, plane=CEMENT)


def _with_stylet(cannula: Cannula, shaft: Path) -> list[Rod]:
    """A closed needle: its point is the stylet's, ground beyond the end of the tube."""
    tube, point = _cut(shaft, _POINT_MM)
    steel = cannula.inner_mm - 2.0 * _CLEARANCE_MM
    rods = _rods(tube, cannula.outer_mm, cannula.inner_mm) + _rods(tube, steel)
    base, tip = point[0], point[-1]
    for k in range(_CONE_PARTS):
        a, b = (along(base, minus(tip, base), j / _CONE_PARTS) for j in (k, k + 1))
        rods.append(Rod(a, b, steel * (1.0 - (k + 0.5) / _CONE_PARTS)))
    return rods


def _rods_passed(cannula: Cannula, passed: Passed, cement_ml: float) -> list[Rod]:
    """A wire, drill or curved needle from outside its cannula's hub to its own tip."""
    shaft = cannula.shaft_mm()
    behind = passed.length_mm - cannula.length_mm - passed.reach_mm
    start = along(shaft[0], cannula.direction, -max(behind, 0.0))
    if passed.reach_mm > 0.0:
        line = (start, *shaft, *passed.shaft_mm()[1:])
    else:
        line = (start, *_cut(shaft, -passed.reach_mm)[0])
    if passed.kind is not Inside.CURVED:
        return _rods(line, passed.outer_mm)
    body, end = _cut(line, _MARKER_MM[2])
    rods = _rods(body, passed.outer_mm, passed.inner_mm, gain=_NITINOL)
    rods += _rods(end, passed.outer_mm, passed.inner_mm, gain=_NITINOL + _BAND)
    return rods + _column(line, passed.inner_mm, cement_ml)


def _column(line: Path, bore_mm: float, cement_ml: float) -> list[Rod]:
    """Cement that stands in a bore, from its end backwards."""
    if cement_ml <= 0.0:
        return []
    length = cement_ml * MM3_PER_ML / (math.pi * (0.5 * bore_mm) ** 2)
    return _rods(_cut(line, length)[1], bore_mm, plane=CEMENT)


def _rods(
    line: Path, outer_mm: float, inner_mm: float = 0.0, plane: int = STEEL, gain: float = 1.0
) -> list[Rod]:
    """Return one straight rod for every piece of a polyline."""
    return [Rod(a, b, outer_mm, inner_mm, plane, gain) for a, b in pairwise(line)]


def _cut(line: Path, back_mm: float) -> tuple[Path, Path]:
    """Cut a polyline `back_mm` before its end; the first part is a point if it is shorter."""
    rest = list(line)
    end = [rest[-1]]
    while len(rest) > 1:
        piece = norm(minus(rest[-1], rest[-2]))
        if back_mm <= piece:
            spot = along(rest[-1], unit(minus(rest[-2], rest[-1])), back_mm)
            return (*rest[:-1], spot), (spot, *end)
        back_mm -= piece
        rest.pop()
        end.insert(0, rest[-1])
    return tuple(rest), tuple(end)


def rods_of_tamp(tamp: Tamp, hub_mm: Vec3) -> list[Rod]:
    """Return the wire and the two markers of a tamp whose shaft comes from `hub_mm`."""
    axis = unit(minus(tamp.tip_mm, tamp.tail_mm))
    outer, inner, length = _MARKER_MM
    rods = [Rod(hub_mm, tamp.tip_mm, _WIRE_MM)]
    for end, way in ((tamp.tail_mm, 1.0), (tamp.tip_mm, -1.0)):
        rods.append(Rod(end, along(end, axis, way * length), outer, inner, STEEL, _PLATINUM))
    return rods


def rods_on(
    cannula: Cannula | None, tamp: Tamp | None, cement: Cement, side: Side
) -> tuple[Rod, ...]:
    """Return everything on one side: its cannula, what stands in it, and its tamp."""
    rods: list[Rod] = []
    if cannula is not None:
        rods += rods_of(cannula, cement.cannula_ml[side], cement.fillings[side].ml)
    if tamp is not None:
        rods += rods_of_tamp(tamp, tamp.tail_mm if cannula is None else cannula.hub_mm)
    return tuple(rods)


def rods_of_tails(cement: Cement) -> list[Rod]:
    """Return cement that was drawn out along tracts."""
    return [Rod(t.start_mm, t.end_mm, t.bore_mm, plane=CEMENT) for t in cement.tails]


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
    memory: Memory | None = None,
    more: Sequence[Rod] = (),
) -> Devices | None:
    """Return all tools, contrast and cement seen from `g`; None if there is nothing.

    Give the same `memory` again and again: metal that stays is drawn once.

    Args:
        g: Geometry.
        cannulas: per `Side`.
        tamps: per `Side`.
        cement: for what stands in the cannulas and fillers, and what was drawn out of the bone.
        fill: cement and contrast in the bone, from `PatientProjector.fill`.
        memory: of earlier pictures.
        more: needles that stand in other levels.
    """
    rods = [*more, *(rod for s in Side for rod in rods_on(cannulas[s], tamps[s], cement, s))]
    rods += rods_of_tails(cement)
    if not rods and fill is None:
        return None
    once = (memory or Memory()).once
    view = (g.source_mm, g.centre_mm, g.right, g.up, g.pitch_mm, g.n)
    planes = [tuple(rod for rod in rods if rod.plane == p) for p in (CEMENT, CONTRAST, STEEL)]

    def made() -> Devices:
        drawn = [
            once(f"rods {p}", (view, some), partial(_drawn, g, some))
            for p, some in enumerate(planes)
        ]
        return _together(drawn, fill, g.n)

    return once("devices", (view, *planes, fill), made)


@dataclass(frozen=True, slots=True)
class _Drawing:
    """Rods of one plane."""

    row: int
    lengths_cm: Float32Array
    """(rows, n) from `row` on."""


def _drawn(g: Geometry, rods: Sequence[Rod]) -> _Drawing:
    if not rods:
        return _Drawing(g.n, frozen(np.zeros((0, g.n), np.float32)))
    out = np.zeros((g.n, g.n), np.float32)
    right, up = as_array(g.right) * g.pitch_mm, as_array(g.up) * g.pitch_mm
    view = np.array([as_array(first_pixel(g)), right, -up])
    spans = [_draw(out, g, rod, view) for rod in rods]
    first, last = min(a for a, _ in spans), max(b for _, b in spans)
    return _Drawing(first, frozen(out[first:last].copy()))


def _together(drawn: Sequence[_Drawing], fill: Patch | None, n: int) -> Devices:
    """Return the planes of rods, and what fills the bone."""
    lengths = np.zeros((3, n, n), np.float32)
    spans = []
    for plane, drawing in enumerate(drawn):
        last = drawing.row + len(drawing.lengths_cm)
        lengths[plane, drawing.row : last] = drawing.lengths_cm
        spans.append((drawing.row, last))
    if fill is not None:
        rows, cols = fill.first.shape
        part = np.s_[fill.row : fill.row + rows, fill.col : fill.col + cols]
        lengths[CEMENT][part] += fill.first
        lengths[CONTRAST][part] += fill.second
        spans.append((fill.row, fill.row + rows))
    filled = [(a, b) for a, b in spans if b > a]
    bounds = (min(a for a, _ in filled), max(b for _, b in filled)) if filled else (n, 0)
    return Devices(frozen(lengths), bounds)
