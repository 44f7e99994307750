"""What the tube gives and what matter leaves of it: full spectra, and short sums for pictures."""

from __future__ import annotations

import csv
import json
import math
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache

import numpy as np

from simulator.imaging.machine import machine
from simulator.paths import asset
from simulator.units import FloatArray, frozen

BASES = ("soft", "cortical", "cement", "contrast", "steel")
"""Basis materials in the order of every table: soft tissue and cortical bone (ICRU-44), cement with
30 % BaSO4 in its powder, iohexol of 150 mgI/mL, steel 316L."""

FILTERS_MM = (0.0, 0.1, 0.2, 0.3)
"""Thicknesses of copper with tables."""

_STEP_KV = 5.0
_KERMA_STEP_KV = 10.0


@dataclass(frozen=True, slots=True)
class Nodes:
    """A beam as four exponentials: signal = sum of weights * exp(-mu lengths)."""

    weights: FloatArray
    """(4,), summing to 1."""
    mu: FloatArray
    """(4, 5) per cm, by `BASES`."""


@dataclass(frozen=True, slots=True)
class _Spectra:
    """Detector signal by photon energy, without added copper."""

    energy_weight: FloatArray
    """(kVp, bins) photons times the energy each leaves in the scintillator."""
    mu: FloatArray
    """(5, bins) per cm, by `BASES`."""
    copper: FloatArray
    """(bins,) per cm."""


def _table(name: str) -> list[dict[str, float]]:
    with asset(name).open(newline="") as file:
        rows = csv.DictReader(line for line in file if not line.startswith("#"))
        return [{k: float(x) for k, x in row.items()} for row in rows]


def _kvps() -> FloatArray:
    limits = machine().limits
    return np.arange(limits.kvp_min, limits.kvp_max + 0.5 * _STEP_KV, _STEP_KV)


@lru_cache(maxsize=1)
def _spectra() -> _Spectra:
    rows = _table("beam/spectra.csv")
    column = {name: np.array([row[name] for row in rows]) for name in rows[0]}
    absorbed = column["keV"] * column["absorption"]
    return _Spectra(
        frozen(np.array([column[f"kvp{kvp:g}"] * absorbed for kvp in _kvps()])),
        frozen(np.array([column[name] for name in BASES])),
        frozen(column["copper"]),
    )


@lru_cache(maxsize=1)
def _nodes() -> dict[float, FloatArray]:
    """Return the logarithms of weights and coefficients by filter, (kVp, 4, 6)."""
    data = json.loads(asset("beam/spectral_nodes.json").read_text())["nodes"]
    out = {}
    for copper in FILTERS_MM:
        fits = [data[f"{kvp:g}kVp_{copper:g}Cu"] for kvp in _kvps()]
        rows = [[fit["weights"], *(fit["mu_per_cm"][m] for m in BASES)] for fit in fits]
        out[copper] = frozen(np.log(np.array(rows)).transpose(0, 2, 1))
    return out


@lru_cache(maxsize=1)
def _outputs() -> dict[tuple[float, float], tuple[float, float, float, float, float]]:
    """Kerma per mAs, and kerma over signal behind two paths: (Y, p1, ratio1, p2, ratio2)."""
    return {
        (v["kvp"], v["copper_mm"]): (
            v["kerma_ugy_per_mas_1m"],
            v["s_p"],
            v["s_t"] * math.exp(v["s_p"]),
            v["a_p"],
            v["a_t"] * math.exp(v["a_p"]),
        )
        for v in _table("beam/beam.csv")
    }


def _filter(kvp: float, copper_mm: float) -> float:
    """Return the tabulated filter; raises ValueError for a beam outside the tables."""
    limits = machine().limits
    if not limits.kvp_min <= kvp <= limits.kvp_max:
        raise ValueError(f"{kvp} kVp is outside {limits.kvp_min:g} to {limits.kvp_max:g}")
    for copper in FILTERS_MM:
        if abs(copper - copper_mm) < 1e-9:
            return copper
    raise ValueError(f"no table for {copper_mm} mm of copper; there are {FILTERS_MM}")


