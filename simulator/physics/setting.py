"""How cement thickens: viscosity against effective age, and what a cannula makes of it.

Effective age is counted in seconds of the bowl: at 22 C, or as the case keeps its cement (see
`in_room`). Warmth makes it run faster (see `ageing_factor`).
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import replace
from functools import lru_cache

import numpy as np

from simulator.units import FloatArray, frozen
from simulator.world.instruments import CementSpec

ROOM_C = 22.0
BODY_C = 37.0
_DOUBLING_K = 12.0
"""Cure time about halves from 25 to 37 C (Nicholas 2007)."""
_SET_PA_S = 1e9
"""Stands for "does not flow"."""
_SHORTEST_MM = 2.0
"""A shorter tube would conduct astronomically and drown the pressures in rounding."""


def viscosity_pa_s(spec: CementSpec, age_s: float) -> float:
    """Return the zero-shear-rate viscosity at effective age `age_s`."""
    if is_set(spec, age_s):
        return _SET_PA_S
    growth = math.exp(max(age_s, 0.0) / spec.tau_s)
    chains = (1.0 - max(age_s, 0.0) / spec.set_s) ** -spec.shape_m
    return float(min(spec.eta_initial_pa_s * growth * chains, spec.eta_cap_pa_s))


def is_set(spec: CementSpec, age_s: float) -> bool:
    """Has cement of effective age `age_s` hardened?"""
    return age_s >= spec.set_s


def ageing_factor(temperature_c: float) -> float:
    """Return seconds of effective age per second at `temperature_c`."""
    return float(2.0 ** ((temperature_c - ROOM_C) / _DOUBLING_K))


def in_room(
    spec: CementSpec, constants: Mapping[str, float], room_c: float, kept_c: float
) -> tuple[CementSpec, dict[str, float]]:
    """Return a product and the constants of cement in a theatre that is warmer or cooler.

    The product's clock is told in seconds as it is kept; what it does in the body stays the same
    in real time, so that rates of ageing there are told against that clock. The cannula's is half
    the air's.

    Args:
        spec: as the catalogue tells it, at 22 C.
        constants: section "cement", at 22 C.
        room_c: of the theatre.
        kept_c: of powder, liquid, bowl and fillers; the room's unless they are cooled.
    """
    kept = ageing_factor(kept_c)
    warmed = constants["ageing_cannula"] + 0.5 * (ageing_factor(room_c) - 1.0)
    rates = {name: constants[name] for name in ("ageing_bone", "ageing_vein", "ageing_void")}
    rates["ageing_cannula"] = warmed
    spec = replace(
        spec,
        tau_s=spec.tau_s / kept,
        set_s=spec.set_s / kept,
        wait_s=spec.wait_s / kept,
        work_until_s=spec.work_until_s / kept,
    )
    return spec, {**constants, **{name: rate / kept for name, rate in rates.items()}}


@lru_cache(maxsize=8)
def viscosity_table(spec: CementSpec) -> FloatArray:
    """Return (t,) Pa.s at effective age 0, 1, 2, ... s up to setting."""
    ages = range(math.ceil(spec.set_s) + 1)
    return frozen(np.array([viscosity_pa_s(spec, float(age)) for age in ages]))


@lru_cache(maxsize=8)
def yield_table(spec: CementSpec) -> FloatArray:
    """Return (t,) Pa, the yield stress at effective age 0, 1, 2, ... s up to setting."""
    return frozen(spec.yield_per_s * viscosity_table(spec))


def strength_mpa(spec: CementSpec, hard_mpa: float, age_s: FloatArray) -> FloatArray:
    """Return the (n,) stress under which cement of effective age (n,) gives way in compression.

    Dough: sqrt(3) times its yield stress. From the end of its working time the strength grows by
    equal factors in equal times up to `hard_mpa` when it has set (design): that hardening is
    exothermic and late is known, its curve is not.
    """
    dough = math.sqrt(3.0) * 1e-6 * yield_table(spec)
    ages = np.arange(dough.size)
    soft = np.interp(np.minimum(age_s, spec.work_until_s), ages, dough)
    late = (age_s - spec.work_until_s) / (spec.set_s - spec.work_until_s)
    return np.asarray(soft * (hard_mpa / soft) ** np.clip(late, 0.0, 1.0))


def cannula_kpa(
    spec: CementSpec, eta_pa_s: float, flow_ul_s: float, bore_mm: float, length_mm: float
) -> float:
    """Return the pressure that drives a power-law cement through a tube.

    Hagen-Poiseuille with the Rabinowitsch correction: viscosity eta * rate^(n-1) above a shear
    rate of 1/s, Newtonian below (as in the bone, so that the two laws meet).

    Source: Krause 1982 for the power law of dough; any rheology text for the formula.
    """
    rate = 32.0 * flow_ul_s / (math.pi * bore_mm**3)
    n = spec.shear_exponent
    # the corrected law would exceed the Newtonian one at low rates, and stands for it there
    thin = min(1.0, float(((3.0 * n + 1.0) / (4.0 * n)) ** n * max(rate, 1e-9) ** (n - 1.0)))
    length = max(length_mm, _SHORTEST_MM)
    # Pa.s * uL/s / mm^3 = kPa / 1000
    return 128.0 * eta_pa_s * thin * length * flow_ul_s / (math.pi * bore_mm**4) * 1e-3


def cannula_conductance(
    spec: CementSpec,
    eta_pa_s: float,
    drive_kpa: float,
    series_kpa_s_ul: float,
    bore_mm: float,
    length_mm: float,
) -> float:
    """Return uL/s per kPa of the cannula at the flow that `drive_kpa` brings about.

    The drive acts over the cannula and a constant resistance `series_kpa_s_ul` in series;
    bisection finds the flow, because the cannula's share thins with the flow itself.
    """
    newton = 1.0 / cannula_kpa(spec, eta_pa_s, 1e-9, bore_mm, length_mm) * 1e-9
    low, high = 0.0, 1e6
    for _ in range(60):
        flow = 0.5 * (low + high)
        needed = cannula_kpa(spec, eta_pa_s, flow, bore_mm, length_mm) + series_kpa_s_ul * flow
        low, high = (flow, high) if needed < drive_kpa else (low, flow)
    if low <= 1e-6:
        return newton
    return low / cannula_kpa(spec, eta_pa_s, low, bore_mm, length_mm)
