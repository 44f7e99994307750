"""What stays at a level while another one is worked on."""

from __future__ import annotations

from dataclasses import dataclass

from simulator.world.cement import Bore, Cloud
from simulator.world.tally import Tally
from simulator.world.tamp import Body
from simulator.world.tools import Cannula


@dataclass(frozen=True, slots=True)
class Worked:
    """A level that was left: its bone, its cement, needles that still stand in it, its account.

    Everything is told in the frame of that level.
    """

    phase: str
    ways: tuple[str, str]
    body: Body
    cannulas: tuple[Cannula | None, Cannula | None]
    cloud: Cloud
    bores: tuple[Bore, Bore]
    started_tick: int | None
    """First cement out of a tip here."""
    tail_ml: float
    given_ml: float
    """Out of the tips at this level."""
    local_ticks: tuple[int | None, int | None]
    tally: Tally
    """Values and acts of this level; what counts for the whole run is not among them."""