def _cubic(kvp: float) -> tuple[slice, FloatArray]:
    """Return the four tables around `kvp` and their weights in the cubic through them."""
    knots = _kvps()
    at = (kvp - knots[0]) / _STEP_KV
    first = min(max(math.floor(at) - 1, 0), len(knots) - 4)
    x = at - first
    weights = [math.prod((x - j) / (i - j) for j in range(4) if j != i) for i in range(4)]
    return slice(first, first + 4), np.array(weights)


@lru_cache(maxsize=64)
def nodes(kvp: float, copper_mm: float) -> Nodes:
    """Return the beam's short sum; raises ValueError outside the tables.

    Neighbouring tables were fitted from one another, so that their logarithms may be
    interpolated.
    """
    copper = _filter(kvp, copper_mm)
    near, share = _cubic(kvp)
    mixed = np.exp(np.tensordot(share, _nodes()[copper][near], 1))
    weights = mixed[:, 0] / mixed[:, 0].sum()
    return Nodes(frozen(weights), frozen(np.ascontiguousarray(mixed[:, 1:])))


def signals(beam: Nodes, lengths_cm: FloatArray) -> FloatArray:
    """Return the detector signal behind paths by the short sum, relative to the open field.

    Args:
        beam: From `nodes`.
        lengths_cm: (..., 5) path lengths by `BASES`.

    Returns:
        (...), 1 where every length is 0.
    """
    out: FloatArray = np.exp(-(lengths_cm @ beam.mu.T)) @ beam.weights
    return out


def transmission(kvp: float, copper_mm: float, lengths_cm: Mapping[str, float]) -> float:
    """Return the detector signal behind one path, relative to the open field.

    Integrates the full spectrum; between tabulated kVp the logarithm follows a cubic. Raises
    ValueError for a beam outside the tables or a material that is none of `BASES`.

    Args:
        kvp: 60 to 120.
        copper_mm: One of `FILTERS_MM`.
        lengths_cm: By name in `BASES`; what is missing is 0.
    """
    copper = _filter(kvp, copper_mm)
    unknown = set(lengths_cm) - set(BASES)
    if unknown:
        raise ValueError(f"unknown material: {', '.join(sorted(unknown))}")
    s = _spectra()
    near, share = _cubic(kvp)
    entering = s.energy_weight[near] * np.exp(-0.1 * copper * s.copper)
    behind = entering @ np.exp(-np.array([lengths_cm.get(m, 0.0) for m in BASES]) @ s.mu)
    return float(np.exp(share @ np.log(behind / entering.sum(axis=1))))


def _kerma_tables(kvp: float) -> tuple[float, float]:
    top = machine().limits.kvp_max - _KERMA_STEP_KV
    low = min(math.floor(kvp / _KERMA_STEP_KV) * _KERMA_STEP_KV, top)
    return low, low + _KERMA_STEP_KV


def kerma_per_mas(kvp: float, copper_mm: float) -> float:
    """Return the air kerma in uGy per mAs at 1 m, a power law between tabulated kVp."""
    copper = _filter(kvp, copper_mm)
    low, high = _kerma_tables(kvp)
    y0, y1 = _outputs()[low, copper][0], _outputs()[high, copper][0]
    power = math.log(y1 / y0) / math.log(high / low)
    return y0 * math.exp(power * math.log(kvp / low))


def kerma_over_signal(kvp: float, copper_mm: float, p: float) -> float:
    """Return air kerma transmission over signal transmission behind p = -ln signal.

    The signal counts energy absorbed in the scintillator, the receptor dose kerma in air; the
    ratio drifts with hardening, and is linear in p between two tabulated paths.
    """
    copper = _filter(kvp, copper_mm)
    tables = _kerma_tables(kvp)
    out = []
    for v in tables:
        _, p1, r1, p2, r2 = _outputs()[v, copper]
        out.append(r1 + (r2 - r1) * (min(max(p, 3.0), 9.0) - p1) / (p2 - p1))
    share = (kvp - tables[0]) / _KERMA_STEP_KV
    return (1.0 - share) * out[0] + share * out[1]
