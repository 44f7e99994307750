"""The beam in the patient: what scatters, how bright the picture is, how the machine sets it."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING

import numpy as np

from simulator.frames import along
from simulator.imaging.blocks import first_pixel
from simulator.imaging.dose import kerma_mgy, rate_limit_mas
from simulator.imaging.machine import Grid, machine
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
    "field_share",
    "kerma_mgy",
    "kerma_per_mas",
    "mas_of",
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


def field_share(sigma_mm: float, field_mm: float) -> float:
    """Return the share of an endless slab's scatter that a square field makes at its centre."""
    return math.erf(0.5 * field_mm / (math.sqrt(2.0) * sigma_mm)) ** 2


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


def receptor_dose_ngy(
    spec: CArmSpec, kvp: float, mas: float, lengths: PathLengths, field_mm: float
) -> float:
    """Return the receptor dose of one pulse behind the grid, scatter included."""
    rays = np.zeros((len(lengths.soft_cm), len(BASES)))
    rays[:, 0], rays[:, 1] = np.maximum(lengths.soft_cm, 0.0), lengths.cortical_cm
    signal = trimmed_mean(signals(nodes(kvp, spec.copper_mm), rays))
    depth = trimmed_mean(scattering_cm(rays[:, 0], rays[:, 1]))
    parts = scatter_parts(machine().grid, kvp, np.array(depth))
    spr = sum(float(amount) * field_share(sigma, field_mm) for amount, sigma in parts)
    return open_dose_ngy(spec, kvp, mas, -math.log(signal)) * signal * (1.0 + spr)


def open_dose_ngy(
    spec: CArmSpec, kvp: float, mas: float, p: float, grid: Grid | None = None
) -> float:
    """Return the receptor dose that a signal of 1 stands for, behind p = -ln signal of patient."""
    kerma = kerma_per_mas(kvp, spec.copper_mm) * mas * (1000.0 / spec.sdd_mm) ** 2
    passed = (grid or machine().grid).primary_transmission
    return 1000.0 * kerma * passed * kerma_over_signal(kvp, spec.copper_mm, p)


def mas_of(spec: CArmSpec, kvp: float) -> float:
    """Return the programmed mAs per pulse at `kvp`."""
    return spec.mas_base + spec.mas_per_kv * (kvp - 50.0)


@lru_cache(maxsize=64)
def settled(
    spec: CArmSpec, lengths: PathLengths, field_mm: float, pulses_per_s: float = 0.0
) -> tuple[float, float]:
    """Return the (kVp, mAs) at which the brightness control comes to rest.

    One unknown: kVp climbs along the programmed mAs curve until the receptor dose is met. At
    the lowest kVp the mAs falls instead, at the highest it may rise a little. At
    `pulses_per_s` the legal limit of the kerma rate is kept; a single shot (0) has none. Rounded,
    so that the last bit of a machine's exponential does not get into the run.
    """
    m = machine()
    sizes = sorted(zip(m.fields.sizes_mm, m.fields.dose_factor, strict=True))
    target = spec.receptor_dose_ngy * _at(tuple(sizes), field_mm)
    low, high = m.limits.kvp_min, m.limits.kvp_max

    def dose(kvp: float) -> float:
        return receptor_dose_ngy(spec, kvp, mas_of(spec, kvp), lengths, field_mm)

    if dose(low) >= target:
        kvp, mas = low, mas_of(spec, low) * target / dose(low)
    elif dose(high) <= target:
        kvp, mas = high, mas_of(spec, high) * min(target / dose(high), m.limits.boost)
    else:
        kvp = round(_where(dose, target, low, high), 2)
        mas = mas_of(spec, kvp)
    if mas > rate_limit_mas(spec, kvp, pulses_per_s):
        # The programmed curve is left where the law binds: down it until the rate is legal.
        legal = _where(
            lambda v: mas_of(spec, v) / rate_limit_mas(spec, v, pulses_per_s), 1.0, low, kvp
        )
        kvp = round(legal - 0.005, 2)
        mas = min(mas_of(spec, kvp), rate_limit_mas(spec, kvp, pulses_per_s))
    return kvp, round(mas, 5)


def _where(rising: Callable[[float], float], value: float, low: float, high: float) -> float:
    """Return the place in low .. high where a rising function reaches `value`."""
    for _ in range(24):
        middle = 0.5 * (low + high)
        low, high = (middle, high) if rising(middle) < value else (low, middle)
    return low


def _at(table: tuple[tuple[float, float], ...], x: float) -> float:
    return float(np.interp(x, [k for k, _ in table], [v for _, v in table]))
