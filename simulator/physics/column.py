"""The cement between plunger and tip: portions in a row, each with its own age.

What went in first stands at the tip and comes out first; portions do not mix.
"""

from __future__ import annotations

from simulator.physics.constants import Constants
from simulator.physics.setting import is_set, viscosity_pa_s
from simulator.units import seconds
from simulator.world.cement import Bore, Cement, Filling, Portion
from simulator.world.instruments import CementSpec

_LEAST_ML = 0.02
"""Smaller portions are told together."""


def filler_age_s(filling: Filling, tick: int, rate: float = 1.0) -> float:
    """Return the effective age of what a filler holds; `rate` above 1 where it is warmed."""
    return filling.age_s + rate * seconds(tick - filling.tick)


def bowl_age_s(cement: Cement, tick: int) -> float:
    """Return the age of what is left in the bowl; 0 if nothing was mixed."""
    return 0.0 if cement.mixed_tick is None else seconds(tick - cement.mixed_tick)


def filled(cement: Cement, filling: Filling, drawn_ml: float, tick: int) -> tuple[float, float]:
    """Return volume and age of a filler that draws `drawn_ml` more from the bowl."""
    total = filling.ml + drawn_ml
    old, new = filler_age_s(filling, tick), bowl_age_s(cement, tick)
    return total, (filling.ml * old + drawn_ml * new) / total


def added(bore: Bore, ml: float, age_s: float, tick: int, constants: Constants) -> Bore:
    """Return `bore` with `ml` of cement of `age_s` pushed in behind."""
    if not bore or bore[-1].ml >= _LEAST_ML:
        return (*bore, Portion(ml, age_s, tick))
    last = bore[-1]
    mean = last.ml * last.at(tick, constants["ageing_cannula"]) + ml * age_s
    return (*bore[:-1], Portion(last.ml + ml, mean / (last.ml + ml), tick))


def raised(bore: Bore, ml: float, age_s: float, tick: int, rate: float) -> Bore:
    """Return `bore` with `ml` of cement of `age_s` pushed in at its tip."""
    if not bore or bore[0].ml >= _LEAST_ML:
        return (Portion(ml, age_s, tick), *bore)
    first = bore[0]
    mean = first.ml * first.at(tick, rate) + ml * age_s
    return (Portion(first.ml + ml, mean / (first.ml + ml), tick), *bore[1:])


def drawn(bore: Bore, ml: float) -> Bore:
    """Return `bore` without the `ml` next to the tip."""
    rest = list(bore)
    while rest and ml >= rest[0].ml:
        ml -= rest.pop(0).ml
    if rest and ml > 0.0:
        rest[0] = Portion(rest[0].ml - ml, rest[0].age_s, rest[0].tick)
    return tuple(rest)


def volume_ml(bore: Bore) -> float:
    """Return what stands in a bore."""
    return sum(p.ml for p in bore)


def viscosity_of(spec: CementSpec, bore: Bore, tick: int, rate: float) -> float:
    """Return the viscosity in Pa.s of a row of portions, which the same flow passes."""
    total = volume_ml(bore)
    return sum(p.ml * viscosity_pa_s(spec, p.at(tick, rate)) for p in bore) / total


def is_plugged(spec: CementSpec, bore: Bore, tick: int, rate: float) -> bool:
    """Has any portion hardened?"""
    return any(is_set(spec, p.at(tick, rate)) for p in bore)
