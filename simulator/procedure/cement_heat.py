"""Warmth of setting cement in the body and in the canal.

Cement gives off the heat of its monomer while it sets; it spreads by conduction through bone and
marrow, and blood takes some of it away. The temperature at a point is a sum over cells of cement
and moments of setting of Green's function of the heat equation for a small ball.
"""

from __future__ import annotations

import numpy as np

from simulator.units import FloatArray, Vec3
from simulator.world.bearings import wall_point
from simulator.world.case import Case
from simulator.world.instruments import CementSpec
from simulator.world.report import Metric
from simulator.world.state import State

_BODY_C = 37.0
_MONOMER_J_G = 544.0
"""57 kJ/mol of methyl methacrylate, 100 g/mol."""
_CELL_MM = 3.0
_PULSES = 8
_UNTIL_S, _MOMENTS = 900.0, 60
_HEIGHTS = 7
_BEHIND_MM = 2.5
"""Dura and roots begin so far behind the posterior wall."""


def heat_j_ul(spec: CementSpec) -> float:
    """Return the heat that a microlitre of cement gives off, J."""
    monomer = spec.liquid_g / (spec.powder_g + spec.liquid_g)
    return monomer * _MONOMER_J_G * spec.density_g_ml * 1e-3


def warming_k(
    at: Vec3, points: FloatArray, joules: FloatArray, since_s: FloatArray, c: dict[str, float]
) -> FloatArray:
    """Return (60,) temperature rises at one point over a quarter of an hour, kelvin.

    Args:
        at: mm.
        points: (n, 3) middles of cells of cement, mm.
        joules: (n,) heat of each.
        since_s: (n,) when each begins to set, s.
        c: constants of section "cement".
    """
    time = np.linspace(0.0, _UNTIL_S, _MOMENTS + 1)[1:]
    away2 = ((points - np.array(at)) ** 2).sum(axis=1)
    out = np.zeros(_MOMENTS)
    for pulse in range(_PULSES):
        start = since_s + c["setting_s"] * (pulse + 0.5) / _PULSES
        past = time[:, None] - start[None, :]
        # a cell is as wide as a Gaussian of the same second moment
        spread = 2.0 * c["diffusivity_mm2_s"] * np.maximum(past, 0.0) + _CELL_MM**2 / 12.0
        shape = np.exp(-away2 / (2.0 * spread)) / (2.0 * np.pi * spread) ** 1.5
        kept = np.where(past > 0.0, np.exp(-c["perfusion_per_s"] * np.maximum(past, 0.0)), 0.0)
        out += (shape * kept) @ joules / (_PULSES * c["heat_capacity_j_mm3_k"])
    return out


def _cells(case: Case, state: State) -> tuple[FloatArray, FloatArray, FloatArray]:
    """Return middles, heat and begin of setting of cells of cement in and behind the body."""
    bone, cloud = state.body.bone, state.cement.cloud
    index = np.stack(np.unravel_index(cloud.voxel, bone.shape), axis=1)
    points = index * bone.spacing_mm + np.array(bone.origin_mm)
    volumes, ages = cloud.fill * cloud.volume_ul, cloud.age_s
    key = np.round(points / _CELL_MM).astype(np.int64)
    _, cell = np.unique(key, axis=0, return_inverse=True)
    cell = cell.ravel()
    total: FloatArray = np.bincount(cell, volumes).astype(np.float64)
    middle = np.stack([np.bincount(cell, volumes * q) / total for q in points.T], axis=1)
    age: FloatArray = (np.bincount(cell, volumes * ages) / total).astype(np.float64)
    begin: FloatArray = (age.max() - age) / case.physics["cement"]["ageing_bone"]
    return middle, total * heat_j_ul(case.cement), begin


def body_peak_c(case: Case, state: State) -> Metric:
    """Hottest the middle of the cement becomes."""
    middle, joules, begin = _cells(case, state)
    x, y, z = (joules @ middle) / joules.sum()
    constants = case.physics["cement"]
    return _BODY_C + float(warming_k((x, y, z), middle, joules, begin, constants).max())


def canal_peak_c(case: Case, state: State) -> Metric:
    """Hottest the front of the canal becomes in the midline, anywhere behind the cement."""
    middle, joules, begin = _cells(case, state)
    marks = case.patient.target.landmarks
    back, up = np.array(marks.axes[1]), np.array(marks.axes[2])
    start = np.array(wall_point(marks)) + _BEHIND_MM * back
    heights = (middle - start) @ up
    warmest = 0.0
    for height in np.linspace(heights.min(), heights.max(), _HEIGHTS):
        x, y, z = start + height * up
        rise = warming_k((x, y, z), middle, joules, begin, case.physics["cement"])
        warmest = max(warmest, float(rise.max()))
    return _BODY_C + warmest
