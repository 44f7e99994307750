"""Everything that changes, as one frozen value per tick."""

from __future__ import annotations

from dataclasses import dataclass, field

from simulator.frames import Side
from simulator.world.arm import CArm
from simulator.world.cement import Cement
from simulator.world.level import QUIET
from simulator.world.tally import Tally
from simulator.world.tamp import Body, Tamp
from simulator.world.tools import Cannula
from simulator.world.vitals import Vitals
from simulator.world.worked import Worked


@dataclass(frozen=True, slots=True)
class State:
    """One moment of the run. Arrays inside are read-only and shared while unchanged."""

    tick: int
    phase: str
    c_arm: CArm
    body: Body
    vitals: Vitals
    cement: Cement
    tally: Tally
    cannulas: tuple[Cannula | None, Cannula | None] = (None, None)
    """Per `Side`."""
    purged: bool = False
    """The inflators were filled and the tamps rid of air."""
    tamps: tuple[Tamp | None, Tamp | None] = (None, None)
    side: Side = Side.LEFT
    """The side that was last worked on."""
    ways: tuple[str, str] = ("entry", "entry")
    """Per `Side`: the phase that its needle, cannula or tamp is in."""
    over: bool = False
    """The run has ended: discharged, aborted or out of time."""
    level: int = field(default=0, metadata=QUIET)
    """Which of the case's levels is worked on: bone, tools, cement and tally are those of it."""
    worked: tuple[Worked | None, ...] = field(default=(), metadata=QUIET)
    """Per level what was left there; None for the one in work and for those not yet begun."""

    @property
    def given_ml(self) -> float:
        """Cement out of the tips at all levels."""
        left = sum(w.cement.injected_ml for w in self.worked if w is not None)
        return self.cement.injected_ml + left
