"""How an endplate gives way to a push and sinks back: damper, springs and a slider.

The slider opens at the fracture's own strength, low when fresh. On the way back it holds more: a
lift presses crushed bone into the gap, and such bone gives way again at a share of the load under
which it was pressed together. What is lost on deflation is thus a share of the lift.
"""

from __future__ import annotations

from dataclasses import dataclass

from simulator.anatomy.hinge import Plate
from simulator.physics.constants import Constants


def yield_nmm(constants: Constants, fracture_age_weeks: float) -> float:
    """Return the moment at which the fracture opens for good: low when fresh.

    Of a plate as wide and deep as the one that the constants were fitted on.
    """
    return aged(constants, "hinge_yield_fresh_nmm", "hinge_yield_old_nmm", fracture_age_weeks)


def aged(constants: Constants, fresh: str, old: str, weeks: float) -> float:
    """Return a strength at an age: callus takes weeks to form, then it gains fast."""
    share = min(max(weeks / constants["fracture_old_weeks"], 0.0), 1.0)
    share *= share * (3.0 - 2.0 * share)
    return constants[fresh] + share * (constants[old] - constants[fresh])


@dataclass(frozen=True, slots=True)
class Law:
    """Damper, springs and slider of one coordinate; units of a wedge or of a rise."""

    damping: float
    """Per step."""
    elastic: float
    soft: float
    preload: float
    opens: float
    """Load on the fracture at which it opens."""
    broken: float
    """The same of a fresh fracture: what is left of callus that has opened once."""
    holds: float
    """Share of the load under which bone was pressed together that it holds against sinking."""
    taut: float
    """Where the ligaments have doubled the soft tissue's stiffness."""

    def moved(
        self, push: float, now: float, rest: float, far: float, most: float, prop: float
    ) -> tuple[float, float, float]:
        """Return position, rest position and its greatest value after one implicit Euler step.

        Args:
            push: of the balloons.
            now: position.
            rest: where the elastic part is free of load.
            far: the greatest rest position so far.
            most: stop; 0 for a plate that does not move.
            prop: load that cement between the plates holds, either way.
        """
        if most <= 0.0:
            return 0.0, 0.0, 0.0
        soft = self._soft(now)
        stiff = self.damping + soft + self.elastic
        drive = push - self.preload + self.elastic * rest - (soft + self.elastic) * now
        drive -= min(max(drive, -prop), prop)
        at = min(max(now + drive / stiff, 0.0), most)
        rest = max(rest, at - self.opens / self.elastic)
        far = max(far, rest)
        pressed = self.preload + self._soft(far) * far + self.broken
        return at, min(rest, at + self.holds * pressed / self.elastic), far

    def _soft(self, at: float) -> float:
        return self.soft * (1.0 + (at / self.taut) ** 2)


def laws(
    constants: Constants, plate: Plate, disc_stiffness: float, weeks: float, dt_s: float
) -> tuple[Law, Law]:
    """Return the laws of a plate's wedge and of its rise.

    One material on every plate: with its width and its depth grow stiffness as w d^3, strength
    and preload as w d^2. A rise meets the same material at a share of the depth.
    """
    deep = plate.depth_mm / constants["plate_depth_mm"]
    area = plate.width_mm / constants["plate_width_mm"] * deep
    strong, stiff = area * deep, area * deep * deep
    wedge = Law(
        stiff * constants["hinge_damping_nmm_s"] / dt_s,
        stiff * constants["hinge_elastic_nmm"],
        stiff * constants["hinge_soft_tissue_nmm"] * disc_stiffness,
        strong * constants["hinge_preload_nmm"],
        strong * yield_nmm(constants, weeks),
        strong * constants["hinge_yield_fresh_nmm"],
        constants["hinge_hold"],
        constants["ligament_rad"],
    )
    arm = constants["plate_arm_share"] * plate.depth_mm
    square = arm * arm
    return wedge, Law(
        wedge.damping / square,
        wedge.elastic / square,
        wedge.soft / square,
        wedge.preload / arm,
        wedge.opens / arm,
        wedge.broken / arm,
        wedge.holds,
        wedge.taut * arm,
    )
