"""A patient who hurts too much moves: the bone shifts under the C-arm."""

from __future__ import annotations

from dataclasses import replace

from simulator.rng import stream
from simulator.units import Vec3
from simulator.world.case import Case
from simulator.world.events import Moved
from simulator.world.state import State
from simulator.world.vitals import Vitals

_KIND = "movement"


def started(case: Case, state: State, vitals: Vitals) -> tuple[Vitals, Moved | None]:
    """Return the vitals after a movement, and the movement, if the patient moves now."""
    troubles = vitals.troubles
    if not any(t.kind == _KIND and t.level >= 1.0 for t in troubles):
        return vitals, None
    # Once moved, the urge begins anew.
    rested = tuple(replace(t, level=0.0, cause_s=0.0) if t.kind == _KIND else t for t in troubles)
    return replace(vitals, troubles=rested), Moved(_shift_mm(case, state))


def _shift_mm(case: Case, state: State) -> Vec3:
    """Return where to: along the table, to or from the side in work, by a few millimetres."""
    constants = case.physics["physiology"]
    draw = stream(case.seed, "movement", state.tick)
    least, most = constants["shift_least_mm"], constants["shift_most_mm"]
    size = least + (most - least) * float(draw.random())
    x, z = state.side.sign * float(draw.normal()), float(draw.normal())
    length = max((x * x + z * z) ** 0.5, 1e-9)
    return size * x / length, 0.0, size * z / length
