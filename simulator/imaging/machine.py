"""The C-arm's and the display's figures, read once from the assets."""

from __future__ import annotations

import tomllib
from dataclasses import dataclass, fields
from functools import lru_cache
from typing import Any, TypeVar

from simulator.errors import AssetError
from simulator.paths import asset
from simulator.world.arm import CArm, Curve
from simulator.world.collimator import Collimator
from simulator.world.instruments import CArmSpec, CurveSpec


@dataclass(frozen=True, slots=True)
class Limits:
    """What the generator's brightness control may do."""

    kvp_min: float
    kvp_max: float
    response_s: float
    boost: float
    step_kv: float


@dataclass(frozen=True, slots=True)
class Grid:
    """What stands before the panel, and the scatter that gets past it."""

    primary_transmission: float
    gaussians: tuple[tuple[float, float, float], ...]
    """Scatter per primary at 20 cm, exponent of thickness, spread in mm; one row each."""
    kvp_factor: tuple[tuple[float, float], ...]


@dataclass(frozen=True, slots=True)
class Scatter:
    """How a patient's path lengths become the thickness that scatters."""

    thickness_limit_cm: float
    cortical_equivalent: float
    outline_mm: float


@dataclass(frozen=True, slots=True)
class Detector:
    """The flat panel."""

    dqe: float
    photons_mm2_ugy: float
    electronic_quanta: float
    electronic_pixel_mm: float
    psf_narrow_mm: float
    psf_wide_mm: float
    psf_narrow_weight: float
    focal_spot_mm: float


@dataclass(frozen=True, slots=True)
class Dose:
    """Where dose is counted and how the operator gets his share."""

    reference_mm: float
    backscatter: float
    limit_mgy_min: float
    limit_mm: float
    operator_m: float
    back_m: float
    operator_reference_cm2: float
    scatter_by_cosine: tuple[tuple[float, float], ...]
    tube_side_kvp: tuple[tuple[float, float], ...]
    detector_side_kvp: tuple[tuple[float, float], ...]


@dataclass(frozen=True, slots=True)
class Blades:
    """Where the collimator sits, how far it closes and how fast."""

    from_focus_mm: float
    iris_least_mm: float
    shutter_least_mm: float
    iris_mm_s: float
    shutter_mm_s: float
    turn_deg_s: float


@dataclass(frozen=True, slots=True)
class Fields:
    """Detector squares and the receptor dose each asks for, relative to the largest."""

    sizes_mm: tuple[float, ...]
    dose_factor: tuple[float, ...]


@dataclass(frozen=True, slots=True)
class Machine:
    """Everything in assets/c_arm.toml."""

    c_arm: CArmSpec
    """The mobile one."""
    biplane: CArmSpec
    fields: Fields
    limits: Limits
    grid: Grid
    no_grid: Grid
    collimator: Blades
    scatter: Scatter
    detector: Detector
    dose: Dose


@dataclass(frozen=True, slots=True)
class Setting:
    """What is set at the machine: with kVp, mAs and the patient it decides on dose and picture."""

    field_mm: float
    collimator: Collimator
    grid: Grid
    curve: CurveSpec


@dataclass(frozen=True, slots=True)
class Display:
    """Everything in assets/display.toml, one field per section and key."""

    recursive_lag: float
    recursive_alpha: float
    recursive_alpha_motion: float
    recursive_motion_sigma: float
    recursive_hold_frames: int
    log_low: float
    log_high: float
    compression_sigma_mm: float
    compression_amplitude: float
    compression_slope: float
    noise_sigma_mm: float
    edge_gain: float
    edge_sigma_mm: float
    window_gain: float
    window_low_percentile: float
    window_high_percentile: float
    window_half_min: float
    window_half_max: float
    window_level_offset: float
    window_smooth_mm: float
    window_settle_frames: int
    window_follow: float
    tone_knee: float
    tone_knee_dark: float
    subtraction_gain: float
    subtraction_half: float
    subtraction_landmark: float


T = TypeVar("T")


def _tupled(value: Any) -> Any:
    return tuple(_tupled(v) for v in value) if isinstance(value, list) else value


def _read(name: str) -> dict[str, dict[str, Any]]:
    with asset(name).open("rb") as file:
        return tomllib.load(file)


def _fill(cls: type[T], table: dict[str, Any], where: str) -> T:
    names = {f.name for f in fields(cls)}  # type: ignore[arg-type]
    if names != set(table):
        odd = ", ".join(sorted(names ^ set(table)))
        raise AssetError(f"assets/{where}: missing or unknown: {odd}")
    return cls(**{k: _tupled(v) for k, v in table.items()})


@lru_cache(maxsize=1)
def machine() -> Machine:
    """Return assets/c_arm.toml."""
    name = "c_arm.toml"
    raw = _read(name)
    parts = {
        "fields": Fields,
        "limits": Limits,
        "grid": Grid,
        "no_grid": Grid,
        "collimator": Blades,
        "scatter": Scatter,
        "detector": Detector,
        "dose": Dose,
    }
    made: dict[str, Any] = {
        k: _fill(cls, raw.get(k, {}), f"{name} [{k}]") for k, cls in parts.items()
    }
    curves = tuple(
        _fill(CurveSpec, raw.get("curve", {}).get(c, {}), f"{name} [curve.{c}]") for c in Curve
    )
    shared = {"lateral_orbit_range_deg": None, "curves": curves, **raw.get("c_arm", {})}
    own = {**shared, **raw.get("biplane", {})}
    c_arm = _fill(CArmSpec, shared, f"{name} [c_arm]")
    return Machine(c_arm=c_arm, biplane=_fill(CArmSpec, own, f"{name} [biplane]"), **made)


def setting(spec: CArmSpec, arm: CArm) -> Setting:
    """Return how `arm` is set."""
    grid = machine().grid if arm.grid_in else machine().no_grid
    return Setting(arm.pose.field_mm, arm.collimator, grid, spec.curve(arm.curve))


@lru_cache(maxsize=1)
def display() -> Display:
    """Return assets/display.toml."""
    flat = {f"{s}_{k}": v for s, table in _read("display.toml").items() for k, v in table.items()}
    return _fill(Display, flat, "display.toml")
