"""The beam in the patient: what scatters, how bright the picture is, how the machine sets it."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING

import numpy as np

from simulator.frames import along
from simulator.imaging.blades import share
from simulator.imaging.blocks import first_pixel
from simulator.imaging.dose import kerma_mgy, rate_limit_mas
from simulator.imaging.machine import Grid, Setting, machine
from simulator.imaging.positioner import geometry
from simulator.imaging.spectra import (
    BASES,
    Nodes,
    kerma_over_signal,
    kerma_per_mas,
    nodes,
    signals,
    transmission,
)
from simulator.kernels.raycast import march
from simulator.units import AnyArray, FloatArray, Vec3

if TYPE_CHECKING:
    from simulator.anatomy.patient import Patient
    from simulator.world.arm import Pose
    from simulator.world.instruments import CArmSpec

__all__ = [
    "BASES",
    "Nodes",
    "PathLengths",
    "cast",
    "kerma_mgy",
    "kerma_per_mas",
    "mean_signal",
    "nodes",
    "open_dose_ngy",
    "path_lengths",
    "receptor_dose_ngy",
    "scatter_parts",
    "settled",
    "signals",
    "transmission",
    "trimmed_mean",
]

_FAN = 5
"""Rays per side of the brightness control's measuring field, the central third of the picture."""
_COARSE_MM = 2.0
"""Step of those rays."""


def scattering_cm(soft_cm: AnyArray, cortical_cm: AnyArray) -> FloatArray:
    """Return the thickness of soft tissue that scatters as much, within the fitted range."""
    s = machine().scatter
    t: FloatArray = soft_cm + s.cortical_equivalent * cortical_cm
    return np.clip(t, 0.0, s.thickness_limit_cm)


def scatter_parts(grid: Grid, kvp: float, thickness_cm: AnyArray) -> list[tuple[FloatArray, float]]:
    """Return scatter made per primary, both behind the grid, at an endless uniform slab.

    Args:
        grid: In or out.
        kvp: Tube voltage.
        thickness_cm: From `scattering_cm`.

    Returns:
        Per Gaussian its amount, shaped like `thickness_cm`, and its spread at the detector in mm.
    """
    gain = _at(grid.kvp_factor, kvp)
    return [(gain * a * (thickness_cm / 20.0) ** b, sigma) for a, b, sigma in grid.gaussians]


@dataclass(frozen=True, slots=True)
class PathLengths:
    """What the beam meets in the middle of the field: enough for dose and brightness."""

    pose: Pose
    soft_cm: tuple[float, ...]
    """Per ray of a coarse fan."""
    cortical_cm: tuple[float, ...]


def path_lengths(spec: CArmSpec, patient: Patient, pose: Pose) -> PathLengths:
    """Cast the coarse fan: a function of patient and pose only, never of a rendered picture."""
    g = geometry(spec, pose, 3 * _FAN)
    first = first_pixel(g)
    ends = np.array(
        [
            along(along(first, g.right, c * g.pitch_mm), g.up, -r * g.pitch_mm)
            for r in range(_FAN, 2 * _FAN)
            for c in range(_FAN, 2 * _FAN)
        ]
    )
    total = cast(patient, g.source_mm, ends)
    return PathLengths(pose, tuple(total[:, 0].tolist()), tuple(total[:, 1].tolist()))


def cast(patient: Patient, source_mm: Vec3, ends_mm: FloatArray) -> FloatArray:
    """Return coarse path lengths through the patient without any device, cm.

    Args:
        patient: Who is looked through, as before any lift.
        source_mm: Where all rays start.
        ends_mm: (n, 3) where they end.

    Returns:
        (n, 2) soft tissue and cortical bone.
    """
    total = np.zeros((len(ends_mm), 2))
    for volume in (patient.torso, *patient.extras, *(v.volume for v in patient.vertebrae)):
        origin, side = np.array(volume.origin_mm), volume.spacing_mm
        total += march(
            volume.soft,
            volume.cortical,
            (np.array(source_mm) - origin) / side,
            (ends_mm - origin) / side,
            max(_COARSE_MM / side, 1.0),
            side / 10.0,
        )
    return total


