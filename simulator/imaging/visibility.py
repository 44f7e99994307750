"""What stands out in a picture: leaks and tips against noise, anatomy and the shadow of devices.

A spot is told from its surroundings in two steps. A cell of the picture counts if the contrast
that the spot makes there exceeds the texture of the anatomy and a share of the shadow that other
devices throw on it. The cells that count must together rise above the quantum noise of one pulse
by Rose's factor. Signals behind patient and devices, scatter and quanta are those of the picture:
the same spectrum, the same dose, the same grid. Constants in assets/viewing.toml [seen].
"""

from __future__ import annotations

import math
from collections import deque
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np

from simulator.anatomy.views import true_ap, true_lateral
from simulator.frames import Side, as_array
from simulator.imaging import beam, blades
from simulator.imaging.blocks import first_pixel
from simulator.imaging.cells import (
    Box,
    Brought,
    around,
    brought,
    cells,
)
from simulator.imaging.elsewhere import elsewhere
from simulator.imaging.looking import seen
from simulator.imaging.machine import Setting, machine, setting
from simulator.imaging.positioner import Geometry, project
from simulator.imaging.tools import CEMENT, CONTRAST_GAIN, STEEL
from simulator.units import AnyArray, FloatArray, Vec3
from simulator.world.arm import Pose
from simulator.world.bearings import arm_angles
from simulator.world.cement import ROUTES, Route
from simulator.world.collimator import OPEN

if TYPE_CHECKING:
    from simulator.anatomy.patient import Patient
    from simulator.world.case import Case
    from simulator.world.state import State

_RAYS = 3
"""Rays per side through the patient about a spot."""
_TILE = 8
"""Cells per side of the ground that they measure: 6 mm at the patient."""
_grounds: deque[tuple[Patient, Geometry, tuple[int, int], tuple[float, float]]] = deque(maxlen=16)
"""Pure function values, kept for speed."""


@dataclass(frozen=True, slots=True)
class Look:
    """One picture as a means to see: where it is taken from and with what."""

    brought: Brought
    kvp: float
    mas: float
    setting: Setting

    @property
    def g(self) -> Geometry:
        """The picture's geometry, on cells."""
        return self.brought.g


def look(case: Case, state: State) -> Look:
    """Return the look of a pulse fired now."""
    arm = state.c_arm
    there = brought(cells(case.c_arm, arm.pose), state, elsewhere(case, state))
    return Look(there, arm.kvp, arm.mas_pulse, setting(case.c_arm, arm))


def required_looks(case: Case, state: State) -> tuple[Look, Look]:
    """Return the true AP and lateral of the target, with the field in use.

    The body in the middle, blades open, grid in, brightness control settled: what a picture as the
    rules ask for it could show.
    """
    marks, arm = case.patient.target.landmarks, state.c_arm
    looks = []
    set_ = setting(case.c_arm, replace(arm, collimator=OPEN, grid_in=True))
    for true in (true_ap(marks), true_lateral(marks)):
        pose = Pose(*arm_angles(true), marks.centre_mm, arm.pose.field_mm)
        lengths = beam.path_lengths(case.c_arm, case.patient, pose)
        kvp, mas = beam.settled(case.c_arm, set_, lengths, arm.pulses_per_s)
        there = brought(cells(case.c_arm, pose), state, elsewhere(case, state))
        looks.append(Look(there, kvp, mas, set_))
    return looks[0], looks[1]


def visible_routes(case: Case, by: Look) -> frozenset[Route]:
    """Return the leak routes whose cement stands out."""
    there = by.brought
    outside = there.route >= 0
    if not outside.any():
        return frozenset()
    box = around(there.g, there.spots[:, outside])
    if box is None:
        return frozenset()
    found = set()
    for route in np.unique(there.route[outside]).tolist():
        rest = there.all_but(box, route=route)
        own = np.zeros_like(rest)
        own[CEMENT] = there.of_route(box, route)
        if stands_out(case, by, box, own, rest):
            found.add(ROUTES[route])
    return frozenset(found)


def tip_seen(case: Case, by: Look, side: Side, tip_mm: Vec3) -> bool:
    """Return whether the foremost point of a side's tool is in the picture and not hidden.

    It is found by the last few millimetres of steel: behind cement, contrast medium or another
    cannula they may not stand out.
    """
    there = by.brought
    if there.tools[side] is None or not in_picture(by, tip_mm):
        return False
    col, row, m = project(there.g, tip_mm)
    reach = seen().tip_mm * m / there.g.pitch_mm
    box = around(there.g, np.array([[col - reach, col + reach], [row - reach, row + reach]]))
    if box is None:
        return False
    top, bottom, first, last = box
    rows, cols = np.mgrid[top:bottom, first:last]
    own = np.where(np.hypot(rows - row, cols - col) <= reach, there.tool(side, box), 0.0)
    return stands_out(case, by, box, own, there.all_but(box, side=side))


def in_picture(by: Look, point_mm: Vec3) -> bool:
    """Return whether a point falls on the detector, between the blades."""
    col, row, m = project(by.g, point_mm)
    if m <= 0.0 or not (-0.5 <= col <= by.g.n - 0.5 and -0.5 <= row <= by.g.n - 0.5):
        return False
    middle = 0.5 * (by.g.n - 1)
    return by.setting.collimator.passes(
        (col - middle) * by.g.pitch_mm, (middle - row) * by.g.pitch_mm
    )


