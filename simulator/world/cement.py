"""PMMA: in the bowl, in the filler, in the cannula and in the bone."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from enum import StrEnum

import numpy as np

from simulator.frames import minus, norm
from simulator.units import FloatArray, IntArray, Vec3, frozen, seconds


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
class Filling:
    """The filler of one side: what it holds, how it is pressed, what leaves through it."""

    ml: float = 0.0
    """Cement left in it."""
    age_s: float = 0.0
    """Its effective age at `tick`."""
    tick: int = 0
    ready_tick: int = 0
    """Until then it is still being filled from the bowl."""
    kpa: float = 0.0
    """Pressure under the plunger."""
    thumb_n: float = 0.0
    flow_ul_s: float = 0.0
    """Flow out of the tip in the last step; negative: up the open cannula."""
    tip_kpa: float = 0.0
    """Pressure in the bone at the tip."""
    given_ml: float = 0.0
    """Out of this side's tip so far."""
    run_up_ml: float = 0.0
    """Driven up this side's open cannula by the other side."""


@dataclass(frozen=True, slots=True)
class Tail:
    """Cement drawn out along the tract of a cannula that was pulled."""

    start_mm: Vec3
    """At the body's end."""
    end_mm: Vec3
    bore_mm: float
    ml: float

    @property
    def length_mm(self) -> float:
        """Return its length."""
        return norm(minus(self.end_mm, self.start_mm))


@dataclass(frozen=True, slots=True)
class Cement:
    """The cement of this run: in the bowl, in the fillers, in the cannulas, in the patient."""

    mixed_tick: int | None = None
    """Powder met liquid of the newest batch at this tick."""
    batches: int = 0
    fillings: tuple[Filling, Filling] = (Filling(), Filling())
    """What each side's filler holds and does, per `Side`."""
    fillers_used: int = 0
    batch_left_ml: float = 0.0
    """Not yet drawn into a filler."""
    bores: tuple[Bore, Bore] = ((), ())
    """Cement standing in each cannula, per `Side`."""
    flow_smooth_ul_s: float = 0.0
    """Flow into the patient, all sides, as the marrow feels it."""
    marrow_kpa_s_ul: float = 0.0
    """Rise of the marrow's pressure per flow: more the more ways out are plugged."""
    started_tick: int | None = None
    """First cement out of the tip."""
    dripped_ml: float = 0.0
    """Ran up an open cannula and out of its hub, onto the drapes."""
    tails: tuple[Tail, ...] = ()
    """Drawn out along needle tracts by pulling cannulas before their cement was hard."""
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

    @property
    def injected_ml(self) -> float:
        """Out of the tips so far, all sides."""
        return self.fillings[0].given_ml + self.fillings[1].given_ml

    @property
    def run_up_ml(self) -> float:
        """Of that, back out of the bone into open cannulas."""
        return self.fillings[0].run_up_ml + self.fillings[1].run_up_ml

    @property
    def flow_ul_s(self) -> float:
        """Flow out of all tips in the last step."""
        return max(self.fillings[0].flow_ul_s, 0.0) + max(self.fillings[1].flow_ul_s, 0.0)

    @property
    def syringe_kpa(self) -> float:
        """Pressure under the plunger, of the side where it is higher."""
        return max(filling.kpa for filling in self.fillings)

    @property
    def tip_kpa(self) -> float:
        """Pressure in the bone at a tip, where it is higher."""
        return max(filling.tip_kpa for filling in self.fillings)

    @property
    def thumb_n(self) -> float:
        """Force of the thumb that presses harder; negative where plungers are drawn back."""
        return max((f.thumb_n for f in self.fillings), key=abs)

    @property
    def tail_ml(self) -> float:
        """Drawn out along needle tracts."""
        return sum(tail.ml for tail in self.tails)

    def with_filling(self, side: int, filling: Filling) -> Cement:
        """Return this cement with one side's filler replaced."""
        left, right = self.fillings
        return replace(self, fillings=(left, filling) if side else (filling, right))

    def with_bore(self, side: int, bore: Bore) -> Cement:
        """Return this cement with what stands in one cannula replaced."""
        left, right = self.bores
        return replace(self, bores=(left, bore) if side else (bore, right))
