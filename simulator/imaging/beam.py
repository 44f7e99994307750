"""The X-ray beam: how much of it arrives, what it costs, and how the machine sets it."""

from __future__ import annotations

import csv
import json
import math
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING

import numpy as np

from simulator.frames import along, dot
from simulator.imaging.blocks import first_pixel
from simulator.imaging.machine import Grid, machine
from simulator.imaging.positioner import beam_direction, geometry
from simulator.kernels.raycast import march
from simulator.paths import asset
from simulator.units import AnyArray, FloatArray, frozen

if TYPE_CHECKING:
    from simulator.anatomy.patient import Patient
    from simulator.frames import Side
    from simulator.world.arm import Pose
    from simulator.world.instruments import CArmSpec

BASES = ("soft", "cortical", "cement", "contrast", "steel")
"""Basis materials in the order of every node table."""

_NAMES = (
    "soft_tissue_ICRU44",
    "cortical_bone_ICRU44",
    "cement_BaSO4_30powder",
    "iohexol_150mgI",
    "steel_316L",
)
_KVP_STEP = 10.0
_FILTERS = (0.0, 0.1, 0.2, 0.3)
_FAN = 5
"""Rays per side of the brightness control's measuring field, the central third of the picture."""
_COARSE_MM = 2.0
"""Step of those rays."""


@dataclass(frozen=True, slots=True)
class Nodes:
    """A beam between two tabulated ones: ln signal is interpolated, never the nodes."""

    weights: FloatArray
    """(2, 4), each row summing to 1."""
    mu: FloatArray
    """(2, 4, 5) per cm, by `BASES`."""
    share: float
    """0 is the first table, 1 the second."""


@lru_cache(maxsize=1)
def _tables() -> dict[tuple[float, float], tuple[FloatArray, FloatArray]]:
    data = json.loads(asset("beam/spectral_nodes.json").read_text())["nodes"]
    out = {}
    for key, node in data.items():
        kvp, copper = key.removesuffix("Cu").split("kVp_")
        weights = np.array(node["weights"])
        mu = np.array([node["mu_per_cm"][m] for m in _NAMES]).T
        out[float(kvp), float(copper)] = (frozen(weights / weights.sum()), frozen(mu))
    return out


@lru_cache(maxsize=1)
def _outputs() -> dict[tuple[float, float], tuple[float, float, float, float, float]]:
    """Kerma per mAs, and kerma over signal behind two paths: (Y, p1, ratio1, p2, ratio2)."""
    with asset("beam/beam.csv").open(newline="") as file:
        rows = list(csv.DictReader(line for line in file if not line.startswith("#")))
    out = {}
    for row in rows:
        v = {k: float(x) for k, x in row.items()}
        out[v["kvp"], v["copper_mm"]] = (
            v["kerma_ugy_per_mas_1m"],
            v["s_p"],
            v["s_t"] * math.exp(v["s_p"]),
            v["a_p"],
            v["a_t"] * math.exp(v["a_p"]),
        )
    return out


def _between(kvp: float, copper_mm: float) -> tuple[float, float, float, float]:
    """Return the tabulated kVp below and above, the share between, and the tabulated filter."""
    limits = machine().limits
    if not limits.kvp_min <= kvp <= limits.kvp_max:
        raise ValueError(f"{kvp} kVp is outside {limits.kvp_min:g} to {limits.kvp_max:g}")
    for copper in _FILTERS:
        if abs(copper - copper_mm) < 1e-9:
            break
    else:
        raise ValueError(f"no table for {copper_mm} mm of copper; there are {_FILTERS}")
    low = min(math.floor(kvp / _KVP_STEP) * _KVP_STEP, limits.kvp_max - _KVP_STEP)
    return low, low + _KVP_STEP, (kvp - low) / _KVP_STEP, copper


def nodes(kvp: float, copper_mm: float) -> Nodes:
    """Return the beam's exponential sum; raises ValueError outside the tables."""
    low, high, share, copper = _between(kvp, copper_mm)
    (w0, mu0), (w1, mu1) = _tables()[low, copper], _tables()[high, copper]
    return Nodes(np.array([w0, w1]), np.array([mu0, mu1]), share)


