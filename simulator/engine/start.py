"""The first moment of a run."""

from __future__ import annotations

from simulator.frames import Side
from simulator.imaging import exposure
from simulator.physics import physiology
from simulator.procedure import phases
from simulator.world.case import Case
from simulator.world.cement import Cement
from simulator.world.state import State
from simulator.world.tally import Tally
from simulator.world.tamp import Body


def first_state(case: Case) -> State:
    """Return the state at tick 0: patient prone on the table, arm in AP, nothing done."""
    case = case.facing(0)
    bone = case.patient.target.bone
    if bone is None:
        raise ValueError("the target vertebra has no bone field")
    # The brightness control was run in by the radiographer's test shot.
    arm = case.arm
    for plane in arm.planes:
        arm = arm.with_plane(plane, exposure.run_in(case, arm.through(plane)))
    return State(
        tick=0,
        phase=phases.FIRST,
        c_arm=arm,
        body=Body(bone=bone),
        vitals=physiology.at_rest(case),
        cement=Cement(),
        tally=Tally(),
        side=Side(case.sides[0]),
    )
