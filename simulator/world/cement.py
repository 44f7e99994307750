"""PMMA: in the bowl, in the filler, in the cannula and in the bone."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum

import numpy as np

from simulator.units import FloatArray, IntArray, frozen, seconds


class Route(StrEnum):
    """The first barrier that leaked cement crossed."""

    BASIVERTEBRAL = "basivertebral"
    SEGMENTAL = "segmental"
    CORTICAL = "cortical"
    DISC = "disc"
    CANAL = "canal"
    FORAMEN = "foramen"
    TRACT = "tract"


ROUTES: tuple[Route, ...] = tuple(Route)


def _ints() -> IntArray:
    return frozen(np.zeros(0, np.int32))


def _floats() -> FloatArray:
    return frozen(np.zeros(0, np.float64))


@dataclass(frozen=True, slots=True)
class Cloud:
    """Cement in the patient: one entry per voxel that it has entered, in order of entry.

    Voxels index the flat `BoneField` of the target.
    """

    voxel: IntArray = field(default_factory=_ints)
    """(n,) flat index."""
    fill: FloatArray = field(default_factory=_floats)
    """(n,) fraction of the fluid space of the voxel; above 1 where trapped."""
    volume_ul: FloatArray = field(default_factory=_floats)
    """(n,) fluid space of the voxel in microlitres; cement in it is fill * volume_ul."""
    age_s: FloatArray = field(default_factory=_floats)
    """(n,) effective age at 22 C."""
    pressure_kpa: FloatArray = field(default_factory=_floats)
    mobility: FloatArray = field(default_factory=_floats)
    """(n,) lagged permeability / viscosity, 1e-9 m2 / Pa.s."""
    route: IntArray = field(default_factory=_ints)
    """(n,) -1 inside the body, else index into `ROUTES` of the barrier crossed."""
    embolised_ul: float = 0.0
    """Gone beyond the ends of veins (counted in the leak of its route too)."""
    leak_ul: tuple[float, ...] = (0.0,) * len(ROUTES)
    """Per route, everything outside the body's bone, embolised included."""
    inside_ul: float = 0.0
    """In the body."""
    revision: int = 0
    age_tick: int = 0
    """The tick that `age_s` refers to; a cloud at rest is not aged tick by tick."""


@dataclass(frozen=True, slots=True)
class Portion:
    """Cement of one age, somewhere between bowl and tip."""

    ml: float
    age_s: float
    """Effective age at 22 C."""
    tick: int
    """The tick that `age_s` refers to."""

    def at(self, tick: int, rate: float) -> float:
        """Return its effective age at `tick`, ageing `rate` seconds per second."""
        return self.age_s + rate * seconds(tick - self.tick)


Bore = tuple[Portion, ...]
"""What stands in a cannula, the portion next to the tip first."""


@dataclass(frozen=True, slots=True)
class Cement:
    """The cement of this run: in the bowl, in the filler, in the cannulas, in the patient."""

    mixed_tick: int | None = None
    """Powder met liquid of the newest batch at this tick."""
    batches: int = 0
    filler_ml: float = 0.0
    """Cement left in the filler that is in use."""
    filler_age_s: float = 0.0
    """Its effective age at `filler_tick`."""
    filler_tick: int = 0
    fillers_used: int = 0
    batch_left_ml: float = 0.0
    """Not yet drawn into a filler."""
    bores: tuple[Bore, Bore] = ((), ())
    """Cement standing in each cannula, per `Side`."""
    syringe_kpa: float = 0.0
    """Pressure under the plunger."""
    thumb_n: float = 0.0
    flow_ul_s: float = 0.0
    """Flow out of the cannula tip in the last step."""
    flow_smooth_ul_s: float = 0.0
    tip_kpa: float = 0.0
    """Pressure in the bone at the tip."""
    marrow_kpa_s_ul: float = 0.0
    """Rise of the marrow's pressure per flow: more the more ways out are plugged."""
    injected_ml: float = 0.0
    """Out of the tip so far, all sides."""
    started_tick: int | None = None
    """First cement out of the tip."""
    tail_ml: float = 0.0
    """Drawn out along the needle's tract by pulling a cannula before its cement was hard."""
    lung_ml: float = 0.0
    """Of what went beyond the ends of veins, the part that broke off and lodged in the lungs."""
    lung_tick: int | None = None
    """When the last of it did."""
    cloud: Cloud = Cloud()

    @property
    def cannula_ml(self) -> tuple[float, float]:
        """Cement standing in each cannula's bore, per `Side`."""
        left, right = self.bores
        return sum(p.ml for p in left), sum(p.ml for p in right)
