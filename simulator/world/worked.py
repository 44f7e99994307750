"""What stays at a level while another one is worked on."""

from __future__ import annotations

from dataclasses import dataclass

from simulator.world.cement import Cement
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
    cement: Cement
    """What this level got and what stands in its fillers; of the bowl it tells nothing."""
    local_ticks: tuple[int | None, int | None]
    tally: Tally
    """Values and acts of this level; what counts for the whole run is not among them."""