def trimmed_mean(values: AnyArray) -> float:
    """Return the mean between the 20th and 80th percentile: metal and air do not count."""
    ordered = np.sort(values, axis=None)
    return float(ordered[ordered.size // 5 : max(4 * ordered.size // 5, 1)].mean())


def _measured(lengths: PathLengths, setting: Setting) -> FloatArray:
    """Return the rays of the measuring field that the blades let through: (rays, bases) cm."""
    cell_mm = setting.field_mm / (3 * _FAN)
    at = [(k - _FAN // 2) * cell_mm for k in range(_FAN)]
    passes = setting.collimator.passes
    kept = [k for k in range(_FAN * _FAN) if passes(at[k % _FAN], -at[k // _FAN])]
    rays = np.zeros((len(kept), len(BASES)))
    rays[:, 0] = [max(lengths.soft_cm[k], 0.0) for k in kept]
    rays[:, 1] = [lengths.cortical_cm[k] for k in kept]
    return rays


def mean_signal(setting: Setting, kvp: float, lengths: PathLengths) -> float:
    """Return what the patient leaves of the beam in the measuring field, relative to none."""
    rays = _measured(lengths, setting)
    return trimmed_mean(signals(nodes(kvp, setting.curve.copper_mm), rays))


def receptor_dose_ngy(
    spec: CArmSpec, setting: Setting, kvp: float, mas: float, lengths: PathLengths
) -> float:
    """Return the receptor dose of one pulse in the measuring field, scatter included.

    The measuring field is the middle third of the picture, as much of it as lies in the opening.
    """
    rays = _measured(lengths, setting)
    signal = trimmed_mean(signals(nodes(kvp, setting.curve.copper_mm), rays))
    depth = trimmed_mean(scattering_cm(rays[:, 0], rays[:, 1]))
    parts = scatter_parts(setting.grid, kvp, np.array(depth))
    field_mm, blades = setting.field_mm, setting.collimator
    spr = sum(float(amount) * share(sigma, field_mm, blades) for amount, sigma in parts)
    return open_dose_ngy(spec, setting, kvp, mas, -math.log(signal)) * signal * (1.0 + spr)


def open_dose_ngy(spec: CArmSpec, setting: Setting, kvp: float, mas: float, p: float) -> float:
    """Return the receptor dose that a signal of 1 stands for, behind p = -ln signal of patient."""
    copper_mm = setting.curve.copper_mm
    kerma = kerma_per_mas(kvp, copper_mm) * mas * (1000.0 / spec.sdd_mm) ** 2
    passed = setting.grid.primary_transmission
    return 1000.0 * kerma * passed * kerma_over_signal(kvp, copper_mm, p)


@lru_cache(maxsize=64)
def settled(
    spec: CArmSpec, setting: Setting, lengths: PathLengths, pulses_per_s: float = 0.0
) -> tuple[float, float]:
    """Return the (kVp, mAs) at which the brightness control comes to rest.

    One unknown: kVp climbs along the programmed mAs curve until the receptor dose is met. At
    the lowest kVp the mAs falls instead, at the highest it may rise a little. At
    `pulses_per_s` the legal limit of the kerma rate is kept; a single shot (0) has none. Rounded,
    so that the last bit of a machine's exponential does not get into the run.
    """
    m = machine()
    sizes = sorted(zip(m.fields.sizes_mm, m.fields.dose_factor, strict=True))
    curve = setting.curve
    target = curve.receptor_dose_ngy * _at(tuple(sizes), setting.field_mm)
    low, high = m.limits.kvp_min, m.limits.kvp_max

    def dose(kvp: float) -> float:
        return receptor_dose_ngy(spec, setting, kvp, curve.mas(kvp), lengths)

    if dose(low) >= target:
        kvp, mas = low, curve.mas(low) * target / dose(low)
    elif dose(high) <= target:
        kvp, mas = high, curve.mas(high) * min(target / dose(high), m.limits.boost)
    else:
        kvp = round(_where(dose, target, low, high), 2)
        mas = curve.mas(kvp)
    if mas > rate_limit_mas(spec, curve, kvp, pulses_per_s):
        # The programmed curve is left where the law binds: down it until the rate is legal.
        legal = _where(
            lambda v: curve.mas(v) / rate_limit_mas(spec, curve, v, pulses_per_s), 1.0, low, kvp
        )
        kvp = round(legal - 0.005, 2)
        mas = min(curve.mas(kvp), rate_limit_mas(spec, curve, kvp, pulses_per_s))
    return kvp, round(mas, 5)


def _where(rising: Callable[[float], float], value: float, low: float, high: float) -> float:
    """Return the place in low .. high where a rising function reaches `value`."""
    for _ in range(24):
        middle = 0.5 * (low + high)
        low, high = (middle, high) if rising(middle) < value else (low, middle)
    return low


def _at(table: tuple[tuple[float, float], ...], x: float) -> float:
    return float(np.interp(x, [k for k, _ in table], [v for _, v in table]))