def stands_out(case: Case, by: Look, box: Box, own_cm: FloatArray, rest_cm: FloatArray) -> bool:
    """Return whether a spot is told from what surrounds and covers it.

    Args:
        case: For the patient, the machine and the cement's look.
        by: The picture.
        box: The cells in question.
        own_cm: (3, rows, columns) cement, contrast medium and steel of the spot.
        rest_cm: The same of all other devices.
    """
    return signal_to_noise(case, by, box, own_cm, rest_cm) >= seen().rose


def signal_to_noise(
    case: Case, by: Look, box: Box, own_cm: FloatArray, rest_cm: FloatArray
) -> float:
    """Return signal over quantum noise of those cells of a spot that nothing hides.

    Arguments as those of `stands_out`. Each cell is weighted by its contrast: the best that can
    be made of one pulse.
    """
    here = own_cm.any(axis=0) & _open(by, box)
    if not here.any():
        return 0.0
    limits, d = seen(), machine().detector
    bare, behind, quanta = _signals(case, by, box, rest_cm[:, here], own_cm[:, here])
    filled, rest, both = behind
    contrast = np.abs(np.log(rest / both))
    uneven = limits.shadow_share * np.log(bare / filled)
    even = limits.steel_share * np.log(filled / rest)
    plain = contrast**2 > limits.texture**2 + uneven**2 + even**2
    electronic = d.electronic_quanta * math.sqrt(d.dqe) * by.g.pitch_mm / d.electronic_pixel_mm
    counts = quanta * both
    variance = (counts + electronic**2) / counts**2
    return math.sqrt(float((contrast[plain] ** 2 / variance[plain]).sum()))


def _signals(
    case: Case, by: Look, box: Box, rest_cm: FloatArray, own_cm: FloatArray
) -> tuple[float, FloatArray, float]:
    """Return brightness without devices, then (3, n) behind them, and quanta.

    The three are behind the rest but its steel, behind the rest, and behind all.
    Brightness is relative to the open field and holds the scatter, which devices hardly change;
    quanta are those of a brightness of 1 in one cell.
    """
    patient = _patient_cm(case, by, box)
    b = beam.nodes(by.kvp, by.setting.curve.copper_mm)
    through = np.array([*patient, 0.0, 0.0, 0.0])
    direct = float(beam.signals(b, through))
    depth = beam.scattering_cm(through[:1], through[1:2])
    parts = beam.scatter_parts(by.setting.grid, by.kvp, depth)
    open_ = by.setting.field_mm, by.setting.collimator
    scatter = direct * sum(float(a[0]) * blades.share(sigma, *open_) for a, sigma in parts)
    no_steel = rest_cm.copy()
    no_steel[STEEL] = 0.0
    stack = np.stack([no_steel, rest_cm, rest_cm + own_cm])
    behind = beam.signals(b, through + _basis(case, stack)) + scatter
    d = machine().detector
    dose = beam.open_dose_ngy(case.c_arm, by.setting, by.kvp, by.mas, -math.log(direct))
    quanta = d.dqe * d.photons_mm2_ugy * dose / 1000.0 * by.g.pitch_mm**2
    return direct + scatter, behind, quanta


def _basis(case: Case, lengths_cm: FloatArray) -> FloatArray:
    """Return (..., n, 5) lengths by `beam.BASES` of (..., 3, n) devices, which displace tissue."""
    cement, contrast, steel = np.moveaxis(lengths_cm, -2, 0)
    spec = case.cement
    soft = (spec.attenuation_soft - 1.0) * cement - contrast - steel
    parts = (soft, 0.0 * soft, spec.attenuation_cement * cement, CONTRAST_GAIN * contrast, steel)
    return np.stack(parts, axis=-1)


def _patient_cm(case: Case, by: Look, box: Box) -> tuple[float, float]:
    """Return the mean path through the patient about a box: soft tissue, cortical bone, cm.

    On tiles of the picture, so that a spot that grows or moves a little keeps its ground.
    """
    top, bottom, first, last = box
    # Counted from the middle, so that mirrored pictures have mirrored tiles.
    tile = _tile(top, bottom, by.g.n), _tile(first, last, by.g.n)
    for patient, view, place, known in _grounds:
        if patient is case.patient and place == tile and view == by.g:
            return known
    found = _ground_cm(case.patient, by.g, tile)
    _grounds.append((case.patient, by.g, tile, found))
    return found


def _tile(first: int, last: int, n: int) -> int:
    """Return the tile of the middle of some cells; 0 is that of the middle of the picture."""
    return round((first + last - n) / (2 * _TILE))


def _ground_cm(patient: Patient, g: Geometry, tile: tuple[int, int]) -> tuple[float, float]:
    corner = as_array(first_pixel(g))
    right, down = as_array(g.right) * g.pitch_mm, as_array(g.up) * -g.pitch_mm
    spread = np.linspace(-0.5, 0.5, _RAYS)
    rows, cols = (0.5 * (g.n - 1) + _TILE * (at + spread) for at in tile)
    ends = np.array([corner + c * right + r * down for r in rows for c in cols])
    soft, cortical = beam.cast(patient, g.source_mm, ends).mean(axis=0)
    return max(float(soft), 0.0), float(cortical)


def _open(by: Look, box: Box) -> AnyArray:
    """Return which cells of a box the blades leave open."""
    top, bottom, first, last = box
    if by.setting.collimator == OPEN:
        return np.ones((bottom - top, last - first), bool)
    pitch, middle = by.g.pitch_mm, 0.5 * (by.g.n - 1)
    return np.array(
        [
            [
                by.setting.collimator.passes((c - middle) * pitch, (middle - r) * pitch)
                for c in range(first, last)
            ]
            for r in range(top, bottom)
        ]
    )
