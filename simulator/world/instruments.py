"""What lies on the trolley and stands beside the table: catalogue values, read from assets."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from simulator.units import Vec3
from simulator.world.arm import Curve


class Tip(StrEnum):
    """Ground shape of a needle's point."""

    DIAMOND = "diamond"
    BEVEL = "bevel"


@dataclass(frozen=True, slots=True)
class Needle:
    """A bone needle or working cannula with its stylet."""

    name: str
    outer_mm: float
    inner_mm: float
    length_mm: float
    tip: Tip


@dataclass(frozen=True, slots=True)
class RodSpec:
    """A K-wire or drill that is passed through a needle or cannula."""

    name: str
    diameter_mm: float
    length_mm: float


@dataclass(frozen=True, slots=True)
class CurvedSpec:
    """A curved needle: hollow, springy, straight in its cannula and bent in front of it."""

    name: str
    diameter_mm: float
    bore_mm: float
    length_mm: float
    radius_mm: float
    """Of the curve as it comes out of its pack."""
    least_radius_mm: float
    most_radius_mm: float
    """What the knob at the hub can make of it, before it leaves the cannula."""
    most_deg: float
    """Angle of the whole curve."""


@dataclass(frozen=True, slots=True)
class TampSpec:
    """An inflatable bone tamp as its maker limits it."""

    name: str
    length_mm: float
    diameter_mm: float
    """Uninflated."""
    max_volume_ml: float
    max_pressure_psi: float


@dataclass(frozen=True, slots=True)
class CementSpec:
    """A PMMA cement: the clock of its viscosity, its look, its amount.

    Zero-shear-rate viscosity at 22 C: eta_i * exp(age/tau) * (1 - age/t_set)^-m, capped.
    """

    name: str
    kind: str
    """"low", "medium" or "high" viscosity when it is first given."""
    eta_initial_pa_s: float
    tau_s: float
    set_s: float
    shape_m: float
    eta_cap_pa_s: float
    shear_exponent: float
    yield_per_s: float
    """Yield stress over zero-shear-rate viscosity: both rise together."""
    wait_s: float
    """Too runny before."""
    work_until_s: float
    """Too stiff to be pushed by hand after."""
    batch_ml: float
    powder_g: float
    liquid_g: float
    density_g_ml: float
    opacifier: str
    attenuation_soft: float
    attenuation_cement: float
    """Coefficients of the two basis materials soft tissue and 30 % BaSO4 powder cement."""


@dataclass(frozen=True, slots=True)
class Filler:
    """A syringe, bone filler device or injector that a hand empties into the cannula."""

    name: str
    volume_ml: float
    bore_mm: float
    """Plunger diameter: pressure = force / area."""
    hand_limit_n: float
    advantage: float
    """Plunger force over hand force: 1 for a thumb, many for a screw."""
    limit_kpa: float
    """What the device stands."""
    fill_s: float
    """What the nurse needs to fill it from the bowl and hand it over."""


@dataclass(frozen=True, slots=True)
class CurveSpec:
    """One programmed curve of the brightness control, with its filter."""

    copper_mm: float
    receptor_dose_ngy: float
    """Target per pulse, in the largest field."""
    mas_base: float
    mas_per_kv: float

    def mas(self, kvp: float) -> float:
        """Return the programmed mAs per pulse at `kvp`."""
        return self.mas_base + self.mas_per_kv * (kvp - 50.0)


@dataclass(frozen=True, slots=True)
class CArmSpec:
    """A C-arm with a flat panel: geometry, ranges, speeds, curves."""

    name: str
    sdd_mm: float
    sad_mm: float
    """Source to isocentre."""
    detector_mm: float
    orbit_range_deg: tuple[float, float]
    tilt_range_deg: tuple[float, float]
    swivel_range_deg: tuple[float, float]
    travel_range_mm: Vec3
    """How far the isocentre goes to either side of the index body: x, y, z."""
    orbit_deg_s: float
    tilt_deg_s: float
    swivel_deg_s: float
    travel_mm_s: float
    pulse_rates: tuple[float, ...]
    curves: tuple[CurveSpec, ...]
    """In the order of `Curve`."""
    lateral_orbit_range_deg: tuple[float, float] | None = None
    """Of the second plane; None where there is one plane."""

    def curve(self, curve: Curve) -> CurveSpec:
        """Return the figures of a curve."""
        return self.curves[tuple(Curve).index(curve)]

    def orbits_deg(self, plane: int) -> tuple[float, float]:
        """Return the range of the orbit of a plane."""
        lateral = self.lateral_orbit_range_deg
        return self.orbit_range_deg if plane == 0 or lateral is None else lateral