def signals(beam: Nodes, lengths_cm: FloatArray) -> FloatArray:
    """Return the detector signal behind paths, relative to the open field.

    Args:
        beam: From `nodes`.
        lengths_cm: (..., 5) path lengths by `BASES`.

    Returns:
        (...), 1 where every length is 0.
    """
    each = np.einsum("...m,tkm->t...k", lengths_cm, beam.mu)
    both = np.log(np.einsum("tk,t...k->t...", beam.weights, np.exp(-each)))
    mixed: FloatArray = np.exp((1.0 - beam.share) * both[0] + beam.share * both[1])
    return mixed


def transmission(kvp: float, copper_mm: float, lengths_cm: Mapping[str, float]) -> float:
    """Return the detector signal behind one path, relative to the open field.

    Raises ValueError for a beam outside the tables or a material that is none of `BASES`.
    """
    unknown = set(lengths_cm) - set(BASES)
    if unknown:
        raise ValueError(f"unknown material: {', '.join(sorted(unknown))}")
    row = np.array([lengths_cm.get(name, 0.0) for name in BASES])
    return float(signals(nodes(kvp, copper_mm), row))


def kerma_per_mas(kvp: float, copper_mm: float) -> float:
    """Return the air kerma in uGy per mAs at 1 m, a power law between tabulated kVp."""
    low, high, _, copper = _between(kvp, copper_mm)
    y0, y1 = _outputs()[low, copper][0], _outputs()[high, copper][0]
    power = math.log(y1 / y0) / math.log(high / low)
    return y0 * math.exp(power * math.log(kvp / low))


def kerma_over_signal(kvp: float, copper_mm: float, p: float) -> float:
    """Return air kerma transmission over signal transmission behind p = -ln signal.

    The signal counts energy absorbed in the scintillator, the receptor dose kerma in air; the
    ratio drifts with hardening, and is linear in p between two tabulated paths.
    """
    low, high, share, copper = _between(kvp, copper_mm)
    out = []
    for v in (low, high):
        _, p1, r1, p2, r2 = _outputs()[v, copper]
        out.append(r1 + (r2 - r1) * (min(max(p, 3.0), 9.0) - p1) / (p2 - p1))
    return (1.0 - share) * out[0] + share * out[1]


def scatter_ratio(grid: Grid, thickness_cm: FloatArray) -> FloatArray:
    """Return scatter made per primary, both behind the grid, at an endless uniform slab."""
    t = np.clip(thickness_cm, 0.0, grid.thickness_limit_cm)
    ratio: FloatArray = grid.scatter_amplitude * (t / 20.0) ** grid.scatter_exponent
    return ratio


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
    total = np.zeros((len(ends), 2))
    for volume in (patient.torso, *patient.extras, *(v.volume for v in patient.vertebrae)):
        origin, side = np.array(volume.origin_mm), volume.spacing_mm
        total += march(
            volume.soft,
            volume.cortical,
            (np.array(g.source_mm) - origin) / side,
            (ends - origin) / side,
            max(_COARSE_MM / side, 1.0),
            side / 10.0,
        )
    return PathLengths(pose, tuple(total[:, 0].tolist()), tuple(total[:, 1].tolist()))


