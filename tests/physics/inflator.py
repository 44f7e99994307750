"""A balloon in the box body, and the time it is given."""

from __future__ import annotations

from dataclasses import dataclass, replace

from simulator.anatomy.hinge import Hinge, Plate
from simulator.frames import Side, along
from simulator.physics import inflation, reduction
from simulator.scenario import assets
from simulator.world.tamp import Body, Tamp
from tests.physics import phantoms

TAMP = assets.physics()["tamp"]
SPEC = assets.chosen("tamp", "tamp_15")
ANTERIOR = (0.0, -1.0, 0.0)
HINGE = Hinge(Plate(hinge_y_mm=16.0, bottom_z_mm=-3.0, top_z_mm=3.0, max_rad=0.30))
ANTERIOR_Y = -17.5
DT = 4 / 60


@dataclass(frozen=True)
class Bench:
    """A body with one balloon."""

    body: Body
    tamp: Tamp
    age_weeks: float = 2.0
    hinge: Hinge = HINGE

    def run(self, rate_ml_s, seconds):
        """Turn the inflator for a while."""
        body, tamp = self.body, self.tamp
        for _ in range(max(1, round(seconds / DT))):
            tamp = inflation.inflate(SPEC, TAMP, self.hinge, body, tamp, (), rate_ml_s, DT)
            assert tamp.pressure_mpa >= 0.0
            body = reduction.reduce(SPEC, TAMP, self.hinge, self.age_weeks, (tamp,), body, DT)
        return replace(self, body=body, tamp=tamp)

    @property
    def gain_mm(self):
        """Height that the anterior wall has gained."""
        return self.hinge.gain_mm(self.body.lift, 0.0, ANTERIOR_Y)


def bench(bv, tip=(0.0, -13.0, 0.0), in_cannula_mm=0.0, age_weeks=2.0, hinge=HINGE):
    """Return a folded balloon in place."""
    bone = phantoms.body(bv, vein=False)
    cannula = along(tip, ANTERIOR, in_cannula_mm - SPEC.length_mm)
    tamp = inflation.insert(SPEC, TAMP, bone, Side.LEFT, cannula, ANTERIOR, tip)
    return Bench(Body(bone=bone), tamp, age_weeks, hinge)