def trimmed_mean(values: AnyArray) -> float:
    """Return the mean between the 20th and 80th percentile: metal and air do not count."""
    ordered = np.sort(values, axis=None)
    return float(ordered[ordered.size // 5 : max(4 * ordered.size // 5, 1)].mean())


def receptor_dose_ngy(
    spec: CArmSpec, kvp: float, mas: float, lengths: PathLengths, field_mm: float
) -> float:
    """Return the receptor dose of one pulse behind the grid, scatter included."""
    grid = machine().grid
    rays = np.zeros((len(lengths.soft_cm), len(BASES)))
    rays[:, 0], rays[:, 1] = np.maximum(lengths.soft_cm, 0.0), lengths.cortical_cm
    signal = trimmed_mean(signals(nodes(kvp, spec.copper_mm), rays))
    depth = trimmed_mean(rays[:, 0] + grid.cortical_equivalent * rays[:, 1])
    spr = float(scatter_ratio(grid, np.array(depth))) * field_factor(grid, field_mm)
    return open_dose_ngy(spec, kvp, mas, -math.log(signal)) * signal * (1.0 + spr)


def field_factor(grid: Grid, field_mm: float) -> float:
    """Return the share of the endless slab's scatter that a square field makes at its centre."""
    return math.erf(0.5 * field_mm / (math.sqrt(2.0) * grid.scatter_sigma_mm)) ** 2


def open_dose_ngy(spec: CArmSpec, kvp: float, mas: float, p: float) -> float:
    """Return the receptor dose that a signal of 1 stands for, behind p = -ln signal of patient."""
    kerma = kerma_per_mas(kvp, spec.copper_mm) * mas * (1000.0 / spec.sdd_mm) ** 2
    grid = machine().grid.primary_transmission
    return 1000.0 * kerma * grid * kerma_over_signal(kvp, spec.copper_mm, p)


def mas_of(spec: CArmSpec, kvp: float) -> float:
    """Return the programmed mAs per pulse at `kvp`."""
    return spec.mas_base + spec.mas_per_kv * (kvp - 50.0)


@lru_cache(maxsize=64)
def settled(spec: CArmSpec, lengths: PathLengths, field_mm: float) -> tuple[float, float]:
    """Return the (kVp, mAs) at which the brightness control comes to rest.

    One unknown: kVp climbs along the programmed mAs curve until the receptor dose is met. At
    the lowest kVp the mAs falls instead, at the highest it may rise a little. Rounded, so that
    the last bit of a machine's exponential does not get into the run.
    """
    m = machine()
    sizes = sorted(zip(m.fields.sizes_mm, m.fields.dose_factor, strict=True))
    target = spec.receptor_dose_ngy * _at(tuple(sizes), field_mm)
    low, high = m.limits.kvp_min, m.limits.kvp_max

    def dose(kvp: float) -> float:
        return receptor_dose_ngy(spec, kvp, mas_of(spec, kvp), lengths, field_mm)

    if dose(low) >= target:
        return low, round(mas_of(spec, low) * target / dose(low), 5)
    if dose(high) <= target:
        return high, round(mas_of(spec, high) * min(target / dose(high), m.limits.boost), 5)
    for _ in range(24):
        middle = 0.5 * (low + high)
        low, high = (middle, high) if dose(middle) < target else (low, middle)
    kvp = round(low, 2)
    return kvp, round(mas_of(spec, kvp), 5)


def _at(table: tuple[tuple[float, float], ...], x: float) -> float:
    return float(np.interp(x, [k for k, _ in table], [v for _, v in table]))


def kerma_mgy(spec: CArmSpec, kvp: float, mas: float, distance_mm: float) -> float:
    """Return the air kerma of one pulse at a distance from the source, mGy."""
    return kerma_per_mas(kvp, spec.copper_mm) * mas * (1000.0 / distance_mm) ** 2 / 1000.0


def kap_gycm2(spec: CArmSpec, kvp: float, mas: float, field_mm: float) -> float:
    """Return the kerma-area product of one pulse; the same at any distance."""
    side_cm = field_mm / 10.0
    return kerma_mgy(spec, kvp, mas, spec.sdd_mm) / 1000.0 * side_cm**2


def operator_usv(pose: Pose, kvp: float, kap: float, side: Side) -> float:
    """Return the operator's scatter dose of one pulse, outside the apron.

    He stands at the patient's `side`. Scatter goes back towards the tube, so the tube side gets
    five times the detector side; in between the share grows with the angle.
    """
    d = machine().dose
    tube = max(-dot(beam_direction(pose.orbit_deg, pose.tilt_deg), (side.sign, 0.0, 0.0)), 0.0)
    near = d.scatter_tube_side * _at(d.tube_side_kvp, kvp)
    far = d.scatter_detector_side * _at(d.detector_side_kvp, kvp)
    return 1e6 * kap / d.operator_reference_cm2 / d.operator_m**2 * (far + (near - far) * tube)
